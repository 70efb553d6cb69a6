package cachekit

import (
	"math/bits"
	"runtime"
	"sync/atomic"
	"unsafe"
)

// stripes count hits and misses, and keep the last hits for a policy that needs
// their order. A goroutine stays on one stripe while its stack stays where it
// is, so a core mostly has the cache lines of a stripe for itself and a count costs an
// uncontended atomic addition.
type stripes struct {
	stripes []stripe
	rings   []hitRing // one for each stripe, or none
	shift   uint
}

// A stripe is two cache lines, which processors fetch in pairs.
type stripe struct {
	hits, misses atomic.Uint64
	_            [112]byte
}

// A hitRing holds the hashes of the last hits that were counted on its stripe: hit
// n in slot n % len. It loses hits: those that the ring overwrote before
// anybody had the time to tell the policy, and those that raced. Hashes instead
// of entries mean that a ring keeps no value alive that has left.
type hitRing struct {
	slots [ringSlots]atomic.Uint64
	told  uint64 // hits that the policy was told of, or that were lost; guarded by mu of the cache
	_     [56]byte
}

const ringSlots = 16

// stripesPerCore makes it unlikely that two of the goroutines that run at one
// time share a stripe.
const stripesPerCore = 16

func newStripes(rings bool) stripes {
	logarithm := bits.Len(uint(min(256, stripesPerCore*runtime.GOMAXPROCS(0)) - 1))
	s := stripes{stripes: make([]stripe, 1<<logarithm), shift: uint(64 - logarithm)}
	if rings {
		s.rings = make([]hitRing, 1<<logarithm)
	}
	return s
}

// mine returns the index of the calling goroutine's stripe: it follows from the
// address of its stack.
func (s *stripes) mine() uint64 {
	var here byte
	const stackBytes, golden = 2 << 10, 0x9e3779b97f4a7c15
	return uint64(uintptr(unsafe.Pointer(&here))/stackBytes) * golden >> s.shift
}

// sum returns the counts of all stripes.
func (s *stripes) sum() (hits, misses uint64) {
	for i := range s.stripes {
		hits += s.stripes[i].hits.Load()
		misses += s.stripes[i].misses.Load()
	}
	return hits, misses
}

// recordHit counts a hit of e, and tells the policy of it, now or later.
func (c *Cache[K, V]) recordHit(e *entry[K, V]) {
	i := c.at.mine()
	n := c.at.stripes[i].hits.Add(1)
	if !c.ordered {
		return
	}
	if c.immediate {
		c.use(e)
		return
	}
	ring := &c.at.rings[i]
	ring.slots[n%ringSlots].Store(e.Hash)
	if n%ringSlots == 0 && c.mu.TryLock() {
		c.drain(ring, n)
		c.mu.Unlock()
	}
}

// recordMiss counts a miss.
func (c *Cache[K, V]) recordMiss() {
	if c.counted {
		c.at.stripes[c.at.mine()].misses.Add(1)
	}
}

// use tells the policy of a hit of e.
func (c *Cache[K, V]) use(e *entry[K, V]) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.table.Contains(&e.Hash) && !c.isPinned(e) {
		c.victims = append(c.victims[:0], &e.Entry)
		c.policy.Use(c.victims)
	}
}

// drain tells the policy of the hits in ring, n of which were counted. Those
// whose entries left or are pinned are dropped; a hash that several keys have
// stands for one of them. mu is held.
func (c *Cache[K, V]) drain(ring *hitRing, n uint64) {
	c.victims = c.victims[:0]
	for i := max(ring.told+1, n-min(n, ringSlots-1)); i <= n; i++ {
		p := c.table.Find(ring.slots[i%ringSlots].Load())
		if p == nil {
			continue
		}
		if e := fromHash[K, V](p); !c.isPinned(e) {
			c.victims = append(c.victims, &e.Entry)
		}
	}
	ring.told = n
	if len(c.victims) > 0 {
		c.policy.Use(c.victims)
	}
}

// isPinned reports whether e is pinned. mu is held.
func (c *Cache[K, V]) isPinned(e *entry[K, V]) bool {
	return len(c.pins) > 0 && c.pins[&e.Entry] != nil
}
