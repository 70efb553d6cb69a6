package cachekit

import (
	"context"
	"iter"
	"math/rand/v2"
	"runtime"
	"sync"
	"time"
	"unsafe"
	"weak"

	"github.com/bmadventure/optcache/cachekit/rt"
	"github.com/bmadventure/optcache/internal/keyhash"
	"github.com/bmadventure/optcache/internal/table"
	"github.com/bmadventure/optcache/internal/tally"
	"github.com/bmadventure/optcache/policy"
	"github.com/bmadventure/optcache/sizing"
)

// A Cache keeps values by key within a budget of bytes, and loads each missing
// value once however many ask for it. See the package comment for what it
// promises. All methods may be called concurrently. A Cache must not be copied;
// make one with [New]. There is nothing to close.
type Cache[K comparable, V any] struct {
	// Read by every hit, written by none, but for what table and sample keep apart.
	sample   sample
	seed     uint64
	integer  bool // K is an integer of 8 bytes, hashed in line
	direct   bool // so it is, and entries are not extended
	fronted  bool // the table has fronts: see [table.Front]
	inPlace  bool // values of one word are replaced within their entries
	extended bool // entries are extended
	counted  bool // hits and misses are counted
	word     word // how values are kept that are replaced in place
	at       traces
	hash     func(key *K, seed uint64) uint64
	equal    func(a, b *K) bool // nil: ==
	text     func(*K) *string   // the text of a key, nil if entries are not texted
	table    table.Table        // read without a lock, changed under mu

	name       string
	maxEntries int
	immediate  bool // each hit reaches the policy at once
	planned    bool // and only while it has a plan
	size       func(K, V) int64
	versionOf  func(K) [32]byte
	clock      clock
	guard      guard[K, V]
	onRemoval  func(K, V, Removal)
	entryBytes int64 // heap of an entry without what key and value refer to
	share      *sizing.Share

	mu       sync.Mutex
	policy   policy.Policy            // guarded by mu
	inserted uint64                   // entries that came; guarded by mu
	told     int64                    // capacity that policy was told; guarded by mu
	resident int64                    // bytes of the entries in policy; guarded by mu
	shrunk   int64                    // bytes that the table gave back and nobody took yet; guarded by mu
	victims  []*policy.Entry          // scratch; guarded by mu
	flights  map[uint64]*flight[K, V] // loads under way that may fill the cache, by hash; guarded by mu
	pins     map[*policy.Entry]*pin   // guarded by mu
	pinned   int64                    // bytes of the pinned entries; guarded by mu
	versions map[[32]byte]*version    // versions that entries or loads belong to; guarded by mu
	counts   Stats                    // all but hits and misses; guarded by mu
	removals ring                     // guarded by mu
	telling  bool                     // somebody tells onRemoval; guarded by mu
	untold   []event[K, V]            // what onRemoval is still to be told; guarded by mu
	swept    int                      // where the search for expired entries goes on; guarded by mu
	scratch  []*uint64                // guarded by mu
}

// New returns an empty cache, or an error that says which option contradicts what.
func New[K comparable, V any](o Options[K, V]) (*Cache[K, V], error) {
	if err := o.rename(); err != nil {
		return nil, err
	}
	if err := o.validate(); err != nil {
		return nil, err
	}
	c := &Cache[K, V]{
		seed:       o.Seed,
		counted:    !o.DisableStats,
		name:       o.Name,
		maxEntries: o.MaxEntries,
		immediate:  o.Seed != 0,
		size:       o.Size,
		versionOf:  o.Version,
		clock:      newClock(o.ExpireAfterWrite, o.ExpireAfterAccess),
		guard:      guard[K, V]{o.Fingerprint, o.OnMutation, o.Name},
		onRemoval:  o.OnRemoval,
		policy:     o.Policy,
		flights:    make(map[uint64]*flight[K, V]),
		pins:       make(map[*policy.Entry]*pin),
		versions:   make(map[[32]byte]*version),
		removals:   newRing(o.RemovalHistory),
	}
	if c.policy == nil {
		c.policy = policy.NewAdaptive()
	}
	ordered := c.policy.Ordered()
	if _, plans := c.policy.(policy.Planner); plans && !c.immediate {
		c.planned, c.immediate = true, true
	}
	if !ordered || c.planned {
		c.sample.want(noHit, c.counted)
	} else if !c.immediate {
		c.sample.policy, _ = c.policy.(policy.Sampler)
	}
	c.at = newTraces(ordered && !c.immediate)
	c.extended = o.Version != nil || o.OnRemoval != nil || o.RemovalHistory > 0 || o.Fingerprint != nil || c.clock.expires()
	if !c.extended {
		c.text = o.Hooks.Text
	}
	if c.guard.fingerprint != nil || c.clock.expires() {
		c.sample.watch(1) // for ever
	}
	c.word = wordOf[V]()
	c.chooseHash(o.Hooks.Hash, o.Hooks.Equal)
	c.direct = c.integer && !c.extended
	c.fronted = c.direct && c.word == pointer && o.Hooks.Reader != nil && !c.immediate && unsafe.Sizeof(uintptr(0)) == 8
	c.inPlace = c.word != noWord && !c.extended && !c.fronted
	c.entryBytes = c.bytesOfEntry()
	budget := o.Budget
	if budget == nil {
		budget = sizing.NewBudget(limitOr(o.MaxBytes, DefaultMaxBytes))
	}
	c.table = *table.New(shardsFor(o.MaxEntries, budget.Limit()/c.entryBytes), scannedAlloc)
	if c.fronted {
		c.table.Fronted()
	}
	if o.Hooks.Reader != nil {
		c.fill(o.Hooks.Reader)
	}
	c.share = budget.Join(member[K, V]{weak.Make(c)})
	runtime.AddCleanup(c, (*sizing.Share).Leave, c.share)
	c.tell(c.mayHold(budget.Limit()))
	return c, nil
}

// fill makes r a reader of the cache, or of an empty table if values are no pointers or
// integers have no fronts.
func (c *Cache[K, V]) fill(r *rt.Reader) {
	if c.word != pointer || c.integer != c.fronted {
		none := table.New(1, scannedAlloc)
		none.Fronted()
		r.Fill(c.seed, none, nil, &c.sample.watched, nil, nil)
		return
	}
	var hits *tally.Tally
	if c.counted {
		hits = c.at.Tally
	}
	r.Fill(c.seed, &c.table, hits, &c.sample.watched, c.serve, c.recordHash)
}

// chooseHash sets how keys are hashed and compared.
func (c *Cache[K, V]) chooseHash(hash func(*K, uint64) uint64, equal func(a, b *K) bool) {
	if c.seed == 0 {
		c.seed = rand.Uint64()
	}
	c.hash, c.equal = hash, equal
	if hash == nil {
		c.hash = keyhash.For[K]()
		c.integer = keyhash.Integer[K]() == 8
	}
}

// shardsFor returns how many shards a table gets: some 4,096 entries each, so that
// growing one takes a fraction of a millisecond.
func shardsFor(maxEntries int, fit int64) int {
	if maxEntries > 0 {
		fit = min(fit, int64(maxEntries))
	}
	return int(min(256, fit/4096))
}

// limitOr returns limit, or what it means if it is 0.
func limitOr(limit, otherwise int64) int64 {
	if limit == 0 {
		return otherwise
	}
	return limit
}

// scannedAlloc returns the heap that an allocation of n bytes with pointers takes.
func scannedAlloc(n int64) int64 {
	if n > 512 && n < 32<<10 {
		n += 8 // the runtime's header
	}
	return sizing.Alloc(n)
}

// member is the cache as its budget knows it: a budget does not keep a cache alive.
type member[K comparable, V any] struct{ cache weak.Pointer[Cache[K, V]] }

func (m member[K, V]) Shed(need int64) int64 {
	if c := m.cache.Value(); c != nil {
		return c.shed(need)
	}
	return 0
}

func (m member[K, V]) Spare() int64 {
	if c := m.cache.Value(); c != nil {
		return c.spare()
	}
	return 0
}

// Get returns the value of key. If the cache does not hold it, load makes it,
// once for all who ask meanwhile, and the value is kept if there is room.
//
// Each caller waits no longer than its own ctx and then returns ctx.Err(). The
// ctx that load gets carries the values of the first caller's, and is cancelled
// only when nobody waits any more. An error of load goes to all who wait and is
// not kept; a panic or runtime.Goexit of load becomes an error with its stack. A
// load that began before Set, Delete, Clear or Retire touched the key neither
// fills the cache afterwards nor serves a Get that came later.
//
// load runs on a goroutine of its own, under no lock. It may use the cache, for
// other keys: a load that asks for its own key waits for itself.
func (c *Cache[K, V]) Get(ctx context.Context, key K, load func(context.Context, K) (V, error)) (V, error) {
	if value, ok := c.lookup(&key, false); ok {
		return value, nil
	}
	return c.miss(ctx, key, load)
}

// Lookup returns the value of key if the cache holds it. Like [Cache.Get] it
// counts as a hit or a miss and as a use of the entry.
func (c *Cache[K, V]) Lookup(key K) (value V, ok bool) {
	return c.lookup(&key, true)
}

// Peek returns the value of key if the cache holds it, and leaves no trace: it
// counts neither in the statistics nor as a use of the entry.
func (c *Cache[K, V]) Peek(key K) (value V, ok bool) {
	e := c.find(&key, c.hashOf(&key))
	if e == nil || c.extended && c.stale(e) != causeNone {
		return value, false
	}
	return c.valueOf(e), true
}

// Set makes value the value of key. It reports whether the cache holds it now:
// not if it is too large, if no room could be had, or if the policy refused it. The
// old value of key is gone in any case.
func (c *Cache[K, V]) Set(key K, value V) bool {
	hash, size := c.hashOf(&key), c.sizeOf(key, value)
	if c.inPlace && c.overwrite(&key, hash, value, size) {
		return true
	}
	return c.put(c.newEntry(key, value, hash, size, 0), nil)
}

// Delete removes the value of key and reports whether there was one.
func (c *Cache[K, V]) Delete(key K) bool {
	hash := c.hashOf(&key)
	c.mu.Lock()
	defer c.unlock()
	c.detach(&key, hash)
	e := c.find(&key, hash)
	if e == nil {
		return false
	}
	why := c.staleOr(e, CauseDeleted)
	c.remove(e, why)
	return why == CauseDeleted
}

// Clear removes all values. It locks the cache for one part of it at a time.
func (c *Cache[K, V]) Clear() {
	c.mu.Lock()
	clear(c.flights)
	c.unlock()
	for i := range c.table.Shards {
		c.mu.Lock()
		c.scratch = c.table.AppendShard(c.scratch[:0], i)
		for _, p := range c.scratch {
			e := fromHash[K, V](p)
			c.remove(e, c.staleOr(e, CauseCleared))
		}
		clear(c.scratch)
		c.unlock()
	}
}

// Len returns the number of entries. Those that have expired or were retired
// count until their bytes came back.
func (c *Cache[K, V]) Len() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.table.Len()
}

// All returns an iterator over the entries, in no order. It counts as no use of
// them. The loop may change the cache; whether it meets entries that come
// meanwhile, or still meets those that left, is not specified, but it meets no
// key twice.
func (c *Cache[K, V]) All() iter.Seq2[K, V] {
	return func(yield func(K, V) bool) {
		var entries []*uint64
		for i := range c.table.Shards {
			c.mu.Lock()
			entries = c.table.AppendShard(entries[:0], i)
			c.mu.Unlock()
			for _, p := range entries {
				e := fromHash[K, V](p)
				if c.extended && c.stale(e) != causeNone {
					continue
				}
				if !yield(c.keyOf(e), c.valueOf(e)) {
					return
				}
			}
		}
	}
}

// Stats returns what the cache did so far and what it holds now.
func (c *Cache[K, V]) Stats() Stats {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := c.counts
	s.Name, s.Entries = c.name, c.table.Len()
	hits, misses, overwrites := c.at.Sum()
	if c.counted {
		s.Hits, s.Misses = hits, misses
	}
	s.Evictions.Replaced += overwrites
	s.Bytes, s.Pinned = c.share.Held(), c.pinned
	s.Budget, s.Used = c.share.Budget().Limit(), c.share.Budget().Used()
	return s
}

// mayHold returns how many bytes of entries the cache may hold at a limit, as far
// as that can be told before it is full.
func (c *Cache[K, V]) mayHold(limit int64) int64 {
	if c.maxEntries > 0 && c.size == nil {
		return min(limit, int64(c.maxEntries)*c.entryBytes)
	}
	return limit
}

// clock tells the time since the cache was made, in nanoseconds, and when
// entries expire.
type clock struct {
	start       time.Time
	write, used time.Duration // lifetimes, 0: for ever
}

func newClock(write, used time.Duration) clock { return clock{time.Now(), write, used} }

func (c *clock) now() int64 { return int64(time.Since(c.start)) }

func (c *clock) expires() bool { return c.write > 0 || c.used > 0 }
