// Package walkforward is the command walkforward.
package walkforward

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
	"github.com/bmadventure/optcache/cachekit/command/internal/console"
	"github.com/bmadventure/optcache/cachekit/command/internal/output"
	"github.com/bmadventure/optcache/cachekit/command/internal/rundir"
	"github.com/bmadventure/optcache/cachekit/command/internal/source"
	"github.com/bmadventure/optcache/cachekit/command/internal/trials"
	"github.com/bmadventure/optcache/cachekit/optimize"
	"github.com/bmadventure/optcache/cachekit/optimize/record"
	"github.com/bmadventure/optcache/cachekit/optimize/walk"
	"github.com/bmadventure/optcache/cachekit/search"
)

// Cmd is the flags of the command walkforward.
type Cmd struct {
	source.BarsFlags
	trials.TrialFlags
	rundir.RunFlags

	Train    int  `help:"Sessions that a search sees (${default})." default:"120" placeholder:"N" group:"Windows"`
	Validate int  `name:"validation" aliases:"validate" help:"Sessions after these that choose among the best; 0 for none (${default})." default:"30" placeholder:"N" group:"Windows"`
	Test     int  `help:"Sessions after these that judge the choice (${default})." default:"30" placeholder:"N" group:"Windows"`
	Step     int  `help:"Sessions from one fold to the next (as many as --test)." placeholder:"N" group:"Windows"`
	Purge    int  `help:"Sessions left out after the train and the validation window (${default})." default:"0" placeholder:"N" group:"Windows"`
	Embargo  int  `help:"Sessions more that are left out before the test window (${default})." default:"0" placeholder:"N" group:"Windows"`
	Anchored bool `help:"Every train window begins with the first session and grows; else it rolls." group:"Windows"`
	Warmup   *int `help:"Bars before a window that indicators run over, so that they do not start cold (as many as the longest parameter)." placeholder:"N" group:"Windows"`
	Top      int  `name:"top-k" aliases:"top" help:"Trials that go from training to validation (${default})." default:"5" placeholder:"N" group:"Windows"`

	Resume bool   `help:"Go on with the run in --out that was killed or interrupted; it must be the same run." group:"Report"`
	JSON   string `name:"json" help:"Write the report as JSON to a file, or to the standard output alone if FILE is -." placeholder:"FILE|-" group:"Report"`
}

// Help is shown below the flags.
func (Cmd) Help() string {
	return `Again and again as time goes by it searches for parameters over a train window, chooses among the best --top-k by the
validation window, and judges the choice by the test window, which neither has seen. A session is a date that
occurs in the bars.

    ${program} walkforward --bundle us --train 504 --validation 126 --test 126 --fast 5:50:5 --slow 20:200:10 --trials 300
    ${program} walkforward --data DIR --strategy breakout --anchored --purge 5 --embargo 5 --out runs/wf
    ${program} walkforward --data DIR --strategy breakout --anchored --purge 5 --embargo 5 --out runs/wf --resume

The report has the parameters and the objective of every fold, the one account that traded all tests in turn, the
walk-forward efficiency (annual return of the tests as a share of that in training), and how much each parameter moved.
--out DIR keeps run.json, walkforward.json (what --json writes), as csv, json and parquet (--format) the folds
and the stitched equity curve, and a journal with the result of each trial over each window as soon as it is there. With --resume a run that was killed, or
that found no room on the disk, goes on, to the same results to the last bit; it refuses, and says what differs, if
anything but --workers or what is shown was changed: of bars, which assets. Without --resume another run may use the same DIR: it runs only
what the journal does not have, such as new values of parameters, and, after an ingest, the windows that read new or changed bars.

` + trials.AxisHelp + `

Objectives are those that an account tells without its trades: total_return, cagr, sharpe, sortino, calmar, max_drawdown.
Exit status: 0 done, 1 a fold failed, 2 bad usage or input, 130 interrupted.`
}

// Run runs the command.
func (c *Cmd) Run(e *console.Env, strategies *trials.Named[Runner]) error {
	run, err := strategies.Of(c.Strategy)
	if err != nil {
		return err
	}
	return run(c, e)
}

// A Runner runs the command with one strategy.
type Runner func(*Cmd, *console.Env) error

// With returns what runs the command with the strategies of a family.
func With[S trials.Tunable[S]](f *trials.Family[S]) Runner {
	return func(c *Cmd, e *console.Env) error { return run(f, c, e) }
}

func run[S trials.Tunable[S]](f *trials.Family[S], c *Cmd, e *console.Env) error {
	if err := errors.Join(c.check(), c.RunFlags.Check(e)); err != nil {
		return console.Usage(err)
	}
	report, err := c.FindReport(e, c.JSON)
	if err != nil {
		return err
	}
	j, err := trials.New(e, f, &c.BarsFlags, &c.TrialFlags)
	if err != nil {
		return err
	}
	if err := j.WithoutTrades(); err != nil {
		return console.Usage(err)
	}
	kept, err := rundir.Open(&c.RunFlags, j, "walkforward")
	if err != nil {
		return err
	}
	r, err := runKept(c, j, kept)
	if err = errors.Join(err, kept.Close()); err != nil {
		return err
	}
	if c.JSON != "-" {
		r.print(e.Stdout)
	}
	if err := report.WriteJSON(r); err != nil {
		return err
	}
	if r.failed() > 0 {
		return console.ErrFailed
	}
	return nil
}

func (c *Cmd) check() error {
	if err := cmp.Or(
		console.AtLeast("train", c.Train, 1),
		console.AtLeast("validation", c.Validate, 0),
		console.AtLeast("test", c.Test, 1),
		console.AtLeast("step", c.Step, 0),
		console.AtLeast("purge", c.Purge, 0),
		console.AtLeast("embargo", c.Embargo, 0),
		console.AtLeast("top-k", c.Top, 1),
	); err != nil {
		return err
	}
	if c.Warmup != nil {
		if err := console.AtLeast("warmup", *c.Warmup, 0); err != nil {
			return err
		}
	}
	return rundir.CheckResume(c.Resume, c.Out)
}

// step returns the sessions from one fold to the next.
func (c *Cmd) step() int {
	if c.Step == 0 {
		return c.Test
	}
	return c.Step
}

// warmupOf returns the bars before a window that indicators run over.
func (c *Cmd) warmupOf(longest int) int {
	if c.Warmup == nil {
		return longest
	}
	return *c.Warmup
}

// identity is what must be the same for a walk-forward to go on, beside its trials.
func (c *Cmd) identity(longest int) (id record.Identity) {
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

// runKept runs the walk-forward and keeps in the folder of the run what was asked for.
func runKept[S trials.Tunable[S]](c *Cmd, j *trials.Job[S], kept *rundir.Folder) (r *Report, err error) {
	var journal *record.Journal // nil: no folder
	if c.Out != "" {
		if journal, err = rundir.OpenJournal(j, c.Out, c.Resume, c.identity(j.Longest())...); err != nil {
			return nil, err
		}
		defer func() { err = errors.Join(rundir.GoOn(err, c.Out, journal), journal.Close()) }()
	}
	if err := kept.Begin(); err != nil {
		return nil, err
	}
	r, err = runBars(c, j, kept, journal)
	if err == nil && journal != nil {
		err = journal.Compact()
	}
	return r, kept.End(err)
}

// runBars runs the walk-forward and makes the report.
func runBars[S trials.Tunable[S]](c *Cmd, j *trials.Job[S], kept *rundir.Folder, journal *record.Journal) (r *Report, err error) {
	d, err := j.Open(j.Cached)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, d.Close()) }()
	defer c.LogStats(j.Env, d.Workspace)()
	bars, err := j.Bars(d)
	if err != nil {
		return nil, err
	}
	read := d.Describe(bars, len(bars.Timeline()))
	kept.File.Bars = &read
	warmup := c.warmupOf(j.Longest())
	segments, err := optimize.NewSegments(bars, warmup)
	if err != nil {
		return nil, err
	}
	ran := new(windowTally)
	w := forward(j, c, segments, ran)
	folds, err := w.Windows.Folds(w.Sessions)
	if err != nil {
		return nil, console.Usage(fmt.Errorf("--train %d --validation %d --test %d: %w", c.Train, c.Validate, c.Test, err))
	}
	p := j.NewProgress(len(folds))
	defer p.Finish()
	p.Start("walk forward")
	p.Unit = "folds"
	start := time.Now()
	result, err := w.Run(j.Ctx, optimize.Options{Workers: j.Workers, Progress: p.Step, Journal: journal})
	kept.Caches(d.Workspace.Stats(), int(ran.backtests.Load()))
	kept.File.WindowsRan, kept.File.Windows = ran.windowsRan(), windowsOf(folds)
	if journal != nil {
		kept.File.Recorded = journal.Taken()
	}
	if err != nil {
		return nil, err
	}
	r = newReport(j, c, w, segments, read, result)
	r.ran, r.recorded, r.WindowsAll, r.windowsRan = int(ran.backtests.Load()), kept.File.Recorded, kept.File.Windows, kept.File.WindowsRan
	r.seconds, r.Warmup = time.Since(start).Seconds(), warmup
	return r, keep(j, kept, r, segments, result)
}

// walkForward returns the walk-forward that the flags describe, which counts what it runs.
func forward[S trials.Tunable[S]](j *trials.Job[S], c *Cmd, segments *optimize.Segments, ran *windowTally) *walk.Forward[S] {
	strategy := j.Family.Strategy(j.CostBps)
	return &walk.Forward[S]{
		Windows: walk.Windows{
			Train: c.Train, Validation: c.Validate, Test: c.Test, Step: c.Step,
			Anchored: c.Anchored, Purge: c.Purge, Embargo: c.Embargo,
		},
		Sessions: segments.Sessions(),
		Space:    j.Space,
		Search:   func(f walk.Fold) (search.Search[S], error) { return j.NewSearch(uint64(f.Number)) },
		Backtester: func() optimize.Backtester[S] {
			test := segments.Backtester()
			return func(ctx context.Context, p S, span optimize.Span) (backtest.EquityCurve, error) {
				ran.ran(span)
				return test(ctx, strategy(p), span)
			}
		},
		Key:            func(p S, span optimize.Span) ([32]byte, error) { return segments.Key(strategy(p), span) },
		PeriodsPerYear: segments.PeriodsPerYear(),
		Objective:      func(p backtest.Performance) float64 { return p.Value(j.Metric) },
		Minimize:       j.Minimize,
		TopK:           c.Top,
	}
}

// walkReport puts the result into the shape of its JSON.
func newReport[S trials.Tunable[S]](j *trials.Job[S], c *Cmd, w *walk.Forward[S], segments *optimize.Segments, head output.Bundle, result *walk.Result[S]) *Report {
	r := &Report{
		Bundle:   head,
		Strategy: j.StrategyName(), Params: j.Specs, CostBps: j.CostBps, Search: j.Search, Seed: j.Seed, Trials: j.Count,
		Objective: j.Objective, Minimize: j.Minimize, Workers: j.Workers, Sessions: w.Sessions,
		Windows: windowsReport{c.Train, c.Validate, c.Test, c.step(), c.Purge, c.Embargo, c.Anchored, c.Top},
		Folds:   []foldReport{}, OutOfSample: output.Performance(result.Performance), Efficiency: output.Number(result.Efficiency),
		Stability: []stabilityReport{}, Equity: []pointReport{},
		title: j.Family.Title, trials: j.Describe(),
	}
	for _, f := range result.Folds {
		r.Folds = append(r.Folds, newFold(j, segments, f))
	}
	for _, s := range result.Stability {
		r.Stability = append(r.Stability, stabilityReport{
			s.Name, s.Folds, output.Number(s.Mean), output.Number(s.StdDev), output.Number(s.Variation), output.Number(s.Spread), s.Mode, output.Number(s.Share),
		})
	}
	for i, t := range result.OutOfSample.Times {
		r.Equity = append(r.Equity, pointReport{output.ShortTime(time.Unix(0, t).UTC()), output.Number(result.OutOfSample.Equity[i])})
	}
	return r
}

func newFold[S trials.Tunable[S]](j *trials.Job[S], segments *optimize.Segments, f walk.FoldResult[S]) foldReport {
	r := foldReport{
		Fold: f.Number, Train: spanOf(segments, f.Train), Validation: spanOf(segments, f.Validation), Test: spanOf(segments, f.Test),
		Trials: f.Trials, Failed: f.Failed,
	}
	if f.Err != nil {
		r.Error = f.Err.Error()
		return r
	}
	chosen := f.Candidates[f.Chosen].Trial
	r.Trial, r.Params = &chosen, j.Space.Params(f.Params)
	for _, p := range []struct {
		to   **output.Performance
		from backtest.Performance
	}{{&r.InTrain, f.InTrain}, {&r.InValidation, f.InValidation}, {&r.InTest, f.InTest}} {
		if p.from.Bars > 0 {
			m := output.Performance(p.from)
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

// keep writes the files of the folder.
func keep[S trials.Tunable[S]](j *trials.Job[S], kept *rundir.Folder, r *Report, segments *optimize.Segments, result *walk.Result[S]) error {
	if kept.Dir == "" {
		return nil
	}
	for _, f := range r.Folds {
		if f.Error != "" {
			kept.Fail([]string{f.Error})
		}
	}
	kept.File.Failed = r.failed()
	const name = "walkforward.json"
	if err := output.WriteJSON(nil, filepath.Join(kept.Dir, name), r); err != nil {
		return err
	}
	kept.File.Results = append(kept.File.Results, name)
	curve := result.OutOfSample
	err := kept.Keep("equity", &output.Table{Columns: []output.Column{output.Col("time", output.Moment), output.Col("equity", output.Real)}, Rows: len(curve.Times), Cell: func(row, i int) any {
		if i == 0 {
			return time.Unix(0, curve.Times[row]).UTC()
		}
		return curve.Equity[row]
	},
	})
	return errors.Join(err, kept.Keep("folds", foldTable(j, r, result)))
}

// foldTable has a row for each fold.
func foldTable[S trials.Tunable[S]](j *trials.Job[S], r *Report, result *walk.Result[S]) *output.Table {
	columns := []output.Column{
		output.Col("fold", output.Whole), output.Col("train_from", output.Text), output.Col("train_to", output.Text), output.Col("validation_from", output.Text), output.Col("validation_to", output.Text),
		output.Col("test_from", output.Text), output.Col("test_to", output.Text), output.Col("trials", output.Whole), output.Col("failed", output.Whole), output.Col("trial", output.Whole),
	}
	first := len(columns)
	for _, p := range j.Family.Axes {
		columns = append(columns, output.Col(p.Name, p.Kind))
	}
	metrics := len(columns)
	columns = append(columns, output.Col("train_objective", output.Real), output.Col("validation_objective", output.Real))
	for m := range (backtest.Metrics{}).All() {
		if !m.NeedsTrades() {
			columns = append(columns, output.Col("test_"+m.String(), output.Real))
		}
	}
	columns = append(columns, output.Col("error", output.Text))
	return &output.Table{Columns: columns, Rows: len(r.Folds), Cell: func(row, i int) any {
		f, o := r.Folds[row], &result.Folds[row]
		head := []any{int64(f.Fold), f.Train.from(), f.Train.to(), f.Validation.from(), f.Validation.to(), f.Test.from(), f.Test.to(), int64(f.Trials), int64(f.Failed), int64(-1)}
		if f.Trial != nil {
			head[9] = int64(*f.Trial)
		}
		switch {
		case i < first:
			return head[i]
		case i < metrics:
			return j.Family.Axes[i-first].Value(o.Params)
		case i == len(columns)-1:
			return f.Error
		case o.Err != nil:
			return math.NaN()
		case i < metrics+2:
			c := o.Candidates[o.Chosen]
			return [2]float64{c.Train, c.Validation}[i-metrics]
		}
		m, err := backtest.ParseMetric(strings.TrimPrefix(columns[i].Name, "test_"))
		if err != nil {
			return math.NaN()
		}
		return o.InTest.Value(m)
	}}
}
