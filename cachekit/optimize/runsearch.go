package optimize

import (
	"context"
	"fmt"
	"math"
	"sync"

	"github.com/bmadventure/optcache/cachekit/optimize/internal/keep"
	"github.com/bmadventure/optcache/cachekit/search"
)

// RunSearch runs the trials of a search on all processors and returns the
// outcomes in the order of the trials, as [Run] does for a plan. objective gives
// the search the value of a trial's result; a trial that fails counts as NaN.
// The outcomes do not depend on the number of workers, unless trials fail by
// their deadline.
//
// When ctx ends, trials that were not proposed yet have the context's error and
// the zero value for parameters. RunSearch fails too if the search stops short of
// Len() trials or refuses a value.
func RunSearch[P, R any](ctx context.Context, search search.Search[P], newWorker func() Worker[P, R], objective func(R) float64, o Options) ([]Outcome[P, R], error) {
	c := &searchPlan[P, R]{
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

// A searchPlan is a search in the form of a plan whose trials appear when the
// results that they depend on are there.
type searchPlan[P, R any] struct {
	ctx context.Context

	mu       sync.Mutex
	news     sync.Cond        // a result was told, or the context ended
	search   search.Search[P] // guarded by mu
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

func (c *searchPlan[P, R]) Len() int { return len(c.outcomes) }

// At returns a trial as soon as the search proposes it. Trials that it does not
// propose, because the context or the search ended, have no parameters.
func (c *searchPlan[P, R]) At(number int) ticket[P] {
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
func (c *searchPlan[P, R]) try(ctx context.Context, t ticket[P], worker Worker[P, R], objective func(R) float64) error {
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
	case keep.Failed(err):
		c.end(err) // before the search is told a value that the trial does not have
	}
	return err
}

// why returns the reason why a trial that [searchPlan.At] returned cannot run.
func (c *searchPlan[P, R]) why(number int) error {
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
func (c *searchPlan[P, R]) tell(number int, result R, value float64) {
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
func (c *searchPlan[P, R]) end(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.fail(err)
}

// fail ends the search. The caller holds c.mu.
func (c *searchPlan[P, R]) fail(err error) {
	if c.err == nil {
		c.err = fmt.Errorf("run a search: %w", err)
	}
	c.news.Broadcast()
}

// close returns the outcomes. Trials that still run can tell nothing any more.
func (c *searchPlan[P, R]) close(told []Outcome[ticket[P], struct{}], err error) ([]Outcome[P, R], error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	clear(c.open)
	var none R
	for i, t := range told {
		if t.Err != nil {
			c.outcomes[i].Result, c.outcomes[i].Err = none, t.Err
		}
	}
	if c.err != nil && !keep.Failed(c.err) { // of which Run has told
		err = c.err
	}
	return c.outcomes, err
}
