package optimize_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/bmadventure/optcache/cachekit"
	"github.com/bmadventure/optcache/cachekit/backtest"
	"github.com/bmadventure/optcache/cachekit/bundle"
	"github.com/bmadventure/optcache/cachekit/internal/testbed"
	"github.com/bmadventure/optcache/cachekit/market"
	"github.com/bmadventure/optcache/cachekit/optimize"
	"github.com/bmadventure/optcache/cachekit/search"
)

// minuteSeries makes one asset of consecutive minutes.
func minuteSeries(bars int) []bundle.Series {
	rng := rand.New(rand.NewPCG(1, 1))
	s := bundle.Series{Symbol: "M"}
	price := 100.0
	start := time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)
	for i := range bars {
		open := price * (0.9995 + float64(0.001*rng.Float64()))
		price = open * (0.9985 + float64(0.003001*rng.Float64()))
		s.Times = append(s.Times, start.Add(time.Duration(i)*time.Minute).UnixNano())
		s.Open, s.Close = append(s.Open, open), append(s.Close, price)
		s.High, s.Low = append(s.High, max(open, price)), append(s.Low, min(open, price))
		s.Volume = append(s.Volume, 1000)
	}
	return []bundle.Series{s}
}

// crossoverGrid is the plan of n crossovers among all pairs of lengths from 2 on
// up to the first that gives so many.
func crossoverGrid(tb testing.TB, n int) *search.Grid[backtest.Crossover] {
	tb.Helper()
	last := 3
	for (last-1)*(last-2)/2 < n {
		last++
	}
	space, err := search.NewSpace(
		search.Int("fast", 2, last, 1, func(c *backtest.Crossover) *int { return &c.Fast }),
		search.Int("slow", 2, last, 1, func(c *backtest.Crossover) *int { return &c.Slow }),
	)
	if err != nil {
		tb.Fatal(err)
	}
	grid, err := search.NewGrid(space.Constrain("fast < slow", func(c backtest.Crossover) bool { return c.Fast < c.Slow }), n)
	if err != nil {
		tb.Fatal(err)
	}
	return grid
}

// wideGrid is the plan of 1,000 crossovers of 70 lengths.
func wideGrid(tb testing.TB) *search.Grid[backtest.Crossover] {
	tb.Helper()
	space, err := search.NewSpace(
		search.Int("fast", 5, 100, 5, func(c *backtest.Crossover) *int { return &c.Fast }),
		search.Int("slow", 110, 355, 5, func(c *backtest.Crossover) *int { return &c.Slow }),
	)
	if err != nil {
		tb.Fatal(err)
	}
	grid, err := search.NewGrid(space, 0)
	if err != nil {
		tb.Fatal(err)
	}
	return grid
}

// asStrategy makes the strategy of a crossover.
func asStrategy(c backtest.Crossover) backtest.Strategy { return &c }

// equalsPlainRuns holds 20 outcomes of a sweep against runs of one trial each, with
// caching off, bit for bit.
func equalsPlainRuns(b *testing.B, store *bundle.Store, grid *search.Grid[backtest.Crossover], out []optimize.Outcome[backtest.Crossover, backtest.Metrics]) {
	b.Helper()
	w := testbed.Workspace(b, testbed.Off, store)
	p := testbed.Pin(b, w, "b")
	defer p.Close()
	bars, err := testbed.View(b, p, bundle.Query{Fields: bundle.Open | bundle.Close}).Bars(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	var r backtest.Runner
	for trial := 0; trial < len(out); trial += len(out) / 20 {
		m, err := r.Run(b.Context(), bars, grid.At(trial), nil)
		want := optimize.Outcome[backtest.Crossover, backtest.Metrics]{Params: grid.At(trial), Result: m, Err: err}
		if d := sameOutcomes([]optimize.Outcome[backtest.Crossover, backtest.Metrics]{want}, out[trial:trial+1]); d != "" {
			b.Fatal(d)
		}
	}
}

// BenchmarkCrossovers times whole sweeps from cold caches: reading, verifying,
// averages and all metrics of every trial included. Mbars/s is bar evaluations a
// second, of all workers together.
func BenchmarkCrossovers(b *testing.B) {
	for _, size := range []struct {
		name                 string
		assets, bars, trials int
		grid                 *search.Grid[backtest.Crossover]
	}{
		{"all-pairs", 1, 200_000, 10_000, crossoverGrid(b, 10_000)},
		{"wide", 500, 2520, 1000, wideGrid(b)},
		{"all-pairs", 500, 2520, 1000, crossoverGrid(b, 1000)},
	} {
		store := testbed.OpenStore(b)
		if size.assets == 1 {
			if _, err := store.Write(b.Context(), "b", market.Minute, minuteSeries(size.bars)); err != nil {
				b.Fatal(err)
			}
		} else {
			testbed.Put(b, store, "b", testbed.DenseSeries(size.assets, size.bars))
		}
		for workers := 1; workers <= 2; workers++ {
			b.Run(fmt.Sprintf("%dx%dx%d/%s/%d-workers", size.assets, size.bars, size.trials, size.name, workers), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					w, err := optimize.NewWorkspace(cachekit.Config{}, store)
					if err != nil {
						b.Fatal(err)
					}
					p := testbed.Pin(b, w, "b")
					v := testbed.View(b, p, bundle.Query{Fields: bundle.Open | bundle.Close})
					out, err := optimize.Sweep(context.Background(), v, size.grid, asStrategy, optimize.Options{Workers: workers})
					if err != nil {
						b.Fatal(err)
					}
					p.Close()
					w.Close()
					b.StopTimer()
					equalsPlainRuns(b, store, size.grid, out)
					b.StartTimer()
				}
				b.ReportMetric(float64(b.N)*float64(size.assets*size.bars)*float64(size.trials)/b.Elapsed().Seconds()/1e6, "Mbars/s")
			})
		}
	}
}

// BenchmarkOriginal runs the three workloads that RustyBT publishes figures of,
// honestly: 100 times the list of the assets, 100 times the bars of all 50 assets
// over 252 days, 100 times both and a look at every bar. An operation is all 100;
// list, bars and use tell where its milliseconds go. Nothing is warm that a sweep
// would not have warmed: the caches begin cold in every operation.
func BenchmarkOriginal(b *testing.B) {
	const times = 100
	store := testbed.OpenStore(b)
	testbed.Put(b, store, "b", testbed.DenseSeries(50, 252))
	for _, workload := range []struct {
		name             string
		list, bars, look bool
	}{{"list", true, false, false}, {"bars", false, true, false}, {"workflow", true, true, true}} {
		for _, side := range []struct {
			name   string
			config cachekit.Config
		}{{"uncached", testbed.Off}, {"cached", cachekit.Config{}}} {
			b.Run(workload.name+"/"+side.name, func(b *testing.B) {
				var list, load, use time.Duration
				for b.Loop() {
					w, err := optimize.NewWorkspace(side.config, store)
					if err != nil {
						b.Fatal(err)
					}
					p := testbed.Pin(b, w, "b")
					v := testbed.View(b, p, bundle.Query{Fields: bundle.OHLCV})
					for range times {
						start := time.Now()
						if workload.list {
							if _, err := p.Assets(b.Context()); err != nil {
								b.Fatal(err)
							}
						}
						listed := time.Now()
						list += listed.Sub(start)
						if !workload.bars {
							continue
						}
						bars, err := v.Bars(b.Context())
						if err != nil {
							b.Fatal(err)
						}
						loaded := time.Now()
						load += loaded.Sub(listed)
						if workload.look {
							lookAt(bars)
							use += time.Since(loaded)
						}
					}
					p.Close()
					w.Close()
				}
				for part, took := range map[string]time.Duration{"list-ms": list, "bars-ms": load, "use-ms": use} {
					b.ReportMetric(took.Seconds()*1e3/float64(b.N), part)
				}
			})
		}
	}
}

var looked float64

// lookAt reads every value of every bar, its time included.
func lookAt(bars *bundle.Bars) {
	for i := range bars.Assets() {
		g := bars.Group(i)
		for k, t := range g.Times {
			looked += float64(t) + g.Open[k] + g.High[k] + g.Low[k] + g.Close[k] + g.Volume[k]
		}
	}
}
