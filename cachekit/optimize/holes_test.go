package optimize_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bmadventure/optcache/cachekit"
	"github.com/bmadventure/optcache/cachekit/backtest"
	"github.com/bmadventure/optcache/cachekit/bundle"
	"github.com/bmadventure/optcache/cachekit/internal/testbed"
	"github.com/bmadventure/optcache/cachekit/market"
	"github.com/bmadventure/optcache/cachekit/optimize"
	"github.com/bmadventure/optcache/cachekit/optimize/robust"
)

// Holes of caches for market data that are known from the field, as far as they
// are a workflow's: a test each, which fails if the hole is opened. H1, H2 and H18 of
// searches stand with those too; holes 3, 4 and 12 are in bundle, those of a cache
// alone in cachekit.

// agree asks two views for their bars and series and says how they differ.
func agree(t *testing.T, cached, plain *optimize.View, indicators ...backtest.Series) {
	t.Helper()
	_, got := load(t, cached)
	_, want := load(t, plain)
	if d := cmp.Diff(want.Rows(), got.Rows(), testbed.SameBits); d != "" {
		t.Errorf("the bars are others with caches (-without +with):\n%s", d)
	}
	for a := range want.Assets() {
		for _, s := range indicators {
			column := make([]float64, len(want.Group(a).Times))
			if err := s.Fill(column, want.Group(a)); err != nil {
				t.Fatal(err)
			}
			held, err := cached.Series()(t.Context(), got.Group(a), s)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(column, held, testbed.SameBits); d != "" {
				t.Errorf("%v of %s is another with caches: %s", s, want.Assets()[a].Symbol, d)
			}
		}
	}
}

// Hole 1: a key that leaves out the window, the assets or the fields serves the
// bars of training to validation and test, and one asset's to another.
func TestH1KeysHaveAllOfTheSlice(t *testing.T) {
	store := testbed.OpenStore(t)
	testbed.Put(t, store, "b", testbed.DenseSeries(3, 90))
	cached, plain := testbed.Pin(t, testbed.Workspace(t, cachekit.Config{}, store), "b"), testbed.Pin(t, testbed.Workspace(t, testbed.Off, store), "b")
	defer cached.Close()
	defer plain.Close()
	at := func(d int) time.Time { return time.Date(2010, 1, 1+d, 0, 0, 0, 0, time.UTC) }
	for _, window := range []bundle.Window{{To: at(30)}, {From: at(30), To: at(60)}, {From: at(60)}, {}} {
		for _, symbols := range [][]string{nil, {"S000"}, {"S001"}, {"S001", "S002"}} {
			for _, fields := range []bundle.Fields{bundle.Close, bundle.OHLCV, bundle.Open | bundle.Close} {
				q := bundle.Query{Symbols: symbols, Fields: fields, Window: window}
				agree(t, testbed.View(t, cached, q), testbed.View(t, plain, q), backtest.Series{Indicator: backtest.SMA, Length: 5}, backtest.Series{Indicator: backtest.SMA, Length: 6})
			}
		}
	}
}

// Hole 2: noisy bars under the key of the true ones give back the true ones, and
// every strategy is robust. Here the true bars and their series are in the caches.
func TestH2NoiseIsNotServedFromTheCache(t *testing.T) {
	store := testbed.OpenStore(t)
	testbed.Put(t, store, "b", testbed.DenseSeries(2, 120))
	p := testbed.Pin(t, testbed.Workspace(t, cachekit.Config{}, store), "b")
	defer p.Close()
	v := testbed.View(t, p, bundle.Query{Fields: bundle.OHLCV})
	strategy := backtest.Crossover{Fast: 3, Slow: 10}
	if _, err := optimize.Sweep(t.Context(), v, strategies{strategy}, itself, optimize.Options{AlwaysCache: true}); err != nil {
		t.Fatal(err)
	}
	noise := func(v *optimize.View) robust.NoiseResult {
		s := testbed.Segments(testbed.Must(v.Bars(t.Context())), 10)
		n := robust.Noise{StdDev: 0.03, MonteCarlo: robust.MonteCarlo{Samples: 30}}
		r, err := n.Test(t.Context(), s, strategy, optimize.Span{From: 20, To: s.Sessions()},
			func(p backtest.Performance) float64 { return p.TotalReturn }, optimize.Options{})
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	r := noise(v)
	if r.Mean == r.Observed || !(r.StdDev > 0) || !(r.Low < r.High) {
		t.Errorf("noise of 3 %% changes nothing: %+v", r)
	}
	q := testbed.Pin(t, testbed.Workspace(t, testbed.Off, store), "b")
	defer q.Close()
	if d := cmp.Diff(noise(testbed.View(t, q, bundle.Query{Fields: bundle.OHLCV})), r, testbed.SameBits); d != "" {
		t.Errorf("noise is another with caches: %s", d)
	}
}

// morningSeries makes bars of every minute of some mornings.
func morningSeries(days, minutes int) []bundle.Series {
	s := bundle.Series{Symbol: "A"}
	for d := range days {
		for m := range minutes {
			price := 100 + float64(d) + float64(m*m%97)/10
			s.Times = append(s.Times, time.Date(2021, 3, 1+d, 9, 31+m, 0, 0, time.UTC).UnixNano())
			s.Open, s.Close = append(s.Open, price), append(s.Close, price+0.5)
			s.High, s.Low, s.Volume = append(s.High, price+1), append(s.Low, price-1), append(s.Volume, 10)
		}
	}
	return []bundle.Series{s}
}

// Hole 5: a key that drops the time of day, or the frequency, gives whoever asks at
// 09:45 the window of 15:30, which is the future.
func TestH5NoWindowShowsTheFutureOfItsDay(t *testing.T) {
	store := testbed.OpenStore(t)
	if _, err := store.Write(t.Context(), "m", market.Minute, morningSeries(2, 60)); err != nil {
		t.Fatal(err)
	}
	caches, none := testbed.Workspace(t, cachekit.Config{}, store), testbed.Workspace(t, testbed.Off, store)
	cached, plain := testbed.Pin(t, caches, "m"), testbed.Pin(t, none, "m")
	defer cached.Close()
	defer plain.Close()
	first := time.Date(2021, 3, 1, 9, 31, 0, 0, time.UTC)
	for _, minutes := range []int{59, 5, 31, 30, 1} { // late ones first, as another trial's
		now := first.Add(time.Duration(minutes) * time.Minute)
		q := bundle.Query{Fields: bundle.OHLCV, Window: bundle.Window{From: first, To: now}}
		v := testbed.View(t, cached, q)
		_, bars := load(t, v)
		for _, row := range bars.Rows() {
			if !row.Time.Before(now) {
				t.Errorf("asked at %s, a trial sees the bar of %s", now.Format(time.TimeOnly), row.Time.Format(time.TimeOnly))
			}
		}
		agree(t, v, testbed.View(t, plain, q), backtest.Series{Indicator: backtest.SMA, Length: 3})
	}
	// The same dates as daily bars: other bars under other keys.
	daily := testbed.DenseSeries(1, 2)
	daily[0].Symbol = "A"
	for i := range daily[0].Times {
		daily[0].Times[i] = time.Date(2021, 3, 1+i, 0, 0, 0, 0, time.UTC).UnixNano()
	}
	testbed.Put(t, store, "m", daily)
	again, without := testbed.Pin(t, caches, "m"), testbed.Pin(t, none, "m")
	defer again.Close()
	defer without.Close()
	for _, q := range []bundle.Query{{Fields: bundle.OHLCV}, {Fields: bundle.OHLCV, Window: bundle.Window{From: first.Add(-time.Hour), To: first.Add(47 * time.Hour)}}} {
		load(t, testbed.View(t, cached, q))
		agree(t, testbed.View(t, again, q), testbed.View(t, without, q), backtest.Series{Indicator: backtest.SMA, Length: 2})
	}
}

// vandal is a crossover that writes to whatever it is shown.
type vandal struct{ backtest.Crossover }

func (v vandal) Decide(b *backtest.BarData, w *backtest.Signals) {
	v.Crossover.Decide(b, w)
	for _, column := range [][]float64{b.Open, b.Close} {
		for i := range column {
			column[i] *= 1.5
		}
	}
}

// Hole 6: values are shared, and whoever writes to them corrupts the trials after
// it. The verification of a sweep against one without caches tells it.
func TestH6AStrategyThatWritesIsFoundOut(t *testing.T) {
	store := testbed.OpenStore(t)
	testbed.Put(t, store, "b", testbed.DenseSeries(2, 60))
	run := func(config cachekit.Config, s backtest.Strategy) []optimize.Outcome[backtest.Strategy, backtest.Metrics] {
		p := testbed.Pin(t, testbed.Workspace(t, config, store), "b")
		defer p.Close()
		out, err := optimize.Sweep(t.Context(), testbed.View(t, p, bundle.Query{Fields: bundle.Open | bundle.Close}), strategies{s, s, s}, itself, optimize.Options{Workers: 1, AlwaysCache: true})
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	honest := backtest.Crossover{Fast: 2, Slow: 7}
	if d := sameOutcomes(run(testbed.Off, honest), run(cachekit.Config{}, honest)); d != "" {
		t.Errorf("nobody wrote: %s", d)
	}
	if sameOutcomes(run(testbed.Off, vandal{honest}), run(cachekit.Config{}, vandal{honest})) == "" {
		t.Error("a strategy that writes to shared columns passes as one that does not")
	}
}

// Holes 7 and 13: every worker has caches of its own, loads for itself and has a
// budget for itself. Here sixteen share one load of everything and one budget.
func TestH7H13WorkersShareLoadsAndBudget(t *testing.T) {
	store := testbed.OpenStore(t)
	testbed.Put(t, store, "b", testbed.DenseSeries(3, 80))
	w := testbed.Workspace(t, cachekit.Config{}, store)
	p := testbed.Pin(t, w, "b")
	defer p.Close()
	v := testbed.View(t, p, bundle.Query{Fields: bundle.Open | bundle.Close})
	held := make([]*bundle.Bars, 16)
	var workers sync.WaitGroup
	for i := range held {
		workers.Go(func() { _, held[i], _ = v.Load(t.Context()) })
	}
	workers.Wait()
	for _, b := range held {
		if b == nil || b != held[0] {
			t.Fatal("workers have copies of their own")
		}
	}
	var plan strategies
	for i := range 64 {
		plan = append(plan, backtest.Crossover{Fast: 1 + i%4, Slow: 5 + i/4})
	}
	if _, err := optimize.Sweep(t.Context(), v, plan, itself, optimize.Options{Workers: 16, AlwaysCache: true}); err != nil {
		t.Fatal(err)
	}
	stats := w.Stats()
	for i, want := range []uint64{1, 1, 3 * (4 + 16)} {
		if s := stats[i]; s.Loads != want {
			t.Errorf("%s: %d loads by 16 workers, want %d", s.Name, s.Loads, want)
		}
		if s := stats[i]; s.Budget != 2<<30 || s.Used != stats[0].Used {
			t.Errorf("%s has a budget of its own: %d, used %d", s.Name, s.Budget, s.Used)
		}
	}
}

// Holes 8 and 9: one value beyond the budget, or a tier that is never evicted, and
// the budget is a wish. Here all caches together stay within it at every moment,
// and what does not fit is answered nevertheless.
func TestH8H9NothingIsBeyondTheBudget(t *testing.T) {
	store := testbed.OpenStore(t)
	testbed.Put(t, store, "b", testbed.DenseSeries(4, 300))
	for _, bytes := range []float64{1, 2000, 20_000, 60_000} {
		w := testbed.Workspace(t, cachekit.Config{CacheSizeGB: bytes / (1 << 30)}, store)
		p := testbed.Pin(t, w, "b")
		for i := range 30 {
			q := bundle.Query{Fields: bundle.Open | bundle.Close, Symbols: []string{fmt.Sprintf("S%03d", i%4)}}
			if i%7 == 6 {
				q.Symbols = nil
			}
			v := testbed.View(t, p, q)
			_, bars := load(t, v)
			if got := len(bars.Group(0).Times); got != 300 {
				t.Fatalf("budget %v: %d bars of 300", bytes, got)
			}
			for _, length := range []int{20, 50, 200} { // the lengths that were once kept for ever
				if _, err := v.Series()(t.Context(), bars.Group(0), backtest.Series{Indicator: backtest.SMA, Length: length}); err != nil {
					t.Fatal(err)
				}
			}
			sum := int64(0)
			for _, s := range w.Stats() {
				sum += s.Bytes
				if s.Used > s.Budget || float64(s.Budget) != bytes {
					t.Fatalf("budget %v: %s uses %d of %d", bytes, s.Name, s.Used, s.Budget)
				}
			}
			if float64(sum) > bytes {
				t.Fatalf("budget %v: the caches hold %d", bytes, sum)
			}
		}
		if err := p.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// Hole 10: old versions stay until others push them out.
func TestH10AnIngestGivesBackWhatIsOld(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // for Wait: a cache gives bytes back on a goroutine
		store := testbed.OpenStore(t)
		series := testbed.DenseSeries(2, 60)
		w := testbed.Workspace(t, cachekit.Config{}, store)
		var used int64
		for round := range 5 {
			series[0].Close[3], series[1].Close[3] = series[0].Close[4], series[1].Open[3]
			series[0].Volume[0]++
			series[1].Volume[0]++
			testbed.Put(t, store, "b", series)
			p := testbed.Pin(t, w, "b")
			synctest.Wait()
			v := testbed.View(t, p, bundle.Query{Fields: bundle.OHLCV})
			_, bars := load(t, v)
			if _, err := v.Series()(t.Context(), bars.Group(0), backtest.Series{Indicator: backtest.SMA, Length: 5}); err != nil {
				t.Fatal(err)
			}
			if err := p.Close(); err != nil {
				t.Fatal(err)
			}
			for _, s := range w.Stats() {
				if s.Entries != 1 {
					t.Errorf("after ingest %d: %s holds %d entries, want those of the new version alone", round, s.Name, s.Entries)
				}
			}
			if now := w.Stats()[0].Used; round > 1 && now > used+used/4 {
				t.Errorf("after ingest %d: %d bytes are used, %d before", round, now, used)
			} else {
				used = now
			}
		}
	})
}

// hide takes the files of bars of a version away, not its manifest.
func hide(t *testing.T, store *bundle.Store) {
	t.Helper()
	n := 0
	err := filepath.WalkDir(store.Dir(), func(path string, d os.DirEntry, err error) error {
		if err == nil && strings.HasSuffix(path, ".parquet") {
			n++
			return os.Remove(path)
		}
		return err
	})
	if err != nil || n == 0 {
		t.Fatalf("%d files of bars removed, %v", n, err)
	}
}

// Holes 11 and 19: to find out that nothing changed costs a full load, and the cache
// takes what was loaded already, so that every hit has paid. Here the bars are gone
// from the disk, and the second trial does not notice.
func TestH11H19AHitReadsNoBars(t *testing.T) {
	store := testbed.OpenStore(t)
	testbed.Put(t, store, "b", testbed.DenseSeries(2, 60))
	w := testbed.Workspace(t, cachekit.Config{}, store)
	trial := func() string {
		p, err := w.Pin("b")
		if err != nil {
			return err.Error()
		}
		defer p.Close()
		v, err := p.View(bundle.Query{Fields: bundle.Open | bundle.Close})
		if err != nil {
			return err.Error()
		}
		out, err := optimize.Sweep(context.Background(), v, strategies{backtest.Crossover{Fast: 2, Slow: 7}}, itself, optimize.Options{AlwaysCache: true})
		return fmt.Sprint(out, err)
	}
	want := trial()
	before := w.Stats()
	hide(t, store)
	if got := trial(); got != want {
		t.Errorf("a hit went to the disk: %s, want %s", got, want)
	}
	for i, s := range w.Stats() {
		if s.Loads != before[i].Loads {
			t.Errorf("%s: %d loads after %d", s.Name, s.Loads, before[i].Loads)
		}
	}
	p := testbed.Pin(t, testbed.Workspace(t, testbed.Off, store), "b")
	defer p.Close()
	if _, _, err := testbed.View(t, p, bundle.Query{Fields: bundle.Open}).Load(t.Context()); err == nil {
		t.Error("without caches the bars are there: the test hid nothing")
	}
}

// Hole 14: switches that change nothing, so that "with and without caches" compares
// the cache with itself.
func TestH14CachingOffMeansOff(t *testing.T) {
	store := testbed.OpenStore(t)
	testbed.Put(t, store, "b", testbed.DenseSeries(1, 30))
	w := testbed.Workspace(t, cachekit.Config{DisableCaching: true}, store)
	p := testbed.Pin(t, w, "b")
	defer p.Close()
	v := testbed.View(t, p, bundle.Query{Fields: bundle.OHLCV})
	a, x := load(t, v)
	b, y := load(t, v)
	if w.Stats() != nil || v.Series() != nil || a == b || x == y {
		t.Error("with caching off something is kept")
	}
	hide(t, store)
	if _, _, err := v.Load(t.Context()); err == nil {
		t.Error("with caching off a trial did not read the bars itself")
	}
}

// Hole 16: what is kept under a range of dates alone is an empty answer, without an
// error, for the next asset.
func TestH16AnotherAssetOfTheSameRange(t *testing.T) {
	store := testbed.OpenStore(t)
	series := testbed.DenseSeries(3, 40)
	testbed.Put(t, store, "b", series)
	p := testbed.Pin(t, testbed.Workspace(t, cachekit.Config{}, store), "b")
	defer p.Close()
	window := bundle.Window{From: time.Date(2010, 1, 5, 0, 0, 0, 0, time.UTC), To: time.Date(2010, 1, 25, 0, 0, 0, 0, time.UTC)}
	for _, s := range series {
		_, bars := load(t, testbed.View(t, p, bundle.Query{Symbols: []string{s.Symbol}, Fields: bundle.Close, Window: window}))
		if len(bars.Assets()) != 1 || bars.Assets()[0].Symbol != s.Symbol || len(bars.Group(0).Close) != 20 || bars.Group(0).Close[0] != s.Close[4] {
			t.Errorf("asked for %s after others: %v, %d bars", s.Symbol, bars.Assets(), bars.Len())
		}
	}
	if _, err := p.View(bundle.Query{Symbols: []string{"none"}, Window: window}); err == nil || errors.Is(err, context.Canceled) {
		t.Error("an asset that is not there is no error")
	}
}
