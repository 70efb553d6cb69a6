package table

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
)

// check fails unless the table is sound: every entry lies where a look-up from its home finds
// it, under its tag, and the counts of passed entries and of all entries are right.
func check(t testing.TB, table *Table) {
	t.Helper()
	total, bytes := 0, int64(0)
	for i := range table.Shards {
		s := table.shard(i)
		if s == nil {
			continue
		}
		bytes += table.heap(len(s.Buckets))
		passed := make([]uint64, len(s.Buckets))
		n := 0
		for b := range s.Buckets {
			meta := s.Buckets[b].meta()
			for j := range s.Buckets[b].Slots {
				p, have := s.Buckets[b].slot(j), meta>>(8*j)&0xff
				if p == nil {
					if have != 0 {
						t.Fatalf("shard %d bucket %d slot %d is empty and has tag %#x", i, b, j, have)
					}
					continue
				}
				if have != tag(*p) {
					t.Fatalf("shard %d bucket %d slot %d: tag %#x of hash %#x", i, b, j, have, *p)
				}
				if table.index(*p) != i {
					t.Fatalf("hash %#x lies in shard %d", *p, i)
				}
				n++
				for k := home(*p, len(s.Buckets)); k != b; k = (k + 1) % len(s.Buckets) {
					passed[k]++
				}
			}
		}
		for b, want := range passed {
			if have := s.Buckets[b].meta() >> passedShift; have != maxPassed && have != want {
				t.Fatalf("shard %d bucket %d: %d entries passed, want %d", i, b, have, want)
			}
		}
		if n != s.n {
			t.Fatalf("shard %d counts %d entries and holds %d", i, s.n, n)
		}
		total += n
	}
	if total != table.Len() || bytes != table.Bytes() {
		t.Fatalf("Len %d, Bytes %d; want %d, %d", table.Len(), table.Bytes(), total, bytes)
	}
}

func exact(n int64) int64 { return n }

func add(t testing.TB, table *Table, p *uint64) {
	t.Helper()
	if bytes, _ := table.Growth(*p); bytes > 0 {
		before := table.Bytes()
		table.Grow(*p)
		if table.Bytes()-before != bytes {
			t.Fatalf("growing took %d bytes, foretold %d", table.Bytes()-before, bytes)
		}
	}
	if !table.Insert(p) {
		t.Fatal("no slot after growing")
	}
}

// TestModel compares random operations with a map from hash to entry. Hashes are
// drawn from few enough values that they recur, and from all over the word.
func TestModel(t *testing.T) {
	for _, shards := range []int{2, 16} {
		t.Run(fmt.Sprint(shards), func(t *testing.T) {
			r := rand.New(rand.NewPCG(1, uint64(shards)))
			table, model := New(shards, exact), map[uint64]*uint64{}
			universe := make([]uint64, 5000)
			for i := range universe {
				universe[i] = r.Uint64()
			}
			for step := range 60_000 {
				// The share of insertions swings, so that the table fills and empties.
				grow := step/10_000%2 == 0
				h := universe[r.IntN(len(universe))]
				old := model[h]
				switch {
				case old != nil && r.IntN(4) == 0:
					p := new(uint64)
					*p = h
					if !table.Replace(old, p) {
						t.Fatal("an entry that is there cannot be replaced")
					}
					model[h] = p
				case old == nil && grow:
					p := new(uint64)
					*p = h
					add(t, table, p)
					model[h] = p
				case old != nil && !grow:
					if !table.Remove(old) || table.Remove(old) || table.Contains(old) {
						t.Fatal("Remove of an entry that is there")
					}
					delete(model, h)
					before := table.Bytes()
					if got := table.Shrink(h); got != before-table.Bytes() || got < 0 {
						t.Fatalf("Shrink returned %d, gave back %d", got, before-table.Bytes())
					}
				}
				if got := table.Find(h); got != model[h] {
					t.Fatalf("step %d: Find(%#x) = %p, want %p", step, h, got, model[h])
				}
				if step%499 == 0 {
					check(t, table)
				}
			}
			for h, p := range model {
				table.Remove(p)
				table.Shrink(h)
			}
			if check(t, table); table.Bytes() != 0 {
				t.Errorf("an empty table holds %d bytes", table.Bytes())
			}
		})
	}
}

// TestEqualHashes holds many entries of one hash, more than the counts of passed
// entries can count.
func TestEqualHashes(t *testing.T) {
	table := New(4, exact)
	entries := make([]*uint64, 4000)
	for i := range entries {
		entries[i] = new(uint64)
		*entries[i] = 42
		add(t, table, entries[i])
	}
	check(t, table)
	for i, p := range entries {
		if got := table.Next(42, func(q *uint64) bool { return q == p }); got != p {
			t.Fatalf("entry %d is not found", i)
		}
		if !table.Remove(p) {
			t.Fatalf("entry %d cannot be removed", i)
		}
	}
	if table.Find(42) != nil {
		t.Error("found an entry after all were removed")
	}
	check(t, table)
}

// TestFullShard fills a table that may not grow to its last slot.
func TestFullShard(t *testing.T) {
	table := New(2, exact)
	table.Grow(0)
	for n := range uint64(20) {
		p := new(uint64)
		*p = n << 58
		if ok := table.Insert(p); ok != (n < slotsPerBucket) {
			t.Fatalf("Insert of entry %d = %v", n, ok)
		}
	}
	if _, must := table.Growth(0); !must {
		t.Error("a full table does not ask to grow")
	}
	if table.Find(77) != nil {
		t.Error("found what was never inserted")
	}
	check(t, table)
}

// TestReadersSeeEveryEntry grows, shrinks and replaces while readers look for
// entries that are never removed: they must always be found.
func TestReadersSeeEveryEntry(t *testing.T) {
	table := New(4, exact)
	r := rand.New(rand.NewPCG(7, 7))
	var kept []*uint64
	for range 500 {
		p := new(uint64)
		*p = r.Uint64()
		add(t, table, p)
		kept = append(kept, p)
	}
	var stop atomic.Bool
	var lost atomic.Int64
	var readers sync.WaitGroup
	for range 4 {
		readers.Go(func() {
			for !stop.Load() {
				for _, p := range kept {
					if q := table.Find(*p); q == nil || *q != *p {
						lost.Add(1)
					}
				}
			}
		})
	}
	for range 2 {
		var passing []*uint64
		for range 4000 {
			p := new(uint64)
			*p = r.Uint64()
			add(t, table, p)
			passing = append(passing, p)
		}
		for _, p := range passing {
			table.Remove(p)
			table.Shrink(*p)
		}
		for i, p := range kept {
			q := new(uint64)
			*q = *p
			if i%3 == 0 && !table.Replace(table.Find(*p), q) {
				t.Error("an entry that is there cannot be replaced")
			}
		}
	}
	stop.Store(true)
	readers.Wait()
	if lost.Load() > 0 {
		t.Errorf("%d look-ups missed an entry that was there throughout", lost.Load())
	}
	check(t, table)
}

func TestAppendShard(t *testing.T) {
	table := New(8, exact)
	want := map[*uint64]bool{}
	r := rand.New(rand.NewPCG(3, 3))
	for range 1000 {
		p := new(uint64)
		*p = r.Uint64()
		add(t, table, p)
		want[p] = true
	}
	for i := range len(table.Shards) {
		for _, p := range table.AppendShard(nil, i) {
			if !want[p] {
				t.Fatal("an entry that is not in the table, or twice")
			}
			delete(want, p)
		}
	}
	if len(want) > 0 {
		t.Errorf("%d entries were not listed", len(want))
	}
}

// TestProbeLength measures how many buckets a look-up touches in a table that is
// as full as it gets before it grows.
func TestProbeLength(t *testing.T) {
	table := New(2, exact)
	r := rand.New(rand.NewPCG(5, 5))
	table.resize(0, 4096)
	s := table.shard(0)
	n := 4096 * slotsPerBucket * shouldNumerator / shouldDenominator
	for range n {
		p := new(uint64)
		*p = r.Uint64() &^ (1 << ShardShift) // all in one shard
		table.Insert(p)
	}
	touched := 0
	for i := range s.Buckets {
		touched += int(s.Buckets[i].meta() >> passedShift)
	}
	mean := 1 + float64(touched)/float64(n)
	t.Logf("%.3f buckets a look-up where a shard should grow", mean)
	if mean > 1.2 {
		t.Errorf("%.3f buckets a look-up, want at most 1.2", mean)
	}
}

func BenchmarkFind(b *testing.B) {
	for _, n := range []int{1000, 65_536, 1 << 20} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			table := New(max(1, n/4096), exact)
			r := rand.New(rand.NewPCG(5, 5))
			hashes := make([]uint64, n)
			for i := range hashes {
				p := new(uint64)
				*p = r.Uint64()
				hashes[i] = *p
				add(b, table, p)
			}
			b.ReportMetric(float64(table.Bytes())/float64(n), "B/entry")
			i := 0
			for b.Loop() {
				if table.Find(hashes[i]) == nil {
					b.Fatal("lost")
				}
				if i++; i == n {
					i = 0
				}
			}
		})
	}
}
