package command_test

import (
	"fmt"
	"math"
	"slices"

	"github.com/bmadventure/optcache/cachekit/backtest"
	"github.com/bmadventure/optcache/cachekit/bundle"
	"github.com/bmadventure/optcache/cachekit/command"
)

// Drawdown is how far the close lies below the highest of the last length closes, 0 to 1.
var Drawdown = backtest.NewIndicator("drawdown/1", bundle.Close, func(dst []float64, g bundle.Group, length int) {
	for i := range dst {
		dst[i] = math.NaN()
		if i >= length-1 {
			dst[i] = 1 - g.Close[i]/slices.Max(g.Close[i-length+1:i+1])
		}
	}
})

// A Dip buys what fell by Depth below its highest close of Window bars, and sells it at the next such high. With
// Filter it buys above the Average of Length closes alone.
type Dip struct {
	Window  int     `optcache:"5:20:5"`
	Depth   float64 `optcache:"0.01:0.05:0.01"`
	Length  int     `optcache:"10:40:10"`
	Average string  `optcache:"sma|ema"`
	Filter  bool    `optcache:"false|true"`
	CostBps float64
}

// Valid says which combinations are tried, and Rule how that is told.
func (d Dip) Valid() bool { return d.Window < d.Length }
func (Dip) Rule() string  { return "window < length" }

func (d Dip) WithCost(bps float64) Dip { d.CostBps = bps; return d }
func (d Dip) Cost() float64            { return d.CostBps }
func (Dip) Name() string               { return "dip/1" }

func (d Dip) Validate() error {
	if d.Window < 1 || d.Length < 1 || !(d.Depth > 0) {
		return fmt.Errorf("%+v: window, length and depth must be above 0", d)
	}
	return nil
}

func (d Dip) Series(dst []backtest.Series) []backtest.Series {
	average := backtest.SMA
	if d.Average == "ema" {
		average = backtest.EMA
	}
	return append(dst, backtest.Series{Indicator: Drawdown, Length: d.Window}, backtest.Series{Indicator: average, Length: d.Length})
}

func (d Dip) Decide(b *backtest.BarData, w *backtest.Signals) {
	fallen, average := b.Series[0], b.Series[1]
	for i := b.From; i < b.To; i++ { // a series is NaN before its first full window, of which nothing is true
		if fallen[i] >= d.Depth && (!d.Filter || b.Close[i] > average[i]) {
			w.Enter(i)
		}
		if fallen[i] == 0 {
			w.Exit(i)
		}
	}
}

// The main function of a program that has every command, with a strategy of its own beside those that come along:
//
//	go run . sweep --strategy dip --param depth=0.02:0.1:0.02 --param "average=sma|ema"
//	go run . sweep --help
func Example() {
	command.Main(command.Strategy[Dip]("dip", "buy the dip"))
}
