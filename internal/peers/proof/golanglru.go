// Package proof runs the property suite on the caches of others. Each file but the test is one
// adapter: what it takes to show a cache to the suite.
package proof

import (
	"context"

	"github.com/hashicorp/golang-lru/v2"

	"github.com/bmadventure/optcache/property_test"
)

type golangLRU struct {
	*lru.Cache[string, []int]
	load propertytest.Loader[string, []int]
}

func newGolangLRU(capacity int, load propertytest.Loader[string, []int]) propertytest.Cache[string, []int] {
	c, err := lru.New[string, []int](capacity)
	if err != nil {
		panic(err)
	}
	return golangLRU{c, load}
}

func (c golangLRU) Get(ctx context.Context, key string) ([]int, error) {
	if v, ok := c.Cache.Get(key); ok {
		return v, nil
	}
	v, err := c.load(ctx, key)
	if err == nil {
		c.Add(key, v)
	}
	return v, err
}

func (c golangLRU) Set(key string, v []int) { c.Add(key, v) }
func (c golangLRU) Invalidate(key string)   { c.Remove(key) }
func (c golangLRU) Clear()                  { c.Purge() }
func (c golangLRU) Resize(capacity int)     { c.Cache.Resize(capacity) }
