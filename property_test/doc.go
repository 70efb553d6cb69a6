// Package propertytest proves that a cache gives the answers that its loader would
// have given, whatever is asked of it in whatever order, and shows the shortest
// story in which it does not.
//
//	func TestAssetLists(t *testing.T) {
//		propertytest.Run(t, propertytest.Suite[AssetKey, []Row]{
//			New: func(capacity int, load propertytest.Loader[AssetKey, []Row]) propertytest.Cache[AssetKey, []Row] {
//				return NewAssetLists(capacity, load)
//			},
//			Keys:  []AssetKey{{Name: "a"}, {Name: "b"}, {Name: "ab"}, {Name: "a", Version: 1}},
//			Value: func(k AssetKey, version int) []Row { return []Row{{k.Name, k.Version, version}} },
//		})
//	}
//
// [Cache] tells what a cache may have besides Get, and [Suite] what else it can be
// asked. [Workflow] does the same for whole computations: with caches and without,
// with one worker and with many, their outputs must be equal bit for bit. [Grouping]
// does it for containers that group rows.
//
// # What is run
//
// Each property is a subtest, and runs some 1,000 random traces: lists of up to 30 steps such
// as "get 0; update 0; get 0", over the keys of the suite, beside a
// model. Traces of the concurrent properties have a time at each
// step, a duration for each load and a deadline for each caller; they run in a
// [testing/synctest] bubble, where those times pass in no time and always in the same
// order, so a race between a load and an invalidation is found, shrunk and replayed like any
// other fault. A step that does not come back in real time, because the cache holds a lock while
// it loads, is noticed from outside the bubble.
//
// A trace that fails is shrunk, replayed, and reported with what happened at each step,
// and a line to paste that runs it again.
//
// # Environment
//
//	OPTCACHE_SEED=random       another seed than the usual one, which reports tell; a number is that seed
//	OPTCACHE_CASES=100000      traces for each property
//	OPTCACHE_TRACE='...'       run this trace only, as a report shows it
//
// go test remembers results: with a random seed say -count=1 too.
//
// # The properties
//
//   - sequential: each answer is what the loader answers, or what was set; errors too
//   - keeps: with room for all, nothing is loaded twice without need
//   - keys: every field of the key matters, and equal keys are one
//   - zero: zero, nil and empty values are values, and stay what they are
//   - batch: a batch is its single gets, in its order, with its duplicates
//   - bound: entries and bytes keep within their limits after every step, and bytes are the
//     sum of the sizes of what is held
//   - oversize: a value that cannot fit is answered, not kept, and drives nobody out
//   - pins: what is pinned stays
//   - order: who leaves is who was asked for least recently
//   - versions: nothing of a retired version is served
//   - expiry: nothing is served after its time, and nothing is dropped long before it
//   - aliasing: a value that a reader changed is not served to the next as if it were whole
//   - statistics: the counts are what happened
//   - races: a get that begins after an invalidation never sees what was there before
//   - once: callers who ask at the same time share one load
//   - waiters: each caller waits for its own key alone, and no longer than its own context
//   - faults: a loader that fails, panics or ends its goroutine harms nobody but its callers
//   - leaks: no goroutine is left
//   - stress: all of it on real threads; worth most with -race
package propertytest
