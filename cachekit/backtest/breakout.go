package backtest

import (
	"fmt"
)

// A Breakout is the parameters of a channel breakout (Donchian): buy when the
// close is above the highest high of the Entry bars before it, sell when it is
// below the lowest low of the Exit bars before it.
type Breakout struct {
	// Entry and Exit are the lengths of the channels in bars, at least 1.
	Entry int `optcache:"10:100:10"`
	Exit  int `optcache:"5:50:5"`

	// CostBps is the cost of a fill, see [Strategy].
	CostBps float64
}

// Name returns "breakout/1".
func (Breakout) Name() string { return "breakout/1" }

// Validate returns an error that names the first parameter out of range.
func (k Breakout) Validate() error {
	switch {
	case k.Entry < 1:
		return fmt.Errorf("%v: entry channel of %d bars: must be at least 1", k, k.Entry)
	case k.Exit < 1:
		return fmt.Errorf("%v: exit channel of %d bars: must be at least 1", k, k.Exit)
	case badCost(k.CostBps):
		return costError(k, k.CostBps)
	}
	return nil
}

// String returns "breakout entry/exit", with the cost where there is one.
func (k Breakout) String() string {
	return fmt.Sprintf("breakout %d/%d", k.Entry, k.Exit) + costText(k.CostBps)
}

// WithCost returns the same strategy at another cost of a fill.
func (k Breakout) WithCost(bps float64) Breakout {
	k.CostBps = bps
	return k
}

// Cost returns CostBps.
func (k Breakout) Cost() float64 { return k.CostBps }

// Series appends the two bounds.
func (k Breakout) Series(dst []Series) []Series {
	return append(dst, Series{Highest, k.Entry}, Series{Lowest, k.Exit})
}

// Decide buys above the channel and sells below it. The channel is that of the
// bar before.
func (k Breakout) Decide(b *BarData, w *Signals) {
	high, low := b.Series[0], b.Series[1]
	for i := max(b.From, 1); i < b.To; i++ {
		if b.Close[i] > high[i-1] {
			w.Enter(i)
		}
		if b.Close[i] < low[i-1] {
			w.Exit(i)
		}
	}
}
