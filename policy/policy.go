// Package policy decides who leaves a full cache.
//
// A [Policy] is sequential code: the cache that uses it calls one method at a
// time, under one lock, so a policy needs no lock, no atomics and no goroutine
// and reads like the paper it comes from. The same code runs in a cache, in a
// trace simulator and in the miniature caches of the adaptive policy.
//
// A policy never sees keys or values. It works on the [Entry] that heads every
// cache entry: a hash, a size, what it cost to load, a mark that hits leave, and
// fields that are the policy's own.
//
// # Which one
//
// [NewAdaptive] is the choice for who does not want to choose. Over 9 public
// traces and 13 synthetic streams, with caches for 1 to 20 % of the keys, the
// policies hit so many points less than Belady's optimum, on average (traces,
// streams):
//
//	adaptive    4.4   8.6
//	clocklirs   4.7   9.5   the best single one; hits cost nothing but the mark
//	lirs        4.9   9.5
//	wtinylfu    6.5  11.8
//	s3fifo     10.6  13.4   remembers least: 6 bytes an entry
//	arc        12.9  17.0
//	gdsf       13.3  18.6   for values that differ in size and loading time
//	sieve      14.0  19.6
//	clock      16.5  18.8
//	lru        17.1  20.0   hits nothing on a loop that is larger than the cache
//	fifo       20.7  23.4
//
// No single one is best everywhere: on a loop LIRS is nearly optimal where the
// others hit nothing, on skewed popularity S3-FIFO and SIEVE are ahead, on
// popularity that drifts LRU and CLOCK. Policies that see hits in marks alone
// leave a hit as fast as a look-up and pay for it at misses.
//
// Every call takes constant time for each entry it is about, amortised over the
// hits where marks are cleared; GDSF takes the logarithm of the number of
// entries. What a policy remembers of those that left it knows by hash alone, and
// its constructor says how much that can be.
package policy

import "github.com/bmadventure/optcache/internal/mark"

// An Entry is the head of one cache entry, as its policy sees it. Hash, Size
// and Cost never change after the entry came.
type Entry struct {
	Hash uint64 // seeded hash of the key; a later entry with the same key has the same
	Size int64  // bytes charged for the entry, at least 1
	Cost uint32 // microseconds its load took; 0 where nothing was measured

	mark mark.Mark // hits since the policy last looked, up to MaxMark

	// Prev, Next and State belong to the policy that holds the entry.
	Prev, Next *Entry
	State      uint64
}

// MaxMark is where the mark of an entry stops counting.
const MaxMark = mark.Max

// Hit counts a hit in the mark of e. It writes only while the mark is below
// [MaxMark], so that the cache line of a hot entry stays shared by all cores. It
// is the only method that may be called without the policy's lock, and it may
// lose hits that race each other.
func (e *Entry) Hit() { e.mark.Hit() }

// Mark returns the hits since the mark was last set, up to [MaxMark].
func (e *Entry) Mark() uint32 { return e.mark.Count() }

// SetMark sets the mark to at most [MaxMark], as a policy does when it gives an
// entry another round.
func (e *Entry) SetMark(m uint32) { e.mark.Set(m) }

// Reason says why an entry was removed from its policy.
type Reason uint8

const (
	Evicted  Reason = iota // it was a victim; a policy with a memory may remember its hash
	Deleted                // it was deleted, cleared, retired or had expired
	Replaced               // its key was set again: the next Add brings the new entry, of the same hash
	Pinned                 // it must not be evicted until an Add brings it back
)

// A Policy orders the entries of one cache. Its methods are called under one
// lock and never concurrently; between two calls it holds exactly the entries
// that were added and not removed since.
type Policy interface {
	// Add takes e into the policy. e is not in it.
	Add(e *Entry)

	// Use tells that the entries were hit, in this order. It is called only if
	// Ordered. Every entry is in the policy; one may occur several times.
	Use(entries []*Entry)

	// Remove takes e out of the policy. e is in it.
	Remove(e *Entry, why Reason)

	// Resize tells how many bytes the cache may hold. It is called once before
	// the first Add, and then whenever the limit changed.
	Resize(capacity int64)

	// Victims nominates entries whose sizes sum up to at least need bytes (at
	// least one entry if need is not positive), appends them to victims and
	// returns the result. They stay in the policy until Remove is called for
	// each; the cache may drop the nomination. If newcomer is not nil it is the
	// entry that wants the room and is not in the policy; the policy may refuse
	// it by returning false, and then nobody leaves. With fewer bytes in the
	// policy than need it nominates all it has.
	Victims(victims []*Entry, newcomer *Entry, need int64) (nominated []*Entry, admit bool)

	// Ordered reports whether the policy needs Use. One that does not sees
	// hits in the marks of the entries alone.
	Ordered() bool
}
