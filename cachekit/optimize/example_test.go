package optimize_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"time"

	"github.com/bmadventure/optcache/cachekit"
	"github.com/bmadventure/optcache/cachekit/backtest"
	"github.com/bmadventure/optcache/cachekit/bundle"
	"github.com/bmadventure/optcache/cachekit/market"
	"github.com/bmadventure/optcache/cachekit/optimize"
	"github.com/bmadventure/optcache/cachekit/search"
)

// A whole sweep: bars into a store, a version pinned, a grid of parameters tried
// on all processors, the best set found.
func Example() {
	dir, err := os.MkdirTemp("", "bundles")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	store, err := bundle.OpenStore(dir)
	if err != nil {
		log.Fatal(err)
	}
	if _, err := store.Write(context.Background(), "waves", market.Daily, []bundle.Series{wave("A", 40), wave("B", 60)}); err != nil {
		log.Fatal(err)
	}

	workspace, err := optimize.NewWorkspace(cachekit.Config{}, store)
	if err != nil {
		log.Fatal(err)
	}
	defer workspace.Close()
	pin, err := workspace.Pin("waves") // asks for the current version once
	if err != nil {
		log.Fatal(err)
	}
	defer pin.Close()
	view, err := pin.View(bundle.Query{Fields: bundle.Open | bundle.Close})
	if err != nil {
		log.Fatal(err)
	}

	type params struct{ Fast, Slow int }
	space, err := search.NewSpace(
		search.Int("fast", 2, 20, 2, func(p *params) *int { return &p.Fast }),
		search.Int("slow", 10, 60, 10, func(p *params) *int { return &p.Slow }),
	)
	if err != nil {
		log.Fatal(err)
	}
	grid, err := search.NewGrid(space.Constrain("fast < slow", func(p params) bool { return p.Fast < p.Slow }), 0)
	if err != nil {
		log.Fatal(err)
	}

	outcomes, err := optimize.Run(context.Background(), grid, func() optimize.Worker[params, backtest.Metrics] {
		var runner backtest.Runner
		return func(ctx context.Context, p params) (backtest.Metrics, error) {
			_, bars, err := view.Load(ctx) // a cache hit after the first trial
			if err != nil {
				return backtest.Metrics{}, err
			}
			return runner.Run(ctx, bars, backtest.Crossover{Fast: p.Fast, Slow: p.Slow}, nil)
		}
	}, optimize.Options{TrialTimeout: time.Minute})
	if err != nil {
		log.Fatal(err)
	}

	returns := make([]float64, len(outcomes))
	for i, o := range outcomes {
		if o.Err != nil {
			log.Fatal(o.Err)
		}
		returns[i] = o.Result.TotalReturn
	}
	for _, i := range search.Rank(returns, false, 2) {
		o := outcomes[i]
		fmt.Printf("trial %d: fast %d, slow %d: %.1f-fold in %d trades\n", i, o.Params.Fast, o.Params.Slow, 1+o.Result.TotalReturn, o.Result.Trades)
	}
	// Output:
	// trial 0: fast 2, slow 10: 3.8-fold in 22 trades
	// trial 6: fast 4, slow 10: 3.5-fold in 22 trades
}

// wave makes the bars of an asset whose price goes up and down in a triangle.
func wave(symbol string, period int) bundle.Series {
	s := bundle.Series{Symbol: symbol}
	for d := range 500 {
		price := 100 + float64(min(d%period, period-d%period))
		s.Times = append(s.Times, time.Date(2020, 1, 1+d, 0, 0, 0, 0, time.UTC).UnixNano())
		s.Open, s.High, s.Low, s.Close = append(s.Open, price), append(s.High, price), append(s.Low, price), append(s.Close, price)
		s.Volume = append(s.Volume, 1000)
	}
	return s
}
