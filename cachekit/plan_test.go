package cachekit

import (
	"context"
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
