package proof

import (
	"context"

	"github.com/Yiling-J/theine-go"

	"github.com/bmadventure/optcache/property_test"
)

type theineCache struct {
	manner
	c *theine.LoadingCache[string, []int]
}

func newTheine(m manner, capacity int, load loader) cache {
	c, err := theine.NewBuilder[string, []int](int64(m.room(capacity))).BuildWithLoader(func(ctx context.Context, key string) (theine.Loaded[[]int], error) {
		v, err := load(ctx, key)
		return theine.Loaded[[]int]{Value: v, Cost: m.cost(v), TTL: m.life}, err
	})
	if err != nil {
		panic(err)
	}
	if m.weighed {
		return weighedTheine{theineCache{m, c}, int64(m.room(capacity))}
	}
	return theineCache{m, c}
}

func (t theineCache) Get(ctx context.Context, key string) ([]int, error) { return t.c.Get(ctx, key) }
func (t theineCache) Set(key string, v []int)                            { t.c.SetWithTTL(key, v, t.cost(v), t.life) }
func (t theineCache) Invalidate(key string)                              { t.c.Delete(key) }
func (t theineCache) Len() int                                           { t.c.Wait(); return t.c.Len() }
func (t theineCache) Close() error                                       { t.c.Close(); return nil }

func (t theineCache) Counts() propertytest.Counts {
	s := t.c.Stats()
	return propertytest.Counts{Hits: int64(s.Hits()), Misses: int64(s.Misses()), Loads: -1, LoadErrors: -1, Evictions: -1}
}

// A weighedTheine is bounded by the cost of values.
type weighedTheine struct {
	theineCache
	limit int64
}

func (w weighedTheine) Bytes() int64 { w.c.Wait(); return int64(w.c.EstimatedSize()) }
func (w weighedTheine) Limit() int64 { return w.limit }

// An asideTheine is theine without its loader.
type asideTheine struct {
	aside
	c *theine.Cache[string, []int]
}

func newAsideTheine(_ manner, capacity int, load loader) cache {
	c, err := theine.NewBuilder[string, []int](int64(capacity)).Build()
	if err != nil {
		panic(err)
	}
	return asideTheine{aside{c.Get, func(key string, v []int) { c.Set(key, v, 1) }, load}, c}
}

func (t asideTheine) Set(key string, v []int) { t.c.Set(key, v, 1) }
func (t asideTheine) Invalidate(key string)   { t.c.Delete(key) }
func (t asideTheine) Len() int                { t.c.Wait(); return t.c.Len() }
func (t asideTheine) Close() error            { t.c.Close(); return nil }
