package optimize

import "math/rand/v2"

// stream returns the random numbers of one trial, sample or fold of a seeded
// search or test. They depend on the seed and the number alone, not on what ran
// before, so that work can be done in any order.
func stream(seed uint64, purpose, number uint64) *rand.Rand {
	a := mix(seed ^ mix(purpose))
	return rand.New(rand.NewPCG(mix(a^number), mix(a+mix(number))))
}

// What streams are for: no two draw the same numbers from one seed.
const (
	forDraw uint64 = iota + 1
	forProbe
	forWalk
	forModel
	forBreeding
	forSample
	forNull
	forShuffle
	forNoise
)

// mix is a bijection of the 64-bit numbers that leaves no pattern (Steele, Lea
// and Flood, Fast splittable pseudorandom number generators, 2014: SplitMix64).
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// normal draws a standard normal number from one uniform one: the sampler of the
// standard library uses logarithms that differ between machines.
func normal(r *rand.Rand) float64 {
	const parts = 1 << 52 // the middle of each is a float64 without rounding
	return normalQuantile((float64(r.Uint64N(parts)) + 0.5) / parts)
}
