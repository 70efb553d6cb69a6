package main

import (
	"context"

	"github.com/maypok86/otter/v2"
	"github.com/maypok86/otter/v2/stats"
)

type otterCache[K key] struct {
	c     *otter.Cache[K, uint64]
	eager bool
}

func newOtter[K key](set settings) cache[K]        { return makeOtter[K](set) }
func newOtterLoader[K key](set settings) loader[K] { return makeOtter[K](set) }

func makeOtter[K key](set settings) otterCache[K] {
	o := &otter.Options[K, uint64]{MaximumSize: set.entries}
	if set.stats {
		o.StatsRecorder = stats.NewCounter()
	}
	if set.eager {
		o.Executor = func(task func()) { task() }
	}
	return otterCache[K]{must(otter.New(o)), set.eager}
}

func (o otterCache[K]) Get(k K) (uint64, bool) { return o.c.GetIfPresent(k) }
func (o otterCache[K]) Set(k K, value uint64)  { o.c.Set(k, value) }
func (o otterCache[K]) Close()                 { o.c.StopAllGoroutines() }

// Flush does nothing where nothing is put off.
func (o otterCache[K]) Flush() {
	if !o.eager {
		o.c.CleanUp()
	}
}

func (o otterCache[K]) Len() int {
	o.c.CleanUp()
	return o.c.EstimatedSize()
}

func (o otterCache[K]) Read(keys []K) (sum uint64) {
	for _, k := range keys {
		value, _ := o.c.GetIfPresent(k)
		sum += value
	}
	return sum
}

func (o otterCache[K]) Mix(keys []K, every int) (sum uint64) {
	for i, k := range keys {
		if i&(every-1) == 0 {
			o.c.Set(k, 1)
			continue
		}
		value, _ := o.c.GetIfPresent(k)
		sum += value
	}
	return sum
}

func (o otterCache[K]) Load(keys []K) (sum uint64) {
	ctx := context.Background()
	load := otter.LoaderFunc[K, uint64](func(context.Context, K) (uint64, error) { return 1, nil })
	for _, k := range keys {
		v, _ := o.c.Get(ctx, k, load)
		sum += v
	}
	return sum
}
