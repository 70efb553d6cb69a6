// Package mutants holds broken caches, to prove that package propertytest notices.
//
// [New] makes a small cache that is right: it does all that the suite can ask for, with
// one lock, an LRU list and a list of loads. Each other file breaks it in one place: it
// replaces one part by another that differs from the right one in one edit. They are
// the mistakes that caches really make, found by reading them or reported by their users.
package mutants

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"sync"
	"time"

	"github.com/bmadventure/optcache/property_test"
)

// A Key is one list of numbers that was derived from a bundle.
type Key struct {
	Bundle   string
	Version  [32]byte
	Window   int
	Adjusted bool
}

// A Cache keeps lists by key. It is made of parts, so that a mutant can replace one.
type Cache struct {
	parts
	load     propertytest.Loader[Key, []float64]
	capacity int           // in units
	life     time.Duration // of a value; 0 is for ever

	mu      sync.Mutex // guards all below
	entries map[uint64][]*entry
	order   []*entry // least recently used first
	flights []*flight
	bytes   int64
	stats   propertytest.Counts
	changed []Key
}

// Unit is the bytes of room that one entry of capacity stands for.
const Unit = 104

type entry struct {
	key   Key
	value []float64
	size  int64
	print uint64
	came  time.Time
	pins  int
}

// A flight is a load under way. It is listed while Gets may join it and its value may be kept.
type flight struct {
	key     Key
	ctx     context.Context
	cancel  context.CancelFunc
	landed  chan struct{}
	value   []float64
	err     error
	waiters int
}

// parts are what the cache does, step by step. All but get, run, await and getMany
// are called under the lock.
type parts struct {
	hash  func(Key) uint64
	equal func(a, b Key) bool
	size  func(Key, []float64) int64
	print func([]float64) uint64

	find    func(Key) *entry // nil if it is not there or has expired
	expired func(*entry) bool
	use     func(*entry) // notes a hit
	check   func(*entry) // that no reader has changed it
	put     func(Key, []float64)
	room    func(need int64) bool
	victim  func() *entry
	remove  func(*entry)
	forget  func(match func(Key) bool) // entries and flights

	get     func(context.Context, Key) ([]float64, error)
	join    func(Key) *flight // nil if there is none
	start   func(context.Context, Key) *flight
	run     func(*flight) // loads
	finish  func(*flight)
	await   func(context.Context, *flight) ([]float64, error)
	leave   func(*flight) // one waiter less
	listed  func(*flight) bool
	getMany func(context.Context, []Key) ([][]float64, error)
	set     func(Key, []float64)
	clear   func()
	retire  func([32]byte)
	pin     func(*entry) func()
	length  func() int
	resize  func(int)
	close   func() error
}

// New returns the cache that is right.
func New(capacity int, life time.Duration, load propertytest.Loader[Key, []float64]) *Cache {
	c := &Cache{load: load, capacity: capacity, life: life, entries: map[uint64][]*entry{}}
	c.parts = parts{
		hash: hash, equal: func(a, b Key) bool { return a == b }, size: size, print: fingerprint,
		find: c.findEntry, expired: c.isExpired, use: c.noteUse, check: c.checkEntry, put: c.putValue, room: c.makeRoom,
		victim: c.leastRecent, remove: c.removeEntry, forget: c.forgetAll,
		get: c.getValue, join: c.joinFlight, start: c.startFlight, run: c.runLoad, finish: c.land, await: c.awaitFlight,
		leave: c.leaveFlight, listed: c.isListed, getMany: c.getEach, set: c.setValue,
		clear:  func() { c.forget(func(Key) bool { return true }) },
		retire: func(v [32]byte) { c.forget(func(k Key) bool { return k.Version == v }) },
		pin:    c.pinEntry, length: func() int { return len(c.order) }, resize: c.resizeTo, close: func() error { return nil },
	}
	return c
}

// What the suite calls.

func (c *Cache) Get(ctx context.Context, k Key) ([]float64, error) { return c.get(ctx, k) }

func (c *Cache) GetMany(ctx context.Context, keys []Key) ([][]float64, error) {
	return c.getMany(ctx, keys)
}

func (c *Cache) Set(k Key, v []float64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.set(k, v)
}

func (c *Cache) Invalidate(k Key) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.forget(func(other Key) bool { return c.equal(k, other) })
}

func (c *Cache) Clear() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.clear()
}

func (c *Cache) Retire(version [32]byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.retire(version)
}

func (c *Cache) Peek(k Key) ([]float64, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if e := c.find(k); e != nil {
		c.check(e)
		return e.value, true
	}
	return nil, false
}

func (c *Cache) Pin(k Key) (release func(), ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if e := c.find(k); e != nil {
		return c.pin(e), true
	}
	return func() {}, false
}

func (c *Cache) Len() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.length()
}

func (c *Cache) Bytes() int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.bytes
}

func (c *Cache) Limit() int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.limit()
}

func (c *Cache) Resize(capacity int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.resize(capacity)
}

func (c *Cache) Counts() propertytest.Counts {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.stats
}

func (c *Cache) Mutated() []Key {
	c.mu.Lock()
	defer c.mu.Unlock()
	changed := c.changed
	c.changed = nil
	return changed
}

func (c *Cache) Close() error { return c.close() }

// What it does.

func hash(k Key) uint64 {
	h := uint64(len(k.Bundle))
	for i := range len(k.Bundle) {
		h = h*31 + uint64(k.Bundle[i])
	}
	for _, b := range k.Version {
		h = h*31 + uint64(b)
	}
	return h*31 + uint64(k.Window)
}

func size(k Key, v []float64) int64 { return int64(len(k.Bundle) + 8*len(v)) }

func fingerprint(v []float64) uint64 {
	h := uint64(len(v))
	for _, x := range v {
		h = h*1099511628211 ^ math.Float64bits(x)
	}
	return h
}

func (c *Cache) limit() int64 { return int64(c.capacity) * Unit }

func (c *Cache) findEntry(k Key) *entry {
	for _, e := range c.entries[c.hash(k)] {
		if !c.equal(e.key, k) {
			continue
		}
		if c.expired(e) {
			c.remove(e)
			return nil
		}
		return e
	}
	return nil
}

func (c *Cache) isExpired(e *entry) bool { return c.life > 0 && time.Since(e.came) > c.life }

func (c *Cache) noteUse(e *entry) {
	c.stats.Hits++
	c.order = append(without(c.order, e), e)
	c.check(e)
}

func (c *Cache) checkEntry(e *entry) {
	if c.print(e.value) != e.print {
		c.changed = append(c.changed, e.key)
	}
}

func (c *Cache) setValue(k Key, v []float64) {
	c.forget(func(other Key) bool { return c.equal(k, other) })
	c.put(k, v)
}

func (c *Cache) putValue(k Key, v []float64) {
	if old := c.find(k); old != nil {
		c.remove(old)
	}
	n := c.size(k, v)
	if !c.room(n) {
		return
	}
	e := &entry{key: k, value: v, size: n, print: c.print(v), came: time.Now()}
	h := c.hash(k)
	c.entries[h] = append(c.entries[h], e)
	c.order = append(c.order, e)
	c.bytes += n
}

func (c *Cache) makeRoom(need int64) bool {
	free := c.limit() - c.bytes
	for _, e := range c.order {
		if e.pins == 0 {
			free += e.size
		}
	}
	if need > free {
		return false
	}
	for c.bytes+need > c.limit() {
		c.remove(c.victim())
		c.stats.Evictions++
	}
	return true
}

func (c *Cache) leastRecent() *entry {
	for _, e := range c.order {
		if e.pins == 0 {
			return e
		}
	}
	return nil
}

func (c *Cache) removeEntry(e *entry) {
	h := c.hash(e.key)
	c.entries[h] = without(c.entries[h], e)
	c.order = without(c.order, e)
	c.bytes -= e.size
}

func (c *Cache) forgetAll(match func(Key) bool) {
	for _, e := range slices.Clone(c.order) {
		if match(e.key) {
			c.remove(e)
		}
	}
	c.flights = slices.DeleteFunc(c.flights, func(f *flight) bool { return match(f.key) })
}

func (c *Cache) getValue(ctx context.Context, k Key) ([]float64, error) {
	c.mu.Lock()
	if e := c.find(k); e != nil {
		c.use(e)
		c.mu.Unlock()
		return e.value, nil
	}
	c.stats.Misses++
	f := c.join(k)
	if f == nil {
		f = c.start(ctx, k)
	}
	f.waiters++
	c.mu.Unlock()
	return c.await(ctx, f)
}

func (c *Cache) joinFlight(k Key) *flight {
	for _, f := range c.flights {
		if c.equal(f.key, k) {
			return f
		}
	}
	return nil
}

func (c *Cache) startFlight(ctx context.Context, k Key) *flight {
	f := &flight{key: k, landed: make(chan struct{})}
	f.ctx, f.cancel = context.WithCancel(context.WithoutCancel(ctx))
	c.flights = append(c.flights, f)
	go c.run(f)
	return f
}

var errGone = errors.New("the load ended its goroutine")

func (c *Cache) runLoad(f *flight) {
	f.err = errGone
	defer func() {
		if p := recover(); p != nil {
			f.err = fmt.Errorf("the load panicked: %v", p)
		}
		c.mu.Lock()
		defer c.mu.Unlock()
		c.finish(f)
		f.cancel()
		close(f.landed)
	}()
	f.value, f.err = c.load(f.ctx, f.key)
}

func (c *Cache) land(f *flight) {
	c.stats.Loads++
	if f.err != nil {
		c.stats.LoadErrors++
	}
	if c.listed(f) {
		c.flights = without(c.flights, f)
		if f.err == nil {
			c.put(f.key, f.value)
		}
	}
}

func (c *Cache) isListed(f *flight) bool { return slices.Contains(c.flights, f) }

func (c *Cache) awaitFlight(ctx context.Context, f *flight) ([]float64, error) {
	select {
	case <-f.landed:
		return f.value, f.err
	case <-ctx.Done():
		c.mu.Lock()
		defer c.mu.Unlock()
		c.leave(f)
		return nil, ctx.Err()
	}
}

func (c *Cache) leaveFlight(f *flight) {
	f.waiters--
	if f.waiters == 0 {
		c.flights = without(c.flights, f)
		f.cancel()
	}
}

func (c *Cache) getEach(ctx context.Context, keys []Key) ([][]float64, error) {
	values := make([][]float64, len(keys))
	for i, k := range keys {
		v, err := c.get(ctx, k)
		if err != nil {
			return nil, err
		}
		values[i] = v
	}
	return values, nil
}

func (c *Cache) pinEntry(e *entry) (release func()) {
	e.pins++
	return sync.OnceFunc(func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		e.pins--
	})
}

func (c *Cache) resizeTo(capacity int) {
	c.capacity = capacity
	for c.bytes > c.limit() {
		c.remove(c.victim())
	}
}

// without returns list without x, in an array of its own.
func without[T comparable](list []T, x T) []T {
	return slices.DeleteFunc(slices.Clone(list), func(y T) bool { return x == y })
}
