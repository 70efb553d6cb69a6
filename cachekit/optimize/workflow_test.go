package optimize_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/bmadventure/optcache/cachekit/backtest"
	"github.com/bmadventure/optcache/cachekit/bundle"
	"github.com/bmadventure/optcache/cachekit/internal/testbed"
	"github.com/bmadventure/optcache/cachekit/market"
	"github.com/bmadventure/optcache/cachekit/optimize"
	"github.com/bmadventure/optcache/cachekit/optimize/record"
	"github.com/bmadventure/optcache/cachekit/optimize/robust"
	"github.com/bmadventure/optcache/cachekit/optimize/walk"
	"github.com/bmadventure/optcache/cachekit/search"
	"github.com/bmadventure/optcache/policy"
	propertytest "github.com/bmadventure/optcache/property_test"
)

// A market of a case: a bundle in a store, and the seed of all else that is
// chosen at random, so that every configuration has the same.
type wares struct {
	store *bundle.Store
	seed  uint64
}

// unevenSeries makes daily bars of a few assets: with gaps, of unequal lengths, of
// prices that never change, of one bar.
func unevenSeries(r *rand.Rand, assets, days int) []bundle.Series {
	var all []bundle.Series
	for a := range assets {
		s := bundle.Series{Symbol: fmt.Sprintf("S%02d", a)}
		price, still := 50+float64(50*r.Float64()), r.IntN(5) == 0
		from, to := r.IntN(1+days/3), days-r.IntN(1+days/3)
		if r.IntN(6) == 0 {
			to = from + 1
		}
		for d := from; d < max(to, from+1); d++ {
			if d > from && r.IntN(8) == 0 {
				continue
			}
			open := price
			if !still {
				open *= 0.98 + float64(0.04*r.Float64())
				price = open * (0.97 + float64(0.061*r.Float64()))
			}
			s.Times = append(s.Times, time.Date(2019, 12, 1+d, 0, 0, 0, 0, time.UTC).UnixNano())
			s.Open, s.Close = append(s.Open, open), append(s.Close, price)
			s.High, s.Low = append(s.High, max(open, price)), append(s.Low, min(open, price))
			s.Volume = append(s.Volume, float64(r.IntN(1000)))
		}
		all = append(all, s)
	}
	return all
}

// A rule is the parameters of a strategy of any kind. Some of them are invalid.
type rule struct {
	Kind        string
	Short, Long int
	Cut         float64
}

func (p rule) strategy() backtest.Strategy {
	switch p.Kind {
	case "momentum":
		return &backtest.Momentum{Window: p.Short, Threshold: p.Cut / 100, CostBps: 5}
	case "reversion":
		return &backtest.Reversion{Window: 1 + p.Short, Entry: -0.2 - p.Cut, Exit: p.Cut}
	case "breakout":
		return &backtest.Breakout{Entry: p.Short, Exit: p.Long, CostBps: 1}
	}
	return &backtest.Crossover{Fast: p.Short, Slow: p.Long, CostBps: 10}
}

// spaceOfRules returns a space of one kind of strategy or several, with axes of
// random lengths, one that exists for some kinds alone, and a constraint or none.
func spaceOfRules(r *rand.Rand) (*search.Space[rule], error) {
	kinds := []string{"crossover", "momentum", "reversion", "breakout"}
	r.Shuffle(len(kinds), func(i, j int) { kinds[i], kinds[j] = kinds[j], kinds[i] })
	kinds = kinds[:2+r.IntN(3)]
	axes := []search.Axis[rule]{
		search.Choice("kind", func(p *rule) *string { return &p.Kind }, kinds...),
		search.Int("short", 1, 1+r.IntN(9), 1, func(p *rule) *int { return &p.Short }),
		search.Int("long", 2, 5+3*r.IntN(8), 1, func(p *rule) *int { return &p.Long }).
			When(func(p rule) bool { return p.Kind == "crossover" || p.Kind == "breakout" }),
		search.Float("cut", 0.25, 0.25*float64(2+r.IntN(5)), 0.25, func(p *rule) *float64 { return &p.Cut }).
			When(func(p rule) bool { return p.Kind == "momentum" || p.Kind == "reversion" }),
	}
	space, err := search.NewSpace(axes...)
	if err == nil && r.IntN(2) == 0 {
		space = space.Constrain("short < long", func(p rule) bool { return p.Kind != "crossover" || p.Short < p.Long })
	}
	return space, err
}

// A step is a workflow over a view, with random choices from r.
type step func(ctx context.Context, v *optimize.View, r *rand.Rand, o optimize.Options) (any, error)

// flow makes a step the flow from bars in a store to results, in a workspace of the
// configuration, with cold caches.
func flow(t *testing.T, cases int, resumes bool, do step) propertytest.Flow[wares, any] {
	_, err := policy.ByName("?")
	_, names, ok := strings.Cut(err.Error(), "use one of ")
	if !ok {
		t.Fatalf("no names of policies in %v", err)
	}
	if testing.Short() {
		cases = max(8, cases/5)
	}
	return propertytest.Flow[wares, any]{
		Policies: strings.Split(names, ", "), Cases: cases, Cmp: testbed.SameBits, Resumes: resumes,
		Bundle: func(r *rand.Rand, size int) (wares, error) {
			store, err := bundle.OpenStore(t.TempDir())
			if err != nil {
				return wares{}, err
			}
			_, err = store.Write(t.Context(), "b", market.Daily, unevenSeries(r, 1+r.IntN(1+size/25), 1+size))
			return wares{store, r.Uint64()}, err
		},
		Run: func(ctx context.Context, data wares, c propertytest.Config) (any, error) {
			if len(c.Stops) == 0 {
				return attempt(ctx, data, c, do, nil)
			}
			return resumed(ctx, t.TempDir(), data, c, do)
		},
	}
}

// attempt runs a workflow once, with a journal if there is one.
func attempt(ctx context.Context, data wares, c propertytest.Config, do step, j *record.Journal) (result any, err error) {
	w, err := optimize.NewWorkspace(c.Config, data.store)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, w.Close()) }()
	p, err := w.Pin("b")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, p.Close()) }()
	v, err := p.View(bundle.Query{Fields: bundle.OHLCV})
	if err != nil {
		return nil, err
	}
	ctx = context.WithValue(ctx, workspaceOf{}, w)
	return do(ctx, v, rand.New(rand.NewPCG(data.seed, 5)), optimize.Options{Workers: c.Workers, Journal: j, Memo: !c.DisableCaching, AlwaysCache: data.seed%2 == 0})
}

// workspaceOf is what a context knows the workspace of a run by.
type workspaceOf struct{}

// A stop ends a context after some more trials.
type stop struct {
	left atomic.Int64
	end  context.CancelFunc
}

// stopKey is the key of a context's stop.
type stopKey struct{}

// strategyIn returns what makes the strategies of a run, which ends it where it stops.
func strategyIn(ctx context.Context) func(rule) backtest.Strategy {
	s, ok := ctx.Value(stopKey{}).(*stop)
	if !ok {
		return rule.strategy
	}
	return func(p rule) backtest.Strategy {
		if s.left.Add(-1) == 0 {
			s.end()
		}
		return p.strategy()
	}
}

// resumed runs a workflow that is stopped again and again, each time with the last
// bytes of its journal torn off, and then to its end.
func resumed(ctx context.Context, dir string, data wares, c propertytest.Config, do step) (any, error) {
	journal := func(use func(j *record.Journal)) error {
		j, err := record.Open(dir)
		if err != nil {
			return err
		}
		use(j)
		return j.Close()
	}
	for _, trials := range c.Stops {
		err := journal(func(j *record.Journal) {
			s := new(stop)
			s.left.Store(int64(trials))
			stopped, cancel := context.WithCancel(ctx)
			defer cancel()
			s.end = cancel
			attempt(context.WithValue(stopped, stopKey{}, s), data, c, do, j)
		})
		if err != nil {
			return nil, err
		}
		path := filepath.Join(dir, "journal")
		info, err := os.Stat(path)
		if err != nil {
			return nil, err
		}
		if err := os.Truncate(path, max(0, info.Size()-int64(trials*7%50))); err != nil {
			return nil, err
		}
	}
	var result any
	var err error
	closed := journal(func(j *record.Journal) { result, err = attempt(ctx, data, c, do, j) })
	return result, cmp.Or(err, closed)
}

// searchesOf makes the searches by name.
var searchesOf = map[string]func(s *search.Space[rule], n int, o search.Options) (search.Search[rule], error){
	"grid": func(s *search.Space[rule], n int, _ search.Options) (search.Search[rule], error) {
		g, err := search.NewGrid(s, n)
		if err != nil {
			return nil, err
		}
		return search.Enumerate(g), nil
	},
	"random": func(s *search.Space[rule], n int, o search.Options) (search.Search[rule], error) {
		return search.NewRandom(s, n, o)
	},
	"bayesian": func(s *search.Space[rule], n int, o search.Options) (search.Search[rule], error) {
		return search.NewBayesian(s, n, o)
	},
	"genetic": func(s *search.Space[rule], n int, o search.Options) (search.Search[rule], error) {
		return search.NewGenetic(s, n, o)
	},
}

// trialsOf returns workers that run a rule over the bars of the view.
func trialsOf(v *optimize.View) func() optimize.Worker[rule, backtest.Metrics] {
	return func() optimize.Worker[rule, backtest.Metrics] {
		r := backtest.Runner{Series: v.Series()}
		return func(ctx context.Context, p rule) (backtest.Metrics, error) {
			_, bars, err := v.Load(ctx)
			if err != nil {
				return backtest.Metrics{}, err
			}
			return r.Run(ctx, bars, p.strategy(), nil)
		}
	}
}

// searchOf runs the search of that name.
func searchOf(name string) step {
	return func(ctx context.Context, v *optimize.View, r *rand.Rand, o optimize.Options) (any, error) {
		space, err := spaceOfRules(r)
		if err != nil {
			return nil, err
		}
		minimize := r.IntN(2) == 0
		metric := []backtest.Metric{backtest.Sharpe, backtest.TotalReturn, backtest.MaxDrawdown, backtest.WinRate}[r.IntN(4)]
		trials := trialsOf(v)
		s, err := searchesOf[name](space, 1+r.IntN(40), search.Options{Seed: r.Uint64(), Minimize: minimize, Batch: r.IntN(3) * 5})
		if err != nil {
			return nil, err
		}
		objective := func(m backtest.Metrics) float64 { return m.Value(metric) }
		if r.IntN(2) == 0 {
			return optimize.SweepSearch(ctx, v, s, strategyIn(ctx), objective, o)
		}
		return optimize.RunSearch(ctx, s, func() optimize.Worker[rule, backtest.Metrics] {
			return optimize.Recorded(v, strategyIn(ctx), trials(), o)
		}, objective, o)
	}
}

// segments divides what a view shows, which every trial asks for anew.
func segments(ctx context.Context, v *optimize.View, warmup int) (*optimize.Segments, error) {
	bars, err := v.Bars(ctx)
	if err != nil {
		return nil, err
	}
	return optimize.NewSegments(bars, warmup)
}

// walkForward runs a random search over random windows.
func walkForward(anchored bool) step {
	return func(ctx context.Context, v *optimize.View, r *rand.Rand, o optimize.Options) (any, error) {
		space, err := spaceOfRules(r)
		if err != nil {
			return nil, err
		}
		warmup := r.IntN(3) * 7
		s, err := segments(ctx, v, warmup)
		if err != nil {
			return nil, err
		}
		kind, n, seed := slices.Sorted(maps.Keys(searchesOf))[r.IntN(4)], 1+r.IntN(16), r.Uint64()
		strategy := strategyIn(ctx)
		w := walk.Forward[rule]{
			Windows: walk.Windows{
				Train: 4 + r.IntN(12), Validation: r.IntN(2) * (2 + r.IntN(6)), Test: 3 + r.IntN(8), Step: r.IntN(12),
				Anchored: anchored, Purge: r.IntN(3), Embargo: r.IntN(3),
			},
			Sessions: s.Sessions(), PeriodsPerYear: s.PeriodsPerYear(), Space: space,
			Search: func(f walk.Fold) (search.Search[rule], error) {
				return searchesOf[kind](space, n, search.Options{Seed: seed + uint64(f.Number), Batch: 4})
			},
			Backtester: func() optimize.Backtester[rule] {
				return func(ctx context.Context, p rule, span optimize.Span) (backtest.EquityCurve, error) {
					s, err := segments(ctx, v, warmup)
					if err != nil {
						return backtest.EquityCurve{}, err
					}
					return s.Backtester()(ctx, strategy(p), span)
				}
			},
			Key:       func(p rule, span optimize.Span) ([32]byte, error) { return s.Key(p.strategy(), span) },
			Objective: func(p backtest.Performance) float64 { return p.TotalReturn },
			TopK:      r.IntN(4),
			Workspace: ctx.Value(workspaceOf{}).(*optimize.Workspace),
		}
		return w.Run(ctx, o)
	}
}

// returnsOf returns those of a valid random strategy over all sessions.
func returnsOf(ctx context.Context, v *optimize.View, r *rand.Rand) ([]float64, *optimize.Segments, error) {
	s, err := segments(ctx, v, 0)
	if err != nil {
		return nil, nil, err
	}
	p := rule{Kind: []string{"crossover", "momentum"}[r.IntN(2)], Short: 1 + r.IntN(3), Long: 4 + r.IntN(5), Cut: 0.1}
	c, err := s.Backtester()(ctx, p.strategy(), optimize.Span{To: s.Sessions()})
	return c.Returns(), s, err
}

// luck is what the resampling of returns says.
type luck struct {
	Distribution robust.Distribution
	Err          error
}

func resampled(permute bool) step {
	return func(ctx context.Context, v *optimize.View, r *rand.Rand, o optimize.Options) (any, error) {
		returns, s, err := returnsOf(ctx, v, r)
		if err != nil {
			return nil, err
		}
		m := robust.MonteCarlo{Samples: 20 + r.IntN(40), Seed: r.Uint64(), BlockSize: float64(1 + r.IntN(9)), Minimize: r.IntN(2) == 0}
		var all []luck
		for _, metric := range []backtest.Metric{backtest.MaxDrawdown, backtest.Sharpe} {
			take := m.Bootstrap
			if permute {
				take = m.Permute
			}
			d, err := take(ctx, returns, robust.StatisticOf(metric, s.PeriodsPerYear()), o)
			all = append(all, luck{d, err})
		}
		return all, nil
	}
}

func noiseTested(ctx context.Context, v *optimize.View, r *rand.Rand, o optimize.Options) (any, error) {
	_, s, err := returnsOf(ctx, v, r)
	if err != nil {
		return nil, err
	}
	n := robust.Noise{StdDev: 0.001 + 0.1*r.Float64(), Bootstrap: r.IntN(2) == 0, MonteCarlo: robust.MonteCarlo{Samples: 10 + r.IntN(20), Seed: r.Uint64()}}
	from := r.IntN(s.Sessions())
	return n.Test(ctx, s, backtest.Crossover{Fast: 1 + r.IntN(3), Slow: 4 + r.IntN(4)}, optimize.Span{From: from, To: s.Sessions()},
		func(p backtest.Performance) float64 { return p.TotalReturn }, o)
}

func sensitive(ctx context.Context, v *optimize.View, r *rand.Rand, o optimize.Options) (any, error) {
	space, err := spaceOfRules(r)
	if err != nil {
		return nil, err
	}
	base, ok := rule{}, false
	for !ok {
		base, ok = space.At(r.Uint64N(space.Cells()))
	}
	trials, strategy := trialsOf(v), strategyIn(ctx)
	return robust.Sensitivity[rule]{Space: space, Base: base, Points: 1 + r.IntN(4)}.Run(ctx, func() optimize.Worker[rule, float64] {
		run := optimize.Recorded(v, strategy, trials(), o)
		return func(ctx context.Context, p rule) (float64, error) {
			m, err := run(ctx, p)
			return m.TotalReturn, err
		}
	}, o)
}

// overfit is what a whole search says about its winner.
type overfit struct {
	Overfitting robust.Overfitting
	Deflated    robust.DeflatedSharpe
	Errs        [2]error
}

func overfitted(ctx context.Context, v *optimize.View, r *rand.Rand, o optimize.Options) (any, error) {
	s, err := segments(ctx, v, 0)
	if err != nil {
		return nil, err
	}
	var returns [][]float64
	var sharpes []float64
	for range 2 + r.IntN(6) {
		p := rule{Kind: "crossover", Short: 1 + r.IntN(3), Long: 4 + r.IntN(9)}
		c, err := s.Backtester()(ctx, p.strategy(), optimize.Span{To: s.Sessions()})
		if err != nil {
			return nil, err
		}
		returns = append(returns, c.Returns())
		sharpes = append(sharpes, backtest.Measure(c.Returns(), 1).Sharpe)
	}
	var all overfit
	all.Overfitting, all.Errs[0] = robust.MeasureOverfitting(ctx, returns, 2+2*r.IntN(3), o)
	all.Deflated, all.Errs[1] = robust.DeflatedSharpeRatio(returns[0], sharpes)
	return all, nil
}

func swept(ctx context.Context, v *optimize.View, r *rand.Rand, o optimize.Options) (any, error) {
	space, err := spaceOfRules(r)
	if err != nil {
		return nil, err
	}
	g, err := search.NewGrid(space, 1+r.IntN(80))
	if err != nil {
		return nil, err
	}
	return optimize.Sweep(ctx, v, g, strategyIn(ctx), o)
}

// TestWorkflows: whatever a workflow is asked, its results are equal bit for bit
// without caches on one worker, and with caches of any policy in any room, down to
// a single entry, on up to 8; and where a journal keeps them, after it was stopped
// and the end of the journal torn off, again and again.
func TestWorkflows(t *testing.T) {
	for name, w := range map[string]struct {
		cases   int
		resumes bool // from a journal
		do      step
	}{
		"sweep":                 {60, true, swept},
		"search by grid":        {40, true, searchOf("grid")},
		"search at random":      {40, true, searchOf("random")},
		"bayesian search":       {25, true, searchOf("bayesian")},
		"genetic search":        {25, true, searchOf("genetic")},
		"rolling walk-forward":  {25, true, walkForward(false)},
		"anchored walk-forward": {25, true, walkForward(true)},
		"sensitivity":           {25, true, sensitive},
		// The others have nothing to resume: what a journal keeps is the result of a backtest on the bars of a bundle, and
		// these draw samples of returns that are in memory, or backtest noisy bars that are in no bundle. They
		// are begun again, from their seed, and end as they would have.
		"bootstrap":   {25, false, resampled(false)},
		"permutation": {25, false, resampled(true)},
		"noise":       {25, false, noiseTested},
		"overfitting": {25, false, overfitted},
	} {
		t.Run(name, func(t *testing.T) { propertytest.Workflow(t, flow(t, w.cases, w.resumes, w.do)) })
	}
}

// TestWorkflowsWithFaultsAreFound: workflows of this package, each broken in one
// place as such systems are, do not pass.
func TestWorkflowsWithFaultsAreFound(t *testing.T) {
	for name, do := range map[string]step{
		"the key of bars forgets the window":     forgetsTheWindow,
		"the key of results forgets a parameter": forgetsAParameter,
		"a strategy writes to what is shared":    writesToShared,
		"noisy bars under the key of true ones":  noiseFromTheCache,
		"the order of workers adds up":           addsByWorker,
	} {
		t.Run(name, func(t *testing.T) {
			f := flow(t, 300, false, do)
			f.Cases = 300
			var found *propertytest.Failure
			if err := propertytest.CheckWorkflow(t, f); !errors.As(err, &found) {
				t.Fatalf("nothing is noticed: %v", err)
			}
			t.Log(found)
		})
	}
}

// forgetsTheWindow trains on one window and tests on the next, with a cache of
// equity curves that knows the parameters alone.
func forgetsTheWindow(ctx context.Context, v *optimize.View, r *rand.Rand, o optimize.Options) (any, error) {
	s, err := segments(ctx, v, 0)
	if err != nil {
		return nil, err
	}
	if s.Sessions() < 8 {
		return nil, nil
	}
	var mu sync.Mutex
	held := map[rule]backtest.EquityCurve{}
	w := walk.Forward[rule]{
		Windows:  walk.Windows{Train: 4, Test: 3},
		Sessions: s.Sessions(), PeriodsPerYear: s.PeriodsPerYear(),
		Search: func(walk.Fold) (search.Search[rule], error) {
			return search.Enumerate(rules{{"momentum", 1, 0, 0}, {"momentum", 2, 0, 0}}), nil
		},
		Backtester: func() optimize.Backtester[rule] {
			tester := s.Backtester()
			return func(ctx context.Context, p rule, span optimize.Span) (backtest.EquityCurve, error) {
				mu.Lock()
				defer mu.Unlock()
				if c, ok := held[p]; ok && v.Series() != nil {
					return c, nil
				}
				c, err := tester(ctx, p.strategy(), span)
				held[p] = backtest.EquityCurve{Times: c.Times, Equity: slices.Clone(c.Equity)}
				return held[p], err
			}
		},
		Objective: func(p backtest.Performance) float64 { return p.TotalReturn },
	}
	if w.Space, err = search.NewSpace(search.Int("short", 1, 2, 1, func(p *rule) *int { return &p.Short })); err != nil {
		return nil, err
	}
	return w.Run(ctx, o)
}

// forgetsAParameter keeps the results of trials under less than they follow from.
func forgetsAParameter(ctx context.Context, v *optimize.View, _ *rand.Rand, o optimize.Options) (any, error) {
	o.Workers = 1 // else which trial comes first differs too
	trials := trialsOf(v)
	return optimize.Run(ctx, rules{{"momentum", 1, 0, 0}, {"momentum", 2, 0, 0}, {"momentum", 3, 0, 0}}, func() optimize.Worker[rule, backtest.Metrics] {
		return optimize.Recorded(v, func(rule) backtest.Strategy { return backtest.Momentum{Window: 1} }, trials(), o)
	}, o)
}

// rules is the plan of given rules.
type rules []rule

func (l rules) Len() int      { return len(l) }
func (l rules) At(i int) rule { return l[i] }

func writesToShared(ctx context.Context, v *optimize.View, _ *rand.Rand, o optimize.Options) (any, error) {
	o.Workers = 1 // else it is a race too
	return optimize.Sweep(ctx, v, strategies{
		vandal{backtest.Crossover{Fast: 1, Slow: 2}}, vandal{backtest.Crossover{Fast: 1, Slow: 3}}, vandal{backtest.Crossover{Fast: 2, Slow: 3}},
	}, itself, o)
}

// noiseFromTheCache judges a strategy on noisy prices and keeps grouped bars under
// the version of the bundle.
func noiseFromTheCache(ctx context.Context, v *optimize.View, r *rand.Rand, _ optimize.Options) (any, error) {
	bars, err := v.Bars(ctx)
	if err != nil {
		return nil, err
	}
	var held *bundle.Bars
	var gains []float64
	for range 3 {
		rows := bars.Rows()
		for i := range rows {
			rows[i].Open *= 0.9 + 0.2*r.Float64()
		}
		noisy, err := bundle.GroupRows(market.Daily, rows)
		if err != nil {
			return nil, err
		}
		if held == nil || v.Series() == nil {
			held = noisy
		}
		m, err := new(backtest.Runner).Run(ctx, held, backtest.Crossover{Fast: 1, Slow: 2}, nil)
		if err != nil {
			return nil, err
		}
		gains = append(gains, m.TotalReturn)
	}
	return gains, nil
}

func addsByWorker(ctx context.Context, v *optimize.View, r *rand.Rand, o optimize.Options) (any, error) {
	returns, _, err := returnsOf(ctx, v, r)
	parts := make([]float64, o.Workers)
	for i, x := range returns {
		parts[i%len(parts)] += float64(x * x) // of returns themselves any order gives the same: they are multiples of 2^-53
	}
	sum := 0.0
	for _, p := range parts {
		sum += p
	}
	return sum, err
}
