package optimize

import (
	"context"
	"errors"
	"fmt"
	"math"
	"runtime/debug"

	"github.com/bmadventure/optcache/cachekit/backtest"
	"github.com/bmadventure/optcache/cachekit/search"
)

// SweepSearch backtests the trials of a search on the bars of a view and returns the
// outcomes in the order of the trials, as [RunSearch] does. objective gives the search the
// value of a trial's metrics; a trial that fails counts as NaN.
//
// It runs all trials that the search proposes at a time as a [Sweep]: in batches that share
// bars and series, with the journal and the memo of the options, without caches that would not pay, and
// with a cache of series that is told what comes next. Whether these pay is counted over all trials that were
// proposed so far, so a search does without at first and has them when its trials begin to read the same
// series again. The outcomes are equal bit for bit with and without, for any number of workers,
// unless trials fail by their deadline.
//
// When ctx ends, trials that were not proposed yet have the context's error and
// the zero value for parameters. SweepSearch fails too if the search stops short of
// Len() trials or refuses a value.
func SweepSearch[P any](ctx context.Context, view *View, search search.Search[P], strategy func(P) backtest.Strategy, objective func(backtest.Metrics) float64, o Options) ([]Outcome[P, backtest.Metrics], error) {
	e := sweepSearch[P]{search: search, objective: objective, held: new(held[P]), out: make([]Outcome[P, backtest.Metrics], search.Len())}
	defer e.held.release()
	for e.done < len(e.out) {
		if err := e.next(ctx, view, strategy, o); err != nil {
			e.leave(err)
			return e.out, err
		}
	}
	return e.out, nil
}

// A sweepSearch is one call of [SweepSearch].
type sweepSearch[P any] struct {
	search    search.Search[P]
	objective func(backtest.Metrics) float64
	held      *held[P]
	out       []Outcome[P, backtest.Metrics]
	proposed  int // trials that have parameters
	done      int // trials before this one are over
}

// next runs the trials that the search proposes now and tells it what became of them.
func (e *sweepSearch[P]) next(ctx context.Context, view *View, strategy func(P) backtest.Strategy, o Options) error {
	if ctx.Err() != nil {
		return e.stopped(0, context.Cause(ctx))
	}
	plan, err := e.ask()
	if err != nil {
		return err
	}
	s := sweep[P]{
		view: view, plan: plan, strategy: strategy, memo: newMemo(view, o), held: e.held,
		first: e.done, later: len(e.out) - e.proposed, out: e.out[e.done:e.proposed],
	}
	if progress := o.Progress; progress != nil {
		o.Progress = func(int, int) { progress(e.done+int(s.done.Load()), len(e.out)) }
	}
	stopped, err := s.run(ctx, o)
	if err != nil && ctx.Err() != nil {
		return e.stopped(0, context.Cause(ctx))
	}
	if err != nil {
		return fmt.Errorf("run a search: %w", err)
	}
	if stopped != nil {
		err = e.stopped(int(s.done.Load()), errors.Unwrap(stopped))
		e.done = e.proposed // they have their errors
		return err
	}
	return e.tell()
}

// stopped says how many trials were done when the search was stopped.
func (e *sweepSearch[P]) stopped(more int, cause error) error {
	return fmt.Errorf("stopped after %d of %d trials: %w", e.done+more, len(e.out), cause)
}

// ask returns the trials that the search proposes now.
func (e *sweepSearch[P]) ask() (search.List[P], error) {
	var plan search.List[P]
	for e.proposed < len(e.out) {
		t, ok := e.search.Ask()
		if !ok {
			break
		}
		if t.Number != e.proposed {
			return nil, fmt.Errorf("run a search: the search numbered trial %d as %d", e.proposed, t.Number)
		}
		e.out[t.Number].Params = t.Params
		e.proposed++
		plan = append(plan, t.Params)
	}
	if len(plan) == 0 {
		return nil, fmt.Errorf("run a search: the search proposed only %d of its %d trials", e.proposed, len(e.out))
	}
	return plan, nil
}

// tell tells the search the values of the trials that were run.
func (e *sweepSearch[P]) tell() error {
	for ; e.done < e.proposed; e.done++ {
		if err := e.search.Tell(e.done, e.value(e.done)); err != nil {
			e.done = e.proposed
			return fmt.Errorf("run a search: %w", err)
		}
	}
	return nil
}

// value returns that of a trial; a trial on whose metrics the objective panics has failed.
func (e *sweepSearch[P]) value(trial int) (value float64) {
	o := &e.out[trial]
	if o.Err != nil {
		return math.NaN()
	}
	defer func() {
		if v := recover(); v != nil {
			o.Result, value = backtest.Metrics{}, math.NaN()
			o.Err = fmt.Errorf("trial %d %+v: %w", trial, o.Params, &PanicError{v, debug.Stack()})
		}
	}()
	return e.objective(o.Result)
}

// leave gives the trials that did not run the reason why.
func (e *sweepSearch[P]) leave(why error) {
	if cause := errors.Unwrap(why); cause != nil {
		why = cause
	}
	for trial := e.done; trial < len(e.out); trial++ {
		if e.out[trial].Err == nil {
			e.out[trial].Err = unfinished(trial, why)
		}
	}
}
