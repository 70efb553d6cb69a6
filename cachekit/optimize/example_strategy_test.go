package optimize_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"

	"github.com/bmadventure/optcache/cachekit"
	"github.com/bmadventure/optcache/cachekit/backtest"
	"github.com/bmadventure/optcache/cachekit/bundle"
	"github.com/bmadventure/optcache/cachekit/market"
	"github.com/bmadventure/optcache/cachekit/optimize"
	"github.com/bmadventure/optcache/cachekit/search"
)

// A dip buys when the relative strength is low although the price is above its
// long average, and sells when it has become high.
type dip struct {
	Window, Trend int     // bars
	Low, High     float64 // relative strength, 0 to 100
}

// Decide is the strategy: a function of columns and parameters.
func (d dip) Decide(b *backtest.BarData, w *backtest.Signals) {
	strength, trend := b.Series[0], b.Series[1]
	for i := b.From; i < b.To; i++ {
		switch {
		case strength[i] < d.Low && b.Close[i] > trend[i]:
			w.Enter(i)
		case strength[i] > d.High:
			w.Exit(i)
		}
	}
}

// Series names the columns beside those of the bars.
func (d dip) Series(dst []backtest.Series) []backtest.Series {
	return append(dst, backtest.Series{Indicator: backtest.RSI, Length: d.Window}, backtest.Series{Indicator: backtest.SMA, Length: d.Trend})
}

func (d dip) Name() string  { return "dip/1" }
func (d dip) Cost() float64 { return 2 } // basis points

func (d dip) Validate() error {
	if d.Low >= d.High {
		return errors.New("dip: Low must be below High")
	}
	return nil
}

// A strategy of one's own, from its rules to a sweep: 60 trials of 3 assets need
// 3 x (3 + 2) series, each of which is computed once.
func ExampleSweep() {
	dir, err := os.MkdirTemp("", "bundles")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	store, err := bundle.OpenStore(dir)
	if err != nil {
		log.Fatal(err)
	}
	ctx := context.Background()
	if _, err := store.Write(ctx, "waves", market.Daily, []bundle.Series{wave("A", 40), wave("B", 60), wave("C", 90)}); err != nil {
		log.Fatal(err)
	}
	workspace, err := optimize.NewWorkspace(cachekit.Config{}, store)
	if err != nil {
		log.Fatal(err)
	}
	defer workspace.Close()
	pin, err := workspace.Pin("waves")
	if err != nil {
		log.Fatal(err)
	}
	defer pin.Close()
	view, err := pin.View(bundle.Query{Fields: backtest.Fields(dip{Window: 2, Trend: 2})})
	if err != nil {
		log.Fatal(err)
	}

	space, err := search.NewSpace(
		search.Int("window", 4, 12, 4, func(d *dip) *int { return &d.Window }),
		search.Int("trend", 50, 100, 50, func(d *dip) *int { return &d.Trend }),
		search.Float("low", 10, 50, 10, func(d *dip) *float64 { return &d.Low }),
		search.Float("high", 60, 90, 30, func(d *dip) *float64 { return &d.High }),
	)
	if err != nil {
		log.Fatal(err)
	}
	grid, err := search.NewGrid(space, 0)
	if err != nil {
		log.Fatal(err)
	}
	outcomes, err := optimize.Sweep(ctx, view, grid, func(d dip) backtest.Strategy { return d }, optimize.Options{})
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
		fmt.Printf("%+v: %.2f-fold in %d trades\n", outcomes[i].Params, 1+returns[i], outcomes[i].Result.Trades)
	}
	for _, s := range workspace.Stats() {
		if s.Name == "derived series" {
			fmt.Printf("%d trials, %d series computed\n", len(outcomes), s.Loads)
		}
	}
	// Output:
	// {Window:12 Trend:50 Low:30 High:90}: 1.27-fold in 12 trades
	// {Window:12 Trend:100 Low:40 High:90}: 1.11-fold in 11 trades
	// 60 trials, 15 series computed
}
