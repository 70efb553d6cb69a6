package cachekit

import "github.com/bmadventure/optcache/policy"

// maxTries is how often room is looked for before a value is handed out uncached.
// Room that was made for one cache cannot be taken by another, so a second try is
// rare: the others had too little, or a policy nominated fewer bytes than were needed.
const maxTries = 4

// A verdict says what became of a newcomer.
type verdict uint8

const (
	placed  verdict = iota
	lacking         // others must give room first
	refused         // by the policy
	noRoom
)

// put takes e into the cache, for the load f unless that is nil, and reports whether the cache
// holds it. No lock is held.
func (c *Cache[K, V]) put(e *entry[K, V], f *flight[K, V]) bool {
	var grant int64 // bytes that others gave up for e
	for try := 1; ; try++ {
		c.mu.Lock()
		if f == nil {
			c.detach(e.key)
		} else if !c.current(f) {
			c.share.Reserve(-grant)
			c.mu.Unlock()
			return false
		}
		got, need := c.place(e, &grant, try == maxTries)
		if got == lacking {
			c.mu.Unlock()
			grant += c.share.Collect(need)
			continue
		}
		c.settle(e, got)
		c.share.Reserve(-grant)
		c.mu.Unlock()
		return got == placed
	}
}

// settle counts what became of e, and sees to it that an old value of its key is
// gone if e was not placed. mu is held.
func (c *Cache[K, V]) settle(e *entry[K, V], got verdict) {
	switch got {
	case placed:
		return
	case refused:
		c.stats.Refused++
	default:
		c.stats.Uncached++
	}
	if old := c.find(e.key); old != nil {
		c.remove(old, causeDeleted)
	}
}

// place puts e into the table if room can be had from the budget, from *grant or
// from own entries; what it takes from *grant it takes off. If others must give
// room first it returns how many bytes are lacking. mu is held.
func (c *Cache[K, V]) place(e *entry[K, V], grant *int64, last bool) (verdict, int64) {
	if e.Size > c.share.Budget().Limit() {
		return noRoom, 0
	}
	old := c.find(e.key)
	need := e.Size
	if old != nil && c.pins[old] == nil {
		need -= old.Size // handed on to e
	}
	full := old == nil && c.maxEntries > 0 && len(c.table) >= c.maxEntries
	if !full && c.reserve(need, grant) {
		c.replace(old, e)
		return placed, 0
	}
	lack := need - *grant - c.share.Free()
	if !full && !last && !c.share.Turn() {
		return lacking, lack
	}
	c.adapt(need - max(0, lack))
	freed, admit := c.nominate(e, old, lack, full)
	if !admit {
		return refused, 0
	}
	if freed < lack || full && len(c.victims) == 0 {
		if last {
			return noRoom, 0
		}
		return lacking, lack
	}
	for _, v := range c.victims {
		c.leave(fromHead[K, V](v), causeRoom)
	}
	*grant += freed
	if !c.reserve(need, grant) { // another cache took what was free
		return lacking, need - *grant
	}
	c.replace(old, e)
	return placed, 0
}

// reserve takes need bytes from *grant and what that lacks from the budget, or
// reports that there is too little. A negative need adds to *grant. mu is held.
func (c *Cache[K, V]) reserve(need int64, grant *int64) bool {
	if need > *grant {
		if !c.share.Reserve(need - *grant) {
			return false
		}
		*grant = need
	}
	*grant -= need
	return true
}

// nominate has the policy nominate victims of at least need bytes for e, one at
// least if full, and returns their bytes. They are in c.victims; old, which e
// replaces and whose bytes are e's already, is not among them. mu is held.
func (c *Cache[K, V]) nominate(e, old *entry[K, V], need int64, full bool) (freed int64, admit bool) {
	c.victims = c.victims[:0]
	if need <= 0 && !full {
		return 0, true
	}
	newcomer := &e.Entry
	want := need
	if old != nil {
		newcomer = nil // its key has earned its place
	}
	for {
		c.victims, admit = c.policy.Victims(c.victims[:0], newcomer, want)
		if !admit {
			return 0, false
		}
		freed = 0
		kept := c.victims[:0]
		for _, v := range c.victims {
			if old != nil && v == &old.Entry {
				continue
			}
			freed += v.Size
			kept = append(kept, v)
		}
		hadOld := len(kept) < len(c.victims)
		c.victims = kept
		if freed >= need || !hadOld || want > need {
			return freed, true
		}
		want = need + old.Size
	}
}

// replace puts e, whose bytes are reserved, into the table in the place of old if
// that is not nil. mu is held.
func (c *Cache[K, V]) replace(old, e *entry[K, V]) {
	if old != nil {
		c.leave(old, causeReplaced)
	}
	c.table[e.key] = e
	if c.versionOf != nil {
		e.version = c.joinVersion(e.versionID)
	}
	c.admit(e)
}

// admit hands e to the policy. mu is held.
func (c *Cache[K, V]) admit(e *entry[K, V]) {
	c.resident += e.Size
	if c.resident > c.told {
		c.tell(max(c.resident, c.share.Budget().Limit()))
	}
	c.policy.Add(&e.Entry)
}

// adapt tells the policy what the cache may hold, which shows only when room
// lacks: table, pinned entries and other caches take their part of the limit, and
// extra is what comes on top of what the policy holds. mu is held.
func (c *Cache[K, V]) adapt(extra int64) {
	capacity := max(1, c.resident+extra)
	if capacity < c.told-c.told/16 || capacity > c.told+c.told/16 {
		c.tell(capacity)
	}
}

// tell tells the policy its capacity in bytes. mu is held, or the cache not shared yet.
func (c *Cache[K, V]) tell(capacity int64) {
	c.told = capacity
	c.policy.Resize(max(1, capacity))
}

// remove removes e, which is in the table, and gives its bytes back. mu is held.
func (c *Cache[K, V]) remove(e *entry[K, V], why cause) {
	if c.leave(e, why) {
		c.share.Reserve(-e.Size)
	}
}

// leave takes e out of the table and the policy, and reports whether its bytes
// are the caller's now: not so while e is pinned. mu is held.
func (c *Cache[K, V]) leave(e *entry[K, V], why cause) bool {
	delete(c.table, e.key)
	c.stats.Evictions.count(why)
	if e.version != nil {
		c.leaveVersion(e.versionID, e.version)
	}
	if p := c.pins[e]; p != nil {
		p.gone = true
		return false
	}
	c.policy.Remove(&e.Entry, why.reason())
	c.resident -= e.Size
	return true
}

// shed evicts entries of need bytes for another member of the budget.
func (c *Cache[K, V]) shed(need int64) (freed int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.victims, _ = c.policy.Victims(c.victims[:0], nil, need)
	for _, v := range c.victims {
		c.leave(fromHead[K, V](v), causeRoom)
		freed += v.Size
	}
	c.share.Yield(freed)
	return freed
}

// Pin keeps the entry of key from being evicted until release is called, which
// may be called more than once. ok is false, and release does nothing, if the
// cache does not hold the key. The bytes of a pinned entry stay in the budget: an entry that is
// deleted, replaced or retired while it is pinned can no longer be found, but
// its bytes come back only with the release.
func (c *Cache[K, V]) Pin(key K) (release func(), ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e := c.find(key)
	if e == nil {
		return func() {}, false
	}
	p := c.pins[e]
	if p == nil {
		p = new(pin)
		c.pins[e] = p
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
	delete(c.pins, e)
	c.pinned -= e.Size
	if p.gone {
		c.share.Reserve(-e.Size)
		return
	}
	c.admit(e)
}

// joinVersion returns the version of that id, with one user more. mu is held.
func (c *Cache[K, V]) joinVersion(id [32]byte) *version {
	v := c.versions[id]
	if v == nil {
		v = new(version)
		c.versions[id] = v
	}
	v.users++
	return v
}

// leaveVersion takes one user off v. mu is held.
func (c *Cache[K, V]) leaveVersion(id [32]byte, v *version) {
	if v.users--; v.users == 0 && c.versions[id] == v {
		delete(c.versions, id)
	}
}
