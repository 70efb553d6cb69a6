package bundle

import (
	"container/list"
	"fmt"
	"io/fs"
	"sync"
)

// A Pool keeps versions open between trials, so that their manifests are read
// and verified once. The version that was asked for least recently leaves when
// there are too many; it is closed when the last who uses it has closed it. All
// methods may be called concurrently; opening one version blocks nobody who asks
// for another.
type Pool struct {
	store *Store
	size  int

	mu     sync.Mutex
	open   map[poolKey]*list.Element // guarded by mu; of *poolEntry
	recent list.List                 // guarded by mu; the one used last in front
	stats  PoolStats                 // guarded by mu
	closed bool                      // guarded by mu
}

type poolKey struct {
	name    string
	version Version
}

type poolEntry struct {
	key    poolKey
	ready  chan struct{} // closed when bundle and err are set
	bundle *Bundle
	err    error
	gone   bool // guarded by Pool.mu: it left the pool, maybe before it was ready
}

// PoolStats counts what a pool did since it was made.
type PoolStats struct {
	Hits, Misses, Failures, Evictions uint64
	Open, Size                        int // versions that are open, and that may be
}

// NewPool returns a pool of at most size open versions of a store; a size below
// 1 means that nothing is kept open.
func NewPool(store *Store, size int) *Pool {
	return &Pool{store: store, size: max(0, size), open: make(map[poolKey]*list.Element)}
}

// Open returns a handle of a version, which the caller closes. Callers who ask
// for one version at the same time wait for one and the same opening; if it
// fails, all get the error, and the next call tries again.
func (p *Pool) Open(name string, v Version) (*Bundle, error) {
	key := poolKey{name, v}
	for {
		e, mine, err := p.entry(key)
		if err != nil {
			return nil, err
		}
		if mine {
			e.bundle, e.err = p.store.Open(name, v)
			if e.err == nil {
				e.bundle.acquire() // for the handle that finish returns
			}
			close(e.ready)
			return p.finish(e)
		}
		<-e.ready
		if e.err != nil {
			return nil, e.err
		}
		if e.bundle.acquire() {
			return &Bundle{content: e.bundle.content}, nil
		}
		// It left the pool, and was closed, between the two.
	}
}

// entry returns the entry of a version, and whether the caller has to open it.
func (p *Pool) entry(key poolKey) (e *poolEntry, mine bool, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return nil, false, fmt.Errorf("open bundle %q: the pool was closed before: %w", key.name, fs.ErrClosed)
	}
	if at, ok := p.open[key]; ok {
		p.stats.Hits++
		p.recent.MoveToFront(at)
		return at.Value.(*poolEntry), false, nil
	}
	p.stats.Misses++
	e = &poolEntry{key: key, ready: make(chan struct{})}
	p.open[key] = p.recent.PushFront(e)
	return e, true, nil
}

// finish returns the first handle of an entry that was just opened, and lets the
// least recently used ones go.
func (p *Pool) finish(e *poolEntry) (*Bundle, error) {
	if e.err != nil {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.stats.Failures++
		p.drop(e)
		return nil, e.err
	}
	handle := &Bundle{content: e.bundle.content}
	p.mu.Lock()
	defer p.mu.Unlock()
	if e.gone { // dropped meanwhile, maybe before there was a bundle to close
		e.bundle.Close()
		return handle, nil
	}
	for p.recent.Len() > p.size {
		p.stats.Evictions++
		p.drop(p.recent.Back().Value.(*poolEntry))
	}
	return handle, nil
}

// drop takes an entry out of the pool; p.mu is held. Closing only counts down, or
// closes one file, so it may happen under the lock.
func (p *Pool) drop(e *poolEntry) {
	if e.gone {
		return
	}
	e.gone = true
	p.recent.Remove(p.open[e.key])
	delete(p.open, e.key)
	select {
	case <-e.ready:
		if e.bundle != nil {
			e.bundle.Close()
		}
	default: // finish will see that it is gone
	}
}

// Stats returns the counts so far.
func (p *Pool) Stats() PoolStats {
	p.mu.Lock()
	defer p.mu.Unlock()
	stats := p.stats
	stats.Open, stats.Size = p.recent.Len(), p.size
	return stats
}

// Clear lets all versions go; they are closed when nobody uses them any more.
func (p *Pool) Clear() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for p.recent.Len() > 0 {
		p.drop(p.recent.Back().Value.(*poolEntry))
	}
}

// Close is Clear, after which Open fails.
func (p *Pool) Close() error {
	p.Clear()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	return nil
}
