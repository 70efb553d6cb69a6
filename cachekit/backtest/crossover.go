package backtest

import (
	"fmt"
	"math"

	"github.com/bmadventure/optcache/cachekit/bundle"
)

// A Crossover is the parameters of a long/flat moving-average crossover: hold
// the asset while the average of its last Fast closes is above that of its last
// Slow closes, hold cash otherwise.
//
// The signal is read at a close and filled at the open of the next bar, so the
// close of the last bar fills nothing. There is no signal before Slow closes are
// there. Averages that are equal on paper differ in their last digits with the
// order of summation: fast is above slow only if it is so by more than one part
// in 10^12.
type Crossover struct {
	// Fast and Slow are the lengths of the windows in bars, 1 <= Fast < Slow.
	Fast, Slow int

	// CostBps is the cost of a fill in basis points (1/10,000) of the traded
	// value, at least 0 and below 10,000. A purchase pays it out of the same
	// cash, so cash C buys assets for C / (1 + CostBps/10,000).
	CostBps float64
}

// Validate returns an error that names the first parameter out of range.
func (c Crossover) Validate() error {
	switch {
	case c.Fast < 1:
		return fmt.Errorf("%v: fast window %d: must be at least 1 bar", c, c.Fast)
	case c.Slow <= c.Fast:
		return fmt.Errorf("%v: slow window %d: must be longer than the fast window, %d bars", c, c.Slow, c.Fast)
	case !(c.CostBps >= 0 && c.CostBps < bps):
		return fmt.Errorf("%v: cost of %v basis points: must be at least 0 and below %d", c, c.CostBps, bps)
	}
	return nil
}

// String returns "crossover fast/slow", with the cost where there is one.
func (c Crossover) String() string {
	if c.CostBps == 0 {
		return fmt.Sprintf("crossover %d/%d", c.Fast, c.Slow)
	}
	return fmt.Sprintf("crossover %d/%d at %v bps", c.Fast, c.Slow, c.CostBps)
}

// Run trades one asset and returns its metrics. It writes the equity at the
// close of every bar to equity[:len(g.Times)], starting from an equity of 1
// before the first bar; equity must be at least that long. It allocates nothing
// unless it fails, and may be called concurrently with different buffers.
//
// It fails if c is not valid, if the group lacks Open or Close, and, naming the
// bar, at the first open or close that is not a positive finite number.
func (c Crossover) Run(g bundle.Group, periodsPerYear float64, equity []float64) (Metrics, error) {
	if err := c.Validate(); err != nil {
		return Metrics{}, err
	}
	curve, trades, err := c.trade(g, equity[:len(g.Times)])
	if err != nil {
		return Metrics{}, err
	}
	return measure(curve, trades, periodsPerYear), nil
}

const bps = 10_000

// tie is how far the fast average must be above the slow one: less than any two
// averages of prices in cents differ, more than rounding amounts to.
const tie = 1e-12

// trade runs the strategy on one asset, alternating between flat and long.
func (c Crossover) trade(g bundle.Group, equity []float64) (curve, trades, error) {
	if err := c.checkPrices(g); err != nil {
		return curve{}, trades{}, err
	}
	p := position{
		opens: g.Open, closes: g.Close, equity: equity,
		averages: newAverages(g.Close, c),
		curve:    startCurve(),
		cash:     1,
		buying:   1 + c.CostBps/bps,
		selling:  1 - c.CostBps/bps,
	}
	i := min(c.Slow, len(equity))
	fill(equity[:i], 1)
	for i < len(equity) {
		i = p.wait(i)
		if i == len(equity) {
			break
		}
		i = p.hold(i)
	}
	p.curve.points = len(equity)
	return p.curve, p.trades, nil
}

// averages are the two moving averages as rolling sums up to the previous bar.
type averages struct {
	fast, slow       int
	fastSum, slowSum float64
	ratio            float64 // fastSum*ratio > slowSum says that fast is above slow
}

func newAverages(closes []float64, c Crossover) averages {
	a := averages{fast: c.Fast, slow: c.Slow, ratio: float64(c.Slow) / float64(c.Fast) * (1 - tie)}
	for i, x := range closes[:min(c.Slow, len(closes))] {
		a.slowSum += x
		if i >= c.Slow-c.Fast {
			a.fastSum += x
		}
	}
	return a
}

// A position is the state of one run.
type position struct {
	opens, closes, equity []float64
	averages
	curve           curve
	trades          trades
	cash            float64 // equity while flat
	price           float64 // for which the asset was bought, costs included
	buying, selling float64 // what a fill makes of an open price
}

// wait stays flat from bar i on, until the close before a bar gives the signal.
// It returns that bar, or the number of bars.
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
	p.cash = paid * (float64(p.opens[end]*p.selling) / p.price)
	p.equity[end] = p.cash
	p.curve.extend(p.equity[i : end+1])
	p.trades.add(p.cash - paid)
	p.fastSum += p.closes[end] - p.closes[end-p.fast]
	p.slowSum += p.closes[end] - p.closes[end-p.slow]
	return end + 1
}

// ride marks the position to every close from bar i on, as long as the close
// before gives the signal. It returns the bar at which to sell, or the number of
// bars. A mark is the cash times price over price, never a number of shares times
// a price: an asset that stands still must not seem to move in the last digit.
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
		equity[k] = cash * (x / price)
		fastSum += x - leftFast[k]
		slowSum += x - leftSlow[k]
	}
	p.fastSum, p.slowSum = fastSum, slowSum
	return i + n
}

func fill(s []float64, x float64) {
	for i := range s {
		s[i] = x
	}
}

// isPrice reports whether x is positive and finite: such numbers have the bits
// 1 to those below +Inf.
func isPrice(x float64) bool {
	const infinite = 0x7FF << 52
	return math.Float64bits(x)-1 < infinite-1
}

// checkPrices returns an error for the first bar whose open or close is no price.
// It reads ahead what the run then finds in the processor's cache: the few opens
// at which orders are filled would otherwise cost a miss each.
func (c Crossover) checkPrices(g bundle.Group) error {
	if len(g.Close) != len(g.Times) || len(g.Open) != len(g.Times) {
		return fmt.Errorf("%v on %s: the bars were read without open or close: read both fields", c, g.Asset.Symbol)
	}
	opens := g.Open[:len(g.Close)]
	for i, x := range g.Close {
		if !isPrice(x) {
			return priceError(c, g, i, "close", x)
		}
		if !isPrice(opens[i]) {
			return priceError(c, g, i, "open", opens[i])
		}
	}
	return nil
}
