package rt

import (
	"math/bits"
	"sync/atomic"
	"unsafe"

	"github.com/bmadventure/optcache/internal/table"
	"github.com/bmadventure/optcache/internal/tally"
	"github.com/bmadventure/optcache/policy"
)

// A Reader is the way of an emitted look-up into the cache that it belongs to,
// whose constructor fills it in ([Hooks]). It finds what most look-ups are for: an
// entry in the bucket that its hash belongs to. What it does not find may be in the
// cache all the same: then the look-up goes on in package cachekit. All that it is
// made of is small enough to be compiled into the look-up, together with hash and
// equality of the key.
//
// A Reader must be filled in before anything else.
type Reader struct {
	Seed uint64 // of the hashes

	shards []unsafe.Pointer // of the table
	tally  *tally.Tally     // of the hits, nil if they are not counted
	watch  *Watch
	serve  func(*policy.Entry) bool
	use    func(hash uint64)

	fronts     unsafe.Pointer // to those of all shards: see [table.Fronts]
	frontsMask uint64         // of where one begins, in bytes
}

// Fill makes r a reader of the cache with that table. An entry that is among the
// watched is served if serve says so; of hits in fronts, use is told those.
func (r *Reader) Fill(seed uint64, t *table.Table, hits *tally.Tally, watched *uint64, serve func(*policy.Entry) bool, use func(hash uint64)) {
	*r = Reader{Seed: seed, shards: t.Shards, tally: hits, watch: (*Watch)(watched), serve: serve, use: use}
	r.fronts = unsafe.Pointer(unsafe.SliceData(t.Fronts))
	r.frontsMask = uint64(len(t.Shards)-1) * table.FrontsBytes
}

const wordBytes = unsafe.Sizeof(uintptr(0))

// An Entry is what a cache keeps of one key. Value is read by
// [Entry.Load] alone.
type Entry[K comparable, V any] struct {
	policy.Entry
	Key   K
	Value *V
}

// Home returns the bucket that a hash belongs to, nil if there is none.
func (r *Reader) Home(hash uint64) unsafe.Pointer {
	shard := hash >> table.ShardShift & uint64(len(r.shards)-1)
	s := (*table.Shard)(atomic.LoadPointer((*unsafe.Pointer)(unsafe.Add(unsafe.Pointer(unsafe.SliceData(r.shards)), uintptr(shard)*wordBytes))))
	if s == nil {
		return nil
	}
	home, _ := bits.Mul64(hash, uint64(len(s.Buckets)))
	return unsafe.Add(unsafe.Pointer(unsafe.SliceData(s.Buckets)), home*table.BucketBytes)
}

// At returns the entry in a bucket that probably has that hash, nil if none has.
func At[K comparable, V any](bucket unsafe.Pointer, hash uint64) *Entry[K, V] {
	return (*Entry[K, V])(at(bucket, hash))
}

func at(bucket unsafe.Pointer, hash uint64) unsafe.Pointer {
	if bucket == nil {
		return nil
	}
	tag := hash & 0xff
	x := atomic.LoadUint64((*uint64)(bucket)) ^ (tag|(tag-1)>>63)*table.LowBits
	m := (x - table.LowBits) &^ x & table.HighBits
	if m == 0 {
		return nil
	}
	return atomic.LoadPointer((*unsafe.Pointer)(unsafe.Add(bucket, bits.TrailingZeros64(m)+1)))
}

// Count counts a hit.
func (r *Reader) Count() {
	if r.tally != nil {
		r.tally.Hit()
	}
}

// A Watch is which entries the cache is to be asked about: those whose hash has the low half
// of it under the mask in its high half.
type Watch uint64

// Watch returns which entries the cache is to be asked about. It is asked for
// before an entry is: what it does not watch then may be served.
func (r *Reader) Watch() Watch { return Watch(atomic.LoadUint64((*uint64)(r.watch))) }

// Has reports whether the entries of that hash are watched.
func (w Watch) Has(hash uint64) bool { return uint32(hash)&uint32(w>>32) == uint32(w) }

// Serves asks the cache about an entry that is watched: it reports whether it may be
// served, and if so tells the policy that it is.
func (r *Reader) Serves(e *policy.Entry) bool { return r.serve(e) }

// Wants reports whether the policy wants to be told of a hit of that hash in a front.
func (r *Reader) Wants(hash uint64) bool { return r.Watch().Has(hash) }

// Use tells the policy of a hit of that hash in a front.
func (r *Reader) Use(hash uint64) { r.use(hash) }

// Load returns the value of an entry.
func (e *Entry[K, V]) Load() *V {
	return (*V)(atomic.LoadPointer((*unsafe.Pointer)(unsafe.Pointer(&e.Value))))
}
