package optimize_test

import (
	"context"
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/bmadventure/optcache/cachekit"
	"github.com/bmadventure/optcache/cachekit/backtest"
	"github.com/bmadventure/optcache/cachekit/bundle"
	"github.com/bmadventure/optcache/cachekit/internal/testbed"
	"github.com/bmadventure/optcache/cachekit/optimize"
)

// What the sweep asks for is what it said, what it does without it does not ask for, and neither changes a bit.
func TestASweepSaysWhatItDoesWithout(t *testing.T) {
	store := testbed.OpenStore(t)
	testbed.Put(t, store, "small", testbed.DenseSeries(3, 100))
	testbed.Put(t, store, "large", testbed.DenseSeries(4, 6000))
	var many, apart, one pairs
	for fast := range 16 {
		for slow := range 16 {
			many = append(many, backtest.Crossover{Fast: 2 + fast, Slow: 30 + slow})
		}
	}
	for i := range 25 {
		apart = append(apart, backtest.Crossover{Fast: 2 + i, Slow: 50 + i})
	}
	one = pairs{{Fast: 5, Slow: 20}}
	for _, c := range []struct {
		name, bundle         string
		plan                 pairs
		withoutBars, without bool
	}{
		{"one trial", "large", one, true, true},
		{"nothing twice", "large", apart, false, true},
		{"short", "small", many, false, true},
		{"worth while", "large", many, false, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			run := func(config cachekit.Config, always bool) (optimize.Workload, []optimize.CacheStats, []optimize.Outcome[backtest.Crossover, backtest.Metrics]) {
				w := testbed.Workspace(t, config, store)
				p := testbed.Pin(t, w, c.bundle)
				defer p.Close()
				var d optimize.Workload
				out, err := optimize.Sweep(t.Context(), testbed.View(t, p, bundle.Query{Fields: bundle.Open | bundle.Close}), c.plan, asStrategy,
					optimize.Options{Workers: 2, AlwaysCache: always, Workload: func(x optimize.Workload) { d = x }})
				if err != nil {
					t.Fatal(err)
				}
				return d, w.Stats(), out
			}
			d, stats, out := run(cachekit.Config{}, false)
			if d.Trials != len(c.plan) || d.Bars.Bypassed != c.withoutBars || d.Series.Bypassed != c.without || (d.Bypassed() != "") != c.without {
				t.Errorf("%+v: %q", d, d.Bypassed())
			}
			asked := func(i int) int64 { return int64(stats[i].Hits + stats[i].Misses) }
			if c.withoutBars != (asked(1) == 0) || c.without != (asked(2) == 0) {
				t.Errorf("%d requests for bars, %d for series: %+v", asked(1), asked(2), d)
			}
			if again, _, _ := run(cachekit.Config{}, false); again != d {
				t.Errorf("decided otherwise the next time: %+v, %+v", d, again)
			}
			all, stats, same := run(cachekit.Config{}, true)
			if all.Bars.Bypassed || all.Series.Bypassed || asked(1) == 0 || asked(2) != all.Series.Requests || int64(stats[2].Entries) != all.Series.Distinct {
				t.Errorf("with all caches: %+v, %d requests for series, %d kept", all, asked(2), stats[2].Entries)
			}
			none, _, plain := run(testbed.Off, false)
			if none != (optimize.Workload{}) {
				t.Errorf("without caches: %+v", none)
			}
			for _, other := range [][]optimize.Outcome[backtest.Crossover, backtest.Metrics]{same, plain} {
				if diff := sameOutcomes(out, other); diff != "" {
					t.Error(diff)
				}
			}
		})
	}
}

// Who runs the same small sweep again and again has its bars and its series kept in the end.
func TestWhatIsAskedForAgainIsKept(t *testing.T) {
	store := testbed.OpenStore(t)
	testbed.Put(t, store, "b", testbed.DenseSeries(2, 3000))
	w := testbed.Workspace(t, cachekit.Config{}, store)
	p := testbed.Pin(t, w, "b")
	defer p.Close()
	v := testbed.View(t, p, bundle.Query{Fields: bundle.Open | bundle.Close})
	bars, series := -1, -1
	for i := range 20 {
		_, err := optimize.Sweep(t.Context(), v, pairs{{Fast: 5, Slow: 20}}, asStrategy, optimize.Options{Workload: func(d optimize.Workload) {
			if !d.Bars.Bypassed && bars < 0 {
				bars = i
			}
			if !d.Series.Bypassed && series < 0 {
				series = i
			}
		}})
		if err != nil {
			t.Fatal(err)
		}
	}
	if bars != 1 || series < 1 {
		t.Errorf("bars are kept from sweep %d on, series from sweep %d on", bars, series)
	}
	if s := w.Stats(); s[1].Loads != 1 || s[2].Loads != 4 {
		t.Errorf("%d loads of bars, %d of series", s[1].Loads, s[2].Loads)
	}
}

// BenchmarkTwentyFive times sweeps of 25 trials, from cold caches, with caching on and off in turn: x-off is the median of the
// ratios of pairs, low and high are the ends of its 95 % interval.
func BenchmarkTwentyFive(b *testing.B) {
	var grid, apart pairs
	for i := range 25 {
		grid = append(grid, backtest.Crossover{Fast: 5 + 5*(i/5), Slow: 50 + 10*(i%5)})
		apart = append(apart, backtest.Crossover{Fast: 2 + i, Slow: 50 + i})
	}
	for _, size := range []struct{ assets, bars int }{{1, 20}, {1, 252}, {50, 252}, {50, 2520}} {
		store := testbed.OpenStore(b)
		testbed.Put(b, store, "b", testbed.DenseSeries(size.assets, size.bars))
		for _, c := range []struct {
			name   string
			plan   pairs
			config cachekit.Config
		}{
			{"grid", grid, cachekit.Config{}}, {"apart", apart, cachekit.Config{}},
			{"grid-no-room", grid, cachekit.Config{CacheSizeGB: 1e-7}}, {"one", grid[:1], cachekit.Config{}},
		} {
			run := func(config cachekit.Config) time.Duration {
				start := time.Now()
				w, err := optimize.NewWorkspace(config, store)
				if err != nil {
					b.Fatal(err)
				}
				p := testbed.Pin(b, w, "b")
				if _, err := optimize.Sweep(context.Background(), testbed.View(b, p, bundle.Query{Fields: bundle.Open | bundle.Close}), c.plan, asStrategy, optimize.Options{}); err != nil {
					b.Fatal(err)
				}
				p.Close()
				w.Close()
				return time.Since(start)
			}
			b.Run(fmt.Sprintf("%dx%d/%s", size.assets, size.bars, c.name), func(b *testing.B) {
				var ratios []float64
				for i := 0; b.Loop(); i++ {
					sides := [2]time.Duration{}
					for k := range 2 {
						side := (i + k) % 2
						sides[side] = run([]cachekit.Config{c.config, testbed.Off}[side])
					}
					ratios = append(ratios, sides[0].Seconds()/sides[1].Seconds())
				}
				low, median, high := medianOf(ratios)
				b.ReportMetric(median, "x-off")
				b.ReportMetric(low, "low")
				b.ReportMetric(high, "high")
			})
		}
	}
}

// medianOf returns the median with its 95 % confidence interval, by the order statistics that the normal approximation to
// the sign test names.
func medianOf(x []float64) (low, median, high float64) {
	slices.Sort(x)
	n := len(x)
	half := 0.98 * math.Sqrt(float64(n))
	at := func(i float64) float64 { return x[min(n-1, max(0, int(i)))] }
	return at(float64(n)/2 - half), (x[(n-1)/2] + x[n/2]) / 2, at(math.Ceil(float64(n)/2 + half))
}
