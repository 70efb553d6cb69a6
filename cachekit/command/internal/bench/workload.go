package bench

import (
	"context"
	"errors"
	"time"

	"github.com/bmadventure/optcache/cachekit"
	"github.com/bmadventure/optcache/cachekit/backtest"
	"github.com/bmadventure/optcache/cachekit/bundle"
	"github.com/bmadventure/optcache/cachekit/command/internal/console"
	"github.com/bmadventure/optcache/cachekit/optimize"
	"github.com/bmadventure/optcache/cachekit/search"
)

// crossoverColumns are the columns that a crossover reads.
const crossoverColumns = bundle.Open | bundle.Close

// A workload is what is measured: crossovers over a version of a
// bundle.
type workload struct {
	store   *bundle.Store
	bundle  string
	version bundle.Version
	fields  bundle.Fields
	grid    search.Plan[backtest.Crossover]
	workers int  // 0: one for each processor
	always  bool // every cache is used, even one that costs more time than it saves
	memo    bool // results are kept too
}

// A reader is a workload with its version pinned in a workspace.
type reader struct {
	workspace *optimize.Workspace
	pin       *optimize.Pin
	view      *optimize.View
}

// open opens the version in a workspace of its own, with cold caches.
func (w *workload) open(config cachekit.Config) (*reader, error) {
	workspace, err := optimize.NewWorkspace(config, w.store)
	if err != nil {
		return nil, console.Usage(err)
	}
	r := &reader{workspace: workspace}
	if r.pin, err = workspace.PinVersion(w.bundle, w.version); err != nil {
		return nil, errors.Join(err, workspace.Close())
	}
	if r.view, err = r.pin.View(bundle.Query{Fields: w.fields}); err != nil {
		return nil, errors.Join(err, r.close())
	}
	return r, nil
}

func (r *reader) close() error { return errors.Join(r.pin.Close(), r.workspace.Close()) }

// outcomes are the outcomes of the trials of a workload.
type outcomes = []optimize.Outcome[backtest.Crossover, backtest.Metrics]

// sweep runs all trials in an open workspace.
func (w *workload) sweep(ctx context.Context, r *reader) (outcomes, error) {
	strategy := func(c backtest.Crossover) backtest.Strategy { return &c }
	out, err := optimize.Sweep(ctx, r.view, w.grid, strategy, optimize.Options{Workers: w.workers, AlwaysCache: w.always, Memo: w.memo})
	if err != nil {
		return nil, err
	}
	for _, o := range out {
		if o.Err != nil {
			return nil, o.Err
		}
	}
	return out, nil
}

// run runs all trials from cold caches and returns how long that took, opening and
// closing included.
func (w *workload) run(ctx context.Context, config cachekit.Config) (out outcomes, took time.Duration, err error) {
	start := time.Now()
	r, err := w.open(config)
	if err != nil {
		return nil, 0, err
	}
	out, err = w.sweep(ctx, r)
	err = errors.Join(err, r.close())
	return out, time.Since(start), err
}

// crossovers returns the plan of n crossovers that are spread evenly over the pairs
// of lengths of which the fast one is shorter; all pairs if n is 0.
func crossovers(fast, slow intRange, n int) (*search.Grid[backtest.Crossover], error) {
	space, err := search.NewSpace(
		search.Int("fast", fast.Lo, fast.Hi, fast.Step, func(c *backtest.Crossover) *int { return &c.Fast }),
		search.Int("slow", slow.Lo, slow.Hi, slow.Step, func(c *backtest.Crossover) *int { return &c.Slow }),
	)
	if err != nil {
		return nil, err
	}
	space.Constrain("fast < slow", func(c backtest.Crossover) bool { return c.Fast < c.Slow })
	return search.NewGrid(space, n)
}
