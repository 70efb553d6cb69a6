package optimize

import (
	"errors"

	"github.com/bmadventure/optcache/cachekit"
	"github.com/bmadventure/optcache/cachekit/backtest"
	"github.com/bmadventure/optcache/sizing"
)

// newResultCaches returns the caches in which a workspace keeps the results of trials ([Options.Memo]).
func newResultCaches(config cachekit.Config, budget *sizing.Budget) (*Caches, error) {
	var r Caches
	var errs [3]error
	r.Trials, errs[0] = newCache(config, cachekit.Options[trialKey, backtest.Metrics]{Name: "trial results", Budget: budget})
	r.Performances, errs[1] = newCache(config, cachekit.Options[trialKey, Performance]{Name: "window results", Budget: budget})
	r.Courses, errs[2] = newCache(config, cachekit.Options[trialKey, Course]{
		Name: "window courses", Budget: budget,
		Size: func(_ trialKey, c Course) int64 { return sizing.Slice(c.Times) + sizing.Slice(c.Equity) },
	})
	return &r, errors.Join(errs[:]...)
}

// resultStats returns the statistics of those that somebody asked for something.
func resultStats(r *Caches) (stats []CacheStats) {
	for _, s := range []cachekit.Stats{r.Trials.Stats(), r.Performances.Stats(), r.Courses.Stats()} {
		if s.Hits+s.Misses > 0 {
			stats = append(stats, CacheStats{s, cachekit.BarsBands})
		}
	}
	return stats
}

func clearResults(r *Caches) {
	r.Trials.Clear()
	r.Performances.Clear()
	r.Courses.Clear()
}
