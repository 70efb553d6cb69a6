package search_test

import (
	"context"
	"runtime"
	"testing"

	"github.com/bmadventure/optcache/cachekit/backtest"
	"github.com/bmadventure/optcache/cachekit/optimize"
	"github.com/bmadventure/optcache/cachekit/search"
)

// BenchmarkMillionTrials reports the time and the memory of each trial of a random
// search: what is held at the end of it, the outcomes of 112 bytes among it.
func BenchmarkMillionTrials(b *testing.B) {
	const n = 1_000_000
	space, err := search.NewSpace(
		search.Int("fast", 1, 5_000, 1, func(p *backtest.Crossover) *int { return &p.Fast }),
		search.Int("slow", 2, 50_000, 1, func(p *backtest.Crossover) *int { return &p.Slow }),
	)
	if err != nil {
		b.Fatal(err)
	}
	space.Constrain("fast < slow", func(c backtest.Crossover) bool { return c.Fast < c.Slow })
	for b.Loop() {
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		search, err := search.NewRandom(space, n, search.Options{})
		if err != nil {
			b.Fatal(err)
		}
		out, err := optimize.RunSearch(context.Background(), search, func() optimize.Worker[backtest.Crossover, backtest.Metrics] {
			return func(_ context.Context, c backtest.Crossover) (backtest.Metrics, error) {
				return backtest.Metrics{TotalReturn: float64(c.Fast)}, nil
			}
		}, func(m backtest.Metrics) float64 { return m.TotalReturn }, optimize.Options{})
		if err != nil {
			b.Fatal(err)
		}
		runtime.GC()
		runtime.ReadMemStats(&after)
		b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/n, "B/trial")
		runtime.KeepAlive(out)
		runtime.KeepAlive(search)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/trial")
}
