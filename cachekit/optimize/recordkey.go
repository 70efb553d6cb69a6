package optimize

import "crypto/sha256"

// A trialKey names a result by all that it follows from, such as the SHA-256 of the rules of the
// account, the key of the bars, and the strategy.
type trialKey [sha256.Size]byte

// An unkept says that a result could not be kept, or looked up. The trial did not fail:
// whoever runs it stops, so that what is not kept is run again when that is mended.
type unkept struct{ Err error }

func (e unkept) Error() string { return e.Err.Error() }

// Unwrap returns what went wrong.
func (e unkept) Unwrap() error { return e.Err }
