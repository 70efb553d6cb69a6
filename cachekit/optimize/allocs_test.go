package optimize_test

import (
	"testing"

	"github.com/bmadventure/optcache/cachekit"
	"github.com/bmadventure/optcache/cachekit/backtest"
	"github.com/bmadventure/optcache/cachekit/bundle"
	"github.com/bmadventure/optcache/cachekit/internal/testbed"
	"github.com/bmadventure/optcache/cachekit/optimize"
)

// A sweep of ten times as many trials over the same series allocates hardly more often: the results lie in one piece, and
// what is left over belongs to batches.
func TestTrialsAllocateNothing(t *testing.T) {
	store := testbed.OpenStore(t)
	testbed.Put(t, store, "b", testbed.DenseSeries(3, 200))
	w := testbed.Workspace(t, cachekit.Config{}, store)
	p := testbed.Pin(t, w, "b")
	defer p.Close()
	v := testbed.View(t, p, bundle.Query{Fields: bundle.Open | bundle.Close})
	allocs := func(trials int, always bool) float64 {
		plan := make(pairs, trials)
		for i := range plan {
			plan[i] = backtest.Crossover{Fast: 2 + i%8, Slow: 20 + i/8%8, CostBps: float64(i % 9999)}
		}
		at := make(references, trials)
		for i := range at {
			at[i] = &plan[i]
		}
		return testing.AllocsPerRun(3, func() {
			if _, err := optimize.Sweep(t.Context(), v, at, itselfByReference, optimize.Options{Workers: 1, AlwaysCache: always}); err != nil {
				t.Fatal(err)
			}
		})
	}
	for _, always := range []bool{true, false} {
		few, many := allocs(4*256, always), allocs(40*256, always)
		if more := (many - few) / (36 * 256); more > 0.05 {
			t.Errorf("all caches %t: %v allocations for 1,024 trials and %v for 10,240: %.3f for each trial more", always, few, many, more)
		}
	}
}

// references is a plan of given crossovers.
type references []*backtest.Crossover

func (r references) Len() int                         { return len(r) }
func (r references) At(trial int) *backtest.Crossover { return r[trial] }

func itselfByReference(c *backtest.Crossover) backtest.Strategy { return c }

// A tester that goes from window to window, as in a walk-forward, allocates nothing once its buffers have grown.
func TestTestersAllocateNothing(t *testing.T) {
	store := testbed.OpenStore(t)
	testbed.Put(t, store, "b", testbed.DenseSeries(3, 300))
	bars, err := testbed.View(t, testbed.Pin(t, testbed.Workspace(t, cachekit.Config{}, store), "b"), bundle.Query{Fields: bundle.OHLCV}).Bars(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	test := testbed.Segments(bars, 40).Backtester()
	strategies := []backtest.Strategy{ // not Reversion: its deviations have a sync.Pool, which the race detector and the collector empty
		&backtest.Crossover{Fast: 5, Slow: 20, CostBps: 3}, &backtest.Crossover{Fast: 5, Slow: 30},
		&backtest.Momentum{Window: 9, Threshold: 0.01}, &backtest.Breakout{Entry: 20, Exit: 10},
	}
	walk := func() {
		for from := 0; from+80 <= 300; from += 40 {
			for _, s := range strategies {
				if _, err := test(t.Context(), s, optimize.Span{From: from, To: from + 80}); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	walk()
	if n := testing.AllocsPerRun(5, walk); n > 0 {
		t.Errorf("%v allocations for 24 backtests over 6 windows", n)
	}
}
