package optimize

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"runtime/debug"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/bmadventure/optcache/cachekit/backtest"
	"github.com/bmadventure/optcache/cachekit/bundle"
	"github.com/bmadventure/optcache/cachekit/optimize/internal/keep"
	"github.com/bmadventure/optcache/cachekit/optimize/record"
	"github.com/bmadventure/optcache/cachekit/search"
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
// With a journal or a memo ([Options]) the trials whose results it has are not run.
//
// Errors, panics included, are in the outcomes of their trials, as in [Run].
// Options.TrialTimeout is for one trial; a batch may take as many times longer as it
// has trials, and all of them fail together.
func Sweep[P any](ctx context.Context, view *View, plan search.Plan[P], strategy func(P) backtest.Strategy, o Options) ([]Outcome[P, backtest.Metrics], error) {
	s := sweep[P]{view: view, plan: plan, strategy: strategy, memo: newMemo(view, o), held: new(held[P]), out: make([]Outcome[P, backtest.Metrics], plan.Len())}
	defer s.held.release()
	for trial := range s.out {
		fill(plan, trial, &s.out[trial].Params)
	}
	if progress := o.Progress; progress != nil {
		o.Progress = func(int, int) { progress(int(s.done.Load()), len(s.out)) }
	}
	stopped, err := s.run(ctx, o)
	if err != nil {
		return nil, err
	}
	return s.out, stoppedAfter(int(s.done.Load()), len(s.out), stopped)
}

// run runs the trials. It returns in stopped what [Run] says of those that were not finished, and
// fails if none could begin.
func (s *sweep[P]) run(ctx context.Context, o Options) (stopped, err error) {
	if err := s.recall(ctx); err != nil {
		return nil, err
	}
	if o.Workers <= 0 {
		o.Workers = runtime.GOMAXPROCS(0)
	}
	if err := s.prepare(ctx, o); err != nil {
		return nil, err
	}
	defer s.keyPlan.close()
	o.TrialTimeout = min(o.TrialTimeout, maxDuration/time.Duration(s.size)) * time.Duration(s.size)
	batches, stopped := Run(ctx, s, s.worker, o)
	s.outcomes(ctx, batches)
	return stopped, nil
}

const maxDuration = time.Duration(1<<63 - 1)

// A sweep is one call of [Sweep], or the trials that a search of [SweepSearch] proposes at
// a time. As a plan, it is that of its batches.
type sweep[P any] struct {
	view     *View
	plan     search.Plan[P]
	strategy func(P) backtest.Strategy
	memo     *memo        // nil: nothing is kept
	size     int          // of a batch
	some     bool         // only the trials in order are run, because the others are known
	order    []int        // trials, batch after batch; nil: all, as they are numbered
	done     atomic.Int64 // trials
	first    int          // number of the first trial
	later    int          // trials that a search proposes after these

	*held[P]
	keyPlan *keyPlan // nil: the cache of series is not told what comes next

	mu     sync.Mutex
	closed bool                           // Run has returned; guarded by mu
	out    []Outcome[P, backtest.Metrics] // guarded by mu while workers run
}

// A span is one batch: the trials order[from:to].
type span struct{ from, to int }

// Len returns the number of batches.
func (s *sweep[P]) Len() int { return (s.left() + s.size - 1) / s.size }

// left returns the number of trials that are to be run.
func (s *sweep[P]) left() int {
	if s.some {
		return len(s.order)
	}
	return len(s.out)
}

// At returns a batch.
func (s *sweep[P]) At(batch int) span {
	return span{batch * s.size, min((batch+1)*s.size, s.left())}
}

// trial returns the number of the trial at a position of the order.
func (s *sweep[P]) trial(at int) int {
	if s.order == nil {
		return at
	}
	return s.order[at]
}

// recall takes the results that are kept, and puts the other trials in order.
func (s *sweep[P]) recall(ctx context.Context) error {
	if s.memo == nil {
		return nil
	}
	s.some, s.order = true, make([]int, 0, len(s.out))
	for trial := range s.out {
		strategy, ok := s.make(trial)
		if !ok || ctx.Err() != nil {
			s.order = append(s.order, trial)
			continue
		}
		key, err := s.memo.key(strategy)
		if err != nil {
			return err
		}
		m, known, err := s.memo.Lookup(key)
		if err != nil {
			return err
		}
		if !known {
			s.order = append(s.order, trial)
			continue
		}
		s.out[trial].Result = m
		s.done.Add(1)
	}
	return nil
}

// make returns the strategy of a trial. It reports false if that panics: the trial
// will say so itself.
func (s *sweep[P]) make(trial int) (strategy backtest.Strategy, ok bool) {
	defer func() {
		if recover() != nil {
			strategy, ok = nil, false
		}
	}()
	return s.strategy(s.out[trial].Params), true
}

const (
	// maxBatch trials share the columns of an asset: enough that reading those
	// costs next to nothing, few enough that they are in the processor's caches.
	maxBatch = 256

	// batchPoints is how many points of portfolios a batch holds at most: half a
	// megabyte, so that the second cache of one core has room for them.
	batchPoints = 1 << 16
)

// prepare decides how the trials are run, once it is known which.
func (s *sweep[P]) prepare(ctx context.Context, o Options) error {
	s.size = 1
	if s.view.Series() != nil && s.left() > 0 {
		if err := s.hold(ctx, s.view, s.left()+s.later, o); err != nil {
			return err
		}
		s.size = s.batchSize(o.Workers)
		r := s.readings()
		s.planKeys(r, s.inOrder(r), o)
	}
	if o.Workload != nil {
		o.Workload(s.workload)
	}
	return nil
}

// planKeys counts what the batches will ask for, decides whether it is worth its cost to keep
// series, and tells their cache what comes if not everything fits.
func (s *sweep[P]) planKeys(r *readings, positions []int, o Options) {
	f := s.scheduleOf(r, positions)
	s.count(s.view, f, s.left(), o)
	if d := &s.workload.Series; s.cached && d.Bytes > s.room(s.view) {
		s.keyPlan = newKeyPlan(s.view, s.bars, f, o.Workers)
		d.Planned = d.Planned || s.keyPlan != nil
	}
}

// batchSize returns the number of trials of a batch.
func (s *sweep[P]) batchSize(workers int) int {
	size := min(maxBatch, (s.left()+4*workers-1)/(4*workers)) // four for each, so that they end together
	if len(s.bars.Assets()) > 1 {
		size = min(size, batchPoints/len(s.bars.Timeline()))
	}
	return max(size, 1)
}

// worker returns the worker of one goroutine.
func (s *sweep[P]) worker() Worker[span, struct{}] {
	columns := s.view.Series()
	if !s.cached {
		columns = nil
	}
	return func(ctx context.Context, b span) (struct{}, error) {
		w := s.seat()
		w.sweep, w.runner.Series = s, columns
		none, err := w.run(ctx, b)
		s.unseat(w) // not after runtime.Goexit
		return none, err
	}
}

// A batchWorker runs one batch after the other.
type batchWorker[P any] struct {
	*sweep[P]
	runner     backtest.Runner
	strategies []backtest.Strategy
	params     P                  // of one trial
	metrics    []backtest.Metrics // of the trials of a batch
	errs       []error            // likewise
}

// run runs one batch. If anything is wrong with it, it runs its trials one by
// one, so that each has its own error.
func (w *batchWorker[P]) run(ctx context.Context, b span) (struct{}, error) {
	w.keyPlan.begins(b.from / w.size)
	n := b.to - b.from
	w.metrics, w.errs = slices.Grow(w.metrics[:0], n)[:n], slices.Grow(w.errs[:0], n)[:n]
	clear(w.metrics)
	clear(w.errs)
	if n == 1 || !w.together(ctx, b) {
		for i := range n {
			w.metrics[i], w.errs[i] = w.alone(ctx, w.trial(b.from+i))
			if err := ctx.Err(); err != nil {
				return struct{}{}, err
			}
		}
	}
	return struct{}{}, w.keep(b, w.metrics, w.errs)
}

// keep keeps what became of the trials of a batch, unless the sweep is over. It fails
// if they cannot be recorded.
func (s *sweep[P]) keep(b span, metrics []backtest.Metrics, errs []error) error {
	if err := s.record(b, metrics, errs); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil
	}
	for i := range metrics {
		trial := s.trial(b.from + i)
		s.out[trial].Result, s.out[trial].Err = metrics[i], errs[i]
	}
	s.done.Add(int64(len(metrics)))
	return nil
}

// record has the memo keep the results of a batch.
func (s *sweep[P]) record(b span, metrics []backtest.Metrics, errs []error) error {
	if s.memo == nil {
		return nil
	}
	results := make([]keep.Kept[backtest.Metrics], 0, len(metrics))
	for i, m := range metrics {
		if errs[i] != nil {
			continue
		}
		key, err := s.memo.key(s.strategy(s.plan.At(s.trial(b.from + i))))
		if err != nil {
			return err
		}
		results = append(results, keep.Kept[backtest.Metrics]{Key: key, Result: m})
	}
	return s.memo.Record(results...)
}

// load returns the bars of a batch.
func (s *sweep[P]) load(ctx context.Context) (*bundle.Bars, error) {
	if s.own {
		return s.bars, nil
	}
	_, bars, err := s.view.Load(ctx)
	return bars, err
}

// together runs a batch and reports whether all went well.
func (w *batchWorker[P]) together(ctx context.Context, b span) (ok bool) {
	defer func() {
		if recover() != nil { // the trial that panics will do so again, alone
			ok, w.runner = false, backtest.Runner{Series: w.runner.Series}
		}
	}()
	bars, err := w.load(ctx)
	if err != nil {
		return false
	}
	w.strategies = w.strategies[:0]
	for i := b.from; i < b.to; i++ {
		w.strategies = append(w.strategies, w.strategyOf(w.trial(i)))
	}
	return w.runner.RunBatch(ctx, bars, w.strategies, w.metrics, nil) == nil
}

// alone runs one trial.
func (w *batchWorker[P]) alone(ctx context.Context, trial int) (m backtest.Metrics, err error) {
	defer func() {
		if v := recover(); v != nil {
			m, err = backtest.Metrics{}, &PanicError{v, debug.Stack()}
			w.runner = backtest.Runner{Series: w.runner.Series}
		}
	}()
	bars, err := w.load(ctx)
	if err != nil {
		return m, err
	}
	return w.runner.Run(ctx, bars, w.strategyOf(trial), nil)
}

// strategyOf returns the strategy of a trial. The parameters come from the plan: the
// outcomes may be the caller's by now, who gave this worker up.
func (w *batchWorker[P]) strategyOf(trial int) backtest.Strategy {
	fill(w.plan, trial, &w.params)
	return w.strategy(w.params)
}

// outcomes ends the sweep: it gives the trials of batches that failed their errors.
func (s *sweep[P]) outcomes(ctx context.Context, batches []Outcome[span, struct{}]) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true // a worker that was given up may still run
	for i, b := range batches {
		if b.Err == nil {
			continue
		}
		batch := s.At(i)
		for at := batch.from; at < batch.to; at++ {
			s.out[s.trial(at)].Err = errors.Unwrap(b.Err) // without the number of the batch
		}
	}
	for trial := range s.out {
		s.finish(ctx, trial)
	}
}

// finish tells what became of a trial as [Run] does.
func (s *sweep[P]) finish(ctx context.Context, trial int) {
	o := &s.out[trial]
	if o.Err == nil {
		return
	}
	o.Result = backtest.Metrics{}
	if why := (record.KeepError{}); errors.As(o.Err, &why) {
		o.Err = unfinished(s.first+trial, why)
		return
	}
	if cause := context.Cause(ctx); cause != nil && errors.Is(o.Err, cause) {
		o.Err = unfinished(s.first+trial, cause)
		return
	}
	o.Err = fmt.Errorf("trial %d %+v: %w", s.first+trial, o.Params, o.Err)
}

// unfinished is the error of a trial that did not end.
func unfinished(trial int, cause error) error {
	return fmt.Errorf("trial %d: not finished: %w", trial, cause)
}

// stoppedAfter says how many trials were done when [Run] was stopped, which counted batches.
func stoppedAfter(done, total int, stopped error) error {
	if stopped == nil {
		return nil
	}
	return fmt.Errorf("stopped after %d of %d trials: %w", done, total, errors.Unwrap(stopped))
}

// fill makes *p the parameters of a trial of a plan, without an allocation where the plan can do that.
func fill[P any](plan search.Plan[P], trial int, p *P) {
	if g, ok := plan.(*search.Grid[P]); ok {
		g.Fill(trial, p)
		return
	}
	*p = plan.At(trial)
}
