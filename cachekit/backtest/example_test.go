package backtest_test

import (
	"context"
	"fmt"
	"log"
	"time"

	"github.com/bmadventure/optcache/cachekit/backtest"
	"github.com/bmadventure/optcache/cachekit/bundle"
	"github.com/bmadventure/optcache/cachekit/market"
)

func Example() {
	// Two assets that rise and fall, one of them slower than the other.
	var rows []market.Bar
	for day, close := range []float64{10, 10, 11, 12, 13, 14, 13, 12, 11, 10} {
		date := time.Date(2024, 1, 1+day, 0, 0, 0, 0, time.UTC)
		rows = append(rows,
			market.Bar{Symbol: "FAST", Time: date, Open: close, Close: close},
			market.Bar{Symbol: "SLOW", Time: date, Open: 100 + close, Close: 100 + close})
	}
	bars, err := bundle.GroupRows(market.Daily, rows)
	if err != nil {
		log.Fatal(err)
	}

	var r backtest.Runner // one for each worker: it keeps its buffers from trial to trial
	crossover := backtest.Crossover{Fast: 1, Slow: 2, CostBps: 5}
	portfolio, err := r.Run(context.Background(), bars, crossover, func(asset int, m backtest.Metrics, equity []float64) {
		fmt.Printf("%s ends with %.4f\n", bars.Assets()[asset].Symbol, equity[len(equity)-1])
	})
	if err != nil {
		log.Fatal(err)
	}
	for metric, value := range portfolio.All() {
		fmt.Printf("%-13s %.4f\n", metric, value)
	}
	// Output:
	// FAST ends with 0.9990
	// SLOW ends with 0.9990
	// total_return  -0.0010
	// cagr          -0.0358
	// sharpe        0.1889
	// sortino       0.2872
	// calmar        -0.4220
	// max_drawdown  -0.0849
	// win_rate      0.0000
	// profit_factor 0.0000
	// trades        2.0000
}
