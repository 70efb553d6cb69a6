package table

import (
	"sync/atomic"
	"unsafe"

	"github.com/bmadventure/optcache/internal/mark"
)

// A Front is what most look-ups of an integer want to know of a [Bucket]: key and value of
// each slot, so that they need not follow a pointer to the entry, and the marks that their
// hits leave. A front holds what the bucket of its number does, or less of it for an instant.
//
// A look-up loads Word, finds tag and key, loads the value, and looks at Word again: if it
// counts no more slots emptied than before, what was found belongs together. For a slot is emptied
// in this order: its tag goes, Word counts it, and only then key and value change.
type Front struct {
	Tags  uint64 // as in the bucket
	Word  mark.Word
	Slots [slotsPerBucket]Slot
}

// A Slot of a front holds key and value of an entry.
type Slot struct {
	Key   uint64
	Value unsafe.Pointer
}

// FrontBytes is the size of a [Front]: two cache lines, which processors fetch in pairs.
const FrontBytes = 128

var _ = [1]struct{}{}[unsafe.Sizeof(Front{})-FrontBytes]

// Fronts are those of one shard. Size has their number in its low half; in the high one it
// counts how often they were replaced. While First changes their number is 0. So First
// belongs to a Size that is the same before and after First was loaded.
type Fronts struct {
	Size  uint64
	First unsafe.Pointer // to a Front, and is never nil
}

// FrontsBytes is the size of a [Fronts].
const FrontsBytes = 16

var (
	_ = [1]struct{}{}[unsafe.Sizeof(Fronts{})-FrontsBytes]

	noFront Front // of a shard without buckets
)

// Fronted makes t, which is empty, keep a front of each bucket. Its entries are then laid out as
// package mark says.
func (t *Table) Fronted() {
	t.Fronts = make([]Fronts, len(t.Shards))
	for i := range t.Fronts {
		t.Fronts[i].First = unsafe.Pointer(&noFront)
	}
}

// publish makes look-ups use the fronts of shard s, which may be nil.
func (f *Fronts) publish(s *Shard) {
	first, n, version := unsafe.Pointer(&noFront), 0, (f.Size>>32+1)<<32
	if s != nil {
		first, n = unsafe.Pointer(unsafe.SliceData(s.fronts)), len(s.fronts)
	}
	atomic.StoreUint64(&f.Size, version)
	atomic.StorePointer(&f.First, first)
	atomic.StoreUint64(&f.Size, version|uint64(n))
}

// fill puts entry p into slot j, which is empty.
func (f *Front) fill(j int, p *uint64) {
	slot := &f.Slots[j]
	atomic.StoreUint64(&slot.Key, *(*uint64)(unsafe.Add(unsafe.Pointer(p), mark.KeyAt)))
	atomic.StorePointer(&slot.Value, *(*unsafe.Pointer)(unsafe.Add(unsafe.Pointer(p), mark.ValueAt)))
	mark.Of(p).Lend(&f.Word, j)
	atomic.StoreUint64(&f.Tags, f.Tags|tag(*p)<<(8*j))
}

// empty takes entry p out of slot j.
func (f *Front) empty(j int, p *uint64) {
	atomic.StoreUint64(&f.Tags, f.Tags&^(0xff<<(8*j)))
	f.Word.Empty()
	atomic.StorePointer(&f.Slots[j].Value, nil)
	mark.Of(p).TakeBack()
}
