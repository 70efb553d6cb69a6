package sample_test

import (
	"context"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/bmadventure/optcache/cachekit"
	"github.com/bmadventure/optcache/generated/internal/sample"
	"github.com/bmadventure/optcache/policy"
)

// TestEachKeyHasItsOwnValue: whatever comes and leaves in the slots of a front meanwhile,
// a look-up finds a value that its key had.
func TestEachKeyHasItsOwnValue(t *testing.T) {
	const keys, calls = 200, 30_000
	owner := map[*sample.Orders]uint64{}
	values := make([][2]*sample.Orders, keys)
	for k := range values {
		for i := range values[k] {
			values[k][i] = sample.NewOrders(nil)
			owner[values[k][i]] = uint64(k)
		}
	}
	for _, name := range []string{"s3fifo", "adaptive", "lru"} {
		p, err := policy.ByName(name)
		if err != nil {
			t.Fatal(err)
		}
		c, err := sample.NewOrdersCache(cachekit.Options[sample.ID, *sample.Orders]{Policy: p, MaxEntries: keys / 2},
			func(_ context.Context, id sample.ID) (*sample.Orders, error) { return values[id.N][0], nil })
		if err != nil {
			t.Fatal(err)
		}
		var all sync.WaitGroup
		for thread := range uint64(4) {
			all.Go(func() {
				r := rand.New(rand.NewPCG(1, thread))
				for range calls {
					id := sample.ID{N: r.Uint64N(keys)}
					v, ok := c.Lookup(id)
					switch n := r.IntN(40); {
					case n < 4:
						c.Set(id, values[id.N][n%2])
					case n < 6:
						c.Delete(id)
					case n < 10:
						var err error
						v, err = c.Get(context.Background(), id)
						ok = err == nil
					case n == 10 && r.IntN(100) == 0:
						c.Clear()
					}
					if of, known := owner[v]; ok && (!known || of != id.N) {
						t.Errorf("%s: key %d has the value of key %d", name, id.N, of)
						return
					}
				}
			})
		}
		all.Wait()
		if s := c.Stats(); s.Hits == 0 || s.Evictions.Capacity == 0 || s.Evictions.Deleted == 0 || s.Evictions.Replaced == 0 {
			t.Errorf("%s: %+v: this does not show what it should", name, s)
		}
	}
}
