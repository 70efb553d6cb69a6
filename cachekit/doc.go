// Package cachekit is the cache of optcache: it keeps values by key within a hard
// budget of bytes, loads each missing value once, and never serves what was
// invalidated.
//
//	c, err := cachekit.New(cachekit.Options[string, []float64]{
//		Name:     "closes",
//		MaxBytes: 64 << 20,
//		Size:     func(symbol string, closes []float64) int64 { return sizing.String(symbol) + sizing.Slice(closes) },
//	})
//	...
//	closes, err := c.Get(ctx, "AAPL", loadCloses)
//
// Values are shared by all who get them, so they are read-only. In tests set
// [Options.Fingerprint], which finds who writes to them.
//
// The rest of this comment is for those who change the cache.
//
// # The hit path
//
// A look-up hashes the key, finds the entry in the table without a lock, and
// leaves traces: a mark in the entry, which is written only while it changes, so that the
// cache line of a hot entry is shared by all cores; a count in a cell that is mostly
// the goroutine's own (internal/tally); and, only if the policy needs the order of hits,
// the hash in a small ring beside the count (hitRing), which is drained under the lock
// before an entry comes, and once it is full, if nobody else holds the lock; else it
// is forgotten. While no entries come few hits are recorded, or none (sample). There is no allocation and no
// interface call.
//
// An entry of two words is one cache line of 64 bytes (entry). Package
// internal/table explains the table, and why a look-up that races its growth needs
// no second try. Entries do not change, so a replaced value is a new entry, except a
// value of one word, which is replaced in one piece (word).
//
// A look-up of an integer key is one function without a call on its usual way, and
// Lookup itself is inlined into its caller (lookup). That matters as much as the
// number of instructions: a processor that has few of them to do begins the next
// look-up while the first still waits for memory.
//
// What bounds a hit is memory: it reads two cache lines, bucket and entry, that
// depend on each other, where a Go map with its values inside reads one or two
// that lie together. Of 65,536 entries read by skewed keys on two cores, a hit
// takes 1.2 to 1.6 times what a bare Go map takes, and 0.4 to 0.45 of what otter v2.4
// takes; with counts on both sides it is 0.34 to 0.4. Where a quarter to all of
// the operations are writes, of keys for twice the capacity, they take 0.3 to 0.7 of
// otter's time. internal/peers measures both side by side, BenchmarkReads and
// BenchmarkMix ours alone.
//
// # The lock
//
// One mutex, mu, guards the policy, which is sequential code, and whatever is
// written but marks, counts and values of one word (overwrite). Shards with locks of their own were considered and not built: each write
// must ask the policy anyway, and one lock makes a statement such as "this load
// was not invalidated, so it fills the cache" true by construction: the load that
// lands, the entry that it becomes and all that may invalidate it happen under mu.
// It is held for the time of a few look-ups, and for the copy of one shard of the table when that
// grows, about 4,000 entries.
//
// Lock order: there is none to keep. While mu is held no function of the user is
// called, no other cache and nothing that waits; a budget's reservation is a compare
// and swap. The budget's own locks are held for a few instructions. Hash and
// equality hooks ([Options.Hooks]) do run under mu and must be pure.
//
// # Room
//
// All bytes are reserved before they are held (place): an entry with its key and
// value, the arrays of the table, what is pinned. If the budget has no room, the
// policy nominates victims for the newcomer, which it may refuse; only if they
// suffice and the newcomer is admitted do they leave, and their bytes become the
// newcomer's without passing through the budget. In a shared budget each member
// has its turn to give way, as often as it holds bytes. If it is another's, mu is
// released first, and what that one sheds belongs to the asker at once, so no third can take it. After
// maxTries the value is handed out uncached, and counted.
//
// The policy learns its capacity from what the cache could hold the last time that room was
// lacking (adapt): table, pins and other caches take their part of the limit. A number of
// entries (MaxEntries) is a capacity in bytes by the same rule.
//
// Not counted are the fixed few kilobytes of a cache itself, what a policy
// remembers of entries that left, values that callers still hold, and loads under way.
//
// # Loads
//
// A load runs on a goroutine of its own, so that everybody who waits, the first
// included, can leave, and a Goexit ends nobody else's (flight). A flight is
// listed while it may fill the cache. Whoever invalidates its key takes it off the list: then nobody
// joins it any more and it fills nothing, but those who wait for it get its
// value, as they asked before. A version's loads and entries refer to one flag,
// which Retire sets.
//
// # Removals
//
// What left is queued under mu in the order in which it left. Whoever unlocks mu tells
// OnRemoval, unless somebody is at it already (unlock). So OnRemoval is never called
// concurrently, may use the cache, and needs no goroutine.
package cachekit
