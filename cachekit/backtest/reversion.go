package backtest

import (
	"fmt"
)

// A Reversion is the parameters of a strategy that buys what fell far below its
// average and sells it when it came back. The distance is the z-score of the
// close: its difference from the average of the last Window closes, the close
// itself included, in standard deviations of the same closes. Where they do not
// vary there is no z-score and no signal.
type Reversion struct {
	// Window is the number of closes, at least 2.
	Window int `optcache:"10:60:10"`

	// Entry and Exit are z-scores, finite, Entry < Exit: buy where the z-score is
	// at or below Entry, such as -2, sell where it is at or above Exit, such as 0.
	// No z-score of n numbers lies beyond (n-1)/sqrt(n).
	Entry float64 `optcache:"-2.5:-1:0.5"`
	Exit  float64 `optcache:"-0.5:1:0.5"`

	// CostBps is the cost of a fill, see [Strategy].
	CostBps float64
}

// Name returns "reversion/1".
func (Reversion) Name() string { return "reversion/1" }

// Validate returns an error that names the first parameter out of range.
func (r Reversion) Validate() error {
	switch {
	case r.Window < 2:
		return fmt.Errorf("%v: window %d: must be at least 2 bars", r, r.Window)
	case !isFinite(r.Entry):
		return fmt.Errorf("%v: entry at a z-score of %v: must be a finite number", r, r.Entry)
	case !isFinite(r.Exit) || r.Exit <= r.Entry:
		return fmt.Errorf("%v: exit at a z-score of %v: must be a finite number above that of the entry, %v", r, r.Exit, r.Entry)
	case badCost(r.CostBps):
		return costError(r, r.CostBps)
	}
	return nil
}

// String returns "reversion window entry/exit", with the cost where there is one.
func (r Reversion) String() string {
	return fmt.Sprintf("reversion %d %v/%v", r.Window, r.Entry, r.Exit) + costText(r.CostBps)
}

// Valid reports whether Entry is below Exit: what a search tries.
func (r Reversion) Valid() bool { return r.Entry < r.Exit }

// Rule says what Valid asks.
func (Reversion) Rule() string { return "entry < exit" }

// WithCost returns the same strategy at another cost of a fill.
func (r Reversion) WithCost(bps float64) Reversion {
	r.CostBps = bps
	return r
}

// Cost returns CostBps.
func (r Reversion) Cost() float64 { return r.CostBps }

// Series appends the average and the standard deviation.
func (r Reversion) Series(dst []Series) []Series {
	return append(dst, Series{SMA, r.Window}, Series{StdDev, r.Window})
}

// Decide buys far below the average and sells near it.
func (r Reversion) Decide(b *BarData, w *Signals) {
	mean, deviation := b.Series[0], b.Series[1]
	for i := b.From; i < b.To; i++ {
		if !(deviation[i] > 0) {
			continue
		}
		z := (b.Close[i] - mean[i]) / deviation[i]
		if z <= r.Entry {
			w.Enter(i)
		}
		if z >= r.Exit {
			w.Exit(i)
		}
	}
}
