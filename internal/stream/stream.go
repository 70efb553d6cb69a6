// Package stream has the random numbers of seeded searches and tests: a stream for each trial, sample or
// fold, so that work can be done in any order, by any number of workers, with the same outcome.
package stream

import (
	"math/rand/v2"

	"github.com/bmadventure/optcache/internal/normal"
)

// New returns the random numbers of one trial, sample or fold of a seeded
// search or test. They depend on the seed and the number alone, not on what ran
// before, so that work can be done in any order.
func New(seed uint64, purpose, number uint64) *rand.Rand {
	a := mix(seed ^ mix(purpose))
	return rand.New(rand.NewPCG(mix(a^number), mix(a+mix(number))))
}

// What streams are for: no two draw the same numbers from one seed.
const (
	ForDraw uint64 = iota + 1
	ForProbe
	ForWalk
	ForModel
	ForBreeding
	ForSample
	ForNull
	ForShuffle
	ForNoise
)

// mix is a bijection of the 64-bit numbers that leaves no pattern (Steele, Lea
// and Flood, Fast splittable pseudorandom number generators, 2014: SplitMix64).
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// Normal draws a standard normal number from one uniform one: the sampler of the
// standard library uses logarithms that differ between machines.
func Normal(r *rand.Rand) float64 {
	const parts = 1 << 52 // the middle of each is a float64 without rounding
	return normal.Quantile((float64(r.Uint64N(parts)) + 0.5) / parts)
}
