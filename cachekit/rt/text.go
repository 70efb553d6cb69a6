package rt

import (
	"encoding/binary"
	"math/bits"
	"unsafe"

	"github.com/bmadventure/optcache/internal/keyhash"
)

// HashText mixes s into the hash h, as [HashString] does but to another value: with
// one multiplication where s has 8 to 16 bytes, as names mostly have.
func HashText(h uint64, s string) uint64 {
	n := len(s)
	if n < 8 || n > 16 {
		return keyhash.String(s, h)
	}
	b := unsafe.Slice(unsafe.StringData(s), n)
	hi, lo := bits.Mul64(
		binary.LittleEndian.Uint64(b)^textKey,
		binary.LittleEndian.Uint64(b[n-8:])^h^uint64(n)*lengthKey)
	return hi ^ lo
}

// Both are odd, with about as many ones as zeros: from the square roots of 3 and 5. A length
// is spread over all bits, or a byte of the text could make up for it.
const (
	textKey   = 0xbb67ae8584caa73b
	lengthKey = 0x3c6ef372fe94f82b
)
