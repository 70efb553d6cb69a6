package rt

import (
	"math/bits"
	"sync/atomic"
	"unsafe"

	"github.com/bmadventure/optcache/internal/mark"
	"github.com/bmadventure/optcache/internal/table"
)

// A Front is what a look-up of an integer sees of the entries of one bucket: the
// tags, keys and values of its slots.
type Front table.Front

// A State is what a [Front] was in when a look-up began.
type State = mark.Word

// Front returns the front that a hash belongs to.
func (r *Reader) Front(hash uint64) *Front {
	shard := hash >> (table.ShardShift - 4) & r.frontsMask // its number times FrontsBytes, 1<<4
	fs := (*table.Fronts)(unsafe.Add(r.fronts, shard))
	size := atomic.LoadUint64(&fs.Size)
	front := atomic.LoadPointer(&fs.First)
	if atomic.LoadUint64(&fs.Size) == size {
		home, _ := bits.Mul64(hash, uint64(uint32(size)))
		front = unsafe.Add(front, home*table.FrontBytes)
	}
	return (*Front)(front)
}

// State returns what f is in. It is asked for before anything else.
func (f *Front) State() State { return State(atomic.LoadUint64((*uint64)(&f.Word))) }

// Find returns 0 if no slot has that hash; else byte i of it is the lowest that is not 0 if slot i
// probably has.
func (f *Front) Find(hash uint64) (found uint64) {
	tag := hash & 0xff
	x := atomic.LoadUint64(&f.Tags) ^ (tag|(tag-1)>>63)*table.LowBits
	return (x - table.LowBits) &^ x & table.HighBits
}

// A Slot is that of one key.
type Slot struct{ table.Slot }

// Slot returns slot i of f.
func (f *Front) Slot(i int) *Slot { return (*Slot)(unsafe.Add(unsafe.Pointer(&f.Slots), i<<4)) }

// Key returns the key of a slot.
func (s *Slot) Key() uint64 { return atomic.LoadUint64(&s.Slot.Key) }

// Value returns the value of a slot.
func (s *Slot) Value() unsafe.Pointer { return atomic.LoadPointer(&s.Slot.Value) }

// Changes returns 0 if no entry has left f since State returned seen: then what was found
// in between belongs together.
func (f *Front) Changes(seen State) uint64 {
	return (atomic.LoadUint64((*uint64)(&f.Word)) ^ uint64(seen)) >> mark.Emptied
}

// Hit marks the entry in slot i, unless another one is hit right now.
func (f *Front) Hit(seen State, i int) {
	if seen>>(i&63)&mark.Full == 0 {
		f.Word.Hit(seen, i)
	}
}
