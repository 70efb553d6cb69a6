package main

import (
	"fmt"
	"runtime"
)

// A kind is what the goroutines of a timed piece of work do.
type kind struct {
	name  string
	every int // every so many-th operation is a set; 0: none
	keys  int // how many keys there are, per cent of the entries that the cache may hold
	loads bool
}

// fits reports whether the cache may hold all keys.
func (k kind) fits() bool { return k.keys <= 100 }

// The reads find all that they look up. Otherwise there are twice as many keys
// as the cache may hold.
var (
	reads  = kind{name: "reads/90", keys: 90}
	mixed  = kind{name: "mixed25", every: 4, keys: 200}
	halves = kind{name: "mixed50", every: 2, keys: 200}
	writes = kind{name: "writes", every: 1, keys: 200}
	hits   = kind{name: "load/90", keys: 90, loads: true}
	misses = kind{name: "load/200", keys: 200, loads: true}
)

// A group is timed work that the same caches do one after the other.
type group struct {
	entries int
	stats   bool
	kinds   []kind
	threads []int // numbers of goroutines
}

// laps returns the work of g that want wants.
func (g group) laps(want func(lap) bool) (laps []lap) {
	for _, k := range g.kinds {
		for _, threads := range g.threads {
			if l := (lap{k, threads}); want(l) {
				laps = append(laps, l)
			}
		}
	}
	return laps
}

// name returns the name of a lap of g with keys of that type. The shortest have
// those that do not count, on all cores.
func (g group) name(l lap, keyType string) string {
	name := fmt.Sprintf("%s/%s/%d", l.kind.name, keyType, g.entries)
	if g.stats {
		name += "/stats"
	}
	if l.threads != runtime.GOMAXPROCS(0) {
		name += fmt.Sprintf("/g%d", l.threads)
	}
	return name
}

// The caches of a quick run, by what is measured.
var (
	quickSpeed  = map[string]bool{"optcache": true, "optcache-s3fifo": true, "otter": true, "golang-lru": true, "go-map": true}
	quickMemory = map[string]bool{"optcache": true, "optcache-s3fifo": true, "otter": true, "golang-lru": true}
	quickHits   = map[string]bool{"optcache": true, "otter": true, "golang-lru": true, "golang-lru-2q": true, "golang-lru-arc": true}
)

// quickGroups are those of a quick run, with uint64 keys.
func quickGroups() []group {
	all := []int{runtime.GOMAXPROCS(0)}
	return []group{
		{65_536, false, []kind{reads, mixed, halves, writes}, all},
		{65_536, true, []kind{reads}, all},
	}
}

// fullGroups are those of a full run, with keys of both types.
func fullGroups() []group {
	threads := []int{runtime.GOMAXPROCS(0)}
	if threads[0] != 1 {
		threads = append(threads, 1)
	}
	var groups []group
	for _, entries := range []int{65_536, 1_000, 1_048_576} {
		for _, stats := range []bool{false, true} {
			groups = append(groups,
				group{entries, stats, []kind{reads, mixed, halves, writes}, threads},
				group{entries, stats, []kind{hits}, threads},
				group{entries, stats, []kind{misses}, threads})
		}
	}
	return groups
}
