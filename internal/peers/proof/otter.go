package proof

import (
	"context"
	"slices"

	"github.com/maypok86/otter/v2"
	"github.com/maypok86/otter/v2/stats"

	"github.com/bmadventure/optcache/property_test"
)

type otterCache struct {
	manner
	c    *otter.Cache[string, []int]
	load loader
}

func newOtter(m manner, capacity int, load loader) cache {
	o := &otter.Options[string, []int]{MaximumSize: capacity, StatsRecorder: stats.NewCounter()}
	o.Executor = func(task func()) { task() } // evictions at once, as its documentation has it for tests
	if m.weighed {
		o.MaximumSize, o.MaximumWeight = 0, uint64(m.room(capacity))
		o.Weigher = func(_ string, v []int) uint32 { return uint32(weight(v)) }
	}
	if m.life > 0 {
		o.ExpiryCalculator = otter.ExpiryWriting[string, []int](m.life)
	}
	c := otterCache{m, otter.Must(o), load}
	if m.weighed {
		return weighedOtter{c}
	}
	return c
}

func (o otterCache) Get(ctx context.Context, key string) ([]int, error) {
	return o.c.Get(ctx, key, otter.LoaderFunc[string, []int](o.load))
}

func (o otterCache) Set(key string, v []int) { o.c.Set(key, v) }
func (o otterCache) Invalidate(key string)   { o.c.Invalidate(key) }
func (o otterCache) Len() int                { return o.c.EstimatedSize() }
func (o otterCache) Resize(capacity int)     { o.c.SetMaximum(uint64(o.room(capacity))) }

func (o otterCache) Peek(key string) ([]int, bool) {
	e, ok := o.c.GetEntryQuietly(key)
	return e.Value, ok
}

func (o otterCache) Counts() propertytest.Counts {
	s := o.c.Stats()
	return propertytest.Counts{Hits: int64(s.Hits), Misses: int64(s.Misses), Loads: int64(s.Loads()), LoadErrors: int64(s.LoadFailures), Evictions: int64(s.Evictions)}
}

func (o otterCache) Close() error { o.c.StopAllGoroutines(); return nil }

// A weighedOtter is bounded by weight.
type weighedOtter struct{ otterCache }

func (w weighedOtter) Bytes() int64 { return int64(w.c.WeightedSize()) }
func (w weighedOtter) Limit() int64 { return int64(w.c.GetMaximum()) }

// The methods below stand by themselves, so that what they do is told apart from all else.

// A clearedOtter has InvalidateAll for Clear.
type clearedOtter struct{ otterCache }

func newClearedOtter(m manner, capacity int, load loader) cache {
	return clearedOtter{newOtter(m, capacity, load).(otterCache)}
}

func (c clearedOtter) Clear() { c.c.InvalidateAll() }

// A batchedOtter has BulkGet for GetMany, over a loader that loads one key after the other and
// gives up at the first that fails.
type batchedOtter struct{ otterCache }

func newBatchedOtter(m manner, capacity int, load loader) cache {
	return batchedOtter{newOtter(m, capacity, load).(otterCache)}
}

func (b batchedOtter) GetMany(ctx context.Context, keys []string) ([][]int, error) {
	found, err := b.c.BulkGet(ctx, keys, otter.BulkLoaderFunc[string, []int](b.loadAll))
	values := make([][]int, len(keys))
	for i, key := range keys {
		values[i] = found[key]
	}
	return values, err
}

func (b batchedOtter) loadAll(ctx context.Context, keys []string) (map[string][]int, error) {
	found := map[string][]int{}
	for _, key := range slices.Sorted(slices.Values(keys)) { // otter hands them in no order
		v, err := b.load(ctx, key)
		if err != nil {
			return nil, err
		}
		found[key] = v
	}
	return found, nil
}

// Counts has no loads: BulkGet counts one for a call of its loader, however many keys that is for.
func (b batchedOtter) Counts() propertytest.Counts {
	return propertytest.Counts{Hits: -1, Misses: -1, Loads: -1, LoadErrors: -1, Evictions: -1}
}
