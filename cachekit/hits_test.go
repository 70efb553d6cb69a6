package cachekit

import (
	"testing"

	"github.com/bmadventure/optcache/policy"
)

// A tally counts the hits that it is told of, and wants those of some entries only.
type tally struct {
	policy.Policy
	mask uint64
	used map[uint64]int
}

func (c *tally) Use(entries []*policy.Entry) {
	for _, e := range entries {
		c.used[e.Hash]++
	}
	c.Policy.Use(entries)
}

type picky struct{ tally }

func (p *picky) Sample() uint64 { return p.mask }

// TestPolicyIsToldOfHits: of all of them but the last few while entries come, of a
// share of every entry's while none do.
func TestPolicyIsToldOfHits(t *testing.T) {
	p := &tally{policy.NewLRU(), 0, map[uint64]int{}}
	c := mustNew(t, Options[int, int]{MaxEntries: 100, Policy: p})
	for i := range 100 {
		c.Set(i, i)
	}
	told := func() (n int) {
		for _, times := range p.used {
			n += times
		}
		clear(p.used)
		return n
	}
	for i := range 6400 {
		c.Lookup(i % 20)
		c.Set(1000+i, i)
		c.Set(i%20, i) // replaced in place: a use too
	}
	if n := told(); n < 12_800-16*len(c.at.rings) || n > 12_800 {
		t.Errorf("told of %d uses of 12,800 while entries come", n)
	}
	c.Clear()
	for i := range 100 {
		c.Set(i, i)
	}
	told()
	for i := range 640_000 {
		c.Lookup(i * 7 % 100)
	}
	if entries, n := len(p.used), told(); entries < 90 || n < 640_000/128 || n > 640_000/32 {
		t.Errorf("told of %d hits of %d entries while none came", n, entries)
	}
	validate(t, c)
}

func TestPolicyChoosesItsSample(t *testing.T) {
	p := &picky{tally{policy.NewLRU(), 7, map[uint64]int{}}}
	c := mustNew(t, Options[int, int]{MaxEntries: 1000, Policy: p})
	for i := range 1000 {
		c.Set(i, i)
	}
	for i := range 100_000 {
		c.Lookup(i % 1000)
		if i%10 == 0 { // entries come, so that none of the wanted hits is dropped
			c.Set(1000+i, i)
			c.Delete(1000 + i)
		}
	}
	total := 0
	for hash, n := range p.used {
		if total += n; hash&7 != 0 {
			t.Fatalf("told of a hit of hash %#x", hash)
		}
	}
	if total < 9_000 || total > 16_000 || c.Len() < 900 {
		t.Errorf("told of %d hits of 100,000, an eighth was wanted", total)
	}
}

// TestHitsTakeNoLock hits while the lock is held.
func TestHitsTakeNoLock(t *testing.T) {
	for _, p := range policies {
		c := mustNew(t, Options[int, int]{MaxEntries: 100, Policy: p.make()})
		c.Set(1, 1)
		c.mu.Lock()
		for range 1000 {
			if _, ok := c.Lookup(1); !ok {
				t.Fatalf("%s: no hit", p.name)
			}
		}
		c.mu.Unlock()
		validate(t, c)
	}
}
