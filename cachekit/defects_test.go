package cachekit

// Each test here is named for a defect that was found in some other cache, by
// reading it or by its users.

import (
	"context"
	"fmt"
	"math/rand/v2"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"
	"weak"

	"github.com/bmadventure/optcache/policy"
	"github.com/bmadventure/optcache/sizing"
)

// bytesOf sizes a value by what it says.
func bytesOf(_ int, v int64) int64 { return v }

func TestDefectLastWriteLost(t *testing.T) {
	c := mustNew(t, Options[int, string]{})
	for i := range 1000 {
		c.Set(i, "a")
		c.Set(i, "b")
		if v, ok := c.Lookup(i); v != "b" || !ok {
			t.Fatalf("b was set last, the cache holds %q, %v", v, ok)
		}
	}
}

func TestDefectUpdateDropsItsCost(t *testing.T) {
	c := mustNew(t, Options[int, int64]{Size: bytesOf})
	for i := range int64(1000) {
		c.Set(1, i*1000%7919)
	}
	c.Set(1, 5000)
	if want := c.entryBytes + 5000 + c.table.Bytes(); c.Stats().Bytes != want {
		t.Errorf("%d bytes after many updates, want %d", c.Stats().Bytes, want)
	}
	validate(t, c)
}

// snob admits nobody who needs another's room.
type snob struct{ policy.Policy }

func (s snob) Victims(victims []*policy.Entry, newcomer *policy.Entry, need int64) ([]*policy.Entry, bool) {
	if newcomer != nil {
		return nil, false
	}
	return s.Policy.Victims(victims, newcomer, need)
}

func TestDefectVictimsLeaveForRefusedNewcomer(t *testing.T) {
	c := mustNew(t, Options[int, int]{MaxEntries: 10, Policy: snob{policy.NewLRU()}})
	for i := range 20 {
		if kept := c.Set(i, i); kept != (i < 10) {
			t.Errorf("Set(%d) = %v", i, kept)
		}
	}
	if s := c.Stats(); s.Entries != 10 || s.Refused != 10 || s.Evictions.Total() != 0 {
		t.Errorf("statistics %+v", s)
	}
	if !c.Set(3, -3) {
		t.Error("an update was refused")
	}
}

func TestDefectShardsMultiplyCapacity(t *testing.T) {
	c := mustNew(t, Options[int, int]{MaxEntries: 20_000})
	if len(c.table.Shards) < 4 {
		t.Fatalf("%d shards: too few to tell", len(c.table.Shards))
	}
	for i := range 60_000 {
		c.Set(i, i)
	}
	if c.Len() != 20_000 {
		t.Errorf("%d entries, MaxEntries is 20,000", c.Len())
	}
}

func TestDefectConcurrentWritesCorruptShards(t *testing.T) {
	c := mustNew(t, Options[int, int]{MaxEntries: 3000})
	var writers sync.WaitGroup
	for g := range 8 {
		writers.Go(func() {
			r := rand.New(rand.NewPCG(uint64(g), 1))
			for range 5000 {
				k := r.IntN(6000)
				switch r.IntN(4) {
				case 0:
					c.Delete(k)
				case 1:
					if v, ok := c.Lookup(k); ok && v != k {
						t.Errorf("key %d has value %d", k, v)
					}
				default:
					c.Set(k, k)
				}
			}
		})
	}
	writers.Wait()
	validate(t, c)
}

func TestDefectOversizeSetLeavesOldValue(t *testing.T) {
	c := mustNew(t, Options[int, int64]{Size: bytesOf, MaxBytes: 10_000})
	c.Set(1, 100)
	c.Set(2, 200)
	if c.Set(1, 20_000) {
		t.Error("a value larger than the budget was kept")
	}
	if v, ok := c.Peek(1); ok {
		t.Errorf("the old value %d is still served", v)
	}
	if _, ok := c.Peek(2); !ok {
		t.Error("an oversize value emptied the cache")
	}
	v, err := c.Get(t.Context(), 3, func(context.Context, int) (int64, error) { return 30_000, nil })
	if v != 30_000 || err != nil {
		t.Errorf("an oversize value was not handed out: %d, %v", v, err)
	}
	if s := c.Stats(); s.Uncached != 2 || s.Entries != 1 {
		t.Errorf("statistics %+v", s)
	}
}

// TestDefectNearlyOversizeEmptiesCache: a value that the budget could hold, but
// not beside what is pinned, must not drive out what is there.
func TestDefectNearlyOversizeEmptiesCache(t *testing.T) {
	c := mustNew(t, Options[int, int64]{Size: bytesOf, MaxBytes: 100_000})
	for i := range 20 {
		c.Set(i, 2000)
	}
	for i := range 15 {
		c.Pin(i)
	}
	if c.Set(99, 90_000) {
		t.Error("kept a value for which there is no room")
	}
	if c.Len() != 20 {
		t.Errorf("%d entries of 20 are left", c.Len())
	}
	validate(t, c)
}

func TestDefectLoaderRunsUnderLock(t *testing.T) {
	c := mustNew(t, Options[int, int]{MaxEntries: 1})
	v, err := c.Get(t.Context(), 1, func(ctx context.Context, _ int) (int, error) {
		c.Set(2, 2)
		c.Delete(2)
		c.Clear()
		c.Len()
		return c.Get(ctx, 3, func(context.Context, int) (int, error) { return 7, nil })
	})
	if v != 7 || err != nil {
		t.Errorf("Get = %d, %v", v, err)
	}
}

func TestDefectUpdateEvictsOthers(t *testing.T) {
	for _, p := range policies {
		c := mustNew(t, Options[int, int]{MaxEntries: 10, Policy: p.make()})
		for i := range 10 {
			c.Set(i, i)
		}
		for i := range 1000 {
			if !c.Set(i%10, i) {
				t.Errorf("%s: an update of a full cache was dropped", p.name)
			}
		}
		if s := c.Stats(); s.Entries != 10 || s.Evictions.Capacity != 0 {
			t.Errorf("%s: statistics %+v", p.name, s)
		}
	}
}

// TestDefectOldExpiryDeletesNewEntry: the expiry of an entry that was replaced
// must not touch the one that replaced it.
func TestDefectOldExpiryDeletesNewEntry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := mustNew(t, Options[int, int]{ExpireAfterWrite: 10 * time.Second})
		c.Set(1, 1)
		time.Sleep(9 * time.Second)
		c.Set(1, 2)
		for range 8 {
			time.Sleep(time.Second)
			for i := range 100 {
				c.Set(100+i, 0)
			}
			if v, ok := c.Lookup(1); v != 2 || !ok {
				t.Fatalf("the new value is gone: %d, %v", v, ok)
			}
		}
		time.Sleep(2 * time.Second)
		if _, ok := c.Lookup(1); ok {
			t.Error("an expired value is served")
		}
		validate(t, c)
	})
}

func TestDefectListenerDeadlocks(t *testing.T) {
	var c *Cache[int, int]
	told := 0
	c = mustNew(t, Options[int, int]{MaxEntries: 5, OnRemoval: func(key, value int, d Removal) {
		told++
		c.Len()
		c.Stats()
		c.Peek(key)
		c.Delete(key + 1)
		if told < 50 {
			c.Set(key+100, value)
		}
	}})
	for i := range 20 {
		c.Set(i, i)
	}
	if s := c.Stats(); uint64(told) != s.Evictions.Total() {
		t.Errorf("told of %d removals of %d", told, s.Evictions.Total())
	}
	validate(t, c)
}

func TestDefectPinsVanishFromBudget(t *testing.T) {
	c := mustNew(t, Options[int, int64]{Size: bytesOf, MaxBytes: 10_000})
	c.Set(1, 4000)
	before := c.Stats().Bytes
	release, ok := c.Pin(1)
	if !ok || c.Stats().Bytes != before || c.Stats().Pinned < 4000 {
		t.Errorf("Pin = %v, statistics %+v", ok, c.Stats())
	}
	c.Delete(1)
	if s := c.Stats(); s.Bytes < 4000 || s.Entries != 0 {
		t.Errorf("deleted while pinned: statistics %+v", s)
	}
	release()
	release()
	if s := c.Stats(); s.Bytes != 0 || s.Pinned != 0 {
		t.Errorf("released: statistics %+v", s)
	}
	validate(t, c)
}

// counter counts the entries that it is asked to nominate from.
type counter struct {
	policy.Policy
	nominated int
}

func (c *counter) Victims(victims []*policy.Entry, newcomer *policy.Entry, need int64) ([]*policy.Entry, bool) {
	victims, admit := c.Policy.Victims(victims, newcomer, need)
	c.nominated += len(victims)
	return victims, admit
}

func TestDefectPinsAreScannedAgainAndAgain(t *testing.T) {
	p := &counter{Policy: policy.NewLRU()}
	c := mustNew(t, Options[int, int]{MaxEntries: 1000, Policy: p})
	for i := range 1000 {
		c.Set(i, i)
		if i < 900 {
			c.Pin(i)
		}
	}
	for i := range 500 {
		c.Set(1000+i, i)
	}
	if p.nominated != 500 {
		t.Errorf("%d nominations for 500 newcomers beside 900 pinned entries", p.nominated)
	}
	for i := range 900 {
		if _, ok := c.Peek(i); !ok {
			t.Fatalf("pinned entry %d was evicted", i)
		}
	}
}

func TestDefectSizesAreTooNarrow(t *testing.T) {
	c := mustNew(t, Options[int, int64]{Size: bytesOf, MaxBytes: 1 << 50})
	if !c.Set(1, 5<<32) || !c.Set(2, 5<<32) || c.Stats().Bytes < 10<<32 {
		t.Errorf("two values of 20 GB: statistics %+v", c.Stats())
	}
	if c.Set(3, 1<<62) || c.Set(4, 1<<63-1) {
		t.Error("a value of 4 EB was kept")
	}
	validate(t, c)
}

func TestDefectBoundIsExceededForAWhile(t *testing.T) {
	c := mustNew(t, Options[int, int64]{Size: bytesOf, MaxBytes: 50_000})
	r := rand.New(rand.NewPCG(4, 4))
	for range 5000 {
		c.Set(r.IntN(500), r.Int64N(3000))
		if s := c.Stats(); s.Bytes > 50_000 || s.Used > 50_000 {
			t.Fatalf("%d bytes of 50,000", s.Bytes)
		}
	}
}

func TestDefectNaNKeysLeak(t *testing.T) {
	c := mustNew(t, Options[float64, int]{MaxEntries: 100})
	nan := 0.0
	nan /= nan
	for i := range 1000 {
		c.Set(nan, i)
		c.Get(t.Context(), nan, func(context.Context, float64) (int, error) { return i, nil })
	}
	if c.Len() > 100 || len(c.flights) != 0 {
		t.Errorf("%d entries, %d loads", c.Len(), len(c.flights))
	}
	c.Clear()
	if c.Len() != 0 || c.Stats().Bytes != 0 {
		t.Errorf("cleared, and holds %d entries, %d bytes", c.Len(), c.Stats().Bytes)
	}
}

func TestDefectGoroutinesAndCachesLeak(t *testing.T) {
	before := runtime.NumGoroutine()
	budget := sizing.NewBudget(1 << 20)
	gone := make([]weak.Pointer[Cache[int, int]], 0, 10)
	for range 10 {
		c := mustNew(t, Options[int, int]{Budget: budget, Version: func(key int) [32]byte { return [32]byte{byte(key & 1)} }})
		for i := range 100 {
			c.Set(i, i)
			c.Get(t.Context(), -i, func(context.Context, int) (int, error) { return 0, nil })
		}
		c.Retire([32]byte{})
		gone = append(gone, weak.Make(c))
	}
	held := func() (caches int) {
		for _, c := range gone {
			if c.Value() != nil {
				caches++
			}
		}
		return caches
	}
	for range 1000 {
		runtime.GC()
		runtime.Gosched()
		if held() == 0 && budget.Used() == 0 && runtime.NumGoroutine() <= before {
			return
		}
	}
	t.Errorf("nobody uses them, but %d caches, %d bytes in the budget and %d goroutines are left",
		held(), budget.Used(), runtime.NumGoroutine()-before)
}

func TestDefectEqualHashesOverwriteEachOther(t *testing.T) {
	o := Options[string, int]{}
	o.Hooks.Hash = func(*string, uint64) uint64 { return 42 }
	c := mustNew(t, o)
	for i := range 300 {
		c.Set(fmt.Sprint(i), i)
	}
	for i := range 300 {
		if v, ok := c.Lookup(fmt.Sprint(i)); v != i || !ok {
			t.Fatalf("key %d has %d, %v", i, v, ok)
		}
	}
	validate(t, c)
}
