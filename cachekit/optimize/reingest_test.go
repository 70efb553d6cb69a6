package optimize_test

import (
	"context"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/bmadventure/optcache/cachekit"
	"github.com/bmadventure/optcache/cachekit/bundle"
	"github.com/bmadventure/optcache/cachekit/internal/testbed"
	"github.com/bmadventure/optcache/cachekit/market"
	propertytest "github.com/bmadventure/optcache/property_test"
)

// TestIngestInTheMiddle: a bundle that is ingested anew in the middle of a sweep, a search or a walk-forward, and
// whose old versions are removed then as far as nobody uses them, changes nothing of it: it has pinned its version. So it is
// with caches, with room for next to nothing, and without, where every trial reads the store.
func TestIngestInTheMiddle(t *testing.T) {
	for name, do := range map[string]step{
		"sweep":                 swept,
		"search by grid":        searchOf("grid"),
		"search at random":      searchOf("random"),
		"bayesian search":       searchOf("bayesian"),
		"genetic search":        searchOf("genetic"),
		"rolling walk-forward":  walkForward(false),
		"anchored walk-forward": walkForward(true),
	} {
		t.Run(name, func(t *testing.T) {
			ingested, matters := 0, 0
			cases := 8
			if strings.HasSuffix(name, "walk-forward") { // which is slow where every trial reads the store
				cases = 4
			}
			testbed.Property(t, cases, func(seed uint64) string {
				r := rand.New(rand.NewPCG(seed, 3))
				series := testbed.DenseSeries(1+r.IntN(3), 60+r.IntN(40))
				other := copied(series)
				for i := range other {
					slices.Reverse(other[i].Volume)
					for d := range other[i].Close {
						other[i].Close[d] = (other[i].High[d] + other[i].Low[d]) / 2
					}
				}
				data := wares{testbed.OpenStore(t), seed}
				testbed.Put(t, data.store, "b", series)
				run := func(ctx context.Context, c cachekit.Config, workers int) any {
					found, err := attempt(ctx, data, propertytest.Config{Config: c, Workers: workers}, do, nil)
					return []any{found, err}
				}
				want := run(t.Context(), testbed.Off, 1)
				for i, config := range []cachekit.Config{testbed.Off, {}, {CacheSizeGB: 20_000.0 / (1 << 30)}} {
					testbed.Put(t, data.store, "b", series)
					s := new(stop)
					s.left.Store(1 + r.Int64N(10))
					s.end = func() {
						ingested++
						if _, err := data.store.Write(t.Context(), "b", market.Daily, other); err != nil {
							t.Error(err)
						}
						if gone, err := data.store.GC(t.Context(), "b", 0); err != nil || gone.InUse != 1 {
							t.Errorf("%+v, %v", gone, err)
						}
					}
					if d := cmp.Diff(want, run(context.WithValue(t.Context(), stopKey{}, s), config, 1+3*i), testbed.SameBits); d != "" {
						return d
					}
				}
				if !cmp.Equal(want, run(t.Context(), testbed.Off, 1), testbed.SameBits) {
					matters++
				}
				return ""
			})
			if ingested < cases || matters < cases/2 {
				t.Errorf("%d runs had an ingest in their middle, and in %d cases it changed what comes after: too few to prove anything", ingested, matters)
			}
		})
	}
}

// BenchmarkIdentity times what a run over 5,000 assets of 5 years is identified by.
func BenchmarkIdentity(b *testing.B) {
	store := testbed.OpenStore(b)
	testbed.Put(b, store, "b", testbed.DenseSeries(5000, 5*252))
	p := testbed.Pin(b, testbed.Workspace(b, cachekit.Config{}, store), "b")
	defer p.Close()
	v := testbed.View(b, p, bundle.Query{Fields: bundle.Close})
	for b.Loop() {
		if _, err := v.Identity(); err != nil {
			b.Fatal(err)
		}
	}
}
