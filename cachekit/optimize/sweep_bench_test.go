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
	"github.com/bmadventure/optcache/cachekit/market"
	"github.com/bmadventure/optcache/cachekit/optimize"
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
func crossoverGrid(tb testing.TB, n int) *optimize.Grid[backtest.Crossover] {
	tb.Helper()
	last := 3
	for (last-1)*(last-2)/2 < n {
		last++
	}
	space, err := optimize.NewSpace(
		optimize.Int("fast", 2, last, 1, func(c *backtest.Crossover) *int { return &c.Fast }),
		optimize.Int("slow", 2, last, 1, func(c *backtest.Crossover) *int { return &c.Slow }),
	)
	if err != nil {
		tb.Fatal(err)
	}
	grid, err := optimize.NewGrid(space.Where("fast < slow", func(c backtest.Crossover) bool { return c.Fast < c.Slow }), n)
	if err != nil {
		tb.Fatal(err)
	}
	return grid
}

// asStrategy makes the strategy of a crossover.
func asStrategy(c backtest.Crossover) backtest.Strategy { return &c }

// BenchmarkCrossovers times whole sweeps from cold caches: reading, verifying,
// averages and all metrics of every trial included. Mbars/s is bar evaluations a
// second, of all workers together.
func BenchmarkCrossovers(b *testing.B) {
	for _, size := range []struct{ assets, bars, trials int }{{1, 200_000, 10_000}, {500, 2520, 1000}} {
		store := openStore(b)
		if size.assets == 1 {
			if _, err := store.Write(b.Context(), "b", market.Minute, minuteSeries(size.bars)); err != nil {
				b.Fatal(err)
			}
		} else {
			put(b, store, "b", denseSeries(size.assets, size.bars))
		}
		grid := crossoverGrid(b, size.trials)
		for workers := 1; workers <= 2; workers++ {
			b.Run(fmt.Sprintf("%dx%dx%d/%d-workers", size.assets, size.bars, size.trials, workers), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					w, err := optimize.NewWorkspace(cachekit.Config{}, store)
					if err != nil {
						b.Fatal(err)
					}
					p := pin(b, w, "b")
					v := view(b, p, bundle.Query{Fields: bundle.Open | bundle.Close})
					out, err := optimize.Sweep(context.Background(), v, grid, asStrategy, optimize.Options{Workers: workers})
					if err != nil || out[len(out)-1].Err != nil {
						b.Fatal(err, out[len(out)-1].Err)
					}
					p.Close()
					w.Close()
				}
				b.ReportMetric(float64(b.N)*float64(size.assets*size.bars)*float64(size.trials)/b.Elapsed().Seconds()/1e6, "Mbars/s")
			})
		}
	}
}
