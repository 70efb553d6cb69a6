package linear

import (
	"context"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/bmadventure/optcache/cachekit"
	"github.com/bmadventure/optcache/cachekit/market"
	"github.com/bmadventure/optcache/generated/assets"
	"github.com/bmadventure/optcache/policy"
	"github.com/bmadventure/optcache/property_test/mutants"
	"github.com/bmadventure/optcache/sizing"
)

// A kit is a cache of package cachekit as a subject.
type kit[K comparable, V any] struct {
	*cachekit.Cache[K, V]
	key    func(int) K
	value  func(int) V
	number func(V) int
}

func (k kit[K, V]) get(ctx context.Context, key int, load func(context.Context) (int, error)) (int, error) {
	v, err := k.Get(ctx, k.key(key), func(ctx context.Context, _ K) (V, error) {
		n, err := load(ctx)
		return k.value(n), err
	})
	return k.number(v), err
}

func (k kit[K, V]) look(key int) (int, bool) {
	v, ok := k.Peek(k.key(key))
	return k.number(v), ok
}

func (k kit[K, V]) set(key, n int) (held, known bool) { return k.Set(k.key(key), k.value(n)), true }
func (k kit[K, V]) remove(key int) (was, known bool)  { return k.Delete(k.key(key)), true }
func (k kit[K, V]) clear()                            { k.Clear() }
func (k kit[K, V]) retire(v int)                      { k.Retire(digest(v)) }
func digest(version int) [32]byte                     { return [32]byte{31: byte(version)} }

// A pair are two caches that share a budget, each with one version's keys.
type pair [2]subject

func (p pair) get(ctx context.Context, key int, load func(context.Context) (int, error)) (int, error) {
	return p[version(key)].get(ctx, key, load)
}

func (p pair) look(key int) (int, bool)          { return p[version(key)].look(key) }
func (p pair) set(key, n int) (held, known bool) { return p[version(key)].set(key, n) }
func (p pair) remove(key int) (was, known bool)  { return p[version(key)].remove(key) }
func (p pair) clear()                            { p[0].clear(); p[1].clear() }
func (p pair) retire(v int)                      { p[v].retire(v) }
func (p pair) stats() (hits, evicted uint64) {
	for _, s := range p {
		h, e := s.(counted).stats()
		hits, evicted = hits+h, evicted+e
	}
	return hits, evicted
}

// A counted tells how often it hit, and how many left to make room.
type counted interface{ stats() (hits, evicted uint64) }

func (k kit[K, V]) stats() (hits, evicted uint64) {
	s := k.Stats()
	return s.Hits, s.Evictions.Capacity
}

// A bound is how a cache is bounded.
type bound struct {
	entries int
	budget  *sizing.Budget
}

// words are one word by one word, for which the cache has ways of their own.
func words(p policy.Policy, b bound) (subject, error) {
	c, err := cachekit.New(cachekit.Options[uint64, uint64]{
		Policy: p, MaxEntries: b.entries, Budget: b.budget, Version: func(k uint64) [32]byte { return digest(version(int(k))) },
	})
	return kit[uint64, uint64]{c, func(k int) uint64 { return uint64(k) }, func(n int) uint64 { return uint64(n) }, func(v uint64) int { return int(v) }}, err
}

// A name is a key like those of lists and bars.
type name struct {
	Name    string
	Version [32]byte
}

// lists are lists by names.
func lists(p policy.Policy, b bound) (subject, error) {
	c, err := cachekit.New(cachekit.Options[name, []int]{
		Policy: p, MaxEntries: b.entries, Budget: b.budget, Version: func(k name) [32]byte { return k.Version },
	})
	return kit[name, []int]{c, func(k int) name { return name{strconv.Itoa(k % keysOf), digest(version(k))} }, func(n int) []int { return []int{n} }, firstOf[int]}, err
}

// A typed is a generated cache as a subject, with look-ups that read the table themselves.
type typed struct {
	kit[market.ListKey, *assets.AssetList]
	cache *assets.AssetListCache
}

// loadOf is what the load of the caller comes with its context as, for a cache that has a loader of
// its own and hands the context on to it.
type loadOf struct{}

// generated are asset lists by keys whose texts are of the length that look-ups are quickest at.
func generated(p policy.Policy, b bound) (subject, error) {
	listOf := func(n int) *assets.AssetList { return assets.NewAssetList([]market.Asset{{ID: uint64(n)}}) }
	c, err := assets.NewAssetListCache(cachekit.Options[market.ListKey, *assets.AssetList]{
		Policy: p, MaxEntries: b.entries, Budget: b.budget, Version: func(k market.ListKey) [32]byte { return k.Version },
	}, func(ctx context.Context, _ market.ListKey) (*assets.AssetList, error) {
		n, err := ctx.Value(loadOf{}).(func(context.Context) (int, error))(ctx)
		return listOf(n), err
	})
	if err != nil {
		return nil, err
	}
	return typed{kit[market.ListKey, *assets.AssetList]{
		c.Cache,
		func(k int) market.ListKey {
			return market.ListKey{Bundle: "bundle " + strconv.Itoa(k%keysOf), Version: digest(version(k))}
		},
		listOf,
		func(l *assets.AssetList) int {
			if l == nil {
				return 0
			}
			return int(l.At(0).ID)
		},
	}, c}, nil
}

func (t typed) get(ctx context.Context, key int, load func(context.Context) (int, error)) (int, error) {
	l, err := t.cache.Get(context.WithValue(ctx, loadOf{}, load), t.key(key))
	return t.number(l), err
}

func (t typed) look(key int) (int, bool) {
	l, ok := t.cache.Lookup(t.key(key))
	return t.number(l), ok
}

// firstOf is the number that a list was made for.
func firstOf[N int | float64](v []N) int {
	if len(v) == 0 {
		return 0
	}
	return int(v[0])
}

// seed begins the random numbers: another with each run, as threads do as they please anyway; the
// environment's if it has one, as for the property suite.
func seed(t *testing.T) uint64 {
	s := rand.Uint64()
	if n, err := strconv.ParseUint(os.Getenv("OPTCACHE_SEED"), 10, 64); err == nil {
		s = n
	}
	t.Logf("seed %d", s)
	return s
}

// rounds is how many each cache is put through.
func rounds() int {
	if testing.Short() || underRace {
		return 50
	}
	return 200
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

// rooms are the ways to bound a cache, or two.
var rooms = []struct {
	name    string
	bounded bool
	open    func(t *testing.T, policyName string, kind func(policy.Policy, bound) (subject, error)) subject
}{
	{"ample", false, func(t *testing.T, p string, kind func(policy.Policy, bound) (subject, error)) subject {
		return made(t, p, kind, bound{})
	}},
	{"entries", true, func(t *testing.T, p string, kind func(policy.Policy, bound) (subject, error)) subject {
		return made(t, p, kind, bound{entries: 2})
	}},
	{"shared", true, func(t *testing.T, p string, kind func(policy.Policy, bound) (subject, error)) subject {
		all := bound{budget: sizing.NewBudget(1 << 20)}
		c := pair{made(t, p, kind, all), made(t, p, kind, all)}
		for k := range keys {
			c.set(k, 1)
		}
		some := bound{budget: sizing.NewBudget(all.budget.Used() * 3 / 4)}
		return pair{made(t, p, kind, some), made(t, p, kind, some)}
	}},
}

func made(t *testing.T, policyName string, kind func(policy.Policy, bound) (subject, error), b bound) subject {
	p, err := policy.ByName(policyName)
	if err != nil {
		t.Fatal(err)
	}
	c, err := kind(p, b)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// TestOwnCaches: caches of every policy are linearizable, with room for all and for some.
func TestOwnCaches(t *testing.T) {
	from := seed(t)
	for _, name := range policies(t) {
		for kind, open := range map[string]func(policy.Policy, bound) (subject, error){"words": words, "lists": lists, "generated": generated} {
			for _, room := range rooms {
				t.Run(name+"/"+kind+"/"+room.name, func(t *testing.T) {
					var hits, evicted uint64
					for round := range rounds() {
						c := room.open(t, name, open)
						if what := blow(c, from, uint64(round)).judge(room.bounded); what != "" {
							t.Fatalf("round %d: %s", round, what)
						}
						h, e := c.(counted).stats()
						hits, evicted = hits+h, evicted+e
					}
					if hits == 0 || room.bounded != (evicted > 0) {
						t.Errorf("%d hits, %d entries made room for others: the rounds do not show what they should", hits, evicted)
					}
				})
			}
		}
	}
}

// A mutant is a cache of package mutants as a subject. The load of the caller comes with its
// context, as that of a generated cache does.
type mutant struct{ *mutants.Cache }

func broken(m mutants.Mutant) subject {
	c := mutants.New(keys+1, 0, func(ctx context.Context, _ mutants.Key) ([]float64, error) {
		n, err := ctx.Value(loadOf{}).(func(context.Context) (int, error))(ctx)
		return []float64{float64(n)}, err
	})
	if m.Break != nil {
		m.Break(c)
	}
	return mutant{c}
}

func keyOf(k int) mutants.Key {
	return mutants.Key{Bundle: strconv.Itoa(k % keysOf), Version: digest(version(k))}
}

func (m mutant) get(ctx context.Context, key int, load func(context.Context) (int, error)) (int, error) {
	v, err := m.Get(context.WithValue(ctx, loadOf{}, load), keyOf(key))
	return firstOf(v), err
}

func (m mutant) look(key int) (int, bool) {
	v, ok := m.Peek(keyOf(key))
	return firstOf(v), ok
}

func (m mutant) set(key, n int) (held, known bool) {
	m.Set(keyOf(key), []float64{float64(n)})
	return false, false
}

func (m mutant) remove(key int) (was, known bool) {
	m.Invalidate(keyOf(key))
	return false, false
}

func (m mutant) clear()       { m.Clear() }
func (m mutant) retire(v int) { m.Retire(digest(v)) }

// TestRightCache: the cache that the mutants break is linearizable before they do.
func TestRightCache(t *testing.T) {
	from := seed(t)
	for round := range 5 * rounds() {
		if what := blow(broken(mutants.Mutant{}), from, uint64(round)).judge(false); what != "" {
			t.Fatalf("round %d: %s", round, what)
		}
	}
}

// TestMutants: the check notices the mutants that real threads can show, each within 5,000 rounds.
func TestMutants(t *testing.T) {
	from := seed(t)
	for _, name := range []string{
		"staleSet", "clearMissesLoads", "retireMissesLoads", "oldLoadJoined", "setLostToLoad", "noSharing", "publishedLate",
		"publishedApart", "leaverCancels", "firstCallersContext", "frontSlot", "cachedError", "retireForEver", "errorForOne",
	} {
		t.Run(name, func(t *testing.T) {
			i := slices.IndexFunc(mutants.All, func(m mutants.Mutant) bool { return m.Name == name })
			if i < 0 {
				t.Fatal("there is no such mutant")
			}
			for round := range 5000 {
				if what := blow(broken(mutants.All[i]), from, uint64(round)).judge(false); what != "" {
					t.Logf("%s; noticed in round %d:\n%s", mutants.All[i].Defect, round, what)
					return
				}
			}
			t.Errorf("%s; nobody notices", mutants.All[i].Defect)
		})
	}
}
