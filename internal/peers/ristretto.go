package main

import "github.com/dgraph-io/ristretto/v2"

type ristrettoCache[K key] struct{ c *ristretto.Cache[K, uint64] }

// newRistretto takes the figures that ristretto's documentation recommends: ten
// counters an entry and buffers of 64.
func newRistretto[K key](set settings) cache[K] {
	return ristrettoCache[K]{must(ristretto.NewCache(&ristretto.Config[K, uint64]{
		NumCounters:        10 * int64(set.entries),
		MaxCost:            int64(set.entries),
		BufferItems:        64,
		Metrics:            set.stats,
		IgnoreInternalCost: true,
	}))}
}

func (r ristrettoCache[K]) Get(k K) (uint64, bool) { return r.c.Get(k) }
func (r ristrettoCache[K]) Set(k K, value uint64)  { r.c.Set(k, value, 1) }
func (r ristrettoCache[K]) Flush()                 { r.c.Wait() }
func (r ristrettoCache[K]) Close()                 { r.c.Close() }

func (r ristrettoCache[K]) Len() (n int) {
	r.c.Wait()
	r.c.IterValues(func(uint64) bool {
		n++
		return false
	})
	return n
}

func (r ristrettoCache[K]) Read(keys []K) (sum uint64) {
	for _, k := range keys {
		value, _ := r.c.Get(k)
		sum += value
	}
	return sum
}

func (r ristrettoCache[K]) Mix(keys []K, every int) (sum uint64) {
	for i, k := range keys {
		if i&(every-1) == 0 {
			r.c.Set(k, 1, 1)
			continue
		}
		value, _ := r.c.Get(k)
		sum += value
	}
	return sum
}
