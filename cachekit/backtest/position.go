package backtest

import "github.com/bmadventure/optcache/cachekit/bundle"

// A position is the state of one run on one asset: the account, which holds
// either cash or the asset, and the averages that it waits for.
type position struct {
	opens, closes, equity []float64

	// The moving averages are rolling sums of the closes before the bar at hand.
	// The fast one is above the slow one if fastSum*ratio > slowSum.
	fast, slow       int
	fastSum, slowSum float64
	ratio            float64

	cash            float64 // equity in cash, or before the purchase
	price           float64 // of the purchase with its cost
	buying, selling float64 // what a fill makes of an open price

	curve  curve
	trades trades
}

// tie is how far the fast average must be above the slow one: less than any two
// averages of prices in cents differ, more than rounding amounts to.
const tie = 1e-12

// start sets p to cash at the first bar that has a signal.
func (p *position) start(g bundle.Group, equity []float64, c Crossover) {
	p.opens, p.closes, p.equity = g.Open, g.Close, equity
	p.fast, p.slow, p.ratio = c.Fast, c.Slow, float64(c.Slow)/float64(c.Fast)*(1-tie)
	p.cash, p.buying, p.selling = 1, 1+c.CostBps/bps, 1-c.CostBps/bps
	p.curve = startCurve(len(equity))
	if c.Slow < len(equity) {
		p.fastSum = total(g.Close[c.Slow-c.Fast : c.Slow])
		p.slowSum = total(g.Close[:c.Slow-c.Fast]) + p.fastSum
	}
}

// total adds four sums side by side, so that no addition waits for the one before.
func total(s []float64) float64 {
	var a, b, c, d float64
	for ; len(s) >= 4; s = s[4:] {
		a, b, c, d = a+s[0], b+s[1], c+s[2], d+s[3]
	}
	for _, x := range s {
		a += x
	}
	return (a + b) + (c + d)
}

// wait stays in cash from bar i on, until the close before a bar gives the
// signal. It returns that bar, or the number of bars.
func (p *position) wait(i int) int {
	closes, equity := p.closes[i:], p.equity[i:]
	leftFast, leftSlow := p.closes[i-p.fast:], p.closes[i-p.slow:]
	equity, leftFast, leftSlow = equity[:len(closes)], leftFast[:len(closes)], leftSlow[:len(closes)]
	fastSum, slowSum, ratio, cash := p.fastSum, p.slowSum, p.ratio, p.cash
	n := len(closes)
	for k, x := range closes {
		if fastSum*ratio > slowSum {
			n = k
			break
		}
		equity[k] = cash
		fastSum += x - leftFast[k]
		slowSum += x - leftSlow[k]
	}
	p.fastSum, p.slowSum = fastSum, slowSum
	return i + n
}

// hold buys at the open of bar i and sells at the open of the first bar after a
// close without the signal. It returns the bar after the sale, or the number of bars.
func (p *position) hold(i int) int {
	paid := p.cash
	p.price = p.opens[i] * p.buying
	end := p.ride(i)
	if end == len(p.equity) {
		p.curve.extend(p.equity[i:])
		p.trades.add(p.equity[end-1] - paid)
		return end
	}
	p.cash = float64(paid * (float64(p.opens[end]*p.selling) / p.price))
	p.equity[end] = p.cash
	p.curve.extend(p.equity[i : end+1])
	p.trades.add(p.cash - paid)
	p.fastSum += p.closes[end] - p.closes[end-p.fast]
	p.slowSum += p.closes[end] - p.closes[end-p.slow]
	return end + 1
}

// ride marks the position to every close from bar i on, as long as the close
// before gives the signal. It returns the bar at which to sell, or the number of
// bars.
//
// A mark is the cash times price over price, never a number of units times a
// price: an asset that stands still must not seem to move in the last digit.
func (p *position) ride(i int) int {
	closes, equity := p.closes[i:], p.equity[i:]
	leftFast, leftSlow := p.closes[i-p.fast:], p.closes[i-p.slow:]
	equity, leftFast, leftSlow = equity[:len(closes)], leftFast[:len(closes)], leftSlow[:len(closes)]
	fastSum, slowSum, ratio, cash, price := p.fastSum, p.slowSum, p.ratio, p.cash, p.price
	n := len(closes)
	for k, x := range closes {
		if !(fastSum*ratio > slowSum) {
			n = k
			break
		}
		equity[k] = float64(cash * (x / price))
		fastSum += x - leftFast[k]
		slowSum += x - leftSlow[k]
	}
	p.fastSum, p.slowSum = fastSum, slowSum
	return i + n
}
