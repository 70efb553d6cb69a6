package cachekit

import (
	"math/bits"
	"runtime"
	"sync/atomic"
	"unsafe"

	"github.com/bmadventure/optcache/internal/keyhash"
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

// A hitRing holds the hashes of the last hits that were recorded on its stripe:
// hit n in slot n % len. It loses hits: those that the ring overwrote before
// anybody had the time to tell the policy, and those that raced. Hashes instead
// of entries mean that a ring keeps no value alive that has left.
type hitRing struct {
	head  atomic.Uint64 // hits recorded
	slots [ringSlots]atomic.Uint64
	told  uint64 // those of them that the policy was told of, or that were lost; guarded by mu of the cache
	_     [48]byte
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

// hit returns the entry of key, if it may be served, and leaves the traces of a
// hit: a mark, a count, and word to a policy that needs the order of hits. It
// returns nil, and leaves none, on a miss. This is all that most look-ups do, so
// it is written out in one piece.
func (c *Cache[K, V]) hit(key *K) (e *entry[K, V], hash uint64) {
	if c.integer {
		hash = keyhash.Uint64(*(*uint64)(unsafe.Pointer(key)), c.seed)
	} else {
		hash = c.hash(noescape(key))
	}
	p := c.table.Find(hash)
	if p == nil {
		return nil, hash
	}
	e = fromHash[K, V](p)
	if c.equal != nil || e.key != *key {
		if e = c.findEqual(key, hash); e == nil {
			return nil, hash
		}
	}
	if c.extended && !c.fresh(e) {
		return nil, hash
	}
	c.recordHit(e)
	return e, hash
}

// recordHit leaves the traces of a hit of e.
func (c *Cache[K, V]) recordHit(e *entry[K, V]) {
	e.Hit()
	if c.counted {
		c.at.stripes[c.at.mine()].hits.Add(1)
	}
	if c.sample.takes(e.Hash) {
		c.recordUse(e)
	}
}

// recordUse tells the policy that e was used, now or later.
func (c *Cache[K, V]) recordUse(e *entry[K, V]) {
	if c.immediate {
		c.use(e)
		return
	}
	ring := &c.at.rings[c.at.mine()]
	n := ring.head.Add(1)
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
	c.sample.adapt(c.inserted)
}

// isPinned reports whether e is pinned. mu is held.
func (c *Cache[K, V]) isPinned(e *entry[K, V]) bool {
	return len(c.pins) > 0 && c.pins[&e.Entry] != nil
}

// A sample says which hits a policy that needs their order is told of: those of
// entries whose hash has certain low bits. The bits go round, so that in time every
// entry has its turn.
//
// Order matters only in so far as entries leave. While few come, and so few
// leave, a share of the hits tells as much of it as all of them would: in the time in which
// an entry gets from the front to the end of a queue, it is told of many times all the
// same. So the share is halved, down to 1 in 2^maxThinning, for as
// long as fewer than one entry comes for ringSlots hits told, and is made whole
// again when more than a few do.
type sample struct {
	bits     atomic.Uint64 // mask in the high half, wanted low bits of the hash in the low half
	fixed    bool          // the policy has said what it wants
	inserted uint64        // entries that had come at the last adapt; guarded by mu of the cache
}

const (
	maxThinning = 6 // a 64th of the hits
	busy        = 4 // entries that come for ringSlots hits told
)

// none makes the sample take no hit.
func (s *sample) none() {
	s.bits.Store(1)
	s.fixed = true
}

// takes reports whether a hit of an entry of that hash is to be recorded.
func (s *sample) takes(hash uint64) bool {
	bits := s.bits.Load()
	return uint32(hash)&uint32(bits>>32) == uint32(bits)
}

// adapt chooses the next sample after the policy was told of some hits, when that
// many entries have come since the cache was made. mu of the cache is held.
func (s *sample) adapt(inserted uint64) {
	if s.fixed {
		return
	}
	came := inserted - s.inserted
	s.inserted = inserted
	bits := s.bits.Load()
	mask := bits >> 32
	switch {
	case came > busy:
		mask = 0
	case came == 0 && mask < 1<<maxThinning-1:
		mask = mask<<1 | 1
	}
	s.bits.Store(mask<<32 | (bits+1)&mask)
}
