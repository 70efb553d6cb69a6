package backtest

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/bmadventure/optcache/cachekit/bundle"
	"github.com/bmadventure/optcache/cachekit/market"
)

var benchmarkCrossovers = []Crossover{{Fast: 5, Slow: 20}, {Fast: 10, Slow: 50, CostBps: 1}, {Fast: 50, Slow: 200}}

// randomWalks returns daily bars of as many assets, prices rounded to cents.
func randomWalks(assets, bars int) []market.Bar {
	var rows []market.Bar
	for a := range assets {
		rng := rand.New(rand.NewPCG(uint64(a), 1))
		price := 20 + 180*rng.Float64()
		cents := func(x float64) float64 { return max(0.01, math.Round(x*100)/100) }
		for i := range bars {
			open := price * math.Exp(0.003*rng.NormFloat64())
			price = open * math.Exp(0.015*rng.NormFloat64()+0.0002)
			rows = append(rows, market.Bar{
				Symbol: fmt.Sprintf("A%04d", a), Time: epoch.AddDate(0, 0, i),
				Open: cents(open), High: cents(max(open, price)), Low: cents(min(open, price)), Close: cents(price), Volume: 1,
			})
		}
	}
	return rows
}

var epoch = time.Date(2015, 1, 1, 0, 0, 0, 0, time.UTC)

func mustGroup(tb testing.TB, frequency market.Frequency, rows []market.Bar) *bundle.Bars {
	tb.Helper()
	bars, err := bundle.GroupRows(frequency, rows)
	if err != nil {
		tb.Fatal(err)
	}
	return bars
}

// BenchmarkRunner reports the time of one bar evaluation: one bar of one asset
// with all metrics of the asset, and its share of the portfolio.
func BenchmarkRunner(b *testing.B) {
	for _, size := range []struct{ assets, bars int }{{50, 252}, {500, 2520}} {
		bars := mustGroup(b, market.Daily, randomWalks(size.assets, size.bars))
		for _, c := range benchmarkCrossovers {
			b.Run(fmt.Sprintf("%dx%d/%d-%d", size.assets, size.bars, c.Fast, c.Slow), func(b *testing.B) {
				var r Runner
				visit := func(int, Metrics, []float64) {}
				b.ReportAllocs()
				for b.Loop() {
					if _, err := r.Run(context.Background(), bars, c, visit); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(bars.Len()), "ns/bar")
			})
		}
	}
}
