package backtest

import (
	"math"
)

// A tape is one asset as all trials see it.
type tape struct {
	opens, closes []float64

	// measured says that the metrics of the asset itself are wanted, and not just
	// its trades and its equity.
	measured bool

	// legs, if not nil, are those of the bars at hand. Without them an account
	// looks at the bars of a position one by one, and finds the same.
	legs *legTable

	// equity, if not nil, takes the equity at the close of the bars from on. It
	// is added to what is there if add is set.
	equity []float64
	from   int
	add    bool
}

// An account is the state of one trial on one asset: it holds either cash or
// the asset.
type account struct {
	buying, selling float64 // what a fill makes of an open price
	cash            float64 // equity in cash, or before the purchase
	held, due       bool    // whether it holds the asset; whether the next open fills an order
	entry           int     // the bar of the purchase
	price           float64 // of the purchase with its cost

	run                    extent  // of the position
	sum, squares, downside float64 // of all returns so far, downside as in leg
	peak                   float64 // highest equity before the position
	worst                  float64 // smallest quotient of the equity and an earlier peak
	trades                 trades
}

// open returns an account with an equity of 1, for a strategy of that cost.
func open(cost float64) account {
	return account{buying: 1 + cost/bps, selling: 1 - cost/bps, cash: 1, peak: 1, worst: 1}
}

// trade goes through the bars that w has signals for, which follow those before.
func (a *account) trade(t *tape, w *Signals) {
	at := w.from
	if a.due {
		a.fill(t, at)
	}
	for at < w.to {
		wanted := w.entries
		if a.held {
			wanted = w.exits
		}
		signal := w.next(wanted, at)
		end := min(signal+1, w.to)
		a.pass(t, at, end)
		at, a.due = end, signal < w.to
		if a.due && at < w.to {
			a.fill(t, at)
		}
	}
}

// fill buys or sells at the open of bar i.
func (a *account) fill(t *tape, i int) {
	a.due = false
	if !a.held {
		a.held, a.entry, a.price = true, i, t.opens[i]*a.buying
		return
	}
	price := t.opens[i] * a.selling
	cash := float64(a.cash * (price / a.price))
	if t.measured {
		a.addReturn(price/t.closes[i-1] - 1)
		a.settle()
		a.worst = min(a.worst, cash/a.peak)
		a.peak = max(a.peak, cash)
	}
	a.trades.add(cash - a.cash)
	a.held, a.cash = false, cash
}

// pass goes over the bars x to y-1, x < y, at which nothing is filled any more.
func (a *account) pass(t *tape, x, y int) {
	if t.equity != nil {
		a.mark(t.equity[x-t.from:y-t.from], t.closes[x:y], t.add)
	}
	if !a.held || !t.measured {
		return
	}
	if x == a.entry {
		price := t.closes[x]
		a.run = at(price)
		a.addReturn(price/a.price - 1)
		x++
	}
	if t.legs == nil {
		for ; x < y; x = legEnd(x) {
			l := scan(t.closes, x, min(y, legEnd(x)))
			a.join(&l)
		}
		return
	}
	a.look(t, x, y)
}

// look joins the legs of the bars x to y-1 to the position, by the table.
func (a *account) look(t *tape, x, y int) {
	end := legEnd(x)
	if y < end {
		if x < y {
			l := scan(t.closes, x, y)
			a.join(&l)
		}
		return
	}
	ends := t.legs.ends
	run, sum, squares, downside := a.run, a.sum, a.squares, a.downside
	for x -= t.legs.from; end <= y; end += legBars {
		l := &ends[x]
		sum += l.sum
		squares += l.squares
		downside += l.downside
		run = run.then(l.extent)
		x = end - t.legs.from
	}
	a.run, a.sum, a.squares, a.downside = run, sum, squares, downside
	if end -= legBars; end < y {
		a.join(&t.legs.begins[y-1-t.legs.from])
	}
}

// mark writes the equity at some closes.
//
// A mark is the cash times price over price, never a number of units times a
// price: an asset that stands still must not seem to move in the last digit.
func (a *account) mark(equity, closes []float64, add bool) {
	cash, price := a.cash, a.price
	closes = closes[:len(equity)]
	switch {
	case !a.held && add:
		addAll(equity, cash)
	case !a.held:
		for i := range equity {
			equity[i] = cash
		}
	case add:
		for i, x := range closes {
			equity[i] += float64(cash * (x / price))
		}
	default:
		for i, x := range closes {
			equity[i] = float64(cash * (x / price))
		}
	}
}

// join adds a leg to the position.
func (a *account) join(l *leg) {
	a.sum += l.sum
	a.squares += l.squares
	a.downside += l.downside
	a.run = a.run.then(l.extent)
}

// addReturn adds the return of a bar at which the asset was bought or sold.
func (a *account) addReturn(r float64) {
	down := min(r, 0)
	a.sum += r
	a.squares += float64(r * r)
	a.downside += float64(4 * float64(down*down))
}

// settle finds the deepest drawdown among the closes of the position and the
// highest equity. Two closes of one position are compared as prices, a close with
// what was before the position as equities.
func (a *account) settle() {
	fall, low, high := math.Float64frombits(a.run.fall), math.Float64frombits(a.run.low), math.Float64frombits(a.run.high)
	a.worst = min(a.worst, fall, float64(a.cash*(low/a.price))/a.peak)
	a.peak = max(a.peak, float64(a.cash*(high/a.price)))
}

// equity returns the equity at the close of bar i, which was the last to be passed.
func (a *account) equity(t *tape, i int) float64 {
	if !a.held {
		return a.cash
	}
	return float64(a.cash * (t.closes[i] / a.price))
}

// close ends the account after the last bar and returns what came of it.
func (a *account) close(t *tape) (summary, trades) {
	last := a.equity(t, len(t.closes)-1)
	if a.held {
		a.trades.add(last - a.cash)
		if t.measured {
			a.settle()
		}
	}
	return summary{len(t.closes), last, a.sum, a.squares, a.downside, a.worst}, a.trades
}
