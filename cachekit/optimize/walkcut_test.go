package optimize_test

import (
	"testing"

	"github.com/bmadventure/optcache/cachekit/backtest"
	"github.com/bmadventure/optcache/cachekit/optimize"
)

// journalledWalk is a walk-forward by a search of that name.
func journalledWalk(name string) journalled {
	s := mustSegments(randomBars(3), 5)
	return func(t *testing.T, j *optimize.Journal, workers int) (any, int) {
		w := forward(3, s)
		w.Windows = optimize.Windows{Train: 8, Validation: 3, Test: 3, Step: 6}
		space := crossovers2()
		w.Search = func(f optimize.Fold) (optimize.Search[backtest.Crossover], error) {
			o := optimize.SearchOptions{Seed: uint64(f.Number), Batch: 2}
			switch name {
			case "random":
				return optimize.NewRandom(space, 4, o)
			case "bayesian":
				return optimize.NewBayesian(space, 4, o)
			}
			return optimize.NewGenetic(space, 4, o)
		}
		c := count(w, s)
		found, err := c.Run(t.Context(), optimize.Options{Workers: workers, Journal: j})
		if err != nil {
			t.Fatal(err)
		}
		ran, _ := c.runs()
		return found, ran
	}
}

// TestWalkForwardCutAnywhere: see [cutAnywhere].
func TestWalkForwardCutAnywhere(t *testing.T) {
	for _, name := range []string{"random", "bayesian", "genetic"} {
		t.Run(name, func(t *testing.T) { cutAnywhere(t, journalledWalk(name)) })
	}
}
