package optimize_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"slices"
	"sort"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/leanovate/gopter"
	"github.com/leanovate/gopter/gen"
	"github.com/leanovate/gopter/prop"

	"github.com/bmadventure/optcache/cachekit"
	"github.com/bmadventure/optcache/cachekit/backtest"
	"github.com/bmadventure/optcache/cachekit/bundle"
	"github.com/bmadventure/optcache/cachekit/internal/testbed"
	"github.com/bmadventure/optcache/cachekit/optimize"
)

// randomSeries makes assets of random length with gaps.
func randomSeries(seed uint64, assets, bars int) []bundle.Series {
	rng := rand.New(rand.NewPCG(seed, 1))
	var all []bundle.Series
	for a := range assets {
		s := bundle.Series{Symbol: fmt.Sprintf("S%02d", a)}
		price := 50 + float64(50*rng.Float64())
		first := rng.IntN(bars)/3 + 1
		for d := range bars {
			price = max(1, price+rng.Float64()-0.5)
			if d != first && (d < first || rng.IntN(10) == 0) {
				continue
			}
			open := price + rng.Float64()
			s.Times = append(s.Times, time.Date(2020, 1, 1+d, 0, 0, 0, 0, time.UTC).UnixNano())
			s.Open, s.Close = append(s.Open, open), append(s.Close, price)
			s.High, s.Low = append(s.High, open+1), append(s.Low, price-1)
			s.Volume = append(s.Volume, 100)
		}
		all = append(all, s)
	}
	return all
}

func load(t testing.TB, v *optimize.View) (*bundle.AssetList, *bundle.Bars) {
	t.Helper()
	assets, bars, err := v.Load(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return assets, bars
}

// Whatever is asked for, in whatever order and with whatever room, a workspace
// with caches answers as one without: windows, assets and fields are never
// mistaken for one another.
func TestCachedEqualsUncached(t *testing.T) {
	type request struct {
		from, to int
		symbols  []string
		fields   bundle.Fields
	}
	store := testbed.OpenStore(t)
	testbed.Put(t, store, "b", randomSeries(1, 5, 40))
	requests := func(seed uint64, n int) []request {
		rng := rand.New(rand.NewPCG(seed, 2))
		var out []request
		for range n {
			r := request{from: rng.IntN(40), to: rng.IntN(60), fields: bundle.Close}
			if rng.IntN(2) == 0 {
				r.fields |= bundle.Open
			}
			for a := range 5 {
				if rng.IntN(2) == 0 {
					r.symbols = append(r.symbols, fmt.Sprintf("S%02d", a))
				}
			}
			out = append(out, r)
		}
		return append(out, out...) // everything twice
	}
	ask := func(w *optimize.Workspace, r request) string {
		p, err := w.Pin("b")
		if err != nil {
			return err.Error()
		}
		defer p.Close()
		day := func(d int) time.Time { return time.Date(2020, 1, 1+d, 0, 0, 0, 0, time.UTC) }
		v, err := p.View(bundle.Query{Symbols: r.symbols, Fields: r.fields, Window: bundle.Window{From: day(r.from), To: day(r.to)}})
		if err != nil {
			return err.Error()
		}
		assets, bars, err := v.Load(t.Context())
		if err != nil {
			return err.Error()
		}
		return fmt.Sprint(assets.Len(), bars.Fields(), bars.Assets(), bars.Rows())
	}
	params := gopter.DefaultTestParametersWithSeed(1)
	params.MinSuccessfulTests = 100
	properties := gopter.NewProperties(params)
	policies := []string{"", "lru", "s3fifo", "lirs", "gdsf"}
	properties.Property("same answers", prop.ForAll(func(seed uint64, n int, kb float64) string {
		plain := testbed.Workspace(t, cachekit.Config{DisableCaching: true, DisableBundlePooling: true}, store)
		cached := testbed.Workspace(t, cachekit.Config{CacheSizeGB: kb / (1 << 20), Policy: policies[seed%uint64(len(policies))]}, store)
		for _, r := range requests(seed, n) {
			if d := cmp.Diff(ask(plain, r), ask(cached, r)); d != "" {
				return fmt.Sprintf("%+v: %s", r, d)
			}
		}
		for _, s := range cached.Stats() {
			if s.Used > s.Budget {
				return fmt.Sprintf("%s holds %d of %d bytes", s.Name, s.Used, s.Budget)
			}
		}
		return ""
	}, gen.UInt64(), gen.IntRange(1, 12), gen.Float64Range(0.5, 64)))
	properties.TestingRun(t)
}

func TestPinnedVersionOutlivesAnIngest(t *testing.T) {
	store := testbed.OpenStore(t)
	series := randomSeries(1, 4, 60)
	old := testbed.Put(t, store, "b", series)
	for name, config := range map[string]cachekit.Config{"cached": {}, "uncached": {DisableCaching: true, DisableBundlePooling: true}} {
		t.Run(name, func(t *testing.T) {
			testbed.Put(t, store, "b", series)
			w := testbed.Workspace(t, config, store)
			p := testbed.Pin(t, w, "b")
			v := testbed.View(t, p, bundle.Query{Fields: bundle.OHLCV})
			_, before := load(t, v)
			want := before.Rows()

			changed := slices.Clone(series)
			changed[2].Close = slices.Clone(changed[2].Close)
			changed[2].Close[3] += 0.25
			now := testbed.Put(t, store, "b", changed)
			if _, err := store.GC(t.Context(), "b", 0); err != nil {
				t.Fatal(err)
			}
			_, after := load(t, v)
			if d := cmp.Diff(want, after.Rows()); d != "" {
				t.Errorf("a pinned sweep sees other bars after an ingest: %s", d)
			}
			q := testbed.Pin(t, w, "b")
			defer q.Close()
			if q.Bundle().Version() != now || p.Bundle().Version() != old {
				t.Error("versions are mixed up")
			}
			_, fresh := load(t, testbed.View(t, q, bundle.Query{Fields: bundle.OHLCV}))
			if cmp.Equal(want, fresh.Rows()) {
				t.Error("a new pin sees the old bars")
			}
			if err := p.Close(); err != nil {
				t.Fatal(err)
			}
		})
	}
}

// When the last pin of a superseded version is closed, the caches give up what
// they hold of it alone and keep what the new version has too.
func TestSupersededVersionsLeaveTheCaches(t *testing.T) {
	synctest.Test(t, testSupersededVersions) // for Wait: a cache gives bytes back on a goroutine
}

func testSupersededVersions(t *testing.T) {
	store := testbed.OpenStore(t)
	series := randomSeries(1, 4, 60)
	testbed.Put(t, store, "b", series)
	w := testbed.Workspace(t, cachekit.Config{}, store)
	p := testbed.Pin(t, w, "b")
	all := bundle.Query{Fields: bundle.Close}
	same := bundle.Query{Fields: bundle.Close, Symbols: []string{"S00"}}
	load(t, testbed.View(t, p, all))
	load(t, testbed.View(t, p, same))
	entries := func() (lists, bars int) { s := w.Stats(); return s[0].Entries, s[1].Entries }
	if lists, bars := entries(); lists != 1 || bars != 2 {
		t.Fatalf("%d lists, %d bars", lists, bars)
	}
	series[2].Close[3] += 0.25
	testbed.Put(t, store, "b", series)
	q := testbed.Pin(t, w, "b")
	defer q.Close()
	load(t, testbed.View(t, q, same))
	if lists, bars := entries(); lists != 2 || bars != 2 {
		t.Errorf("with both versions pinned: %d lists, %d bars", lists, bars)
	}
	if s := w.Stats()[1]; s.Loads != 2 {
		t.Errorf("%d loads: the bars of an asset that did not change were loaded again", s.Loads)
	}
	if err := errors.Join(p.Close(), p.Close()); err != nil {
		t.Fatal(err)
	}
	synctest.Wait()
	if lists, bars := entries(); lists != 1 || bars != 1 {
		t.Errorf("after the old pin is closed: %d lists, %d bars", lists, bars)
	}
}

// Each field of Config changes what a workspace does.
func TestEveryConfigFieldCounts(t *testing.T) {
	store := testbed.OpenStore(t)
	for i := range 4 {
		testbed.Put(t, store, fmt.Sprint("b", i), randomSeries(uint64(i), 3, 200))
	}
	use := func(w *optimize.Workspace) {
		for range 2 {
			for i := range 4 {
				p := testbed.Pin(t, w, fmt.Sprint("b", i))
				load(t, testbed.View(t, p, bundle.Query{Fields: bundle.OHLCV}))
				if err := p.Close(); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	stats := func(c cachekit.Config) (lists, bars cachekit.Stats) {
		w := testbed.Workspace(t, c, store)
		use(w)
		s := w.Stats()
		return s[0].Stats, s[1].Stats
	}
	lists, bars := stats(cachekit.Config{})
	if lists.Hits != 4 || bars.Hits != 4 || bars.Budget != 2<<30 {
		t.Errorf("defaults: %d and %d hits of 4, budget %d", lists.Hits, bars.Hits, bars.Budget)
	}
	if _, small := stats(cachekit.Config{CacheSizeGB: 30.0 / (1 << 20)}); small.Budget != 30<<10 || small.Bytes > 30<<10 || small.Hits == 4 {
		t.Errorf("CacheSizeGB: %d hits in %d of %d bytes", small.Hits, small.Bytes, small.Budget)
	}
	few, _ := stats(cachekit.Config{LRUMaxSize: 2, Policy: "lru"})
	if few.Entries != 2 || few.Hits != 0 {
		t.Errorf("LRUMaxSize: %d entries, %d hits in a loop over 4", few.Entries, few.Hits)
	}
	if s, _ := stats(cachekit.Config{LRUMaxSize: 2, Policy: "lirs"}); s.Hits <= few.Hits {
		t.Errorf("Policy: LIRS hits %d times in a loop, LRU %d times", s.Hits, few.Hits)
	}
	off := testbed.Workspace(t, cachekit.Config{DisableCaching: true}, store)
	use(off)
	if s := off.Stats(); s != nil {
		t.Errorf("DisableCaching: %v", s)
	}

	// A pool keeps versions open, and an open version cannot be removed.
	open := func(c cachekit.Config) (names []string) {
		store := testbed.OpenStore(t)
		for i := range 4 {
			testbed.Put(t, store, fmt.Sprint("b", i), randomSeries(uint64(i), 2, 20))
		}
		w := testbed.Workspace(t, c, store)
		for i := range 4 {
			p := testbed.Pin(t, w, fmt.Sprint("b", i))
			load(t, testbed.View(t, p, bundle.Query{Fields: bundle.OHLCV}))
			if err := p.Close(); err != nil {
				t.Fatal(err)
			}
		}
		for i := range 4 {
			if _, err := store.Remove(t.Context(), fmt.Sprint("b", i)); err != nil {
				names = append(names, fmt.Sprint("b", i))
			}
		}
		return names
	}
	for _, c := range []struct {
		config cachekit.Config
		want   []string
	}{
		{cachekit.Config{}, []string{"b0", "b1", "b2", "b3"}},
		{cachekit.Config{MaxBundlePoolSize: 2}, []string{"b2", "b3"}},
		{cachekit.Config{DisableBundlePooling: true}, nil},
	} {
		if d := cmp.Diff(c.want, open(c.config)); d != "" {
			t.Errorf("%+v: open bundles %s", c.config, d)
		}
	}
	if _, err := optimize.NewWorkspace(cachekit.Config{LRUMaxSize: -1}, store); err == nil {
		t.Error("a negative LRUMaxSize passes")
	}
}

func TestClear(t *testing.T) {
	store := testbed.OpenStore(t)
	testbed.Put(t, store, "b", randomSeries(1, 3, 50))
	w := testbed.Workspace(t, cachekit.Config{}, store)
	p := testbed.Pin(t, w, "b")
	defer p.Close()
	v := testbed.View(t, p, bundle.Query{Fields: bundle.Close})
	load(t, v)
	w.Clear()
	for _, s := range w.Stats()[:2] {
		if s.Entries != 0 || s.Misses != 1 {
			t.Errorf("%+v", s)
		}
	}
	load(t, v)
	if s := w.Stats()[1]; s.Loads != 2 {
		t.Errorf("%d loads after Clear", s.Loads)
	}
}

func TestHitsAllocateNothing(t *testing.T) {
	store := testbed.OpenStore(t)
	testbed.Put(t, store, "b", randomSeries(1, 3, 50))
	p := testbed.Pin(t, testbed.Workspace(t, cachekit.Config{}, store), "b")
	defer p.Close()
	v := testbed.View(t, p, bundle.Query{Fields: bundle.Close})
	load(t, v)
	ctx := t.Context()
	if n := testing.AllocsPerRun(100, func() {
		if _, _, err := v.Load(ctx); err != nil {
			t.Error(err)
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestPinErrors(t *testing.T) {
	store := testbed.OpenStore(t)
	w := testbed.Workspace(t, cachekit.Config{}, store)
	if _, err := w.Pin("nothing"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v", err)
	}
	testbed.Put(t, store, "b", randomSeries(1, 3, 50))
	p := testbed.Pin(t, w, "b")
	defer p.Close()
	if _, err := p.View(bundle.Query{Symbols: []string{"NOPE"}}); err == nil {
		t.Error("an unknown symbol passes")
	}
}

func TestDefault(t *testing.T) {
	t.Setenv("OPTCACHE_STORE", t.TempDir())
	w, err := optimize.Default()
	if err != nil {
		t.Fatal(err)
	}
	if again, _ := optimize.Default(); again != w {
		t.Error("there are two")
	}
	if dir, err := optimize.DefaultStoreDir(); err != nil || dir != os.Getenv("OPTCACHE_STORE") {
		t.Errorf("%s, %v", dir, err)
	}
}

// crossovers is the plan of the benchmarks: a fast average of 5, 10, ... against
// slower ones.
type crossovers int

func (n crossovers) Len() int { return int(n) }
func (n crossovers) At(i int) backtest.Crossover {
	return backtest.Crossover{Fast: 5 + 5*(i%10), Slow: 60 + 3*(i/10)}
}

// coldSweep runs n trials in a workspace that is made for them.
func coldSweep(t testing.TB, c cachekit.Config, store *bundle.Store, n int) {
	w, err := optimize.NewWorkspace(c, store)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	p := testbed.Pin(t, w, "b")
	defer p.Close()
	v := testbed.View(t, p, bundle.Query{Fields: bundle.Open | bundle.Close})
	out, err := optimize.Run(context.Background(), crossovers(n), func() optimize.Worker[backtest.Crossover, backtest.Metrics] {
		var r backtest.Runner
		return func(ctx context.Context, c backtest.Crossover) (backtest.Metrics, error) {
			_, bars, err := v.Load(ctx)
			if err != nil {
				return backtest.Metrics{}, err
			}
			return r.Run(ctx, bars, c, nil)
		}
	}, optimize.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range out {
		if o.Err != nil {
			t.Fatal(o.Err)
		}
	}
}

// BenchmarkSweep times a whole sweep from cold caches, 100 trials over 50 x 252
// bars and 10 over 500 x 2,520, with and without caches.
func BenchmarkSweep(b *testing.B) {
	for _, size := range []struct{ assets, bars, trials int }{{50, 252, 100}, {500, 2520, 10}} {
		store := testbed.OpenStore(b)
		testbed.Put(b, store, "b", testbed.DenseSeries(size.assets, size.bars))
		for _, side := range []struct {
			name   string
			config cachekit.Config
		}{{"uncached", testbed.Off}, {"cached", cachekit.Config{}}} {
			b.Run(fmt.Sprintf("%dx%dx%d/%s", size.assets, size.bars, size.trials, side.name), func(b *testing.B) {
				for b.Loop() {
					coldSweep(b, side.config, store, size.trials)
				}
				b.ReportMetric(float64(size.assets*size.bars*size.trials)*float64(b.N)/b.Elapsed().Seconds()/1e6, "Mbars/s")
			})
		}
	}
}

// BenchmarkSweep25Pairs runs the short sweep of 25 trials with and without
// caches in pairs, the first alternating, and reports the median of the ratios.
func BenchmarkSweep25Pairs(b *testing.B) {
	store := testbed.OpenStore(b)
	testbed.Put(b, store, "b", testbed.DenseSeries(50, 252))
	run := func(c cachekit.Config) float64 {
		start := time.Now()
		coldSweep(b, c, store, 25)
		return time.Since(start).Seconds()
	}
	var ratios []float64
	for i := 0; b.Loop(); i++ {
		var plain, cached float64
		if i%2 == 0 {
			plain, cached = run(testbed.Off), run(cachekit.Config{})
		} else {
			cached, plain = run(cachekit.Config{}), run(testbed.Off)
		}
		ratios = append(ratios, cached/plain)
	}
	sort.Float64s(ratios)
	b.ReportMetric(ratios[len(ratios)/2], "cached/uncached")
}

// BenchmarkCall times one call for the asset list and one for the grouped bars.
func BenchmarkCall(b *testing.B) {
	for _, size := range []struct{ assets, bars int }{{50, 252}, {500, 2520}} {
		store := testbed.OpenStore(b)
		testbed.Put(b, store, "b", testbed.DenseSeries(size.assets, size.bars))
		for _, side := range []struct {
			name   string
			config cachekit.Config
		}{{"uncached", testbed.Off}, {"cached", cachekit.Config{}}} {
			p := testbed.Pin(b, testbed.Workspace(b, side.config, store), "b")
			v := testbed.View(b, p, bundle.Query{Fields: bundle.Open | bundle.Close})
			load(b, v)
			ctx := context.Background()
			b.Run(fmt.Sprintf("assets/%dx%d/%s", size.assets, size.bars, side.name), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					if _, err := p.Assets(ctx); err != nil {
						b.Fatal(err)
					}
				}
			})
			b.Run(fmt.Sprintf("bars/%dx%d/%s", size.assets, size.bars, side.name), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					if _, err := v.Bars(ctx); err != nil {
						b.Fatal(err)
					}
				}
			})
			p.Close()
		}
	}
}

// TestViewOfAClosedPin: a version that was given up and is pinned anew does not know the views of
// before, and a sweep through one of them runs all the same.
func TestViewOfAClosedPin(t *testing.T) {
	store := testbed.OpenStore(t)
	testbed.Put(t, store, "b", randomSeries(1, 2, 50))
	w := testbed.Workspace(t, cachekit.Config{}, store)
	first, err := w.Pin("b")
	if err != nil {
		t.Fatal(err)
	}
	old := testbed.View(t, first, bundle.Query{Fields: bundle.OHLCV})
	testbed.Put(t, store, "b", randomSeries(2, 2, 50)) // the version is not the current one any more
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	again, err := w.PinVersion("b", first.Bundle().Version())
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	plan := strategies{&backtest.Crossover{Fast: 2, Slow: 7}}
	got, err := optimize.Sweep(t.Context(), old, plan, itself, optimize.Options{})
	if err != nil {
		t.Fatal(err)
	}
	want, err := optimize.Sweep(t.Context(), testbed.View(t, again, bundle.Query{Fields: bundle.OHLCV}), plan, itself, optimize.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if d := sameOutcomes(want, got); d != "" {
		t.Error(d)
	}
}
