package optimize_test

import (
	"fmt"
	"testing"

	"github.com/bmadventure/optcache/cachekit"
	"github.com/bmadventure/optcache/cachekit/backtest"
	"github.com/bmadventure/optcache/cachekit/bundle"
	"github.com/bmadventure/optcache/cachekit/internal/testbed"
	"github.com/bmadventure/optcache/cachekit/optimize"
	"github.com/bmadventure/optcache/internal/simulate"
)

// A witness is a crossover that notes for which bars it decides, and in which order. It is for
// one worker.
type witness struct {
	backtest.Crossover
	seen *[]sighting
}

// pairs is a plan of given pairs.
type pairs []backtest.Crossover

func (c pairs) Len() int                        { return len(c) }
func (c pairs) At(trial int) backtest.Crossover { return c[trial] }

// A sighting is one trial that begins with one asset.
type sighting struct {
	asset  float64 // its first close
	series []backtest.Series
}

func (w witness) Decide(b *backtest.BarData, signals *backtest.Signals) {
	if b.From == 0 {
		*w.seen = append(*w.seen, sighting{b.Close[0], w.Series(nil)})
	}
	w.Crossover.Decide(b, signals)
}

// requests returns what a cache of series is asked for by the trials that were seen: each
// batch asks for every series once for each asset, and a batch ends where the assets begin
// anew.
func requests(seen []sighting, assets map[float64]int) (all []simulate.Request) {
	keys := make(map[string]uint64)
	asked := make(map[string]bool) // by this batch
	last := -1
	for _, s := range seen {
		asset := assets[s.asset]
		if asset < last {
			clear(asked)
		}
		last = asset
		for _, x := range s.series {
			key := fmt.Sprint(asset, x)
			if asked[key] {
				continue
			}
			asked[key] = true
			if _, ok := keys[key]; !ok {
				keys[key] = uint64(len(keys))
			}
			all = append(all, simulate.Request{Key: keys[key], Size: 1})
		}
	}
	return all
}

// TestASweepHitsTheOptimum gives sweeps room for half of the series that their trials go round
// and round. The cache is told what comes and hits what Belady's algorithm hits on the
// requests that the trials were seen to make; one that knows the past alone hits nothing of a loop.
func TestASweepHitsTheOptimum(t *testing.T) {
	const assets, bars = 24, 1500
	store := testbed.OpenStore(t)
	testbed.Put(t, store, "b", testbed.DenseSeries(assets, bars))
	numbers := make(map[float64]int)
	all := testbed.Must(testbed.View(t, testbed.Pin(t, testbed.Workspace(t, testbed.Off, store), "b"), bundle.Query{Fields: bundle.Close}).Bars(t.Context()))
	for i := range assets {
		numbers[all.Group(i).Close[0]] = i
	}
	if len(numbers) != assets {
		t.Fatalf("%d assets differ in their first close, of %d", len(numbers), assets)
	}
	var passes pairs // one pair, again and again, with other costs
	for cost := range 400 {
		passes = append(passes, backtest.Crossover{Fast: 10, Slow: 50, CostBps: float64(cost)})
	}
	var grid pairs
	for fast := range 20 {
		for slow := range 20 {
			grid = append(grid, backtest.Crossover{Fast: 2 + fast, Slow: 30 + slow})
		}
	}
	for _, c := range []struct {
		name string
		plan pairs
		loop bool
	}{{"several passes", passes, true}, {"grid", grid, false}} {
		t.Run(c.name, func(t *testing.T) {
			var seen []sighting
			workers := 1
			strategy := func(p backtest.Crossover) backtest.Strategy {
				if workers > 1 {
					return p
				}
				return witness{p, &seen}
			}
			run := func(config cachekit.Config) (cachekit.Stats, int64, optimize.Workload) {
				w := testbed.Workspace(t, config, store)
				p := testbed.Pin(t, w, "b")
				defer p.Close()
				seen = nil
				var d optimize.Workload
				out, err := optimize.Sweep(t.Context(), testbed.View(t, p, bundle.Query{Fields: bundle.Open | bundle.Close}), c.plan, strategy,
					optimize.Options{Workers: workers, AlwaysCache: true, Workload: func(x optimize.Workload) { d = x }})
				if err != nil || out[0].Err != nil {
					t.Fatal(err, out[0].Err)
				}
				stats := w.Stats()
				return stats[2].Stats, stats[2].Used, d
			}
			whole, used, _ := run(cachekit.Config{})
			half := cachekit.Config{CacheSizeGB: float64(used-whole.Bytes/2) / (1 << 30)}
			got, _, d := run(half)
			asked := requests(seen, numbers)
			if n := len(asked); uint64(n) != got.Hits+got.Misses || int64(n) != d.Series.Requests || int(d.Series.Distinct) != whole.Entries || !d.Series.Planned {
				t.Errorf("%d requests were seen: the cache counts %d hits and %d misses; the workload is %+v", n, got.Hits, got.Misses, d)
			}
			if share := float64(got.Entries) / float64(whole.Entries); share < 0.45 || share > 0.55 {
				t.Errorf("there is room for %d of %d series", got.Entries, whole.Entries)
			}
			half.Policy = "lru"
			lru, _, _ := run(half)
			best := simulate.Belady(asked, int64(got.Entries)).Hits
			t.Logf("%d requests, room for %d of %d series: planned hits %d, the optimum is %d, LRU hits %d", len(asked), got.Entries, whole.Entries, got.Hits, best, lru.Hits)
			if got.Hits != uint64(best) {
				t.Errorf("%d hits, the optimum is %d", got.Hits, best)
			}
			if c.loop && lru.Hits != 0 {
				t.Errorf("LRU hits %d of a loop", lru.Hits)
			}
			if lru.Hits >= got.Hits {
				t.Errorf("LRU hits %d, planned %d", lru.Hits, got.Hits)
			}
			half.Policy = ""
			workers = 2 // they do not keep step, so the requests come in another order than was told
			two, _, _ := run(half)
			t.Logf("2 workers: %d hits of %d", two.Hits, two.Hits+two.Misses)
			if two.Hits < got.Hits/2 {
				t.Errorf("2 workers: %d hits, the optimum of one is %d", two.Hits, best)
			}
		})
	}
}
