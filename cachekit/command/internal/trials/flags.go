package trials

import (
	"cmp"
	"fmt"
	"runtime"
	"strconv"

	"github.com/bmadventure/optcache/cachekit/backtest"
	"github.com/bmadventure/optcache/cachekit/command/internal/console"
	"github.com/bmadventure/optcache/cachekit/command/internal/output"
	"github.com/bmadventure/optcache/cachekit/command/internal/source"
)

// StrategyFlags say which strategy a command runs, with which parameters.
type StrategyFlags struct {
	Strategy string   `help:"Strategy (${strategy}): ${strategies}." placeholder:"NAME" group:"Trials"`
	Param    []string `help:"Values of a parameter of the strategy, such as fast=5:50:5; may be repeated." placeholder:"NAME=VALUES" sep:"none" group:"Trials"`
	Fast     string   `help:"Short for --param fast=VALUES of the crossover (5:50:5)." placeholder:"VALUES" group:"Trials"`
	Slow     string   `help:"Short for --param slow=VALUES (20:120:5); only those above the fast length are tried." placeholder:"VALUES" group:"Trials"`
	CostBps  *float64 `help:"Cost of a fill in basis points of its value (0)." placeholder:"BPS" group:"Trials"`
}

// TrialFlags say which trials a command runs. A flag that was not given is empty.
type TrialFlags struct {
	StrategyFlags
	Search    string  `help:"How trials are chosen (grid): grid, random, bayes or genetic." placeholder:"KIND" group:"Trials"`
	Seed      *uint64 `help:"Seed of whatever is left to chance (1)." placeholder:"N" group:"Trials"`
	Trials    *int    `help:"Number of trials (100); those of a grid are spread evenly over it, all of it if there are fewer." placeholder:"N" group:"Trials"`
	Objective string  `help:"Metric that ranks the trials (sharpe): ${metrics}." placeholder:"METRIC" group:"Trials"`
	Minimize  bool    `help:"Rank the smallest objective first." group:"Trials"`
	Workers   int     `help:"Trials that run at the same time (one for each processor)." placeholder:"N" group:"Trials"`
}

// Complete fills in what was left out.
func (f *TrialFlags) Complete() (Setup, error) {
	s := Setup{Strategy: UsualStrategy, Search: "grid", Seed: usualSeed, Trials: usualTrials, Objective: "sharpe", Minimize: f.Minimize, Workers: f.Workers}
	for _, t := range []struct {
		to   *string
		flag string
	}{{&s.Strategy, f.Strategy}, {&s.Search, f.Search}, {&s.Objective, f.Objective}} {
		if t.flag != "" {
			*t.to = t.flag
		}
	}
	if f.Seed != nil {
		s.Seed = *f.Seed
	}
	if f.Trials != nil {
		s.Trials = *f.Trials
	}
	if f.CostBps != nil {
		s.CostBps = *f.CostBps
	}
	if s.Workers == 0 {
		s.Workers = runtime.GOMAXPROCS(0)
	}
	return s, s.Check()
}

// Given reports whether a flag says which trials to run.
func (f *TrialFlags) Given() bool {
	return f.Strategy != "" || len(f.Param) > 0 || f.Fast != "" || f.Slow != "" || f.CostBps != nil || f.Search != "" ||
		f.Trials != nil || f.Objective != "" || f.Minimize
}

// params returns the flags --param, --fast and --slow in one form.
func (f *StrategyFlags) params() []string {
	params := f.Param
	for _, short := range []AxisSpec{{"fast", f.Fast}, {"slow", f.Slow}} {
		if short.Spec != "" {
			params = append(params[:len(params):len(params)], short.Name+"="+short.Spec)
		}
	}
	return params
}

// A Setup is [TrialFlags] and the bars with all that was left out filled in: it says
// which trials are run, as text.
type Setup struct {
	source.Source
	Strategy  string
	Specs     []AxisSpec
	CostBps   float64
	Search    string
	Seed      uint64
	Trials    int // wished; a grid may have fewer
	Objective string
	Minimize  bool
	Workers   int
}

// Check refuses what no run can have.
func (s *Setup) Check() error {
	if err := cmp.Or(console.AtLeast("trials", s.Trials, 1), console.AtLeast("workers", s.Workers, 0)); err != nil {
		return err
	}
	if x := (backtest.Crossover{Fast: 1, Slow: 2, CostBps: s.CostBps}); x.Validate() != nil {
		return fmt.Errorf("--cost-bps %v: must be at least 0 and below 10000", s.CostBps)
	}
	for _, kind := range Searches {
		if s.Search == kind {
			return nil
		}
	}
	return fmt.Errorf("--search %q: must be %s", s.Search, output.OneOf(Searches))
}

// Flags returns the setup as flags of the command line.
func (s *Setup) Flags() []string {
	flags := append(s.GridFlags(), "--search="+s.Search, "--seed="+strconv.FormatUint(s.Seed, 10), "--objective="+s.Objective)
	if s.Minimize {
		flags = append(flags, "--minimize")
	}
	return flags
}

// GridFlags returns those that say which bars, strategy, parameters and trials of a grid.
func (s *Setup) GridFlags() []string {
	flags := []string{
		"--bundle=" + s.Bundle, "--bundle-version=" + s.Version.String(), "--strategy=" + s.Strategy, "--cost-bps=" + strconv.FormatFloat(s.CostBps, 'g', -1, 64),
		"--trials=" + strconv.Itoa(s.Trials), "--workers=" + strconv.Itoa(s.Workers),
	}
	flags = append(flags, s.Reading.Flags()...)
	for _, a := range s.Specs {
		flags = append(flags, "--param="+a.Name+"="+a.Spec)
	}
	return flags
}

// What [TrialFlags] that were not given mean.
const (
	UsualStrategy = "crossover"
	usualTrials   = 100
	usualSeed     = 1
)

// Searches are the kinds of search, as --search takes them.
var Searches = []string{"grid", "random", "bayes", "genetic"}
