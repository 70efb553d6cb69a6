package propertytest_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/bmadventure/optcache/cachekit"
	"github.com/bmadventure/optcache/policy"
	"github.com/bmadventure/optcache/property_test"
	"github.com/bmadventure/optcache/sizing"
)

// listKey is a key like those of asset lists: most of its fields are equal most of the time.
type listKey struct {
	Bundle   string
	Version  [32]byte
	Window   int
	Adjusted bool
}

var keys = []listKey{
	{"spy", [32]byte{1}, 20, false},
	{"spy", [32]byte{2}, 20, false},
	{"spy", [32]byte{1}, 21, false},
	{"spy", [32]byte{1}, 20, true},
	{"qqq", [32]byte{31: 1}, 20, false},
	{"", [32]byte{}, 0, false},
}

// closes are values of different lengths that no two keys and versions share.
func closes(k listKey, version int) []float64 {
	v := make([]float64, 4+uint(len(k.Bundle)*3+k.Window+version*5+int(k.Version[0]))%9)
	for i := range v {
		v[i] = float64(version*1000+k.Window*10+int(k.Version[0]+2*k.Version[31])) + float64(i)/16
	}
	if k.Adjusted {
		v[0] = -v[0] - 1
	}
	v[1] = float64(len(k.Bundle)<<16) + float64(version)
	if k.Bundle != "" {
		v[2] = float64(k.Bundle[0])
	}
	return v
}

// largest is the longest list that closes returns, and its bytes.
const largestList = 12

var largestBytes = sizing.Alloc(largestList*8) + sizing.Alloc(3)

// An own is one of our caches, or two that share a budget, as the suite sees it.
type own struct {
	caches  [2]*cachekit.Cache[listKey, []float64]
	budget  *sizing.Budget
	unit    int64 // bytes of an entry of room
	load    propertytest.Loader[listKey, []float64]
	mutated []listKey
}

func (o *own) of(k listKey) *cachekit.Cache[listKey, []float64] {
	if o.caches[1] != nil && k.Window%2 == 1 {
		return o.caches[1]
	}
	return o.caches[0]
}

func (o *own) all() []*cachekit.Cache[listKey, []float64] {
	if o.caches[1] == nil {
		return o.caches[:1]
	}
	return o.caches[:]
}

func (o *own) Get(ctx context.Context, k listKey) ([]float64, error) {
	return o.of(k).Get(ctx, k, o.load)
}
func (o *own) Set(k listKey, v []float64)       { o.of(k).Set(k, v) }
func (o *own) Invalidate(k listKey)             { o.of(k).Delete(k) }
func (o *own) Peek(k listKey) ([]float64, bool) { return o.of(k).Peek(k) }
func (o *own) Pin(k listKey) (func(), bool)     { return o.of(k).Pin(k) }
func (o *own) Bytes() int64                     { return o.budget.Used() }
func (o *own) Limit() int64                     { return o.budget.Limit() }

func (o *own) Clear() {
	for _, c := range o.all() {
		c.Clear()
	}
}

func (o *own) Retire(version [32]byte) {
	for _, c := range o.all() {
		c.Retire(version)
	}
}

func (o *own) Len() (n int) {
	for _, c := range o.all() {
		n += c.Len()
	}
	return n
}

func (o *own) Counts() (sum propertytest.Counts) {
	for _, c := range o.all() {
		s := c.Stats()
		sum.Hits += int64(s.Hits)
		sum.Misses += int64(s.Misses)
		sum.Loads += int64(s.Loads)
		sum.LoadErrors += int64(s.LoadErrors)
		sum.Evictions += int64(s.Evictions.Room)
	}
	return sum
}

func (o *own) Mutated() []listKey {
	m := o.mutated
	o.mutated = nil
	return m
}

func TestOwn(t *testing.T) {
	for _, name := range []string{"lru"} {
		t.Run(name, func(t *testing.T) {
			propertytest.Run(t, propertytest.Suite[listKey, []float64]{
				New: func(capacity int, load propertytest.Loader[listKey, []float64]) propertytest.Cache[listKey, []float64] {
					p, err := policy.ByName(name)
					if err != nil {
						panic(err)
					}
					o := &own{load: load, unit: largestBytes + 300}
					o.budget = sizing.NewBudget(int64(capacity)*o.unit + 600)
					c, err := cachekit.New(cachekit.Options[listKey, []float64]{
						Name: name, Budget: o.budget, Policy: p, Seed: 1,
						Size:    func(k listKey, v []float64) int64 { return sizing.String(k.Bundle) + sizing.Slice(v) },
						Version: func(k listKey) [32]byte { return k.Version },
					})
					if err != nil {
						panic(err)
					}
					o.caches[0] = c
					return o
				},
				Keys:    keys,
				Value:   closes,
				Version: func(k listKey) [32]byte { return k.Version },
			})
		})
	}
	_ = time.Second
	_ = fmt.Sprint
}
