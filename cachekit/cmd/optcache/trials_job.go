package main

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
	"github.com/bmadventure/optcache/cachekit/optimize"
	"github.com/bmadventure/optcache/cachekit/search"
)

// A job is a setup that was found to make sense, ready to run.
type job[S tunable[S]] struct {
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
func newJob[S tunable[S]](e *env, f *family[S], bars *barsFlags, trials *trialFlags) (*job[S], error) {
	setup, err := trials.complete()
	if err == nil {
		err = bars.check()
	}
	if err == nil {
		setup.specs, err = f.specs(trials.params())
	}
	if err != nil {
		return nil, usage(err)
	}
	j, err := prepare(e, f, setup)
	if err != nil {
		return nil, err
	}
	j.source, err = bars.find(e)
	return j, err
}

// prepare checks a setup, its bars excepted.
func prepare[S tunable[S]](e *env, f *family[S], setup setup) (*job[S], error) {
	j := &job[S]{env: e, setup: setup, family: f}
	var err error
	if j.metric, err = backtest.ParseMetric(j.objective); err != nil {
		return nil, usage(fmt.Errorf("--objective: %w", err))
	}
	if j.cached, err = cachekit.ConfigFromEnv(); err != nil {
		return nil, usage(err)
	}
	if j.space, err = f.space(j.specs); err != nil {
		return nil, usage(err)
	}
	var none S
	j.fields = backtest.Fields(none)
	study, err := j.newSearch(0)
	if err != nil {
		return nil, usage(fmt.Errorf("--search %s: %w", j.search, err))
	}
	j.count = study.Len()
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

// plan returns the trials of a search that needs no results, and whether the search
// is one.
func (j *job[S]) plan() (search.Plan[S], bool, error) {
	switch j.search {
	case "grid":
		grid, err := search.NewGrid(j.space, j.trials)
		return grid, true, err
	case "random":
		study, err := j.newSearch(0)
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

// outcomes are the results of trials.
type outcomes[S tunable[S]] []optimize.Outcome[S, backtest.Metrics]

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

func (d *side) close() error { return errors.Join(d.pin.Close(), d.workspace.Close()) }

func (j *job[S]) open(config cachekit.Config) (*side, error) {
	w, err := optimize.NewWorkspace(config, j.store)
	if err != nil {
		return nil, usage(err)
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

// withoutTrades refuses an objective that an account does not tell without its trades.
func (j *job[S]) withoutTrades() error {
	var names []string
	for m := range (backtest.Metrics{}).All() {
		if !m.NeedsTrades() {
			names = append(names, m.String())
		}
	}
	if j.metric.NeedsTrades() {
		return fmt.Errorf("--objective %s: it needs the trades, which the returns of an account do not tell: must be %s", j.metric, oneOf(names))
	}
	return nil
}

// strategyName is the name of the rules with their version.
func (j *job[S]) strategyName() string {
	var none S
	return none.Name()
}

// uncached is the configuration of the sides without caches: every trial opens
// the version, lists its assets, reads, verifies and groups its bars.
var uncached = cachekit.Config{DisableCaching: true, DisableBundlePooling: true}

// longest returns the longest of the lengths in bars that the parameters ask for, and
// one bar more for the first return.
func (j *job[S]) longest() int {
	most := 0
	for i, p := range j.family.axes {
		if p.kind != whole {
			continue
		}
		for _, end := range strings.FieldsFunc(j.specs[i].Spec, func(r rune) bool { return r == ':' || r == '|' }) {
			if n, err := strconv.Atoi(strings.TrimSpace(end)); err == nil {
				most = max(most, n)
			}
		}
	}
	return most + 1
}

// median returns the middle one of several figures.
func median(x []float64) *float64 {
	if len(x) == 0 {
		return nil
	}
	x = slices.Sorted(slices.Values(x))
	m := (x[(len(x)-1)/2] + x[len(x)/2]) / 2
	return &m
}
