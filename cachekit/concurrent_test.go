package cachekit

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
)

// TestPoliciesUnderConcurrentHits has every policy evict while hits mark its
// entries, through phases that favour different policies.
func TestPoliciesUnderConcurrentHits(t *testing.T) {
	for _, p := range policies {
		t.Run(p.name, func(t *testing.T) {
			c := mustNew(t, Options[int, string]{MaxEntries: 300, Policy: watch(t, p.make())})
			var workers sync.WaitGroup
			for g := range 4 {
				workers.Go(func() {
					r := rand.New(rand.NewPCG(uint64(g), 5))
					for i := range 8_000 {
						key := i % 400 // a loop, larger than the cache
						if i/2000%2 == 1 {
							key = r.IntN(1 + r.IntN(2000)) // skewed
						}
						if _, ok := c.Lookup(key); !ok {
							c.Set(key, "value")
						}
					}
				})
			}
			workers.Wait()
			validate(t, c)
		})
	}
}

// TestReadersNeverGoBack has one writer for each key set ever larger values,
// while the table grows and shrinks around them. A reader must always find the key,
// and never a smaller value than it has seen before.
func TestReadersNeverGoBack(t *testing.T) {
	t.Run("word", func(t *testing.T) {
		playMonotone(t, func(i int) int { return i }, func(v int) int { return v })
	})
	t.Run("text", func(t *testing.T) {
		playMonotone(t, func(i int) string { return fmt.Sprint(i) }, func(v string) int {
			var i int
			fmt.Sscan(v, &i)
			return i
		})
	})
}

func playMonotone[V any](t *testing.T, encode func(int) V, decode func(V) int) {
	const keys = 4
	c := mustNew(t, Options[int, V]{})
	for key := range keys {
		c.Set(key, encode(0))
	}
	var stop atomic.Bool
	var readers, writers sync.WaitGroup
	for range 2 {
		readers.Go(func() {
			var seen [keys]int
			for !stop.Load() {
				for key := range keys {
					v, ok := c.Lookup(key)
					if !ok || decode(v) < seen[key] {
						t.Errorf("key %d: %v, %v after %d", key, v, ok, seen[key])
						return
					}
					seen[key] = decode(v)
				}
			}
		})
	}
	for key := range keys {
		writers.Go(func() {
			for i := range 1500 {
				c.Set(key, encode(i))
				c.Set(1000*(key+1)+i%700, encode(0))
				if i%700 == 699 {
					for j := range 700 {
						c.Delete(1000*(key+1) + j)
					}
				}
			}
		})
	}
	writers.Wait()
	stop.Store(true)
	readers.Wait()
	validate(t, c)
}
