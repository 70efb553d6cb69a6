package optimize

import (
	"errors"

	"github.com/bmadventure/optcache/cachekit"
	"github.com/bmadventure/optcache/cachekit/backtest"
	"github.com/bmadventure/optcache/sizing"
)

// resultCaches are where a workspace keeps the results of trials ([Options.Memo]), within
// the budget of all its caches: of backtests, and of walk-forwards over windows.
type resultCaches struct {
	trials       *cachekit.Cache[trialKey, backtest.Metrics]
	performances *cachekit.Cache[trialKey, Performance]
	courses      *cachekit.Cache[trialKey, Course]
}

func newResultCaches(config cachekit.Config, budget *sizing.Budget) (*resultCaches, error) {
	var r resultCaches
	var errs [3]error
	r.trials, errs[0] = newCache(config, cachekit.Options[trialKey, backtest.Metrics]{Name: "trial results", Budget: budget})
	r.performances, errs[1] = newCache(config, cachekit.Options[trialKey, Performance]{Name: "window results", Budget: budget})
	r.courses, errs[2] = newCache(config, cachekit.Options[trialKey, Course]{
		Name: "window courses", Budget: budget,
		Size: func(_ trialKey, c Course) int64 { return sizing.Slice(c.Times) + sizing.Slice(c.Equity) },
	})
	return &r, errors.Join(errs[:]...)
}

// stats returns the statistics of those that somebody asked for something.
func (r *resultCaches) stats() (stats []CacheStats) {
	for _, s := range []cachekit.Stats{r.trials.Stats(), r.performances.Stats(), r.courses.Stats()} {
		if s.Hits+s.Misses > 0 {
			stats = append(stats, CacheStats{s, cachekit.BarsBands})
		}
	}
	return stats
}

func (r *resultCaches) clear() {
	r.trials.Clear()
	r.performances.Clear()
	r.courses.Clear()
}
