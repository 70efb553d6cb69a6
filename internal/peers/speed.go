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

// A pace says how long and how often is measured.
type pace struct {
	rounds int
	slice  time.Duration // about so long in each round
	limit  time.Duration // unless 0: after so long no more rounds begin, but for minRounds
}

const minRounds = 3

// A lap is one piece of work of a group.
type lap struct {
	kind
	threads int
}

// A tally is what one cache did at one lap.
type tally struct {
	operations int // in a round
	next       int // where in the requests the next round begins
	sum        uint64
	ns, allocs []float64 // an operation, for each round
}

// measure measures all caches at the work of g that want wants and returns the
// medians of the rounds. In each round each cache is made anew, filled, and does
// all its work while no other is in memory; the order of the caches alternates.
func measure[K key](all []contender[K], g group, keyType string, names func([]uint64) []K, p pace, want func(work string) bool) []row {
	laps := g.laps(func(l lap) bool { return want(g.name(l, keyType)) })
	if len(laps) == 0 {
		return nil
	}
	streams := make(map[int]stream[K])
	for _, l := range laps {
		if _, ok := streams[l.keys]; !ok {
			streams[l.keys] = zipf(g.entries*l.keys/100, names)
		}
	}
	tallies := make([]map[lap]*tally, len(all))
	for i := range all {
		tallies[i] = make(map[lap]*tally)
	}
	began := time.Now()
	for round := range p.rounds {
		if p.limit > 0 && round >= minRounds && time.Since(began) > p.limit {
			break
		}
		for i := range all {
			if round%2 == 1 {
				i = len(all) - 1 - i
			}
			all[i].round(g, laps, streams, p.slice, tallies[i])
		}
	}
	var rows []row
	for _, l := range laps {
		for i, c := range all {
			if t := tallies[i][l]; t != nil {
				rows = append(rows, t.row(g.name(l, keyType), c.name, l.kind))
			}
		}
	}
	return rows
}

// round has a new cache do the laps that it can do, and adds what it took to the
// tallies.
func (c contender[K]) round(g group, laps []lap, streams map[int]stream[K], slice time.Duration, tallies map[lap]*tally) {
	laps = slices.DeleteFunc(slices.Clone(laps), func(l lap) bool { return !c.can(g, l.kind) })
	if len(laps) == 0 {
		return
	}
	s, filled := c.open(g, laps[0].kind), 0
	defer s.Close()
	for _, l := range laps {
		from := streams[l.keys]
		if filled != l.keys {
			fill(s, from.keys)
			filled = l.keys
		}
		do := operation(s, l.kind)
		t := tallies[l]
		if t == nil {
			t = &tally{operations: calibrate(l.threads, do, from.requests, slice)}
			tallies[l] = t
		}
		lapOnce(t, l.threads, do, from.requests)
	}
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

// lapOnce does the operations of one round: a quarter of them to warm up, and then
// all.
func lapOnce[K key](t *tally, threads int, do func([]K) uint64, requests []K) {
	parallel(threads, t.next, t.operations/4, do, requests)
	runtime.GC()
	before := mallocs()
	took, sum := parallel(threads, t.next, t.operations, do, requests)
	allocs := mallocs() - before
	t.next += t.operations
	t.sum += sum
	t.ns = append(t.ns, float64(took)/float64(t.operations))
	t.allocs = append(t.allocs, float64(allocs)/float64(t.operations))
}

// row returns the medians of t, and says so if a cache that was to hold all keys
// did not.
func (t *tally) row(work, cache string, k kind) row {
	ns, allocs := median(t.ns), median(t.allocs)
	r := row{Work: work, Cache: cache, NsOp: &ns, AllocsOp: &allocs}
	if found := float64(t.sum) / float64(t.operations*len(t.ns)); k.keys <= 100 && found < .999 {
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
