package walk

import (
	"context"
	"fmt"
	"math"
	"runtime"

	"github.com/bmadventure/optcache/cachekit/backtest"
	"github.com/bmadventure/optcache/cachekit/optimize"
	"github.com/bmadventure/optcache/cachekit/optimize/internal/keep"
	"github.com/bmadventure/optcache/cachekit/search"
	"github.com/bmadventure/optcache/internal/mean"
)

// A Forward searches for parameters again and again as time goes by and judges
// each choice by the sessions after it, which the search has not seen.
//
// In every fold a search runs over the train window. Its best TopK trials run over
// the validation window, and the one that is best there, or the one best in
// training if there is no validation, runs over the test window, once.
type Forward[P any] struct {
	Windows  Windows
	Sessions int // that there are

	Space *search.Space[P] // for the stability of the parameters

	// Search returns the search of a fold, made anew for each.
	Search func(fold Fold) (search.Search[P], error)

	// Backtester returns what runs parameters over a span, made anew for each worker.
	Backtester func() optimize.Backtester[P]

	// Key, if not nil, names all that an equity curve of Backtester follows from, as
	// [optimize.Segments.Key] does. With it [optimize.Options.Journal] and [optimize.Options.Memo] keep how
	// parameters did over each window, so that new bars run again only the windows that
	// they touch.
	Key func(p P, span optimize.Span) ([32]byte, error)

	// Workspace is where [optimize.Options.Memo] keeps them. Nil means [optimize.Default].
	Workspace *optimize.Workspace

	PeriodsPerYear float64 // bars, for [backtest.Measure]

	// Objective is what search and choice go by. NaN is a failed trial. Larger is
	// better, or smaller if Minimize is set; the searches must be told so too.
	Objective func(backtest.Performance) float64
	Minimize  bool

	// TopK is how many trials go from training to validation. 0 means 5.
	TopK int
}

// A Candidate is a trial of a fold that went on to validation.
type Candidate[P any] struct {
	Trial             int // of the fold's search
	Params            P
	Train, Validation float64 // values of the objective; Validation is NaN if it failed or there is none
}

// A FoldResult is what became of a fold.
type FoldResult[P any] struct {
	Fold
	Trials, Failed int            // in training; Failed are among them
	Candidates     []Candidate[P] // best in training first
	Chosen         int            // of the candidates; -1 if none
	Params         P              // of the chosen one

	// How the chosen one did in each window.
	InTrain, InValidation, InTest backtest.Performance

	// EquityCurve is that of the chosen one over Test.
	EquityCurve backtest.EquityCurve

	// Err says why there is no choice or no test. Other folds are not affected.
	Err error
}

// A Result is the outcome of [Forward.Run].
type Result[P any] struct {
	Folds []FoldResult[P]

	// OutOfSample is one account that traded all tests in turn: each from where
	// the one before ended, with nothing happening between them. Where tests
	// overlap, it follows the later one from its beginning.
	OutOfSample backtest.EquityCurve
	Performance backtest.Performance // of OutOfSample

	// Efficiency is how much of the return in training was left out of it: the
	// mean annual return of the tests divided by that of the train windows
	// (Pardo, The Evaluation and Optimization of Trading Strategies, 2008). It is
	// NaN where training made no profit.
	Efficiency float64

	// Stability tells of each axis how much the choice moved from fold to fold.
	Stability []Stability
}

// Run runs the folds, several at a time, and returns their results in order. They
// do not depend on Options.Workers. Options.TrialTimeout is that of one trial;
// Options.Progress counts folds.
//
// What fails within a fold is in its result. Run fails if the windows do not fit
// and if ctx ends; then the folds that were not finished have the context's error. It
// stops likewise when results cannot be kept as [optimize.Options] ask.
func (w *Forward[P]) Run(ctx context.Context, o optimize.Options) (*Result[P], error) {
	if w.TopK < 0 {
		return nil, fmt.Errorf("walk forward: top %d trials: must be 0, for 5, or more", w.TopK)
	}
	folds, err := w.Windows.Folds(w.Sessions)
	if err != nil {
		return nil, fmt.Errorf("walk forward: %w", err)
	}
	record, err := newWindowRecord(w, o)
	if err != nil {
		return nil, fmt.Errorf("walk forward: %w", err)
	}
	workers := o.Workers
	if workers <= 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	inner := optimize.Options{Workers: (workers + len(folds) - 1) / len(folds), TrialTimeout: o.TrialTimeout}
	walk := &walk[P]{w, record}
	outcomes, err := optimize.Run(ctx, search.List[Fold](folds), func() optimize.Worker[Fold, FoldResult[P]] {
		return func(ctx context.Context, f Fold) (FoldResult[P], error) {
			return walk.fold(ctx, f, inner)
		}
	}, optimize.Options{Workers: workers, Progress: o.Progress, Unit: "fold"})
	result := &Result[P]{Folds: make([]FoldResult[P], len(folds))}
	for i, out := range outcomes {
		result.Folds[i] = out.Result
		if out.Err != nil {
			result.Folds[i] = FoldResult[P]{Fold: folds[i], Chosen: -1, Err: out.Err}
		}
	}
	result.OutOfSample = stitch(result.Folds)
	result.Performance = backtest.Measure(result.OutOfSample.Returns(), w.PeriodsPerYear)
	result.Efficiency = efficiency(result.Folds)
	result.Stability = stability(w.Space, result.Folds)
	return result, err
}

// A walk is one call of [Forward.Run].
type walk[P any] struct {
	*Forward[P]
	record *windowRecord[P] // nil: nothing is kept
}

// fold runs one fold. Its error ends the walk: it is the context's, or says that a result
// could not be kept; all else is in the result.
func (w *walk[P]) fold(ctx context.Context, f Fold, o optimize.Options) (FoldResult[P], error) {
	r := FoldResult[P]{Fold: f, Chosen: -1}
	if err := w.run(ctx, &r, o); err != nil {
		r.Err = fmt.Errorf("fold %d: %w", f.Number, err)
		if keep.Failed(err) {
			return r, err
		}
	}
	return r, ctx.Err()
}

func (w *walk[P]) run(ctx context.Context, r *FoldResult[P], o optimize.Options) error {
	trained, err := w.train(ctx, r, o)
	if err != nil {
		return err
	}
	if err := w.choose(ctx, r, o); err != nil {
		return err
	}
	chosen := r.Candidates[r.Chosen]
	r.Params, r.InTrain = chosen.Params, trained[r.Chosen]
	return w.test(ctx, r, o)
}

// train searches the train window for candidates and returns how they did.
func (w *walk[P]) train(ctx context.Context, r *FoldResult[P], o optimize.Options) ([]backtest.Performance, error) {
	study, err := w.Search(r.Fold)
	if err != nil {
		return nil, err
	}
	outcomes, err := optimize.RunSearch(ctx, study, w.judge(r.Fold.Train), w.Objective, o)
	if err != nil {
		return nil, err
	}
	values := w.values(outcomes)
	r.Trials = len(values)
	for _, v := range values {
		if math.IsNaN(v) {
			r.Failed++
		}
	}
	var trained []backtest.Performance
	for _, i := range search.Rank(values, w.Minimize, w.keep()) {
		r.Candidates = append(r.Candidates, Candidate[P]{i, outcomes[i].Params, values[i], math.NaN()})
		trained = append(trained, outcomes[i].Result)
	}
	if len(r.Candidates) == 0 {
		return nil, fmt.Errorf("all of %d trials failed in training: %w", r.Trials, optimize.FirstError(outcomes))
	}
	return trained, nil
}

// keep returns how many trials go on from training.
func (w *Forward[P]) keep() int {
	switch {
	case w.Windows.Validation == 0:
		return 1
	case w.TopK == 0:
		return 5
	}
	return w.TopK
}

// choose chooses among the candidates by the validation window, if there is one.
func (w *walk[P]) choose(ctx context.Context, r *FoldResult[P], o optimize.Options) error {
	if w.Windows.Validation == 0 {
		r.Chosen = 0
		return nil
	}
	plan := make(search.List[P], len(r.Candidates))
	for i, c := range r.Candidates {
		plan[i] = c.Params
	}
	outcomes, err := optimize.Run(ctx, plan, w.judge(r.Fold.Validation), o)
	if err != nil {
		return err
	}
	values := w.values(outcomes)
	for i, v := range values {
		r.Candidates[i].Validation = v
	}
	best := search.Rank(values, w.Minimize, 1)
	if len(best) == 0 {
		return fmt.Errorf("all %d candidates failed in validation: %w", len(values), optimize.FirstError(outcomes))
	}
	r.Chosen, r.InValidation = best[0], outcomes[best[0]].Result
	return nil
}

// test runs the chosen candidate over the test window.
func (w *walk[P]) test(ctx context.Context, r *FoldResult[P], o optimize.Options) error {
	outcomes, err := optimize.Run(ctx, search.List[P]{r.Params}, func() optimize.Worker[P, backtest.EquityCurve] {
		tester := w.Backtester()
		return func(ctx context.Context, p P) (backtest.EquityCurve, error) {
			return w.record.curve(p, r.Fold.Test, func() (backtest.EquityCurve, error) {
				c, err := tester(ctx, p, r.Fold.Test)
				return c.Clone(), err
			})
		}
	}, o)
	if err == nil {
		err = outcomes[0].Err
	}
	if err != nil {
		return fmt.Errorf("test: %w", err)
	}
	r.EquityCurve = outcomes[0].Result
	r.InTest = backtest.Measure(r.EquityCurve.Returns(), w.PeriodsPerYear)
	return nil
}

// judge returns workers that measure parameters over a span.
func (w *walk[P]) judge(span optimize.Span) func() optimize.Worker[P, backtest.Performance] {
	return func() optimize.Worker[P, backtest.Performance] {
		tester := w.Backtester()
		var returns []float64
		return func(ctx context.Context, p P) (backtest.Performance, error) {
			return w.record.performance(p, span, w.PeriodsPerYear, func() (backtest.Performance, error) {
				c, err := tester(ctx, p, span)
				if err != nil {
					return backtest.Performance{}, err
				}
				returns = c.AppendReturns(returns[:0])
				return backtest.Measure(returns, w.PeriodsPerYear), nil
			})
		}
	}
}

// values returns the objective of each outcome, NaN for those that failed.
func (w *Forward[P]) values(outcomes []optimize.Outcome[P, backtest.Performance]) []float64 {
	values := make([]float64, len(outcomes))
	for i, o := range outcomes {
		values[i] = math.NaN()
		if o.Err == nil {
			values[i] = w.Objective(o.Result)
		}
	}
	return values
}

// stitch joins the tests to one account.
func stitch[P any](folds []FoldResult[P]) backtest.EquityCurve {
	var all backtest.EquityCurve
	last := 1.0
	for i, f := range folds {
		until := int64(math.MaxInt64)
		for _, later := range folds[i+1:] {
			if len(later.EquityCurve.Times) > 0 {
				until = later.EquityCurve.Times[0]
				break
			}
		}
		start := last
		for j, t := range f.EquityCurve.Times {
			if t >= until {
				break
			}
			last = float64(start * f.EquityCurve.Equity[j])
			all.Times, all.Equity = append(all.Times, t), append(all.Equity, last)
		}
	}
	return all
}

// efficiency is that of [Result].
func efficiency[P any](folds []FoldResult[P]) float64 {
	var in, out []float64
	for _, f := range folds {
		if f.Err == nil {
			in, out = append(in, f.InTrain.CAGR), append(out, f.InTest.CAGR)
		}
	}
	if !(mean.Of(in) > 0) {
		return math.NaN()
	}
	return mean.Ratio(mean.Of(out), mean.Of(in))
}
