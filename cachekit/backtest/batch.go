package backtest

import (
	"context"

	"github.com/bmadventure/optcache/cachekit/bundle"
)

// blockBars is how many bars of one asset all trials of a batch pass before the
// next: a multiple of 64, for the signals, and of [legBars]. The columns and legs of
// a block then stay in the processor's second cache for all trials.
const blockBars = 1024

// RunBatch runs several strategies, each as [Runner.Run] would without a visit,
// and puts the metrics of strategies[i] into results[i]: the same to the last bit,
// many times faster. Every series is asked for once for the batch; the asset's
// bars are read once; and what the metrics need to know of its returns is worked
// out once, and then looked up by the trials for whole stretches of bars.
//
// If visit is not nil it is called with the metrics of every asset in every trial,
// asset by asset. RunBatch fails where Run does for one of the strategies; then
// the results mean nothing.
func (r *Runner) RunBatch(ctx context.Context, bars *bundle.Bars, strategies []Strategy, results []Metrics, visit func(trial, asset int, m Metrics)) error {
	if len(results) != len(strategies) {
		return errResults
	}
	if len(strategies) == 0 {
		return nil
	}
	if err := r.prepareAll(strategies); err != nil {
		return err
	}
	b := batch{Runner: r, bars: bars, strategies: strategies, assets: len(bars.Assets()), periods: bars.PeriodsPerYear()}
	if b.assets == 0 {
		return noBars(strategies[0])
	}
	b.begin()
	r.tape = tape{measured: visit != nil || b.assets == 1}
	for asset := range b.assets {
		if err := b.trade(ctx, asset); err != nil {
			return err
		}
		b.close(asset, results, visit)
	}
	if b.assets > 1 {
		for trial := range results {
			results[trial] = measurePortfolio(b.sum(trial), b.assets, r.all[trial], b.periods)
		}
	}
	return nil
}

// A batch is one call of RunBatch.
type batch struct {
	*Runner
	bars       *bundle.Bars
	strategies []Strategy
	assets     int
	periods    float64
}

// begin makes room for the trials.
func (b *batch) begin() {
	n := len(b.strategies)
	b.accounts, b.all = resize(b.accounts, n), resize(b.all, n)
	clear(b.all)
	if b.assets > 1 {
		b.equity = resize(b.equity, blockBars)
		b.portfolio = resize(b.portfolio, n*len(b.bars.Timeline()))
		clear(b.portfolio)
	}
}

// sum returns the sum over the assets of one trial.
func (b *batch) sum(trial int) []float64 {
	n := len(b.bars.Timeline())
	return b.portfolio[trial*n : (trial+1)*n]
}

// trade runs all trials on one asset, block by block.
func (b *batch) trade(ctx context.Context, asset int) error {
	g := b.bars.Group(asset)
	if err := b.load(ctx, b.strategies[0], g); err != nil {
		return err
	}
	for i, s := range b.strategies {
		b.accounts[i] = open(s.Cost())
	}
	t := &b.tape
	t.opens, t.closes = g.Open, g.Close
	for from := 0; from < len(g.Times); from += blockBars {
		if err := ctx.Err(); err != nil {
			return stopped(ctx, b.strategies[0], asset, b.assets)
		}
		to := min(from+blockBars, len(g.Times))
		if t.measured {
			b.legs.fill(g.Close, from, to)
			t.legs = &b.legs
		}
		for trial, s := range b.strategies {
			b.decide(s, trial, g, from, to)
			if b.assets == 1 {
				b.accounts[trial].trade(t, &b.signals)
			} else {
				b.tradeInto(b.sum(trial), &b.accounts[trial], g)
			}
		}
	}
	return nil
}

// tradeInto trades the bars that there are signals for and adds the equity to the
// sum over the assets: at once, if they are neighbours on the timeline.
func (b *batch) tradeInto(sum []float64, a *account, g bundle.Group) {
	t, from, to := &b.tape, b.signals.from, b.signals.to
	t.from, t.add = from, g.Slots == nil
	if t.add {
		t.equity = sum[g.Start+from : g.Start+to]
		a.trade(t, &b.signals)
		investAround(sum, g, from, to, a.equity(t, to-1))
		return
	}
	t.equity = b.equity[:to-from]
	a.trade(t, &b.signals)
	invest(sum, g, from, t.equity)
}

// close closes the accounts of one asset.
func (b *batch) close(asset int, results []Metrics, visit func(trial, asset int, m Metrics)) {
	for trial := range b.accounts {
		sum, trades := b.accounts[trial].close(&b.tape)
		b.all[trial].merge(trades)
		if !b.tape.measured {
			continue
		}
		m := measure(sum, trades, b.periods)
		if visit != nil {
			visit(trial, asset, m)
		}
		if b.assets == 1 {
			results[trial] = m
		}
	}
}
