package backtest

import (
	"context"
	"errors"
	"fmt"

	"github.com/bmadventure/optcache/cachekit/bundle"
)

// A Runner runs strategies over all assets of a bundle. It keeps its buffers
// from run to run, so that a trial allocates nothing once they have grown. The
// zero value is ready. A Runner must not be used concurrently: give one to each worker.
type Runner struct {
	// Series, if not nil, returns a derived series of an asset, which is shared
	// and read-only: [Series.Fill] computes what it must hold. Where it is nil the
	// runner computes every series that a run or a batch needs.
	Series func(ctx context.Context, g bundle.Group, s Series) ([]float64, error)

	equity    []float64 // of the asset at hand
	portfolio []float64 // sum over the assets, on the timeline, for each trial
	series    []Series  // that the trials read, each once
	places    []int     // of the series of each trial among them
	starts    []int     // of each trial's places
	index     map[Series]int
	computed  [][]float64 // room for those that the runner computes
	columns   [][]float64 // of the asset at hand, for each of the series
	block     BarData
	signals   Signals
	tape      tape
	legs      legTable
	accounts  []account
	all       []trades // of each trial, over the assets
	single    [1]Strategy
}

// Run runs s on every asset of bars, in their order, and returns the metrics of
// the portfolio that gave each asset an equal part of the capital; of one asset,
// its own. If visit is not nil it is called for each asset with its metrics and
// its equity at the close of each of its bars; the curve is overwritten by the
// next asset. Whether there is a visit makes no difference to the result.
//
// Bars must have the columns that [Fields] names. Run fails if s is not valid or
// there are no bars, naming the bar at the first open or close that is not a
// positive finite number, and if ctx is done, which is looked at before each
// asset; visit may have been called before.
func (r *Runner) Run(ctx context.Context, bars *bundle.Bars, s Strategy, visit func(asset int, m Metrics, equity []float64)) (Metrics, error) {
	if err := r.prepare(s); err != nil {
		return Metrics{}, err
	}
	assets := len(bars.Assets())
	if assets == 0 {
		return Metrics{}, noBars(s)
	}
	r.equity = resize(r.equity, bars.Longest())
	r.portfolio = resize(r.portfolio, len(bars.Timeline()))
	clear(r.portfolio)
	periods := bars.PeriodsPerYear()

	var all trades
	for i := range assets {
		if err := ctx.Err(); err != nil {
			return Metrics{}, stopped(ctx, s, i, assets)
		}
		g := bars.Group(i)
		equity := r.equity[:len(g.Times)]
		sum, trades, err := r.runAsset(ctx, s, g, equity, visit != nil || assets == 1)
		if err != nil {
			return Metrics{}, err
		}
		if visit != nil {
			visit(i, measure(sum, trades, periods), equity)
		}
		if assets == 1 {
			return measure(sum, trades, periods), nil
		}
		all.merge(trades)
		invest(r.portfolio, g, 0, equity)
	}
	return measurePortfolio(r.portfolio, assets, all, periods), nil
}

// RunAsset runs s on one asset and returns its metrics. It writes the equity at
// the close of every bar to equity[:len(g.Times)], which must be that long. It
// fails where [Runner.Run] does.
func (r *Runner) RunAsset(ctx context.Context, s Strategy, g bundle.Group, periodsPerYear float64, equity []float64) (Metrics, error) {
	if err := r.prepare(s); err != nil {
		return Metrics{}, err
	}
	if len(g.Times) == 0 {
		return Metrics{}, noBars(s)
	}
	sum, trades, err := r.runAsset(ctx, s, g, equity[:len(g.Times)], true)
	if err != nil {
		return Metrics{}, err
	}
	return measure(sum, trades, periodsPerYear), nil
}

// RunFrom runs s on one asset for someone who begins to trade at bar from and knows
// the bars before it: the account is in cash until then, and what s would hold by
// then, had it traded all along, is bought at the open of bar from and pays its
// cost. So every account that is opened in the middle of the bars stands on its own.
//
// It writes the equity at the close of bar i, from <= i, to equity[i-from], which
// has room for all of them. It fails where [Runner.Run] does.
func (r *Runner) RunFrom(ctx context.Context, s Strategy, g bundle.Group, from int, equity []float64) error {
	if err := r.prepare(s); err != nil {
		return err
	}
	n := len(g.Times)
	if from < 0 || from >= n {
		return fmt.Errorf("%v from bar %d of %d: begin at a bar that there is", s, from, n)
	}
	if err := r.load(ctx, s, g); err != nil {
		return err
	}
	r.tape = tape{opens: g.Open, closes: g.Close}
	before := open(s.Cost())
	if from > 0 {
		r.decide(s, 0, g, 0, from)
		before.trade(&r.tape, &r.signals)
	}
	r.tape.equity, r.tape.from = equity[:n-from], from
	account := open(s.Cost())
	account.due = before.held != before.due
	r.decide(s, 0, g, from, n)
	account.trade(&r.tape, &r.signals)
	return nil
}

// prepare validates s and notes its series.
func (r *Runner) prepare(s Strategy) error {
	r.single[0] = s
	return r.prepareAll(r.single[:])
}

// prepareAll validates the strategies and notes the series of each.
func (r *Runner) prepareAll(strategies []Strategy) error {
	if r.index == nil {
		r.index = make(map[Series]int)
	}
	clear(r.index)
	r.series, r.places, r.starts = r.series[:0], r.places[:0], append(r.starts[:0], 0)
	for _, s := range strategies {
		if err := validate(s); err != nil {
			return err
		}
		first := len(r.series)
		r.series = s.Series(r.series)
		own := r.series[first:]
		r.series = r.series[:first]
		for _, x := range own {
			at, ok := r.index[x]
			if !ok {
				at = len(r.series)
				r.index[x], r.series = at, append(r.series, x)
			}
			r.places = append(r.places, at)
		}
		r.starts = append(r.starts, len(r.places))
	}
	return nil
}

// runAsset is a run over one asset, all bars at once.
func (r *Runner) runAsset(ctx context.Context, s Strategy, g bundle.Group, equity []float64, measured bool) (summary, trades, error) {
	if err := r.load(ctx, s, g); err != nil {
		return summary{}, trades{}, err
	}
	r.tape = tape{opens: g.Open, closes: g.Close, measured: measured, equity: equity}
	account := open(s.Cost())
	r.decide(s, 0, g, 0, len(g.Times))
	account.trade(&r.tape, &r.signals)
	sum, trades := account.close(&r.tape)
	return sum, trades, nil
}

// load checks the prices of an asset and gets its series. s stands for all
// strategies in errors.
func (r *Runner) load(ctx context.Context, s Strategy, g bundle.Group) error {
	if err := checkPrices(s, g); err != nil {
		return err
	}
	r.columns = r.columns[:0]
	for i, x := range r.series {
		column, err := r.column(ctx, i, g, x)
		if err == nil && len(column) != len(g.Times) {
			err = fmt.Errorf("the column has %d values for %d bars: return one for each", len(column), len(g.Times))
		}
		if err != nil {
			return fmt.Errorf("%v on %s: %v: %w", s, g.Asset.Symbol, x, err)
		}
		r.columns = append(r.columns, column)
	}
	return nil
}

// column returns series number i.
func (r *Runner) column(ctx context.Context, i int, g bundle.Group, x Series) ([]float64, error) {
	if r.Series != nil {
		return r.Series(ctx, g, x)
	}
	for len(r.computed) <= i {
		r.computed = append(r.computed, nil)
	}
	r.computed[i] = resize(r.computed[i], len(g.Times))
	return r.computed[i], x.Fill(r.computed[i], g)
}

// decide asks a strategy, of that number in the batch, for its signals.
func (r *Runner) decide(s Strategy, trial int, g bundle.Group, from, to int) {
	b := &r.block
	b.From, b.To = from, to
	b.Open, b.High, b.Low, b.Close, b.Volume = cut(g.Open, to), cut(g.High, to), cut(g.Low, to), cut(g.Close, to), cut(g.Volume, to)
	b.Series = b.Series[:0]
	for _, at := range r.places[r.starts[trial]:r.starts[trial+1]] {
		b.Series = append(b.Series, r.columns[at][:to:to])
	}
	r.signals.reset(from, to)
	s.Decide(b, &r.signals)
}

// cut returns the first n elements, or nil.
func cut(s []float64, n int) []float64 {
	if s == nil {
		return nil
	}
	return s[:n:n]
}

// resize returns a slice of n elements, s itself if it is long enough.
func resize[E any](s []E, n int) []E {
	if cap(s) < n {
		return make([]E, n)
	}
	return s[:n]
}

func noBars(s Strategy) error {
	return fmt.Errorf("%v: there are no bars: choose assets and a window that have some", s)
}

func stopped(ctx context.Context, s Strategy, done, assets int) error {
	return fmt.Errorf("%v: stopped after %d of %d assets: %w", s, done, assets, context.Cause(ctx))
}

var errResults = errors.New("run a batch: there must be as many results as strategies")
