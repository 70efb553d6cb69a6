package table

import (
	"math/bits"
	"slices"
	"sync/atomic"
)

// A shard should grow when it is seven eighths full. At that load a look-up for an
// entry that is there touches 1.4 buckets on average, as the tests measure. It
// must grow when 15 of 16 slots are taken.
const (
	shouldNumerator, shouldDenominator = 7, 8
	mustNumerator, mustDenominator     = 15, 16
)

// Growth returns the bytes of heap that the table should take for growing before
// an entry of that hash is inserted, 0 if it needs none, and whether the entry
// cannot be inserted without.
func (t *Table) Growth(hash uint64) (bytes int64, must bool) {
	s := t.shard(hash)
	if s == nil {
		return t.heap(1), true
	}
	n, slots := s.n+1, len(s.buckets)*slotsPerBucket
	if n*shouldDenominator <= slots*shouldNumerator {
		return 0, false
	}
	must = n == slots+1 || slots > 4*slotsPerBucket && n*mustDenominator > slots*mustNumerator
	return t.heap(larger(len(s.buckets))) - t.heap(len(s.buckets)), must
}

// heap returns the bytes of heap that a shard of n buckets takes.
func (t *Table) heap(n int) int64 { return t.cost(bucketBytes*int64(n)) + shardBytes }

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
		n += n / 4
	}
	if n > 512 {
		n = (n + 127) &^ 127
	}
	return n
}

// Grow grows the shard of that hash by what [Table.Growth] says.
func (t *Table) Grow(hash uint64) {
	at := &t.shards[hash>>t.shift]
	if s := at.Load(); s == nil {
		t.resize(at, 1)
	} else {
		t.resize(at, larger(len(s.buckets)))
	}
}

// resize copies a shard to an array of n buckets, which have room for its
// entries; n 0 drops it.
func (t *Table) resize(at *atomic.Pointer[shard], n int) {
	old := at.Load()
	if old != nil {
		t.bytes -= t.heap(len(old.buckets))
	}
	if n == 0 {
		at.Store(nil)
		return
	}
	t.bytes += t.heap(n)
	s := &shard{buckets: make([]bucket, n)}
	if old != nil {
		for i := range old.buckets {
			for j := range old.buckets[i].slots {
				if p := old.buckets[i].slots[j].Load(); p != nil {
					t.insert(s, p)
				}
			}
		}
	}
	at.Store(s)
}

// Insert puts p into the table and reports whether there was a slot for it. It
// is not in the table yet. Without [Table.Grow] before it the shard gets fuller than
// it should, and look-ups slower, until there is no slot left.
func (t *Table) Insert(p *uint64) bool {
	s := t.shard(*p)
	if s == nil || s.n == len(s.buckets)*slotsPerBucket {
		return false
	}
	t.insert(s, p)
	t.n++
	return true
}

// insert puts p into s, which has an empty slot.
func (t *Table) insert(s *shard, p *uint64) {
	i := t.home(*p, len(s.buckets))
	for {
		b := &s.buckets[i]
		meta := b.meta.Load()
		if empty := matches(meta, 0); empty != 0 {
			// The lowest match is exact: no borrow has come from below it.
			j := bits.TrailingZeros64(empty) / 8
			b.slots[j].Store(p)
			b.meta.Store(meta | tag(*p)<<(8*j)) // readers find it from here on
			s.n++
			return
		}
		if meta>>passedShift < maxPassed {
			b.meta.Store(meta + onePassed)
		}
		if i++; i == len(s.buckets) {
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
	s.buckets[i].slots[j].Store(p)
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
	b := &s.buckets[i]
	b.meta.Store(b.meta.Load() &^ (0xff << (8 * j)))
	b.slots[j].Store(nil)
	for k := t.home(*p, len(s.buckets)); k != i; {
		b := &s.buckets[k]
		if meta := b.meta.Load(); meta>>passedShift < maxPassed {
			b.meta.Store(meta - onePassed)
		}
		if k++; k == len(s.buckets) {
			k = 0
		}
	}
	s.n--
	t.n--
	return true
}

// locate returns where p is: its shard, nil if it is in none, bucket and slot.
func (t *Table) locate(p *uint64) (s *shard, i, j int) {
	s = t.shard(*p)
	if s == nil {
		return nil, 0, 0
	}
	i = t.home(*p, len(s.buckets))
	tag := tag(*p)
	for range s.buckets {
		b := &s.buckets[i]
		meta := b.meta.Load()
		for m := matches(meta, tag); m != 0; m &= m - 1 {
			if j = bits.TrailingZeros64(m) / 8; b.slots[j].Load() == p {
				return s, i, j
			}
		}
		if meta < onePassed {
			break
		}
		if i++; i == len(s.buckets) {
			i = 0
		}
	}
	return nil, 0, 0
}

// Shrink gives memory back of the shard of that hash if it is nearly empty, and
// returns how many bytes.
func (t *Table) Shrink(hash uint64) int64 {
	at := &t.shards[hash>>t.shift]
	s := at.Load()
	if s == nil || s.n > 0 && (len(s.buckets) < 8 || s.n*8 > len(s.buckets)*slotsPerBucket) {
		return 0
	}
	before := t.bytes
	n := 0
	if s.n > 0 {
		n = max(1, len(s.buckets)/4) // then half full at most
	}
	t.resize(at, n)
	return before - t.bytes
}

// Shards returns the number of shards.
func (t *Table) Shards() int { return len(t.shards) }

// AppendShard appends the entries of a shard to entries and returns the result.
func (t *Table) AppendShard(entries []*uint64, i int) []*uint64 {
	s := t.shards[i].Load()
	if s == nil {
		return entries
	}
	entries = slices.Grow(entries, s.n)
	for i := range s.buckets {
		for j := range s.buckets[i].slots {
			if p := s.buckets[i].slots[j].Load(); p != nil {
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
	i, b := at%len(t.shards), at/len(t.shards)
	s := t.shards[i].Load()
	if s == nil || b >= len(s.buckets) {
		return entries, t.nextShard(i)
	}
	for j := range s.buckets[b].slots {
		if p := s.buckets[b].slots[j].Load(); p != nil {
			entries = append(entries, p)
		}
	}
	if b+1 == len(s.buckets) {
		return entries, t.nextShard(i)
	}
	return entries, at + len(t.shards)
}

// nextShard returns the first bucket of the shard after i that has any.
func (t *Table) nextShard(i int) int {
	for range t.shards {
		if i = (i + 1) % len(t.shards); t.shards[i].Load() != nil {
			break
		}
	}
	return i
}
