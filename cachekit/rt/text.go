package rt

import (
	"math/bits"
	"unsafe"

	"github.com/bmadventure/optcache/internal/keyhash"
)

// HashText mixes s into the hash h, as [HashString] does but to another value: with
// one multiplication where s is short, as names mostly are.
func HashText(h uint64, s string) uint64 {
	if !IsShort(s) {
		return keyhash.String(s, h)
	}
	return HashShort(h, s)
}

// IsShort reports whether s has 8 to 16 bytes.
func IsShort(s string) bool { return uint(len(s)-8) <= 8 }

// HashShort is [HashText] for a short s.
func HashShort(h uint64, s string) uint64 {
	first, last := ends(s)
	hi, lo := bits.Mul64(first^textKey, last^h^uint64(len(s))*lengthKey)
	return hi ^ lo
}

// EqualShort is a == b for a short b.
func EqualShort(a, b string) bool {
	if len(a) != len(b) {
		return false
	}
	first, last := ends(a)
	f, l := ends(b)
	return first == f && last == l
}

// ends returns the first and the last eight bytes of a short s, as the machine has them: no
// hash outlives its process.
func ends(s string) (first, last uint64) {
	p := unsafe.Pointer(unsafe.StringData(s))
	return *(*uint64)(p), *(*uint64)(unsafe.Add(p, len(s)-8))
}

// Both are odd, with about as many ones as zeros: from the square roots of 3 and 5. A length
// is spread over all bits, or a byte of the text could make up for it.
const (
	textKey   = 0xbb67ae8584caa73b
	lengthKey = 0x3c6ef372fe94f82b
)
