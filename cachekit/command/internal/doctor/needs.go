package doctor

import (
	"errors"

	"github.com/bmadventure/optcache/cachekit/backtest"
	"github.com/bmadventure/optcache/cachekit/command/internal/rundir"
	"github.com/bmadventure/optcache/cachekit/command/internal/trials"
	"github.com/bmadventure/optcache/cachekit/search"
)

// A need is how many bytes a cache would have held if nothing had left it.
type need struct {
	bytes int64
	exact bool // else it is a bound that surely suffices
}

// Names of the caches of a workspace.
const (
	assetLists    = "asset lists" // this one has a limit of entries and bands of its own
	groupedBars   = "grouped bars"
	derivedSeries = "derived series"
)

// needs returns the need of every cache of a run, in their order. What a sweep reads
// follows from its trials: one list of assets, the bars of one query, and the
// series of the trials for each asset. Of other runs, and of searches that go
// by results, there is a bound: every value that left counts as another one.
func needs(r *rundir.Run, counters *trials.Named[Counter]) []need {
	all := make([]need, len(r.Caches))
	for i, c := range r.Caches {
		mean := float64(c.Bytes) / float64(max(1, c.Entries))
		left := c.Evictions.Capacity + c.Refused + c.Uncached
		all[i] = need{c.Bytes, true}
		if left == 0 {
			continue
		}
		all[i] = need{c.Bytes + int64(mean*float64(left)), false}
		if c.Entries == 0 {
			all[i].bytes = c.Budget // nothing tells how large values are but that they are no larger than this, or never fit
		}
		if r.Command != "sweep" {
			continue
		}
		series, fields, known := seriesOfRun(r, counters)
		switch {
		case c.Name == assetLists:
			all[i] = need{int64(64 * r.Bundle.Assets), true}
		case c.Name == groupedBars && known:
			all[i] = need{r.Bundle.AllBars * 8 * int64(1+fields), true} // the times too
		case c.Name == derivedSeries && known && c.Entries > 0:
			all[i] = need{int64(mean * float64(series) * float64(r.Bundle.Assets)), true}
		case c.Name == derivedSeries && known:
			all[i] = need{r.Bundle.AllBars * 8 * int64(series), true}
		}
	}
	return all
}

// A Counter counts the series that the trials of a sweep read of each asset, and the columns of
// the bars.
type Counter func(specs []trials.AxisSpec, search rundir.Search) (series, fields int, err error)

// With returns that of a family.
func With[S trials.Tunable[S]](f *trials.Family[S]) Counter {
	return func(specs []trials.AxisSpec, study rundir.Search) (series, fields int, err error) {
		return countSeries(f, specs, study)
	}
}

// seriesOfRun returns how many series the trials of a sweep read of each asset, and
// how many columns of the bars, if that can be told.
func seriesOfRun(r *rundir.Run, counters *trials.Named[Counter]) (series, fields int, known bool) {
	count, err := counters.OfRules(r.Strategy)
	if err == nil {
		series, fields, err = count(r.Params, r.Search)
	}
	return series, fields, err == nil
}

// mostCounted is how many trials are looked at to count their series.
const mostCounted = 1_000_000

// series counts the series that the trials of a sweep read, and the columns.
func countSeries[S trials.Tunable[S]](f *trials.Family[S], specs []trials.AxisSpec, study rundir.Search) (series, fields int, err error) {
	if len(specs) != len(f.Axes) || study.Trials > mostCounted {
		return 0, 0, errors.New("the trials cannot be told")
	}
	space, err := f.Space(specs)
	if err != nil {
		return 0, 0, err
	}
	var trials search.Search[S]
	switch study.Kind {
	case "grid":
		grid, err := search.NewGrid(space, study.Trials)
		if err != nil {
			return 0, 0, err
		}
		trials = search.Enumerate[S](grid)
	case "random":
		if trials, err = search.NewRandom(space, study.Trials, search.Options{Seed: study.Seed}); err != nil {
			return 0, 0, err
		}
	default:
		return 0, 0, errors.New("the trials depend on results")
	}
	seen := make(map[backtest.Series]bool)
	var scratch []backtest.Series
	for {
		t, ok := trials.Ask()
		if !ok {
			break
		}
		scratch = t.Params.Series(scratch[:0])
		for _, s := range scratch {
			seen[s] = true
		}
	}
	return len(seen), len(f.Fields(space).Names()), nil
}
