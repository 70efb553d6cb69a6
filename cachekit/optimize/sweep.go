package optimize

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/bits"
	"runtime"
	"runtime/debug"
	"slices"
	"sync/atomic"
	"time"

	"github.com/bmadventure/optcache/cachekit/backtest"
)

// Sweep backtests every trial of the plan on the bars of the view and returns
// the outcomes in the order of the trials: the metrics of the portfolio, as
// [backtest.Runner.Run] defines them. strategy makes the strategy of a trial's
// parameters and must be a pure function; return a pointer to spare an allocation.
// Fields of the view's query must include [backtest.Fields] of every strategy.
//
// With caching off each trial runs for itself: it reads and verifies the bars,
// groups them, computes its series and trades. With caching on, workers take
// batches of trials that read the same series ([backtest.Runner.RunBatch]), which
// come from the cache. The metrics are equal bit for bit, for any number of workers.
//
// Errors, panics included, are in the outcomes of their trials, as in [Run].
// Options.Deadline is for one trial; a batch may take as many times longer as it
// has trials, and all of them fail together.
func Sweep[P any](ctx context.Context, view *View, plan Plan[P], strategy func(P) backtest.Strategy, o Options) ([]Outcome[P, backtest.Metrics], error) {
	s := sweep[P]{view: view, plan: plan, strategy: strategy, total: plan.Len()}
	if o.Workers <= 0 {
		o.Workers = runtime.GOMAXPROCS(0)
	}
	size, err := s.batchSize(ctx, o.Workers)
	if err != nil {
		return nil, err
	}
	s.order, s.size = s.inOrder(size), size
	o.Deadline = min(o.Deadline, maxDuration/time.Duration(size)) * time.Duration(size)
	if progress := o.Progress; progress != nil {
		o.Progress = func(int, int) { progress(int(s.done.Load()), s.total) }
	}
	batches, err := Run(ctx, &s, s.worker, o)
	return s.outcomes(ctx, batches), s.stopped(ctx, err)
}

const maxDuration = time.Duration(1<<63 - 1)

// A sweep is one call of [Sweep]. As a plan, it is that of its batches.
type sweep[P any] struct {
	view     *View
	plan     Plan[P]
	strategy func(P) backtest.Strategy
	total    int          // trials
	size     int          // of a batch
	order    []int        // trials, batch after batch; nil: as they are numbered
	done     atomic.Int64 // trials
}

// A span is one batch: the trials order[from:to].
type span struct{ from, to int }

// Len returns the number of batches.
func (s *sweep[P]) Len() int { return (s.total + s.size - 1) / s.size }

// At returns a batch.
func (s *sweep[P]) At(batch int) span {
	return span{batch * s.size, min((batch+1)*s.size, s.total)}
}

// trial returns the number of the trial at a position of the order.
func (s *sweep[P]) trial(at int) int {
	if s.order == nil {
		return at
	}
	return s.order[at]
}

const (
	// maxBatch trials share the columns of an asset: enough that reading those
	// costs next to nothing, few enough that they are in the processor's caches.
	maxBatch = 256

	// batchPoints is how many points of portfolios a batch holds at most: half a
	// megabyte, so that the second cache of one core has room for them.
	batchPoints = 1 << 16
)

// batchSize returns the number of trials of a batch: 1 with caching off.
func (s *sweep[P]) batchSize(ctx context.Context, workers int) (int, error) {
	if s.view.Columns() == nil || s.total == 0 {
		return 1, nil
	}
	bars, err := s.view.Bars(ctx)
	if err != nil {
		return 0, err
	}
	size := min(maxBatch, (s.total+4*workers-1)/(4*workers)) // four for each, so that they end together
	if len(bars.Assets()) > 1 {
		size = min(size, batchPoints/len(bars.Timeline()))
	}
	return max(size, 1), nil
}

// inOrder returns the trials in an order in which neighbours read the same
// series: on a Z-shaped curve (Morton 1966) through the ranks of the first two
// series of each, so that 256 trials need some 32 averages and not 257.
func (s *sweep[P]) inOrder(size int) []int {
	if size == 1 {
		return nil
	}
	type place struct {
		series [2]int // number, then rank
		trial  int
	}
	var (
		places  = make([]place, s.total)
		numbers = make(map[backtest.Series]int)
		all     []backtest.Series
		scratch []backtest.Series
	)
	for trial := range places {
		places[trial].trial = trial
		scratch = s.read(trial, scratch[:0])
		for i, x := range scratch[:min(2, len(scratch))] {
			if _, ok := numbers[x]; !ok {
				numbers[x] = len(all)
				all = append(all, x)
			}
			places[trial].series[i] = numbers[x]
		}
	}
	rank := ranks(all)
	order := make([]int, s.total)
	for i := range places {
		for k, n := range places[i].series {
			if n < len(rank) {
				places[i].series[k] = rank[n]
			}
		}
	}
	slices.SortFunc(places, func(a, b place) int {
		if c := alongZ(a.series, b.series); c != 0 {
			return c
		}
		return cmp.Compare(a.trial, b.trial)
	})
	for i, p := range places {
		order[i] = p.trial
	}
	return order
}

// read returns the series that a trial reads, none if that panics: the trial
// will say so itself.
func (s *sweep[P]) read(trial int, dst []backtest.Series) (series []backtest.Series) {
	defer func() {
		if recover() != nil {
			series = nil
		}
	}()
	return s.strategy(s.plan.At(trial)).Series(dst)
}

// ranks returns the place of each series in the order of indicators and lengths.
func ranks(all []backtest.Series) []int {
	sorted := make([]int, len(all))
	for i := range sorted {
		sorted[i] = i
	}
	slices.SortFunc(sorted, func(a, b int) int {
		x, y := all[a], all[b]
		if x.Of != nil && y.Of != nil && x.Of != y.Of {
			if c := cmp.Compare(x.Of.Name(), y.Of.Name()); c != 0 {
				return c
			}
		}
		return cmp.Or(cmp.Compare(x.Length, y.Length), cmp.Compare(a, b))
	})
	rank := make([]int, len(all))
	for r, i := range sorted {
		rank[i] = r
	}
	return rank
}

// alongZ compares two points on the Z-shaped curve: by the coordinate whose
// highest differing bit is higher.
func alongZ(a, b [2]int) int {
	x, y := bits.Len(uint(a[0]^b[0])), bits.Len(uint(a[1]^b[1]))
	if x >= y {
		return cmp.Compare(a[0], b[0])
	}
	return cmp.Compare(a[1], b[1])
}

// A result is what became of one trial of a batch.
type result struct {
	metrics backtest.Metrics
	err     error
}

// worker returns the worker of one goroutine.
func (s *sweep[P]) worker() Worker[span, []result] {
	w := &batchWorker[P]{sweep: s}
	w.runner.Columns = s.view.Columns()
	return w.run
}

// A batchWorker runs the batches of one goroutine.
type batchWorker[P any] struct {
	*sweep[P]
	runner     backtest.Runner
	strategies []backtest.Strategy
	metrics    []backtest.Metrics
}

// run runs one batch. If anything is wrong with it, it runs its trials one by
// one, so that each has its own error.
func (w *batchWorker[P]) run(ctx context.Context, b span) ([]result, error) {
	results := make([]result, b.to-b.from)
	if len(results) == 1 || !w.together(ctx, b, results) {
		for i := range results {
			results[i] = w.alone(ctx, w.trial(b.from+i))
			if err := ctx.Err(); err != nil {
				return nil, err
			}
		}
	}
	w.done.Add(int64(len(results)))
	return results, nil
}

// together runs a batch and reports whether all went well.
func (w *batchWorker[P]) together(ctx context.Context, b span, results []result) (ok bool) {
	defer func() {
		if recover() != nil { // the trial that panics will do so again, alone
			ok, w.runner = false, backtest.Runner{Columns: w.runner.Columns}
		}
	}()
	_, bars, err := w.view.Load(ctx)
	if err != nil {
		return false
	}
	w.strategies = w.strategies[:0]
	for i := b.from; i < b.to; i++ {
		w.strategies = append(w.strategies, w.strategy(w.plan.At(w.trial(i))))
	}
	w.metrics = slices.Grow(w.metrics[:0], len(results))[:len(results)]
	if w.runner.RunBatch(ctx, bars, w.strategies, w.metrics, nil) != nil {
		return false
	}
	for i, m := range w.metrics {
		results[i].metrics = m
	}
	return true
}

// alone runs one trial.
func (w *batchWorker[P]) alone(ctx context.Context, trial int) (r result) {
	defer func() {
		if v := recover(); v != nil {
			r = result{err: &PanicError{v, debug.Stack()}}
			w.runner = backtest.Runner{Columns: w.runner.Columns}
		}
	}()
	_, bars, err := w.view.Load(ctx)
	if err != nil {
		return result{err: err}
	}
	m, err := w.runner.Run(ctx, bars, w.strategy(w.plan.At(trial)), nil)
	return result{m, err}
}

// outcomes returns those of the trials, in their order.
func (s *sweep[P]) outcomes(ctx context.Context, batches []Outcome[span, []result]) []Outcome[P, backtest.Metrics] {
	out := make([]Outcome[P, backtest.Metrics], s.total)
	for i, b := range batches {
		batch := s.At(i)
		for at := batch.from; at < batch.to; at++ {
			r := result{err: errors.Unwrap(b.Err)} // without the number of the batch
			if b.Err == nil {
				r = b.Result[at-batch.from]
			}
			trial := s.trial(at)
			out[trial] = s.outcome(ctx, trial, r)
		}
	}
	return out
}

// outcome tells what became of a trial as [Run] does.
func (s *sweep[P]) outcome(ctx context.Context, trial int, r result) Outcome[P, backtest.Metrics] {
	o := Outcome[P, backtest.Metrics]{Params: s.plan.At(trial), Result: r.metrics}
	switch cause := context.Cause(ctx); {
	case r.err == nil:
		return o
	case cause != nil && errors.Is(r.err, cause):
		o.Err = fmt.Errorf("trial %d: not finished: %w", trial, cause)
	default:
		o.Err = fmt.Errorf("trial %d %+v: %w", trial, o.Params, r.err)
	}
	o.Result = backtest.Metrics{}
	return o
}

// stopped says how many trials were done when a sweep was stopped.
func (s *sweep[P]) stopped(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("stopped after %d of %d trials: %w", s.done.Load(), s.total, context.Cause(ctx))
}
