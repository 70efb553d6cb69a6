package rt

import "github.com/bmadventure/optcache/sizing"

// An Index finds the positions of a list's elements by the hashes of their names. It
// does not change once it was made, so it may be used concurrently. The zero value
// is the index of an empty list.
type Index struct {
	slots []uint32 // position + 1, 0 for none; a power of two of them, at least a quarter of which are free
	shift uint
}

// NewIndex returns the index of n elements, fewer than 2^31, hash(i) being that of element i.
// Elements of one hash are found in the order of their positions.
func NewIndex(n int, hash func(i int) uint64) Index {
	if n == 0 {
		return Index{}
	}
	x := Index{shift: 63}
	for 3<<(64-x.shift) < 4*uint64(n) {
		x.shift--
	}
	x.slots = make([]uint32, 1<<(64-x.shift))
	for i := range n {
		slot := x.Slot(hash(i))
		for x.slots[slot] != 0 {
			slot = x.Next(slot)
		}
		x.slots[slot] = uint32(i) + 1
	}
	return x
}

// Slot returns where the search for a hash begins.
func (x *Index) Slot(hash uint64) uint64 { return hash * spread >> (x.shift & 63) }

// Next returns where the search goes on.
func (x *Index) Next(slot uint64) uint64 { return (slot + 1) & uint64(len(x.slots)-1) }

// At returns the position that is found there, -1 if the search is at its end.
func (x *Index) At(slot uint64) int {
	if slot >= uint64(len(x.slots)) {
		return -1 // of an empty list
	}
	return int(x.slots[slot]) - 1
}

// SizeBytes returns the heap that x holds, in bytes.
func (x *Index) SizeBytes() int64 { return sizing.Slice(x.slots) }

const spread = 0x9e3779b97f4a7c15 // the golden ratio's fraction, odd
