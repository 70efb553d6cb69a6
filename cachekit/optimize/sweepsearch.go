package optimize

import (
	"context"
	"fmt"
	"math"
	"runtime/debug"

	"github.com/bmadventure/optcache/cachekit/backtest"
)

// SweepSearch is [Sweep] for a search: it sweeps over the trials that the search proposes from what
// it knows, all that are to be had before the next result, tells it the value of objective in each,
// and goes on with those that it proposes then. So searches that learn have batches and the
// caches of a sweep too. The outcomes are those of [RunSearch] with [Recorded] workers that run one
// trial each, whatever the number of workers and the caches.
//
// Options.Demand is told before each of these sweeps.
func SweepSearch[P any](ctx context.Context, view *View, search Search[P], strategy func(P) backtest.Strategy, objective func(backtest.Metrics) float64, o Options) ([]Outcome[P, backtest.Metrics], error) {
	n := search.Len()
	out := make([]Outcome[P, backtest.Metrics], 0, n)
	progress := o.Progress
	for len(out) < n {
		first := len(out)
		batch, err := askAll(search, first)
		if err != nil {
			return unasked(ctx, out, n), fmt.Errorf("run a search: %w", err)
		}
		if progress != nil {
			o.Progress = func(done, _ int) { progress(first+done, n) }
		}
		s := sweep[P]{view: view, plan: batch, first: first, total: n, strategy: strategy, memo: newMemo(view, o)}
		ended, err := s.run(ctx, o)
		out = append(out, ended...)
		if err != nil {
			return unasked(ctx, out, n), err
		}
		for i := range ended {
			if err := search.Tell(first+i, valueOf(first+i, &out[first+i], objective)); err != nil {
				return unasked(ctx, out, n), fmt.Errorf("run a search: %w", err)
			}
		}
	}
	return out, nil
}

// askAll returns the trials that a search proposes before it wants to know more. The first
// of them has that number.
func askAll[P any](search Search[P], first int) (trials list[P], err error) {
	for t, ok := search.Ask(); ok; t, ok = search.Ask() {
		if t.Number != first+len(trials) {
			return nil, fmt.Errorf("the search numbered trial %d as %d", first+len(trials), t.Number)
		}
		trials = append(trials, t.Params)
	}
	if len(trials) == 0 {
		return nil, fmt.Errorf("the search proposed only %d of its %d trials", first, search.Len())
	}
	return trials, nil
}

// unasked appends the outcomes of the trials that a search did not come to.
func unasked[P any](ctx context.Context, out []Outcome[P, backtest.Metrics], n int) []Outcome[P, backtest.Metrics] {
	for cause := context.Cause(ctx); len(out) < n; {
		o := Outcome[P, backtest.Metrics]{Err: fmt.Errorf("trial %d: not proposed", len(out))}
		if cause != nil {
			o.Err = fmt.Errorf("trial %d: not finished: %w", len(out), cause)
		}
		out = append(out, o)
	}
	return out
}

// valueOf returns the value of the objective in a trial, NaN if it failed. An objective that
// panics is an error of the trial.
func valueOf[P any](trial int, o *Outcome[P, backtest.Metrics], objective func(backtest.Metrics) float64) (value float64) {
	if o.Err != nil {
		return math.NaN()
	}
	defer func() {
		if v := recover(); v != nil {
			o.Result, o.Err = backtest.Metrics{}, fmt.Errorf("trial %d %+v: %w", trial, o.Params, &PanicError{v, debug.Stack()})
			value = math.NaN()
		}
	}()
	return objective(o.Result)
}
