package backtest

import (
	"math"
	"slices"
	"time"

	"github.com/bmadventure/optcache/cachekit/market"
)

// This file is the model that the package is tested against: rows instead of
// columns, every average summed anew, every metric by its textbook formula in
// passes of its own. It shares no code with the package.

// naiveRun returns the equity at each row of one asset and the profit of each trade.
func naiveRun(rows []market.Bar, s Strategy) (equity, profits []float64) {
	cost := s.Cost() / 10000
	cash, paid, price, long := 1.0, 0.0, 0.0, false
	for i, row := range rows {
		buy, sell := naiveWish(rows[:i], s)
		switch {
		case buy && !long:
			long, paid, price = true, cash, row.Open*(1+cost)
		case sell && long:
			long, cash = false, paid*(row.Open*(1-cost)/price)
			profits = append(profits, cash-paid)
		}
		if long {
			equity = append(equity, paid*(row.Close/price))
		} else {
			equity = append(equity, cash)
		}
	}
	if long {
		profits = append(profits, equity[len(equity)-1]-paid)
	}
	return equity, profits
}

// naiveWish returns what a strategy would do at the close of the last row.
func naiveWish(rows []market.Bar, s Strategy) (buy, sell bool) {
	last := len(rows) - 1
	if last < 0 {
		return false, false
	}
	closes := naiveColumn(rows, func(r market.Bar) float64 { return r.Close })
	switch s := s.(type) {
	case Crossover:
		buy = len(rows) >= s.Slow && naiveMean(closes[len(rows)-s.Fast:]) > naiveMean(closes[len(rows)-s.Slow:])*(1+1e-12)
		return buy, !buy
	case Momentum:
		buy = last >= s.Window && closes[last]/closes[last-s.Window]-1 > s.Threshold
		return buy, !buy
	case Reversion:
		if len(rows) < s.Window {
			return false, false
		}
		window := closes[len(rows)-s.Window:]
		deviation := naiveDeviation(window)
		if deviation == 0 {
			return false, false
		}
		z := (closes[last] - naiveMean(window)) / deviation
		return z <= s.Entry, z >= s.Exit
	case Breakout:
		before := rows[:last]
		if last >= s.Entry {
			highs := naiveColumn(before[last-s.Entry:], func(r market.Bar) float64 { return r.High })
			buy = closes[last] > slices.Max(highs)
		}
		if last >= s.Exit {
			lows := naiveColumn(before[last-s.Exit:], func(r market.Bar) float64 { return r.Low })
			sell = closes[last] < slices.Min(lows)
		}
		return buy, sell
	}
	panic("no such strategy")
}

func naiveColumn(rows []market.Bar, field func(market.Bar) float64) (column []float64) {
	for _, r := range rows {
		column = append(column, field(r))
	}
	return column
}

func naiveMean(x []float64) float64 {
	sum := 0.0
	for _, v := range x {
		sum += v
	}
	return sum / float64(len(x))
}

// naiveDeviation is 0 for equal numbers whatever their mean is rounded to.
func naiveDeviation(x []float64) float64 {
	if slices.Max(x) == slices.Min(x) {
		return 0
	}
	mean, squares := naiveMean(x), 0.0
	for _, v := range x {
		squares += (v - mean) * (v - mean)
	}
	return math.Sqrt(squares / float64(len(x)-1))
}

// naiveSeries computes one value of an indicator from the rows up to a bar.
func naiveSeries(rows []market.Bar, s Series) float64 {
	n := s.Length
	closes := naiveColumn(rows, func(r market.Bar) float64 { return r.Close })
	var up, down, ranges []float64
	for i := 1; i < len(rows); i++ {
		change := closes[i] - closes[i-1]
		up, down = append(up, max(change, 0)), append(down, max(-change, 0))
		ranges = append(ranges, max(rows[i].High-rows[i].Low, math.Abs(rows[i].High-closes[i-1]), math.Abs(rows[i].Low-closes[i-1])))
	}
	switch needs := map[*Indicator]int{RSI: n + 1, ATR: n + 1, Returns: n + 1}[s.Indicator]; {
	case len(rows) < max(n, needs):
		return math.NaN()
	case s.Indicator == SMA:
		return naiveMean(closes[len(rows)-n:])
	case s.Indicator == EMA:
		return naiveSmooth(closes, n, 2/float64(n+1))
	case s.Indicator == StdDev:
		return naiveDeviation(closes[len(rows)-n:])
	case s.Indicator == Highest:
		return slices.Max(naiveColumn(rows[len(rows)-n:], func(r market.Bar) float64 { return r.High }))
	case s.Indicator == Lowest:
		return slices.Min(naiveColumn(rows[len(rows)-n:], func(r market.Bar) float64 { return r.Low }))
	case s.Indicator == RSI:
		gain, loss := naiveSmooth(up, n, 1/float64(n)), naiveSmooth(down, n, 1/float64(n))
		if gain == 0 && loss == 0 {
			return 50
		}
		return 100 - 100/(1+gain/loss)
	case s.Indicator == ATR:
		return naiveSmooth(ranges, n, 1/float64(n))
	case s.Indicator == Returns:
		return closes[len(rows)-1]/closes[len(rows)-1-n] - 1
	}
	panic("no such indicator")
}

// naiveSmooth weighs the mean of the first n values and each value after it.
func naiveSmooth(x []float64, n int, weight float64) float64 {
	smooth := naiveMean(x[:n])
	for _, v := range x[n:] {
		smooth = weight*v + (1-weight)*smooth
	}
	return smooth
}

func naiveMetrics(equity, profits []float64, periods float64) Metrics {
	n := float64(len(equity))
	var returns []float64
	before := 1.0
	for _, e := range equity {
		returns = append(returns, e/before-1)
		before = e
	}
	mean := 0.0
	for _, r := range returns {
		mean += r / n
	}
	variance, downside := 0.0, 0.0
	for _, r := range returns {
		variance += (r - mean) * (r - mean) / (n - 1)
		downside += min(r, 0) * min(r, 0) / n
	}
	drawdown := 0.0
	for i := range equity {
		peak := max(1, slices.Max(equity[:i+1]))
		drawdown = min(drawdown, (equity[i]-peak)/peak)
	}
	m := Metrics{
		TotalReturn: equity[len(equity)-1] - 1,
		CAGR:        math.Pow(equity[len(equity)-1], periods/n) - 1,
		Sharpe:      mean / math.Sqrt(variance) * math.Sqrt(periods),
		Sortino:     mean * periods / (math.Sqrt(downside) * math.Sqrt(periods)),
		MaxDrawdown: drawdown,
		Calmar:      math.NaN(),
		Trades:      len(profits),
	}
	if len(equity) < 2 {
		m.Sharpe, m.Sortino = math.NaN(), math.NaN()
	}
	if drawdown < 0 && !math.IsInf(m.CAGR, 0) {
		m.Calmar = m.CAGR / math.Abs(drawdown)
	}
	won, gained, lost := 0, 0.0, 0.0
	for _, p := range profits {
		if p > 0 {
			won++
		}
		gained += max(p, 0)
		lost += max(-p, 0)
	}
	m.WinRate = float64(won) / float64(len(profits))
	m.ProfitFactor = gained / lost
	return m
}

// naivePortfolio looks up, for every time that occurs, what each asset's part of
// the capital was worth then.
func naivePortfolio(assets [][]market.Bar, equities [][]float64) []float64 {
	var times []time.Time
	for _, rows := range assets {
		for _, r := range rows {
			if !slices.ContainsFunc(times, r.Time.Equal) {
				times = append(times, r.Time)
			}
		}
	}
	slices.SortFunc(times, time.Time.Compare)
	var total []float64
	for _, t := range times {
		sum := 0.0
		for a, rows := range assets {
			worth := 1.0
			for i, r := range rows {
				if !r.Time.After(t) {
					worth = equities[a][i]
				}
			}
			sum += worth / float64(len(assets))
		}
		total = append(total, sum)
	}
	return total
}
