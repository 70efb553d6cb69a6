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
	"github.com/bmadventure/optcache/cachekit/market"
	propertytest "github.com/bmadventure/optcache/property_test"
)

// TestIngestInTheMiddle: a bundle that is ingested anew in the middle of a sweep, a search or a walk-forward, and
// whose old versions are removed then as far as nobody uses them, changes nothing of it: it has pinned its version. So it is
// with caches, with room for next to nothing, and without, where every trial reads the store.
func TestIngestInTheMiddle(t *testing.T) {
	for name, do := range map[string]step{
		"sweep":                 swept,
		"search by grid":        search("grid"),
		"search at random":      search("random"),
		"bayesian search":       search("bayesian"),
		"genetic search":        search("genetic"),
		"rolling walk-forward":  walkForward(false),
		"anchored walk-forward": walkForward(true),
	} {
		t.Run(name, func(t *testing.T) {
			ingested, matters := 0, 0
			cases := 8
			if strings.HasSuffix(name, "walk-forward") { // which is slow where every trial reads the store
				cases = 4
			}
			property(t, cases, func(seed uint64) string {
				r := rand.New(rand.NewPCG(seed, 3))
				series := denseSeries(1+r.IntN(3), 60+r.IntN(40))
				other := copied(series)
				for i := range other {
					slices.Reverse(other[i].Volume)
					for d := range other[i].Close {
						other[i].Close[d] = (other[i].High[d] + other[i].Low[d]) / 2
					}
				}
				data := wares{openStore(t), seed}
				put(t, data.store, "b", series)
				run := func(ctx context.Context, c cachekit.Config, workers int) any {
					found, err := attempt(ctx, data, propertytest.Config{Config: c, Workers: workers}, do, nil)
					return []any{found, err}
				}
				want := run(t.Context(), off, 1)
				for i, config := range []cachekit.Config{off, {}, {CacheSizeGB: 20_000.0 / (1 << 30)}} {
					put(t, data.store, "b", series)
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
					if d := cmp.Diff(want, run(context.WithValue(t.Context(), stopKey{}, s), config, 1+3*i), sameBits); d != "" {
						return d
					}
				}
				if !cmp.Equal(want, run(t.Context(), off, 1), sameBits) {
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
	store := openStore(b)
	put(b, store, "b", denseSeries(5000, 5*252))
	p := pin(b, workspace(b, cachekit.Config{}, store), "b")
	defer p.Close()
	v := view(b, p, bundle.Query{Fields: bundle.Close})
	for b.Loop() {
		if _, err := v.Identity(); err != nil {
			b.Fatal(err)
		}
	}
}
