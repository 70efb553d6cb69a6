package propertytest

import (
	"fmt"
	"strings"
)

// A property is one thing that a cache promises.
type property struct {
	name        string
	explanation string   // what is promised, in a sentence that a report can end with
	needs       []string // methods or fields that the cache or its suite must have; "a|b" means either
	profile
	checks
}

// checks are rules that hold in some properties only.
type checks struct {
	bounded  bool // entries and bytes keep within their limits
	inspects bool // Peek shows what is held after each step
	tallies  bool // the statistics are right after each step
	fresh    bool // no answer is from before an invalidation
	shares   bool // loads of one key are shared
	ordered  bool // who leaves is the least recently used
	prompt   bool // nobody waits longer than needed
	closes   bool // no goroutine is left
	stress   bool // on real threads, without a trace
}

var properties = []*property{
	{
		name:        "sequential",
		explanation: "a cached answer is what the loader would answer",
		profile: profile{
			weights: [ops]int{opGet: 10, opPeek: 2, opSet: 3, opUpdate: 4, opInvalidate: 1, opClear: 1},
			shapes:  [shapes]int{whole: 1}, faults: [faults]int{none: 8, fails: 1, missing: 1}, longest: 30,
		},
	},
	{
		name:        "keeps",
		explanation: "with room for all, what was loaded is not loaded again until it is invalidated",
		profile: profile{
			weights: [ops]int{opGet: 10, opPeek: 1, opSet: 2, opUpdate: 2, opInvalidate: 2, opClear: 1},
			shapes:  [shapes]int{whole: 1}, faults: [faults]int{none: 8, fails: 1, missing: 1}, longest: 20, ample: true,
		},
	},
	{
		name:        "keys",
		explanation: "every field of the key matters, and equal keys are one",
		needs:       []string{"a key with fields that can be varied"},
		profile: profile{
			weights: [ops]int{opGet: 10, opSet: 1, opUpdate: 2, opInvalidate: 1},
			shapes:  [shapes]int{whole: 1}, faults: [faults]int{none: 1}, longest: 20, ample: true, relatives: true,
		},
	},
	{
		name:        "zero",
		explanation: "zero, nil and empty values are values like any other, and stay what they are",
		profile: profile{
			weights: [ops]int{opGet: 10, opPeek: 2, opSet: 4, opUpdate: 4, opDrift: 4},
			shapes:  [shapes]int{whole: 1, zero: 2, empty: 2}, faults: [faults]int{none: 10, fails: 1}, longest: 20, ample: true,
		},
	},
	{
		name:        "batch",
		explanation: "a batch is its single gets, in its order, with its duplicates",
		needs:       []string{"GetMany"},
		profile: profile{
			weights: [ops]int{opGet: 4, opBatch: 10, opPeek: 1, opSet: 2, opUpdate: 3, opClear: 1},
			shapes:  [shapes]int{whole: 1}, faults: [faults]int{none: 8, fails: 1, missing: 1}, longest: 16, mixed: true,
		},
	},
	{
		name:        "bound",
		explanation: "entries and bytes keep within their limits after every step, and are what is held",
		needs:       []string{"Len|Bytes"},
		profile: profile{
			weights: [ops]int{opGet: 10, opPeek: 1, opSet: 4, opUpdate: 2, opInvalidate: 2, opClear: 1, opResize: 1},
			shapes:  [shapes]int{whole: 1}, faults: [faults]int{none: 8, fails: 1}, longest: 30,
		},
		checks: checks{bounded: true, inspects: true},
	},
	{
		name:        "oversize",
		explanation: "a value that cannot fit is answered, not kept, and drives nobody out",
		needs:       []string{"Suite.Big"},
		profile: profile{
			weights: [ops]int{opGet: 10, opPeek: 2, opSet: 4, opUpdate: 4, opDrift: 4},
			shapes:  [shapes]int{whole: 2, large: 2}, faults: [faults]int{none: 1}, longest: 20, ample: true,
		},
		checks: checks{bounded: true, inspects: true},
	},
	{
		name:        "pins",
		explanation: "what is pinned stays until it is released or invalidated",
		needs:       []string{"Pin"},
		profile: profile{
			weights: [ops]int{opGet: 10, opPeek: 2, opSet: 2, opUpdate: 1, opInvalidate: 1, opClear: 1, opPin: 10, opUnpin: 6},
			shapes:  [shapes]int{whole: 1}, faults: [faults]int{none: 10, fails: 1}, longest: 30,
		},
		checks: checks{bounded: true, inspects: true},
	},
	{
		name:        "order",
		explanation: "who leaves is who was asked for least recently",
		needs:       []string{"Suite.LRU", "Peek"},
		profile: profile{
			weights: [ops]int{opGet: 10, opPeek: 2, opSet: 2, opInvalidate: 1},
			shapes:  [shapes]int{whole: 1}, faults: [faults]int{none: 1}, longest: 30,
		},
		checks: checks{inspects: true, ordered: true},
	},
	{
		name:        "versions",
		explanation: "nothing of a retired version is served, and nothing else is lost",
		needs:       []string{"Retire", "Suite.Version"},
		profile: profile{
			weights: [ops]int{opGet: 10, opPeek: 1, opSet: 2, opUpdate: 1, opRetire: 4},
			shapes:  [shapes]int{whole: 1}, faults: [faults]int{none: 10, fails: 1}, longest: 20, ample: true,
		},
	},
	{
		name:        "expiry",
		explanation: "nothing is served after its time, and nothing is dropped long before it",
		needs:       []string{"Suite.ExpireAfterWrite or ExpireAfterAccess"},
		profile: profile{
			weights: [ops]int{opGet: 10, opPeek: 2, opSet: 3, opUpdate: 1, opDrift: 3, opSleep: 8},
			shapes:  [shapes]int{whole: 1}, faults: [faults]int{none: 10, fails: 1}, longest: 24, ample: true,
		},
	},
	{
		name:        "aliasing",
		explanation: "a value that a reader changed is not served to the next as if it were whole",
		needs:       []string{"Suite.Mutate"},
		profile: profile{
			weights: [ops]int{opGet: 10, opMutate: 4, opSet: 2, opUpdate: 2, opInvalidate: 1},
			shapes:  [shapes]int{whole: 1}, faults: [faults]int{none: 1}, longest: 16, ample: true,
		},
	},
	{
		name:        "statistics",
		explanation: "the counts are what happened",
		needs:       []string{"Counts"},
		profile: profile{
			weights: [ops]int{opGet: 10, opPeek: 1, opSet: 2, opUpdate: 2, opInvalidate: 1, opClear: 1},
			shapes:  [shapes]int{whole: 1}, faults: [faults]int{none: 6, fails: 1, missing: 1}, longest: 24,
		},
		checks: checks{inspects: true, tallies: true},
	},
	{
		name:        "races",
		explanation: "a get that begins after an invalidation never sees what was there before",
		profile: profile{
			weights: [ops]int{opGet: 10, opPeek: 1, opSet: 2, opUpdate: 4, opClear: 1, opRetire: 1, opBatch: 2},
			shapes:  [shapes]int{whole: 1}, faults: [faults]int{none: 10, fails: 1}, longest: 8, concurrent: true, ticks: 5,
		},
		checks: checks{fresh: true},
	},
	{
		name:        "once",
		explanation: "callers who ask at the same time share one load",
		profile: profile{
			weights: [ops]int{opGet: 10, opSet: 1, opUpdate: 2, opInvalidate: 1, opClear: 1, opBatch: 1},
			shapes:  [shapes]int{whole: 1}, faults: [faults]int{none: 10, fails: 1}, longest: 8, concurrent: true, ticks: 5, ample: true,
		},
		checks: checks{shares: true, tallies: true},
	},
	{
		name:        "waiters",
		explanation: "each caller waits for its own key alone, and no longer than its own context",
		profile: profile{
			weights: [ops]int{opGet: 12, opUpdate: 1, opPeek: 1},
			shapes:  [shapes]int{whole: 1}, faults: [faults]int{none: 1}, longest: 8, concurrent: true, ticks: 5, leaves: 4, ample: true,
		},
		checks: checks{prompt: true, shares: true},
	},
	{
		name:        "faults",
		explanation: "a loader that fails, panics or ends its goroutine harms nobody but its callers",
		profile: profile{
			weights: [ops]int{opGet: 12, opUpdate: 1, opBatch: 1},
			shapes:  [shapes]int{whole: 1}, faults: [faults]int{none: 2, fails: 1, panics: 1, exits: 1}, longest: 8, concurrent: true, ticks: 4, ample: true,
		},
	},
	{
		name:        "leaks",
		explanation: "when all calls have returned and the cache is closed, if it can be, no goroutine is left",
		profile: profile{
			weights: [ops]int{opGet: 12, opSet: 1, opUpdate: 2, opClear: 1, opRetire: 1, opBatch: 1},
			shapes:  [shapes]int{whole: 1}, faults: [faults]int{none: 6, fails: 1}, longest: 8, concurrent: true, ticks: 5, leaves: 3,
		},
		checks: checks{closes: true},
	},
	{
		name:        "stress",
		explanation: "all of it holds on real threads",
		checks:      checks{stress: true},
	},
}

// named finds properties by name; all if there are no names.
func named(names []string) ([]*property, error) {
	if len(names) == 0 {
		return properties, nil
	}
	var found []*property
	for _, name := range names {
		before := len(found)
		var known []string
		for _, p := range properties {
			if known = append(known, p.name); p.name == name {
				found = append(found, p)
			}
		}
		if len(found) == before {
			return nil, fmt.Errorf("there is no property %q, only %s", name, strings.Join(known, ", "))
		}
	}
	return found, nil
}
