package backtest

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/bmadventure/optcache/cachekit/bundle"
	"github.com/bmadventure/optcache/cachekit/market"
)

// pairs returns n crossovers of many lengths, neighbours beside each other.
func pairs(n int) []Strategy {
	all := make([]Strategy, 0, n)
	side := 1
	for side*side < n {
		side++
	}
	for i := range n {
		all = append(all, &Crossover{Fast: 2 + i/side, Slow: 2 + side + 2*(i%side)})
	}
	return all
}

// BenchmarkBatch reports bar evaluations a second on one core: one bar of one
// asset in one trial, with all metrics of the portfolio.
func BenchmarkBatch(b *testing.B) {
	for _, size := range []struct{ assets, bars, trials int }{{1, 200_000, 256}, {500, 2520, 25}} {
		rows := randomWalks(size.assets, size.bars)
		for i := range rows {
			rows[i].Time = epoch.Add(time.Duration(i%size.bars) * time.Minute)
		}
		bars := mustGroup(b, market.Minute, rows)
		strategies, results := pairs(size.trials), make([]Metrics, size.trials)
		for _, each := range []bool{false, true} {
			visit := func(int, int, Metrics) {}
			name := fmt.Sprintf("%dx%d/%d-trials/every-asset", size.assets, size.bars, size.trials)
			if !each {
				visit, name = nil, fmt.Sprintf("%dx%d/%d-trials", size.assets, size.bars, size.trials)
			}
			b.Run(name, func(b *testing.B) {
				r := Runner{Columns: memory(b, bars, strategies)}
				b.ReportAllocs()
				for b.Loop() {
					if err := r.RunBatch(context.Background(), bars, strategies, results, visit); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(float64(b.N)*float64(bars.Len()*size.trials)/b.Elapsed().Seconds()/1e6, "Mbars/s")
			})
		}
	}
}

// memory is a source of columns that computed them all before.
func memory(tb testing.TB, bars *bundle.Bars, strategies []Strategy) func(context.Context, bundle.Group, Series) ([]float64, error) {
	type key struct {
		symbol string
		series Series
	}
	columns := make(map[key][]float64)
	var series []Series
	for _, s := range strategies {
		series = s.Series(series)
	}
	slices.SortFunc(series, func(a, b Series) int { return a.Length - b.Length })
	for _, s := range slices.Compact(series) {
		for i := range bars.Assets() {
			g := bars.Group(i)
			column := make([]float64, len(g.Times))
			if err := s.Fill(column, g); err != nil {
				tb.Fatal(err)
			}
			columns[key{g.Asset.Symbol, s}] = column
		}
	}
	return func(_ context.Context, g bundle.Group, s Series) ([]float64, error) {
		return columns[key{g.Asset.Symbol, s}], nil
	}
}
