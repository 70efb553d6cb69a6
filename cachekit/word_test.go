package cachekit

import (
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"github.com/bmadventure/optcache/policy"
)

// TestExactLRU compares a cache that tells its policy of each hit at once with a
// list, for values that are replaced in place and for such that are not.
func TestExactLRU(t *testing.T) {
	t.Run("word", func(t *testing.T) { playLRU(t, func(i int) int { return i }) })
	t.Run("pointer", func(t *testing.T) { playLRU(t, func(i int) *int { return &i }) })
	t.Run("half word", func(t *testing.T) { playLRU(t, func(i int) float32 { return float32(i) }) })
	t.Run("string", func(t *testing.T) { playLRU(t, func(i int) string { return string(rune(i)) }) })
}

func playLRU[V comparable](t *testing.T, make func(int) V) {
	c := mustNew(t, Options[int, V]{MaxEntries: 30, Policy: watch(t, policy.NewLRU()), Seed: 5})
	var order []int // most recently used last
	model := map[int]V{}
	use := func(key int) {
		order = append(slices.DeleteFunc(order, func(k int) bool { return k == key }), key)
		if len(order) > 30 {
			delete(model, order[0])
			order = order[1:]
		}
	}
	r := rand.New(rand.NewPCG(2, 3))
	for i := range 20_000 {
		key := r.IntN(60)
		switch r.IntN(5) {
		case 0, 1:
			v := make(i)
			c.Set(key, v)
			model[key] = v
			use(key)
		case 2, 3:
			want, has := model[key]
			if v, ok := c.Lookup(key); ok != has || v != want {
				t.Fatalf("step %d: Lookup(%d) = %v, %v; want %v, %v", i, key, v, ok, want, has)
			}
			if has {
				use(key)
			}
		case 4:
			if r.IntN(4) == 0 {
				_, has := model[key]
				if c.Delete(key) != has {
					t.Fatalf("step %d: Delete(%d) = %v", i, key, !has)
				}
				delete(model, key)
				order = slices.DeleteFunc(order, func(k int) bool { return k == key })
			}
		}
		if c.Len() != len(model) {
			t.Fatalf("step %d: %d entries, want %d", i, c.Len(), len(model))
		}
	}
	for k, v := range c.All() {
		if model[k] != v {
			t.Errorf("All yields %v for key %d, want %v", v, k, model[k])
		}
	}
	validate(t, c)
}

// TestWordsAreNotTorn replaces pointers and numbers while others read them.
func TestWordsAreNotTorn(t *testing.T) {
	type pair struct{ a, b int }
	numbers := mustNew(t, Options[int, uint64]{})
	pairs := mustNew(t, Options[int, *pair]{})
	set := func(i int) {
		half := uint64(uint32(i))
		numbers.Set(1, half<<32|half)
		pairs.Set(1, &pair{i, i})
	}
	set(0)
	var all sync.WaitGroup
	for g := range 4 {
		all.Go(func() {
			for i := range 5000 {
				if g%2 == 0 {
					set(i)
					continue
				}
				if v, ok := numbers.Lookup(1); !ok || v>>32 != v&(1<<32-1) {
					t.Errorf("a torn number %#x, %v", v, ok)
				}
				if p, ok := pairs.Lookup(1); !ok || p.a != p.b {
					t.Errorf("a torn pair %v, %v", p, ok)
				}
			}
		})
	}
	all.Wait()
	if s := numbers.Stats(); s.Evictions.Replaced != 10_000 || s.Entries != 1 {
		t.Errorf("statistics %+v", s)
	}
	validate(t, numbers)
	validate(t, pairs)
}
