// Package table is a hash table of pointers that is read without a lock while one
// writer at a time changes it.
//
// # Layout
//
// Buckets are cache lines: seven slots with pointers and one word of metadata,
// which holds a tag of eight bits for each slot and a count of the entries that
// found their home bucket, or one after it, full and passed this one by (the idea of
// F14, Bronson and Shi, 2019). A look-up compares all seven tags at once and
// follows only pointers whose tag is right, so it touches two cache lines: bucket and
// entry. When an entry that passed leaves, the counts go down again. So there are no
// tombstones, and nothing to purge.
//
// Where keys and values are one word each, a table can keep a [Front] beside each bucket, with key
// and value of its slots: a look-up that finds its key there touches neither bucket nor entry.
//
// The table is cut into shards by some bits of the hash, each an array of
// buckets that grows by itself. Growing copies one shard, so that a writer is never
// held up for long, and readers not at all: those that began in the old array
// go on in it, where nothing changes any more. Whatever they find there was in
// the table at the moment of the switch, which lies within their call, and
// whatever they miss there was not; so no look-up needs a second try.
//
// # Concurrency
//
// [Table.Find] and [Table.Next] may be called at any time. All other methods are
// called one at a time, under a lock of the owner.
package table

import (
	"math/bits"
	"sync/atomic"
	"unsafe"
)

// A Table maps 64-bit hashes to entries. An entry is known by a pointer to its
// hash, which is its first field and does not change while the entry is in the
// table. Several entries may have the same hash. The zero value is not usable:
// see [New].
//
// The fields that a look-up needs are exported, and are bare words and pointers
// that the functions of sync/atomic read and write: generic code is compiled where
// it is used, and there no method of another package is inlined, not even one of
// sync/atomic, unless that package is imported too.
type Table struct {
	// Shards holds a pointer to each [Shard], nil if it is empty. Their number is
	// a power of two. The bits of a hash from [ShardShift] on are its shard.
	Shards []unsafe.Pointer

	Fronts []Fronts // of each shard, or none: see [Table.Fronted]

	_ [64]byte // what follows is written all the time, what stands before is read all the time

	n int // entries

	// cost returns what an array of that many bytes takes of the heap; bytes is
	// the sum over all arrays.
	cost  func(bytes int64) int64
	bytes int64
}

// A Shard is one array of buckets and how full it is.
type Shard struct {
	Buckets []Bucket
	n       int     // entries; for the writer
	fronts  []Front // of each bucket, or none; for the writer
}

const slotsPerBucket = 7

// A Bucket is one cache line.
type Bucket struct {
	// Meta holds the tag of slot i in its byte i, 0 for an empty slot, and in
	// its highest byte how many entries passed, up to maxPassed, where
	// the count sticks until the shard is copied.
	Meta  uint64
	Slots [slotsPerBucket]unsafe.Pointer
}

func (b *Bucket) meta() uint64        { return atomic.LoadUint64(&b.Meta) }
func (b *Bucket) setMeta(meta uint64) { atomic.StoreUint64(&b.Meta, meta) }

func (b *Bucket) slot(i int) *uint64       { return (*uint64)(atomic.LoadPointer(&b.Slots[i])) }
func (b *Bucket) setSlot(i int, p *uint64) { atomic.StorePointer(&b.Slots[i], unsafe.Pointer(p)) }

// What a look-up needs to know of the layout.
const (
	ShardShift = 8 // the bits below are the tag
	LowBits    = 0x01_01_01_01_01_01_01_01
	HighBits   = 0x00_80_80_80_80_80_80_80 // of the seven tags
	OnePassed  = 1 << passedShift

	BucketBytes = 64
)

const (
	shardBytes  = 64
	passedShift = 56
	maxPassed   = 255
)

// New returns an empty table of that many shards, rounded up to a power of two,
// at least two.
// cost returns the bytes of heap that an allocation of so many bytes with
// pointers takes. An empty shard holds no memory.
func New(shards int, cost func(bytes int64) int64) *Table {
	logarithm := bits.Len(uint(max(2, shards) - 1))
	return &Table{
		Shards: make([]unsafe.Pointer, 1<<logarithm),
		cost:   cost,
	}
}

// Len returns the number of entries.
func (t *Table) Len() int { return t.n }

// Bytes returns the bytes of heap that the table holds.
func (t *Table) Bytes() int64 { return t.bytes }

// home returns the bucket of n where an entry of that hash belongs: the hash, of
// which the high bits count most, is spread over n by multiplication (Lemire, 2019).
func home(hash uint64, n int) int {
	hi, _ := bits.Mul64(hash, uint64(n))
	return int(hi)
}

// tag returns the tag of a hash, 1 to 255.
func tag(hash uint64) uint64 {
	low := hash & 0xff
	return low | (low-1)>>63
}

// matches returns a word with bit 8i+7 set if slot i may have that tag: surely if it
// has, and rarely if it has not.
func matches(meta, tag uint64) uint64 {
	x := meta ^ tag*LowBits
	return (x - LowBits) &^ x & HighBits
}

// index returns the number of the shard of a hash.
func (t *Table) index(hash uint64) int { return int(hash >> ShardShift & uint64(len(t.Shards)-1)) }

// shard returns a shard, nil if it is empty.
func (t *Table) shard(i int) *Shard { return (*Shard)(atomic.LoadPointer(&t.Shards[i])) }

// Find returns an entry of that hash, nil if there is none. It may be called
// concurrently with everything. If the entry is of another key see [Table.Next].
func (t *Table) Find(hash uint64) *uint64 {
	s := t.shard(t.index(hash))
	if s == nil {
		return nil
	}
	i, tag := home(hash, len(s.Buckets)), tag(hash)
	for tries := len(s.Buckets); ; {
		b := &s.Buckets[i]
		meta := b.meta()
		for m := matches(meta, tag); m != 0; m &= m - 1 {
			if p := b.slot(bits.TrailingZeros64(m) / 8); p != nil && *p == hash {
				return p
			}
		}
		if meta < OnePassed {
			return nil
		}
		if tries--; tries == 0 {
			return nil
		}
		if i++; i == len(s.Buckets) {
			i = 0
		}
	}
}

// Next returns the first entry of that hash that accept accepts, nil if there is
// none. It may be called concurrently with everything.
func (t *Table) Next(hash uint64, accept func(*uint64) bool) *uint64 {
	s := t.shard(t.index(hash))
	if s == nil {
		return nil
	}
	n := len(s.Buckets)
	i := home(hash, n)
	for range s.Buckets {
		b := &s.Buckets[i]
		meta := b.meta()
		for j := range b.Slots {
			if p := b.slot(j); p != nil && *p == hash && accept(p) {
				return p
			}
		}
		if meta < OnePassed {
			return nil
		}
		if i++; i == n {
			i = 0
		}
	}
	return nil
}
