package walk_test

import (
	"context"
	"testing"

	"github.com/bmadventure/optcache/cachekit"
	"github.com/bmadventure/optcache/cachekit/backtest"
	"github.com/bmadventure/optcache/cachekit/bundle"
	"github.com/bmadventure/optcache/cachekit/internal/testbed"
	"github.com/bmadventure/optcache/cachekit/optimize"
	"github.com/bmadventure/optcache/cachekit/optimize/walk"
	"github.com/bmadventure/optcache/cachekit/search"
)

// BenchmarkWalkForward walks a grid of 100 crossovers forward over 50 assets and ten years, with
// testers that keep the series of a span, and with one tester for each trial, which computes all anew.
func BenchmarkWalkForward(b *testing.B) {
	store := testbed.OpenStore(b)
	testbed.Put(b, store, "b", testbed.DenseSeries(50, 2520))
	p := testbed.Pin(b, testbed.Workspace(b, cachekit.Config{}, store), "b")
	bars, err := testbed.View(b, p, bundle.Query{Fields: bundle.Open | bundle.Close}).Bars(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	s, err := optimize.NewSegments(bars, 100)
	if err != nil {
		b.Fatal(err)
	}
	space, err := search.NewSpace(
		search.Int("fast", 5, 50, 5, func(p *backtest.Crossover) *int { return &p.Fast }),
		search.Int("slow", 55, 100, 5, func(p *backtest.Crossover) *int { return &p.Slow }),
	)
	if err != nil {
		b.Fatal(err)
	}
	w := walk.Forward[backtest.Crossover]{
		Windows: walk.Windows{Train: 504, Validation: 126, Test: 63, Step: 63}, Sessions: s.Sessions(), Space: space,
		Search: func(walk.Fold) (search.Search[backtest.Crossover], error) {
			g, err := search.NewGrid(space, 0)
			return search.Enumerate(g), err
		},
		PeriodsPerYear: s.PeriodsPerYear(), Objective: func(p backtest.Performance) float64 { return p.Sharpe },
	}
	for name, tester := range map[string]func() optimize.Backtester[backtest.Crossover]{
		"kept": func() optimize.Backtester[backtest.Crossover] {
			test := s.Backtester()
			return func(ctx context.Context, p backtest.Crossover, span optimize.Span) (backtest.EquityCurve, error) {
				return test(ctx, p, span)
			}
		},
		"anew": func() optimize.Backtester[backtest.Crossover] {
			return func(ctx context.Context, p backtest.Crossover, span optimize.Span) (backtest.EquityCurve, error) {
				return s.Backtester()(ctx, p, span)
			}
		},
	} {
		b.Run(name, func(b *testing.B) {
			w.Backtester = tester
			for b.Loop() {
				r, err := w.Run(b.Context(), optimize.Options{})
				if err != nil || r.Folds[0].Err != nil {
					b.Fatal(err, r.Folds[0].Err)
				}
			}
		})
	}
}
