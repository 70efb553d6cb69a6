package cachekit

import (
	"context"
	"hash/maphash"
	"iter"
	"math"
	"runtime"
	"sync"
	"time"
	"weak"

	"github.com/bmadventure/optcache/policy"
	"github.com/bmadventure/optcache/sizing"
)

// A Cache keeps values by key within a budget of bytes, and loads each missing
// value once however many ask for it. See the package comment for what it
// promises. All methods may be called concurrently. A Cache must not be copied;
// make one with [New]. There is nothing to close.
type Cache[K comparable, V any] struct {
	name       string
	maxEntries int
	size       func(K, V) int64
	versionOf  func(K) [32]byte
	entryBytes int64 // heap bytes of an entry without what key and value refer to
	share      *sizing.Share
	seed       maphash.Seed

	mu       sync.Mutex
	table    map[K]*entry[K, V]    // guarded by mu
	policy   policy.Policy         // guarded by mu
	told     int64                 // capacity that policy was told; guarded by mu
	resident int64                 // bytes of the entries in policy; guarded by mu
	victims  []*policy.Entry       // scratch; guarded by mu
	flights  map[K]*flight[K, V]   // loads under way that may fill the cache; guarded by mu
	pins     map[*entry[K, V]]*pin // guarded by mu
	pinned   int64                 // bytes of the pinned entries; guarded by mu
	versions map[[32]byte]*version // versions that entries or loads belong to; guarded by mu
	stats    Stats                 // the counts; guarded by mu
}

// New returns an empty cache, or an error that says which option contradicts what.
func New[K comparable, V any](o Options[K, V]) (*Cache[K, V], error) {
	if err := o.validate(); err != nil {
		return nil, err
	}
	c := &Cache[K, V]{
		name:       o.Name,
		maxEntries: o.MaxEntries,
		size:       o.Size,
		versionOf:  o.Version,
		entryBytes: sizing.Pointer(new(entry[K, V])),
		seed:       maphash.MakeSeed(),
		table:      make(map[K]*entry[K, V]),
		policy:     o.Policy,
		flights:    make(map[K]*flight[K, V]),
		pins:       make(map[*entry[K, V]]*pin),
		versions:   make(map[[32]byte]*version),
	}
	if c.policy == nil {
		c.policy = policy.NewLRU()
	}
	budget := o.Budget
	if budget == nil {
		limit := o.MaxBytes
		if limit == 0 {
			limit = DefaultMaxBytes
		}
		budget = sizing.NewBudget(limit)
	}
	c.share = budget.Join(member[K, V]{weak.Make(c)})
	runtime.AddCleanup(c, (*sizing.Share).Leave, c.share)
	c.tell(budget.Limit())
	return c, nil
}

// member is the cache as its budget knows it: a budget does not keep a cache alive.
type member[K comparable, V any] struct{ cache weak.Pointer[Cache[K, V]] }

func (m member[K, V]) Shed(need int64) int64 {
	if c := m.cache.Value(); c != nil {
		return c.shed(need)
	}
	return 0
}

// Get returns the value of key. If the cache does not hold it, load makes it,
// once for all who ask meanwhile, and the value is kept if there is room.
//
// Each caller waits no longer than its own ctx and then returns ctx.Err(). The
// ctx that load gets carries the values of the first caller's, and is cancelled
// only when nobody waits any more. An error of load goes to all who wait and is not
// kept; a panic or runtime.Goexit of load becomes an error with its stack. A load
// that began before Set, Delete, Clear or Retire touched the key neither fills the
// cache afterwards nor serves a Get that came later.
//
// load runs on a goroutine of its own, under no lock. It may use the cache, for
// other keys.
func (c *Cache[K, V]) Get(ctx context.Context, key K, load func(context.Context, K) (V, error)) (V, error) {
	c.mu.Lock()
	if e := c.find(key); e != nil {
		c.hit(e)
		c.mu.Unlock()
		return e.value, nil
	}
	c.mu.Unlock()
	return c.miss(ctx, key, load)
}

// Lookup returns the value of key if the cache holds it. Like [Cache.Get] it counts as a
// hit or a miss and as a use of the entry.
func (c *Cache[K, V]) Lookup(key K) (V, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e := c.find(key)
	if e == nil {
		c.stats.Misses++
		var zero V
		return zero, false
	}
	c.hit(e)
	return e.value, true
}

// Peek returns the value of key if the cache holds it, and leaves no trace: it
// counts neither in the statistics nor as a use of the entry.
func (c *Cache[K, V]) Peek(key K) (V, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if e := c.find(key); e != nil {
		return e.value, true
	}
	var zero V
	return zero, false
}

// Set makes value the value of key. It reports whether the cache holds it now:
// not if it is too large, if no room could be had, or if the policy refused it. The
// old value of key is gone in any case.
func (c *Cache[K, V]) Set(key K, value V) bool {
	return c.put(c.newEntry(key, value, 0), nil)
}

// Delete removes the value of key and reports whether there was one.
func (c *Cache[K, V]) Delete(key K) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.detach(key)
	e := c.find(key)
	if e == nil {
		return false
	}
	c.remove(e, causeDeleted)
	return true
}

// Clear removes all values.
func (c *Cache[K, V]) Clear() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for key := range c.flights {
		c.detach(key)
	}
	for _, e := range c.table {
		c.remove(e, causeCleared)
	}
}

// Retire makes every entry of a version of the data unreachable, as if each were
// deleted: see [Options.Version].
func (c *Cache[K, V]) Retire(id [32]byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	v := c.versions[id]
	if v == nil {
		return
	}
	delete(c.versions, id)
	v.retired = true
	for _, e := range c.table {
		if e.version == v {
			c.remove(e, causeRetired)
		}
	}
}

// Len returns the number of entries.
func (c *Cache[K, V]) Len() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.table)
}

// All returns an iterator over the entries, in no order. It counts as no use of
// them. The loop may change the cache; whether it meets entries that come
// meanwhile, or still meets those that left, is not specified, but it meets no
// key twice.
func (c *Cache[K, V]) All() iter.Seq2[K, V] {
	return func(yield func(K, V) bool) {
		c.mu.Lock()
		entries := make([]*entry[K, V], 0, len(c.table))
		for _, e := range c.table {
			entries = append(entries, e)
		}
		c.mu.Unlock()
		for _, e := range entries {
			if !yield(e.key, e.value) {
				return
			}
		}
	}
}

// Stats returns what the cache did so far and what it holds now.
func (c *Cache[K, V]) Stats() Stats {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := c.stats
	s.Name, s.Entries = c.name, len(c.table)
	s.Bytes, s.Pinned = c.share.Held(), c.pinned
	s.Budget, s.Used = c.share.Budget().Limit(), c.share.Budget().Used()
	return s
}

// find returns the entry of key, nil if there is none. mu is held.
func (c *Cache[K, V]) find(key K) *entry[K, V] { return c.table[key] }

// hit records a hit of e. mu is held.
func (c *Cache[K, V]) hit(e *entry[K, V]) {
	c.stats.Hits++
	e.Hit()
	if c.policy.Ordered() && c.pins[e] == nil {
		c.policy.Use([]*policy.Entry{&e.Entry})
	}
}

// newEntry returns an entry that is in no table yet. It calls the user's
// functions, so no lock is held.
func (c *Cache[K, V]) newEntry(key K, value V, cost time.Duration) *entry[K, V] {
	e := &entry[K, V]{key: key, value: value}
	e.Hash = maphash.Comparable(c.seed, key)
	e.Size = c.entryBytes
	e.Cost = uint32(min(cost.Microseconds(), math.MaxUint32))
	if c.size != nil {
		// A size that would overflow is too large for any budget, and stays so.
		e.Size += min(max(0, c.size(key, value)), math.MaxInt64/4)
	}
	if c.versionOf != nil {
		e.versionID = c.versionOf(key)
	}
	return e
}
