// Package keyhash hashes keys of any comparable type, the same way in every
// process if the seed is the same.
//
// The mixing step is the folded multiplication of wyhash (Wang Yi, public
// domain): a 64 x 64 bit product, high half xor low half. Keys are not secrets and
// the default seed is random, so this resists bad luck and patterns in keys,
// not a determined attacker who sees hashes.
package keyhash

import (
	"encoding/binary"
	"math/bits"
	"unsafe"
)

// Odd constants with as many ones as zeros, from the fractional parts of the
// golden ratio and of the square roots of 3 and 5.
const (
	k0 = 0x9e3779b97f4a7c15
	k1 = 0xbb67ae8584caa73b
	k2 = 0x3c6ef372fe94f82b
)

// mix folds the product of a and b into 64 bits.
func mix(a, b uint64) uint64 {
	hi, lo := bits.Mul64(a, b)
	return hi ^ lo
}

// Uint64 returns the hash of x. It is small enough to be inlined.
func Uint64(x, seed uint64) uint64 {
	hi, lo := bits.Mul64(x^seed, k0)
	return hi ^ lo
}

// String returns the hash of s.
func String(s string, seed uint64) uint64 {
	return Bytes(unsafe.Slice(unsafe.StringData(s), len(s)), seed)
}

// Bytes returns the hash of b. The length is part of it.
func Bytes(b []byte, seed uint64) uint64 {
	h := seed ^ mix(uint64(len(b))^k1, k2)
	for len(b) > 16 {
		h = mix(binary.LittleEndian.Uint64(b)^k1, binary.LittleEndian.Uint64(b[8:])^h)
		b = b[16:]
	}
	var x, y uint64
	switch n := len(b); {
	case n >= 8:
		x, y = binary.LittleEndian.Uint64(b), binary.LittleEndian.Uint64(b[n-8:])
	case n >= 4:
		x, y = uint64(binary.LittleEndian.Uint32(b)), uint64(binary.LittleEndian.Uint32(b[n-4:]))
	case n > 0:
		x = uint64(b[0])<<16 | uint64(b[n/2])<<8 | uint64(b[n-1])
	}
	return mix(mix(x^k1, y^h)^k0, k2)
}
