// Package backtest answers one question: what would this strategy have made of
// these bars? Grouped bars go in, an equity curve and its [Metrics] come out,
// for every asset and for the portfolio of all of them.
//
// # Strategies
//
// A [Strategy] is a struct of parameters with a few methods, of which Decide is
// the one that matters: a function of the columns of an asset that signals to buy
// or to sell at some closes. [Crossover], [Momentum], [Reversion] and [Breakout]
// are here; package optimize has an example of one more. The columns are those of
// the bars and derived series: an [Indicator], such as [SMA], with a length.
//
// A [Runner] runs one trial ([Runner.Run]) or a batch of them ([Runner.RunBatch]).
// The results are equal to the last bit; a batch does what its trials have in
// common once.
//
// # How trading is modelled
//
// An account starts with an equity of 1 before the first bar. It holds either
// cash, which earns nothing, or the asset, for all that it has: fractions of a
// unit can be bought, nothing is lent or sold short. A strategy decides at the
// close of a bar, having seen that close and nothing later; its order is filled
// at the open of the next bar, for a cost in basis points of the traded value.
// The equity of a bar is the account at its close. A position that is open after
// the last bar stays open and is marked to the last close.
//
// Prices are taken as they are in the bars: splits and dividends are not
// applied. Every open and close must be positive and finite, or the run fails
// and names the bar.
//
// # How it is measured
//
// The return of a bar is its equity divided by the equity before it, less 1. The
// first bar has one too, against the starting equity of 1, so that n bars have n
// returns; no position can be open on the first bar, so this one is 0. The
// metrics follow the definitions of empyrical 0.5 with a risk-free rate and a
// required return of 0. Bars a year follow from the bars: 252 for daily bars of a
// market of five weekdays, 365 of one that never closes, 52 for weekly bars, and so
// on (see [bundle.Bars.Calendar]).
//
// On paper those of a position are the returns of the asset, and that is how they
// are computed: close by close before, the first close by the price paid, the
// price got by the last close. They are added up in blocks of 16 bars. Likewise
// the drawdown between two closes of one position is that of the closes. So what a
// position earns depends on its first and last bar alone, and every trial that
// holds the asset over a block of bars can look up the same sums.
//
// A trade is a purchase with the sale that ends it. A position that is still
// open after the last bar counts as a trade too, with the profit that its last
// mark shows and without the cost of a sale.
//
// # The portfolio
//
// Every asset gets an equal part of the capital at the start and keeps it: there
// is no rebalancing. The part of an asset is cash before its first bar and stays
// at its last equity where it has no bar: in gaps and after its last one. The
// metrics of the portfolio are those of the sum of the parts over
// [bundle.Bars.Timeline]; its trades are those of all assets together. The
// portfolio of one asset is that asset.
//
// # The same answer everywhere
//
// Results depend on the bars and the parameters alone, to the last bit: sums
// have one order, products are rounded before they are
// added, powers come from arithmetic that is the same on every processor, and a
// metric that is not a number always is the same NaN.
package backtest
