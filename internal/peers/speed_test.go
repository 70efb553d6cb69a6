package main

import (
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// TestParallelDoesEachOperationOnce counts them, over any number of goroutines.
func TestParallelDoesEachOperationOnce(t *testing.T) {
	requests := make([]uint64, 8*chunk)
	for i := range requests {
		requests[i] = uint64(i)
	}
	for _, threads := range []int{1, 2, 7} {
		var calls atomic.Int64
		_, sum := parallel(threads, 3*chunk, 8*chunk, func(keys []uint64) (sum uint64) {
			calls.Add(int64(len(keys)))
			for _, k := range keys {
				sum += k
			}
			return sum
		}, requests)
		if n := uint64(len(requests)); calls.Load() != int64(n) || sum != n*(n-1)/2 {
			t.Errorf("%d goroutines did %d operations with the sum %d, want %d and %d", threads, calls.Load(), sum, n, n*(n-1)/2)
		}
	}
}

// TestMeasure runs small groups of all kinds: every cache that can do the work
// has one row for it, with a time, and with all keys found where all fit.
func TestMeasure(t *testing.T) {
	groups := []group{
		{1000, false, []kind{reads, halves}, []int{1, 2}},
		{1000, true, []kind{reads}, []int{2}},
		{1000, false, []kind{hits, misses}, []int{2}},
	}
	// Rows: all ten caches, but the map only reads; those that count; those that load.
	want := []int{2 * (10 + 9), 6, 2 * 5}
	for i, g := range groups {
		rows := measure(contenders[uint64](), g, "uint64", numbers, pace{sittings: 2, rounds: 1, slice: time.Millisecond}, func(string) bool { return true })
		if len(rows) != want[i] {
			t.Errorf("group %d: %d rows, want %d", i, len(rows), want[i])
		}
		seen := make(map[string]bool)
		for _, r := range rows {
			if id := r.Work + " " + r.Cache; seen[id] {
				t.Errorf("two rows for %s", id)
			} else {
				seen[id] = true
			}
			if r.NsOp == nil || *r.NsOp <= 0 || r.AllocsOp == nil || *r.AllocsOp < 0 {
				t.Errorf("%s by %s has no time or no allocations", r.Work, r.Cache)
			}
			if r.Note != "" && r.Cache != "theine" && r.Cache != "ristretto" {
				t.Errorf("%s by %s: %s", r.Work, r.Cache, r.Note)
			}
			if g.stats != strings.Contains(r.Work, "/stats") {
				t.Errorf("%s: statistics are %v", r.Work, g.stats)
			}
		}
	}
}

// TestHeapAnEntry: an entry costs something, and a bare map holds all.
func TestHeapAnEntry(t *testing.T) {
	const entries = 20_000
	for _, r := range heapAnEntry("memory/small", contenders[uint64](), entries) {
		if r.BytesEntry == nil || *r.BytesEntry < 1 || *r.BytesEntry > 1000 {
			t.Errorf("%s: an entry costs %v bytes", r.Cache, r.BytesEntry)
		}
	}
	for _, x := range extras {
		r := heapAnEntry("memory/"+x.name, []contender[uint64]{with(x)}, entries)[0]
		if r.BytesEntry == nil || *r.BytesEntry < 1 || r.Note != "" {
			t.Errorf("%s: an entry costs %v bytes: %s", x.name, r.BytesEntry, r.Note)
		}
	}
}

// Benchmark is the timed work as Go benchmarks: all cores, uint64 keys, one
// operation an iteration.
func Benchmark(b *testing.B) {
	for _, g := range quickGroups() {
		for _, l := range g.laps(func(lap) bool { return true }) {
			s := streamFor(l.kind, g.entries, numbers)
			for _, c := range contenders[uint64]() {
				if !c.can(g, l.kind) {
					continue
				}
				b.Run(fmt.Sprintf("%s/%s", g.name(l, "uint64"), c.name), func(b *testing.B) { benchmark(b, c, g, l, s) })
			}
		}
	}
}

func benchmark(b *testing.B, c contender[uint64], g group, l lap, s stream[uint64]) {
	in := c.open(g, l.kind)
	defer in.Close()
	prepare(in, l.kind, s)
	do := operation(in, l.kind)
	parallel(l.threads, 0, chunk, do, s.requests)
	b.ReportAllocs()
	b.ResetTimer()
	parallel(l.threads, chunk, b.N, do, s.requests)
}
