package propertytest

import (
	"slices"

	"github.com/leanovate/gopter"
)

// shrink is the gopter shrinker of traces: what it returns is a stream of traces that are a bit
// simpler than t, the simplest first. gopter takes the first that still fails
// and begins anew, until none fails.
//
// No trace comes twice on the way, for each candidate is smaller by the order (number of
// steps, then sum of all numbers in them).
func shrink(v any) gopter.Shrink {
	t := v.(trace)
	candidates := candidates(t)
	return func() (any, bool) {
		if len(candidates) == 0 {
			return nil, false
		}
		next := candidates[0]
		candidates = candidates[1:]
		return next, true
	}
}

func candidates(t trace) []trace {
	var all []trace
	all = dropSteps(all, t)
	all = simplerSteps(all, t)
	all = fewerKeys(all, t)
	all = earlier(all, t)
	if t.capacity > tight { // room for all is no number that matters
		return all
	}
	for c := 1; c < t.capacity; c++ {
		smaller := t
		smaller.capacity = c
		all = append(all, smaller)
	}
	return all
}

// dropSteps drops runs of steps: half of all, a quarter, down to single ones, then pairs
// that are apart, such as a pin and its release.
func dropSteps(all []trace, t trace) []trace {
	n := len(t.steps)
	for run := n; run > 0; run /= 2 {
		for from := 0; from+run <= n; from += run {
			shorter := t
			shorter.steps = slices.Concat(t.steps[:from], t.steps[from+run:])
			all = append(all, shorter)
		}
	}
	if n > 12 {
		return all
	}
	for i := range n {
		for j := i + 2; j < n; j++ {
			shorter := t
			shorter.steps = slices.Concat(t.steps[:i], t.steps[i+1:j], t.steps[j+1:])
			all = append(all, shorter)
		}
	}
	return all
}

// simplerSteps makes one part of one step simpler.
func simplerSteps(all []trace, t trace) []trace {
	try := func(i int, change func(*step)) {
		s := t.steps[i]
		change(&s)
		all = append(all, t.with(i, s))
	}
	for i, s := range t.steps {
		if s.hasKey() && s.op != opGet {
			try(i, func(s *step) { *s = step{key: s.key, at: s.at, load: s.load} })
		}
		if s.shape != whole {
			try(i, func(s *step) { s.shape = whole })
		}
		if s.fault != none {
			try(i, func(s *step) { s.fault = none })
		}
		if s.fault > fails {
			try(i, func(s *step) { s.fault = fails })
		}
		for j := range s.keys {
			try(i, func(s *step) { s.keys = slices.Concat(s.keys[:j], s.keys[j+1:]) })
		}
		for _, field := range []func(*step) *int{
			func(s *step) *int { return &s.leave },
			func(s *step) *int { return &s.load },
			func(s *step) *int { return &s.at },
		} {
			all = smallerNumbers(all, t, i, field, 0)
		}
		if s.op == opSleep || s.op == opResize {
			all = smallerNumbers(all, t, i, func(s *step) *int { return &s.n }, 1)
		}
	}
	return all
}

// smallerNumbers makes a number of step i smaller: the smallest, half, one less.
func smallerNumbers(all []trace, t trace, i int, field func(*step) *int, least int) []trace {
	have := *field(&t.steps[i])
	for _, n := range slices.Compact([]int{least, have / 2, have - 1}) {
		if n >= least && n < have {
			s := t.steps[i]
			*field(&s) = n
			all = append(all, t.with(i, s))
		}
	}
	return all
}

// earlier lets all steps from one on begin a tick earlier, which keeps what lies
// between them; and single ones.
func earlier(all []trace, t trace) []trace {
	for i := range t.steps {
		sooner := t
		sooner.steps = slices.Clone(t.steps)
		moved := false
		for j := range sooner.steps {
			if s := &sooner.steps[j]; s.at >= t.steps[i].at && s.at > 0 {
				s.at--
				moved = true
			}
		}
		if moved {
			all = append(all, sooner)
		}
	}
	return all
}

// fewerKeys gives all steps of one key to a lower one: any lower one that is in use, or
// the lowest that is not.
func fewerKeys(all []trace, t trace) []trace {
	used := map[int]bool{}
	highest := 0
	for _, s := range t.steps {
		for _, k := range s.mentions() {
			used[k] = true
			highest = max(highest, k)
		}
	}
	for from := highest; from > 0; from-- {
		if !used[from] {
			continue
		}
		free := false
		for to := range from {
			if !used[to] {
				if free {
					continue
				}
				free = true
			}
			renamed := t
			renamed.steps = slices.Clone(t.steps)
			for i := range renamed.steps {
				renamed.steps[i].rename(from, to)
			}
			all = append(all, renamed)
		}
	}
	return all
}

// mentions are the keys of a step.
func (s step) mentions() []int {
	if s.hasKey() {
		return []int{s.key}
	}
	return s.keys
}

func (s *step) rename(from, to int) {
	if s.hasKey() && s.key == from {
		s.key = to
	}
	s.keys = slices.Clone(s.keys)
	for i, k := range s.keys {
		if k == from {
			s.keys[i] = to
		}
	}
}

// with returns t with another step i.
func (t trace) with(i int, s step) trace {
	t.steps = slices.Clone(t.steps)
	t.steps[i] = s
	return t
}
