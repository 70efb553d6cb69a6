package cachekit

import (
	"context"
	"slices"
	"testing"

	"github.com/bmadventure/optcache/policy"
)

// TestExpect runs a loop over twice as many keys as there is room for: the planned policy hits what can be
// hit, which is all but one of the room in each round, and LRU nothing.
func TestExpect(t *testing.T) {
	const keys, room, rounds = 100, 50, 20
	loop := func(yield func(int) bool) {
		for range rounds {
			for k := range keys {
				if !yield(k) {
					return
				}
			}
		}
	}
	hits := func(p policy.Policy) uint64 {
		c := mustNew(t, Options[int, int]{MaxEntries: room, Policy: p})
		_, plans := p.(policy.Planner)
		if c.Expect(loop) != plans {
			t.Errorf("Expect reports %v", !plans)
		}
		for k := range loop {
			if v, err := c.Get(context.Background(), k, func(context.Context, int) (int, error) { return 3 * k, nil }); err != nil || v != 3*k {
				t.Fatalf("Get(%d) = %d, %v", k, v, err)
			}
		}
		validate(t, c)
		return c.Stats().Hits
	}
	if got, want := hits(policy.NewPlanned()), uint64((rounds-1)*room); got != want {
		t.Errorf("planned: %d hits, the optimum is %d", got, want)
	}
	if got := hits(policy.NewLRU()); got != 0 {
		t.Errorf("LRU: %d hits", got)
	}
}

// A counting planner counts the hits that it is told of.
type counting struct {
	policy.Planner
	told int
}

func (c *counting) Use(entries []*policy.Entry) {
	c.told += len(entries)
	c.Planner.Use(entries)
}

// TestHitsAreToldWhileThereIsAPlan: a planner learns of each hit at once while it has a plan, and of none else, so
// that hits take no lock then.
func TestHitsAreToldWhileThereIsAPlan(t *testing.T) {
	p := &counting{Planner: policy.NewPlanned().(policy.Planner)}
	c := mustNew(t, Options[int, int]{MaxEntries: 10, Policy: p})
	hit := func() int {
		before := p.told
		for k := range 10 {
			if _, ok := c.Lookup(k); !ok {
				t.Fatalf("%d is not there", k)
			}
		}
		return p.told - before
	}
	for k := range 10 {
		c.Set(k, k)
	}
	if n := hit(); n != 0 {
		t.Errorf("%d hits are told without a plan", n)
	}
	c.Expect(slices.Values([]int{1, 2, 3}))
	if n := hit(); n != 10 {
		t.Errorf("%d of 10 hits are told while there is a plan", n)
	}
	c.Expect(slices.Values([]int{}))
	if n := hit(); n != 0 {
		t.Errorf("%d hits are told after the plan", n)
	}
	validate(t, c)
}
