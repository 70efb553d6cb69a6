package cachekit

import (
	"sync/atomic"
)

// A version is one version of the data that keys belong to. The cache knows it
// while entries or loads belong to it.
type version struct {
	id      [32]byte
	users   int         // entries and loads; guarded by mu of the cache
	retired atomic.Bool // set under mu of the cache
}

// joinVersion returns the version of that id, with one user more. mu is held.
func (c *Cache[K, V]) joinVersion(id [32]byte) *version {
	v := c.versions[id]
	if v == nil {
		v = &version{id: id}
		c.versions[id] = v
	}
	v.users++
	return v
}

// leaveVersion takes one user off v. mu is held.
func (c *Cache[K, V]) leaveVersion(v *version) {
	if v.users--; v.users == 0 && c.versions[v.id] == v {
		delete(c.versions, v.id)
	}
}

// enter makes e belong to the version of that id. mu is held.
func (c *Cache[K, V]) enter(e *entry[K, V], id [32]byte) {
	if c.versionOf != nil {
		extend(e).version = c.joinVersion(id)
	}
}

// quit makes e belong to no version's users any more. It still refers to its
// version: who found it before it left must see if that was retired. mu is held.
func (c *Cache[K, V]) quit(e *entry[K, V]) {
	if c.versionOf != nil {
		c.leaveVersion(extend(e).version)
	}
}

// Retire makes every entry of a version of the data unreachable, however many
// there are, at once: see [Options.Version]. A goroutine that ends when it is done
// gives their bytes back soon after. Loads of the version that are under way fill
// nothing. What is loaded or set of the version later is kept as if it were new.
func (c *Cache[K, V]) Retire(id [32]byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	v := c.versions[id]
	if v == nil {
		return
	}
	delete(c.versions, id)
	v.retired.Store(true)
	c.sample.watch(1)
	go c.reap(v)
}

// reap removes the entries of a retired version, one part of the table at a time.
func (c *Cache[K, V]) reap(v *version) {
	for i := range c.table.Shards {
		c.mu.Lock()
		c.scratch = c.table.AppendShard(c.scratch[:0], i)
		for _, p := range c.scratch {
			if e := fromHash[K, V](p); extend(e).version == v {
				c.remove(e, CauseRetired)
			}
		}
		clear(c.scratch)
		c.unlock()
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.sample.watch(-1)
}

// fresh reports whether e, of a cache with extended entries, may be served, and
// if so that it was.
func (c *Cache[K, V]) fresh(e *entry[K, V]) bool {
	if c.stale(e) != causeNone {
		return false
	}
	if c.clock.used > 0 {
		// A hot entry is written a hundred times in its lifetime, no more, so that
		// its cache line stays shared.
		x, now := extend(e), c.clock.now()
		if now-x.used.Load() > int64(c.clock.used)/100 {
			x.used.Store(now)
		}
	}
	if c.guard.fingerprint != nil {
		c.guard.check(extend(e))
	}
	return true
}

// stale returns why e, of a cache with extended entries, must not be served any
// more; causeNone if it may be.
func (c *Cache[K, V]) stale(e *entry[K, V]) RemovalCause {
	x := extend(e)
	if x.version != nil && x.version.retired.Load() {
		return CauseRetired
	}
	if !c.clock.expires() {
		return causeNone
	}
	now := c.clock.now()
	if c.clock.write > 0 && now-x.born >= int64(c.clock.write) ||
		c.clock.used > 0 && now-x.used.Load() >= int64(c.clock.used) {
		return CauseExpired
	}
	return causeNone
}

// staleOr returns why e leaves: because it is stale, or else for that cause.
func (c *Cache[K, V]) staleOr(e *entry[K, V], why RemovalCause) RemovalCause {
	if c.extended {
		if stale := c.stale(e); stale != causeNone {
			return stale
		}
	}
	return why
}

// sweep looks at a few entries, others each time, and removes those that have
// expired. Every value that comes pays for one sweep, so what expires is gone by
// the time that as many new entries came as fit. mu is held.
func (c *Cache[K, V]) sweep() {
	if !c.clock.expires() {
		return
	}
	c.scratch, c.swept = c.table.AppendBucket(c.scratch[:0], c.swept)
	for _, p := range c.scratch {
		if e := fromHash[K, V](p); c.stale(e) != causeNone {
			c.remove(e, c.stale(e))
		}
	}
	clear(c.scratch)
}
