package key

type Symbol string

// A Window is a part of a bundle.
type Window struct {
	Digest      [16]byte `optcache:"digest"`
	First, Last int64
	Symbols     [2]Symbol
}
