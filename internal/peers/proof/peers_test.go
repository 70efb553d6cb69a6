package proof

import "time"

// A peer is a library, and the manners in which its cache is shown to the suite.
type peer struct {
	name, about string
	shown       []shown
}

// A shown is a cache in one manner.
type shown struct {
	name string
	make func(m manner, capacity int, load loader) cache
	manner
	lru    bool              // it says that it drops the least recently used
	asks   string            // properties that are asked of it; "" is all
	skips  map[string]skip   // properties that would fail for a reason that another tells
	judged map[string]string // properties that fail, and what the library says about that
}

// A skip is why a property is not asked, and a trace of it that fails.
type skip struct{ why, trace string }

const life = 40 * time.Second

// What all or most of them have in common.
const (
	aliasing = "Values are shared by all who get them. The library says nothing of readers who change them."
	raced    = "The library knows no loads, so it promises nothing of those beside it: the value that was read before the update is stored after it."
	beside   = "The library knows no loads, so each caller who misses makes its own."
)

// besides are the failures of caches without loads.
var besides = map[string]string{"aliasing": aliasing, "races": raced, "once": beside, "waiters": beside}

// locked is why theine's loader is asked no more.
const locked = "a load runs under the lock of its shard, as waiters tells; a clock that stands still until a lock is free goes no further"

var peers = []peer{
	{
		name: "golang-lru v2.0.7",
		about: "Knows no loads: the adapter looks, loads and stores, as users write it. All that it does promise holds, the order of LRU and the capacity after " +
			"every step included; `expirable` keeps its lives. 2Q and ARC have the same methods and were left out.",
		shown: []shown{
			{name: "LRU", make: newGolangLRU, lru: true, judged: besides},
			{
				name: "expirable", make: newExpirableLRU, manner: manner{life: life}, lru: true,
				asks: "sequential keeps keys zero bound order expiry faults leaks",
				judged: map[string]string{
					"leaks": "As documented: \"Goroutine which deletes expired entries runs indefinitely\" (`expirable.NewLRU`). There is no Close, so a cache that is dropped is never freed.",
				},
			},
		},
	},
	{
		name: "otter v2.4.0",
		about: "Has a loader, `Get(ctx, key, loader)`, which the adapter calls as it is; evictions run at once, by an `Executor` that its documentation suggests for tests " +
			"(without one the bound is as soft as documented: \"the cache may ... temporarily exceed the threshold while evicting\"). The suspicion that a load may run twice because it is published " +
			"after its slot is free was not confirmed in this version, neither in the bubble nor on real threads.",
		shown: []shown{
			{name: "by entries", make: newOtter, judged: map[string]string{
				"aliasing": aliasing,
				"waiters": "No promise is broken: \"A write or an invalidation of key during the load discards the loaded value: Get then returns the value key has or loads key again, until ctx is done\" (`Cache.Get`). " +
					"But the load is begun again with the context of the first who asked, though another waits for it too, so it ends with that one and is made a third time.",
			}},
			{name: "by weight", make: newOtter, manner: manner{weighed: true}, asks: "sequential bound oversize statistics", judged: map[string]string{
				"bound": "As documented: \"the cache may evict an entry before this limit is exceeded\" (`Options.MaximumWeight`). A victim leaves for a newcomer that is then dropped too.",
				"statistics": "A matter of words: a newcomer that is dropped at once counts as an eviction, and the documentation says \"the eviction of an entry from the cache\" (`stats.Recorder`). " +
					"The suite counts what was there and left.",
			}},
			{name: "expiring", make: newOtter, manner: manner{life: life}, asks: "sequential keeps expiry leaks"},
			{name: "BulkGet", make: newBatchedOtter, asks: "batch once faults", judged: map[string]string{
				"once":   "A bulk load that fails keeps nothing, also of keys that it had loaded; the documentation says \"No observable state associated with this cache is modified until loading completes\" (`Cache.BulkGet`).",
				"faults": "A Get that joins a bulk load gets the error of another key of that bulk. The documentation says that it \"simply waits for that goroutine to finish and returns its loaded value\" (`Cache.Get`), and of errors nothing.",
			}},
			{name: "InvalidateAll", make: newClearedOtter, asks: "sequential keeps races", judged: map[string]string{
				"races": "As documented: \"The behavior of this operation is undefined for an entry that is being loaded (or reloaded) and is otherwise not present\" (`Cache.InvalidateAll`). " +
					"With `Invalidate` the property holds.",
			}},
		},
	},
	{
		name: "theine v0.6.3",
		about: "Has a loader. What is set passes through a buffer, so the adapter calls `Wait` before it counts; without that the bound is soft. Neither documentation nor methods " +
			"give a Clear, a Peek or a Resize.",
		shown: []shown{
			{
				name: "by entries", make: newTheine,
				judged: map[string]string{
					"aliasing": aliasing,
					"waiters": "The loader runs under the lock of its shard (\"load and store should be atomic\", says a comment in `LoadingStore.Get`), so all who ask for a key of that shard wait, also for what is there, and nobody can leave. " +
						"The documentation promises that loads of one key are shared (\"uses singleflight\"), and of others nothing.",
				},
				skips: map[string]skip{
					"races":  {locked, "races/1: get 0 load 1; get 0"},
					"once":   {locked, "once/12: get 0 load 1; get 0"},
					"faults": {locked, "faults/12: get 0 load 1; get 0"},
					"leaks":  {locked, "leaks/1: get 0 load 1; get 0"},
				},
			},
			{name: "by cost", make: newTheine, manner: manner{weighed: true}, asks: "sequential bound oversize statistics", judged: map[string]string{
				"oversize": "A defect by our measure: a value that is too large is refused, and the old one stays and is served. The documentation says \"success will be false if cost > max size\", which a caller must heed, and not that the key keeps its old value.",
			}},
			{name: "expiring", make: newTheine, manner: manner{life: life}, asks: "sequential keeps expiry"},
			{name: "without its loader", make: newAsideTheine, asks: "sequential keeps races once waiters faults leaks", judged: besides},
		},
	},
	{
		name: "ristretto v2.4.2",
		about: "Knows no loads, and what is set or deleted passes through a buffer; the adapter calls `Wait` after each, as its documentation says. Without that two values of a new key, set one right after the other, " +
			"leave the first, though both calls return true: in 1,000 of 1,000 tries (`TestRistrettoLosesTheLastWrite`; the suite's clock stands still until the buffer is empty, so it cannot ask). " +
			"The documentation says that \"a Set call for a new item (updates are guaranteed) isn't guaranteed to make it into the cache\", and both calls are for a new item; that the older of two values wins it does not say.",
		shown: []shown{
			{name: "by entries", make: newRistretto, judged: besides},
			{name: "by cost", make: newRistretto, manner: manner{weighed: true}, asks: "sequential bound oversize statistics", judged: map[string]string{
				"oversize": "A value that replaces another is kept whatever it costs, above `MaxCost` too, until something new comes. The documentation promises only that a new item does not overflow it: " +
					"\"If new items are accepted, the eviction process will take care of making room for the new item and not overflowing the MaxCost value\" (`Config.MaxCost`).",
			}},
			{name: "expiring", make: newRistretto, manner: manner{life: life}, asks: "sequential keeps expiry leaks"},
			{name: "Clear", make: newClearedRistretto, asks: "sequential keeps statistics", judged: map[string]string{
				"statistics": "`Clear` sets the statistics to zero too. A comment in its code says so, its documentation does not.",
			}},
			{name: "UpdateMaxCost", make: newResizedRistretto, asks: "sequential bound", judged: map[string]string{
				"bound": "Not promised: \"updates the maxCost of an existing cache\" (`Cache.UpdateMaxCost`). A smaller cost holds when something new comes.",
			}},
		},
	},
}
