package proof

import (
	"github.com/dgraph-io/ristretto/v2"

	"github.com/bmadventure/optcache/property_test"
)

type ristrettoCache struct {
	aside
	manner
	c *ristretto.Cache[string, []int]
}

func newRistretto(m manner, capacity int, load loader) cache {
	c, err := ristretto.NewCache(&ristretto.Config[string, []int]{
		NumCounters: 10 * int64(capacity), MaxCost: int64(m.room(capacity)), BufferItems: 64, Metrics: true, IgnoreInternalCost: true,
	})
	if err != nil {
		panic(err)
	}
	r := ristrettoCache{manner: m, c: c}
	r.aside = aside{c.Get, r.Set, load}
	if m.weighed {
		return weighedRistretto{r}
	}
	return r
}

func (r ristrettoCache) Set(key string, v []int) {
	r.c.SetWithTTL(key, v, r.cost(v), r.life)
	r.c.Wait()
}
func (r ristrettoCache) Invalidate(key string) { r.c.Del(key); r.c.Wait() }
func (r ristrettoCache) Close() error          { r.c.Close(); return nil }

func (r ristrettoCache) Len() (n int) {
	r.c.IterValues(func([]int) bool { n++; return false })
	return n
}

func (r ristrettoCache) Counts() propertytest.Counts {
	s := r.c.Metrics
	return propertytest.Counts{Hits: int64(s.Hits()), Misses: int64(s.Misses()), Loads: -1, LoadErrors: -1, Evictions: int64(s.KeysEvicted())}
}

// A weighedRistretto is bounded by the cost of values.
type weighedRistretto struct{ ristrettoCache }

func (w weighedRistretto) Bytes() int64 { return w.c.MaxCost() - w.c.RemainingCost() }
func (w weighedRistretto) Limit() int64 { return w.c.MaxCost() }

// The methods below stand by themselves, so that what they do is told apart from all else.

// A resizedRistretto has UpdateMaxCost for Resize.
type resizedRistretto struct{ ristrettoCache }

func newResizedRistretto(m manner, capacity int, load loader) cache {
	return resizedRistretto{newRistretto(m, capacity, load).(ristrettoCache)}
}

func (r resizedRistretto) Resize(capacity int) { r.c.UpdateMaxCost(int64(r.room(capacity))) }

// A clearedRistretto has Clear.
type clearedRistretto struct{ ristrettoCache }

func newClearedRistretto(m manner, capacity int, load loader) cache {
	return clearedRistretto{newRistretto(m, capacity, load).(ristrettoCache)}
}

func (c clearedRistretto) Clear() { c.c.Clear() }
