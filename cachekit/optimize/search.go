package optimize

import (
	"context"
	"fmt"
	"math"
	"sync"
)

// A Trial is one try of a search.
type Trial[P any] struct {
	Number int // from 0, in the order of asking
	Params P
}

// A Search proposes trials and may learn from what became of them. Any number of
// trials may be outstanding: those that were asked for and not told yet. Which
// trials a search proposes depends on its space, options and the values alone,
// not on the order in which they are told nor on how many are outstanding.
//
// A Search is used up by one run. It must not be used concurrently; [RunSearch]
// takes care of that.
type Search[P any] interface {
	// Len returns the number of trials that the search will propose.
	Len() int

	// Ask returns the next trial. It reports false if there is none now: after
	// Len() trials, or until the results of those outstanding are told.
	Ask() (trial Trial[P], ok bool)

	// Tell tells the value of the objective in a trial, NaN if it failed. It
	// returns an error for a trial that is not outstanding.
	Tell(trial int, value float64) error
}

// SearchOptions are how a search proposes trials. The zero value is a good choice.
type SearchOptions struct {
	// Seed chooses one of 2^64 courses of a search, each with its own trials.
	Seed uint64

	// Minimize says that smaller values of the objective are better. Note that a
	// drawdown is negative: the smallest drawdown has the largest value.
	Minimize bool

	// Batch is how many trials are proposed from the same results, and so how
	// many can run at the same time. 0 means 8 for [Bayesian] and a population
	// between 10 and 50 for [Genetic]. [Random] needs no results.
	Batch int
}

func (o SearchOptions) check(n int) error {
	switch {
	case n < 1 || n > maxTrials:
		return fmt.Errorf("%d trials: must be from 1 to 2^32", n)
	case o.Batch < 0:
		return fmt.Errorf("batch of %d trials: must be 0, for a good size, or more", o.Batch)
	}
	return nil
}

// Enumerate returns the search that proposes the trials of a plan, such as those
// of a [Grid], in their order.
func Enumerate[P any](plan Plan[P]) Search[P] {
	return &enumeration[P]{plan: plan}
}

type enumeration[P any] struct {
	plan Plan[P]
	ledger
}

func (e *enumeration[P]) Len() int { return e.plan.Len() }

func (e *enumeration[P]) Ask() (t Trial[P], ok bool) {
	if e.asked() == e.plan.Len() {
		return t, false
	}
	number := e.ask()
	return Trial[P]{number, e.plan.At(number)}, true
}

// A ledger keeps which trials are outstanding and the values of the others.
type ledger struct {
	minimize bool
	told     int
	open     []bool    // of each trial asked: it is outstanding
	values   []float64 // larger is better; NaN: it failed
}

func (l *ledger) asked() int { return len(l.open) }

// ask opens the next trial and returns its number.
func (l *ledger) ask() int {
	l.open, l.values = append(l.open, true), append(l.values, math.NaN())
	return len(l.open) - 1
}

// Tell is that of [Search].
func (l *ledger) Tell(trial int, value float64) error {
	if trial < 0 || trial >= len(l.open) {
		return fmt.Errorf("tell the value of trial %d: it was not asked for", trial)
	}
	if !l.open[trial] {
		return fmt.Errorf("tell the value of trial %d: it was told before", trial)
	}
	if l.minimize {
		value = -value
	}
	l.open[trial], l.values[trial] = false, value
	l.told++
	return nil
}

// settled reports whether no trial is outstanding.
func (l *ledger) settled() bool { return l.told == len(l.open) }

// RunSearch runs the trials of a search on all processors and returns the
// outcomes in the order of the trials, as [Run] does for a plan. objective gives
// the search the value of a trial's result; a trial that fails counts as NaN.
// The outcomes do not depend on the number of workers, unless trials fail by
// their deadline.
//
// When ctx ends, trials that were not proposed yet have the context's error and
// the zero value for parameters. RunSearch fails too if the search stops short of
// Len() trials or refuses a value.
func RunSearch[P, R any](ctx context.Context, search Search[P], newWorker func() Worker[P, R], objective func(R) float64, o Options) ([]Outcome[P, R], error) {
	c := &conversation[P, R]{
		ctx: ctx, search: search,
		outcomes: make([]Outcome[P, R], search.Len()), open: make(map[int]struct{}),
	}
	c.news.L = &c.mu
	stop := context.AfterFunc(ctx, func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.news.Broadcast()
	})
	defer stop()
	told, err := Run(ctx, c, func() Worker[ticket[P], struct{}] {
		worker := newWorker()
		return func(ctx context.Context, t ticket[P]) (struct{}, error) {
			return struct{}{}, c.try(ctx, t, worker, objective)
		}
	}, o)
	return c.close(told, err)
}

// A conversation is a search in the form of a plan whose trials appear when the
// results that they depend on are there.
type conversation[P, R any] struct {
	ctx context.Context

	mu       sync.Mutex
	news     sync.Cond        // a result was told, or the context ended
	search   Search[P]        // guarded by mu
	asked    int              // guarded by mu
	open     map[int]struct{} // trials asked for and not told; guarded by mu
	outcomes []Outcome[P, R]  // without the errors; guarded by mu
	err      error            // that ends the search; guarded by mu
}

// A ticket stands for a trial in [Run], which keeps it: it is small.
type ticket[P any] struct {
	number int
	params *P // in the outcomes; they do not change after the trial was asked for
}

// String describes the parameters.
func (t ticket[P]) String() string { return fmt.Sprintf("%+v", *t.params) }

func (c *conversation[P, R]) Len() int { return len(c.outcomes) }

// At returns a trial as soon as the search proposes it. Trials that it does not
// propose, because the context or the search ended, have no parameters.
func (c *conversation[P, R]) At(number int) ticket[P] {
	c.mu.Lock()
	defer c.mu.Unlock()
	for c.asked <= number && c.ctx.Err() == nil && c.err == nil {
		t, ok := c.search.Ask()
		switch {
		case ok && t.Number == c.asked:
			c.asked++
			c.open[t.Number] = struct{}{}
			c.outcomes[t.Number].Params = t.Params
		case ok:
			c.fail(fmt.Errorf("the search numbered trial %d as %d", c.asked, t.Number))
		case len(c.open) > 0:
			c.news.Wait()
		default:
			c.fail(fmt.Errorf("the search proposed only %d of its %d trials", c.asked, len(c.outcomes)))
		}
	}
	return ticket[P]{number, &c.outcomes[number].Params}
}

// try runs a trial and tells what became of it.
func (c *conversation[P, R]) try(ctx context.Context, t ticket[P], worker Worker[P, R], objective func(R) float64) error {
	if err := c.why(t.number); err != nil {
		return err
	}
	var result R
	value := math.NaN()
	defer func() { c.tell(t.number, result, value) }() // after a panic and runtime.Goexit too
	defer context.AfterFunc(ctx, func() {              // the trial may never return
		var none R
		c.tell(t.number, none, math.NaN())
	})()
	r, err := worker(ctx, *t.params)
	switch {
	case err == nil:
		value = objective(r)
		result = r
	case isUnkept(err):
		c.end(err) // before the search is told a value that the trial does not have
	}
	return err
}

// why returns the reason why a trial that [conversation.At] returned cannot run.
func (c *conversation[P, R]) why(number int) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.ctx.Err(); err != nil {
		return err
	}
	if _, ok := c.open[number]; ok {
		return nil
	}
	return c.err
}

// tell keeps the result of a trial and tells the search its value, once.
func (c *conversation[P, R]) tell(number int, result R, value float64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, ok := c.open[number]; !ok {
		return
	}
	delete(c.open, number)
	c.outcomes[number].Result = result
	if c.err != nil {
		return // it proposes nothing any more
	}
	if err := c.search.Tell(number, value); err != nil {
		c.fail(err)
	}
	c.news.Broadcast()
}

// end ends the search.
func (c *conversation[P, R]) end(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.fail(err)
}

// fail ends the search. The caller holds c.mu.
func (c *conversation[P, R]) fail(err error) {
	if c.err == nil {
		c.err = fmt.Errorf("run a search: %w", err)
	}
	c.news.Broadcast()
}

// close returns the outcomes. Trials that still run can tell nothing any more.
func (c *conversation[P, R]) close(told []Outcome[ticket[P], struct{}], err error) ([]Outcome[P, R], error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	clear(c.open)
	var none R
	for i, t := range told {
		if t.Err != nil {
			c.outcomes[i].Result, c.outcomes[i].Err = none, t.Err
		}
	}
	if c.err != nil && !isUnkept(c.err) { // of which Run has told
		err = c.err
	}
	return c.outcomes, err
}
