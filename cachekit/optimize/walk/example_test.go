package walk_test

import (
	"context"
	"fmt"
	"time"

	"github.com/bmadventure/optcache/cachekit/backtest"
	"github.com/bmadventure/optcache/cachekit/bundle"
	"github.com/bmadventure/optcache/cachekit/market"
	"github.com/bmadventure/optcache/cachekit/optimize"
	"github.com/bmadventure/optcache/cachekit/optimize/walk"
	"github.com/bmadventure/optcache/cachekit/search"
)

// A walk-forward over synthetic prices, from bars to the stitched account.
func ExampleForward() {
	var rows []market.Bar
	for d := range 400 {
		price := 100 + 10*float64(min(d%40, 40-d%40))/20
		rows = append(rows, market.Bar{
			Symbol: "WAVE", Time: time.Date(2020, 1, 1+d, 0, 0, 0, 0, time.UTC),
			Open: price, High: price, Low: price, Close: price, Volume: 1000,
		})
	}
	bars, err := bundle.GroupRows(market.Daily, rows)
	if err != nil {
		fmt.Println(err)
		return
	}
	segments, err := optimize.NewSegments(bars, 40)
	if err != nil {
		fmt.Println(err)
		return
	}
	space, err := search.NewSpace(
		search.Int("fast", 1, 10, 1, func(p *backtest.Crossover) *int { return &p.Fast }),
		search.Int("slow", 2, 40, 2, func(p *backtest.Crossover) *int { return &p.Slow }),
	)
	if err != nil {
		fmt.Println(err)
		return
	}
	space.Constrain("fast < slow", func(c backtest.Crossover) bool { return c.Fast < c.Slow })

	walk := walk.Forward[backtest.Crossover]{
		Windows:        walk.Windows{Train: 120, Validation: 40, Test: 40, Purge: 2},
		Sessions:       segments.Sessions(),
		PeriodsPerYear: segments.PeriodsPerYear(),
		Space:          space,
		Search: func(f walk.Fold) (search.Search[backtest.Crossover], error) {
			return search.NewBayesian(space, 60, search.Options{Seed: uint64(f.Number)})
		},
		Backtester: func() optimize.Backtester[backtest.Crossover] {
			run := segments.Backtester()
			return func(ctx context.Context, c backtest.Crossover, span optimize.Span) (backtest.EquityCurve, error) {
				return run(ctx, c, span)
			}
		},
		Objective: func(p backtest.Performance) float64 { return p.TotalReturn },
	}
	result, err := walk.Run(context.Background(), optimize.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, f := range result.Folds {
		fmt.Printf("fold %d: %v made %.1f %% in sessions %d to %d\n", f.Number, f.Params, 100*f.InTest.TotalReturn, f.Test.From, f.Test.To-1)
	}
	fmt.Printf("out of sample %.1f %%, efficiency %.2f\n", 100*result.Performance.TotalReturn, result.Efficiency)
	// Output:
	// fold 0: crossover 1/2 made 7.4 % in sessions 164 to 203
	// fold 1: crossover 1/2 made 7.4 % in sessions 204 to 243
	// fold 2: crossover 1/2 made 7.4 % in sessions 244 to 283
	// fold 3: crossover 1/2 made 7.4 % in sessions 284 to 323
	// fold 4: crossover 1/2 made 7.4 % in sessions 324 to 363
	// out of sample 42.8 %, efficiency 0.91
}
