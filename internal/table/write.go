package table

import (
	"math/bits"
	"slices"
	"sync/atomic"
	"unsafe"

	"github.com/bmadventure/optcache/internal/mark"
)

// A shard should grow when it is two thirds full: at that load one look-up in
// seventeen for an entry that is there has to go on to a second bucket, at seven
// eighths it would be four in ten, and a branch that nobody can foresee costs as
// much as all the rest. It must grow when 15 of 16 slots are taken.
const (
	shouldNumerator, shouldDenominator = 2, 3
	mustNumerator, mustDenominator     = 15, 16
)

// Growth returns the bytes of heap that the table should take for growing before
// an entry of that hash is inserted, 0 if it needs none, and whether the entry
// cannot be inserted without.
func (t *Table) Growth(hash uint64) (bytes int64, must bool) {
	s := t.shard(t.index(hash))
	if s == nil {
		return t.heap(1), true
	}
	n, slots := s.n+1, len(s.Buckets)*slotsPerBucket
	if n*shouldDenominator <= slots*shouldNumerator {
		return 0, false
	}
	must = n == slots+1 || slots > 4*slotsPerBucket && n*mustDenominator > slots*mustNumerator
	return t.heap(larger(len(s.Buckets))) - t.heap(len(s.Buckets)), must
}

// heap returns the bytes of heap that a shard of n buckets takes.
func (t *Table) heap(n int) int64 {
	bytes := t.cost(BucketBytes*int64(n)) + shardBytes
	if t.Fronts != nil {
		bytes += t.cost(FrontBytes * int64(n))
	}
	return bytes
}

// larger returns the number of buckets to which a shard of n grows: the larger
// it is the smaller the step, because a small step costs time, each entry being
// copied more often, and a large step memory. Large shards take whole pages.
func larger(n int) int {
	switch {
	case n < 64:
		return 2 * n
	case n < 512:
		n += n / 2
	default:
		n += n / 6
	}
	if n > 512 {
		n = (n + 127) &^ 127
	}
	return n
}

// Grow grows the shard of that hash by what [Table.Growth] says.
func (t *Table) Grow(hash uint64) {
	i := t.index(hash)
	if s := t.shard(i); s == nil {
		t.resize(i, 1)
	} else {
		t.resize(i, larger(len(s.Buckets)))
	}
}

// resize copies shard i to an array of n buckets, which have room for its
// entries; n 0 drops it.
func (t *Table) resize(i, n int) {
	old := t.shard(i)
	if old != nil {
		t.bytes -= t.heap(len(old.Buckets))
	}
	if n == 0 {
		t.setShard(i, nil)
		return
	}
	t.bytes += t.heap(n)
	s := &Shard{Buckets: make([]Bucket, n)}
	if t.Fronts != nil {
		s.fronts = make([]Front, n)
	}
	if old != nil {
		for i := range old.Buckets {
			for j := range old.Buckets[i].Slots {
				if p := old.Buckets[i].slot(j); p != nil {
					if t.Fronts != nil {
						mark.Of(p).TakeBack()
					}
					t.insert(s, p)
				}
			}
		}
	}
	t.setShard(i, s)
}

// setShard makes s shard i. Until its fronts are known too, those that are say the same.
func (t *Table) setShard(i int, s *Shard) {
	atomic.StorePointer(&t.Shards[i], unsafe.Pointer(s))
	if t.Fronts != nil {
		t.Fronts[i].publish(s)
	}
}

// Insert puts p into the table and reports whether there was a slot for it. It
// is not in the table yet. Without [Table.Grow] before it the shard gets fuller than
// it should, and look-ups slower, until there is no slot left.
func (t *Table) Insert(p *uint64) bool {
	s := t.shard(t.index(*p))
	if s == nil || s.n == len(s.Buckets)*slotsPerBucket {
		return false
	}
	t.insert(s, p)
	t.n++
	return true
}

// insert puts p into s, which has an empty slot.
func (t *Table) insert(s *Shard, p *uint64) {
	i := home(*p, len(s.Buckets))
	for {
		b := &s.Buckets[i]
		meta := b.meta()
		if empty := matches(meta, 0); empty != 0 {
			// The lowest match is exact: no borrow has come from below it.
			j := bits.TrailingZeros64(empty) / 8
			b.setSlot(j, p)
			b.setMeta(meta | tag(*p)<<(8*j)) // readers find it from here on
			if t.Fronts != nil {
				s.fronts[i].fill(j, p)
			}
			s.n++
			return
		}
		if meta>>passedShift < maxPassed {
			b.setMeta(meta + OnePassed)
		}
		if i++; i == len(s.Buckets) {
			i = 0
		}
	}
}

// Replace puts p where old is, which has the same hash. It reports false, and does
// nothing, if old is not in the table.
func (t *Table) Replace(old, p *uint64) bool {
	s, i, j := t.locate(old)
	if s == nil {
		return false
	}
	if t.Fronts != nil { // nobody shall find the old one there who was told of the new one here
		s.fronts[i].empty(j, old)
	}
	s.Buckets[i].setSlot(j, p)
	if t.Fronts != nil {
		s.fronts[i].fill(j, p)
	}
	return true
}

// Contains reports whether p is in the table.
func (t *Table) Contains(p *uint64) bool {
	s, _, _ := t.locate(p)
	return s != nil
}

// Remove takes p out of the table and reports whether it was in it.
func (t *Table) Remove(p *uint64) bool {
	s, i, j := t.locate(p)
	if s == nil {
		return false
	}
	if t.Fronts != nil {
		s.fronts[i].empty(j, p)
	}
	b := &s.Buckets[i]
	b.setMeta(b.meta() &^ (0xff << (8 * j)))
	b.setSlot(j, nil)
	for k := home(*p, len(s.Buckets)); k != i; {
		b := &s.Buckets[k]
		if meta := b.meta(); meta>>passedShift < maxPassed {
			b.setMeta(meta - OnePassed)
		}
		if k++; k == len(s.Buckets) {
			k = 0
		}
	}
	s.n--
	t.n--
	return true
}

// locate returns where p is: its shard, nil if it is in none, bucket and slot.
func (t *Table) locate(p *uint64) (s *Shard, i, j int) {
	s = t.shard(t.index(*p))
	if s == nil {
		return nil, 0, 0
	}
	i = home(*p, len(s.Buckets))
	tag := tag(*p)
	for range s.Buckets {
		b := &s.Buckets[i]
		meta := b.meta()
		for m := matches(meta, tag); m != 0; m &= m - 1 {
			if j = bits.TrailingZeros64(m) / 8; b.slot(j) == p {
				return s, i, j
			}
		}
		if meta < OnePassed {
			break
		}
		if i++; i == len(s.Buckets) {
			i = 0
		}
	}
	return nil, 0, 0
}

// Shrink gives memory back of the shard of that hash if it is nearly empty, and
// returns how many bytes.
func (t *Table) Shrink(hash uint64) int64 {
	i := t.index(hash)
	s := t.shard(i)
	if s == nil || s.n > 0 && (len(s.Buckets) < 8 || s.n*8 > len(s.Buckets)*slotsPerBucket) {
		return 0
	}
	before := t.bytes
	n := 0
	if s.n > 0 {
		n = max(1, len(s.Buckets)/4) // then half full at most
	}
	t.resize(i, n)
	return before - t.bytes
}

// AppendShard appends the entries of a shard to entries and returns the result.
func (t *Table) AppendShard(entries []*uint64, i int) []*uint64 {
	s := t.shard(i)
	if s == nil {
		return entries
	}
	entries = slices.Grow(entries, s.n)
	for i := range s.Buckets {
		for j := range s.Buckets[i].Slots {
			if p := s.Buckets[i].slot(j); p != nil {
				entries = append(entries, p)
			}
		}
	}
	return entries
}

// AppendBucket appends the entries of one bucket to entries, and returns the
// result and where the next bucket is. It starts at 0; who goes on from there meets
// every bucket of a table that does not change, and comes round again.
func (t *Table) AppendBucket(entries []*uint64, at int) (result []*uint64, next int) {
	i, b := at%len(t.Shards), at/len(t.Shards)
	s := t.shard(i)
	if s == nil || b >= len(s.Buckets) {
		return entries, t.nextShard(i)
	}
	for j := range s.Buckets[b].Slots {
		if p := s.Buckets[b].slot(j); p != nil {
			entries = append(entries, p)
		}
	}
	if b+1 == len(s.Buckets) {
		return entries, t.nextShard(i)
	}
	return entries, at + len(t.Shards)
}

// nextShard returns the first bucket of the shard after i that has any.
func (t *Table) nextShard(i int) int {
	for range t.Shards {
		if i = (i + 1) % len(t.Shards); t.shard(i) != nil {
			break
		}
	}
	return i
}
