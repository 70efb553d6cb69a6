package cachekit

import (
	"math"
	"strings"
	"sync/atomic"
	"time"
	"unsafe"

	"github.com/bmadventure/optcache/internal/mark"
	"github.com/bmadventure/optcache/policy"
	"github.com/bmadventure/optcache/sizing"
)

// An entry is one key with its value. Key and size never change after the entry
// came, and neither does the value unless it is of one word, which can be
// replaced in one piece: else a new value is a new entry. It begins with the head that its
// policy knows it by, and that with the hash that the table knows it by, so a
// pointer to any of the three is a pointer to the entry.
type entry[K comparable, V any] struct {
	policy.Entry
	key   K
	value V
}

// The hash must come first.
var _ = [1]struct{}{}[unsafe.Offsetof(policy.Entry{}.Hash)]

// An extended entry knows more. All entries of a cache are extended, or none.
type extended[K comparable, V any] struct {
	entry[K, V]
	version     *version // nil without versions
	born        int64    // ns on the clock of the cache
	used        atomic.Int64
	fingerprint uint64
}

// A texted entry keeps the text of its key with it, if that is short. So a look-up
// that compares it finds it at hand, and a key that was cut from a long line does
// not keep that in memory.
type texted[K comparable, V any] struct {
	entry[K, V]
	text [textBytes]byte
}

// A lending entry is one of a table with fronts, which hold its mark.
type lending[K comparable, V any] struct {
	entry[K, V]
	word *mark.Word // where hits are marked; read and written by package mark
}

const textBytes = 24 // a key of a text and a digest then fills two cache lines

// hit is policy.Entry's Hit, in line.
func (e *entry[K, V]) hit() {
	at := (*uint32)(unsafe.Add(unsafe.Pointer(e), mark.At))
	if bits := atomic.LoadUint32(at); bits&mark.Max < mark.Max {
		atomic.CompareAndSwapUint32(at, bits, bits+1)
	}
}

// bytesOfEntry returns the heap that an entry takes.
func (c *Cache[K, V]) bytesOfEntry() int64 {
	switch {
	case c.extended:
		return sizing.Pointer(new(extended[K, V]))
	case c.text != nil:
		return sizing.Pointer(new(texted[K, V]))
	case c.fronted:
		return sizing.Pointer(new(lending[K, V]))
	}
	return sizing.Pointer(new(entry[K, V]))
}

// sizeOf returns the bytes that an entry with that key and value is charged for.
// It calls the user's function, so no lock is held.
func (c *Cache[K, V]) sizeOf(key K, value V) int64 {
	if c.size == nil {
		return c.entryBytes
	}
	// What would overflow is too large for any budget, and stays so.
	size := min(max(0, c.size(key, value)), math.MaxInt64/4)
	if c.text != nil {
		if text := *c.text(noescape(&key)); len(text) <= textBytes {
			size -= min(size, sizing.String(text))
		}
	}
	return c.entryBytes + size
}

// newEntry returns an entry that is in no table yet. It calls the user's
// functions, so no lock is held.
func (c *Cache[K, V]) newEntry(key K, value V, hash uint64, size int64, cost time.Duration) *entry[K, V] {
	var e *entry[K, V]
	switch {
	case c.extended:
		e = c.newExtended(value)
		e.key = key
	case c.text != nil:
		e = c.newTexted(key)
	case c.fronted:
		e = &new(lending[K, V]).entry
		e.key = key
	default:
		e = new(entry[K, V])
		e.key = key
	}
	e.value = value
	e.Hash, e.Size = hash, size
	e.Cost = uint32(min(cost.Microseconds(), math.MaxUint32))
	return e
}

func (c *Cache[K, V]) newExtended(value V) *entry[K, V] {
	x := &extended[K, V]{born: c.clock.now()}
	x.used.Store(x.born)
	if c.guard.fingerprint != nil {
		x.fingerprint = c.guard.fingerprint(value)
	}
	return &x.entry
}

func (c *Cache[K, V]) newTexted(key K) *entry[K, V] {
	x := &texted[K, V]{entry: entry[K, V]{key: key}}
	if text := c.text(&x.key); len(*text) <= textBytes {
		*text = unsafe.String(unsafe.SliceData(x.text[:]), copy(x.text[:], *text))
	}
	return &x.entry
}

// keyOf returns the key of e for somebody who may keep it: that shall not keep e.
func (c *Cache[K, V]) keyOf(e *entry[K, V]) K {
	key := e.key
	if c.text != nil {
		text := c.text(&key)
		*text = strings.Clone(*text)
	}
	return key
}

// extend returns e as the extended entry that it is, if the cache has such.
func extend[K comparable, V any](e *entry[K, V]) *extended[K, V] {
	return (*extended[K, V])(unsafe.Pointer(e))
}

// fromHead returns the entry that h heads.
func fromHead[K comparable, V any](h *policy.Entry) *entry[K, V] {
	return (*entry[K, V])(unsafe.Pointer(h))
}

// fromHash returns the entry that begins with that hash.
func fromHash[K comparable, V any](hash *uint64) *entry[K, V] {
	return (*entry[K, V])(unsafe.Pointer(hash))
}

// hashOf returns the hash of key.
func (c *Cache[K, V]) hashOf(key *K) uint64 {
	if c.integer {
		return hashWord(*(*uint64)(unsafe.Pointer(key)), c.seed)
	}
	return c.hash(noescape(key), c.seed)
}

// find returns the entry of key, nil if there is none. It needs no lock.
func (c *Cache[K, V]) find(key *K, hash uint64) *entry[K, V] {
	p := c.table.Find(hash)
	if p == nil {
		return nil
	}
	if e := fromHash[K, V](p); c.equal == nil && e.key == *key {
		return e
	}
	return c.findEqual(key, hash)
}

// findEqual finds the entry of key where keys have an equality of their own, or
// another key has the same hash.
func (c *Cache[K, V]) findEqual(key *K, hash uint64) *entry[K, V] {
	key = noescape(key)
	p := c.table.Next(hash, func(p *uint64) bool {
		return c.same(&fromHash[K, V](p).key, key)
	})
	return fromHash[K, V](p)
}

// same reports whether a and b are the same key.
func (c *Cache[K, V]) same(a, b *K) bool {
	if c.equal != nil {
		return c.equal(noescape(a), noescape(b))
	}
	return *a == *b
}

// noescape returns p, in a way that hides from the compiler that what p points to
// may escape through what is done with it. Hooks promise not to keep their
// arguments; without this each look-up would have to allocate its key. The
// runtime does not move a stack while a pointer to it is only in a uintptr: it
// does so at calls and function entries alone, and there is none in between.
func noescape[T any](p *T) *T {
	address := uintptr(unsafe.Pointer(p))
	return *(**T)(unsafe.Pointer(&address))
}
