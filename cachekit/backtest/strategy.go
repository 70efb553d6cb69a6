package backtest

import (
	"fmt"

	"github.com/bmadventure/optcache/cachekit/bundle"
)

// A Strategy is the rules of a trial together with their parameters: a struct
// of the parameters with these methods, which must be pure functions of them.
// [Crossover], [Momentum], [Reversion] and [Breakout] are strategies; any type
// with the same methods is one too.
//
// A strategy says at the close of each bar whether it would buy or sell. The
// account turns that into positions: in cash it waits for the next signal to buy,
// in the asset for the next signal to sell, and fills it at the open of the bar after.
type Strategy interface {
	// Name identifies the rules without their parameters, with a version that
	// grows whenever the same parameters begin to decide otherwise: "crossover/1".
	// Results that are kept are kept under it.
	Name() string

	// Validate returns an error that names the first parameter out of range.
	Validate() error

	// Cost returns what a fill costs in basis points (1/10,000) of the traded
	// value, at least 0 and below 10,000. A purchase pays it out of the same cash,
	// so cash C buys assets for C / (1 + Cost/10,000).
	Cost() float64

	// Series appends the derived series that Decide reads to dst and returns it.
	Series(dst []Series) []Series

	// Decide gives its signals for the bars of a block. It is called for one block
	// of an asset after the other, or for all bars at once, and must give the same
	// in both cases: a signal at bar i follows from what the columns hold up to
	// element i.
	Decide(b *BarData, w *Signals)
}

// A BarData is what a [Strategy] sees of one asset: the bars From to To-1 are to
// be decided upon. The columns begin with the first bar of the asset and end
// before To; those that were not read from the bundle are nil. They must not be
// written to.
type BarData struct {
	From, To int

	Open, High, Low, Close, Volume []float64

	// Series are the derived series, in the order of [Strategy.Series]. Elements
	// before the first full window are NaN.
	Series [][]float64
}

// Fields returns the columns that runs of s read: open and close for the fills
// and marks, and those that its series are made from.
func Fields(s Strategy) bundle.Fields {
	fields := bundle.Open | bundle.Close
	for _, x := range s.Series(nil) {
		if x.Indicator != nil {
			fields |= x.Indicator.fields
		}
	}
	return fields
}

const bps = 10_000

// validate checks the parameters of s, its cost and its series.
func validate(s Strategy) error {
	if err := s.Validate(); err != nil {
		return err
	}
	if cost := s.Cost(); badCost(cost) {
		return costError(s, cost)
	}
	return nil
}

func badCost(cost float64) bool { return !(cost >= 0 && cost < bps) }

func costError(s Strategy, cost float64) error {
	return fmt.Errorf("%v: cost of %v basis points: must be at least 0 and below %d", s, cost, bps)
}
