package cachekit

import (
	"math/bits"
	"runtime"
	"sync/atomic"
	"unsafe"

	"github.com/bmadventure/optcache/policy"
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
		hash = hashWord(*(*uint64)(unsafe.Pointer(key)), c.seed)
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
	e.Hit()
	if c.counted {
		c.at.stripes[c.at.mine()].hits.Add(1)
	}
	if c.ordered && c.sample.takes(hash) {
		c.recordUse(e)
	}
	return e, hash
}

// hashWord returns the hash of an integer key. It stands here, and not with the
// other hashes, because what generic code calls in a package that its user does
// not import is not inlined.
func hashWord(x, seed uint64) uint64 {
	const golden = 0x9e3779b97f4a7c15
	hi, lo := bits.Mul64(x^seed, golden)
	return hi ^ lo
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
	c.sample.adapt(c.inserted, c.table.Len())
}

// isPinned reports whether e is pinned. mu is held.
func (c *Cache[K, V]) isPinned(e *entry[K, V]) bool {
	return len(c.pins) > 0 && c.pins[&e.Entry] != nil
}

// A sample says which hits a policy that needs their order is told of: of those
// that it wants, all, or those of entries whose hash has certain bits. These bits
// go round with every ring that was told.
//
// Order matters only in so far as entries leave. While few come, and so few
// leave, a share of the hits tells as much of it as all of them would: in the
// time in which an entry gets from one end of a queue to the other, its turn
// comes many times all the same. So the share is halved, down to one in
// 2^maxThinning, while no entry comes for ringSlots hits told, and made whole as
// soon as a few do.
type sample struct {
	turn     atomic.Uint64  // mask in the high half, wanted bits in the low half, of the bits of a hash from turnShift on
	unwanted atomic.Uint64  // no hit is told if any of these bits of its hash is 1
	policy   policy.Sampler // says what is unwanted, nil if it wants all; asked under mu of the cache
	inserted uint64         // entries that had come at the last adapt; guarded by mu of the cache
}

const (
	maxThinning = 6  // one entry in 64 has its turn
	crowd       = 64 // but no fewer entries than about these, or a turn might never end
	busy        = 4  // entries that come for ringSlots hits told
	turnShift   = 16 // beside the bits that samplers and tags are made of
)

// takes reports whether a hit of an entry of that hash is to be recorded.
func (s *sample) takes(hash uint64) bool {
	turn := s.turn.Load()
	return hash&s.unwanted.Load() == 0 && uint32(hash>>turnShift)&uint32(turn>>32) == uint32(turn)
}

// adapt chooses the next sample after the policy was told of some hits, or some
// entries have come: inserted since the cache was made, of which some are left.
// mu of the cache is held.
func (s *sample) adapt(inserted uint64, left int) {
	came := inserted - s.inserted
	s.inserted = inserted
	if s.policy != nil {
		if mask := s.policy.Sample(); mask != s.unwanted.Load() {
			s.unwanted.Store(mask)
		}
	}
	was := s.turn.Load()
	mask := was >> 32
	switch {
	case came > busy || int(mask) > left/crowd:
		mask = 0
	case came == 0 && mask < 1<<maxThinning-1 && int(2*mask+1) < left/crowd:
		mask = 2*mask + 1
	}
	if next := mask<<32 | (was+1)&mask; next != was {
		s.turn.Store(next)
	}
}
