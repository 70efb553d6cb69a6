package cachekit

import "github.com/bmadventure/optcache/policy"

// A pin keeps an entry from being evicted.
type pin struct {
	holders int  // calls of Pin not released yet
	gone    bool // the entry left the table; its bytes stay until the release
}

// Pin keeps the entry of key from being evicted until release is called, which
// may be called more than once. ok is false, and release does nothing, if the
// cache does not hold the key. The bytes of a pinned entry stay in the budget: an
// entry that is deleted, replaced, retired or expires while it is pinned can no
// longer be found, but its bytes come back only with the release. A pin is no use
// of the entry and counts in no statistics.
func (c *Cache[K, V]) Pin(key K) (release func(), ok bool) {
	hash := c.hashOf(&key)
	c.mu.Lock()
	defer c.mu.Unlock()
	e := c.find(&key, hash)
	if e == nil || c.extended && c.stale(e) != causeNone {
		return func() {}, false
	}
	p := c.pins[&e.Entry]
	if p == nil {
		p = new(pin)
		c.pins[&e.Entry] = p
		c.pinned += e.Size
		c.policy.Remove(&e.Entry, policy.Pinned)
		c.resident -= e.Size
	}
	p.holders++
	released := false // guarded by mu
	return func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		if !released {
			released = true
			c.unpin(e, p)
		}
	}, true
}

// unpin takes one holder off p. mu is held.
func (c *Cache[K, V]) unpin(e *entry[K, V], p *pin) {
	if p.holders--; p.holders > 0 {
		return
	}
	delete(c.pins, &e.Entry)
	c.pinned -= e.Size
	if p.gone {
		c.share.Reserve(-e.Size)
		return
	}
	c.admit(e)
}
