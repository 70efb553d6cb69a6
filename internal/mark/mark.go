// Package mark counts the hits of a cache's entries, so that a hit costs next to nothing: up
// to three, in two bits.
//
// A mark lies in the entry. Where look-ups find key and value in the table and never see the
// entry, hits leave their marks there, in a [Word] that several entries share: the
// entry lends its mark to it, and the counts of the two are added.
package mark

import (
	"sync/atomic"
	"unsafe"
)

// Max is where a mark stops counting.
const Max = 3

// A Mark is the mark of one entry, and a bit beside it. Hit may be called at any time; all else
// is for one goroutine at a time. Hits that race each other may be lost.
type Mark struct {
	bits uint32 // the count, then the bits below; read and written by the functions of sync/atomic
}

const (
	// Side is a bit that is the policy's own.
	Side = Max + 1

	lent      = Side << 1
	slotShift = 4 // where the slot of the Word is
	slotMask  = 7
)

// Where the parts of an entry lie that lends its mark, which begins with the hash that is its
// head's first field: behind the head one word with the key, one with the value, a pointer,
// and a pointer to the Word. Package cachekit tests that.
const (
	At      = 20
	KeyAt   = 48
	ValueAt = 56
	WordAt  = 64
)

// Of returns the mark of an entry.
func Of(entry *uint64) *Mark { return (*Mark)(unsafe.Add(unsafe.Pointer(entry), At)) }

// Hit counts a hit. It writes only below [Max], so that the cache line of a hot
// entry stays shared by all cores.
func (m *Mark) Hit() {
	if bits := atomic.LoadUint32(&m.bits); bits&Max < Max {
		atomic.CompareAndSwapUint32(&m.bits, bits, bits+1) // not a store: other bits may change meanwhile
	}
}

// Count returns the hits since the mark was last set, up to [Max].
func (m *Mark) Count() uint32 {
	bits := atomic.LoadUint32(&m.bits)
	n := bits & Max
	if bits&lent != 0 {
		n = min(Max, n+m.word().count(slotOf(bits)))
	}
	return n
}

// Set sets the count to n, at most [Max].
func (m *Mark) Set(n uint32) {
	bits := atomic.LoadUint32(&m.bits)
	if bits&lent != 0 {
		m.word().clear(slotOf(bits))
	}
	atomic.StoreUint32(&m.bits, bits&^Max|n)
}

// Side returns the bit [Side], or 0.
func (m *Mark) Side() uint32 { return atomic.LoadUint32(&m.bits) & Side }

// SetSide sets the bit [Side] to side, which is that or 0.
func (m *Mark) SetSide(side uint32) {
	atomic.StoreUint32(&m.bits, atomic.LoadUint32(&m.bits)&^Side|side)
}

// Lend makes hits in a slot of w, of 0 to 6, count for m. It is not lent yet.
func (m *Mark) Lend(w *Word, slot int) {
	w.clear(slot)
	*(**Word)(m.beside()) = w
	atomic.StoreUint32(&m.bits, atomic.LoadUint32(&m.bits)&(Max|Side)|lent|uint32(slot)<<slotShift)
}

// TakeBack ends what Lend began: what was counted in the slot is counted in m now.
func (m *Mark) TakeBack() {
	n := m.Count()
	*(**Word)(m.beside()) = nil
	atomic.StoreUint32(&m.bits, atomic.LoadUint32(&m.bits)&Side|n)
}

func (m *Mark) beside() unsafe.Pointer { return unsafe.Add(unsafe.Pointer(m), WordAt-At) }
func (m *Mark) word() *Word            { return *(**Word)(m.beside()) }
func slotOf(bits uint32) int           { return int(bits >> slotShift & slotMask) }

// A Word holds the marks of up to seven slots, and above them how often one of the slots was
// emptied: as long as that is the same, so is what a look-up found in one of them. Package
// rt reads it.
type Word uint64

const (
	// Full is the bit of slot 0 that says that its mark is at [Max]; those of the others follow.
	Full = 1

	// Counts is where the counts begin, of two bits for each slot.
	Counts = 7

	// Emptied is where it begins how often a slot was emptied.
	Emptied = Counts + 7*2
)

// Hit counts a hit in a slot whose mark is not full, unless w is not what it was when it was
// seen.
func (w *Word) Hit(seen Word, slot int) {
	at := Counts + 2*slot
	next := seen + 1<<at
	if next>>at&Max == Max {
		next |= Full << slot
	}
	atomic.CompareAndSwapUint64((*uint64)(w), uint64(seen), uint64(next))
}

// Empty counts that a slot is emptied: before that its key was made impossible to find, and
// after that key and value may change.
func (w *Word) Empty() { atomic.AddUint64((*uint64)(w), 1<<Emptied) }

func (w *Word) count(slot int) uint32 {
	return uint32(atomic.LoadUint64((*uint64)(w))>>(Counts+2*slot)) & Max
}

func (w *Word) clear(slot int) {
	atomic.AndUint64((*uint64)(w), ^(Full<<slot | uint64(Max)<<(Counts+2*slot)))
}
