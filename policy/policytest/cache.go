package policytest

import (
	"fmt"

	"github.com/bmadventure/optcache/policy"
)

// A Cache is the simplest cache that a policy can run: sequential, without
// values, its capacity a hard bound. It holds the policy to its contract and
// panics with what is wrong where the policy breaks it.
//
// It is for tests and simulations. It may not be used concurrently.
type Cache struct {
	policy   policy.Policy
	capacity int64
	used     int64
	entries  map[uint64]*policy.Entry // by hash
	pinned   map[uint64]*policy.Entry // by hash; not in the policy nor in entries
	victims  []*policy.Entry
	used1    [1]*policy.Entry
	log      bool
	left     []uint64 // hashes of those who were evicted or refused, if log
}

// A contractError says what a policy does that it must not.
type contractError string

func (e contractError) Error() string { return string(e) }

// NewCache returns a cache of so many bytes, at least 1, that is run by p, which
// must be new.
func NewCache(p policy.Policy, capacity int64) *Cache {
	p.Resize(capacity)
	return &Cache{
		policy:   p,
		capacity: capacity,
		entries:  make(map[uint64]*policy.Entry),
		pinned:   make(map[uint64]*policy.Entry),
	}
}

// Request asks for a key whose value holds size bytes, at least 1. If the key is
// in, that is a hit, and its entry is replaced if its size changed; if not, the
// key comes in, unless it is larger than the cache or the policy refuses it.
func (c *Cache) Request(key uint64, size int64) (hit bool) {
	hash := Hash(key)
	e, hit := c.entries[hash]
	if hit {
		e.Hit()
		if c.policy.Ordered() {
			c.used1[0] = e
			c.policy.Use(c.used1[:])
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

// add lets e in if there is room or room can be made.
func (c *Cache) add(e *policy.Entry) {
	if e.Size > c.capacity {
		return
	}
	if need := c.used + e.Size - c.capacity; need > 0 {
		if !c.nominate(e, need) {
			c.note(e)
			return
		}
		c.evictNominated()
	}
	c.entries[e.Hash] = e
	c.used += e.Size
	c.policy.Add(e)
}

// evict lets so many bytes go.
func (c *Cache) evict(bytes int64) {
	c.nominate(nil, bytes)
	c.evictNominated()
}

func (c *Cache) evictNominated() {
	for _, v := range c.victims {
		c.note(v)
		c.remove(v, policy.Evicted)
	}
}

func (c *Cache) note(e *policy.Entry) {
	if c.log {
		c.left = append(c.left, e.Hash)
	}
}

func (c *Cache) remove(e *policy.Entry, why policy.Reason) {
	delete(c.entries, e.Hash)
	c.used -= e.Size
	c.policy.Remove(e, why)
}

// nominate asks for victims, checks them and leaves them in c.victims.
func (c *Cache) nominate(newcomer *policy.Entry, need int64) (admit bool) {
	before := policy.Entry{Hash: 1, Size: 1}
	given := append(c.victims[:0], &before)
	nominated, admit := c.policy.Victims(given, newcomer, need)
	if len(nominated) < 1 || nominated[0] != &before {
		panic(contractError("policy loses what was nominated before: it must append to victims"))
	}
	c.victims = append(c.victims[:0], nominated[1:]...)
	switch {
	case admit:
		c.checkVictims(need)
	case newcomer == nil:
		panic(contractError("policy refuses where there is no newcomer"))
	case len(c.victims) > 0:
		panic(contractError("policy refuses a newcomer and nominates victims for it"))
	}
	return admit
}

func (c *Cache) checkVictims(need int64) {
	sum := int64(0)
	for _, v := range c.victims {
		switch {
		case v == nil:
			panic(contractError("policy nominates nil"))
		case c.pinned[v.Hash] == v:
			panic(contractError("policy nominates a pinned entry"))
		case c.entries[v.Hash] != v:
			panic(contractError("policy nominates an entry that it does not hold"))
		}
		// A victim's place in the map is nil until all are seen.
		c.entries[v.Hash] = nil
		sum += v.Size
	}
	for _, v := range c.victims {
		c.entries[v.Hash] = v
	}
	switch {
	case sum < need && len(c.victims) < len(c.entries):
		panic(contractError(fmt.Sprintf("policy nominates %d of the %d bytes that are needed, and holds %d more entries or forgot them",
			sum, need, len(c.entries)-len(c.victims))))
	case len(c.victims) == 0 && len(c.entries) > 0:
		panic(contractError("policy nominates nobody, and holds entries or forgot them"))
	}
}

// nobodyLeft checks that a policy without entries nominates nobody.
func (c *Cache) nobodyLeft() {
	if c.nominate(nil, 1); len(c.victims) > 0 {
		panic(contractError("policy nominates an entry that it does not hold"))
	}
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
