package propertytest

import (
	"context"

	"github.com/bmadventure/optcache/cachekit"
)

// Adapt shows the suite a cache of package cachekit that is bounded by its MaxEntries, as
// the generator's caches are in their tests: get is its Get with the suite's loader.
//
//	c, err := NewAssetListCache(cachekit.Options[Key, *AssetList]{MaxEntries: capacity, Seed: 1}, load)
//	if err != nil {
//		panic(err)
//	}
//	return propertytest.Adapt(c.Cache, c.Get)
func Adapt[K comparable, V any](c *cachekit.Cache[K, V], get func(context.Context, K) (V, error)) Cache[K, V] {
	return adapted[K, V]{c, get}
}

type adapted[K comparable, V any] struct {
	cache *cachekit.Cache[K, V]
	get   func(context.Context, K) (V, error)
}

func (k adapted[K, V]) Get(ctx context.Context, key K) (V, error) { return k.get(ctx, key) }
func (k adapted[K, V]) Set(key K, value V)                        { k.cache.Set(key, value) }
func (k adapted[K, V]) Invalidate(key K)                          { k.cache.Delete(key) }
func (k adapted[K, V]) Clear()                                    { k.cache.Clear() }
func (k adapted[K, V]) Peek(key K) (V, bool)                      { return k.cache.Peek(key) }
func (k adapted[K, V]) Pin(key K) (release func(), ok bool)       { return k.cache.Pin(key) }
func (k adapted[K, V]) Retire(version [32]byte)                   { k.cache.Retire(version) }
func (k adapted[K, V]) Len() int                                  { return k.cache.Len() }

func (k adapted[K, V]) Counts() Counts {
	s := k.cache.Stats()
	return Counts{
		Hits: int64(s.Hits), Misses: int64(s.Misses), Loads: int64(s.Loads), LoadErrors: int64(s.LoadErrors),
		Evictions: int64(s.Evictions.Capacity),
	}
}
