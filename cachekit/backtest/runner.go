package backtest

import (
	"context"
	"fmt"
	"time"

	"github.com/bmadventure/optcache/cachekit/bundle"
)

// A Runner runs strategies over all assets of a bundle. It keeps its buffers
// from run to run, so that a trial allocates nothing once they have grown. The
// zero value is ready. A Runner must not be used concurrently: give one to each worker.
type Runner struct {
	equity    []float64 // of the asset at hand
	portfolio []float64 // sum over the assets, on the timeline
}

// Run runs c on every asset of bars, in their order, and returns the metrics of
// the portfolio that gave each asset an equal part of the capital. If visit is
// not nil it is called for each asset with its metrics and its equity at the
// close of each of its bars; the curve is overwritten by the next asset. Whether
// there is a visit makes no difference to the result.
//
// Bars must have the fields Open and Close. Run fails where [Crossover.Run] does,
// if there are no bars, and if ctx is done, which is looked at before each asset;
// visit may have been called before.
func (r *Runner) Run(ctx context.Context, bars *bundle.Bars, c Crossover, visit func(asset int, m Metrics, equity []float64)) (Metrics, error) {
	if err := c.Validate(); err != nil {
		return Metrics{}, err
	}
	assets := len(bars.Assets())
	if assets == 0 {
		return Metrics{}, fmt.Errorf("%v: there are no bars: choose assets and a window that have some", c)
	}
	r.equity = resize(r.equity, bars.Longest())
	r.portfolio = resize(r.portfolio, len(bars.Timeline()))
	clear(r.portfolio)
	periods := bars.PeriodsPerYear()

	var all trades
	for i := range assets {
		if err := ctx.Err(); err != nil {
			return Metrics{}, fmt.Errorf("%v: stopped after %d of %d assets: %w", c, i, assets, context.Cause(ctx))
		}
		g := bars.Group(i)
		equity := r.equity[:len(g.Times)]
		curve, trades, err := c.trade(g, equity)
		if err != nil {
			return Metrics{}, err
		}
		all.merge(trades)
		invest(r.portfolio, g, equity)
		if visit != nil {
			visit(i, measure(curve, trades, periods), equity)
		}
	}
	for i := range r.portfolio {
		r.portfolio[i] /= float64(assets)
	}
	curve := startCurve(len(r.portfolio))
	curve.extend(r.portfolio)
	return measure(curve, all, periods), nil
}

// invest adds the equity of one asset to the sum over all, at every time: 1
// before its first bar, the last equity where it has no bar.
func invest(sum []float64, g bundle.Group, equity []float64) {
	addAll(sum[:g.Start], 1)
	if g.Slots == nil {
		traded := sum[g.Start : g.Start+len(equity)]
		for i, e := range equity {
			traded[i] += e
		}
		addAll(sum[g.Start+len(equity):], equity[len(equity)-1])
		return
	}
	for i, e := range equity {
		until := len(sum)
		if i+1 < len(equity) {
			until = int(g.Slots[i+1])
		}
		addAll(sum[g.Slots[i]:until], e)
	}
}

func addAll(s []float64, x float64) {
	for i := range s {
		s[i] += x
	}
}

// resize returns a slice of n numbers, s itself if it is long enough.
func resize(s []float64, n int) []float64 {
	if cap(s) < n {
		return make([]float64, n)
	}
	return s[:n]
}

// priceError says which price of which bar is wrong.
func priceError(c Crossover, g bundle.Group, bar int, field string, price float64) error {
	return fmt.Errorf("%v on %s: %s of the bar at %s is %v: must be a positive number: correct the source and ingest it again",
		c, g.Asset.Symbol, field, time.Unix(0, g.Times[bar]).UTC().Format(time.RFC3339), price)
}
