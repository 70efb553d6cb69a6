package walk_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/bmadventure/optcache/cachekit"
	"github.com/bmadventure/optcache/cachekit/backtest"
	"github.com/bmadventure/optcache/cachekit/bundle"
	"github.com/bmadventure/optcache/cachekit/internal/testbed"
	"github.com/bmadventure/optcache/cachekit/optimize"
	"github.com/bmadventure/optcache/cachekit/optimize/walk"
	"github.com/bmadventure/optcache/cachekit/search"
)

// Windows lie as their definition says: worked out session by session.
func TestFoldsKeepTheirDefinition(t *testing.T) {
	testbed.Property(t, 2000, func(seed uint64) string {
		r := rand.New(rand.NewPCG(seed, 1))
		w := walk.Windows{
			Train: 1 + r.IntN(20), Validation: r.IntN(8), Test: 1 + r.IntN(8), Step: r.IntN(12),
			Anchored: r.IntN(2) == 0, Purge: r.IntN(3), Embargo: r.IntN(3),
		}
		sessions := r.IntN(120)
		need := w.Train + w.Purge + w.Embargo + w.Test
		if w.Validation > 0 {
			need += w.Validation + w.Purge
		}
		folds, err := w.Folds(sessions)
		if sessions < need {
			if err == nil || !strings.Contains(err.Error(), fmt.Sprintf("needs %d sessions", need)) {
				return fmt.Sprintf("%+v in %d sessions: %v", w, sessions, err)
			}
			return ""
		}
		if err != nil {
			return err.Error()
		}
		step := w.Step
		if step == 0 {
			step = w.Test
		}
		if want := (sessions-need)/step + 1; len(folds) != want {
			return fmt.Sprintf("%+v in %d sessions: %d folds, want %d", w, sessions, len(folds), want)
		}
		for i, f := range folds {
			gap := f.Test.From - f.Train.To
			if w.Validation > 0 {
				gap = f.Validation.From - f.Train.To
				if f.Test.From-f.Validation.To != w.Purge+w.Embargo {
					return fmt.Sprintf("%+v: gap before test", f)
				}
			} else {
				gap -= w.Embargo
			}
			from := i * step
			if w.Anchored {
				from = 0
			}
			if f.Number != i || gap != w.Purge || f.Train.From != from || f.Train.To != i*step+w.Train ||
				f.Validation.Len() != w.Validation || f.Test.Len() != w.Test || f.Test.To > sessions {
				return fmt.Sprintf("%+v: fold %d is %+v", w, i, f)
			}
		}
		return ""
	})
}

func TestWindowsRefuse(t *testing.T) {
	for _, c := range []struct {
		w    walk.Windows
		want string
	}{
		{walk.Windows{Test: 1}, "train of 0"}, {walk.Windows{Train: 1}, "test of 0"},
		{walk.Windows{Train: 1, Test: 1, Validation: -1}, "validation of -1"}, {walk.Windows{Train: 1, Test: 1, Step: -1}, "step of -1"},
		{walk.Windows{Train: 1, Test: 1, Purge: -2}, "purge of -2"}, {walk.Windows{Train: 1, Test: 1, Embargo: -2}, "embargo of -2"},
		{walk.Windows{Train: 90, Test: 11}, "needs 101 sessions and there are 100"},
		{walk.Windows{Train: math.MaxInt, Test: 11}, "below 2^31"},
	} {
		if _, err := c.w.Folds(100); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: %v, want %q", c.w, err, c.want)
		}
	}
}

// A span of all sessions is the run of the backtest, and with enough bars to warm
// up the equity curve over any span is that of an account opened there.
func TestSegmentsAgreeWithTheWholeRun(t *testing.T) {
	testbed.Property(t, 200, func(seed uint64) string {
		r := rand.New(rand.NewPCG(seed, 1))
		bars := testbed.RandomBars(seed)
		s := testbed.Segments(bars, 1<<20)
		if s.Sessions() != bars.Sessions() || s.PeriodsPerYear() != bars.PeriodsPerYear() {
			return fmt.Sprintf("%d sessions of %d", s.Sessions(), bars.Sessions())
		}
		var runner backtest.Runner
		strategy := backtest.Crossover{Fast: 1 + r.IntN(3), Slow: 4 + r.IntN(8), CostBps: 3}
		m, err := runner.Run(context.Background(), bars, strategy, nil)
		if err != nil {
			return err.Error()
		}
		tester := s.Backtester()
		whole, err := tester(context.Background(), strategy, optimize.Span{To: s.Sessions()})
		if err != nil {
			return err.Error()
		}
		p := backtest.Measure(whole.Returns(), bars.PeriodsPerYear())
		if !slices.Equal(whole.Times, bars.Timeline()) {
			return "the times are not the timeline"
		}
		for _, metric := range []backtest.Metric{backtest.TotalReturn, backtest.CAGR, backtest.Sharpe, backtest.Sortino, backtest.Calmar, backtest.MaxDrawdown} {
			if got, want := p.Value(metric), m.Value(metric); !testbed.Near(got, want) {
				return fmt.Sprintf("%v: %v, want %v", metric, got, want)
			}
		}
		if len(bars.Assets()) > 1 {
			return ""
		}
		span := optimize.Span{From: r.IntN(s.Sessions())}
		span.To = span.From + 1 + r.IntN(s.Sessions()-span.From)
		part, err := tester(context.Background(), strategy, span)
		if err != nil {
			return err.Error()
		}
		g := bars.Group(0)
		at, _ := slices.BinarySearch(bars.Timeline(), part.Times[0])
		want := make([]float64, len(g.Times)-at)
		if err := runner.RunFrom(context.Background(), strategy, g, at, want); err != nil {
			return err.Error()
		}
		return cmp.Diff(want[:len(part.Equity)], part.Equity, testbed.SameBits)
	})
}

// Without warm-up an indicator starts cold in each window, with it it does not.
func TestWarmUp(t *testing.T) {
	bars := testbed.Group(t, testbed.Rising(60))
	span := optimize.Span{From: 30, To: 60}
	strategy := backtest.Crossover{Fast: 2, Slow: 20}
	var gains []float64
	for _, warmup := range []int{0, 10, 20, 21, 1000} {
		c, err := testbed.Segments(bars, warmup).Backtester()(t.Context(), strategy, span)
		if err != nil {
			t.Fatal(err)
		}
		if len(c.Equity) != 30 {
			t.Fatalf("%d bars in a span of 30 sessions", len(c.Equity))
		}
		gains = append(gains, c.Equity[29])
	}
	// With prices that rise 1 % a bar the account gains on each bar in which it
	// holds: without warm-up it waits 20 bars for the slow average and one, whose open
	// is its close, for the fill; each bar of warm-up saves one of them, and none
	// gives it the bar of the purchase.
	for i, held := range []float64{9, 19, 29, 29, 29} {
		if !testbed.Near(gains[i], math.Pow(1.01, held)) {
			t.Errorf("warm-up %d: gain %v, want that of %v bars", i, gains[i], held)
		}
	}
	if _, err := optimize.NewSegments(bars, -1); err == nil {
		t.Error("a negative warm-up passes")
	}
	for _, bad := range []optimize.Span{{From: -1, To: 3}, {From: 3, To: 3}, {From: 5, To: 61}} {
		if _, err := testbed.Segments(bars, 0).Backtester()(t.Context(), strategy, bad); err == nil {
			t.Errorf("%+v passes", bad)
		}
	}
}

// forward makes a walk-forward of crossovers over the bars.
func forward(seed uint64, s *optimize.Segments) *walk.Forward[backtest.Crossover] {
	r := rand.New(rand.NewPCG(seed, 9))
	space := testbed.Crossovers()
	kinds := []func(fold walk.Fold) (search.Search[backtest.Crossover], error){
		func(f walk.Fold) (search.Search[backtest.Crossover], error) {
			g, err := search.NewGrid(space, 15)
			return search.Enumerate(g), err
		},
		func(f walk.Fold) (search.Search[backtest.Crossover], error) {
			return search.NewRandom(space, 12, search.Options{Seed: seed + uint64(f.Number)})
		},
		func(f walk.Fold) (search.Search[backtest.Crossover], error) {
			return search.NewBayesian(space, 24, search.Options{Seed: seed + uint64(f.Number), Batch: 4})
		},
		func(f walk.Fold) (search.Search[backtest.Crossover], error) {
			return search.NewGenetic(space, 24, search.Options{Seed: seed + uint64(f.Number), Batch: 6})
		},
	}
	return &walk.Forward[backtest.Crossover]{
		Windows: walk.Windows{
			Train: 6 + r.IntN(8), Validation: r.IntN(2) * (2 + r.IntN(4)), Test: 2 + r.IntN(4), Step: r.IntN(5),
			Anchored: r.IntN(2) == 0, Purge: r.IntN(2), Embargo: r.IntN(2),
		},
		Sessions: s.Sessions(), Space: space, Search: kinds[r.IntN(len(kinds))],
		Backtester: func() optimize.Backtester[backtest.Crossover] {
			tester := s.Backtester()
			return func(ctx context.Context, p backtest.Crossover, span optimize.Span) (backtest.EquityCurve, error) {
				return tester(ctx, p, span)
			}
		},
		PeriodsPerYear: s.PeriodsPerYear(),
		Objective:      func(p backtest.Performance) float64 { return p.TotalReturn },
		TopK:           r.IntN(4),
	}
}

func TestWalkForwardDoesNotDependOnWorkers(t *testing.T) {
	testbed.Property(t, 60, func(seed uint64) string {
		w := forward(seed, testbed.Segments(testbed.RandomBars(seed), int(seed%30)))
		one, err := w.Run(context.Background(), optimize.Options{Workers: 1})
		if err != nil {
			if one != nil || !strings.Contains(err.Error(), "one fold needs") {
				return err.Error()
			}
			return ""
		}
		eight, err := w.Run(context.Background(), optimize.Options{Workers: 8})
		if err != nil {
			return err.Error()
		}
		return cmp.Diff(one, eight, testbed.SameBits)
	})
}

// A walk-forward over bars from a workspace is the same with caches, without, and in
// a budget that holds next to nothing.
func TestWalkForwardDoesNotDependOnCaches(t *testing.T) {
	store := testbed.OpenStore(t)
	testbed.Put(t, store, "b", testbed.DenseSeries(3, 80))
	testbed.Property(t, 20, func(seed uint64) string {
		var results []*walk.Result[backtest.Crossover]
		for _, config := range []cachekit.Config{{}, testbed.Off, {CacheSizeGB: float64(1+seed%40) / (1 << 20)}} {
			p := testbed.Pin(t, testbed.Workspace(t, config, store), "b")
			defer p.Close()
			v := testbed.View(t, p, bundle.Query{Fields: bundle.OHLCV})
			w := forward(seed, testbed.Segments(testbed.Must(v.Bars(t.Context())), 10))
			w.Backtester = func() optimize.Backtester[backtest.Crossover] {
				return func(ctx context.Context, p backtest.Crossover, span optimize.Span) (backtest.EquityCurve, error) {
					bars, err := v.Bars(ctx) // for every trial, as a trial does
					if err != nil {
						return backtest.EquityCurve{}, err
					}
					return testbed.Segments(bars, 10).Backtester()(ctx, p, span)
				}
			}
			r, err := w.Run(context.Background(), optimize.Options{Workers: 1 + int(seed%8)})
			if err != nil {
				return err.Error()
			}
			results = append(results, r)
		}
		return cmp.Diff(results[0], results[1], testbed.SameBits) + cmp.Diff(results[0], results[2], testbed.SameBits)
	})
}

// Every fold is what a naive loop over train, validation and test makes of it.
func TestWalkForwardAgreesWithANaiveLoop(t *testing.T) {
	testbed.Property(t, 60, func(seed uint64) string {
		s := testbed.Segments(testbed.RandomBars(seed), 10)
		w := forward(seed, s)
		w.Minimize = seed%2 == 0
		result, err := w.Run(context.Background(), optimize.Options{})
		if err != nil {
			return ""
		}
		value := func(p backtest.Crossover, span optimize.Span) float64 {
			c, err := s.Backtester()(context.Background(), p, span)
			if err != nil {
				return math.NaN()
			}
			return w.Objective(backtest.Measure(c.Returns(), w.PeriodsPerYear))
		}
		better := func(a, b float64) bool { return a > b != w.Minimize && a != b }
		account := map[int64]float64{}
		equity := 1.0
		for i, f := range result.Folds {
			if f.Err != nil {
				return f.Err.Error()
			}
			study, err := w.Search(f.Fold)
			if err != nil {
				return err.Error()
			}
			type scored struct {
				p     backtest.Crossover
				value float64
			}
			var trials []scored
			var open []search.Trial[backtest.Crossover]
			for len(trials) < study.Len() {
				for t, ok := study.Ask(); ok; t, ok = study.Ask() {
					open = append(open, t)
				}
				for _, t := range open {
					trials = append(trials, scored{t.Params, value(t.Params, f.Train)})
					if err := study.Tell(t.Number, trials[t.Number].value); err != nil {
						return err.Error()
					}
				}
				open = nil
			}
			slices.SortStableFunc(trials, func(a, b scored) int {
				switch {
				case better(a.value, b.value):
					return -1
				case better(b.value, a.value):
					return 1
				}
				return 0
			})
			choice := trials[0].p
			if w.Windows.Validation > 0 {
				k := w.TopK
				if k == 0 {
					k = 5
				}
				best := math.NaN()
				for _, t := range trials[:min(k, len(trials))] {
					if v := value(t.p, f.Validation); math.IsNaN(best) || better(v, best) {
						best, choice = v, t.p
					}
				}
			}
			if choice != f.Params {
				return fmt.Sprintf("fold %d chose %v, want %v", i, f.Params, choice)
			}
			if !testbed.Near(w.Objective(f.InTest), value(choice, f.Test)) || !testbed.Near(w.Objective(f.InTrain), value(choice, f.Train)) {
				return fmt.Sprintf("fold %d: performance", i)
			}
			c, _ := s.Backtester()(context.Background(), choice, f.Test)
			until := int64(math.MaxInt64)
			if i+1 < len(result.Folds) {
				until = result.Folds[i+1].EquityCurve.Times[0]
			}
			start := equity
			for j, at := range c.Times {
				if at < until {
					equity = start * c.Equity[j]
					account[at] = equity
				}
			}
		}
		if len(account) != len(result.OutOfSample.Times) || !slices.IsSorted(result.OutOfSample.Times) {
			return fmt.Sprintf("the account has %d bars, want %d", len(result.OutOfSample.Times), len(account))
		}
		for i, at := range result.OutOfSample.Times {
			if !testbed.Near(result.OutOfSample.Equity[i], account[at]) {
				return fmt.Sprintf("equity at %d: %v, want %v", at, result.OutOfSample.Equity[i], account[at])
			}
		}
		return ""
	})
}

// What a window sees is its own bars: not those of train in validation and test,
// although all come from one set of bars.
func TestH1EveryWindowSeesItsOwnBars(t *testing.T) {
	bars := testbed.Group(t, testbed.Rising(60))
	s := testbed.Segments(bars, 5)
	w := forward(1, s)
	w.Windows = walk.Windows{Train: 20, Validation: 10, Test: 10}
	seen := make(chan [2]int64, 10_000)
	inner := w.Backtester
	w.Backtester = func() optimize.Backtester[backtest.Crossover] {
		tester := inner()
		return func(ctx context.Context, p backtest.Crossover, span optimize.Span) (backtest.EquityCurve, error) {
			c, err := tester(ctx, p, span)
			if err == nil {
				const day = int64(24 * time.Hour)
				seen <- [2]int64{c.Times[0]/day - int64(span.From), c.Times[len(c.Times)-1]/day + 1 - int64(span.To)}
			}
			return c, err
		}
	}
	r, err := w.Run(t.Context(), optimize.Options{})
	if err != nil {
		t.Fatal(err)
	}
	close(seen)
	n := 0
	for off := range seen {
		if n++; off != [2]int64{} {
			t.Fatalf("a window's bars are off by %v sessions", off)
		}
	}
	if n < 3*len(r.Folds) {
		t.Errorf("%d runs in %d folds", n, len(r.Folds))
	}
	for _, f := range r.Folds {
		if f.InTrain.Bars != 20 || f.InValidation.Bars != 10 || f.InTest.Bars != 10 {
			t.Errorf("fold %d measured %d, %d, %d bars", f.Number, f.InTrain.Bars, f.InValidation.Bars, f.InTest.Bars)
		}
	}
}

func TestWalkForwardFailures(t *testing.T) {
	s := testbed.Segments(testbed.Group(t, testbed.Rising(60)), 0)
	fresh := func() *walk.Forward[backtest.Crossover] {
		w := forward(1, s)
		w.Windows = walk.Windows{Train: 10, Validation: 5, Test: 5}
		return w
	}
	no := errors.New("no search today")
	for name, c := range map[string]struct {
		change func(w *walk.Forward[backtest.Crossover])
		want   string
	}{
		"no search": {func(w *walk.Forward[backtest.Crossover]) {
			w.Search = func(f walk.Fold) (search.Search[backtest.Crossover], error) { return nil, no }
		}, "no search today"},
		"NaN everywhere": {func(w *walk.Forward[backtest.Crossover]) {
			w.Objective = func(backtest.Performance) float64 { return math.NaN() }
		}, "trials failed in training: the objective is not a number"},
		"NaN in validation": {func(w *walk.Forward[backtest.Crossover]) {
			w.Objective = func(p backtest.Performance) float64 {
				if p.Bars == 5 {
					return math.NaN()
				}
				return 1
			}
		}, "candidates failed in validation"},
		"a panic": {func(w *walk.Forward[backtest.Crossover]) {
			w.Backtester = func() optimize.Backtester[backtest.Crossover] {
				return func(context.Context, backtest.Crossover, optimize.Span) (backtest.EquityCurve, error) { panic("oh") }
			}
		}, "panic: oh"},
	} {
		w := fresh()
		c.change(w)
		r, err := w.Run(t.Context(), optimize.Options{Workers: 3})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		for i, f := range r.Folds {
			if f.Err == nil || !strings.Contains(f.Err.Error(), c.want) || !strings.HasPrefix(f.Err.Error(), fmt.Sprintf("fold %d: ", i)) {
				t.Errorf("%s: fold %d: %v, want %q", name, i, f.Err, c.want)
			}
		}
		if len(r.OutOfSample.Times) != 0 || !math.IsNaN(r.Efficiency) {
			t.Errorf("%s: out of sample %v, efficiency %v", name, r.OutOfSample, r.Efficiency)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if r, err := fresh().Run(ctx, optimize.Options{}); !errors.Is(err, context.Canceled) || r == nil || !errors.Is(r.Folds[0].Err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	w := fresh()
	w.TopK = -1
	if _, err := w.Run(t.Context(), optimize.Options{}); err == nil {
		t.Error("a negative TopK passes")
	}
}

// Stability is as good for a parameter near -10 as for one near 10.
func TestStabilityOfNegativeMeans(t *testing.T) {
	run := func(sign float64) []walk.Stability {
		field := func(p *testbed.Knobs) *float64 { return &p.F }
		space, err := search.NewSpace(
			search.Float("f", min(8*sign, 12*sign), max(8*sign, 12*sign), 1, field),
			search.Choice("kind", func(p *testbed.Knobs) *string { return &p.Kind }, "sma", "ema"),
		)
		if err != nil {
			t.Fatal(err)
		}
		w := walk.Forward[testbed.Knobs]{
			Windows: walk.Windows{Train: 1, Test: 1}, Sessions: 5, Space: space, PeriodsPerYear: 252,
			Search: func(f walk.Fold) (search.Search[testbed.Knobs], error) {
				chosen := testbed.Knobs{F: sign * []float64{9, 10, 11, 10}[f.Number], Kind: []string{"sma", "ema", "ema", "ema"}[f.Number]}
				cell, ok := space.Index(chosen)
				if !ok {
					return nil, fmt.Errorf("no cell %+v", chosen)
				}
				return search.Enumerate[testbed.Knobs](single{space, cell}), nil
			},
			Backtester: func() optimize.Backtester[testbed.Knobs] {
				return func(_ context.Context, _ testbed.Knobs, span optimize.Span) (backtest.EquityCurve, error) {
					return backtest.EquityCurve{Times: []int64{int64(span.From)}, Equity: []float64{1.01}}, nil
				}
			},
			Objective: func(p backtest.Performance) float64 { return p.TotalReturn },
		}
		r, err := w.Run(t.Context(), optimize.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if r.Efficiency != 1 || !testbed.Near(r.Performance.TotalReturn, math.Pow(1.01, 4)-1) {
			t.Errorf("efficiency %v, total return %v", r.Efficiency, r.Performance.TotalReturn)
		}
		return r.Stability
	}
	up, down := run(1), run(-1)
	d := math.Sqrt(2.0 / 3)
	want := []walk.Stability{
		{Name: "f", Folds: 4, Mean: 10, StdDev: d, Variation: d / 10, Spread: d / 2, Mode: 10.0, Share: 0.5},
		{Name: "kind", Folds: 4, Mean: math.NaN(), StdDev: math.NaN(), Variation: math.NaN(), Spread: math.NaN(), Mode: "ema", Share: 0.75},
	}
	approx := cmp.Options{cmpopts.EquateApprox(1e-12, 0), cmpopts.EquateNaNs()}
	if d := cmp.Diff(want, up, approx); d != "" {
		t.Error(d)
	}
	want[0].Mean, want[0].Mode = -10, -10.0
	if d := cmp.Diff(want, down, approx); d != "" {
		t.Error(d)
	}
}

// single is the plan of one cell.
type single struct {
	space *search.Space[testbed.Knobs]
	cell  uint64
}

func (s single) Len() int { return 1 }
func (s single) At(int) testbed.Knobs {
	p, _ := s.space.At(s.cell)
	return p
}
