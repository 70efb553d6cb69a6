package cachekit

import (
	"fmt"
	"time"

	"github.com/bmadventure/optcache/policy"
)

// A RemovalCause says why an entry left a cache.
type RemovalCause uint8

const (
	causeNone     RemovalCause = iota // it did not
	CauseCapacity                     // the policy chose it to make room for another entry, of this cache or of another of its budget
	CauseReplaced                     // its key was set again
	CauseDeleted                      // Delete, or Set of a value that was not kept
	CauseCleared                      // Clear
	CauseRetired                      // Retire of its version
	CauseExpired                      // it grew too old, or was not asked for in a long time
)

var causeNames = [...]string{
	causeNone: "held", CauseCapacity: "capacity", CauseReplaced: "replaced", CauseDeleted: "deleted",
	CauseCleared: "cleared", CauseRetired: "retired", CauseExpired: "expired",
}

// String returns the cause in one word.
func (c RemovalCause) String() string {
	if int(c) < len(causeNames) {
		return causeNames[c]
	}
	return fmt.Sprintf("cause %d", uint8(c))
}

// reason is what the policy is told.
func (c RemovalCause) reason() policy.Reason {
	switch c {
	case CauseCapacity:
		return policy.Evicted
	case CauseReplaced:
		return policy.Replaced
	}
	return policy.Deleted
}

// A Removal tells how an entry left.
type Removal struct {
	Cause    RemovalCause
	Time     time.Time     // when it left
	Age      time.Duration // how long it had been there
	LoadTime time.Duration // what its load took, to the microsecond; 0 if it was Set
	Size     int64         // bytes that it was charged for
}

// String tells it in one line.
func (d Removal) String() string {
	return fmt.Sprintf("left at %s (%v) after %v, %d bytes, loaded in %v",
		d.Time.Format(time.StampMilli), d.Cause, d.Age, d.Size, d.LoadTime)
}

// LastRemoval tells how the last entry of key left the cache, if that is among the last
// [Options.RemovalHistory].
func (c *Cache[K, V]) LastRemoval(key K) (Removal, bool) {
	hash := c.hashOf(&key)
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.removals.find(hash)
}

// A ring remembers the last removals by the hashes of their keys.
type ring struct {
	last []removed
	next int
}

type removed struct {
	hash uint64
	Removal
}

func newRing(n int) ring { return ring{last: make([]removed, n)} }

func (r *ring) add(hash uint64, d Removal) {
	if len(r.last) > 0 {
		r.last[r.next] = removed{hash, d}
		r.next = (r.next + 1) % len(r.last)
	}
}

// find returns the newest removal of that hash.
func (r *ring) find(hash uint64) (Removal, bool) {
	for i := range r.last {
		d := r.last[(r.next-1-i+2*len(r.last))%len(r.last)]
		if d.hash == hash && d.Cause != causeNone {
			return d.Removal, true
		}
	}
	return Removal{}, false
}

// An event is a removal that onRemoval is to be told.
type event[K comparable, V any] struct {
	entry *entry[K, V]
	Removal
}

// remember counts that e left and keeps what is to be told of it. mu is held.
func (c *Cache[K, V]) remember(e *entry[K, V], why RemovalCause) {
	c.counts.Evictions.count(why)
	if c.onRemoval == nil && len(c.removals.last) == 0 {
		return
	}
	now := c.clock.now()
	d := Removal{
		Cause:    why,
		Time:     c.clock.start.Add(time.Duration(now)),
		Age:      time.Duration(now - extend(e).born),
		LoadTime: time.Duration(e.Cost) * time.Microsecond,
		Size:     e.Size,
	}
	c.removals.add(e.Hash, d)
	if c.onRemoval != nil {
		c.untold = append(c.untold, event[K, V]{e, d})
	}
}

// unlock unlocks mu, and then tells onRemoval what left, unless somebody is at it
// already, who will tell this too. One teller at a time keeps the order, and
// lets onRemoval use the cache.
func (c *Cache[K, V]) unlock() {
	if len(c.untold) == 0 || c.telling {
		c.mu.Unlock()
		return
	}
	c.telling = true
	defer func() { // after a panic of onRemoval, the next who unlocks goes on
		c.telling = false
		c.mu.Unlock()
	}()
	for len(c.untold) > 0 {
		events := c.untold
		c.untold = nil
		c.tellAll(events)
	}
}

// tellAll tells onRemoval of events, with mu unlocked meanwhile. What a panic of
// onRemoval keeps from being told stays to be told.
func (c *Cache[K, V]) tellAll(events []event[K, V]) {
	told := 0
	c.mu.Unlock()
	defer func() {
		c.mu.Lock()
		if told < len(events) {
			c.untold = append(events[told:], c.untold...)
		}
	}()
	for _, e := range events {
		told++
		c.onRemoval(e.entry.key, e.entry.value, e.Removal)
	}
}

// count counts an entry that left.
func (e *Evictions) count(why RemovalCause) {
	switch why {
	case CauseCapacity:
		e.Capacity++
	case CauseReplaced:
		e.Replaced++
	case CauseDeleted:
		e.Deleted++
	case CauseCleared:
		e.Cleared++
	case CauseRetired:
		e.Retired++
	case CauseExpired:
		e.Expired++
	}
}
