package policytest

import (
	"fmt"

	"github.com/bmadventure/optcache/policy"
)

// A Cache is the simplest cache that a policy can run: sequential, its bytes
// hard bound, without values. It holds the policy to its contract and panics
// with what is wrong where the policy breaks it.
//
// It is for tests and simulations, and answers requests as
// [github.com/bmadventure/optcache/internal/simulate.Run] sends them.
type Cache struct {
	policy   policy.Policy
	capacity int64
	used     int64
	entries  map[uint64]*policy.Entry // by hash
	victims  []*policy.Entry
	one      [1]*policy.Entry
}

// NewCache returns a cache of so many bytes, at least 1, that the policy, which
// must be new, runs.
func NewCache(p policy.Policy, capacity int64) *Cache {
	p.Resize(capacity)
	return &Cache{policy: p, capacity: capacity, entries: make(map[uint64]*policy.Entry)}
}

// Request asks for a key whose value holds size bytes, at least 1. If the key is
// in, that is a hit, and its entry is replaced if its size changed; if not, the
// key comes in unless it is larger than the cache or the policy refuses it.
func (c *Cache) Request(key uint64, size int64) (hit bool) {
	hash := Hash(key)
	e, hit := c.entries[hash]
	if hit {
		e.Hit()
		if c.policy.Ordered() {
			c.one[0] = e
			c.policy.Use(c.one[:])
		}
		if e.Size == size {
			return true
		}
		c.remove(e, policy.Replaced)
	}
	c.add(&policy.Entry{Hash: hash, Size: size})
	return hit
}

// Used returns the bytes that the cache holds.
func (c *Cache) Used() int64 { return c.used }

// Len returns the number of entries.
func (c *Cache) Len() int { return len(c.entries) }

func (c *Cache) add(e *policy.Entry) {
	if e.Size > c.capacity || !c.room(e) {
		return
	}
	c.entries[e.Hash] = e
	c.used += e.Size
	c.policy.Add(e)
}

// room lets victims leave until e fits, unless e is refused.
func (c *Cache) room(e *policy.Entry) bool {
	need := c.used + e.Size - c.capacity
	if need <= 0 {
		return true
	}
	victims, admit := c.policy.Victims(c.victims[:0], e, need)
	c.victims = victims
	if !admit {
		return false
	}
	for _, v := range victims {
		c.remove(v, policy.Evicted)
	}
	if c.used+e.Size > c.capacity {
		panic(fmt.Sprintf("policytest: %d victims leave %d of %d bytes in use, no room for %d", len(victims), c.used, c.capacity, e.Size))
	}
	return true
}

func (c *Cache) remove(e *policy.Entry, why policy.Reason) {
	if c.entries[e.Hash] != e {
		panic(fmt.Sprintf("policytest: victim %#x is not in the cache", e.Hash))
	}
	delete(c.entries, e.Hash)
	c.used -= e.Size
	c.policy.Remove(e, why)
}

// Hash returns a hash of key whose bits all depend on all of its bits (the
// finalizer of SplitMix64: G. L. Steele, D. Lea, C. H. Flood, "Fast splittable
// pseudorandom number generators", OOPSLA 2014).
func Hash(key uint64) uint64 {
	h := key + 0x9e3779b97f4a7c15
	h = (h ^ h>>30) * 0xbf58476d1ce4e5b9
	h = (h ^ h>>27) * 0x94d049bb133111eb
	return h ^ h>>31
}
