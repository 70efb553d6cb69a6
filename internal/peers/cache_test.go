package main

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/bmadventure/optcache/internal/simulate"
)

// eachCache runs test on every cache with keys of either type.
func eachCache(t *testing.T, numberTest func(*testing.T, contender[uint64], []uint64), textTest func(*testing.T, contender[string], []string)) {
	ranks := make([]uint64, 200)
	for i := range ranks {
		ranks[i] = uint64(i)
	}
	for _, c := range contenders[uint64]() {
		t.Run(c.name+"/uint64", func(t *testing.T) { numberTest(t, c, numbers(ranks)) })
	}
	for _, c := range contenders[string]() {
		t.Run(c.name+"/string", func(t *testing.T) { textTest(t, c, texts(ranks)) })
	}
}

// TestCachesKeepWhatTheyAreGiven: all that is measured really stores and finds.
func TestCachesKeepWhatTheyAreGiven(t *testing.T) { eachCache(t, keeps[uint64], keeps[string]) }

func keeps[K key](t *testing.T, c contender[K], keys []K) {
	for _, set := range []settings{{entries: 1000}, {entries: 1000, stats: true}, {entries: 1000, eager: true}} {
		in := c.make(set)
		defer in.Close()
		for round := range uint64(2) {
			for i, k := range keys {
				in.Set(k, uint64(i)+round)
				in.Flush()
			}
			for i, k := range keys {
				if v, ok := in.Get(k); !ok || v != uint64(i)+round {
					t.Fatalf("%+v, round %d: key %v has the value %d, %v, want %d", set, round, k, v, ok, uint64(i)+round)
				}
			}
		}
		if n := in.Len(); n != len(keys) {
			t.Errorf("%+v: holds %d entries, want %d", set, n, len(keys))
		}
	}
}

// TestLoops: the timed loops do what they say. The sum of values of 1 is the
// number of keys found.
func TestLoops(t *testing.T) { eachCache(t, loops[uint64], loops[string]) }

func loops[K key](t *testing.T, c contender[K], keys []K) {
	in := c.make(settings{entries: 1000})
	defer in.Close()
	half := uint64(len(keys) / 2)
	fill(in, keys[:half])
	in.Flush()
	if got := in.Read(keys); got != half {
		t.Errorf("Read found %d of %d keys", got, half)
	}
	if c.unlocked {
		return
	}
	for _, k := range keys[half:] {
		in.Set(k, 7)
		in.Flush()
	}
	// Every other key of the second half becomes 1, the others are still 7.
	if got, want := in.Mix(keys[half:], 2), 7*half/2; got != want {
		t.Errorf("Mix found %d, want %d", got, want)
	}
	in.Flush()
	if got, want := in.Read(keys[half:]), (1+7)*half/2; got != want {
		t.Errorf("after Mix Read found %d, want %d", got, want)
	}
	in.Mix(keys, 1)
	in.Flush()
	if got, want := in.Read(keys), uint64(len(keys)); got != want {
		t.Errorf("after sets alone Read found %d, want %d", got, want)
	}
}

// TestLoaders: each asked key comes, loaded or not.
func TestLoaders(t *testing.T) {
	keys := numbers([]uint64{0, 1, 2, 3, 4, 5, 6, 7, 8, 9})
	tested := 0
	for _, c := range contenders[uint64]() {
		if c.loading == nil {
			continue
		}
		tested++
		in := c.loading(settings{entries: 1000})
		fill(in, keys[:3])
		for range 2 {
			if got := in.Load(keys); got != uint64(len(keys)) {
				t.Errorf("%s: loads sum up to %d, want %d", c.name, got, len(keys))
			}
		}
		in.Close()
	}
	if tested < 3 {
		t.Errorf("%d caches have a loader, want ours, otter and theine", tested)
	}
}

// TestNobodyBeatsBelady holds the replay, and every cache that is compared in hit
// ratios, against the optimum on random requests. What beats it holds more than it
// was told, and the replay must say so.
func TestNobodyBeatsBelady(t *testing.T) {
	for seed := range uint64(4) {
		random := rand.New(rand.NewPCG(seed, 0))
		zipf := rand.NewZipf(random, 1.1+random.Float64(), 1, 3000)
		requests := make([]simulate.Request, 8000)
		for i := range requests {
			requests[i] = simulate.Request{Key: zipf.Uint64(), Size: 1}
		}
		entries := 1 + random.IntN(300)
		best := simulate.Belady(requests, int64(entries)).Ratio()
		for _, c := range hitContenders() {
			ratio, note := replay(c.make(settings{entries: entries, eager: true}), requests, entries)
			switch {
			case note != "" && c.name != "theine" && c.name != "ristretto":
				t.Errorf("%s with %d entries: %s", c.name, entries, note)
			case note == "" && ratio > best:
				t.Errorf("%s with %d entries hits %v, the optimum %v", c.name, entries, ratio, best)
			case note == "" && ratio == 0:
				t.Errorf("%s with %d entries hits nothing", c.name, entries)
			}
		}
	}
}

// forgetful is a cache that is wrong in one way.
type forgetful struct {
	cache[uint64]
	value uint64 // added to values
	more  int    // added to what it holds
}

func (f forgetful) Get(key uint64) (uint64, bool) {
	v, ok := f.cache.Get(key)
	return v + f.value, ok
}

func (f forgetful) Len() int { return f.cache.Len() + f.more }

// TestReplayFindsFaults: wrong values and too many entries are noted.
func TestReplayFindsFaults(t *testing.T) {
	requests := simulate.Loop(0, 10, 100)
	full := func() cache[uint64] { return newGolangLRU[uint64](settings{entries: 10}) }
	if ratio, note := replay(full(), requests, 10); ratio != .9 || note != "" {
		t.Errorf("hits %v and notes %q, want .9 and nothing", ratio, note)
	}
	if _, note := replay(forgetful{cache: full(), value: 1}, requests, 10); note == "" {
		t.Error("wrong values are not noted")
	}
	if _, note := replay(forgetful{cache: full(), more: 1}, requests, 10); note == "" {
		t.Error("one entry too many is not noted")
	}
}

// TestWeightedReplay: caches of bytes stay within them and below what is asked
// for, and find again what they hold when nothing has to leave.
func TestWeightedReplay(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 1))
	requests := make([]simulate.Request, 5000)
	for i := range requests {
		requests[i] = simulate.Request{Key: uint64(random.ExpFloat64() * 100), Size: 512 + random.Int64N(5)*1000}
	}
	_, all := simulate.Keys(requests)
	for _, c := range weightedContenders() {
		for _, budget := range []int64{all / 10, all / 2, 10 * all} {
			ratio, note := replayBytes(c.make(budget), requests, budget)
			if note != "" && c.name != "otter" || ratio <= 0 || ratio >= 1 {
				t.Errorf("%s with %d bytes hits %v and notes %q", c.name, budget, ratio, note)
			}
			if want := simulate.Belady(requests, 10*all).ByteRatio(); budget > all && math.Abs(ratio-want) > 1e-12 {
				t.Errorf("%s with room for all hits %v, want %v", c.name, ratio, want)
			}
		}
	}
	if got := entryOverhead(); got < 48 || got > 128 {
		t.Errorf("an entry is charged %d bytes besides its size", got)
	}
}

// TestZipf holds the keys' popularity against its formula, and the stream against what
// it says of itself.
func TestZipf(t *testing.T) {
	const n = 1000
	s := zipf(n, 0, shortStream, numbers)
	again := zipf(n, 0, shortStream, numbers)
	if !slices.Equal(s.requests, again.requests) {
		t.Error("two streams of the same keys differ")
	}
	counts := make(map[uint64]float64)
	for _, k := range s.requests {
		counts[k]++
	}
	sum := 0.0
	for rank := range n {
		sum += math.Pow(float64(rank+1), -skew)
	}
	known := 0.0
	for rank, k := range s.keys {
		known += counts[k]
		want := shortStream * math.Pow(float64(rank+1), -skew) / sum
		if diff := math.Abs(counts[k] - want); diff > 6*math.Sqrt(want) {
			t.Errorf("rank %d is asked for %v times, want about %.0f", rank, counts[k], want)
		}
	}
	if len(counts) != n || known != shortStream {
		t.Errorf("%d keys are asked for, %v requests are for known ones; want %d and %d", len(counts), known, n, shortStream)
	}
	names := texts([]uint64{0, 1, 2})
	if len(names[0]) != 16 || names[0] == names[1] || names[1] == names[2] {
		t.Errorf("texts of the first ranks: %q", names)
	}
}
