package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"runtime"
	"strconv"

	"github.com/bmadventure/optcache/cachekit"
	"github.com/bmadventure/optcache/cachekit/backtest"
	"github.com/bmadventure/optcache/cachekit/bundle"
	"github.com/bmadventure/optcache/cachekit/optimize"
	"github.com/bmadventure/optcache/cachekit/search"
)

// trialFlags say which trials a command runs. A flag that was not given is empty.
type trialFlags struct {
	Strategy  string   `help:"Strategy (crossover): crossover, momentum, reversion or breakout." placeholder:"NAME" group:"Trials"`
	Param     []string `help:"Values of a parameter of the strategy, such as fast=5:50:5; may be repeated." placeholder:"NAME=VALUES" sep:"none" group:"Trials"`
	Fast      string   `help:"Short for --param fast=VALUES of the crossover (5:50:5)." placeholder:"VALUES" group:"Trials"`
	Slow      string   `help:"Short for --param slow=VALUES (20:120:5); only those above the fast length are tried." placeholder:"VALUES" group:"Trials"`
	CostBps   *float64 `help:"Cost of a fill in basis points of its value (0)." placeholder:"BPS" group:"Trials"`
	Search    string   `help:"How trials are chosen (grid): grid, random, bayes or genetic." placeholder:"KIND" group:"Trials"`
	Seed      *uint64  `help:"Seed of whatever is left to chance (1)." placeholder:"N" group:"Trials"`
	Trials    *int     `help:"Number of trials (100); those of a grid are spread evenly over it, all of it if there are fewer." placeholder:"N" group:"Trials"`
	Objective string   `help:"Metric that ranks the trials (sharpe): ${metrics}." placeholder:"METRIC" group:"Trials"`
	Minimize  bool     `help:"Rank the smallest objective first." group:"Trials"`
	Workers   int      `help:"Trials that run at the same time (one for each processor)." placeholder:"N" group:"Trials"`
}

// What trialFlags that were not given mean.
const (
	usualTrials = 100
	usualSeed   = 1
)

// searches are the kinds of search, as --search takes them.
var searches = []string{"grid", "random", "bayes", "genetic"}

// A setup is trialFlags and the bars with all that was left out filled in: it says
// which trials are run, as text.
type setup struct {
	source
	strategy  string
	specs     []axisSpec
	costBps   float64
	search    string
	seed      uint64
	trials    int // wished; a grid may have fewer
	objective string
	minimize  bool
	workers   int
}

// complete fills in what was left out.
func (f *trialFlags) complete() (setup, error) {
	s := setup{strategy: "crossover", search: "grid", seed: usualSeed, trials: usualTrials, objective: "sharpe", minimize: f.Minimize, workers: f.Workers}
	for _, t := range []struct {
		to   *string
		flag string
	}{{&s.strategy, f.Strategy}, {&s.search, f.Search}, {&s.objective, f.Objective}} {
		if t.flag != "" {
			*t.to = t.flag
		}
	}
	if f.Seed != nil {
		s.seed = *f.Seed
	}
	if f.Trials != nil {
		s.trials = *f.Trials
	}
	if f.CostBps != nil {
		s.costBps = *f.CostBps
	}
	if s.workers == 0 {
		s.workers = runtime.GOMAXPROCS(0)
	}
	return s, s.check()
}

func (s *setup) check() error {
	for _, n := range []atLeast{{"trials", s.trials, 1}, {"workers", s.workers, 0}} {
		if err := n.check(); err != nil {
			return err
		}
	}
	if x := (backtest.Crossover{Fast: 1, Slow: 2, CostBps: s.costBps}); x.Validate() != nil {
		return fmt.Errorf("--cost-bps %v: must be at least 0 and below 10000", s.costBps)
	}
	for _, kind := range searches {
		if s.search == kind {
			return nil
		}
	}
	return fmt.Errorf("--search %q: must be %s", s.search, oneOf(searches))
}

// given reports whether a flag says which trials to run.
func (f *trialFlags) given() bool {
	return f.Strategy != "" || len(f.Param) > 0 || f.Fast != "" || f.Slow != "" || f.CostBps != nil || f.Search != "" ||
		f.Trials != nil || f.Objective != "" || f.Minimize
}

// params returns the flags --param, --fast and --slow in one form.
func (f *trialFlags) params() []string {
	params := f.Param
	for _, short := range []axisSpec{{"fast", f.Fast}, {"slow", f.Slow}} {
		if short.Spec != "" {
			params = append(params[:len(params):len(params)], short.Name+"="+short.Spec)
		}
	}
	return params
}

// strategyOf returns the family that --strategy names.
func (f *trialFlags) strategyOf() (strategyOf, error) {
	if f.Strategy == "" {
		return crossover, nil
	}
	return strategyNamed(f.Strategy)
}

// A job is a setup that was found to make sense, ready to run.
type job[S tunable] struct {
	*env
	setup
	family *family[S]
	metric backtest.Metric
	space  *search.Space[S]
	fields bundle.Fields // that the strategy reads
	cached cachekit.Config
	count  int // trials
}

// newJob prepares the trials that the flags name, on the bars that they name.
func newJob[S tunable](e *env, f *family[S], bars *barsFlags, trials *trialFlags) (*job[S], error) {
	setup, err := trials.complete()
	if err == nil {
		err = bars.check()
	}
	if err == nil {
		setup.specs, err = f.specs(trials.params())
	}
	if err != nil {
		return nil, usageError{err}
	}
	j, err := prepare(e, f, setup)
	if err != nil {
		return nil, err
	}
	j.source, err = bars.find(e)
	return j, err
}

// prepare checks a setup, its bars excepted.
func prepare[S tunable](e *env, f *family[S], setup setup) (*job[S], error) {
	j := &job[S]{env: e, setup: setup, family: f}
	var err error
	if j.metric, err = backtest.ParseMetric(j.objective); err != nil {
		return nil, usageError{fmt.Errorf("--objective: %w", err)}
	}
	if j.cached, err = cachekit.ConfigFromEnv(); err != nil {
		return nil, usageError{err}
	}
	if j.space, err = f.space(j.specs); err != nil {
		return nil, usageError{err}
	}
	var none S
	j.fields = backtest.Fields(none)
	search, err := j.newSearch(0)
	if err != nil {
		return nil, usageError{fmt.Errorf("--search %s: %w", j.search, err)}
	}
	j.count = search.Len()
	return j, nil
}

// newSearch returns the search that the flags name, made anew. salt chooses another
// course of the same search.
func (j *job[S]) newSearch(salt uint64) (search.Search[S], error) {
	o := search.Options{Seed: j.seed + salt, Minimize: j.minimize}
	switch j.search {
	case "random":
		return search.NewRandom(j.space, j.trials, o)
	case "bayes":
		return search.NewBayesian(j.space, j.trials, o)
	case "genetic":
		return search.NewGenetic(j.space, j.trials, o)
	}
	grid, err := search.NewGrid(j.space, j.trials)
	if err != nil {
		return nil, err
	}
	return search.Enumerate[S](grid), nil
}

// list is the plan of the trials given.
type list[P any] []P

func (l list[P]) Len() int       { return len(l) }
func (l list[P]) At(trial int) P { return l[trial] }

// plan returns the trials of a search that needs no results, and whether the search
// is one.
func (j *job[S]) plan() (search.Plan[S], bool, error) {
	switch j.search {
	case "grid":
		grid, err := search.NewGrid(j.space, j.trials)
		return grid, true, err
	case "random":
		search, err := j.newSearch(0)
		if err != nil {
			return nil, true, err
		}
		plan := make(list[S], 0, search.Len())
		for t, ok := search.Ask(); ok; t, ok = search.Ask() {
			plan = append(plan, t.Params)
		}
		return plan, true, nil
	}
	return nil, false, nil
}

// outcomes are the results of trials.
type outcomes[S tunable] []optimize.Outcome[S, backtest.Metrics]

// search runs all trials on the bars of a view.
func (j *job[S]) run(ctx context.Context, view *optimize.View, o optimize.Options) (outcomes[S], error) {
	o.Workers = j.workers
	plan, known, err := j.plan()
	switch {
	case err != nil:
		return nil, err
	case known:
		return optimize.Sweep(ctx, view, plan, j.family.strategy(j.costBps), o)
	}
	search, err := j.newSearch(0)
	if err != nil {
		return nil, err
	}
	return optimize.SweepSearch(ctx, view, search, j.family.strategy(j.costBps), func(m backtest.Metrics) float64 { return m.Value(j.metric) }, o)
}

// values returns the objective of each outcome, NaN for those that failed.
func (j *job[S]) values(out outcomes[S]) []float64 {
	values := make([]float64, len(out))
	for i, o := range out {
		values[i] = o.Result.Value(j.metric)
		if o.Err != nil {
			values[i] = math.NaN()
		}
	}
	return values
}

// A side is a workspace with the version pinned in it: the caches at work, or none.
type side struct {
	workspace *optimize.Workspace
	pin       *optimize.Pin
	view      *optimize.View
}

func (j *job[S]) open(config cachekit.Config) (*side, error) {
	w, err := optimize.NewWorkspace(config, j.store)
	if err != nil {
		return nil, usageError{err}
	}
	pin, err := w.PinVersion(j.bundle, j.version)
	if err != nil {
		return nil, errors.Join(err, w.Close())
	}
	d := &side{workspace: w, pin: pin}
	if d.view, err = pin.View(bundle.Query{Fields: j.fields}); err != nil {
		return nil, errors.Join(err, d.close())
	}
	return d, nil
}

func (d *side) close() error { return errors.Join(d.pin.Close(), d.workspace.Close()) }

// describe tells in a few words which trials there are.
func (j *job[S]) describe() string {
	switch j.search {
	case "grid":
		return count(j.count, "trial")
	case "bayes":
		return count(j.count, "trial") + " of a Bayesian search, seed " + strconv.FormatUint(j.seed, 10)
	}
	return count(j.count, "trial") + " of a " + j.search + " search, seed " + strconv.FormatUint(j.seed, 10)
}

// flags returns the setup as flags of the command line.
func (s *setup) flags() []string {
	flags := []string{
		"--bundle=" + s.bundle, "--at=" + s.version.String(), "--strategy=" + s.strategy,
		"--cost-bps=" + strconv.FormatFloat(s.costBps, 'g', -1, 64), "--search=" + s.search, "--seed=" + strconv.FormatUint(s.seed, 10),
		"--trials=" + strconv.Itoa(s.trials), "--objective=" + s.objective, "--workers=" + strconv.Itoa(s.workers),
	}
	if s.minimize {
		flags = append(flags, "--minimize")
	}
	for _, a := range s.specs {
		flags = append(flags, "--param="+a.Name+"="+a.Spec)
	}
	return flags
}
