package backtest

import "math"

// A curve is what the metrics need to know of an equity curve, gathered in one
// pass. Points at which the equity does not change need not be shown to it:
// their return of 0 adds nothing to any sum.
//
// The variance comes from the sums of the returns and of their squares. That is
// sound here because the first bars never trade: of n returns at least 2 are 0,
// so the two terms of the difference are never closer than 2/n of their size.
type curve struct {
	points                 int
	last                   float64 // equity at the last point
	sum, squares, downside float64 // of the returns; downside is 4 times the sum of min(return, 0)^2
	peak, trough           float64 // highest equity so far, lowest since then
	worst                  float64 // deepest drawdown below an earlier peak
}

// startCurve returns the curve of an equity of 1 that stays there for all points.
func startCurve(points int) curve { return curve{points: points, last: 1, peak: 1, trough: 1} }

// extend shows the equity at the next points to c. It does not count them.
func (c *curve) extend(equity []float64) {
	last, sum, squares, downside := c.last, c.sum, c.squares, c.downside
	peak, trough := c.peak, c.trough
	for _, e := range equity {
		r := e/last - 1
		last = e
		sum += r
		squares += float64(r * r)
		d := r - math.Abs(r) // 2*min(r, 0) without a branch, which no processor could predict
		downside += float64(d * d)
		if e < trough {
			trough = e
		} else if e > peak {
			c.worst = min(c.worst, trough/peak-1)
			peak, trough = e, e
		}
	}
	c.last, c.sum, c.squares, c.downside = last, sum, squares, downside
	c.peak, c.trough = peak, trough
}

// trades counts round trips and what they made, in units of the capital of 1.
type trades struct {
	count, won   int
	gained, lost float64
}

func (t *trades) add(profit float64) {
	t.count++
	if profit > 0 {
		t.won++
		t.gained += profit
	} else {
		t.lost -= profit
	}
}

// merge adds the trades of another asset.
func (t *trades) merge(other trades) {
	t.count += other.count
	t.won += other.won
	t.gained += other.gained
	t.lost += other.lost
}

// measure returns the metrics of a curve and of the trades that made it.
func measure(c curve, t trades, periodsPerYear float64) Metrics {
	m := Metrics{
		TotalReturn: math.NaN(), CAGR: math.NaN(), Sharpe: math.NaN(), Sortino: math.NaN(),
		Calmar: math.NaN(), MaxDrawdown: math.NaN(),
		WinRate:      quotient(float64(t.won), float64(t.count)),
		ProfitFactor: quotient(t.gained, t.lost),
		Trades:       t.count,
	}
	if c.points == 0 {
		return m
	}
	n := float64(c.points)
	m.TotalReturn = c.last - 1
	m.CAGR = pow(c.last, periodsPerYear/n) - 1
	m.MaxDrawdown = min(c.worst, c.trough/c.peak-1)
	if m.MaxDrawdown < 0 && !math.IsInf(m.CAGR, 0) {
		m.Calmar = quotient(m.CAGR, -m.MaxDrawdown)
	}
	if c.points < 2 {
		return m
	}
	mean := c.sum / n
	variance := max(0, c.squares-float64(c.sum*c.sum)/n) / (n - 1)
	m.Sharpe = quotient(mean, math.Sqrt(variance)) * math.Sqrt(periodsPerYear)
	m.Sortino = quotient(mean, math.Sqrt(c.downside/4/n)) * math.Sqrt(periodsPerYear)
	return m
}

// quotient returns a/b. Where that is not a number it returns the one NaN that is
// the same on all machines: 0/0 has other bits on amd64 than on arm64.
func quotient(a, b float64) float64 {
	if q := a / b; q == q {
		return q
	}
	return math.NaN()
}
