package search

import (
	"fmt"
	"math"
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
// A Search is used up by one run. It must not be used concurrently; [optimize.RunSearch]
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

// Options are how a search proposes trials. The zero value is a good choice.
type Options struct {
	// Seed chooses one of 2^64 runs of a search, each with its own trials.
	Seed uint64

	// Minimize says that smaller values of the objective are better. Note that a
	// drawdown is negative: the smallest drawdown has the largest value.
	Minimize bool

	// Batch is how many trials are proposed from the same results, and so how
	// many can run at the same time. 0 means 8 for [Bayesian] and a population
	// between 10 and 50 for [Genetic]. [Random] needs no results.
	Batch int
}

func (o Options) check(n int) error {
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
