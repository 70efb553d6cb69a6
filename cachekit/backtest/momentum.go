package backtest

import (
	"fmt"
)

// A Momentum is the parameters of a strategy that holds the asset while its
// return over the last Window bars is above Threshold, and cash otherwise
// (time-series momentum: Moskowitz, Ooi and Pedersen 2012).
type Momentum struct {
	// Window is the number of bars over which the return is taken, at least 1.
	Window int `optcache:"10:120:10"`

	// Threshold is the return that must be exceeded, as a fraction: 0.05 for 5 %.
	// It is finite.
	Threshold float64 `optcache:"0:0.1:0.01"`

	// CostBps is the cost of a fill, see [Strategy].
	CostBps float64
}

// Name returns "momentum/1".
func (Momentum) Name() string { return "momentum/1" }

// Validate returns an error that names the first parameter out of range.
func (m Momentum) Validate() error {
	switch {
	case m.Window < 1:
		return fmt.Errorf("%v: window %d: must be at least 1 bar", m, m.Window)
	case !isFinite(m.Threshold):
		return fmt.Errorf("%v: threshold %v: must be a finite number", m, m.Threshold)
	case badCost(m.CostBps):
		return costError(m, m.CostBps)
	}
	return nil
}

// String returns "momentum window above threshold", with the cost where there is one.
func (m Momentum) String() string {
	return fmt.Sprintf("momentum %d above %v", m.Window, m.Threshold) + costText(m.CostBps)
}

// WithCost returns the same strategy at another cost of a fill.
func (m Momentum) WithCost(bps float64) Momentum {
	m.CostBps = bps
	return m
}

// Cost returns CostBps.
func (m Momentum) Cost() float64 { return m.CostBps }

// Series appends the return over the window.
func (m Momentum) Series(dst []Series) []Series { return append(dst, Series{Returns, m.Window}) }

// Decide buys where the return is above the threshold and sells elsewhere.
func (m Momentum) Decide(b *BarData, w *Signals) {
	returns := b.Series[0]
	for i := b.From; i < b.To; i++ {
		if returns[i] > m.Threshold {
			w.Enter(i)
		} else {
			w.Exit(i)
		}
	}
}

// isFinite reports whether x is neither NaN nor infinite.
func isFinite(x float64) bool { return x-x == 0 }
