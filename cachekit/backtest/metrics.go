package backtest

import (
	"fmt"
	"iter"
	"math"
	"strings"
)

// Metrics say how an equity curve did. The formulas are those of empyrical 0.5
// (stats.py) with a risk-free rate of 0; r are the returns of all n points, P the
// periods a year.
type Metrics struct {
	// TotalReturn is the last equity less the 1 it started from.
	TotalReturn float64

	// CAGR is the compound annual growth rate, (1+TotalReturn)^(P/n) - 1.
	CAGR float64

	// Sharpe is mean(r) / std(r) * sqrt(P), where std divides by n-1. It is NaN
	// for fewer than 2 points and for a curve that never changes.
	Sharpe float64

	// Sortino is mean(r)*P / (sqrt(mean(min(r, 0)^2)) * sqrt(P)). It is +Inf
	// without a negative return, NaN for fewer than 2 points and for a curve that
	// never changes.
	Sortino float64

	// Calmar is CAGR / -MaxDrawdown. It is NaN without a drawdown, and where the
	// quotient is infinite.
	Calmar float64

	// MaxDrawdown is the deepest fall of the equity below its highest point so
	// far, the start included, as a fraction of that point: -0.25 is a loss of a
	// quarter. It is negative, or 0 if the equity never fell below a peak.
	MaxDrawdown float64

	// WinRate is the share of the trades that made a profit after costs, from 0
	// to 1; NaN without trades.
	WinRate float64

	// ProfitFactor is what the profitable trades made divided by what the others
	// lost, in money; profits are those of an account that started with 1. It is
	// +Inf if some won and none lost, NaN if none did either.
	ProfitFactor float64

	// Trades is the number of purchases, each with its sale if there was one.
	Trades int
}

// A Metric names one of the [Metrics].
type Metric uint8

// The metrics, in the order of the fields of [Metrics].
const (
	TotalReturn Metric = iota
	CAGR
	Sharpe
	Sortino
	Calmar
	MaxDrawdown
	WinRate
	ProfitFactor
	Trades
)

var metricNames = [...]string{
	"total_return", "cagr", "sharpe", "sortino", "calmar", "max_drawdown", "win_rate", "profit_factor", "trades",
}

// String returns the name that [ParseMetric] takes, such as "max_drawdown".
func (m Metric) String() string {
	if int(m) < len(metricNames) {
		return metricNames[m]
	}
	return fmt.Sprintf("Metric(%d)", uint8(m))
}

// NeedsTrades reports whether the metric is of the trades, which the returns of an account do not tell.
func (m Metric) NeedsTrades() bool { return m == WinRate || m == ProfitFactor || m == Trades }

// ParseMetric returns the metric of that name. Its error lists all names.
func ParseMetric(name string) (Metric, error) {
	for i, n := range metricNames {
		if n == name {
			return Metric(i), nil
		}
	}
	return 0, fmt.Errorf("metric %q: must be one of %s", name, strings.Join(metricNames[:], ", "))
}

// Value returns one metric by name; Trades as a float64, NaN for a metric that
// does not exist.
func (m Metrics) Value(metric Metric) float64 {
	switch metric {
	case TotalReturn:
		return m.TotalReturn
	case CAGR:
		return m.CAGR
	case Sharpe:
		return m.Sharpe
	case Sortino:
		return m.Sortino
	case Calmar:
		return m.Calmar
	case MaxDrawdown:
		return m.MaxDrawdown
	case WinRate:
		return m.WinRate
	case ProfitFactor:
		return m.ProfitFactor
	case Trades:
		return float64(m.Trades)
	}
	return math.NaN()
}

// All iterates over all metrics and their values, in the order of the constants.
func (m Metrics) All() iter.Seq2[Metric, float64] {
	return func(yield func(Metric, float64) bool) {
		for i := range metricNames {
			if !yield(Metric(i), m.Value(Metric(i))) {
				return
			}
		}
	}
}
