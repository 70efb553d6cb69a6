// Package tally counts what many goroutines do, exactly, at a fraction of the cost
// of an atomic addition to one word, and of one to a word of one's own.
//
// # How
//
// A goroutine knows itself by the page of its stack that it is on: no other
// goroutine is on that page, as long as this one does not leave it. So each stripe
// has a cell whose owner is one page, and a goroutine on that page adds to the
// cell by a plain load and store, for nobody else writes to it. Whoever finds
// that the stripe of its page has another owner adds to a word beside the cell,
// atomically.
//
// That nobody else is on the page holds from the moment where the page is looked
// up to the store, because in between there is no call: the runtime moves a stack
// only when its goroutine calls a function or blocks. (It may preempt a
// goroutine anywhere, but does not move its stack then.) When a stack was given back
// and another goroutine has it, the runtime's own locks lie between the two, so
// the second sees what the first stored.
//
// A cell whose owner counts no more is succeeded by another: it stays, and is part
// of the sum, because its owner may be about to store. There are [maxCells] of them
// at most.
package tally

import (
	"math/bits"
	"runtime"
	"sync/atomic"
	"unsafe"
)

// A Tally counts hits and misses, and says on which stripe a goroutine is. All
// methods may be called concurrently.
type Tally struct {
	stripes []stripe     // a power of two of them
	mask    uintptr      // their number less one
	cells   atomic.Int64 // that succeeded others
}

// A stripe is two cache lines, which processors fetch in pairs.
type stripe struct {
	cell *cell // read and written by the functions of sync/atomic
	seen uint64

	hits, misses, overwrites uint64 // atomic

	_ [88]byte
}

// A cell counts the hits of one page, and knows the cells that it succeeded.
type cell struct {
	page uintptr
	hits uint64
	next *cell
	_    [104]byte
}

const (
	// stripesPerCore makes it unlikely that two of the goroutines that run at
	// one time share a stripe.
	stripesPerCore = 16

	// patience is how many hits are counted beside a cell before somebody looks
	// whether its owner counts at all.
	patience = 64

	maxCells = 1024
)

// nobody owns the first cell of each stripe.
var nobody cell

// New returns a Tally of nothing.
func New() *Tally {
	n := 1 << bits.Len(uint(min(256, stripesPerCore*runtime.GOMAXPROCS(0))-1))
	t := &Tally{stripes: make([]stripe, n), mask: uintptr(n - 1)}
	for i := range t.stripes {
		t.stripes[i].cell = &nobody
	}
	return t
}

// Stripes returns the number of stripes.
func (t *Tally) Stripes() int { return len(t.stripes) }

// Mine returns the number of the stripe of the calling goroutine. It stays the
// same while the stack of the goroutine stays where it is.
func (t *Tally) Mine() int {
	var here byte
	return int(t.index(page(&here)))
}

// page returns the page of a stack that a variable is on.
func page(here *byte) uintptr {
	const stackBytes = 2 << 10 // no two stacks share a piece of that size
	return uintptr(unsafe.Pointer(here)) / stackBytes
}

// index returns the number of the stripe of a page.
func (t *Tally) index(page uintptr) uintptr {
	const golden = 0x9e3779b97f4a7c15
	return uintptr(uint64(page)*golden>>32) & t.mask
}

// Hit counts a hit.
//
// It calls nothing between the look at the stack and the store, and is not inlined
// where something might come between them.
//
//go:nosplit
//go:noinline
func (t *Tally) Hit() {
	var here byte
	page := page(&here)
	s := (*stripe)(unsafe.Add(unsafe.Pointer(unsafe.SliceData(t.stripes)), t.index(page)*unsafe.Sizeof(stripe{}))) // without a check of the bounds
	c := (*cell)(atomic.LoadPointer((*unsafe.Pointer)(unsafe.Pointer(&s.cell))))
	if c.page != page {
		t.beside(s, page)
		return
	}
	if underRace {
		atomic.AddUint64(&c.hits, 1) // the race detector knows nothing of stacks
	} else {
		c.hits++
	}
}

// beside counts a hit of a goroutine that does not own the cell of its stripe. If the
// owner counts no more, page is the next.
func (t *Tally) beside(s *stripe, page uintptr) {
	n := atomic.AddUint64(&s.hits, 1)
	old := (*cell)(atomic.LoadPointer((*unsafe.Pointer)(unsafe.Pointer(&s.cell))))
	if n%patience != 0 && old != &nobody {
		return
	}
	counted := atomic.LoadUint64(&old.hits)
	if old != &nobody && atomic.SwapUint64(&s.seen, counted) != counted || t.cells.Load() >= maxCells {
		return
	}
	t.cells.Add(1)
	next := &cell{page: page, next: old}
	atomic.CompareAndSwapPointer((*unsafe.Pointer)(unsafe.Pointer(&s.cell)), unsafe.Pointer(old), unsafe.Pointer(next))
}

// Miss counts a miss.
func (t *Tally) Miss() { atomic.AddUint64(&t.stripes[t.Mine()].misses, 1) }

// Overwrite counts a value that was overwritten in place.
func (t *Tally) Overwrite() { atomic.AddUint64(&t.stripes[t.Mine()].overwrites, 1) }

// Sum returns what was counted.
func (t *Tally) Sum() (hits, misses, overwrites uint64) {
	for i := range t.stripes {
		s := &t.stripes[i]
		hits += atomic.LoadUint64(&s.hits)
		misses += atomic.LoadUint64(&s.misses)
		overwrites += atomic.LoadUint64(&s.overwrites)
		for c := (*cell)(atomic.LoadPointer((*unsafe.Pointer)(unsafe.Pointer(&s.cell)))); c != nil; c = c.next {
			hits += atomic.LoadUint64(&c.hits)
		}
	}
	return hits, misses, overwrites
}
