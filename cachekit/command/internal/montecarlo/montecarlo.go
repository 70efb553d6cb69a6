// Package montecarlo is the command montecarlo: how much of a result is luck.
package montecarlo

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/bmadventure/optcache/cachekit/backtest"
	"github.com/bmadventure/optcache/cachekit/command/internal/console"
	"github.com/bmadventure/optcache/cachekit/command/internal/output"
	"github.com/bmadventure/optcache/cachekit/command/internal/rundir"
	"github.com/bmadventure/optcache/cachekit/command/internal/source"
	"github.com/bmadventure/optcache/cachekit/command/internal/trials"
	"github.com/bmadventure/optcache/cachekit/optimize"
	"github.com/bmadventure/optcache/cachekit/optimize/record"
	"github.com/bmadventure/optcache/cachekit/optimize/robust"
	"github.com/bmadventure/optcache/cachekit/search"
)

// Cmd is the flags of the command montecarlo.
type Cmd struct {
	source.BarsFlags
	trials.TrialFlags
	rundir.RunFlags

	From string   `name:"run" help:"Judge the best trial of the finished sweep in this directory, which --out of ${program} sweep made." placeholder:"DIR" type:"path" group:"Subject"`
	Set  []string `help:"Judge these parameters instead of the best trial, such as fast=10; one flag for each parameter." placeholder:"NAME=VALUE" sep:"none" group:"Subject"`

	Tests      []string `help:"Tests to make (all that apply): bootstrap, permutation, noise, sensitivity, deflated, overfitting." placeholder:"TESTS" group:"Tests"`
	Metric     string   `help:"Metric that bootstrap and noise are about (the objective)." placeholder:"METRIC" group:"Tests"`
	Permute    string   `name:"permutation-metric" aliases:"permute" help:"Metric that the permutation is about; one that depends on the order of returns (${default})." default:"max_drawdown" placeholder:"METRIC" group:"Tests"`
	Samples    int      `help:"Paths that each test makes (${default})." default:"1000" placeholder:"N" group:"Tests"`
	Confidence float64  `help:"Of the intervals, above 0 and below 1 (${default})." default:"0.95" placeholder:"SHARE" group:"Tests"`
	Block      float64  `name:"block-size" aliases:"block" help:"Mean length of a block of the bootstrap in bars (the cube root of their number)." placeholder:"BARS" group:"Tests"`
	Deviation  float64  `name:"noise-std" aliases:"deviation" help:"Standard deviation of the noise, above 0 and at most 0.5 (${default})." default:"0.01" placeholder:"SHARE" group:"Tests"`
	Resample   bool     `name:"noise-bootstrap" aliases:"resample" help:"Take the noise from each asset's own history instead." group:"Tests"`
	Points     int      `name:"sensitivity-points" aliases:"points" help:"Values of each parameter that the sensitivity tries on each side (${default})." default:"10" placeholder:"N" group:"Tests"`
	Blocks     int      `name:"pbo-blocks" aliases:"blocks" help:"Blocks of time of the probability of overfitting, even (${default})." default:"16" placeholder:"N" group:"Tests"`

	JSON string `name:"json" help:"Write the report as JSON to a file, or to the standard output alone if FILE is -." placeholder:"FILE|-" group:"Report"`

	ran *rundir.Run // that --run names
}

// The tests that the command makes.
const (
	testBootstrap   = "bootstrap"
	testPermutation = "permutation"
	testNoise       = "noise"
	testSensitivity = "sensitivity"
	testDeflated    = "deflated"
	testOverfitting = "overfitting"
)

var monteCarloTests = []string{testBootstrap, testPermutation, testNoise, testSensitivity, testDeflated, testOverfitting}

// Help is shown below the flags.
func (Cmd) Help() string {
	return `It asks how much of a result is luck. The subject is the best trial of a finished sweep (--run), of the sweep that the
flags describe, or parameters of your own (--set).

    ${program} sweep --bundle us --trials 500 --out runs/a
    ${program} montecarlo --run runs/a
    ${program} montecarlo --bundle us --set fast=10 --set slow=50 --tests bootstrap,noise --samples 5000

    bootstrap     the metric on paths drawn from the returns in blocks; p-value: luck without an edge does as well
    permutation   whether the order of the returns matters; refused for a metric that order cannot change
    noise         the metric on prices that are a little off
    sensitivity   how much the objective depends on each parameter around the subject, in shares
    deflated      the probability that the true Sharpe ratio is above that of the best of as many lucky trials
    overfitting   the probability that the best trial of one half of the time is below the median in the other

The last two need all trials of the search, so not --set; they are fed every trial of it. Without --tests a test that does
not apply is left out, and the report says why; with --tests that is an error.

` + trials.AxisHelp + `

Exit status: 0 done, 2 bad usage or input, or a test that was asked for does not apply, 130 interrupted.`
}

// Run runs the command.
func (c *Cmd) Run(e *console.Env, strategies *trials.Named[Runner]) error {
	if err := errors.Join(c.check(), c.RunFlags.Check(e)); err != nil {
		return console.Usage(err)
	}
	if c.From == "" {
		run, err := strategies.Of(c.Strategy)
		if err != nil {
			return err
		}
		return run(c, e)
	}
	var err error
	if c.ran, err = c.readRun(e); err != nil {
		return console.Usage(err)
	}
	run, err := strategies.OfRules(c.ran.Strategy)
	if err != nil {
		return console.Usage(fmt.Errorf("--run %s: %w", c.From, err))
	}
	return run(c, e)
}

// A Runner runs the command with one strategy.
type Runner func(*Cmd, *console.Env) error

// With returns what runs the command with the strategies of a family.
func With[S trials.Tunable[S]](f *trials.Family[S]) Runner {
	return func(c *Cmd, e *console.Env) error { return run(f, c, e) }
}

// readRun reads the sweep that --run names.
func (c *Cmd) readRun(e *console.Env) (*rundir.Run, error) {
	if c.BarsFlags.Given() || c.TrialFlags.Given() {
		return nil, errors.New("--run says which bars and trials there were: leave out the flags of bars and trials")
	}
	r, err := rundir.ReadSweep(e, c.From)
	if err != nil {
		return nil, fmt.Errorf("--run: %w", err)
	}
	if r.Store != e.StoreDir {
		return nil, fmt.Errorf("--run %s: the bundle of that sweep is in another store: give --store %s", c.From, r.Store)
	}
	return r, nil
}

func (c *Cmd) check() error {
	for _, t := range c.Tests {
		if !slices.Contains(monteCarloTests, t) {
			return fmt.Errorf("--tests %q: must be %s, or several with commas between them", t, output.OneOf(monteCarloTests))
		}
	}
	if err := cmp.Or(
		console.AtLeast("samples", c.Samples, 1),
		console.AtLeast("sensitivity-points", c.Points, 1),
		console.AtLeast("pbo-blocks", c.Blocks, 2),
	); err != nil {
		return err
	}
	switch {
	case !(c.Confidence > 0 && c.Confidence < 1):
		return fmt.Errorf("--confidence %v: must be above 0 and below 1, such as 0.95", c.Confidence)
	case c.Block != 0 && !(c.Block >= 1):
		return fmt.Errorf("--block-size %v: must be at least 1 bar", c.Block)
	case !(c.Deviation > 0 && c.Deviation <= 0.5):
		return fmt.Errorf("--noise-std %v: must be above 0 and at most 0.5", c.Deviation)
	}
	return nil
}

// job prepares the trials of the sweep that the flags, or --run, describe.
func subjectJob[S trials.Tunable[S]](f *trials.Family[S], c *Cmd, e *console.Env) (*trials.Job[S], error) {
	if c.ran == nil {
		return trials.New(e, f, &c.BarsFlags, &c.TrialFlags)
	}
	own, err := c.TrialFlags.Complete()
	if err != nil {
		return nil, console.Usage(err)
	}
	s, err := c.ran.Setup()
	if err != nil {
		return nil, console.Usage(fmt.Errorf("--run %s: %w", c.From, err))
	}
	if len(s.Specs) != len(f.Axes) {
		return nil, console.Usage(fmt.Errorf("--run %s: its run.json has %d parameters, the strategy %s has %d: sweep again", c.From, len(s.Specs), f.Name, len(f.Axes)))
	}
	s.Workers = own.Workers
	j, err := trials.Prepare(e, f, s)
	if err == nil && j.StrategyName() != c.ran.Strategy {
		err = console.Usage(fmt.Errorf("--run %s: it was made by the rules %s, and this command has %s: sweep again", c.From, c.ran.Strategy, j.StrategyName()))
	}
	return j, err
}

func run[S trials.Tunable[S]](f *trials.Family[S], c *Cmd, e *console.Env) error {
	report, err := c.FindReport(e, c.JSON)
	if err != nil {
		return err
	}
	j, err := subjectJob(f, c, e)
	if err != nil {
		return err
	}
	m := &monteCarlo[S]{Job: j, cmd: c, metric: j.Metric, order: backtest.MaxDrawdown}
	if err := m.chooseMetrics(); err != nil {
		return console.Usage(err)
	}
	kept, err := rundir.Open(&c.RunFlags, j, "montecarlo")
	if err != nil {
		return err
	}
	defer kept.Close() // no more than the lock
	if err := kept.Begin(); err != nil {
		return err
	}
	r, err := m.run(kept)
	if err = kept.End(err); err != nil {
		return err
	}
	if c.JSON != "-" {
		r.print(e.Stdout)
	}
	return report.WriteJSON(r)
}

// A monteCarlo is a [Cmd] that was found to make sense.
type monteCarlo[S trials.Tunable[S]] struct {
	*trials.Job[S]
	cmd    *Cmd
	metric backtest.Metric // of bootstrap and noise
	order  backtest.Metric // of the permutation

	subject  S
	out      trials.Outcomes[S] // of all trials; none with --set
	trial    int                // that is the subject; -1 with --set
	segments *optimize.Segments
	returns  []float64 // of the subject
}

// chooseMetrics sets the metrics that the tests are about.
func (m *monteCarlo[S]) chooseMetrics() (err error) {
	if m.cmd.Metric != "" {
		if m.metric, err = backtest.ParseMetric(m.cmd.Metric); err != nil {
			return fmt.Errorf("--metric: %w", err)
		}
	}
	if m.metric.NeedsTrades() {
		return fmt.Errorf("--metric %s: it needs the trades, which returns do not tell: choose one of total_return, cagr, sharpe, sortino, calmar, max_drawdown", m.metric)
	}
	if m.order, err = backtest.ParseMetric(m.cmd.Permute); err != nil {
		return fmt.Errorf("--permutation-metric: %w", err)
	}
	if m.order.NeedsTrades() {
		return fmt.Errorf("--permutation-metric %s: it needs the trades, which returns do not tell: choose max_drawdown or calmar", m.order)
	}
	return nil
}

// wants reports whether a test is to be made.
func (m *monteCarlo[S]) wants(test string) bool {
	return len(m.cmd.Tests) == 0 || slices.Contains(m.cmd.Tests, test)
}

// run makes the tests.
func (m *monteCarlo[S]) run(kept *rundir.Folder) (r *Report, err error) {
	d, err := m.Open(m.Cached)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, d.Close()) }()
	defer m.cmd.LogStats(m.Env, d.Workspace)()
	start := time.Now()
	bars, err := m.Bars(d)
	if err != nil {
		return nil, err
	}
	read := d.Describe(bars, len(bars.Timeline()))
	kept.File.Bars = &read
	if err := m.findSubject(d); err != nil {
		return nil, err
	}
	if m.segments, err = optimize.NewSegments(bars, 0); err != nil {
		return nil, err
	}
	curve, err := m.segments.Backtester()(m.Ctx, m.Family.Strategy(m.CostBps)(m.subject), m.whole())
	if err != nil {
		return nil, err
	}
	m.returns = curve.Returns()
	r = m.report(read)
	if err := m.test(d, r); err != nil {
		return nil, err
	}
	r.Seconds = time.Since(start).Seconds()
	kept.Caches(d.Workspace.Stats(), len(m.out))
	return r, m.keep(kept, r)
}

// whole is the span of all sessions.
func (m *monteCarlo[S]) whole() optimize.Span { return optimize.Span{To: m.segments.Sessions()} }

// findSubject finds the parameters to judge: those of --set, or of the best trial of
// the sweep, which is run again, for the tests need all its trials.
func (m *monteCarlo[S]) findSubject(d *trials.Side) (err error) {
	m.trial = -1
	if len(m.cmd.Set) > 0 {
		if m.subject, err = m.Family.Point(m.cmd.Set); err == nil {
			err = m.subject.Validate()
		}
		if err != nil {
			return console.Usage(fmt.Errorf("--set: %w", err))
		}
		return nil
	}
	if err := m.sweepAgain(d); err != nil {
		return err
	}
	values := m.Values(m.out)
	top := search.Rank(values, m.Minimize, 1)
	if len(top) == 0 {
		return fmt.Errorf("all of %s failed, so there is none to judge: %w", output.Count(len(m.out), "trial"), optimize.FirstError(m.out))
	}
	m.trial, m.subject = top[0], m.out[top[0]].Params
	if ran := m.cmd.ran; ran != nil {
		if got := output.Plain(values[m.trial]); ran.BestTrial != m.trial || ran.BestValue != got {
			return fmt.Errorf("--run %s: its best was trial %d with %s %s, and now it is trial %d with %s: one of the two is wrong; sweep again with --verify all",
				m.cmd.From, ran.BestTrial, m.Objective, ran.BestValue, m.trial, got)
		}
	}
	return nil
}

// sweepAgain runs all trials. Those of a run that kept a journal are taken from it.
func (m *monteCarlo[S]) sweepAgain(d *trials.Side) (err error) {
	p := m.NewProgress(m.Count)
	defer p.Finish()
	p.Start("sweep")
	o := optimize.Options{Progress: p.Step}
	if _, e := os.Stat(filepath.Join(m.cmd.From, "journal")); m.cmd.From != "" && e == nil {
		if o.Journal, err = record.Open(m.cmd.From); err != nil {
			return fmt.Errorf("--run: %w", err)
		}
		defer func() { err = errors.Join(err, o.Journal.Close()) }()
	}
	m.out, err = m.Job.Run(m.Ctx, d.View, o)
	return err
}

// test makes the tests that are wanted. One that does not apply is left out, with
// the reason, unless it was asked for.
func (m *monteCarlo[S]) test(d *trials.Side, r *Report) error {
	p := m.NewProgress(len(monteCarloTests))
	p.Unit = "tests"
	defer p.Finish()
	for i, t := range []struct {
		name string
		run  func() error
	}{
		{testBootstrap, func() error { return m.bootstrap(r) }},
		{testPermutation, func() error { return m.permute(r) }},
		{testNoise, func() error { return m.noise(r) }},
		{testSensitivity, func() error { return m.sensitivity(d, r) }},
		{testDeflated, func() error { return m.deflate(r) }},
		{testOverfitting, func() error { return m.overfitting(r) }},
	} {
		if !m.wants(t.name) {
			continue
		}
		p.Start(t.name)
		err := t.run()
		p.Step(i+1-p.Base, 0)
		switch {
		case err == nil:
			continue
		case m.Ctx.Err() != nil:
			return fmt.Errorf("%s: %w", t.name, err)
		case len(m.cmd.Tests) > 0:
			return console.Usage(fmt.Errorf("%s: %w", t.name, err))
		}
		r.Skipped = append(r.Skipped, skippedReport{t.name, err.Error()})
	}
	return nil
}

// sampler returns the Monte Carlo over a metric.
func (m *monteCarlo[S]) sampler(metric backtest.Metric) robust.MonteCarlo {
	return robust.MonteCarlo{
		Samples: m.cmd.Samples, Seed: m.Seed, BlockSize: m.cmd.Block, Confidence: m.cmd.Confidence,
		Minimize: m.Minimize && metric == m.Job.Metric,
	}
}

func (m *monteCarlo[S]) options() optimize.Options { return optimize.Options{Workers: m.Workers} }

func (m *monteCarlo[S]) bootstrap(r *Report) error {
	d, err := m.sampler(m.metric).Bootstrap(m.Ctx, m.returns, robust.StatisticOf(m.metric, m.segments.PeriodsPerYear()), m.options())
	if err == nil {
		r.Bootstrap = newDistribution(m.metric, d)
	}
	return err
}

func (m *monteCarlo[S]) permute(r *Report) error {
	d, err := m.sampler(m.order).Permute(m.Ctx, m.returns, robust.StatisticOf(m.order, m.segments.PeriodsPerYear()), m.options())
	if err == nil {
		r.Permutation = newDistribution(m.order, d)
		return nil
	}
	if errors.Is(err, robust.ErrOrderInvariant) {
		return fmt.Errorf("--permutation-metric %s: %w", m.order, err)
	}
	return err
}

func (m *monteCarlo[S]) noise(r *Report) error {
	n := robust.Noise{StdDev: m.cmd.Deviation, Bootstrap: m.cmd.Resample, MonteCarlo: m.sampler(m.metric)}
	objective := func(p backtest.Performance) float64 { return p.Value(m.metric) }
	d, err := n.Test(m.Ctx, m.segments, m.Family.Strategy(m.CostBps)(m.subject), m.whole(), objective, m.options())
	if err == nil {
		r.Noise = &noiseReport{*newDistribution(m.metric, d.Distribution), output.Number(d.Degradation), output.Number(d.Worst)}
	}
	return err
}

func (m *monteCarlo[S]) sensitivity(d *trials.Side, r *Report) error {
	s := robust.Sensitivity[S]{Space: m.Space, Base: m.subject, Points: m.cmd.Points, Minimize: m.Minimize}
	strategy := m.Family.Strategy(m.CostBps)
	worker := func() optimize.Worker[S, float64] {
		runner := backtest.Runner{Series: d.View.Series()}
		return func(ctx context.Context, p S) (float64, error) {
			bars, err := d.View.Bars(ctx)
			if err != nil {
				return 0, err
			}
			metrics, err := runner.Run(ctx, bars, strategy(p), nil)
			return metrics.Value(m.Job.Metric), err
		}
	}
	result, err := s.Run(m.Ctx, worker, m.options())
	if err == nil {
		r.Sensitivity = newSensitivity(m.Objective, result)
	}
	return err
}

var errNoTrials = errors.New("it needs all trials of the search that found the parameters: leave out --set, or give the sweep with --run")

func (m *monteCarlo[S]) deflate(r *Report) error {
	if m.out == nil {
		return errNoTrials
	}
	perYear := math.Sqrt(m.segments.PeriodsPerYear())
	sharpes := make([]float64, len(m.out))
	for i, o := range m.out {
		sharpes[i] = o.Result.Sharpe / perYear
		if o.Err != nil {
			sharpes[i] = math.NaN()
		}
	}
	d, err := robust.DeflatedSharpeRatio(m.returns, sharpes)
	if err == nil {
		r.Deflated = &deflatedReport{d.Trials, output.Number(d.Sharpe), output.Number(d.Expected), output.Number(d.Probability)}
	}
	return err
}

// maxReturns bounds the returns of all trials that the probability of overfitting
// holds in memory: 512 MB.
const maxReturns = 1 << 26

func (m *monteCarlo[S]) overfitting(r *Report) error {
	if m.out == nil {
		return errNoTrials
	}
	if n := len(m.out) * len(m.returns); n > maxReturns {
		return fmt.Errorf("it holds the returns of all trials in memory, %s of them: give a sweep of at most %d trials", output.Bytes(8*float64(n)), maxReturns/len(m.returns))
	}
	plan := make(search.List[S], len(m.out))
	for i, o := range m.out {
		plan[i] = o.Params
	}
	strategy := m.Family.Strategy(m.CostBps)
	curves, err := optimize.Run(m.Ctx, plan, func() optimize.Worker[S, []float64] {
		test := m.segments.Backtester()
		return func(ctx context.Context, p S) ([]float64, error) {
			c, err := test(ctx, strategy(p), m.whole())
			return c.Returns(), err
		}
	}, m.options())
	if err != nil {
		return err
	}
	all := make([][]float64, len(curves))
	for i, c := range curves {
		if c.Err != nil {
			return fmt.Errorf("it needs the returns of all trials: %w", c.Err)
		}
		all[i] = c.Result
	}
	o, err := robust.MeasureOverfitting(m.Ctx, all, m.cmd.Blocks, m.options())
	if err == nil {
		r.Overfitting = &overfittingReport{o.Trials, o.Splits, output.Number(o.Probability), output.Number(o.ProbabilityOfLoss), output.Number(o.Slope)}
	}
	return err
}

// keep writes the files of the folder.
func (m *monteCarlo[S]) keep(kept *rundir.Folder, r *Report) error {
	if kept.Dir == "" {
		return nil
	}
	if m.trial >= 0 {
		kept.File.BestTrial, kept.File.BestValue = m.trial, output.Plain(m.out[m.trial].Result.Value(m.Job.Metric))
	}
	const name = "montecarlo.json"
	if err := output.WriteJSON(nil, filepath.Join(kept.Dir, name), r); err != nil {
		return err
	}
	kept.File.Results = append(kept.File.Results, name)
	return nil
}
