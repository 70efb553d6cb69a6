package policy_test

import (
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/bmadventure/optcache/internal/simulate"
	"github.com/bmadventure/optcache/policy"
	"github.com/bmadventure/optcache/policy/policytest"
)

// percent returns what a policy hits, in per cent of the requests.
func percent(newPolicy func() policy.Policy, capacity int64, requests []simulate.Request) float64 {
	return 100 * simulate.Run(policytest.NewCache(newPolicy(), capacity), requests).Ratio()
}

// TestLoop runs loops longer than the cache: what sweeps do all day.
func TestLoop(t *testing.T) {
	for _, keys := range []int{300, 1500} {
		requests := simulate.Loop(0, keys, 25*keys)
		for _, share := range []int{10, 50, 90} {
			capacity := int64(keys * share / 100)
			best := 100 * simulate.Belady(requests, capacity).Ratio()
			for _, name := range []string{"adaptive", "clocklirs", "lirs"} {
				// Ten times round are enough to know a loop of which LIRS
				// remembers a part; a longer one is kept by its first keys.
				if got := percent(constructors[name], capacity, requests); got < 0.9*best-1 {
					t.Errorf("%s hits %.2f %% of a loop over %d keys in a cache for %d, the optimum is %.2f %%", name, got, keys, capacity, best)
				}
			}
			if got := percent(policy.NewLRU, capacity, requests); got != 0 {
				t.Errorf("LRU hits %.2f %% of a loop that is larger than the cache", got)
			}
		}
	}
}

// TestSkew compares policies on popularity that is skewed and lasts, where
// frequency is all, and resists a scan, where LRU is not.
func TestSkew(t *testing.T) {
	const capacity = 200
	zipf := simulate.Zipf(4000, 1, 100_000, 1)
	scan := simulate.Interleave(100_000, 2, 1, zipf, simulate.Loop(1<<32, 100_000, 100_000))
	for _, requests := range [][]simulate.Request{zipf, scan} {
		lru := percent(policy.NewLRU, capacity, requests)
		for _, name := range []string{"adaptive", "arc", "clocklirs", "lirs", "s3fifo", "sieve", "wtinylfu"} {
			if got := percent(constructors[name], capacity, requests); got < lru+3 {
				t.Errorf("%s hits %.2f %%, want at least 3 points more than LRU's %.2f %%", name, got, lru)
			}
		}
		if fifo := percent(policy.NewFIFO, capacity, requests); fifo > lru {
			t.Errorf("FIFO hits %.2f %%, more than LRU with %.2f %%", fifo, lru)
		}
	}
}

// TestRecency runs a stream where what was used lately is used again: LRU's own.
func TestRecency(t *testing.T) {
	const capacity = 200
	requests := simulate.Recent(1000, 0.99, 100_000, 1)
	lru := percent(policy.NewLRU, capacity, requests)
	for _, name := range []string{"adaptive", "clock"} {
		if got := percent(constructors[name], capacity, requests); got < lru-1 {
			t.Errorf("%s hits %.2f %%, want at most a point less than LRU's %.2f %%", name, got, lru)
		}
	}
}

// TestAdaptiveFollowsTheBest compares the adaptive policy with every other one on
// all streams together: nowhere much worse than LRU and ARC, and nearer to the
// optimum than any. The streams are cut short, so what it costs to learn shows:
// over the whole public traces it is at most 1.0 point worse.
func TestAdaptiveFollowsTheBest(t *testing.T) {
	if testing.Short() {
		t.Skip("takes some seconds")
	}
	const most = 30_000 // requests of a stream
	streams := simulate.Synthetic(most)
	const traces = "../../shared/traces"
	if _, err := os.Stat(traces); err != nil {
		t.Logf("without the public traces, which are not here: %v", err)
	}
	public, err := simulate.Traces(traces)
	if err != nil {
		t.Fatal(err)
	}
	streams = append(streams, public...)

	distance := make(map[string]float64)
	pairs := 0
	for _, s := range streams {
		if strings.HasPrefix(s.Name, "weighted-") {
			continue
		}
		requests := s.Requests[:min(most, len(s.Requests))]
		keys, _ := simulate.Keys(requests)
		for _, share := range []int{5, 20} {
			capacity := int64(keys * share / 100)
			if capacity < 100 {
				continue
			}
			pairs++
			best := 100 * simulate.Belady(requests, capacity).Ratio()
			hit := make(map[string]float64)
			for _, name := range []string{"adaptive", "arc", "clocklirs", "lirs", "lru", "s3fifo", "wtinylfu"} {
				hit[name] = percent(constructors[name], capacity, requests)
				distance[name] += best - hit[name]
			}
			if peer := max(hit["lru"], hit["arc"]); hit["adaptive"] < peer-3 {
				t.Errorf("%s in a cache for %d: adaptive hits %.2f %%, LRU %.2f %%, ARC %.2f %%", s.Name, capacity, hit["adaptive"], hit["lru"], hit["arc"])
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(distance)) {
		t.Logf("%-10s %6.2f points below the optimum, mean of %d", name, distance[name]/float64(pairs), pairs)
		if name != "adaptive" && distance[name] < distance["adaptive"] {
			t.Errorf("%s is nearer to the optimum than adaptive", name)
		}
	}
}

// TestUnequalSizes runs the public trace with sizes: the bytes in the cache are
// bounded by Cache itself, and adaptive hits more bytes than LRU.
func TestUnequalSizes(t *testing.T) {
	const trace = "../../shared/traces/weighted-cloudphysics.csv.gz"
	if _, err := os.Stat(trace); err != nil {
		t.Skipf("the public trace with sizes is not here: %v", err)
	}
	if testing.Short() {
		t.Skip("takes some seconds")
	}
	requests, err := simulate.ReadTrace(trace)
	if err != nil {
		t.Fatal(err)
	}
	_, bytes := simulate.Keys(requests)
	for _, share := range []int64{1, 5, 10, 20} {
		hit := make(map[string]float64)
		for _, name := range []string{"adaptive", "lru", "arc", "wtinylfu"} {
			c := policytest.NewCache(constructors[name](), bytes*share/100)
			hit[name] = 100 * simulate.Run(c, requests).ByteRatio()
		}
		t.Logf("%2d %% of the bytes: %v", share, hit)
		if peer := max(hit["lru"], hit["arc"], hit["wtinylfu"]-1); hit["adaptive"] < peer {
			t.Errorf("%d %% of the bytes: adaptive hits %.2f %% of them, others %v", share, hit["adaptive"], hit)
		}
	}
}
