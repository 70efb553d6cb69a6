package cachekit

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/bmadventure/optcache/cachekit/rt"
	"github.com/bmadventure/optcache/sizing"
)

// Holes of caches for market data that are known from the field, as far as they
// are a cache's own: a test each, which fails if the hole is opened. Those of the
// workflows are in optimize, those of versions and pools in bundle.

// Hole 6: the value that is handed out is the one that is kept, and whoever writes
// to it changes it for all readers after. What is shared is fingerprinted, on
// demand, and a write is told with the key, whichever way it is read.
func TestH6AWriteToASharedValueIsTold(t *testing.T) {
	for name, read := range map[string]func(c *Cache[string, []float64]){
		"get": func(c *Cache[string, []float64]) {
			c.Get(t.Context(), "train", func(context.Context, string) ([]float64, error) { return nil, nil })
		},
		"lookup": func(c *Cache[string, []float64]) { c.Lookup("train") },
	} {
		var told []string
		c := mustNew(t, Options[string, []float64]{
			Fingerprint: func(v []float64) (sum uint64) {
				for _, x := range v {
					sum = sum*31 + uint64(x)
				}
				return sum
			},
			OnMutation: func(key string) { told = append(told, key) },
		})
		column := []float64{1, 2, 3}
		c.Set("train", column)
		c.Set("test", []float64{4})
		if read(c); len(told) != 0 {
			t.Errorf("%s: %q told before anything was written", name, told)
		}
		column[1] /= 2 // a strategy normalises in place
		if read(c); len(told) != 1 || told[0] != "train" {
			t.Errorf("%s: told %q, want the key of the value that was written to", name, told)
		}
	}
}

// Hole 7: everyone who misses loads, so that memory peaks at as many copies as
// there are workers.
func TestH7ConcurrentMissesLoadOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := mustNew(t, Options[int, *int]{})
		var loads atomic.Int32
		proceed := make(chan struct{})
		var workers sync.WaitGroup
		got := make([]*int, 16)
		for i := range got {
			workers.Go(func() {
				got[i], _ = c.Get(t.Context(), 1, func(context.Context, int) (*int, error) {
					loads.Add(1)
					<-proceed
					return new(int), nil
				})
			})
		}
		synctest.Wait() // all are in the load, or wait for it
		close(proceed)
		workers.Wait()
		for _, v := range got {
			if v == nil || v != got[0] {
				t.Fatal("there are several copies")
			}
		}
		if n := loads.Load(); n != 1 {
			t.Errorf("16 workers loaded %d times", n)
		}
	})
}

// Hole 8: a value that is larger than the whole budget empties the cache and is
// kept nevertheless; the size is whatever the caller says.
func TestH8AnOversizeValueIsHandedOutAndNotKept(t *testing.T) {
	bytes := func(_ int, v []byte) int64 { return sizing.Slice(v) }
	c := mustNew(t, Options[int, []byte]{MaxBytes: 100_000, Size: bytes})
	for i := range 20 {
		c.Set(i, make([]byte, 1000))
	}
	before := c.Stats()
	if before.Bytes < 20_000 {
		t.Fatalf("20 values of 1000 bytes are counted as %d: what they hold is not counted", before.Bytes)
	}
	large, err := c.Get(t.Context(), 99, func(context.Context, int) ([]byte, error) { return make([]byte, 200_000), nil })
	if err != nil || len(large) != 200_000 {
		t.Fatalf("the caller gets %d bytes, %v", len(large), err)
	}
	after := c.Stats()
	if after.Entries != 20 || after.Bytes != before.Bytes {
		t.Errorf("%d entries of %d bytes were held; after a value beyond the budget there are %d of %d", before.Entries, before.Bytes, after.Entries, after.Bytes)
	}
	if after.Refused+after.Uncached == 0 {
		t.Error("nobody counts that it was not kept")
	}

	// A size that is a lie gives nobody room.
	liar := mustNew(t, Options[int, []byte]{MaxBytes: 100_000, Size: func(int, []byte) int64 { return -1 << 40 }})
	for i := range 10_000 {
		liar.Set(i, nil)
	}
	if s := liar.Stats(); s.Bytes <= 0 || s.Used <= 0 || s.Used > 100_000 || s.Entries > 100_000/48 {
		t.Errorf("sizes below 0: %d entries in %d bytes, %d used of 100000", s.Entries, s.Bytes, s.Used)
	}
}

// Hole 15: counters that begin again with every clear, that do not add up to the
// calls, and that count no evictions, loads and errors.
func TestH15CountersAddUpAndGoOn(t *testing.T) {
	c := mustNew(t, Options[int, int]{MaxEntries: 4})
	var loads, failures, calls uint64
	for i := range 100 {
		key := i * i % 7
		_, err := c.Get(t.Context(), key, func(context.Context, int) (int, error) {
			if loads++; key == 2 {
				failures++
				return 0, context.DeadlineExceeded
			}
			return key, nil
		})
		if (err != nil) != (key == 2) {
			t.Fatal(key, err)
		}
		if calls++; i%30 == 29 {
			c.Clear()
		}
	}
	s := c.Stats()
	if s.Hits+s.Misses != calls || s.Loads != loads || s.LoadErrors != failures {
		t.Errorf("%d calls, %d loads, %d of them failed: %+v", calls, loads, failures, s)
	}
	if s.Evictions.Cleared == 0 || s.Hits == 0 {
		t.Errorf("%+v", s)
	}
	if rate := s.HitRate(); rate != float64(s.Hits)/float64(calls) {
		t.Errorf("hit rate %v: want the share of %d hits in %d calls", rate, s.Hits, calls)
	}
}

// Hole 17: an overwrite adds the new size and leaves the old one, so that the count
// drifts until all is evicted; and keys that are cut to a hash are mistaken for
// one another.
func TestH17AnOverwriteCountsOnce(t *testing.T) {
	o := Options[int, []byte]{MaxBytes: 1 << 20, Size: func(_ int, v []byte) int64 { return sizing.Slice(v) }}
	once, often := mustNew(t, o), mustNew(t, o)
	once.Set(1, make([]byte, 500))
	for i := range 1000 {
		often.Set(1, make([]byte, 1000+i))
	}
	often.Set(1, make([]byte, 500))
	if a, b := once.Stats(), often.Stats(); a.Bytes != b.Bytes || b.Entries != 1 || b.Used != a.Used {
		t.Errorf("one value set once holds %d bytes, set 1001 times %d in %d entries", a.Bytes, b.Bytes, b.Entries)
	}

	c := mustNew(t, Options[string, string]{Hooks: rt.Hooks[string]{Hash: func(*string, uint64) uint64 { return 7 }}})
	keys := []string{"2020-01-02 09:31", "2020-01-02 15:30", "2020-01-02", "", "a"}
	for range 2 {
		for _, k := range keys {
			v, err := c.Get(t.Context(), k, func(_ context.Context, k string) (string, error) { return "of " + k, nil })
			if v != "of "+k || err != nil {
				t.Errorf("%q has the value %q, %v", k, v, err)
			}
		}
	}
}
