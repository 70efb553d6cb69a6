package main

import "slices"

// A key is of one of the types that caches are measured with.
type key interface{ uint64 | string }

// A store keeps values of one word by key. All methods of stores, but Close, may
// be called concurrently.
type store[K key] interface {
	Set(K, uint64)

	// Flush waits until all that was put off is done.
	Flush()

	// Close stops what runs in the background. The store is not used any more.
	Close()
}

// A cache is a store that is asked for what it may hold.
//
// Read and Mix are what is timed. Each cache has loops of its own for them, so that
// no call through an interface stands between loop and cache. (That the loops are
// generic costs nothing that could be measured.) They return the sum of the values
// that they found, so that the compiler must leave the look-ups in.
type cache[K key] interface {
	store[K]
	Get(K) (uint64, bool)

	// Len flushes and returns the number of entries held.
	Len() int

	// Read looks all keys up.
	Read(keys []K) uint64

	// Mix gives the value 1 to the first of every so many keys, a power of two, and
	// looks the others up.
	Mix(keys []K, every int) uint64
}

// A loader is a store that loads what it does not hold.
type loader[K key] interface {
	store[K]

	// Load asks for all keys; those that are absent get the value 1. It returns the
	// sum of all values.
	Load(keys []K) uint64
}

// Settings are those of one cache.
type settings struct {
	entries int  // what it may hold
	stats   bool // count hits and misses
	eager   bool // do at once what can be put off, where there is an option for it
}

// A contender is a way to make a cache.
type contender[K key] struct {
	name     string
	make     func(settings) cache[K]
	loading  func(settings) loader[K] // nil without a loader
	plain    bool                     // takes part where statistics are off
	counts   bool                     // takes part where hits and misses are counted
	unlocked bool                     // is a mere map, which is not bounded and not written concurrently
	random   bool                     // hits differ between runs on the same requests
}

// contenders returns all that are put side by side in speed and memory: ours
// first, the bare map last.
func contenders[K key]() []contender[K] {
	return slices.Concat(ours[K](speedPolicies), peers[K](), []contender[K]{{name: "go-map", make: newGoMap[K], plain: true, unlocked: true}})
}

func peers[K key]() []contender[K] {
	return []contender[K]{
		{name: "otter", make: newOtter[K], loading: newOtterLoader[K], plain: true, counts: true, random: true},
		{name: "theine", make: newTheine[K], loading: newTheineLoader[K], plain: true, counts: true, random: true},
		{name: "ristretto", make: newRistretto[K], plain: true, counts: true, random: true},
		{name: "golang-lru", make: newGolangLRU[K], plain: true},
		{name: "golang-lru-2q", make: newGolang2Q[K], plain: true},
		{name: "golang-lru-arc", make: newGolangARC[K], plain: true},
	}
}

// must returns made, or panics with what went wrong: all settings here are valid.
func must[T any](made T, err error) T {
	if err != nil {
		panic(err)
	}
	return made
}
