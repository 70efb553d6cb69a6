package proof

import (
	"context"

	"github.com/maypok86/otter/v2"

	"github.com/bmadventure/optcache/property_test"
)

// An otterCache has no Clear: otter leaves open what InvalidateAll does to keys that are being
// loaded, and the suite finds that their old values come back.
type otterCache struct {
	*otter.Cache[string, []int]
	loader otter.Loader[string, []int]
}

func newOtter(capacity int, load propertytest.Loader[string, []int]) propertytest.Cache[string, []int] {
	c := otter.Must(&otter.Options[string, []int]{
		MaximumSize: capacity,
		Executor:    func(task func()) { task() }, // evictions at once
	})
	return otterCache{c, otter.LoaderFunc[string, []int](load)}
}

func (c otterCache) Get(ctx context.Context, key string) ([]int, error) {
	return c.Cache.Get(ctx, key, c.loader)
}

func (c otterCache) Set(key string, v []int) { c.Cache.Set(key, v) }
func (c otterCache) Invalidate(key string)   { c.Cache.Invalidate(key) }
func (c otterCache) Peek(key string) ([]int, bool) {
	e, ok := c.GetEntryQuietly(key)
	return e.Value, ok
}
func (c otterCache) Len() int            { return c.EstimatedSize() }
func (c otterCache) Resize(capacity int) { c.SetMaximum(uint64(capacity)) }
