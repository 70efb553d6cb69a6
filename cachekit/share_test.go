package cachekit

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/bmadventure/optcache/sizing"
)

var load = flag.Duration("load", 2*time.Second, "how long the random load on a shared budget lasts")

// TestSharedBudgetUnderLoad puts a random load on three caches of one budget,
// from 16 goroutines, with resizes, clears, retirements and pins, and samples the
// budget throughout. For the full minute: go test -run SharedBudget -load 60s ./cachekit
func TestSharedBudgetUnderLoad(t *testing.T) {
	const limit = 1 << 20
	budget := sizing.NewBudget(limit)
	var caches []*Cache[int, int64]
	for i, p := range []int{0, 4, 7} {
		o := Options[int, int64]{
			Name: fmt.Sprint(i), Budget: budget, Size: bytesOf, Policy: policies[p].make(),
			Version: func(key int) [32]byte { return [32]byte{byte(key % 4)} },
		}
		if i == 0 {
			o.OnRemoval = func(int, int64, Removal) {}
		}
		caches = append(caches, mustNew(t, o))
	}
	var (
		stop     atomic.Bool
		workers  sync.WaitGroup
		resizes  atomic.Int64 // that have begun or ended
		sampled  int
		resizing sync.Mutex
	)
	work := func(seed uint64) {
		r := rand.New(rand.NewPCG(seed, 1))
		var releases []func()
		for !stop.Load() {
			c, key := caches[r.IntN(3)], r.IntN(2000)
			switch n := r.IntN(1000); {
			case n < 400:
				c.Set(key, r.Int64N(4000))
			case n < 700:
				ctx, cancel := context.WithCancel(t.Context())
				if r.IntN(10) == 0 {
					cancel()
				}
				c.Get(ctx, key, func(context.Context, int) (int64, error) { return int64(key), nil })
				cancel()
			case n < 900:
				c.Lookup(key)
			case n < 960:
				c.Delete(key)
			case n < 980:
				if release, ok := c.Pin(key); ok {
					releases = append(releases, release)
				}
				if len(releases) > 5 {
					releases[0]()
					releases = releases[1:]
				}
			case n < 990:
				c.Retire([32]byte{byte(key % 4)})
			case n < 992:
				c.Clear()
			case n < 994:
				resizing.Lock()
				resizes.Add(1)
				want := int64(limit/2 + r.IntN(limit/2))
				if err := budget.Resize(want); err != nil {
					t.Error(err)
				} else if budget.Limit() != want || budget.Used() > want {
					t.Errorf("after Resize to %d: limit %d, used %d", want, budget.Limit(), budget.Used())
				}
				resizes.Add(1)
				resizing.Unlock()
			default:
				for range c.All() {
					if r.IntN(10) == 0 {
						break
					}
				}
			}
		}
		for _, release := range releases {
			release()
		}
	}
	for g := range 16 {
		workers.Go(func() { work(uint64(g)) })
	}
	for end := time.Now().Add(*load); time.Now().Before(end); sampled++ {
		// Within one Resize the limit moves one way only, so what is used between two
		// looks at it is at most the larger.
		began, before := resizes.Load(), budget.Limit()
		used := budget.Used()
		if after := budget.Limit(); resizes.Load() == began && used > max(before, after) {
			t.Fatalf("%d bytes used of %d", used, max(before, after))
		}
	}
	stop.Store(true)
	workers.Wait()
	var held int64
	for _, c := range caches {
		quiet(c)
		validate(t, c)
		held += c.Stats().Bytes
		t.Logf("%+v", c.Stats())
	}
	if held != budget.Used() {
		t.Errorf("the caches hold %d bytes, the budget says %d", held, budget.Used())
	}
	for _, c := range caches {
		c.Clear()
	}
	if budget.Used() != 0 {
		t.Errorf("empty caches hold %d bytes", budget.Used())
	}
	t.Logf("%d samples", sampled)
}

// quiet waits until no load of c is under way and no retired entry left.
func quiet[K comparable, V any](c *Cache[K, V]) {
	for {
		c.mu.Lock()
		busy := len(c.flights) > 0
		for i := range c.table.Shards {
			for _, p := range c.table.AppendShard(nil, i) {
				busy = busy || c.stale(fromHash[K, V](p)) != causeNone
			}
		}
		c.mu.Unlock()
		if !busy {
			return
		}
	}
}

// TestEmptyCacheGetsRoom: a cache that comes late to a full budget must get its share.
func TestEmptyCacheGetsRoom(t *testing.T) {
	budget := sizing.NewBudget(1 << 20)
	early := mustNew(t, Options[int, int64]{Budget: budget, Size: bytesOf})
	late := mustNew(t, Options[int, int64]{Budget: budget, Size: bytesOf})
	for i := range 5000 {
		early.Set(i, 1000)
	}
	if !late.Set(1, 1000) {
		t.Fatal("a cache that holds nothing gets no room")
	}
	for i := range 5000 {
		late.Set(i, 1000)
		early.Set(10_000+i, 1000)
	}
	a, b := early.Stats().Bytes, late.Stats().Bytes
	if a < b/3 || b < a/3 {
		t.Errorf("with equal loads one holds %d bytes and the other %d", a, b)
	}
	if big := int64(900 << 10); !late.Set(7, big) || late.Stats().Bytes < big {
		t.Errorf("a large value gets no room: %+v", late.Stats())
	}
	validate(t, early)
	validate(t, late)
}

// TestResizeFromListener: OnRemoval may use the budget whose Resize evicts.
func TestResizeFromListener(t *testing.T) {
	budget := sizing.NewBudget(1 << 20)
	c := mustNew(t, Options[int, int64]{Budget: budget, Size: bytesOf, OnRemoval: func(int, int64, Removal) {
		if budget.Limit() != 1<<19 {
			if err := budget.Resize(1 << 19); err != nil {
				t.Error(err)
			}
		}
	}})
	for i := range 1000 {
		c.Set(i, 1000)
	}
	if err := budget.Resize(1 << 18); err != nil || budget.Used() > budget.Limit() {
		t.Errorf("Resize: %v; %d bytes used of %d", err, budget.Used(), budget.Limit())
	}
}

func TestResizeBelowPins(t *testing.T) {
	budget := sizing.NewBudget(1 << 20)
	c := mustNew(t, Options[int, int64]{Budget: budget, Size: bytesOf})
	c.Set(1, 1<<19)
	release, _ := c.Pin(1)
	if err := budget.Resize(1 << 18); err == nil || budget.Limit() != 1<<20 {
		t.Errorf("Resize below a pinned entry: %v, limit %d", err, budget.Limit())
	}
	release()
	if err := budget.Resize(1 << 18); err != nil || c.Len() != 0 {
		t.Errorf("Resize after the release: %v, %d entries", err, c.Len())
	}
}

// TestNobodyLeavesInVain: where not even all that others could give up is enough,
// nobody of them leaves.
func TestNobodyLeavesInVain(t *testing.T) {
	budget := sizing.NewBudget(1 << 20)
	other := mustNew(t, Options[int, int64]{Budget: budget, Size: bytesOf})
	asker := mustNew(t, Options[int, int64]{Budget: budget, Size: bytesOf})
	other.Set(1, 1<<19)
	release, _ := other.Pin(1)
	defer release()
	other.Set(2, 1<<17)
	if asker.Set(7, 3<<18) || other.Len() != 2 {
		t.Errorf("%d entries are left of 2, for one that has no room even without them", other.Len())
	}
	if s := asker.Stats(); s.Uncached != 1 {
		t.Errorf("%d values found no room, want 1", s.Uncached)
	}
}
