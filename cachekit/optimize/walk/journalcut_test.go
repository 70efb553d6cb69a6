package walk_test

import (
	"testing"

	"github.com/bmadventure/optcache/cachekit/backtest"
	"github.com/bmadventure/optcache/cachekit/internal/testbed"
	"github.com/bmadventure/optcache/cachekit/optimize"
	"github.com/bmadventure/optcache/cachekit/optimize/record"
	"github.com/bmadventure/optcache/cachekit/optimize/walk"
	"github.com/bmadventure/optcache/cachekit/search"
)

// journalledWalk is a walk-forward by a search of that name.
func journalledWalk(name string) testbed.Journalled {
	s := testbed.Segments(testbed.RandomBars(3), 5)
	return func(t *testing.T, j *record.Journal, workers int) (any, int) {
		w := forward(3, s)
		w.Windows = walk.Windows{Train: 8, Validation: 3, Test: 3, Step: 6}
		space := testbed.Crossovers()
		w.Search = func(f walk.Fold) (search.Search[backtest.Crossover], error) {
			o := search.Options{Seed: uint64(f.Number), Batch: 2}
			switch name {
			case "random":
				return search.NewRandom(space, 4, o)
			case "bayesian":
				return search.NewBayesian(space, 4, o)
			}
			return search.NewGenetic(space, 4, o)
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
		t.Run(name, func(t *testing.T) { testbed.CutAnywhere(t, journalledWalk(name)) })
	}
}
