package backtest

import (
	"math"

	"github.com/bmadventure/optcache/internal/elementary"
)

// A summary is what the metrics need to know of an equity curve that began at 1.
//
// The variance comes from the sums of the returns and of their squares. That is
// sound here because nothing trades at the first bar: at least one of the n
// returns is 0, so the two terms of the difference are never closer than 1/n of
// their size.
type summary struct {
	points                 int
	last                   float64 // equity at the last point
	sum, squares, downside float64 // of the returns; downside is 4 times the sum of min(return, 0)^2
	worst                  float64 // smallest quotient of the equity and an earlier peak, at most 1
}

// summarise returns the summary of a curve, point by point.
func summarise(equity []float64) summary {
	s := summary{points: len(equity), last: 1, worst: 1}
	peak, trough := 1.0, 1.0 // highest equity so far, lowest since then
	for _, e := range equity {
		r := e/s.last - 1
		s.last = e
		d := r - math.Abs(r)
		s.sum += r
		s.squares += float64(r * r)
		s.downside += float64(d * d)
		if e < trough {
			trough = e
		} else if e > peak {
			s.worst = min(s.worst, trough/peak)
			peak, trough = e, e
		}
	}
	s.worst = min(s.worst, trough/peak)
	return s
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
func measure(s summary, t trades, periodsPerYear float64) Metrics {
	m := Metrics{
		TotalReturn: math.NaN(), CAGR: math.NaN(), Sharpe: math.NaN(), Sortino: math.NaN(),
		Calmar: math.NaN(), MaxDrawdown: math.NaN(),
		WinRate:      quotient(float64(t.won), float64(t.count)),
		ProfitFactor: quotient(t.gained, t.lost),
		Trades:       t.count,
	}
	if s.points == 0 {
		return m
	}
	n := float64(s.points)
	m.TotalReturn = s.last - 1
	m.CAGR = elementary.Pow(s.last, periodsPerYear/n) - 1
	m.MaxDrawdown = s.worst - 1
	if m.MaxDrawdown < 0 && !math.IsInf(m.CAGR, 0) {
		m.Calmar = quotient(m.CAGR, -m.MaxDrawdown)
	}
	if s.points < 2 {
		return m
	}
	mean := s.sum / n
	variance := max(0, s.squares-float64(s.sum*s.sum)/n) / (n - 1)
	m.Sharpe = quotient(mean, math.Sqrt(variance)) * math.Sqrt(periodsPerYear)
	m.Sortino = quotient(mean, math.Sqrt(s.downside/4/n)) * math.Sqrt(periodsPerYear)
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
