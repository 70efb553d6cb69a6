package main

import (
	"fmt"
	"math"
	"sync"

	"github.com/maypok86/otter/v2"

	"github.com/bmadventure/optcache/cachekit"
	"github.com/bmadventure/optcache/internal/simulate"
)

// A weightedCache holds values of different sizes; the low half of a value is its
// size.
type weightedCache interface {
	Get(key uint64) (uint64, bool)
	Set(key, value uint64)

	// Used returns the sum of the sizes held.
	Used() int64
}

// A weightedContender is a way to make a cache of so many bytes.
type weightedContender struct {
	name string
	make func(budget int64) weightedCache
}

// weightedContenders returns those of the caches that take sizes and bound their
// sum at once.
func weightedContenders() []weightedContender {
	var all []weightedContender
	for _, s := range hitPolicies {
		all = append(all, weightedContender{s.name, func(budget int64) weightedCache {
			overhead := entryOverhead()
			return weightedOurs{must(cachekit.New(cachekit.Options[uint64, uint64]{
				MaxBytes: budget,
				Policy:   s.make(),
				Size:     func(_, value uint64) int64 { return sizeOf(value) - overhead },
			}))}
		}})
	}
	return append(all, weightedContender{"otter", func(budget int64) weightedCache {
		return weightedOtter{must(otter.New(&otter.Options[uint64, uint64]{
			MaximumWeight: uint64(budget),
			Weigher:       func(_, value uint64) uint32 { return uint32(sizeOf(value)) },
			Executor:      func(task func()) { task() },
		}))}
	}})
}

func sizeOf(value uint64) int64 { return int64(value & math.MaxUint32) }

// entryOverhead returns the bytes that our cache charges for an entry besides its
// size. They are taken off the sizes, because otter charges nothing but the sizes; so
// the same budget has room for the same values, but for the few bytes of our table, which
// stay charged.
var entryOverhead = sync.OnceValue(func() int64 {
	c := must(cachekit.New(cachekit.Options[uint64, uint64]{}))
	overhead := int64(math.MaxInt64)
	for key := range uint64(1 << 14) { // the table grows with some of them
		before := c.Stats().Bytes
		c.Set(key, key)
		overhead = min(overhead, c.Stats().Bytes-before)
	}
	return overhead
})

type weightedOurs struct {
	c *cachekit.Cache[uint64, uint64]
}

func (w weightedOurs) Get(key uint64) (uint64, bool) { return w.c.Lookup(key) }
func (w weightedOurs) Set(key, value uint64)         { w.c.Set(key, value) }
func (w weightedOurs) Used() int64                   { return w.c.Stats().Bytes }

type weightedOtter struct {
	c *otter.Cache[uint64, uint64]
}

func (w weightedOtter) Get(key uint64) (uint64, bool) { return w.c.GetIfPresent(key) }
func (w weightedOtter) Set(key, value uint64)         { w.c.Set(key, value) }
func (w weightedOtter) Used() int64                   { return int64(w.c.WeightedSize()) }

// bytes adds the tasks that measure the hit bytes of all caches that take sizes.
func (p hitPlan) bytes(t *tasks, work string, requests []simulate.Request, budget int64) {
	belady := t.once(func() (float64, string) {
		return simulate.Belady(requests, budget).ByteRatio(), ""
	})
	for _, c := range p.weighted {
		t.repeat(row{Work: work, Cache: c.name}, belady, p.of(true, len(requests)), func() (float64, string) {
			return replayBytes(c.make(budget), requests, budget)
		})
	}
}

// replayBytes is replay for values that have sizes. It returns the hit bytes per
// requested byte, and holds the cache to its budget after every request. A value
// whose size changed is a hit and is set again.
func replayBytes(c weightedCache, requests []simulate.Request, budget int64) (ratio float64, note string) {
	var hit, all int64
	for i, q := range requests {
		all += q.Size
		value, ok := c.Get(q.Key)
		want := valueOf(q.Key)&^math.MaxUint32 | uint64(q.Size)
		if ok {
			if value&^math.MaxUint32 != want&^math.MaxUint32 {
				return 0, fmt.Sprintf("request %d: the value of key %d is %#x, want %#x", i, q.Key, value, want)
			}
			hit += q.Size
		}
		if value != want {
			c.Set(q.Key, want)
		}
		if c.Used() > budget {
			note = "held more than it was told, not compared"
		}
	}
	return float64(hit) / float64(all), note
}
