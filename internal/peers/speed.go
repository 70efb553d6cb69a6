package main

import (
	"fmt"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// chunk is how many operations a goroutine does before it asks for more.
const chunk = 2048

// A pace says how long and how often is measured. Machines, and virtual ones most
// of all, are slow for tenths of a second at a time. So slices are short, there are
// many, the caches take turns, and the median counts.
type pace struct {
	sittings int           // so often all caches are made anew
	rounds   int           // so many slices of each work in each sitting
	slice    time.Duration // about how long one takes
}

// A lap is one piece of work of a group.
type lap struct {
	kind
	threads int
}

// A tally is what one cache did at one lap.
type tally struct {
	operations int // in a slice
	sum        uint64
	ns, allocs []float64 // an operation, for each slice
}

// A runner is a cache at work.
type runner[K key] struct {
	contender[K]
	store  store[K]
	filled int            // what kind of keys it has seen, by their number in per cent
	next   int            // where in the requests it goes on: it is to meet others than before
	laps   map[lap]*tally // of all sittings
}

// measure measures all caches at the work of g that want wants, and returns the
// medians.
func measure[K key](all []contender[K], g group, keyType string, names func([]uint64) []K, p pace, want func(work string) bool) []row {
	laps := g.laps(func(l lap) bool { return want(g.name(l, keyType)) })
	if len(laps) == 0 {
		return nil
	}
	streams := make(map[int]stream[K])
	for _, l := range laps {
		if _, ok := streams[l.keys]; !ok {
			streams[l.keys] = streamFor(l.kind, g.entries, names)
		}
	}
	runners := make([]*runner[K], len(all))
	for i, c := range all {
		runners[i] = &runner[K]{contender: c, laps: make(map[lap]*tally)}
	}
	for range p.sittings {
		sit(runners, g, laps, streams, p)
	}
	var rows []row
	for _, l := range laps {
		for _, r := range runners {
			if t := r.laps[l]; t != nil {
				rows = append(rows, t.row(g.name(l, keyType), r.name, l.kind))
			}
		}
	}
	return rows
}

// sit makes all caches anew, has them do all laps that they can do, in turn, and
// adds what that took to their tallies.
func sit[K key](runners []*runner[K], g group, laps []lap, streams map[int]stream[K], p pace) {
	for _, l := range laps {
		var able []*runner[K]
		for _, r := range runners {
			if r.can(g, l.kind) {
				r.prepare(g, l, streams[l.keys], p.slice)
				able = append(able, r)
			}
		}
		runtime.GC()
		for range p.rounds {
			for _, r := range able {
				r.once(l, streams[l.keys].requests)
			}
			slices.Reverse(able)
		}
	}
	for _, r := range runners {
		if r.store != nil {
			r.store.Close()
			r.store = nil
		}
	}
}

// prepare makes the cache if there is none, shows it the keys of lap l if it has
// not seen them, and finds out how much work a slice is.
func (r *runner[K]) prepare(g group, l lap, from stream[K], slice time.Duration) {
	if r.store == nil {
		r.store, r.filled = r.open(g, l.kind), 0
	}
	if r.filled != l.keys {
		prepare(r.store, l.kind, from)
		r.filled = l.keys
	}
	if r.laps[l] == nil {
		r.laps[l] = &tally{operations: calibrate(l.threads, operation(r.store, l.kind), from.requests, slice)}
	}
}

// once does one slice of lap l, after half of one that brings what the other caches
// drove out back to the caches of the processor.
func (r *runner[K]) once(l lap, requests []K) {
	t, do := r.laps[l], operation(r.store, l.kind)
	warmUp := max(1, t.operations/2/chunk) * chunk
	parallel(l.threads, r.next, warmUp, do, requests)
	r.next += warmUp
	before := mallocs()
	took, sum := parallel(l.threads, r.next, t.operations, do, requests)
	allocs := mallocs() - before
	r.next += t.operations
	r.store.Flush() // nothing of it is to run while others are measured
	t.sum += sum
	t.ns = append(t.ns, float64(took)/float64(t.operations))
	t.allocs = append(t.allocs, float64(allocs)/float64(t.operations))
}

// can reports whether c can do work of that kind in g.
func (c contender[K]) can(g group, k kind) bool {
	switch {
	case g.stats && !c.counts, !g.stats && !c.plain:
		return false
	case k.loads:
		return c.loading != nil
	}
	return !c.unlocked || k.every == 0
}

// open returns a new cache for work of that kind.
func (c contender[K]) open(g group, k kind) store[K] {
	set := settings{entries: g.entries, stats: g.stats}
	if k.loads {
		return c.loading(set)
	}
	return c.make(set)
}

// operation returns what the goroutines do.
func operation[K key](s store[K], k kind) func(keys []K) uint64 {
	switch {
	case k.loads:
		return s.(loader[K]).Load
	case k.every > 0:
		c := s.(cache[K])
		return func(keys []K) uint64 { return c.Mix(keys, k.every) }
	}
	return s.(cache[K]).Read
}

// prepare fills s for work of that kind. Where not all keys fit it makes requests,
// so that the policy knows them: a walk over all keys would tell it of something
// else.
func prepare[K key](s store[K], k kind, from stream[K]) {
	if k.fits() {
		fill(s, from.keys)
		return
	}
	k.every = 1
	parallel(runtime.GOMAXPROCS(0), 0, len(from.warmUp), operation(s, k), from.warmUp)
	s.Flush()
}

// fill sets all keys, the first last.
func fill[K key](s store[K], keys []K) {
	for i, k := range slices.Backward(keys) {
		s.Set(k, 1)
		if i%1024 == 0 {
			s.Flush() // some drop what they are given too fast
		}
	}
}

// calibrate returns how many operations, in whole chunks, take about as long as
// slice.
func calibrate[K key](threads int, do func([]K) uint64, requests []K, slice time.Duration) int {
	for n := 8 * chunk; ; n *= 2 {
		if took, _ := parallel(threads, 0, n, do, requests); took > slice/4 {
			return max(8, int(float64(n)*float64(slice)/float64(took)/chunk)) * chunk
		}
	}
}

// row returns the medians of t, and says so if a cache that was to hold all keys
// did not.
func (t *tally) row(work, cache string, k kind) row {
	ns, allocs := median(t.ns), median(t.allocs)
	r := row{Work: work, Cache: cache, NsOp: &ns, AllocsOp: &allocs}
	if found := float64(t.sum) / float64(t.operations*len(t.ns)); k.fits() && found < .999 {
		r.Note = fmt.Sprintf("held not all keys that fit: found %.0f of 100", 100*found)
	}
	return r
}

// parallel does n operations, rounded up to whole chunks, on so many goroutines,
// with the requests from start on. It returns the time from the start of all goroutines to
// the end of the last, and the sum of what they found.
func parallel[K key](threads, start, n int, do func([]K) uint64, requests []K) (time.Duration, uint64) {
	var (
		next     atomic.Int64
		sum      atomic.Uint64
		arrived  sync.WaitGroup
		finished sync.WaitGroup
		gun      = make(chan struct{})
	)
	arrived.Add(threads)
	for range threads {
		finished.Go(func() {
			arrived.Done()
			<-gun
			found := uint64(0)
			for {
				i := int(next.Add(chunk)) - chunk
				if i >= n {
					break
				}
				i = (start + i) % len(requests)
				found += do(requests[i : i+chunk])
			}
			sum.Add(found)
		})
	}
	arrived.Wait()
	began := time.Now()
	close(gun)
	finished.Wait()
	return time.Since(began), sum.Load()
}

// mallocs returns how many heap allocations there have been.
func mallocs() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.Mallocs
}
