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
		binary.LittleEndian.Uint64(b[n-8:])^h^uint64(n))
	return hi ^ lo
}

// textKey is odd, with as many ones as zeros: from the square root of 3.
const textKey = 0xbb67ae8584caa73b
