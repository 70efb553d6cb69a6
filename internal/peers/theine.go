package main

import (
	"context"

	"github.com/Yiling-J/theine-go"
)

// theineCache counts hits and misses always.
type theineCache[K key] struct{ c *theine.Cache[K, uint64] }

func newTheine[K key](set settings) cache[K] {
	return theineCache[K]{must(theine.NewBuilder[K, uint64](int64(set.entries)).Build())}
}

func (t theineCache[K]) Get(k K) (uint64, bool) { return t.c.Get(k) }
func (t theineCache[K]) Set(k K, value uint64)  { t.c.Set(k, value, 1) }
func (t theineCache[K]) Flush()                 { t.c.Wait() }
func (t theineCache[K]) Close()                 { t.c.Close() }

func (t theineCache[K]) Len() int {
	t.c.Wait()
	return t.c.Len()
}

func (t theineCache[K]) Read(keys []K) (sum uint64) {
	for _, k := range keys {
		value, _ := t.c.Get(k)
		sum += value
	}
	return sum
}

func (t theineCache[K]) Mix(keys []K, every int) (sum uint64) {
	for i, k := range keys {
		if i&(every-1) == 0 {
			t.c.Set(k, 1, 1)
			continue
		}
		value, _ := t.c.Get(k)
		sum += value
	}
	return sum
}

// theineLoader is theine with a loader, which is a type of its own.
type theineLoader[K key] struct {
	c *theine.LoadingCache[K, uint64]
}

func newTheineLoader[K key](set settings) loader[K] {
	load := func(context.Context, K) (theine.Loaded[uint64], error) {
		return theine.Loaded[uint64]{Value: 1, Cost: 1}, nil
	}
	return theineLoader[K]{must(theine.NewBuilder[K, uint64](int64(set.entries)).BuildWithLoader(load))}
}

func (t theineLoader[K]) Set(k K, value uint64) { t.c.Set(k, value, 1) }
func (t theineLoader[K]) Flush()                { t.c.Wait() }
func (t theineLoader[K]) Close()                { t.c.Close() }

func (t theineLoader[K]) Load(keys []K) (sum uint64) {
	ctx := context.Background()
	for _, k := range keys {
		v, _ := t.c.Get(ctx, k)
		sum += v
	}
	return sum
}
