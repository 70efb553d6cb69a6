package main

import (
	"cmp"
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"
)

// A passedTest is a test that passed.
type passedTest struct {
	name    string
	seconds float64
}

// A stage is tests that are run in one go.
type stage struct {
	tests   string // regular expression
	seconds float64
}

// An order says which tests are run first: most mutants do not get far. Its methods may be called
// concurrently.
type order struct {
	tests []passedTest // the quickest first

	mu    sync.Mutex
	kills map[string]int // by test; guarded by mu
}

// favourites is how many of the tests that killed most are run before all others.
const favourites = 4

func newOrder(tests []passedTest) *order {
	tests = slices.SortedStableFunc(slices.Values(tests), func(a, b passedTest) int { return cmp.Compare(a.seconds, b.seconds) })
	return &order{tests: tests, kills: make(map[string]int)}
}

// stages returns the tests in the order in which they are to be run: those that killed most, the quickest, which
// together take a tenth of the time, and the others.
func (o *order) stages() (stages []stage) {
	first := o.deadliest()
	total, sum := 0.0, 0.0
	for _, t := range o.tests {
		total += t.seconds
	}
	var names [3][]string
	var seconds [3]float64
	for _, t := range o.tests {
		at := 2
		sum += t.seconds
		switch {
		case slices.Contains(first, t.name):
			at = 0
		case sum <= total/10:
			at = 1
		}
		names[at] = append(names[at], t.name)
		seconds[at] += t.seconds
	}
	for i := range names {
		if len(names[i]) > 0 {
			stages = append(stages, stage{"^(" + strings.Join(names[i], "|") + ")$", seconds[i]})
		}
	}
	return stages
}

// deadliest returns the tests that killed most.
func (o *order) deadliest() []string {
	o.mu.Lock()
	defer o.mu.Unlock()
	names := slices.SortedFunc(maps.Keys(o.kills), func(a, b string) int {
		if c := cmp.Compare(o.kills[b], o.kills[a]); c != 0 {
			return c
		}
		return strings.Compare(a, b)
	})
	return names[:min(len(names), favourites)]
}

var failedTest = regexp.MustCompile(`(?m)^--- FAIL: (\w+)`)

// note takes note of the test that failed, as far as the output names one that is known.
func (o *order) note(output []byte) {
	m := failedTest.FindSubmatch(output)
	if m == nil {
		return
	}
	name := string(m[1])
	if slices.ContainsFunc(o.tests, func(t passedTest) bool { return t.name == name }) {
		o.mu.Lock()
		o.kills[name]++
		o.mu.Unlock()
	}
}
