package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/bmadventure/optcache/cachekit"
	"github.com/bmadventure/optcache/cachekit/bundle"
	"github.com/bmadventure/optcache/cachekit/optimize"
)

// runFlags say what is kept of a run and told while it goes on.
type runFlags struct {
	Out        string        `help:"Keep the run in this directory: what was run, what the caches did, and the results." placeholder:"DIR" type:"path" group:"Report"`
	Format     []string      `help:"Forms of the results in --out (${default}): csv, json, parquet." default:"csv,json,parquet" placeholder:"FORMS" group:"Report"`
	StatsEvery time.Duration `help:"Log the statistics of the caches to the standard error that often, such as 10s." placeholder:"TIME" group:"Report"`
}

func (f *runFlags) check(e *env) error {
	for _, form := range f.Format {
		if !slices.Contains(tableForms, form) {
			return fmt.Errorf("--format %q: must be %s, or several with commas between them", form, oneOf(tableForms))
		}
	}
	switch {
	case f.StatsEvery < 0:
		return fmt.Errorf("--stats-every %s: must be above 0, such as 10s", f.StatsEvery)
	case f.StatsEvery > 0 && e.quiet:
		return errors.New("--stats-every writes to the standard error, which --quiet silences: leave one of them out")
	}
	return nil
}

// logStats logs the statistics of the caches as often as the flag says, until the
// function that it returns is called, which logs them once more.
func (f *runFlags) logStats(e *env, w *optimize.Workspace) (stop func()) {
	if f.StatsEvery <= 0 {
		return func() {}
	}
	done := make(chan struct{})
	var logger sync.WaitGroup
	logger.Go(func() {
		ticker := time.NewTicker(f.StatsEvery)
		defer ticker.Stop()
		for {
			select {
			case <-ticker.C:
				logCaches(e, w.Stats())
			case <-done:
				logCaches(e, w.Stats())
				return
			}
		}
	})
	return func() {
		close(done)
		logger.Wait()
	}
}

// States of a run.
const (
	stateRunning     = "running"
	stateDone        = "done"
	stateInterrupted = "interrupted"
	stateFailed      = "failed"
)

const runName = "run.json"

// A folder is the directory of a run; one without a path keeps nothing.
type folder struct {
	dir   string
	forms []string
	file  runReport
	start time.Time
}

// begin says in the folder that the run goes on.
func (d *folder) begin() error {
	if d.dir == "" {
		return nil
	}
	return d.write()
}

// checkBefore refuses a folder that keeps a run of another command. A run of the same
// command is replaced, and so is one that cannot be read.
func (d *folder) checkBefore() error {
	before := new(runReport)
	if err := readJSON(filepath.Join(d.dir, runName), before); err != nil || before.Command == d.file.Command {
		return nil
	}
	return fmt.Errorf("it keeps a run of optcache %s", before.Command)
}

// write writes run.json as it is now.
func (d *folder) write() error {
	d.file.TookNS = time.Since(d.start).Nanoseconds()
	return writeJSON(nil, filepath.Join(d.dir, runName), d.file)
}

// keep writes a table in all the forms that were asked for.
func (d *folder) keep(name string, t *table) error {
	if d.dir == "" {
		return nil
	}
	for _, form := range d.forms {
		file := name + "." + form
		if err := replaceFile(filepath.Join(d.dir, file), func(w io.Writer) error { return t.write(w, form) }); err != nil {
			return err
		}
		d.file.Results = append(d.file.Results, file)
	}
	return nil
}

// end writes the last run.json: what became of the run if its error is err, which
// it returns, or else an error of its own.
func (d *folder) end(err error) error {
	if d.dir == "" {
		return err
	}
	switch {
	case err == nil:
		d.file.State = stateDone
	case errors.Is(err, context.Canceled):
		d.file.State = stateInterrupted
	default:
		d.file.State = stateFailed
		d.file.Errors = append(d.file.Errors, err.Error())
	}
	return errors.Join(err, d.write())
}

// caches notes what the caches did in a run of so many backtests.
func (d *folder) caches(stats []optimize.CacheStats, ran int) {
	d.file.Caches, d.file.Ran = cacheFiles(stats), ran
}

// verified notes how many trials were compared.
func (d *folder) verified(trials int, identical bool) {
	d.file.Verified = &runVerified{trials, identical}
}

// fail notes the trials that failed.
func (d *folder) fail(errs []string) {
	const most = 20
	d.file.Failed = len(errs)
	d.file.Errors = append(d.file.Errors, errs[:min(most, len(errs))]...)
}

// openFolder makes the folder of a run.
func openFolder[S tunable[S]](f *runFlags, j *job[S], command string) (*folder, error) {
	d := &folder{dir: f.Out, forms: f.Format, start: time.Now()}
	if d.dir == "" {
		return d, nil
	}
	if err := os.MkdirAll(d.dir, 0o755); err != nil {
		return nil, usage(fmt.Errorf("--out: %w", err))
	}
	var err error
	if d.file, err = describeRun(j, command, d.start); err != nil {
		return nil, err
	}
	if err := d.checkBefore(); err != nil {
		return nil, usage(fmt.Errorf("--out %s: %w: choose another directory, or remove that one", d.dir, err))
	}
	return d, nil
}

// describeRun returns what is known of a run when it begins.
func describeRun[S tunable[S]](j *job[S], command string, start time.Time) (runReport, error) {
	r := runReport{
		runFile: runFile{
			Format: runFormat, Command: command, Args: j.args, State: stateRunning, Started: start.UTC(),
			Store: j.storeDir, Strategy: j.strategyName(), Trials: j.count, Errors: []string{}, Workers: j.workers,
			GOMAXPROCS: runtime.GOMAXPROCS(0), Config: configFile(j.cached), Caches: []cacheFile{},
		},
		Params: j.specs, CostBps: j.costBps, Space: j.space.String(), Search: searchFile{j.search, j.seed, j.trials},
		Objective: j.objective, Minimize: j.minimize, BestTrial: -1, Results: []string{},
	}
	b, err := j.store.Open(j.bundle, j.version)
	if err != nil {
		return r, err
	}
	defer b.Close()
	r.Bundle.Name, r.Bundle.Version, r.Bundle.Assets = j.bundle, j.version.String(), len(b.Assets())
	r.Bundle.AllBars = allBars(b)
	infos, err := j.store.Versions(j.bundle)
	if err != nil {
		return r, err
	}
	for i, info := range infos { // the one written last first
		if info.Version == j.version && i+1 < len(infos) {
			r.Bundle.Previous = infos[i+1].Version.String()
		}
	}
	return r, nil
}

func configFile(c cachekit.Config) runConfig {
	name := c.Policy
	if name == "" {
		name = "adaptive"
	}
	return runConfig{
		CacheSizeGB: float64(c.CacheBytes()) / (1 << 30), Caching: !c.DisableCaching, LRUMaxSize: c.AssetLists(),
		Pooling: !c.DisableBundlePooling, Policy: name,
	}
}

func cacheFiles(stats []optimize.CacheStats) []cacheFile {
	files := []cacheFile{}
	for _, s := range stats {
		files = append(files, cacheFile{
			Name: s.Name, Hits: s.Hits, Misses: s.Misses, Loads: s.Loads, LoadErrors: s.LoadErrors, LoadNS: s.LoadTime.Nanoseconds(),
			Evictions: evictionCount(s.Evictions), Refused: s.Refused, Uncached: s.Uncached,
			Entries: s.Entries, Bytes: s.Bytes, Pinned: s.Pinned, Budget: s.Budget, Used: s.Used,
		})
	}
	return files
}

// logCaches logs a line for each cache.
func logCaches(e *env, caches []optimize.CacheStats) {
	for _, c := range caches {
		e.log.Info("cache", "name", c.Name, "hits", c.Hits, "misses", c.Misses, "hit_rate", c.HitRate(),
			"evictions", c.Evictions.Total(), "uncached", c.Uncached, "entries", c.Entries, "bytes", c.Bytes, "used", c.Used, "budget", c.Budget)
	}
}

// A runReport is the file run.json in the folder of a run.
type runReport struct {
	runFile
	Params     []axisSpec `json:"params"`
	CostBps    float64    `json:"cost_bps"`
	Space      string     `json:"space"`
	Search     searchFile `json:"search"`
	Objective  string     `json:"objective"`
	Minimize   bool       `json:"minimize"`
	Windows    int        `json:"windows_all"` // of the folds of a walk-forward, those of equal sessions once
	WindowsRan int        `json:"windows_ran"` // that a backtest of this call ran over
	Bypassed   string     `json:"bypassed"`    // caches that were left out and why
	BestTrial  int        `json:"best_trial"`  // -1 if all failed
	BestValue  string     `json:"best_value"`  // of the objective there
	Results    []string   `json:"results"`
}

// setup is that of the run that was named.
func (r *runReport) setup() (s setup, err error) {
	s = setup{
		specs: r.Params, costBps: r.CostBps, search: r.Search.Kind, seed: r.Search.Seed,
		trials: r.Search.Trials, objective: r.Objective, minimize: r.Minimize,
	}
	s.strategy, _, _ = strings.Cut(r.Strategy, "/")
	s.bundle = r.Bundle.Name
	if s.version, err = bundle.ParseVersion(r.Bundle.Version); err != nil {
		return s, err
	}
	return s, s.check()
}

type searchFile struct {
	Kind   string `json:"kind"`
	Seed   uint64 `json:"seed"`
	Trials int    `json:"trials"` // wished
}

func (s searchFile) String() string {
	return fmt.Sprintf("%s of %s with seed %d", s.Kind, count(s.Trials, "trial"), s.Seed)
}

// readRun reads the folder of a finished sweep.
func readRun(dir string) (*runReport, error) {
	if _, err := readRunFile(dir); err != nil { // its checks
		return nil, err
	}
	r := new(runReport)
	if err := readJSON(filepath.Join(dir, runName), r); err != nil {
		return nil, err
	}
	switch {
	case r.Command != "sweep":
		return nil, fmt.Errorf("%s is the run of optcache %s: give that of a sweep", dir, r.Command)
	case r.State != stateDone:
		return nil, fmt.Errorf("the sweep in %s is not finished, its state is %q: finish it with optcache %s", dir, r.State, strings.Join(r.Args, " "))
	}
	return r, nil
}
