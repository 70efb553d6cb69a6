package backtest

import (
	"math"

	"github.com/bmadventure/optcache/internal/elementary"
	"github.com/bmadventure/optcache/internal/mean"
)

// An EquityCurve is how an account went over some time: its equity at the close of each
// bar, relative to what it had before the first of them.
type EquityCurve struct {
	Times  []int64 // Unix nanoseconds, ascending
	Equity []float64
}

// Returns returns the return of each bar: the equity divided by the equity before
// it, less 1. Before the first bar it was 1.
func (c EquityCurve) Returns() []float64 { return c.AppendReturns(make([]float64, 0, len(c.Equity))) }

// AppendReturns appends the returns to dst.
func (c EquityCurve) AppendReturns(dst []float64) []float64 {
	last := 1.0
	for _, e := range c.Equity {
		dst = append(dst, e/last-1)
		last = e
	}
	return dst
}

// Clone returns a copy that shares nothing.
func (c EquityCurve) Clone() EquityCurve {
	return EquityCurve{append([]int64(nil), c.Times...), append([]float64(nil), c.Equity...)}
}

// Performance is what the returns of an account tell, without its trades. The
// definitions are those of [Metrics].
type Performance struct {
	Bars                                                    int
	TotalReturn, CAGR, Sharpe, Sortino, Calmar, MaxDrawdown float64
}

// Value returns one metric by name, NaN for one that needs the trades.
func (p Performance) Value(m Metric) float64 {
	switch m {
	case TotalReturn:
		return p.TotalReturn
	case CAGR:
		return p.CAGR
	case Sharpe:
		return p.Sharpe
	case Sortino:
		return p.Sortino
	case Calmar:
		return p.Calmar
	case MaxDrawdown:
		return p.MaxDrawdown
	}
	return math.NaN()
}

// Measure returns the performance of the returns of an account, given how many of
// them make a year. All is NaN without returns, the ratios for fewer than 2.
func Measure(returns []float64, periodsPerYear float64) Performance {
	nan := math.NaN()
	p := Performance{len(returns), nan, nan, nan, nan, nan, nan}
	if len(returns) == 0 {
		return p
	}
	n, equity, peak, worst, sum, downside := float64(len(returns)), 1.0, 1.0, 1.0, 0.0, 0.0
	for _, r := range returns {
		equity *= 1 + r
		peak = max(peak, equity)
		worst = min(worst, equity/peak)
		sum += r
		d := min(r, 0)
		downside += float64(d * d)
	}
	p.TotalReturn, p.MaxDrawdown = equity-1, worst-1
	p.CAGR = elementary.Pow(equity, periodsPerYear/n) - 1
	if p.MaxDrawdown < 0 {
		p.Calmar = mean.Ratio(p.CAGR, -p.MaxDrawdown)
	}
	if len(returns) < 2 {
		return p
	}
	average, year := sum/n, math.Sqrt(periodsPerYear)
	p.Sharpe = mean.Ratio(average, mean.Deviation(returns, average)) * year
	p.Sortino = mean.Ratio(average, math.Sqrt(downside/n)) * year
	return p
}
