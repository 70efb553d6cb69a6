package optimize_test

import (
	"context"
	"sync/atomic"
	"testing"

	"github.com/bmadventure/optcache/cachekit/backtest"
	"github.com/bmadventure/optcache/cachekit/internal/testbed"
	"github.com/bmadventure/optcache/cachekit/optimize"
	"github.com/bmadventure/optcache/cachekit/optimize/record"
	"github.com/bmadventure/optcache/cachekit/search"
)

// journalledSearch is a search by name of 9 trials.
func journalledSearch(v *optimize.View, name string) testbed.Journalled {
	space := testbed.Must(search.NewSpace(
		search.Int("short", 1, 5, 1, func(p *rule) *int { return &p.Short }),
		search.Int("long", 6, 9, 1, func(p *rule) *int { return &p.Long }),
	))
	return func(t *testing.T, j *record.Journal, workers int) (any, int) {
		var ran atomic.Int64
		o := optimize.Options{Workers: workers, Journal: j}
		out, err := optimize.RunSearch(t.Context(), testbed.Must(searchesOf[name](space, 9, search.Options{Seed: 4, Batch: 3})), func() optimize.Worker[rule, backtest.Metrics] {
			trial := trialsOf(v)()
			return optimize.Recorded(v, rule.strategy, func(ctx context.Context, p rule) (backtest.Metrics, error) {
				ran.Add(1)
				return trial(ctx, p)
			}, o)
		}, func(m backtest.Metrics) float64 { return m.TotalReturn }, o)
		if err != nil {
			t.Fatal(err)
		}
		return out, int(ran.Load())
	}
}

// journalledSweep is the same search swept in batches.
func journalledSweep(v *optimize.View, name string) testbed.Journalled {
	space := testbed.Must(search.NewSpace(
		search.Int("fast", 1, 5, 1, func(p *crossing) *int { return &p.Fast }),
		search.Int("slow", 6, 9, 1, func(p *crossing) *int { return &p.Slow }),
	))
	return func(t *testing.T, j *record.Journal, workers int) (any, int) {
		o := search.Options{Seed: 4, Batch: 3}
		var s search.Search[crossing]
		switch name {
		case "grid":
			s = search.Enumerate(testbed.Must(search.NewGrid(space, 9)))
		case "random":
			s = testbed.Must(search.NewRandom(space, 9, o))
		case "bayesian":
			s = testbed.Must(search.NewBayesian(space, 9, o))
		case "genetic":
			s = testbed.Must(search.NewGenetic(space, 9, o))
		}
		ran()
		out, err := optimize.SweepSearch(t.Context(), v, s, func(c crossing) backtest.Strategy { return watched{backtest.Crossover{Fast: c.Fast, Slow: c.Slow}} },
			func(m backtest.Metrics) float64 { return m.TotalReturn }, optimize.Options{Workers: workers, Journal: j})
		if err != nil {
			t.Fatal(err)
		}
		return out, ran()
	}
}

type crossing struct{ Fast, Slow int }

// TestCutAnywhereAndResumed: see [cutAnywhere].
func TestCutAnywhereAndResumed(t *testing.T) {
	v := journalView(t, 11)
	for name, run := range map[string]testbed.Journalled{
		"grid search":            journalledSearch(v, "grid"),
		"random search":          journalledSearch(v, "random"),
		"bayesian search":        journalledSearch(v, "bayesian"),
		"genetic search":         journalledSearch(v, "genetic"),
		"grid, swept":            journalledSweep(v, "grid"),
		"random search, swept":   journalledSweep(v, "random"),
		"bayesian search, swept": journalledSweep(v, "bayesian"),
		"genetic search, swept":  journalledSweep(v, "genetic"),
	} {
		t.Run(name, func(t *testing.T) { testbed.CutAnywhere(t, run) })
	}
}
