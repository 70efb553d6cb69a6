package backtest

import (
	"fmt"
	"math"

	"github.com/bmadventure/optcache/cachekit/bundle"
)

// A Crossover is the parameters of a long/flat moving-average crossover: hold
// the asset while the average of its last Fast closes is above that of its last
// Slow closes, hold cash otherwise.
//
// The signal is read at a close and filled at the open of the next bar, so the
// close of the last bar fills nothing. There is no signal before Slow closes are
// there. Averages that are equal on paper differ in their last digits with the
// order of summation: fast is above slow only if it is so by more than one part
// in 10^12.
type Crossover struct {
	// Fast and Slow are the lengths of the windows in bars, 1 <= Fast < Slow.
	Fast, Slow int

	// CostBps is the cost of a fill in basis points (1/10,000) of the traded
	// value, at least 0 and below 10,000. A purchase pays it out of the same
	// cash, so cash C buys assets for C / (1 + CostBps/10,000).
	CostBps float64
}

// Validate returns an error that names the first parameter out of range.
func (c Crossover) Validate() error {
	switch {
	case c.Fast < 1:
		return fmt.Errorf("%v: fast window %d: must be at least 1 bar", c, c.Fast)
	case c.Slow <= c.Fast:
		return fmt.Errorf("%v: slow window %d: must be longer than the fast window, %d bars", c, c.Slow, c.Fast)
	case !(c.CostBps >= 0 && c.CostBps < bps):
		return fmt.Errorf("%v: cost of %v basis points: must be at least 0 and below %d", c, c.CostBps, bps)
	}
	return nil
}

// String returns "crossover fast/slow", with the cost where there is one.
func (c Crossover) String() string {
	if c.CostBps == 0 {
		return fmt.Sprintf("crossover %d/%d", c.Fast, c.Slow)
	}
	return fmt.Sprintf("crossover %d/%d at %v bps", c.Fast, c.Slow, c.CostBps)
}

// Run trades one asset and returns its metrics. It writes the equity at the
// close of every bar to equity[:len(g.Times)], starting from an equity of 1
// before the first bar; equity must be at least that long. It allocates nothing
// unless it fails, and may be called concurrently with different buffers.
//
// It fails if c is not valid, if the group lacks Open or Close, and, naming the
// bar, at the first open or close that is not a positive finite number.
func (c Crossover) Run(g bundle.Group, periodsPerYear float64, equity []float64) (Metrics, error) {
	if err := c.Validate(); err != nil {
		return Metrics{}, err
	}
	curve, trades, err := c.trade(g, equity[:len(g.Times)])
	if err != nil {
		return Metrics{}, err
	}
	return measure(curve, trades, periodsPerYear), nil
}

const bps = 10_000

// trade runs the strategy on one asset, alternating between cash and the asset.
func (c Crossover) trade(g bundle.Group, equity []float64) (curve, trades, error) {
	if err := c.checkPrices(g); err != nil {
		return curve{}, trades{}, err
	}
	warmUp := min(c.Slow, len(equity))
	for i := range equity[:warmUp] {
		equity[i] = 1
	}
	var p position
	p.start(g, equity, c)
	for i := warmUp; i < len(equity); {
		if i = p.wait(i); i < len(equity) {
			i = p.hold(i)
		}
	}
	return p.curve, p.trades, nil
}

// checkPrices returns an error for the first bar whose open or close is no price.
// It reads ahead what the run then finds in the processor's cache: the few opens
// at which orders are filled would otherwise cost a miss each.
func (c Crossover) checkPrices(g bundle.Group) error {
	if len(g.Close) != len(g.Times) || len(g.Open) != len(g.Times) {
		return fmt.Errorf("%v on %s: the bars were read without open or close: read both fields", c, g.Asset.Symbol)
	}
	opens := g.Open[:len(g.Close)]
	for i, x := range g.Close {
		if !isPrice(x) {
			return priceError(c, g, i, "close", x)
		}
		if !isPrice(opens[i]) {
			return priceError(c, g, i, "open", opens[i])
		}
	}
	return nil
}

// isPrice reports whether x is positive and finite: such numbers have the bits
// 1 to those below +Inf.
func isPrice(x float64) bool {
	const infinite = 0x7FF << 52
	return math.Float64bits(x)-1 < infinite-1
}
