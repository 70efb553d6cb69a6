package cachekit

import (
	"context"
	"fmt"
	"runtime/debug"
	"time"
)

// A flight is one load of one key, and all who wait for it.
type flight[K comparable, V any] struct {
	key    K
	hash   uint64
	next   *flight[K, V] // of another key with the same hash; guarded by mu of the cache
	cancel context.CancelFunc
	done   chan struct{} // closed when value and err are set

	value V
	err   error
	took  time.Duration // the load, once it has ended

	waiters int      // guarded by mu of the cache
	version *version // nil without versions
}

// miss returns the value of key, which the cache did not hold a moment ago. No
// lock is held.
func (c *Cache[K, V]) miss(ctx context.Context, key K, load func(context.Context, K) (V, error)) (V, error) {
	hash := c.hashOf(&key)
	var id [32]byte
	if c.versionOf != nil {
		id = c.versionOf(key)
	}
	c.mu.Lock()
	c.catchUp()
	if e := c.find(&key, hash); e != nil {
		why := c.staleOr(e, causeNone)
		if why == causeNone { // a load landed meanwhile
			c.unlock()
			return c.Get(ctx, key, load) // it may have left again
		}
		c.remove(e, why)
	}
	c.recordMiss()
	if err := ctx.Err(); err != nil {
		c.unlock()
		var zero V
		return zero, err
	}
	f := c.flightOf(&key, hash)
	if f == nil || !c.current(f) {
		f = c.start(ctx, key, hash, id, load)
	}
	f.waiters++
	c.unlock()
	return c.await(ctx, f)
}

// start starts the load of key, which belongs to the version of that id. mu is held.
func (c *Cache[K, V]) start(ctx context.Context, key K, hash uint64, id [32]byte, load func(context.Context, K) (V, error)) *flight[K, V] {
	f := &flight[K, V]{key: key, hash: hash, done: make(chan struct{})}
	if c.versionOf != nil {
		f.version = c.joinVersion(id)
	}
	c.detach(&key, hash) // one of a version that was retired
	f.next = c.flights[hash]
	c.flights[hash] = f
	ctx, f.cancel = context.WithCancel(context.WithoutCancel(ctx))
	go c.fly(ctx, f, load)
	return f
}

// flightOf returns the load of key that may fill the cache, nil if there is none.
// mu is held.
func (c *Cache[K, V]) flightOf(key *K, hash uint64) *flight[K, V] {
	f := c.flights[hash]
	for f != nil && !c.same(&f.key, key) {
		f = f.next
	}
	return f
}

// current reports whether nothing has invalidated what f loads since it began.
// mu is held.
func (c *Cache[K, V]) current(f *flight[K, V]) bool {
	if f.version != nil && f.version.retired.Load() {
		return false
	}
	g := c.flights[f.hash]
	for g != nil && g != f {
		g = g.next
	}
	return g == f
}

// detach makes the load of key, if there is one, neither fill the cache nor be
// joined by anyone more. mu is held.
func (c *Cache[K, V]) detach(key *K, hash uint64) {
	if len(c.flights) == 0 {
		return
	}
	if f := c.flightOf(key, hash); f != nil {
		c.ground(f)
	}
}

// ground takes f out of the flights, if it is among them. mu is held.
func (c *Cache[K, V]) ground(f *flight[K, V]) {
	if c.flights[f.hash] == f {
		if c.flights[f.hash] = f.next; f.next == nil {
			delete(c.flights, f.hash)
		}
		return
	}
	for g := c.flights[f.hash]; g != nil; g = g.next {
		if g.next == f {
			g.next = f.next
			return
		}
	}
}

// await waits for f, but not longer than ctx.
func (c *Cache[K, V]) await(ctx context.Context, f *flight[K, V]) (V, error) {
	select {
	case <-f.done:
		return f.value, f.err
	case <-ctx.Done():
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if f.waiters--; f.waiters == 0 {
		f.cancel()
		c.ground(f)
	}
	var zero V
	return zero, ctx.Err()
}

// fly runs load and hands what it returned to the cache and to all who wait.
func (c *Cache[K, V]) fly(ctx context.Context, f *flight[K, V], load func(context.Context, K) (V, error)) {
	var (
		e       *entry[K, V]
		took    time.Duration
		start   = time.Now()
		regular = false
	)
	defer func() { // on a panic or Goexit too
		if !regular {
			took = time.Since(start)
			f.err = newStopped(recover(), f.key)
			e = nil
		}
		c.land(f, e, took)
	}()
	f.value, f.err = load(ctx, f.key)
	took = time.Since(start)
	if f.err == nil {
		e = c.newEntry(f.key, f.value, f.hash, c.sizeOf(f.key, f.value), took)
	}
	regular = true
}

// land ends f, whose value and err are set, and fills the cache with e unless
// that is nil.
func (c *Cache[K, V]) land(f *flight[K, V], e *entry[K, V], took time.Duration) {
	defer f.cancel()
	defer close(f.done)
	f.took = took
	if e != nil {
		c.put(e, f)
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.landed(f)
}

// landed counts f, which nobody can join from now on. mu is held, since f filled the cache
// if it did: who could join it later might get what was invalidated meanwhile.
func (c *Cache[K, V]) landed(f *flight[K, V]) {
	c.counts.Loads++
	c.counts.TotalLoadTime += f.took
	if f.err != nil {
		c.counts.LoadErrors++
	}
	c.ground(f)
	if f.version != nil {
		c.leaveVersion(f.version)
	}
}

// stopped is the error of a load that did not return.
type stopped struct {
	what  string
	cause error // nil unless the load panicked with an error
	stack []byte
}

// newStopped returns the error of a load of key that panicked with value, or
// called runtime.Goexit if value is nil.
func newStopped(value, key any) *stopped {
	s := &stopped{stack: debug.Stack()}
	if value == nil {
		s.what = fmt.Sprintf("loading key %v: the load called runtime.Goexit, return an error instead (in a test: t.Error, not t.Fatal)", key)
		return s
	}
	s.cause, _ = value.(error)
	s.what = fmt.Sprintf("loading key %v: the load panicked: %v", key, value)
	return s
}

func (s *stopped) Error() string { return s.what + "\n\n" + string(s.stack) }

func (s *stopped) Unwrap() error { return s.cause }
