// Package rt is what generated caches stand on. It is exported because generated
// code lies in other modules, and is not meant for people: use package cachekit.
package rt

import (
	"math"

	"github.com/bmadventure/optcache/internal/keyhash"
)

// GeneratedV1 is referred to by all code that the generator of this version
// emitted: `const _ = rt.GeneratedV1`. A library that no longer fits such code has no
// constant of that name, and the code does not compile until it is generated anew.
const GeneratedV1 = true

// Hooks are a key type's own hash and equality. They take pointers, so that no
// large key is copied, must not keep them, and may be called concurrently.
type Hooks[K comparable] struct {
	// Hash returns the hash of key. Keys that are equal hash alike, for each
	// seed. Nil means a hash of all that K is made of.
	Hash func(key *K, seed uint64) uint64

	// Equal reports whether a and b are the same key. Nil means ==.
	Equal func(a, b *K) bool

	// Text returns the text that is part of key, which the cache may move to where
	// a look-up has it at hand. Options.Size counts it as [sizing.String] does. Nil
	// means that there is none, or several.
	Text func(key *K) *string

	// Reader is made a reader of the cache, if that keeps pointers. Nil means that there
	// is none. Where the key is an integer of 8 bytes, and no option needs room in the entry,
	// the table then holds keys and values too, which takes some 48 bytes more for each entry.
	Reader *Reader
}

// HashUint64 mixes x into the hash h; a hash starts as the seed.
func HashUint64(h, x uint64) uint64 { return keyhash.Uint64(x, h) }

// HashString mixes s into the hash h.
func HashString(h uint64, s string) uint64 { return keyhash.String(s, h) }

// HashBytes mixes b into the hash h.
func HashBytes(h uint64, b []byte) uint64 { return keyhash.Bytes(b, h) }

// HashFloat64 mixes x into the hash h. The two zeros, which are equal, hash alike.
func HashFloat64(h uint64, x float64) uint64 {
	if x == 0 {
		x = 0
	}
	return keyhash.Uint64(math.Float64bits(x), h)
}

// HashBool mixes b into the hash h.
func HashBool(h uint64, b bool) uint64 {
	if b {
		return keyhash.Uint64(1, h)
	}
	return keyhash.Uint64(0, h)
}
