package optimize

import (
	"errors"

	"github.com/bmadventure/optcache/cachekit"
	"github.com/bmadventure/optcache/cachekit/backtest"
	"github.com/bmadventure/optcache/cachekit/optimize/internal/keep"
	"github.com/bmadventure/optcache/cachekit/optimize/record"
	"github.com/bmadventure/optcache/sizing"
)

// newResultCaches returns the caches in which a workspace keeps the results of trials ([Options.Memo]).
func newResultCaches(config cachekit.Config, budget *sizing.Budget) (*keep.Caches, error) {
	var r keep.Caches
	var errs [3]error
	r.Trials, errs[0] = newCache(config, cachekit.Options[record.Key, backtest.Metrics]{Name: "trial results", Budget: budget})
	r.Performances, errs[1] = newCache(config, cachekit.Options[record.Key, backtest.Performance]{Name: "window results", Budget: budget})
	r.Curves, errs[2] = newCache(config, cachekit.Options[record.Key, backtest.EquityCurve]{
		Name: "window curves", Budget: budget,
		Size: func(_ record.Key, c backtest.EquityCurve) int64 {
			return sizing.Slice(c.Times) + sizing.Slice(c.Equity)
		},
	})
	return &r, errors.Join(errs[:]...)
}

// resultStats returns the statistics of those that somebody asked for something.
func resultStats(r *keep.Caches) (stats []CacheStats) {
	for _, s := range []cachekit.Stats{r.Trials.Stats(), r.Performances.Stats(), r.Curves.Stats()} {
		if s.Hits+s.Misses > 0 {
			stats = append(stats, CacheStats{s, cachekit.BarsBands})
		}
	}
	return stats
}

func clearResults(r *keep.Caches) {
	r.Trials.Clear()
	r.Performances.Clear()
	r.Curves.Clear()
}
