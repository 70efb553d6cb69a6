package proof

import (
	"github.com/hashicorp/golang-lru/v2"
	"github.com/hashicorp/golang-lru/v2/expirable"
)

type golangLRU struct {
	aside
	c *lru.Cache[string, []int]
}

func newGolangLRU(_ manner, capacity int, load loader) cache {
	c, err := lru.New[string, []int](capacity)
	if err != nil {
		panic(err)
	}
	return golangLRU{aside{c.Get, func(key string, v []int) { c.Add(key, v) }, load}, c}
}

func (g golangLRU) Set(key string, v []int)       { g.c.Add(key, v) }
func (g golangLRU) Invalidate(key string)         { g.c.Remove(key) }
func (g golangLRU) Clear()                        { g.c.Purge() }
func (g golangLRU) Peek(key string) ([]int, bool) { return g.c.Peek(key) }
func (g golangLRU) Len() int                      { return g.c.Len() }
func (g golangLRU) Resize(capacity int)           { g.c.Resize(capacity) }

// An expirableLRU is golang-lru's cache whose entries have a life.
type expirableLRU struct {
	aside
	c *expirable.LRU[string, []int]
}

func newExpirableLRU(m manner, capacity int, load loader) cache {
	c := expirable.NewLRU[string, []int](capacity, nil, m.life)
	return expirableLRU{aside{c.Get, func(key string, v []int) { c.Add(key, v) }, load}, c}
}

func (e expirableLRU) Set(key string, v []int)       { e.c.Add(key, v) }
func (e expirableLRU) Invalidate(key string)         { e.c.Remove(key) }
func (e expirableLRU) Clear()                        { e.c.Purge() }
func (e expirableLRU) Peek(key string) ([]int, bool) { return e.c.Peek(key) }
func (e expirableLRU) Len() int                      { return e.c.Len() }
func (e expirableLRU) Resize(capacity int)           { e.c.Resize(capacity) }
