package main

import (
	"encoding/hex"
	"math/rand/v2"
	"strings"

	"github.com/bmadventure/optcache/policy/policytest"
)

// skew is the exponent of the keys' popularity: key k of n is asked for with a
// probability proportional to 1/(k+1)^skew.
const skew = 1.01

// shortStream is how many requests there are for keys that all fit. They are made
// before the clock starts, and asked for over and over.
//
// Where not all keys fit, the tail of rare keys matters: it must not come round
// again before it was forgotten. So there are longStream requests for each key then,
// and warmUp of them go before those that are timed.
const (
	shortStream = 1 << 19
	longStream  = 16
	longest     = 1 << 24 // requests
	warmUp      = 4
)

// A stream is what is asked for: all keys there are, each once and the most
// popular first, and requests for them.
type stream[K key] struct {
	keys     []K
	warmUp   []K
	requests []K
}

// streamFor returns the stream for work of that kind.
func streamFor[K key](k kind, entries int, names func(ranks []uint64) []K) stream[K] {
	keys := entries * k.keys / 100
	if k.fits() {
		return zipf(keys, 0, shortStream, names)
	}
	warm := warmUp * keys / chunk * chunk
	return zipf(keys, warm, max(shortStream, min(longest, longStream*keys)-warm)/chunk*chunk, names)
}

// zipf returns a stream of so many keys and requests. Names names keys by their
// ranks. The stream is the same in every call. The requests are no copies of the
// keys: a key of text is to be told by its letters, not by its address.
func zipf[K key](keys, warmUp, requests int, names func(ranks []uint64) []K) stream[K] {
	all, asked := make([]uint64, keys), make([]uint64, warmUp+requests)
	for i := range all {
		all[i] = uint64(i)
	}
	random := rand.NewZipf(rand.New(rand.NewPCG(1, uint64(keys))), skew, 1, uint64(keys-1))
	for i := range asked {
		asked[i] = random.Uint64()
	}
	return stream[K]{names(all), names(asked[:warmUp]), names(asked[warmUp:])}
}

// numbers names keys by numbers without pattern, as hashes of contents are.
func numbers(ranks []uint64) []uint64 {
	keys := make([]uint64, len(ranks))
	for i, rank := range ranks {
		keys[i] = policytest.Hash(rank)
	}
	return keys
}

// texts names keys by 16 letters each. All letters lie in one piece of memory,
// which costs the garbage collector least.
func texts(ranks []uint64) []string {
	var letters strings.Builder
	letters.Grow(16 * len(ranks))
	for _, rank := range ranks {
		h := policytest.Hash(rank)
		letters.WriteString(hex.EncodeToString([]byte{
			byte(h >> 56), byte(h >> 48), byte(h >> 40), byte(h >> 32), byte(h >> 24), byte(h >> 16), byte(h >> 8), byte(h),
		}))
	}
	keys := make([]string, len(ranks))
	for i := range keys {
		keys[i] = letters.String()[16*i : 16*i+16]
	}
	return keys
}
