package cachekit

import (
	"math/rand/v2"
	"testing"

	"github.com/bmadventure/optcache/policy"
)

// A hearer counts the hits that it is told of, and wants those of some entries only.
type hearer struct {
	policy.Policy
	mask uint64
	used map[uint64]int
}

func (c *hearer) Use(entries []*policy.Entry) {
	for _, e := range entries {
		c.used[e.Hash]++
	}
	c.Policy.Use(entries)
}

type picky struct{ hearer }

func (p *picky) Sample() uint64 { return p.mask }

// TestPolicyIsToldOfHits: of all of them but the last few, while entries come.
func TestPolicyIsToldOfHits(t *testing.T) {
	p := &hearer{policy.NewLRU(), 0, map[uint64]int{}}
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
	validate(t, c)
}

// TestTurnsGoRound: while no entries come, each has its turn.
func TestTurnsGoRound(t *testing.T) {
	for _, n := range []int{100, 10_000} {
		p := &hearer{policy.NewLRU(), 0, map[uint64]int{}}
		c := mustNew(t, Options[int, int]{MaxEntries: n, Policy: p})
		for i := range n {
			c.Set(i, i)
		}
		clear(p.used)
		const rounds = 100
		r := rand.New(rand.NewPCG(1, uint64(n)))
		for range rounds * n {
			c.Lookup(r.IntN(n))
		}
		told := 0
		for _, times := range p.used {
			told += times
		}
		if share := float64(told) / float64(rounds*n); len(p.used) < n/2 || n > 64*crowd && share > .03 {
			t.Errorf("of %d entries the policy was told of %d, and of %.3f of all hits", n, len(p.used), share)
		}
		validate(t, c)
	}
}

func TestPolicyChoosesItsSample(t *testing.T) {
	p := &picky{hearer{policy.NewLRU(), 7, map[uint64]int{}}}
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

// TestLossyHitsCostLittle compares hit rates of caches that lose hits on the way to
// the policy with such that tell of each at once.
func TestLossyHitsCostLittle(t *testing.T) {
	for _, p := range policies {
		rate := func(seed uint64) float64 {
			z := rand.NewZipf(rand.New(rand.NewPCG(3, 4)), 1.01, 1, 1<<15-1)
			c := mustNew(t, Options[uint64, uint64]{MaxEntries: 1000, Policy: p.make(), Seed: seed})
			for range 60_000 {
				key := z.Uint64()
				if _, ok := c.Lookup(key); !ok {
					c.Set(key, key)
				}
			}
			return c.Stats().HitRate()
		}
		lossy, exact := rate(0), rate(1)
		t.Logf("%-9s lossy %.4f, exact %.4f", p.name, lossy, exact)
		if lossy < exact-.01 {
			t.Errorf("%s: hit rate %.4f, %.4f with every hit told", p.name, lossy, exact)
		}
	}
}

// TestMark: a hit in line marks the entry as policy.Entry's own method does.
func TestMark(t *testing.T) {
	e := new(entry[int, int])
	for i := range uint32(2 * policy.MaxMark) {
		e.hit()
		if got, want := e.Mark(), min(i+1, policy.MaxMark); got != want {
			t.Fatalf("after %d hits the mark is %d, want %d", i+1, got, want)
		}
	}
	if e.Hash|uint64(e.Size)|uint64(e.Cost)|e.State != 0 {
		t.Error("a hit changed more than the mark")
	}
}
