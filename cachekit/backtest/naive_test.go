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
func naiveRun(rows []market.Bar, c Crossover) (equity, profits []float64) {
	cost := c.CostBps / 10000
	cash, paid, price, long := 1.0, 0.0, 0.0, false
	for i, row := range rows {
		above := i >= c.Slow && naiveAverage(rows[i-c.Fast:i]) > naiveAverage(rows[i-c.Slow:i])*(1+1e-12)
		switch {
		case above && !long:
			long, paid, price = true, cash, row.Open*(1+cost)
		case !above && long:
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

func naiveAverage(rows []market.Bar) float64 {
	sum := 0.0
	for _, r := range rows {
		sum += r.Close
	}
	return sum / float64(len(rows))
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
