package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/bmadventure/optcache/cachekit/backtest"
	"github.com/bmadventure/optcache/cachekit/bundle"
	"github.com/bmadventure/optcache/cachekit/optimize"
	"github.com/bmadventure/optcache/cachekit/optimize/record"
	"github.com/bmadventure/optcache/cachekit/optimize/walk"
	"github.com/bmadventure/optcache/cachekit/search"
)

// walkForwardCmd is the flags of the command walkforward.
type walkForwardCmd struct {
	barsFlags
	trialFlags
	runFlags

	Train    int  `help:"Sessions that a search sees (${default})." default:"120" placeholder:"N" group:"Windows"`
	Validate int  `help:"Sessions after these that choose among the best; 0 for none (${default})." default:"30" placeholder:"N" group:"Windows"`
	Test     int  `help:"Sessions after these that judge the choice (${default})." default:"30" placeholder:"N" group:"Windows"`
	Step     int  `help:"Sessions from one fold to the next (as many as --test)." placeholder:"N" group:"Windows"`
	Purge    int  `help:"Sessions left out after the train and the validation window (${default})." default:"0" placeholder:"N" group:"Windows"`
	Embargo  int  `help:"Sessions more that are left out before the test window (${default})." default:"0" placeholder:"N" group:"Windows"`
	Anchored bool `help:"Every train window begins with the first session and grows; else it rolls." group:"Windows"`
	Warmup   *int `help:"Bars before a window that indicators run over, so that they do not start cold (as many as the longest parameter)." placeholder:"N" group:"Windows"`
	Top      int  `help:"Trials that go from training to validation (${default})." default:"5" placeholder:"N" group:"Windows"`

	Resume bool   `help:"Go on with the run in --out that was killed or interrupted; it must be the same run." group:"Report"`
	JSON   string `name:"json" help:"Write the report as JSON to a file, or to the standard output alone if FILE is -." placeholder:"FILE|-" group:"Report"`
}

// Help is shown below the flags.
func (walkForwardCmd) Help() string {
	return `Again and again as time goes by it searches for parameters over a train window, chooses among the best --top by the
validation window, and judges the choice by the test window, which neither has seen. A session is a date that
occurs in the bars.

    optcache walkforward --bundle us --train 504 --validate 126 --test 126 --fast 5:50:5 --slow 20:200:10 --trials 300
    optcache walkforward --data DIR --strategy breakout --anchored --purge 5 --embargo 5 --out runs/wf
    optcache walkforward --data DIR --strategy breakout --anchored --purge 5 --embargo 5 --out runs/wf --resume

The report has the parameters and the objective of every fold, the one account that traded all tests in turn, the
walk-forward efficiency (annual return of the tests as a share of that in training), and how much each parameter moved.
--out DIR keeps run.json, walkforward.json (what --json writes), as csv, json and parquet (--format) the folds
and the stitched equity curve, and a journal with the result of each trial over each window as soon as it is there. With --resume a run that was killed, or
that found no room on the disk, goes on, to the same results to the last bit; it refuses, and says what differs, if
anything but --workers or what is shown was changed: of bars, which assets. Without --resume another run may use the same DIR: it runs only
what the journal does not have, such as new values of parameters, and, after an ingest, the windows that read new or changed bars.

` + axisHelp + `

Objectives are those that an account tells without its trades: total_return, cagr, sharpe, sortino, calmar, max_drawdown.
Exit status: 0 done, 1 a fold failed, 2 bad usage or input, 130 interrupted.`
}

// Run runs the command.
func (c *walkForwardCmd) Run(e *env, strategies *named[walkRunner]) error {
	run, err := strategies.of(c.Strategy)
	if err != nil {
		return err
	}
	return run(c, e)
}

// A walkRunner runs the command with one strategy.
type walkRunner func(*walkForwardCmd, *env) error

// walkWith returns what runs the command with the strategies of a family.
func walkWith[S tunable[S]](f *family[S]) walkRunner {
	return func(c *walkForwardCmd, e *env) error { return runWalkForward(f, c, e) }
}

func runWalkForward[S tunable[S]](f *family[S], c *walkForwardCmd, e *env) error {
	if err := errors.Join(c.check(), c.runFlags.check(e)); err != nil {
		return usage(err)
	}
	j, err := newJob(e, f, &c.barsFlags, &c.trialFlags)
	if err != nil {
		return err
	}
	if err := j.withoutTrades(); err != nil {
		return usage(err)
	}
	kept, err := openFolder(&c.runFlags, j, "walkforward")
	if err != nil {
		return err
	}
	r, err := walkKept(c, j, kept)
	if err != nil {
		return err
	}
	if c.JSON != "-" {
		r.print(e.stdout)
	}
	if c.JSON != "" {
		if err := writeJSON(e.stdout, c.JSON, r); err != nil {
			return err
		}
	}
	if r.failed() > 0 {
		return errFailed
	}
	return nil
}

func (c *walkForwardCmd) check() error {
	if err := cmp.Or(
		atLeast("train", c.Train, 1),
		atLeast("validate", c.Validate, 0),
		atLeast("test", c.Test, 1),
		atLeast("step", c.Step, 0),
		atLeast("purge", c.Purge, 0),
		atLeast("embargo", c.Embargo, 0),
		atLeast("top", c.Top, 1),
	); err != nil {
		return err
	}
	if c.Warmup != nil {
		if err := atLeast("warmup", *c.Warmup, 0); err != nil {
			return err
		}
	}
	return checkResume(c.Resume, c.Out)
}

// step returns the sessions from one fold to the next.
func (c *walkForwardCmd) step() int {
	if c.Step == 0 {
		return c.Test
	}
	return c.Step
}

// warmupOf returns the bars before a window that indicators run over.
func (c *walkForwardCmd) warmupOf(longest int) int {
	if c.Warmup == nil {
		return longest
	}
	return *c.Warmup
}

// identity is what must be the same for a walk-forward to go on, beside its trials.
func (c *walkForwardCmd) identity(longest int) (id record.Identity) {
	kind := "rolling"
	if c.Anchored {
		kind = "anchored"
	}
	id = record.Identity{{Name: "windows", Value: kind}}
	for _, n := range []struct {
		name  string
		value int
	}{
		{"train", c.Train}, {"validate", c.Validate}, {"test", c.Test}, {"step", c.step()}, {"purge", c.Purge}, {"embargo", c.Embargo},
		{"warmup", c.warmupOf(longest)}, {"top", c.Top},
	} {
		id = append(id, record.IdentityLine{Name: n.name, Value: strconv.Itoa(n.value)})
	}
	return id
}

// walkKept runs the walk-forward and keeps in the folder of the run what was asked for.
func walkKept[S tunable[S]](c *walkForwardCmd, j *job[S], kept *folder) (r *walkReport, err error) {
	var journal *record.Journal // nil: no folder
	if c.Out != "" {
		if journal, err = openJournal(j, c.Out, c.Resume, c.identity(j.longest())...); err != nil {
			return nil, err
		}
		defer func() { err = errors.Join(goOn(err, c.Out, journal), journal.Close()) }()
	}
	if err := kept.begin(); err != nil {
		return nil, err
	}
	r, err = walkBars(c, j, kept, journal)
	if err == nil && journal != nil {
		err = journal.Compact()
	}
	return r, kept.end(err)
}

// walkBars runs the walk-forward and makes the report.
func walkBars[S tunable[S]](c *walkForwardCmd, j *job[S], kept *folder, journal *record.Journal) (r *walkReport, err error) {
	d, err := j.open(j.cached)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, d.close()) }()
	defer c.logStats(j.env, d.workspace)()
	bars, err := d.view.Bars(j.ctx)
	if err != nil {
		return nil, err
	}
	warmup := c.warmupOf(j.longest())
	segments, err := optimize.NewSegments(bars, warmup)
	if err != nil {
		return nil, err
	}
	ran := new(windowTally)
	w := forward(j, c, segments, ran)
	folds, err := w.Windows.Folds(w.Sessions)
	if err != nil {
		return nil, usage(fmt.Errorf("--train %d --validate %d --test %d: %w", c.Train, c.Validate, c.Test, err))
	}
	p := j.newProgress(len(folds))
	defer p.finish()
	p.start("walk forward")
	p.unit = "folds"
	start := time.Now()
	result, err := w.Run(j.ctx, optimize.Options{Workers: j.workers, Progress: p.step, Journal: journal})
	kept.caches(d.workspace.Stats(), int(ran.backtests.Load()))
	kept.file.WindowsRan, kept.file.Windows = ran.windowsRan(), windowsOf(folds)
	if journal != nil {
		kept.file.Recorded = journal.Taken()
	}
	if err != nil {
		return nil, err
	}
	r = newReport(j, c, w, segments, bars, result)
	r.Ran, r.Recorded, r.WindowsAll, r.WindowsRan = int(ran.backtests.Load()), kept.file.Recorded, kept.file.Windows, kept.file.WindowsRan
	r.Seconds, r.Warmup = time.Since(start).Seconds(), warmup
	return r, keepWalk(j, kept, r, segments, result)
}

// walkForward returns the walk-forward that the flags describe, which counts what it runs.
func forward[S tunable[S]](j *job[S], c *walkForwardCmd, segments *optimize.Segments, ran *windowTally) *walk.Forward[S] {
	strategy := j.family.strategy(j.costBps)
	return &walk.Forward[S]{
		Windows: walk.Windows{
			Train: c.Train, Validation: c.Validate, Test: c.Test, Step: c.Step,
			Anchored: c.Anchored, Purge: c.Purge, Embargo: c.Embargo,
		},
		Sessions: segments.Sessions(),
		Space:    j.space,
		Search:   func(f walk.Fold) (search.Search[S], error) { return j.newSearch(uint64(f.Number)) },
		Tester: func() optimize.Tester[S] {
			test := segments.Tester()
			return func(ctx context.Context, p S, span optimize.Span) (backtest.EquityCurve, error) {
				ran.ran(span)
				return test(ctx, strategy(p), span)
			}
		},
		Key:            func(p S, span optimize.Span) ([32]byte, error) { return segments.Key(strategy(p), span) },
		PeriodsPerYear: segments.PeriodsPerYear(),
		Objective:      func(p backtest.Performance) float64 { return p.Value(j.metric) },
		Minimize:       j.minimize,
		TopK:           c.Top,
	}
}

// walkReport puts the result into the shape of its JSON.
func newReport[S tunable[S]](j *job[S], c *walkForwardCmd, w *walk.Forward[S], segments *optimize.Segments, bars *bundle.Bars, result *walk.Result[S]) *walkReport {
	r := &walkReport{
		Bundle:   bundleReport{Name: j.bundle, Version: j.version.String(), Assets: len(bars.Assets()), Bars: len(bars.Timeline())},
		Strategy: j.strategyName(), Params: j.specs, CostBps: j.costBps, Search: j.search, Seed: j.seed, Trials: j.count,
		Objective: j.objective, Minimize: j.minimize, Workers: j.workers, Sessions: w.Sessions,
		Windows: windowsReport{c.Train, c.Validate, c.Test, c.step(), c.Purge, c.Embargo, c.Anchored, c.Top},
		Folds:   []foldReport{}, OutOfSample: performanceMap(result.Performance), Efficiency: number(result.Efficiency),
		Stability: []stabilityReport{}, Equity: []pointReport{},
		title: j.family.title, trials: j.describe(),
	}
	for _, f := range result.Folds {
		r.Folds = append(r.Folds, newFold(j, segments, f))
	}
	for _, s := range result.Stability {
		r.Stability = append(r.Stability, stabilityReport{
			s.Name, s.Folds, number(s.Mean), number(s.Deviation), number(s.Variation), number(s.Spread), s.Mode, number(s.Share),
		})
	}
	for i, t := range result.OutOfSample.Times {
		r.Equity = append(r.Equity, pointReport{shortTime(time.Unix(0, t).UTC()), number(result.OutOfSample.Equity[i])})
	}
	return r
}

func newFold[S tunable[S]](j *job[S], segments *optimize.Segments, f walk.FoldResult[S]) foldReport {
	r := foldReport{
		Fold: f.Number, Train: spanOf(segments, f.Train), Validation: spanOf(segments, f.Validation), Test: spanOf(segments, f.Test),
		Trials: f.Trials, Failed: f.Failed,
	}
	if f.Err != nil {
		r.Error = f.Err.Error()
		return r
	}
	chosen := f.Candidates[f.Chosen].Trial
	r.Trial, r.Params = &chosen, j.space.Params(f.Params)
	for _, p := range []struct {
		to   **performanceMap
		from backtest.Performance
	}{{&r.InTrain, f.InTrain}, {&r.InValidation, f.InValidation}, {&r.InTest, f.InTest}} {
		if p.from.Bars > 0 {
			m := performanceMap(p.from)
			*p.to = &m
		}
	}
	return r
}

// spanOf returns the first and the last session of a span; nil if it is empty.
func spanOf(segments *optimize.Segments, s optimize.Span) *spanReport {
	if s.Len() == 0 {
		return nil
	}
	times, err := segments.Times(s)
	if err != nil {
		return nil
	}
	date := func(t int64) string { return time.Unix(0, t).UTC().Format(time.DateOnly) }
	return &spanReport{date(times[0]), date(times[len(times)-1]), s.Len()}
}

// keepWalk writes the files of the folder.
func keepWalk[S tunable[S]](j *job[S], kept *folder, r *walkReport, segments *optimize.Segments, result *walk.Result[S]) error {
	if kept.dir == "" {
		return nil
	}
	for _, f := range r.Folds {
		if f.Error != "" {
			kept.fail([]string{f.Error})
		}
	}
	kept.file.Failed = r.failed()
	const name = "walkforward.json"
	if err := writeJSON(nil, filepath.Join(kept.dir, name), r); err != nil {
		return err
	}
	kept.file.Results = append(kept.file.Results, name)
	course := result.OutOfSample
	err := kept.keep("equity", &table{columns: []column{col("time", moment), col("equity", real)}, rows: len(course.Times), cell: func(row, i int) any {
		if i == 0 {
			return time.Unix(0, course.Times[row]).UTC()
		}
		return course.Equity[row]
	},
	})
	return errors.Join(err, kept.keep("folds", foldTable(j, r, result)))
}

// foldTable has a row for each fold.
func foldTable[S tunable[S]](j *job[S], r *walkReport, result *walk.Result[S]) *table {
	columns := []column{
		{"fold", whole}, {"train_from", text}, {"train_to", text}, {"validation_from", text}, {"validation_to", text},
		{"test_from", text}, {"test_to", text}, {"trials", whole}, {"failed", whole}, {"trial", whole},
	}
	first := len(columns)
	for _, p := range j.family.axes {
		columns = append(columns, col(p.name, p.kind))
	}
	metrics := len(columns)
	columns = append(columns, col("train_objective", real), col("validation_objective", real))
	for m := range (backtest.Metrics{}).All() {
		if !m.NeedsTrades() {
			columns = append(columns, col("test_"+m.String(), real))
		}
	}
	columns = append(columns, col("error", text))
	return &table{columns: columns, rows: len(r.Folds), cell: func(row, i int) any {
		f, o := r.Folds[row], &result.Folds[row]
		head := []any{int64(f.Fold), f.Train.from(), f.Train.to(), f.Validation.from(), f.Validation.to(), f.Test.from(), f.Test.to(), int64(f.Trials), int64(f.Failed), int64(-1)}
		if f.Trial != nil {
			head[9] = int64(*f.Trial)
		}
		switch {
		case i < first:
			return head[i]
		case i < metrics:
			return j.family.axes[i-first].value(o.Params)
		case i == len(columns)-1:
			return f.Error
		case o.Err != nil:
			return math.NaN()
		case i < metrics+2:
			c := o.Candidates[o.Chosen]
			return [2]float64{c.Train, c.Validation}[i-metrics]
		}
		m, err := backtest.ParseMetric(strings.TrimPrefix(columns[i].name, "test_"))
		if err != nil {
			return math.NaN()
		}
		return o.InTest.Value(m)
	}}
}
