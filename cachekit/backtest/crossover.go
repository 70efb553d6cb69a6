package backtest

import (
	"fmt"
)

// A Crossover is the parameters of a long/flat moving-average crossover: hold
// the asset while the average of its last Fast closes is above that of its last
// Slow closes, hold cash otherwise.
//
// There is no signal before Slow closes are there. Averages that are equal on
// paper differ in their last digits with the order of summation: fast is above
// slow only if more than 4,096 floating-point numbers lie between the two, which
// is about one part in 10^12.
type Crossover struct {
	// Fast and Slow are the lengths of the windows in bars, 1 <= Fast < Slow.
	Fast int `optcache:"5:50:5"`
	Slow int `optcache:"20:120:5"`

	// CostBps is the cost of a fill, see [Strategy].
	CostBps float64
}

// tie is less than what any two averages of prices in cents differ by, and more
// than rounding amounts to.
const tie = 4096

// Name returns "crossover/1".
func (Crossover) Name() string { return "crossover/1" }

// Validate returns an error that names the first parameter out of range.
func (c Crossover) Validate() error {
	switch {
	case c.Fast < 1:
		return fmt.Errorf("%v: fast window %d: must be at least 1 bar", c, c.Fast)
	case c.Slow <= c.Fast:
		return fmt.Errorf("%v: slow window %d: must be longer than the fast window, %d bars", c, c.Slow, c.Fast)
	case badCost(c.CostBps):
		return costError(c, c.CostBps)
	}
	return nil
}

// String returns "crossover fast/slow", with the cost where there is one.
func (c Crossover) String() string {
	return fmt.Sprintf("crossover %d/%d", c.Fast, c.Slow) + costText(c.CostBps)
}

// Valid reports whether Fast is below Slow: what a search tries.
func (c Crossover) Valid() bool { return c.Fast < c.Slow }

// Rule says what Valid asks.
func (Crossover) Rule() string { return "fast < slow" }

// WithCost returns the same crossover at another cost of a fill.
func (c Crossover) WithCost(bps float64) Crossover {
	c.CostBps = bps
	return c
}

// Cost returns CostBps.
func (c Crossover) Cost() float64 { return c.CostBps }

// Series appends the two averages.
func (c Crossover) Series(dst []Series) []Series {
	return append(dst, Series{SMA, c.Fast}, Series{SMA, c.Slow})
}

// Decide buys where the fast average is above the slow one and sells elsewhere.
func (c Crossover) Decide(b *BarData, w *Signals) { w.enterAbove(b.Series[0], b.Series[1], tie) }

// costText names a cost in the text of a strategy.
func costText(bps float64) string {
	if bps == 0 {
		return ""
	}
	return fmt.Sprintf(" at %v bps", bps)
}
