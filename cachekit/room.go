package cachekit

// maxTries is how often room is looked for before a value is handed out
// uncached. Room that was made for one cache cannot be taken by another, so a
// second try is rare: the others had too little, or the policy nominated fewer
// bytes than were needed.
const maxTries = 4

// A verdict says what became of a newcomer.
type verdict uint8

const (
	placed  verdict = iota
	lacking         // others must give room first
	refused         // by the policy
	noRoom
)

// put takes e into the cache, for the load f unless that is nil, and reports
// whether the cache holds it. No lock is held.
func (c *Cache[K, V]) put(e *entry[K, V], f *flight[K, V]) bool {
	var id [32]byte
	if c.versionOf != nil {
		id = c.versionOf(e.key)
	}
	var grant int64 // bytes that others gave up for e
	for try := 1; ; try++ {
		c.lock()
		if f != nil && !c.current(f) {
			c.share.Reserve(-grant)
			c.landed(f)
			c.mu.Unlock()
			return false
		}
		c.sweep()
		c.catchUp()
		c.enter(e, id)
		got, need := c.place(e, &grant, try >= maxTries)
		if got != placed {
			c.quit(e)
		}
		if got == lacking {
			own := c.spareTable() // e cannot do without, even if all others leave
			c.unlock()
			if need > c.share.Spare()-own {
				try = max(try, maxTries-1) // nobody shall leave in vain
				continue
			}
			grant += c.share.Collect(need)
			continue
		}
		c.settle(e, got)
		if f != nil {
			c.landed(f)
		} else { // now and not at a try before: e overtakes loads at the instant that it is held
			c.detach(&e.key, e.Hash)
		}
		c.share.Reserve(-grant)
		c.unlock()
		return got == placed
	}
}

// lock locks mu. Whoever holds it does so for a microsecond, which is a fraction of
// what it takes to put a goroutine to sleep and wake it up again, so it is worth
// while to try for longer than a mutex does by itself.
func (c *Cache[K, V]) lock() {
	for range lockTries {
		if c.mu.TryLock() {
			return
		}
		for range lockPause { // so that the one who holds it keeps its cache line
		}
	}
	c.mu.Lock()
}

// Measured with 2 goroutines, a quarter of whose operations are writes: the
// adaptive policy, under which the lock is held longest, does a third more of them.
const (
	lockTries = 100
	lockPause = 100 // rounds of an empty loop, some 40 ns
)

// settle counts what became of e, and sees to it that an old value of its key is
// gone if e was not placed. mu is held.
func (c *Cache[K, V]) settle(e *entry[K, V], got verdict) {
	switch got {
	case placed:
		return
	case refused:
		c.counts.Refused++
	default:
		c.counts.Uncached++
	}
	if old := c.find(&e.key, e.Hash); old != nil {
		c.remove(old, c.staleOr(old, CauseDeleted))
	}
	c.shrunk += c.table.Shrink(e.Hash) // it may have grown for e alone
	c.share.Reserve(-c.takeShrunk())
}

// place puts e into the table if room can be had from the budget, from *grant or
// from own entries; what it takes from *grant it takes off. If others must give
// room first it returns how many bytes are lacking. mu is held.
func (c *Cache[K, V]) place(e *entry[K, V], grant *int64, last bool) (verdict, int64) {
	if e.Size > c.share.Budget().Limit() {
		return noRoom, 0
	}
	old := c.find(&e.key, e.Hash)
	if old == nil {
		if growth, _ := c.table.Growth(e.Hash); growth > 0 && c.reserve(growth, grant) {
			c.table.Grow(e.Hash)
		}
	}
	need := c.needs(e, old)
	full := old == nil && c.maxEntries > 0 && c.table.Len() >= c.maxEntries
	if !full && c.reserve(need, grant) {
		c.insert(old, e)
		return placed, 0
	}
	lack := need - *grant - c.share.Free()
	if !full && !last && !c.share.Turn() {
		return lacking, lack
	}
	c.adapt(need - max(0, lack))
	freed, admit := c.nominate(e, old, lack, full)
	switch {
	case !admit:
		return refused, 0
	case last && (freed < lack || full && len(c.victims) == 0):
		return noRoom, 0
	case freed < lack || full && len(c.victims) == 0:
		return lacking, lack
	}
	for _, v := range c.victims {
		c.leave(fromHead[K, V](v), CauseCapacity)
	}
	*grant += freed + c.takeShrunk()
	need = c.needs(e, old)
	if !c.reserve(need, grant) { // another cache took what was free
		return lacking, need - *grant
	}
	c.insert(old, e)
	return placed, 0
}

// needs returns the bytes that e takes, and the table with it if it cannot do
// without growing, beyond those of old, which e replaces. mu is held.
func (c *Cache[K, V]) needs(e, old *entry[K, V]) int64 {
	if old == nil {
		if growth, must := c.table.Growth(e.Hash); must {
			return e.Size + growth
		}
		return e.Size
	}
	if c.isPinned(old) {
		return e.Size // the bytes of old stay with the pin
	}
	return e.Size - old.Size
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
	switch {
	case need <= 0 && !full:
		return 0, true
	case old == nil:
		c.victims, admit = c.policy.Victims(c.victims, &e.Entry, need)
		return c.freed(nil), admit
	}
	// The key has earned its place, so the policy is not asked whether to admit e.
	c.victims, _ = c.policy.Victims(c.victims, nil, need)
	n := len(c.victims)
	if freed = c.freed(old); freed < need && len(c.victims) < n {
		c.victims, _ = c.policy.Victims(c.victims[:0], nil, need+old.Size)
		freed = c.freed(old)
	}
	return freed, true
}

// freed takes old out of the victims if it is one, and returns the bytes of the
// others. mu is held.
func (c *Cache[K, V]) freed(old *entry[K, V]) (bytes int64) {
	others := c.victims[:0]
	for _, v := range c.victims {
		if old != nil && v == &old.Entry {
			continue
		}
		bytes += v.Size
		others = append(others, v)
	}
	c.victims = others
	return bytes
}

// insert puts e, whose bytes are reserved, into the table, in the place of old if
// that is not nil. mu is held.
func (c *Cache[K, V]) insert(old, e *entry[K, V]) {
	if old != nil {
		c.table.Replace(&old.Hash, &e.Hash)
		c.drop(old, c.staleOr(old, CauseReplaced))
		c.admit(e)
		return
	}
	if _, must := c.table.Growth(e.Hash); must {
		c.table.Grow(e.Hash)
	}
	c.table.Insert(&e.Hash)
	c.admit(e)
}

// admit hands e to the policy. mu is held.
func (c *Cache[K, V]) admit(e *entry[K, V]) {
	c.inserted++
	c.resident += e.Size
	if c.resident > c.told {
		c.tell(max(c.resident, c.mayHold(c.share.Budget().Limit())))
	}
	c.policy.Add(&e.Entry)
	if c.at.rings != nil && c.inserted-c.sample.inserted > busy {
		c.sample.adapt(c.inserted, c.table.Len(), c.counted)
	}
}

// adapt tells the policy what the cache may hold, which shows only when room
// lacks: table, pinned entries and other caches take their part of the limit.
// extra is what comes on top of what the policy holds. mu is held.
func (c *Cache[K, V]) adapt(extra int64) {
	capacity := max(1, c.resident+extra)
	if capacity < c.told-c.told/16 || capacity > c.told+c.told/16 {
		c.tell(capacity)
	}
}

// tell tells the policy its capacity in bytes. mu is held, or the cache not
// shared yet.
func (c *Cache[K, V]) tell(capacity int64) {
	c.told = max(1, capacity)
	c.policy.Resize(c.told)
}

// remove removes e, which is in the table, and gives its bytes back. mu is held.
func (c *Cache[K, V]) remove(e *entry[K, V], why RemovalCause) {
	if c.leave(e, why) {
		c.share.Reserve(-e.Size)
	}
	c.share.Reserve(-c.takeShrunk())
}

// leave takes e out of table and policy, and reports whether its bytes are the
// caller's now: not so while e is pinned. mu is held.
func (c *Cache[K, V]) leave(e *entry[K, V], why RemovalCause) bool {
	c.table.Remove(&e.Hash)
	c.shrunk += c.table.Shrink(e.Hash)
	return c.drop(e, why)
}

// drop is leave for an entry that is no longer in the table. mu is held.
func (c *Cache[K, V]) drop(e *entry[K, V], why RemovalCause) bool {
	c.remember(e, why)
	c.quit(e)
	if c.isPinned(e) {
		c.pins[&e.Entry].gone = true
		return false
	}
	c.policy.Remove(&e.Entry, why.reason())
	c.resident -= e.Size
	return true
}

// takeShrunk returns the bytes that the table gave back since the last call:
// they are the caller's now. mu is held.
func (c *Cache[K, V]) takeShrunk() int64 {
	bytes := c.shrunk
	c.shrunk = 0
	return bytes
}

// spare returns the bytes that shed could give up: those of the entries that are
// not pinned, and the table's if it would be empty then.
func (c *Cache[K, V]) spare() int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.resident + c.spareTable()
}

// spareTable returns the bytes of the table, if shed could give them up. mu is held.
func (c *Cache[K, V]) spareTable() int64 {
	if len(c.pins) > 0 {
		return 0
	}
	return c.table.Bytes()
}

// shed evicts entries of need bytes for another member of the budget. No lock is
// held.
func (c *Cache[K, V]) shed(need int64) (freed int64) {
	c.mu.Lock()
	defer c.unlock()
	for freed < need {
		c.victims, _ = c.policy.Victims(c.victims[:0], nil, need-freed)
		if len(c.victims) == 0 {
			break
		}
		for _, v := range c.victims {
			c.leave(fromHead[K, V](v), CauseCapacity)
			freed += v.Size
		}
		freed += c.takeShrunk()
	}
	c.share.Yield(freed)
	return freed
}
