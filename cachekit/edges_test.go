package cachekit

import (
	"context"
	"errors"
	"math"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bmadventure/optcache/internal/table"
	"github.com/bmadventure/optcache/policy"
	"github.com/bmadventure/optcache/sizing"
)

// TestLifetimesEndOnTheDot checks both lifetimes to the nanosecond, the shortest there are too.
func TestLifetimesEndOnTheDot(t *testing.T) {
	for _, life := range []time.Duration{1, 2, 99, time.Second, time.Hour} {
		for name, o := range map[string]Options[int, int]{
			"write":  {ExpireAfterWrite: life},
			"access": {ExpireAfterAccess: life},
			"both":   {ExpireAfterWrite: life, ExpireAfterAccess: life},
		} {
			synctest.Test(t, func(t *testing.T) {
				c := mustNew(t, o)
				c.Set(1, 1)
				time.Sleep(life - 1)
				if _, ok := c.Peek(1); !ok {
					t.Errorf("%s, %v: gone a nanosecond before", name, life)
				}
				time.Sleep(time.Nanosecond)
				if _, ok := c.Peek(1); ok {
					t.Errorf("%s, %v: still there", name, life)
				}
				if release, ok := c.Pin(1); ok {
					t.Errorf("%s, %v: what has expired is pinned", name, life)
				} else {
					release() // does nothing
				}
				for key := range c.All() {
					t.Errorf("%s, %v: All yields key %d", name, life, key)
				}
			})
		}
	}
}

// TestUseProlongs checks that every use gives an entry its whole lifetime again, but for a hundredth.
func TestUseProlongs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const life = 1000 * time.Second
		c := mustNew(t, Options[int, int]{ExpireAfterAccess: life})
		c.Set(1, 1)
		for gap := time.Second; gap < life; gap += 13 * time.Second {
			time.Sleep(gap)
			if _, ok := c.Lookup(1); !ok {
				t.Fatalf("%v after a use it is gone", gap)
			}
			time.Sleep(life - life/100 - 1)
			if _, ok := c.Lookup(1); !ok {
				t.Fatalf("%v after a use, which came %v after another, it is gone", life-life/100-1, gap)
			}
		}
	})
}

// TestEachOptionAlone sets one option at a time to the last value that is right and the first that is wrong.
func TestEachOptionAlone(t *testing.T) {
	budget, digest := sizing.NewBudget(1<<20), func(int) uint64 { return 0 }
	hash, equal := func(*int, uint64) uint64 { return 0 }, func(a, b *int) bool { return *a == *b }
	for name, set := range map[string]func(o *Options[int, int], wrong bool){
		"MaxBytes":          func(o *Options[int, int], wrong bool) { o.MaxBytes = pick[int64](wrong, -1, 0) },
		"MaxEntries":        func(o *Options[int, int], wrong bool) { o.MaxEntries = pick(wrong, -1, 0) },
		"ExpireAfterWrite":  func(o *Options[int, int], wrong bool) { o.ExpireAfterWrite = pick[time.Duration](wrong, -1, 0) },
		"ExpireAfterAccess": func(o *Options[int, int], wrong bool) { o.ExpireAfterAccess = pick[time.Duration](wrong, -1, 0) },
		"RemovalHistory":    func(o *Options[int, int], wrong bool) { o.RemovalHistory = pick(wrong, -1, 0) },
		"Budget":            func(o *Options[int, int], wrong bool) { o.Budget, o.MaxBytes = budget, pick[int64](wrong, 1, 0) },
		"OnMutation": func(o *Options[int, int], wrong bool) {
			o.OnMutation, o.Fingerprint = func(int) {}, pick(wrong, nil, digest)
		},
		"Hooks": func(o *Options[int, int], wrong bool) { o.Hooks.Equal, o.Hooks.Hash = equal, pick(wrong, nil, hash) },
		"Fingerprint": func(o *Options[int, int], wrong bool) {
			o.Fingerprint, o.MaxBytes = digest, pick[int64](wrong, -1, 1<<20)
		},
		"Hash": func(o *Options[int, int], wrong bool) { o.Hooks.Hash, o.MaxBytes = hash, pick[int64](wrong, -1, 1<<20) },
	} {
		var right, wrong Options[int, int]
		set(&right, false)
		set(&wrong, true)
		if _, err := New(right); err != nil {
			t.Errorf("%s set right: %v", name, err)
		}
		c, err := New(wrong)
		if err == nil || c != nil || strings.Count(err.Error(), "\n") != 0 {
			t.Errorf("%s set wrong: %v", name, err)
		}
	}
}

func pick[T any](first bool, a, b T) T {
	if first {
		return a
	}
	return b
}

func TestConfigEdges(t *testing.T) {
	for _, n := range []int{1, 2, 99, 100, 128, 1 << 30} {
		c := Config{LRUMaxSize: n, MaxBundlePoolSize: n, CacheSizeGB: float64(min(n, 1<<20))}
		if c.AssetLists() != n || c.PoolSize() != n || c.CacheBytes() != int64(min(n, 1<<20))<<30 || c.Validate() != nil {
			t.Errorf("%+v: %d lists, %d bundles, %d bytes, %v", c, c.AssetLists(), c.PoolSize(), c.CacheBytes(), c.Validate())
		}
	}
	for _, c := range []Config{
		{CacheSizeGB: math.Nextafter(1<<20, math.Inf(1))}, {CacheSizeGB: -math.SmallestNonzeroFloat64}, {CacheSizeGB: math.NaN()},
		{LRUMaxSize: -1}, {LRUMaxSize: 1<<30 + 1}, {MaxBundlePoolSize: -1}, {MaxBundlePoolSize: 1<<30 + 1},
	} {
		if err := c.Validate(); err == nil || strings.Count(err.Error(), "field") != 1 {
			t.Errorf("%+v: %v, want one field that is wrong", c, err)
		}
	}
	if c := (Config{CacheSizeGB: math.SmallestNonzeroFloat64}); c.Validate() != nil || c.CacheBytes() != 1 {
		t.Errorf("the smallest size is %d bytes, %v", c.CacheBytes(), c.Validate())
	}
	if p, err := (Config{}).NewPolicy(); p != nil || err != nil {
		t.Errorf("no policy is %v, %v", p, err)
	}
	if p, err := (Config{Policy: "sieve"}).NewPolicy(); p == nil || err != nil {
		t.Errorf("policy sieve is %v, %v", p, err)
	}
}

// TestBandsHaveTheirEdges checks what lies on the borders of the guide's bands: "above 80 %", "50 to 80", "from 50 to 80
// healthy", "above 90 near the limit".
func TestBandsHaveTheirEdges(t *testing.T) {
	for _, c := range []struct {
		hits, used int64 // of 1000
		bands      Bands
		want       []string
	}{
		{800, 500, AssetListBands, []string{": good;", ": healthy;", "nothing to change"}},
		{801, 499, AssetListBands, []string{": excellent;", ": under-used;", "the budget could be smaller"}},
		{500, 800, AssetListBands, []string{": good;", ": healthy;"}},
		{499, 801, AssetListBands, []string{": poor;", ": high;"}},
		{900, 900, BarsBands, []string{": good;", ": high;"}},
		{901, 901, BarsBands, []string{": excellent;", ": near the limit;"}},
		{700, 1000, BarsBands, []string{": good;"}},
		{699, 1, BarsBands, []string{": poor;", ": under-used;"}},
	} {
		s := Stats{Hits: uint64(c.hits), Misses: uint64(1000 - c.hits), Budget: 1000, Used: c.used}
		got := s.Advice(c.bands)
		for _, want := range c.want {
			if !strings.Contains(got, want) {
				t.Errorf("%d of 1000 hit, %d bytes of 1000 are used: %q, want %q in it", c.hits, c.used, got, want)
			}
		}
		if c.used >= 500 && strings.Contains(got, "smaller") {
			t.Errorf("%d bytes of 1000 are used: %q", c.used, got)
		}
	}
}

func TestRemedies(t *testing.T) {
	const full, many, few, stale = "enlarge the budget or the number of entries", "most values find no room", "few requests repeat", "invalidate less"
	for _, c := range []struct {
		s    Stats
		want string
	}{
		{Stats{Misses: 1}, few},
		{Stats{Misses: 1, Uncached: 1}, many},
		{Stats{Misses: 1, Uncached: 1, Evictions: Evictions{Capacity: 1}}, full},
		{Stats{Misses: 1, Uncached: 2, Evictions: Evictions{Capacity: 1}}, many},
		{Stats{Misses: 1, Evictions: Evictions{Capacity: 1, Deleted: 9}}, full},
		{Stats{Misses: 1, Evictions: Evictions{Replaced: 1}}, stale},
		{Stats{Misses: 1, Evictions: Evictions{Deleted: 1}}, stale},
		{Stats{Misses: 1, Evictions: Evictions{Cleared: 1}}, stale},
		{Stats{Misses: 1, Evictions: Evictions{Retired: 1}}, stale},
		{Stats{Misses: 1, Evictions: Evictions{Expired: 1}}, stale},
	} {
		if got := c.s.Advice(BarsBands); !strings.Contains(got, c.want) {
			t.Errorf("%+v: %q, want %q in it", c.s, got, c.want)
		}
	}
	if got := (Evictions{1, 2, 4, 8, 16, 32}).Total(); got != 63 {
		t.Errorf("1+2+4+8+16+32 evictions are %d", got)
	}
	if got := (Stats{Budget: 1, Used: 1}).MemoryUse(); got != 1 {
		t.Errorf("one byte of one is %v", got)
	}
	if got := (Stats{Budget: 0, Used: 1}).MemoryUse(); got != 0 {
		t.Errorf("of no budget %v is used", got)
	}
	if got := (Stats{Hits: 6, Loads: 1, TotalLoadTime: 7}).TimeSaved(); got != 42 {
		t.Errorf("6 hits save %v, at 7 ns a load", got)
	}
}

// TestLoadTimesAddUp checks the statistics of loads on a clock of its own.
func TestLoadTimesAddUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := mustNew(t, Options[int, int]{})
		failed := errors.New("no bars")
		for key := range 5 {
			_, err := c.Get(t.Context(), key, func(context.Context, int) (int, error) {
				time.Sleep(time.Duration(key+1) * time.Second)
				if key%2 == 1 {
					return 0, failed
				}
				return key, nil
			})
			if (err == failed) != (key%2 == 1) {
				t.Errorf("Get(%d): %v", key, err)
			}
		}
		synctest.Wait()
		if s := c.Stats(); s.Loads != 5 || s.LoadErrors != 2 || s.TotalLoadTime != 15*time.Second || s.Misses != 5 || s.Entries != 3 {
			t.Errorf("statistics %+v", s)
		}
	})
}

// TestAllYieldsEachKeyOnce walks through caches with entries of either kind.
func TestAllYieldsEachKeyOnce(t *testing.T) {
	for name, o := range map[string]Options[int, int]{"plain": {}, "extended": {RemovalHistory: 1}} {
		c := mustNew(t, o)
		const n = 3000
		for key := range n {
			c.Set(key, -key)
		}
		seen := make(map[int]bool)
		for key, v := range c.All() {
			if seen[key] || v != -key {
				t.Fatalf("%s: All yields key %d with %d; once before: %v", name, key, v, seen[key])
			}
			seen[key] = true
			c.Delete(key) // the loop may change the cache
		}
		if len(seen) != n || c.Len() != 0 {
			t.Errorf("%s: All yields %d keys of %d, %d are left", name, len(seen), n, c.Len())
		}
		c.Set(1, 1)
		c.Set(2, 2)
		for range c.All() {
			seen[-1] = !seen[-1]
			break
		}
		if !seen[-1] {
			t.Errorf("%s: All goes on after break", name)
		}
	}
}

// A listener is LRU that notes what it is told of the room.
type listener struct {
	policy.Policy
	told     []int64
	resident int64
}

func (l *listener) Add(e *policy.Entry) {
	l.resident += e.Size
	l.Policy.Add(e)
}

func (l *listener) Remove(e *policy.Entry, why policy.Reason) {
	l.resident -= e.Size
	l.Policy.Remove(e, why)
}

func (l *listener) Resize(capacity int64) {
	l.told = append(l.told, capacity)
	l.Policy.Resize(capacity)
}

func (l *listener) last() int64 { return l.told[len(l.told)-1] }

// TestPolicyIsToldTheRoom checks what the policy learns of its capacity: the limit at first; then what others of the
// budget leave, to within a sixteenth, and not more often than it changes by as much; and never less than what it
// holds.
func TestPolicyIsToldTheRoom(t *testing.T) {
	const limit = 1 << 20
	budget := sizing.NewBudget(limit)
	l := &listener{Policy: policy.NewLRU()}
	c := mustNew(t, Options[int, [100]byte]{Budget: budget, Policy: l, Seed: 1})
	if l.last() != limit {
		t.Errorf("an empty cache may hold %d bytes of %d", l.last(), limit)
	}
	other := budget.Join(new(idle))
	for _, taken := range []int64{0, limit / 2, limit / 4 * 3, limit / 10} {
		other.Reserve(-other.Held())
		for !other.Reserve(taken) {
			other.Collect(taken / 16)
			other.Reserve(-other.Held())
		}
		times := len(l.told)
		for i := range 20_000 {
			c.Set(i, [100]byte{})
		}
		if room := l.resident + budget.Limit() - budget.Used(); l.last() < room-room/8 || l.last() > room+room/8 {
			t.Errorf("others hold %d bytes of %d: the policy was told %d, its entries and what is free are %d", taken, limit, l.last(), room)
		}
		if told := len(l.told) - times; told > 200 {
			t.Errorf("others hold %d bytes: told of another capacity %d times", taken, told)
		}
		if l.last() < l.resident {
			t.Errorf("the policy holds %d bytes and may hold %d", l.resident, l.last())
		}
	}
	bounded := &listener{Policy: policy.NewLRU()}
	b := mustNew(t, Options[int, [100]byte]{MaxEntries: 10, Policy: bounded})
	if one := b.entryBytes; bounded.last() != 10*one {
		t.Errorf("a cache for 10 entries of %d bytes may hold %d", one, bounded.last())
	}
}

// idle is a member of a budget that sheds nothing.
type idle struct{}

func (*idle) Shed(int64) int64 { return 0 }
func (*idle) Spare() int64     { return 0 }

// TestTableIsChargedAsTheRuntimeDoes holds the bytes of the table against the sizes of its arrays.
func TestTableIsChargedAsTheRuntimeDoes(t *testing.T) {
	c := mustNew(t, Options[int, int]{MaxBytes: 64 << 20, MaxEntries: 4000})
	for i := range 4000 {
		c.Set(i, i)
		want := int64(0)
		for j := range c.table.Shards {
			if s := (*table.Shard)(c.table.Shards[j]); s != nil {
				want += sizing.Slice(s.Buckets) + sizing.Pointer(s)
			}
		}
		if got := c.Stats().Bytes - int64(c.Len())*c.entryBytes; got != want {
			t.Fatalf("with %d entries the table is charged %d bytes, its arrays take %d", i+1, got, want)
		}
	}
}

// TestValueThatCameMeanwhile has the value come after Get looked for it and before it has the lock: Get returns it,
// and loads nothing.
func TestValueThatCameMeanwhile(t *testing.T) {
	var c *Cache[int, int]
	meanwhile := func() {}
	c = mustNew(t, Options[int, int]{Version: func(int) [32]byte { // asked between the two
		do := meanwhile
		meanwhile = func() {}
		do()
		return [32]byte{}
	}})
	for round := range 3 {
		meanwhile = func() { c.Set(1, 7) }
		got, err := c.Get(t.Context(), 1, func(context.Context, int) (int, error) { return 8, nil })
		if got != 7 || err != nil {
			t.Fatalf("round %d: Get = %d, %v; 7 had come", round, got, err)
		}
		if s := c.Stats(); s.Hits != uint64(round+1) || s.Misses != 0 || s.Loads != 0 {
			t.Errorf("round %d: statistics %+v", round, s)
		}
		c.Delete(1)
	}
	validate(t, c)
}

// TestFullOfPins pins all that may be held: one more is handed out uncached, and the bound on entries holds.
func TestFullOfPins(t *testing.T) {
	c := mustNew(t, Options[int, int]{MaxEntries: 2})
	for key := range 2 {
		c.Set(key, key)
		if _, ok := c.Pin(key); !ok {
			t.Fatal("not pinned")
		}
	}
	if c.Set(7, 7) || c.Len() != 2 {
		t.Errorf("a cache for 2 holds %d", c.Len())
	}
	if s := c.Stats(); s.Uncached+s.Refused != 1 || s.Entries != 2 {
		t.Errorf("statistics %+v", s)
	}
	validate(t, c)
}

// TestWhyTellsTheLast has one key leave again and again, others between: the last time counts, wherever the ring has it.
func TestWhyTellsTheLast(t *testing.T) {
	for between := range 7 {
		c := mustNew(t, Options[int, int]{RemovalHistory: 5})
		for round := range 12 {
			c.Set(1, 1)
			want := CauseDeleted
			if round%2 == 1 {
				c.Set(1, 2)
				want = CauseReplaced
				for other := range between {
					c.Set(100+other, 1)
					c.Delete(100 + other)
				}
			} else {
				c.Delete(1)
			}
			if d, ok := c.LastRemoval(1); ok != (round%2 == 0 || between < 5) || ok && d.Cause != want {
				t.Fatalf("round %d, %d others between: %v, %v; want %v", round, between, d.Cause, ok, want)
			}
		}
	}
}

func TestCausesHaveNames(t *testing.T) {
	names := make(map[string]bool)
	for cause := causeNone; cause <= CauseExpired+1; cause++ {
		name := cause.String()
		if name == "" || names[name] {
			t.Errorf("cause %d is called %q, as another", uint8(cause), name)
		}
		names[name] = true
	}
	if !names["capacity"] || !names["replaced"] || !names["expired"] || !names["cause 7"] {
		t.Errorf("names %v", names)
	}
}

// TestReplacedIsCounted counts values that were replaced in place and those that were not.
func TestReplacedIsCounted(t *testing.T) {
	for name, o := range map[string]Options[int, int]{"in place": {}, "anew": {RemovalHistory: 1}} {
		c := mustNew(t, o)
		for i := range 10 {
			c.Set(1, i)
		}
		if s := c.Stats(); s.Evictions.Replaced != 9 || s.Entries != 1 {
			t.Errorf("%s: statistics %+v", name, s)
		}
	}
}

func TestSeedIsKept(t *testing.T) {
	for _, seed := range []uint64{1, 2, 1 << 63} {
		if c := mustNew(t, Options[string, int]{Seed: seed}); c.seed != seed {
			t.Errorf("seed %d became %d", seed, c.seed)
		}
	}
	if a, b := mustNew(t, Options[int, int]{}), mustNew(t, Options[int, int]{}); a.seed == b.seed || a.seed == 0 {
		t.Errorf("caches without a seed have %d and %d", a.seed, b.seed)
	}
}
