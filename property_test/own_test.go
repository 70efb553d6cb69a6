package propertytest_test

import (
	"context"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/bmadventure/optcache/cachekit"
	"github.com/bmadventure/optcache/policy"
	"github.com/bmadventure/optcache/property_test"
	"github.com/bmadventure/optcache/sizing"
)

// A setting is one combination of what our caches can be told.
type setting struct {
	policy, room string
	extra
}

// rooms are the ways to bound a cache.
var rooms = []string{"entries", "bytes", "shared"}

// An extra is what else a cache may be asked to do.
type extra struct {
	name       string
	life, idle time.Duration
	versions   bool
	watched    bool // for readers who write
}

var extras = []extra{
	{name: "plain"},
	{name: "expiry", life: 40 * time.Second, watched: true},
	{name: "idle", life: 40 * time.Second, idle: 15 * time.Second},
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

// TestOwnCaches runs the suite over the generic cache and a generated one: every policy, in every
// room, with and without expiry and versions. The two generated caches take turns, so that each meets
// every policy, every room and every extra; so do the rooms in which a cache has keys of one word.
// What gen makes of other types is proved by the tests that it emits with it.
func TestOwnCaches(t *testing.T) {
	for i, name := range policies(t) {
		for j, room := range rooms {
			for l, x := range extras {
				if underRace && (i+j+l)%3 > 0 {
					continue // each policy in each room and with each extra once: the rest is the same code
				}
				s := setting{name, room, x}
				t.Run(name+"/"+room+"/"+x.name, func(t *testing.T) {
					t.Parallel()
					run(t, generic, s)
					switch {
					case x.name == "idle": // expiry, seen by another clock of the same engine
					case (i+j+l)%2 == 0:
						run(t, assetLists, s)
					default:
						run(t, groupedBars, s)
					}
					if x.name == "plain" && (i+j)%3 == 0 {
						run(t, words, s)
					}
				})
			}
		}
	}
}

// stories are traces that caches are known to stumble over, and those that ours have stumbled over:
// they are played first, whatever the seed.
var stories = []string{
	"sequential/2: get 0; get 0; get 0; get 0; update 0; get 0",
	"sequential/1: get 0 error; get 0; get 0 missing",
	"sequential/1: set 0; set 0; get 0; update 0; peek 0; get 0",
	"zero/12: set 0 zero; get 0; set 0 empty; get 0; drift 1 zero; get 1; get 1",
	"bound/1: get 0; get 1; get 0; set 1; set 0; clear; get 1",
	"bound/2: get 0; get 1; resize 1; get 2; resize 2; get 0",
	"oversize/10: get 0; set 0 big; get 0; update 1 big; get 1; peek 0",
	"pins/1: get 0; pin 0; pin 0; get 1; unpin 0; get 1; get 0; set 0; get 0",
	"pins/1: get 2; set 1; pin 1; set 0", // in two caches of one budget: 2 would go, and 0 not fit even then
	"versions/12: get 0; get 1; retire 0; get 0; get 0; get 1",
	"expiry/12: get 0; sleep 5; set 0; sleep 5; get 0; sleep 2; get 0",
	"expiry/12: get 0; sleep 6; get 0; sleep 6; get 0; sleep 6; get 0; sleep 6; get 0", // outlives a life that hits do not prolong
	"statistics/1: get 0; get 0; get 1 error; clear; get 0; peek 0",
	"races/1: get 0 load 1; update 0; get 0 at 2",
	"races/1: get 0 load 1; set 0; get 0 at 2",
	"races/1: get 0 load 1; clear; get 0; get 0 at 2",
	"races/1: get 0 load 1; retire 0; get 0; get 0 at 2",
	"once/12: get 0 load 2; get 0 at 1; get 0 at 2; get 0 at 3",
	"waiters/12: get 0 load 2 leave 1; get 0; get 1 load 1; get 0 at 3",
	"faults/12: get 0 load 1 panic; get 0; get 0 at 2; get 1 load 1 goexit; get 1; get 1 at 2",
	"leaks/1: get 0 load 5 leave 1; get 0 load 5 leave 2",
}

// run runs the suite on caches of one kind in one setting.
func run[K comparable, V any](t *testing.T, k kind[K, V], s setting) {
	t.Run(k.name, func(t *testing.T) {
		suite := propertytest.Suite[K, V]{
			Keys: k.keys, Value: k.value, ExpireAfterWrite: s.life, ExpireAfterAccess: s.idle,
			LRU: s.policy == "lru" && s.room != "shared", Cases: 100, Traces: stories,
		}
		if testing.Short() || underRace {
			suite.Cases = 10
		}
		if s.versions {
			suite.Version = k.version
		}
		if s.watched {
			suite.Mutate = k.change
		}
		if s.room == "entries" {
			suite.New = func(capacity int, load propertytest.Loader[K, V]) propertytest.Cache[K, V] {
				return k.build(s, load, 1, capacity, nil)
			}
			propertytest.Run(t, suite)
			return
		}
		caches := int64(1)
		if s.room == "shared" {
			caches = 2
		}
		r := k.measure(t, s)
		suite.Size = func(key K, v V) int64 { return k.size(key, v) + r.entry }
		suite.Overhead = caches * r.table
		suite.Big = func(capacity int, key K, version int) V { return k.large(r.limit(capacity)+r.table, key, version) }
		suite.New = func(capacity int, load propertytest.Loader[K, V]) propertytest.Cache[K, V] {
			budget := sizing.NewBudget(r.limit(capacity) + (caches-1)*r.table)
			return bytesOwn[K, V]{k.build(s, load, int(caches), 0, budget), budget, r}
		}
		propertytest.Run(t, suite)
	})
}

// build makes one or two caches, with a bound of entries or with a budget.
func (k kind[K, V]) build(s setting, load propertytest.Loader[K, V], caches, entries int, budget *sizing.Budget) *own[K, V] {
	own := &own[K, V]{half: k.half}
	for range caches {
		o := k.options(s)
		o.MaxEntries, o.Budget = entries, budget
		if o.Fingerprint != nil {
			o.OnMutation = func(key K) { own.changed = append(own.changed, key) }
		}
		c, get, err := k.open(o, load)
		if err != nil {
			panic(err)
		}
		own.caches, own.gets = append(own.caches, c), append(own.gets, get)
	}
	return own
}

// options are those of a cache in a setting.
func (k kind[K, V]) options(s setting) cachekit.Options[K, V] {
	p, err := policy.ByName(s.policy)
	if err != nil {
		panic(err)
	}
	o := cachekit.Options[K, V]{Name: k.name, Policy: p, Seed: 1, ExpireAfterWrite: s.life, ExpireAfterAccess: s.idle}
	if s.versions {
		o.Version = k.version
	}
	if s.watched && k.digest != nil {
		o.Fingerprint = k.digest
	}
	return o
}

// rules are what an entry and the table of a cache are charged with, as measured, and the
// most that a key and its value refer to.
type rules struct{ entry, table, largest int64 }

func (r rules) limit(capacity int) int64 { return int64(capacity)*(r.entry+r.largest) + r.table }

// measure finds the rules of caches in a setting. The table has parts that grow on
// their own, so an entry alone shows only where all hashes are equal.
func (k kind[K, V]) measure(t *testing.T, s setting) rules {
	fill := func(c *cachekit.Cache[K, V], err error) (held, least int64) {
		if err != nil {
			t.Fatal(err)
		}
		least = math.MaxInt64
		for _, key := range k.keys {
			before := c.Stats().Bytes
			c.Set(key, k.value(key, 0))
			grew := c.Stats().Bytes - before - k.size(key, k.value(key, 0))
			least = min(least, grew)
			held += grew
		}
		return held, least
	}
	o := k.options(s)
	o.Size, o.Fingerprint = k.size, nil
	o.Hooks.Hash = func(*K, uint64) uint64 { return 42 }
	_, entry := fill(cachekit.New(o))
	c, _, err := k.open(k.options(s), nil)
	all, _ := fill(c, err)
	r := rules{entry: entry, table: all - int64(len(k.keys))*entry}
	if r.entry < 48 || r.table < 0 {
		t.Fatalf("%d entries hold %d bytes beside what they refer to, and one seems to hold %d", len(k.keys), all, r.entry)
	}
	for _, key := range k.keys {
		for version := range 40 {
			r.largest = max(r.largest, k.size(key, k.value(key, version)))
		}
	}
	return r
}

// An own is one of our caches, or two that share a budget, as the suite sees it: without
// a limit in bytes.
type own[K comparable, V any] struct {
	half    func(K) int
	caches  []*cachekit.Cache[K, V]
	gets    []getter[K, V]
	changed []K
}

func (o *own[K, V]) at(k K) int                              { return o.half(k) % len(o.caches) }
func (o *own[K, V]) of(k K) *cachekit.Cache[K, V]            { return o.caches[o.at(k)] }
func (o *own[K, V]) Get(ctx context.Context, k K) (V, error) { return o.gets[o.at(k)](ctx, k) }
func (o *own[K, V]) Set(k K, v V)                            { o.of(k).Set(k, v) }
func (o *own[K, V]) Invalidate(k K)                          { o.of(k).Delete(k) }
func (o *own[K, V]) Peek(k K) (V, bool)                      { return o.of(k).Peek(k) }
func (o *own[K, V]) Pin(k K) (func(), bool)                  { return o.of(k).Pin(k) }

func (o *own[K, V]) Clear() {
	for _, c := range o.caches {
		c.Clear()
	}
}

func (o *own[K, V]) Retire(version [32]byte) {
	for _, c := range o.caches {
		c.Retire(version)
	}
}

func (o *own[K, V]) Len() (n int) {
	for _, c := range o.caches {
		n += c.Len()
	}
	return n
}

func (o *own[K, V]) Counts() (sum propertytest.Counts) {
	for _, c := range o.caches {
		s := c.Stats()
		sum.Hits += int64(s.Hits)
		sum.Misses += int64(s.Misses)
		sum.Loads += int64(s.Loads)
		sum.LoadErrors += int64(s.LoadErrors)
		sum.Evictions += int64(s.Evictions.Capacity)
	}
	return sum
}

func (o *own[K, V]) Mutated() []K {
	m := o.changed
	o.changed = nil
	return m
}

// A bytesOwn is one with a limit in bytes.
type bytesOwn[K comparable, V any] struct {
	*own[K, V]
	budget *sizing.Budget
	rules  rules
}

func (o bytesOwn[K, V]) Bytes() int64 { return o.budget.Used() }
func (o bytesOwn[K, V]) Limit() int64 { return o.budget.Limit() }

func (o bytesOwn[K, V]) Resize(capacity int) {
	if err := o.budget.Resize(o.rules.limit(capacity)); err != nil {
		panic(err)
	}
}
