package main

import (
	"cmp"
	"fmt"
	"runtime"
	"strconv"

	"github.com/bmadventure/optcache/cachekit/backtest"
)

// strategyFlags say which strategy a command runs, with which parameters.
type strategyFlags struct {
	Strategy string   `help:"Strategy (${strategy}): ${strategies}." placeholder:"NAME" group:"Trials"`
	Param    []string `help:"Values of a parameter of the strategy, such as fast=5:50:5; may be repeated." placeholder:"NAME=VALUES" sep:"none" group:"Trials"`
	Fast     string   `help:"Short for --param fast=VALUES of the crossover (5:50:5)." placeholder:"VALUES" group:"Trials"`
	Slow     string   `help:"Short for --param slow=VALUES (20:120:5); only those above the fast length are tried." placeholder:"VALUES" group:"Trials"`
	CostBps  *float64 `help:"Cost of a fill in basis points of its value (0)." placeholder:"BPS" group:"Trials"`
}

// trialFlags say which trials a command runs. A flag that was not given is empty.
type trialFlags struct {
	strategyFlags
	Search    string  `help:"How trials are chosen (grid): grid, random, bayes or genetic." placeholder:"KIND" group:"Trials"`
	Seed      *uint64 `help:"Seed of whatever is left to chance (1)." placeholder:"N" group:"Trials"`
	Trials    *int    `help:"Number of trials (100); those of a grid are spread evenly over it, all of it if there are fewer." placeholder:"N" group:"Trials"`
	Objective string  `help:"Metric that ranks the trials (sharpe): ${metrics}." placeholder:"METRIC" group:"Trials"`
	Minimize  bool    `help:"Rank the smallest objective first." group:"Trials"`
	Workers   int     `help:"Trials that run at the same time (one for each processor)." placeholder:"N" group:"Trials"`
}

// complete fills in what was left out.
func (f *trialFlags) complete() (setup, error) {
	s := setup{strategy: usualStrategy, search: "grid", seed: usualSeed, trials: usualTrials, objective: "sharpe", minimize: f.Minimize, workers: f.Workers}
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

// given reports whether a flag says which trials to run.
func (f *trialFlags) given() bool {
	return f.Strategy != "" || len(f.Param) > 0 || f.Fast != "" || f.Slow != "" || f.CostBps != nil || f.Search != "" ||
		f.Trials != nil || f.Objective != "" || f.Minimize
}

// params returns the flags --param, --fast and --slow in one form.
func (f *strategyFlags) params() []string {
	params := f.Param
	for _, short := range []axisSpec{{"fast", f.Fast}, {"slow", f.Slow}} {
		if short.Spec != "" {
			params = append(params[:len(params):len(params)], short.Name+"="+short.Spec)
		}
	}
	return params
}

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

func (s *setup) check() error {
	if err := cmp.Or(atLeast("trials", s.trials, 1), atLeast("workers", s.workers, 0)); err != nil {
		return err
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

// flags returns the setup as flags of the command line.
func (s *setup) flags() []string {
	flags := append(s.gridFlags(), "--search="+s.search, "--seed="+strconv.FormatUint(s.seed, 10), "--objective="+s.objective)
	if s.minimize {
		flags = append(flags, "--minimize")
	}
	return flags
}

// gridFlags returns those that say which bars, strategy, parameters and trials of a grid.
func (s *setup) gridFlags() []string {
	flags := []string{
		"--bundle=" + s.bundle, "--at=" + s.version.String(), "--strategy=" + s.strategy, "--cost-bps=" + strconv.FormatFloat(s.costBps, 'g', -1, 64),
		"--trials=" + strconv.Itoa(s.trials), "--workers=" + strconv.Itoa(s.workers),
	}
	for _, a := range s.specs {
		flags = append(flags, "--param="+a.Name+"="+a.Spec)
	}
	return flags
}

// What trialFlags that were not given mean.
const (
	usualStrategy = "crossover"
	usualTrials   = 100
	usualSeed     = 1
)

// searches are the kinds of search, as --search takes them.
var searches = []string{"grid", "random", "bayes", "genetic"}
