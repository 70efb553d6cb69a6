package main

import (
	"context"

	"github.com/bmadventure/optcache/cachekit"
	"github.com/bmadventure/optcache/policy"
)

// A strategy is a policy of ours, under the name that rows give the cache with it.
// "optcache" alone is the cache as it is without a word about the policy.
type strategy struct {
	name string
	make func() policy.Policy
}

func byDefault() policy.Policy { return nil }

// speedPolicies are the policies that are measured for speed: the default, the
// cheapest, and the one that needs the order of all hits.
var speedPolicies = []strategy{
	{"optcache", byDefault},
	{"optcache-s3fifo", policy.NewS3FIFO},
	{"optcache-lru", policy.NewLRU},
}

// hitPolicies are those that are measured for hit ratios.
var hitPolicies = []strategy{
	{"optcache", byDefault},
	{"optcache-lru", policy.NewLRU},
	{"optcache-fifo", policy.NewFIFO},
	{"optcache-clock", policy.NewCLOCK},
	{"optcache-sieve", policy.NewSIEVE},
	{"optcache-s3fifo", policy.NewS3FIFO},
	{"optcache-lirs", policy.NewLIRS},
	{"optcache-arc", policy.NewARC},
	{"optcache-wtinylfu", policy.NewWTinyLFU},
	{"optcache-gdsf", policy.NewGDSF},
}

// ours returns our cache with each of the policies.
func ours[K key](strategies []strategy) []contender[K] {
	var all []contender[K]
	for _, s := range strategies {
		open := func(set settings) optcache[K] {
			return optcache[K]{must(cachekit.New(cachekit.Options[K, uint64]{
				MaxEntries:   set.entries,
				Policy:       s.make(),
				DisableStats: !set.stats,
			}))}
		}
		all = append(all, contender[K]{
			name:    s.name,
			make:    func(set settings) cache[K] { return open(set) },
			loading: func(set settings) loader[K] { return open(set) },
			plain:   true,
			counts:  true,
			random:  true,
		})
	}
	return all
}

type optcache[K key] struct{ c *cachekit.Cache[K, uint64] }

func (o optcache[K]) Get(k K) (uint64, bool) { return o.c.Lookup(k) }
func (o optcache[K]) Set(k K, value uint64)  { o.c.Set(k, value) }
func (o optcache[K]) Len() int               { return o.c.Len() }
func (o optcache[K]) Flush()                 {}
func (o optcache[K]) Close()                 {}

func (o optcache[K]) Read(keys []K) (sum uint64) {
	for _, k := range keys {
		value, _ := o.c.Lookup(k)
		sum += value
	}
	return sum
}

func (o optcache[K]) Mix(keys []K, every int) (sum uint64) {
	for i, k := range keys {
		if i&(every-1) == 0 {
			o.c.Set(k, 1)
			continue
		}
		value, _ := o.c.Lookup(k)
		sum += value
	}
	return sum
}

func (o optcache[K]) Load(keys []K) (sum uint64) {
	ctx := context.Background()
	load := func(context.Context, K) (uint64, error) { return 1, nil }
	for _, k := range keys {
		v, _ := o.c.Get(ctx, k, load)
		sum += v
	}
	return sum
}
