package propertytest_test

import (
	"context"
	"encoding/binary"
	"hash/fnv"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/bmadventure/optcache/cachekit"
	"github.com/bmadventure/optcache/policy"
	"github.com/bmadventure/optcache/property_test"
	"github.com/bmadventure/optcache/sizing"
)

// A listKey is a key like those of asset lists and bars: most of its fields are equal
// most of the time.
type listKey struct {
	Bundle   string
	Version  [32]byte
	Window   int
	Adjusted bool
}

var listKeys = []listKey{
	{"spy", [32]byte{1}, 120, false},
	{"spy1", [32]byte{1}, 20, false},
	{"spy", [32]byte{2}, 120, false},
	{"spy", [32]byte{1}, 121, true},
	{"qqq", [32]byte{31: 1}, 21, false},
	{"", [32]byte{}, 0, false},
}

const longest = 16 // numbers in a list

// numbers is a list of 8 to 16 numbers that no two keys and versions share.
func numbers(k listKey, version int) []float64 {
	v := make([]float64, longest-uint(len(k.Bundle)+k.Window+3*version+int(k.Version[0]))%9)
	v[0] = float64(version)
	v[1] = float64(k.Version[0]) + 1000*float64(k.Version[31])
	v[2] = float64(k.Window)
	for i := range len(k.Bundle) {
		v[3] = v[3]*256 + float64(k.Bundle[i])
	}
	if k.Adjusted {
		v[4] = math.Copysign(0, -1)
	}
	return v
}

func digest(v []float64) uint64 {
	h := fnv.New64a()
	for _, x := range v {
		h.Write(binary.LittleEndian.AppendUint64(nil, math.Float64bits(x)))
	}
	return h.Sum64()
}

func heapOf(k listKey, v []float64) int64 { return sizing.String(k.Bundle) + sizing.Slice(v) }

type cache = cachekit.Cache[listKey, []float64]

// An own is one of our caches, or two that share a budget, as the suite sees it: without
// a limit in bytes.
type own struct {
	caches  []*cache
	load    propertytest.Loader[listKey, []float64]
	changed []listKey
}

func (o *own) of(k listKey) *cache { return o.caches[uint(k.Window)%uint(len(o.caches))] }

func (o *own) Get(ctx context.Context, k listKey) ([]float64, error) {
	return o.of(k).Get(ctx, k, o.load)
}
func (o *own) Set(k listKey, v []float64)       { o.of(k).Set(k, v) }
func (o *own) Invalidate(k listKey)             { o.of(k).Delete(k) }
func (o *own) Peek(k listKey) ([]float64, bool) { return o.of(k).Peek(k) }
func (o *own) Pin(k listKey) (func(), bool)     { return o.of(k).Pin(k) }

func (o *own) Clear() {
	for _, c := range o.caches {
		c.Clear()
	}
}

func (o *own) Retire(version [32]byte) {
	for _, c := range o.caches {
		c.Retire(version)
	}
}

func (o *own) Len() (n int) {
	for _, c := range o.caches {
		n += c.Len()
	}
	return n
}

func (o *own) Counts() (sum propertytest.Counts) {
	for _, c := range o.caches {
		s := c.Stats()
		sum.Hits += int64(s.Hits)
		sum.Misses += int64(s.Misses)
		sum.Loads += int64(s.Loads)
		sum.LoadErrors += int64(s.LoadErrors)
		sum.Evictions += int64(s.Evictions.Room)
	}
	return sum
}

func (o *own) Mutated() []listKey {
	m := o.changed
	o.changed = nil
	return m
}

// A bytesOwn is one with a limit in bytes.
type bytesOwn struct {
	*own
	budget *sizing.Budget
	rules  rules
}

func (o bytesOwn) Bytes() int64 { return o.budget.Used() }
func (o bytesOwn) Limit() int64 { return o.budget.Limit() }

func (o bytesOwn) Resize(capacity int) {
	if err := o.budget.Resize(o.rules.limit(capacity)); err != nil {
		panic(err)
	}
}

// rules are what an entry and the table of a cache are charged with, as measured.
type rules struct{ entry, table int64 }

func (r rules) limit(capacity int) int64 {
	return int64(capacity)*(r.entry+sizing.Alloc(8*longest)+sizing.Alloc(8)) + r.table
}

// measure finds the rules of caches with these options. The table has parts that
// grow on their own, so an entry alone shows only where hashes are equal.
func measure(t *testing.T, options func() cachekit.Options[listKey, []float64]) rules {
	fill := func(o cachekit.Options[listKey, []float64]) (held, least int64) {
		c := newCache(o)
		least = math.MaxInt64
		for _, k := range listKeys {
			before := c.Stats().Bytes
			c.Set(k, nil)
			grew := c.Stats().Bytes - before - heapOf(k, nil)
			least = min(least, grew)
			held += grew
		}
		return held, least
	}
	o := options()
	o.Hooks.Hash = func(*listKey, uint64) uint64 { return 42 }
	_, entry := fill(o)
	all, _ := fill(options())
	r := rules{entry: entry, table: all - int64(len(listKeys))*entry}
	if r.entry < 64 || r.table < 0 {
		t.Fatalf("six entries without values hold %d bytes, and one seems to hold %d", all, r.entry)
	}
	return r
}

func newCache(o cachekit.Options[listKey, []float64]) *cache {
	c, err := cachekit.New(o)
	if err != nil {
		panic(err)
	}
	return c
}

// rooms are the ways to bound a cache.
var rooms = []string{"entries", "bytes", "shared"}

// kinds are what else a cache may be asked to do.
var kinds = []struct {
	name       string
	life, idle time.Duration
	versions   bool
	watched    bool // for readers who write
}{
	{name: "plain"},
	{name: "expiry", life: 40 * time.Second},
	{name: "idle", idle: 20 * time.Second, watched: true},
	{name: "versions", versions: true},
}

// policies are the names of all there are.
func policies(t *testing.T) []string {
	_, err := policy.ByName("?")
	_, names, ok := strings.Cut(err.Error(), "use one of ")
	if !ok {
		t.Fatalf("no names in %v", err)
	}
	return strings.Split(names, ", ")
}

// TestOwnCaches: every policy in every room, with and without expiry and versions.
func TestOwnCaches(t *testing.T) {
	for _, name := range policies(t) {
		for _, room := range rooms {
			for _, kind := range kinds {
				t.Run(name+"/"+room+"/"+kind.name, func(t *testing.T) {
					t.Parallel()
					options := func() cachekit.Options[listKey, []float64] {
						p, err := policy.ByName(name)
						if err != nil {
							panic(err)
						}
						o := cachekit.Options[listKey, []float64]{
							Name: name, Policy: p, Seed: 1, Size: heapOf, ExpireAfterWrite: kind.life, ExpireAfterAccess: kind.idle,
						}
						if kind.watched {
							o.Fingerprint = digest
						}
						if kind.versions {
							o.Version = func(k listKey) [32]byte { return k.Version }
						}
						return o
					}
					s := suiteOf(t, name, room, options, measure(t, options))
					s.ExpireAfterWrite, s.ExpireAfterAccess = kind.life, kind.idle
					if kind.versions {
						s.Version = func(k listKey) [32]byte { return k.Version }
					}
					if kind.watched {
						s.Mutate = func(v []float64) { v[len(v)-1]++ }
					}
					propertytest.Run(t, s)
				})
			}
		}
	}
}

func suiteOf(t *testing.T, name, room string, options func() cachekit.Options[listKey, []float64], r rules) propertytest.Suite[listKey, []float64] {
	t.Helper()
	s := propertytest.Suite[listKey, []float64]{Keys: listKeys, Value: numbers, Cases: 100}
	if testing.Short() || underRace {
		s.Cases = 10
	}
	build := func(load propertytest.Loader[listKey, []float64], caches, entries int, budget *sizing.Budget) *own {
		own := &own{load: load}
		for range caches {
			o := options()
			o.MaxEntries, o.Budget = entries, budget
			if o.Fingerprint != nil {
				o.OnMutation = func(k listKey) { own.changed = append(own.changed, k) }
			}
			own.caches = append(own.caches, newCache(o))
		}
		return own
	}
	if room == "entries" {
		s.LRU = name == "lru"
		s.New = func(capacity int, load propertytest.Loader[listKey, []float64]) propertytest.Cache[listKey, []float64] {
			return build(load, 1, capacity, nil)
		}
		return s
	}
	caches := 1
	if room == "shared" {
		caches = 2
	}
	s.LRU = name == "lru" && caches == 1
	s.Size = func(k listKey, v []float64) int64 { return heapOf(k, v) + r.entry }
	s.Overhead = int64(caches) * r.table
	s.Big = func(capacity int, k listKey, version int) []float64 {
		return append(numbers(k, version), make([]float64, (r.limit(capacity)+r.table)/8)...)
	}
	s.New = func(capacity int, load propertytest.Loader[listKey, []float64]) propertytest.Cache[listKey, []float64] {
		budget := sizing.NewBudget(r.limit(capacity) + int64(caches-1)*r.table)
		return bytesOwn{build(load, caches, 0, budget), budget, r}
	}
	return s
}
