package optimize_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/leanovate/gopter"
	"github.com/leanovate/gopter/gen"
	"github.com/leanovate/gopter/prop"

	"github.com/bmadventure/optcache/cachekit"
	"github.com/bmadventure/optcache/cachekit/backtest"
	"github.com/bmadventure/optcache/cachekit/bundle"
	"github.com/bmadventure/optcache/cachekit/internal/testbed"
	"github.com/bmadventure/optcache/cachekit/optimize"
	"github.com/bmadventure/optcache/cachekit/search"
)

// strategies is a plan of given strategies.
type strategies []backtest.Strategy

func (s strategies) Len() int                       { return len(s) }
func (s strategies) At(trial int) backtest.Strategy { return s[trial] }

func itself(s backtest.Strategy) backtest.Strategy { return s }

// randomStrategies returns n strategies of all kinds.
func randomStrategies(rng *rand.Rand, n int) strategies {
	var all strategies
	for range n {
		short, long, cost := 1+rng.IntN(8), 9+rng.IntN(30), float64(rng.IntN(3))
		all = append(all, []backtest.Strategy{
			backtest.Crossover{Fast: short, Slow: long, CostBps: cost},
			backtest.Momentum{Window: short, Threshold: 0.001 * float64(rng.IntN(5)), CostBps: cost},
			backtest.Reversion{Window: 1 + short, Entry: -0.7, Exit: 0.3, CostBps: cost},
			backtest.Breakout{Entry: short, Exit: 1 + long/4, CostBps: cost},
		}[rng.IntN(4)])
	}
	return all
}

// sameOutcomes compares outcomes bit for bit.
func sameOutcomes[P any](a, b []optimize.Outcome[P, backtest.Metrics]) string {
	if len(a) != len(b) {
		return fmt.Sprintf("%d and %d outcomes", len(a), len(b))
	}
	for i := range a {
		if fmt.Sprint(a[i].Err) != fmt.Sprint(b[i].Err) {
			return fmt.Sprintf("trial %d: error %v and %v", i, a[i].Err, b[i].Err)
		}
		for m, x := range a[i].Result.All() {
			if y := b[i].Result.Value(m); math.Float64bits(x) != math.Float64bits(y) {
				return fmt.Sprintf("trial %d %+v: %v is %v and %v", i, a[i].Params, m, x, y)
			}
		}
	}
	return ""
}

// Cached and uncached, 1 worker and 8, room for everything or for a single
// column: the metrics are equal bit for bit.
func TestSweepsAreEqualBitForBit(t *testing.T) {
	params := gopter.DefaultTestParametersWithSeed(1)
	params.MinSuccessfulTests = 60
	properties := gopter.NewProperties(params)
	properties.Property("same bits", prop.ForAll(func(seed uint64, assets, bars, trials int, kb float64) string {
		rng := rand.New(rand.NewPCG(seed, 3))
		store := testbed.OpenStore(t)
		testbed.Put(t, store, "b", randomSeries(seed, assets, bars))
		plan := randomStrategies(rng, trials)
		window := bundle.Window{}
		if rng.IntN(2) == 0 {
			window.From = time.Date(2020, 1, 1+rng.IntN(bars), 0, 0, 0, 0, time.UTC)
		}
		sweep := func(c cachekit.Config, workers int, always bool) []optimize.Outcome[backtest.Strategy, backtest.Metrics] {
			w, err := optimize.NewWorkspace(c, store)
			if err != nil {
				t.Fatal(err)
			}
			defer w.Close()
			p := testbed.Pin(t, w, "b")
			defer p.Close()
			v := testbed.View(t, p, bundle.Query{Fields: bundle.OHLCV, Window: window})
			out, err := optimize.Sweep(t.Context(), v, plan, itself, optimize.Options{Workers: workers, AlwaysCache: always})
			if err != nil {
				t.Fatal(err)
			}
			for _, s := range w.Stats() {
				if s.Used > s.Budget {
					t.Errorf("%s holds %d of %d bytes", s.Name, s.Used, s.Budget)
				}
			}
			return out
		}
		want := sweep(testbed.Off, 1, false)
		for _, other := range []struct {
			config  cachekit.Config
			workers int
			always  bool
		}{
			{testbed.Off, 8, false}, {cachekit.Config{}, 1, false}, {cachekit.Config{}, 1, true}, {cachekit.Config{}, 8, true},
			{cachekit.Config{CacheSizeGB: kb / (1 << 20)}, 1 + rng.IntN(8), false},
			{cachekit.Config{CacheSizeGB: kb / (1 << 20)}, 1 + rng.IntN(8), true},
			{cachekit.Config{CacheSizeGB: kb / (1 << 20), Policy: "lru"}, 2, true},
		} {
			if d := sameOutcomes(want, sweep(other.config, other.workers, other.always)); d != "" {
				return fmt.Sprintf("%+v, %d workers: %s", other.config, other.workers, d)
			}
		}
		return ""
	}, gen.UInt64(), gen.IntRange(1, 4), gen.OneConstOf(2, 3, 30, 300), gen.IntRange(1, 60), gen.Float64Range(0.1, 64)))
	properties.TestingRun(t)
}

// A grid of 80 values needs 80 averages for each asset, not 3,200, and a second
// sweep none; a sweep over other columns of the same bars needs none either.
func TestEachSeriesIsComputedOnce(t *testing.T) {
	store := testbed.OpenStore(t)
	testbed.Put(t, store, "b", randomSeries(1, 3, 300))
	w := testbed.Workspace(t, cachekit.Config{}, store)
	p := testbed.Pin(t, w, "b")
	defer p.Close()
	space, err := search.NewSpace(
		search.Int("fast", 2, 41, 1, func(c *backtest.Crossover) *int { return &c.Fast }),
		search.Int("slow", 42, 81, 1, func(c *backtest.Crossover) *int { return &c.Slow }),
	)
	if err != nil {
		t.Fatal(err)
	}
	grid, err := search.NewGrid(space, 0)
	if err != nil || grid.Len() != 1600 {
		t.Fatal(grid.Len(), err)
	}
	for _, fields := range []bundle.Fields{bundle.Open | bundle.Close, bundle.Open | bundle.Close, bundle.OHLCV} {
		v := testbed.View(t, p, bundle.Query{Fields: fields})
		out, err := optimize.Sweep(t.Context(), v, grid, asStrategy, optimize.Options{AlwaysCache: true})
		if err != nil || out[0].Err != nil {
			t.Fatal(err, out[0].Err)
		}
		if s := w.Stats()[2]; s.Loads != 3*80 || s.Entries != 3*80 {
			t.Errorf("%d averages were computed and %d kept, of 3 assets x 80 lengths", s.Loads, s.Entries)
		}
	}
}

// After a correction to one asset only its series are computed anew, and those
// of the old bars leave with the last pin of their version.
func TestSeriesFollowTheirLeaves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // for Wait: a cache gives bytes back on a goroutine
		store := testbed.OpenStore(t)
		series := randomSeries(1, 4, 60)
		testbed.Put(t, store, "b", series)
		w := testbed.Workspace(t, cachekit.Config{}, store)
		plan := strategies{backtest.Crossover{Fast: 2, Slow: 5}, backtest.Crossover{Fast: 3, Slow: 5}}
		sweep := func(p *optimize.Pin) []optimize.Outcome[backtest.Strategy, backtest.Metrics] {
			out, err := optimize.Sweep(t.Context(), testbed.View(t, p, bundle.Query{Fields: bundle.OHLCV}), plan, itself, optimize.Options{Workers: 2, AlwaysCache: true})
			if err != nil {
				t.Fatal(err)
			}
			return out
		}
		old := testbed.Pin(t, w, "b")
		before := sweep(old)
		for i := 10; i < len(series[2].Close); i += 3 {
			series[2].Close[i] += 0.25
		}
		testbed.Put(t, store, "b", series)
		now := testbed.Pin(t, w, "b")
		defer now.Close()
		after := sweep(now)
		if s := w.Stats()[2]; s.Loads != 4*3+3 {
			t.Errorf("%d series were computed, want those of 4 assets and then of 1", s.Loads)
		}
		if sameOutcomes(before, after) == "" {
			t.Error("the correction changes nothing")
		}
		if d := sameOutcomes(before, sweep(old)); d != "" {
			t.Errorf("the pinned version changed: %s", d)
		}
		if err := old.Close(); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if s := w.Stats()[2]; s.Entries != 4*3 {
			t.Errorf("%d series are kept, want the 12 of the current version", s.Entries)
		}
	})
}

// unruly is a strategy that goes wrong in a way of its own.
type unruly struct {
	backtest.Crossover
	how string
}

func (u unruly) Validate() error {
	if u.how == "invalid" {
		return errors.New("a bad parameter")
	}
	return u.Crossover.Validate()
}

func (u unruly) Series(dst []backtest.Series) []backtest.Series {
	switch u.how {
	case "panic":
		panic("no series today")
	case "columns":
		return append(dst, backtest.Series{Indicator: backtest.Highest, Length: 3})
	case "length":
		return append(dst, backtest.Series{Indicator: backtest.SMA})
	}
	return u.Crossover.Series(dst)
}

func (u unruly) Decide(b *backtest.BarData, w *backtest.Signals) {
	if u.how == "index" {
		_ = b.Close[b.To]
	}
	u.Crossover.Decide(b, w)
}

// One bad trial spoils none of those in its batch, and tells what is wrong with it.
func TestABadTrialStandsAlone(t *testing.T) {
	store := testbed.OpenStore(t)
	testbed.Put(t, store, "b", randomSeries(1, 3, 100))
	kinds := []struct{ how, says string }{
		{"invalid", "a bad parameter"}, {"panic", "no series today"}, {"columns", "without high"}, {"length", "at least 1"}, {"index", "out of range"},
	}
	var plan strategies
	for i := range 40 {
		u := unruly{Crossover: backtest.Crossover{Fast: 1 + i%5, Slow: 6 + i}}
		if i%8 == 3 {
			u.how = kinds[i/8].how
		}
		plan = append(plan, u)
	}
	for _, c := range []cachekit.Config{testbed.Off, {}} {
		p := testbed.Pin(t, testbed.Workspace(t, c, store), "b")
		out, err := optimize.Sweep(t.Context(), testbed.View(t, p, bundle.Query{Fields: bundle.Open | bundle.Close}), plan, itself, optimize.Options{Workers: 2})
		if err != nil {
			t.Fatal(err)
		}
		for i, o := range out {
			if i%8 != 3 {
				if o.Err != nil {
					t.Errorf("trial %d: %v", i, o.Err)
				}
				continue
			}
			if o.Err == nil || !strings.Contains(o.Err.Error(), kinds[i/8].says) || !strings.Contains(o.Err.Error(), fmt.Sprintf("trial %d ", i)) {
				t.Errorf("trial %d: error %v, want one that says %q", i, o.Err, kinds[i/8].says)
			}
		}
		p.Close()
	}
}

// slow is a strategy that takes its time.
type slow struct {
	backtest.Crossover
	took time.Duration
}

func (s slow) Decide(b *backtest.BarData, w *backtest.Signals) {
	time.Sleep(s.took)
	s.Crossover.Decide(b, w)
}

func TestSweepStopsAndTellsTheTrials(t *testing.T) {
	store := testbed.OpenStore(t)
	testbed.Put(t, store, "b", randomSeries(1, 1, 100))
	for name, config := range map[string]cachekit.Config{"cached": {}, "uncached": testbed.Off} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := testbed.Pin(t, testbed.Workspace(t, config, store), "b")
				defer p.Close()
				var plan strategies
				for i := range 64 {
					plan = append(plan, slow{backtest.Crossover{Fast: 1 + i, Slow: 70 + i}, time.Second})
				}
				v := testbed.View(t, p, bundle.Query{Fields: bundle.Open | bundle.Close})
				last := 0
				ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
				defer cancel()
				out, err := optimize.Sweep(ctx, v, plan, itself, optimize.Options{Workers: 2, Progress: func(done, total int) {
					if last = done; total != 64 {
						t.Errorf("%d of %d", done, total)
					}
				}})
				done := 0
				for i, o := range out {
					if o.Err == nil {
						done++
					} else if !errors.Is(o.Err, context.DeadlineExceeded) || !strings.Contains(o.Err.Error(), fmt.Sprintf("trial %d: not finished", i)) {
						t.Errorf("trial %d: %v", i, o.Err)
					}
				}
				if done == 0 || done == 64 || last != done || err == nil || !strings.Contains(err.Error(), fmt.Sprintf("stopped after %d of 64 trials", done)) {
					t.Errorf("%d trials done, progress %d: %v", done, last, err)
				}
				time.Sleep(time.Hour) // the sleepers wake
			})
		})
	}
}

func TestADeadlineIsForATrial(t *testing.T) {
	store := testbed.OpenStore(t)
	testbed.Put(t, store, "b", randomSeries(1, 1, 100))
	synctest.Test(t, func(t *testing.T) {
		p := testbed.Pin(t, testbed.Workspace(t, cachekit.Config{}, store), "b")
		defer p.Close()
		var plan strategies
		for i := range 64 {
			s := slow{backtest.Crossover{Fast: 1 + i, Slow: 70 + i}, time.Second}
			if i == 63 {
				s.took = time.Hour
			}
			plan = append(plan, s)
		}
		v := testbed.View(t, p, bundle.Query{Fields: bundle.Open | bundle.Close})
		out, err := optimize.Sweep(t.Context(), v, plan, itself, optimize.Options{Workers: 2, TrialTimeout: 2 * time.Second})
		if err != nil {
			t.Fatal(err)
		}
		late := 0
		for _, o := range out {
			if errors.Is(o.Err, context.DeadlineExceeded) {
				late++
			} else if o.Err != nil {
				t.Error(o.Err)
			}
		}
		if late != 8 || out[63].Err == nil || out[0].Err != nil {
			t.Errorf("%d trials took too long, want the 8 of the last batch: %v", late, out[63].Err)
		}
		time.Sleep(2 * time.Hour)
	})
}
