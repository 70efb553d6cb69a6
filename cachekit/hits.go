package cachekit

import (
	"math/bits"
	"sync/atomic"
	"unsafe"

	"github.com/bmadventure/optcache/internal/table"
	"github.com/bmadventure/optcache/internal/tally"
	"github.com/bmadventure/optcache/policy"
)

// traces count hits, misses and values overwritten, and keep the last hits for a
// policy that needs their order.
type traces struct {
	*tally.Tally
	rings []hitRing // one for each stripe, or none
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

func newTraces(rings bool) traces {
	t := traces{Tally: tally.New()}
	if rings {
		t.rings = make([]hitRing, t.Stripes())
	}
	return t
}

// lookup returns the value of key, if the cache holds it and it may be served,
// and leaves the traces of a hit: a mark, a count, and word to a policy that
// needs the order of hits. On a miss it leaves none, but for a count if counts is
// set.
//
// This is all that most look-ups do, so for keys that are integers it is written
// out in one piece, without a call in the loop that would make everything wait in
// memory instead of registers. It does what [table.Table.Find] describes, and calls
// no method of another package: see [table.Table].
func (c *Cache[K, V]) lookup(key *K, counts bool) (value V, ok bool) {
	if !c.direct {
		return c.lookupAny(key, counts)
	}
	word := *(*uint64)(unsafe.Pointer(key))
	hash := hashWord(word, c.seed)
	shards := c.table.Shards
	shard := (*table.Shard)(atomic.LoadPointer(&shards[hash>>table.ShardShift&uint64(len(shards)-1)]))
	if shard == nil {
		return c.lookupSlowly(key, hash, counts)
	}
	home, _ := bits.Mul64(hash, uint64(len(shard.Buckets)))
	bucket := unsafe.Add(unsafe.Pointer(unsafe.SliceData(shard.Buckets)), home*table.BucketBytes)
	tag := hash & 0xff
	x := atomic.LoadUint64((*uint64)(bucket)) ^ (tag|(tag-1)>>63)*table.LowBits
	m := (x - table.LowBits) &^ x & table.HighBits
	if m == 0 {
		return c.lookupSlowly(key, hash, counts)
	}
	e := (*entry[K, V])(atomic.LoadPointer((*unsafe.Pointer)(unsafe.Add(bucket, bits.TrailingZeros64(m)+1))))
	if e == nil || *(*uint64)(unsafe.Pointer(&e.key)) != word {
		return c.lookupSlowly(key, hash, counts)
	}
	e.hit()
	if c.sample.traces(hash) {
		c.trace(e, hash)
	}
	switch c.word {
	case fullWord:
		*(*uint64)(unsafe.Pointer(&value)) = atomic.LoadUint64((*uint64)(unsafe.Pointer(&e.value)))
	case pointer:
		*(*unsafe.Pointer)(unsafe.Pointer(&value)) = atomic.LoadPointer((*unsafe.Pointer)(unsafe.Pointer(&e.value)))
	default:
		return c.valueOf(e), true
	}
	return value, true
}

// lookupAny is lookup for other keys and for entries that are extended. What is not found at the first glance, here
// too, is looked for by find.
func (c *Cache[K, V]) lookupAny(key *K, counts bool) (value V, ok bool) {
	hash := c.hashOf(key)
	shards := c.table.Shards
	shard := (*table.Shard)(atomic.LoadPointer(&shards[hash>>table.ShardShift&uint64(len(shards)-1)]))
	if shard == nil {
		return c.missed(counts)
	}
	home, _ := bits.Mul64(hash, uint64(len(shard.Buckets)))
	bucket := unsafe.Add(unsafe.Pointer(unsafe.SliceData(shard.Buckets)), home*table.BucketBytes)
	tag := hash & 0xff
	x := atomic.LoadUint64((*uint64)(bucket)) ^ (tag|(tag-1)>>63)*table.LowBits
	m := (x - table.LowBits) &^ x & table.HighBits
	if m == 0 {
		return c.lookupSlowly(key, hash, counts)
	}
	e := (*entry[K, V])(atomic.LoadPointer((*unsafe.Pointer)(unsafe.Add(bucket, bits.TrailingZeros64(m)+1))))
	switch {
	case e == nil || e.Hash != hash:
		return c.lookupSlowly(key, hash, counts)
	case c.equal == nil && e.key != *key || c.equal != nil && !c.equal(&e.key, noescape(key)):
		return c.lookupSlowly(key, hash, counts)
	case c.extended && !c.fresh(e):
		return c.missed(counts)
	}
	e.hit()
	if c.sample.traces(hash) {
		c.trace(e, hash)
	}
	if c.word == noWord {
		return e.value, true
	}
	return c.loadWord(e), true
}

// lookupSlowly is lookup for what is not at hand in its home bucket.
func (c *Cache[K, V]) lookupSlowly(key *K, hash uint64, counts bool) (value V, ok bool) {
	e := c.find(key, hash)
	if e == nil || c.extended && !c.fresh(e) {
		return c.missed(counts)
	}
	e.hit()
	if c.sample.traces(hash) {
		c.trace(e, hash)
	}
	return c.valueOf(e), true
}

// trace counts a hit of e, and tells the policy of it if that wants to know.
func (c *Cache[K, V]) trace(e *entry[K, V], hash uint64) {
	if c.counted {
		c.at.Hit()
		if !c.sample.wants(hash) {
			return
		}
	}
	c.recordUse(e)
}

// missed returns no value, and counts a miss if counts is set.
func (c *Cache[K, V]) missed(counts bool) (value V, ok bool) {
	if counts {
		c.recordMiss()
	}
	return value, false
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
	c.recordLater(e.Hash)
}

// serve reports whether e, which a reader found, may be served, and if so tells the policy
// of the hit if that wants to know.
func (c *Cache[K, V]) serve(h *policy.Entry) bool {
	e := fromHead[K, V](h)
	if c.extended && !c.fresh(e) {
		return false
	}
	if c.sample.wants(e.Hash) {
		c.recordUse(e)
	}
	return true
}

// recordHash is recordUse for an entry of that hash.
func (c *Cache[K, V]) recordHash(hash uint64) {
	if !c.immediate {
		c.recordLater(hash)
	} else if p := c.table.Find(hash); p != nil {
		c.use(fromHash[K, V](p))
	}
}

// recordLater notes a use of the entry of that hash for the policy.
func (c *Cache[K, V]) recordLater(hash uint64) {
	ring := &c.at.rings[c.at.Mine()]
	n := ring.head.Add(1)
	ring.slots[n%ringSlots].Store(hash)
	if n%ringSlots == 0 && c.mu.TryLock() {
		c.drain(ring, n)
		c.mu.Unlock()
	}
}

// recordMiss counts a miss.
func (c *Cache[K, V]) recordMiss() {
	if c.counted {
		c.at.Miss()
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
	c.sample.adapt(c.inserted, c.table.Len(), c.counted)
}

// catchUp tells the policy of the hits that the caller left and it was not told of
// yet, before an entry comes. So one goroutine alone is seen in its own order. mu is
// held.
func (c *Cache[K, V]) catchUp() {
	if c.at.rings == nil {
		return
	}
	ring := &c.at.rings[c.at.Mine()]
	if n := ring.head.Load(); n != ring.told {
		c.drain(ring, n)
	}
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
// 2^maxThinning, while no entry comes for ringSlots hits told, and made whole when
// some do. A [policy.Sampler], which orders its own entries by their
// marks, is told of none while the smallest share tells nothing new.
type sample struct {
	// wanted has a mask in its high half, and in the low half the bits that
	// the low half of a hash must have under the mask: the unwanted bits, 0, and from
	// turnShift on those whose turn it is. Where no hash will do, a bit outside of the
	// mask is set. traced is the same, but where hits are counted it lets all through;
	// watched is the same too, but it lets all through while the cache must look at each
	// entry before a reader serves it. All are read without a lock, by the functions of
	// sync/atomic, and written under mu of the cache.
	wanted, traced, watched uint64

	_ [64]byte // what follows is written more often

	policy   policy.Sampler // says what is unwanted, nil if it wants all; asked under mu of the cache
	mask     uint32         // of the turn; guarded by mu of the cache
	turn     uint32         // guarded by mu of the cache
	idle     int            // rings told with the largest mask while nobody came; guarded by mu of the cache
	inserted uint64         // entries that had come at the last adapt; guarded by mu of the cache
	watches  int            // reasons to look at each entry; guarded by mu of the cache

	_ [64]byte
}

const (
	maxThinning = 6  // one entry in 64 has its turn
	crowd       = 64 // but no fewer entries than about these, or a turn might never end
	busy        = 16 // entries that come before a thin sample is made whole again
	patience    = 32 // rings told in vain before a Sampler is told of no more
	turnShift   = 16 // beside the bits that samplers and tags are made of

	noHit   = 1 // what wanted is where no hit is told
	allHits = 0
)

// wants reports whether the policy wants to know of a hit of that hash.
func (s *sample) wants(hash uint64) bool { return among(hash, atomic.LoadUint64(&s.wanted)) }

// traces reports whether more than a mark is to be left by a hit of that hash.
func (s *sample) traces(hash uint64) bool { return among(hash, atomic.LoadUint64(&s.traced)) }

func among(hash, sample uint64) bool { return uint32(hash)&uint32(sample>>32) == uint32(sample) }

// want makes the policy be told of the hits in sample, and all hits be traced if
// they are counted. mu of the cache is held, or the cache not shared yet.
func (s *sample) want(sample uint64, counted bool) {
	if sample == s.wanted {
		return
	}
	atomic.StoreUint64(&s.wanted, sample)
	if !counted {
		atomic.StoreUint64(&s.traced, sample)
	}
	s.watch(0)
}

// watch makes readers ask before they serve an entry, from the first of more reasons to
// the last. mu of the cache is held, or the cache not shared yet.
func (s *sample) watch(more int) {
	s.watches += more
	if s.watches > 0 {
		atomic.StoreUint64(&s.watched, allHits)
		return
	}
	atomic.StoreUint64(&s.watched, s.wanted)
}

// adapt chooses the next sample after the policy was told of some hits, or some
// entries have come: inserted since the cache was made, of which some are left.
// mu of the cache is held.
func (s *sample) adapt(inserted uint64, left int, counted bool) {
	came := inserted - s.inserted
	s.inserted = inserted
	unwanted := uint32(0)
	if s.policy != nil {
		unwanted = uint32(s.policy.Sample()) & (1<<turnShift - 1)
	}
	asleep := false
	switch {
	case came > 0 || int(s.mask) > left/crowd:
		s.mask, s.idle = 0, 0
	case s.mask < 1<<maxThinning-1 && int(2*s.mask+1) < left/crowd:
		s.mask = 2*s.mask + 1
	case s.idle < patience:
		s.idle++
	default:
		asleep = s.policy != nil
	}
	s.turn = (s.turn + 1) & s.mask
	next := uint64(unwanted|s.mask<<turnShift)<<32 | uint64(s.turn<<turnShift)
	if asleep {
		next = noHit
	}
	s.want(next, counted)
}
