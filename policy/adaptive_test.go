package policy_test

import (
	"testing"

	"github.com/bmadventure/optcache/internal/simulate"
	"github.com/bmadventure/optcache/policy"
	"github.com/bmadventure/optcache/policy/policytest"
)

// TestAdaptiveMoves holds an adaptive policy to the contract that is nearly
// always on the way from one candidate to the next.
func TestAdaptiveMoves(t *testing.T) {
	policytest.Run(t, policy.NewRestless)
}

// TestAdaptiveKeepsOnMoving checks that a move does not empty the cache: what is
// hot stays.
func TestAdaptiveKeepsOnMoving(t *testing.T) {
	c := policytest.NewCache(policy.NewRestless(), 1000)
	misses := 0
	for i := range uint64(40_000) {
		if !c.Request(i%100, 1) && i >= 100 {
			misses++
		}
		c.Request(1<<32+i, 1)
	}
	// A move is done in 63 calls, and a hot key is asked for every 200 requests: a
	// cache that began anew with each move would miss nearly always.
	if misses > 2_000 {
		t.Errorf("%d of 39,900 requests for 100 hot keys missed in a cache for 1,000, want at most 2,000", misses)
	}
	if c.Used() < 900 {
		t.Errorf("the cache holds %d bytes, want at least 900 of 1,000", c.Used())
	}
}

// TestAdaptiveSample checks that the sample of the miniatures keeps small while
// the cache grows, and gets larger again when it shrinks.
func TestAdaptiveSample(t *testing.T) {
	const entries = 40_000
	p := policy.NewAdaptive()
	c := policytest.NewCache(p, entries)
	for i := range uint64(3 * entries) {
		c.Request(i, 1)
		if i%1000 != 0 {
			continue
		}
		shift, keys, in := policy.SampleShift(p)
		if want := uint64(1<<shift - 1); p.(policy.Sampler).Sample() != want {
			t.Fatalf("Sample is %#x, want %#x", p.(policy.Sampler).Sample(), want)
		}
		if limit := 5 * 2250; keys > limit || in > limit {
			t.Fatalf("after %d requests the miniatures have %d keys in %d entries, want at most %d", i, keys, in, limit)
		}
		if most, exact := policy.MiniatureBytes(p); !exact || most > entries>>shift {
			t.Fatalf("after %d requests a miniature accounts for %d bytes (exact: %v), want at most %d", i, most, exact, entries>>shift)
		}
	}
	if shift, _, _ := policy.SampleShift(p); shift != 5 {
		t.Errorf("the sample of %d entries is halved %d times, want 5", entries, shift)
	}
	victims, _ := p.Victims(nil, nil, entries-500)
	for _, v := range victims {
		p.Remove(v, policy.Deleted)
	}
	for i := range uint64(20) {
		e := &policy.Entry{Hash: policytest.Hash(1<<40 + i), Size: 1}
		p.Add(e)
	}
	if shift, _, _ := policy.SampleShift(p); shift != 0 {
		t.Errorf("the sample of 520 entries is halved %d times, want 0", shift)
	}
}

// TestAdaptiveSampled checks that choosing by a sample finds a good candidate, on
// streams much larger than the sample. They are twenty times as long as the
// cache is large, so what it costs to learn and to move shows.
func TestAdaptiveSampled(t *testing.T) {
	const capacity = 10_000
	for _, w := range []simulate.Workload{
		{Name: "loop", Requests: simulate.Loop(0, 2*capacity, 200_000)},
		{Name: "zipf", Requests: simulate.Zipf(10*capacity, 0.9, 200_000, 1)},
		{Name: "drift", Requests: simulate.Drift(simulate.Zipf(4*capacity, 0.8, 200_000, 1), 4*capacity, 4)},
	} {
		best := 0.0
		for _, name := range []string{"clocklirs", "s3fifo", "lru"} {
			c := policytest.NewCache(constructors[name](), capacity)
			best = max(best, simulate.Run(c, w.Requests).Ratio())
		}
		got := simulate.Run(policytest.NewCache(policy.NewAdaptive(), capacity), w.Requests).Ratio()
		if got < best-0.05 {
			t.Errorf("%s: adaptive hits %.2f %%, the best of its candidates %.2f %%", w.Name, 100*got, 100*best)
		}
	}
}

// TestAdaptiveSharesRoom fills a cache whose budget leaves it a tenth of what it
// may have: the miniatures must choose for that tenth.
func TestAdaptiveSharesRoom(t *testing.T) {
	const capacity, room = 10_000, 1_000
	p := policy.NewAdaptive()
	p.Resize(capacity)
	in := make(map[uint64]*policy.Entry)
	hits := 0
	for _, q := range simulate.Loop(0, 2*room, 100_000) {
		hash := policytest.Hash(q.Key)
		if e := in[hash]; e != nil {
			hits++
			e.Hit()
			p.Use([]*policy.Entry{e})
			continue
		}
		e := &policy.Entry{Hash: hash, Size: 1}
		if len(in) == room {
			victims, admit := p.Victims(nil, e, 1)
			if !admit {
				continue
			}
			for _, v := range victims {
				p.Remove(v, policy.Evicted)
				delete(in, v.Hash)
			}
		}
		p.Add(e)
		in[hash] = e
	}
	if most, _ := policy.MiniatureBytes(p); most > room {
		t.Errorf("a miniature has %d bytes, want at most the %d that are there", most, room)
	}
	if hits < 40_000 {
		t.Errorf("%d of 100,000 requests of a loop twice the room hit, want at least 40,000", hits)
	}
}
