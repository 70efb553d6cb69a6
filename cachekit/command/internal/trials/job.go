// Package trials says which trials a command runs: strategies with parameters by their tags, the values that flags give
// them, and the search that chooses among them.
package trials

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/bmadventure/optcache/cachekit"
	"github.com/bmadventure/optcache/cachekit/backtest"
	"github.com/bmadventure/optcache/cachekit/bundle"
	"github.com/bmadventure/optcache/cachekit/command/internal/console"
	"github.com/bmadventure/optcache/cachekit/command/internal/output"
	"github.com/bmadventure/optcache/cachekit/command/internal/source"
	"github.com/bmadventure/optcache/cachekit/optimize"
	"github.com/bmadventure/optcache/cachekit/search"
)

// A Job is a setup that was found to make sense, ready to run.
type Job[S Tunable[S]] struct {
	*console.Env
	Setup
	Family *Family[S]
	Metric backtest.Metric
	Space  *search.Space[S]
	fields bundle.Fields // that the strategy reads
	Cached cachekit.Config
	Count  int // trials
}

// New prepares the trials that the flags name, on the bars that they name.
func New[S Tunable[S]](e *console.Env, f *Family[S], bars *source.BarsFlags, trials *TrialFlags) (*Job[S], error) {
	setup, err := trials.Complete()
	if err == nil {
		err = bars.Check()
	}
	if err == nil {
		setup.Specs, err = f.specs(trials.params())
	}
	if err != nil {
		return nil, console.Usage(err)
	}
	j, err := Prepare(e, f, setup)
	if err != nil {
		return nil, err
	}
	j.Source, err = bars.Find(e)
	return j, err
}

// Prepare checks a setup, its bars excepted.
func Prepare[S Tunable[S]](e *console.Env, f *Family[S], setup Setup) (*Job[S], error) {
	j := &Job[S]{Env: e, Setup: setup, Family: f}
	var err error
	if j.Metric, err = backtest.ParseMetric(j.Objective); err != nil {
		return nil, console.Usage(fmt.Errorf("--objective: %w", err))
	}
	if j.Cached, err = cachekit.ConfigFromEnv(); err != nil {
		return nil, console.Usage(err)
	}
	if j.Space, err = f.Space(j.Specs); err != nil {
		return nil, console.Usage(err)
	}
	j.fields = f.Fields(j.Space)
	study, err := j.NewSearch(0)
	if err != nil {
		return nil, console.Usage(fmt.Errorf("--search %s: %w", j.Search, err))
	}
	j.Count = study.Len()
	return j, nil
}

// NewSearch returns the search that the flags name, made anew. salt chooses another
// run of the same search.
func (j *Job[S]) NewSearch(salt uint64) (search.Search[S], error) {
	o := search.Options{Seed: j.Seed + salt, Minimize: j.Minimize}
	switch j.Search {
	case "random":
		return search.NewRandom(j.Space, j.Trials, o)
	case "bayes":
		return search.NewBayesian(j.Space, j.Trials, o)
	case "genetic":
		return search.NewGenetic(j.Space, j.Trials, o)
	}
	grid, err := search.NewGrid(j.Space, j.Trials)
	if err != nil {
		return nil, err
	}
	return search.Enumerate[S](grid), nil
}

// plan returns the trials of a search that needs no results, and whether the search
// is one.
func (j *Job[S]) plan() (search.Plan[S], bool, error) {
	switch j.Search {
	case "grid":
		grid, err := search.NewGrid(j.Space, j.Trials)
		return grid, true, err
	case "random":
		study, err := j.NewSearch(0)
		if err != nil {
			return nil, true, err
		}
		plan := make(search.List[S], 0, study.Len())
		for t, ok := study.Ask(); ok; t, ok = study.Ask() {
			plan = append(plan, t.Params)
		}
		return plan, true, nil
	}
	return nil, false, nil
}

// Outcomes are the results of trials.
type Outcomes[S Tunable[S]] []optimize.Outcome[S, backtest.Metrics]

// search runs all trials on the bars of a view.
func (j *Job[S]) Run(ctx context.Context, view *optimize.View, o optimize.Options) (Outcomes[S], error) {
	o.Workers = j.Workers
	plan, known, err := j.plan()
	switch {
	case err != nil:
		return nil, err
	case known:
		return optimize.Sweep(ctx, view, plan, j.Family.Strategy(j.CostBps), o)
	}
	search, err := j.NewSearch(0)
	if err != nil {
		return nil, err
	}
	return optimize.SweepSearch(ctx, view, search, j.Family.Strategy(j.CostBps), func(m backtest.Metrics) float64 { return m.Value(j.Metric) }, o)
}

// Values returns the objective of each outcome, NaN for those that failed.
func (j *Job[S]) Values(out Outcomes[S]) []float64 {
	values := make([]float64, len(out))
	for i, o := range out {
		values[i] = o.Result.Value(j.Metric)
		if o.Err != nil {
			values[i] = math.NaN()
		}
	}
	return values
}

// A Side is a workspace with the version pinned in it: the caches at work, or none.
type Side struct {
	Workspace *optimize.Workspace
	Pin       *optimize.Pin
	View      *optimize.View
}

// Close gives the version and the caches back.
func (d *Side) Close() error { return errors.Join(d.Pin.Close(), d.Workspace.Close()) }

// Open pins the version in a workspace of its own, with cold caches.
func (j *Job[S]) Open(config cachekit.Config) (*Side, error) {
	w, err := optimize.NewWorkspace(config, j.Store)
	if err != nil {
		return nil, console.Usage(err)
	}
	pin, err := w.PinVersion(j.Bundle, j.Version)
	if err != nil {
		return nil, errors.Join(err, w.Close())
	}
	d := &Side{Workspace: w, Pin: pin}
	q, err := j.Reading.Query(j.fields)
	facts := pin.Bundle().Facts()
	q.TimeZone, q.Session = facts.TimeZone, facts.Session
	if err == nil {
		d.View, err = pin.View(q)
	}
	if err != nil {
		return nil, errors.Join(err, d.Close())
	}
	return d, nil
}

// Describe tells in a few words which trials there are.
func (j *Job[S]) Describe() string {
	switch j.Search {
	case "grid":
		return output.Count(j.Count, "trial")
	case "bayes":
		return output.Count(j.Count, "trial") + " of a Bayesian search, seed " + strconv.FormatUint(j.Seed, 10)
	}
	return output.Count(j.Count, "trial") + " of a " + j.Search + " search, seed " + strconv.FormatUint(j.Seed, 10)
}

// WithoutTrades refuses an objective that an account does not tell without its trades.
func (j *Job[S]) WithoutTrades() error {
	var names []string
	for m := range (backtest.Metrics{}).All() {
		if !m.NeedsTrades() {
			names = append(names, m.String())
		}
	}
	if j.Metric.NeedsTrades() {
		return fmt.Errorf("--objective %s: it needs the trades, which the returns of an account do not tell: must be %s", j.Metric, output.OneOf(names))
	}
	return nil
}

// StrategyName is the name of the rules with their version.
func (j *Job[S]) StrategyName() string { return j.Family.Rules }

// Uncached is the configuration of the sides without caches: every trial opens
// the version, lists its assets, reads, verifies and groups its bars.
var Uncached = cachekit.Config{DisableCaching: true, DisableBundlePooling: true}

// Longest returns the longest of the lengths in bars that the parameters ask for, and
// one bar more for the first return.
func (j *Job[S]) Longest() int {
	most := 0
	for i, p := range j.Family.Axes {
		if p.Kind != output.Whole {
			continue
		}
		for _, end := range strings.FieldsFunc(j.Specs[i].Spec, func(r rune) bool { return r == ':' || r == '|' }) {
			if n, err := strconv.Atoi(strings.TrimSpace(end)); err == nil {
				most = max(most, n)
			}
		}
	}
	return most + 1
}

// Median returns the middle one of several figures.
func Median(x []float64) *float64 {
	if len(x) == 0 {
		return nil
	}
	x = slices.Sorted(slices.Values(x))
	m := (x[(len(x)-1)/2] + x[len(x)/2]) / 2
	return &m
}
