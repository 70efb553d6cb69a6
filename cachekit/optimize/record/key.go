package record

import (
	"crypto/sha256"
)

// A Key names a result by all that it follows from, such as the SHA-256 of the rules of the
// account, the key of the bars, and the strategy.
type Key [sha256.Size]byte

// A KeepError says that a result could not be kept, or looked up. The trial did not fail:
// whoever runs it stops, so that what is not kept is run again when that is mended.
type KeepError struct{ Err error }

func (e KeepError) Error() string { return e.Err.Error() }

// Unwrap returns what went wrong.
func (e KeepError) Unwrap() error { return e.Err }
