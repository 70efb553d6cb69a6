// Package rundir is the folder that --out names: run.json, which says what was run and what the caches did, the
// results, and the journal that --resume goes on from.
package rundir

import (
	"cmp"
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
	"github.com/bmadventure/optcache/cachekit/command/internal/console"
	"github.com/bmadventure/optcache/cachekit/command/internal/output"
	"github.com/bmadventure/optcache/cachekit/command/internal/source"
	"github.com/bmadventure/optcache/cachekit/command/internal/trials"
	"github.com/bmadventure/optcache/cachekit/optimize"
	"github.com/bmadventure/optcache/internal/flock"
)

// RunFlags say what is kept of a run and told while it goes on.
type RunFlags struct {
	Out        string        `help:"Keep the run in this directory: what was run, what the caches did, and the results." placeholder:"DIR" type:"path" group:"Report"`
	Format     []string      `help:"Forms of the results in --out (${default}): csv, json, parquet." default:"csv,json,parquet" placeholder:"FORMS" group:"Report"`
	StatsEvery time.Duration `help:"Log the statistics of the caches to the standard error that often, such as 10s." placeholder:"TIME" group:"Report"`
}

// Check refuses flags that make no sense together, and a folder that cannot be written to.
func (f *RunFlags) Check(e *console.Env) error {
	for _, form := range f.Format {
		if !slices.Contains(output.Forms, form) {
			return fmt.Errorf("--format %q: must be %s, or several with commas between them", form, output.OneOf(output.Forms))
		}
	}
	switch {
	case f.StatsEvery < 0:
		return fmt.Errorf("--stats-every %s: must be above 0, such as 10s", f.StatsEvery)
	case f.StatsEvery > 0 && e.Quiet:
		return errors.New("--stats-every writes to the standard error, which --quiet silences: leave one of them out")
	}
	if f.Out == "" {
		return nil
	}
	if err := output.CheckFolder(f.Out); err != nil {
		return fmt.Errorf("--out %w", err)
	}
	return nil
}

// FindReport finds where --json has the report, before any bars are read; it may be in the folder of --out.
func (f *RunFlags) FindReport(e *console.Env, json string) (*output.Target, error) {
	var made []string
	if f.Out != "" {
		made = append(made, f.Out)
	}
	t, err := output.Find(json, e.Stdout, made...)
	if err != nil {
		return nil, console.Usage(fmt.Errorf("--json %w", err))
	}
	return t, nil
}

// LogStats logs the statistics of the caches as often as the flag says, until the
// function that it returns is called, which logs them once more.
func (f *RunFlags) LogStats(e *console.Env, w *optimize.Workspace) (stop func()) {
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
	StateRunning     = "running"
	StateDone        = "done"
	StateDifferent   = "different"   // results with caches and without are not the same
	StateInterrupted = "interrupted" // by a signal, or its process is gone
	stateFailed      = "failed"
)

// RunName is the file that says what was run.
const RunName = "run.json"

// A Folder is the directory of a run; one without a path keeps nothing.
type Folder struct {
	Dir   string
	forms []string
	File  Run
	start time.Time
	lock  *os.File // that the run holds; nil: there are no locks here
}

// Begin says in the folder that the run goes on.
func (d *Folder) Begin() error {
	if d.Dir == "" {
		return nil
	}
	return d.write()
}

// checkBefore refuses a folder that keeps a run of another command. A run of the same
// command is replaced, and so is one that cannot be read.
func (d *Folder) checkBefore(e *console.Env) error {
	before := new(Run)
	if err := output.ReadJSON(filepath.Join(d.Dir, RunName), before); err != nil || before.Command == d.File.Command {
		return nil
	}
	return fmt.Errorf("it keeps a run of %s %s", e.Program, before.Command)
}

// write writes run.json as it is now.
func (d *Folder) write() error {
	d.File.TookNS = time.Since(d.start).Nanoseconds()
	return output.WriteJSON(nil, filepath.Join(d.Dir, RunName), d.File)
}

// Keep writes a table in all the forms that were asked for.
func (d *Folder) Keep(name string, t *output.Table) error {
	if d.Dir == "" {
		return nil
	}
	for _, form := range d.forms {
		file := name + "." + form
		if err := output.ReplaceFile(filepath.Join(d.Dir, file), func(w io.Writer) error { return t.Write(w, form) }); err != nil {
			return err
		}
		d.File.Results = append(d.File.Results, file)
	}
	return nil
}

// End writes the last run.json: what became of the run if its error is err, which
// it returns, or else an error of its own.
func (d *Folder) End(err error) error {
	if d.Dir == "" {
		return err
	}
	switch {
	case err == nil && d.File.Verified != nil && !d.File.Verified.Identical:
		d.File.State = StateDifferent
	case err == nil:
		d.File.State = StateDone
	case errors.Is(err, context.Canceled):
		d.File.State = StateInterrupted
	default:
		d.File.State = stateFailed
		d.File.Errors = append(d.File.Errors, err.Error())
	}
	return errors.Join(err, d.write())
}

// Caches notes what the caches did in a run of so many backtests.
func (d *Folder) Caches(stats []optimize.CacheStats, ran int) {
	d.File.Caches, d.File.Ran = cacheFiles(stats), ran
}

// Verified notes how many trials were compared.
func (d *Folder) Verified(trials int, identical bool) {
	d.File.Verified = &Verified{trials, identical}
}

// Fail notes the trials that failed.
func (d *Folder) Fail(errs []string) {
	const most = 20
	d.File.Failed = len(errs)
	d.File.Errors = append(d.File.Errors, errs[:min(most, len(errs))]...)
}

// Open makes the folder of a run.
func Open[S trials.Tunable[S]](f *RunFlags, j *trials.Job[S], command string) (*Folder, error) {
	d := &Folder{Dir: f.Out, forms: f.Format, start: time.Now()}
	if d.Dir == "" {
		return d, nil
	}
	if err := os.MkdirAll(d.Dir, 0o755); err != nil {
		return nil, console.Usage(fmt.Errorf("--out: %w", err))
	}
	output.RemoveLeft(d.Dir)
	var err error
	if d.lock, err = takeLock(d.Dir); err != nil {
		return nil, console.Usage(fmt.Errorf("--out %s: %w", d.Dir, err))
	}
	if d.lock == nil {
		j.Log.Warn("there are no file locks here: let no other process write to this folder", "directory", d.Dir)
	}
	if d.File, err = describeRun(j, command, d.start); err != nil {
		return nil, errors.Join(err, d.Close())
	}
	if err := d.checkBefore(j.Env); err != nil {
		err = fmt.Errorf("--out %s: %w: choose another directory, or remove that one", d.Dir, err)
		return nil, errors.Join(console.Usage(err), d.Close())
	}
	return d, nil
}

// Close lets other processes have the folder.
func (d *Folder) Close() error {
	if d.lock == nil {
		return nil
	}
	lock := d.lock
	d.lock = nil
	return flock.Close(lock)
}

// describeRun returns what is known of a run when it begins.
func describeRun[S trials.Tunable[S]](j *trials.Job[S], command string, start time.Time) (Run, error) {
	r := Run{
		File: File{
			Format: runFormat, Command: command, Args: j.Args, State: StateRunning, Started: start.UTC(),
			Store: j.StoreDir, Strategy: j.StrategyName(), Trials: j.Count, Errors: []string{}, Workers: j.Workers,
			GOMAXPROCS: runtime.GOMAXPROCS(0), Config: configFile(j.Cached), Caches: []Cache{},
		},
		Params: j.Specs, Reading: j.Reading, CostBps: j.CostBps, Space: j.Space.String(), Search: Search{j.Search, j.Seed, j.Trials},
		Objective: j.Objective, Minimize: j.Minimize, BestTrial: -1, Results: []string{},
	}
	b, err := j.Store.Open(j.Bundle, j.Version)
	if err != nil {
		return r, err
	}
	defer b.Close()
	r.Bundle.Name, r.Bundle.Version, r.Bundle.Assets = j.Bundle, j.Version.String(), len(b.Assets())
	r.Bundle.AllBars = source.AllBars(b)
	infos, err := j.Store.Versions(j.Bundle)
	if err != nil {
		return r, err
	}
	for i, info := range infos { // what was current last first
		if info.Version == j.Version && i+1 < len(infos) {
			r.Bundle.Previous = infos[i+1].Version.String()
		}
	}
	return r, nil
}

func configFile(c cachekit.Config) Config {
	name := c.Policy
	if name == "" {
		name = "adaptive"
	}
	return Config{
		CacheSizeGB: float64(c.CacheBytes()) / (1 << 30), Caching: !c.DisableCaching, LRUMaxSize: c.AssetLists(),
		Pooling: !c.DisableBundlePooling, Policy: name,
	}
}

func cacheFiles(stats []optimize.CacheStats) []Cache {
	files := []Cache{}
	for _, s := range stats {
		files = append(files, Cache{
			Name: s.Name, Hits: s.Hits, Misses: s.Misses, Loads: s.Loads, LoadErrors: s.LoadErrors, LoadNS: s.TotalLoadTime.Nanoseconds(),
			Evictions: Evictions(s.Evictions), Refused: s.Refused, Uncached: s.Uncached,
			Entries: s.Entries, Bytes: s.Bytes, Pinned: s.Pinned, Budget: s.Budget, Used: s.Used,
		})
	}
	return files
}

// logCaches logs a line for each cache.
func logCaches(e *console.Env, caches []optimize.CacheStats) {
	for _, c := range caches {
		e.Log.Info("cache", "name", c.Name, "hits", c.Hits, "misses", c.Misses, "hit_rate", c.HitRate(),
			"evictions", c.Evictions.Total(), "uncached", c.Uncached, "entries", c.Entries, "bytes", c.Bytes, "used", c.Used, "budget", c.Budget)
	}
}

// A Run is the file run.json in the folder of a run.
type Run struct {
	File
	Params     []trials.AxisSpec `json:"params"`
	Reading    source.Reading    `json:"reading,omitzero"`
	CostBps    float64           `json:"cost_bps"`
	Space      string            `json:"space"`
	Search     Search            `json:"search"`
	Objective  string            `json:"objective"`
	Minimize   bool              `json:"minimize"`
	Windows    int               `json:"windows_all"` // of the folds of a walk-forward, those of equal sessions once
	WindowsRan int               `json:"windows_ran"` // that a backtest of this call ran over
	Bypassed   string            `json:"bypassed"`    // caches that were left out and why
	BestTrial  int               `json:"best_trial"`  // -1 if all failed
	BestValue  string            `json:"best_value"`  // of the objective there
	Results    []string          `json:"results"`
}

// Setup is that of the run that was named.
func (r *Run) Setup() (s trials.Setup, err error) {
	s = trials.Setup{
		Specs: r.Params, CostBps: r.CostBps, Search: r.Search.Kind, Seed: r.Search.Seed,
		Trials: r.Search.Trials, Objective: r.Objective, Minimize: r.Minimize,
	}
	s.Strategy, _, _ = strings.Cut(r.Strategy, "/")
	s.Bundle, s.Reading = r.Bundle.Name, r.Reading
	if s.Version, err = bundle.ParseVersion(r.Bundle.Version); err != nil {
		return s, err
	}
	return s, cmp.Or(s.Reading.Check(), s.Check())
}

// Search is how the trials of a run were chosen.
type Search struct {
	Kind   string `json:"kind"`
	Seed   uint64 `json:"seed"`
	Trials int    `json:"trials"` // wished
}

func (s Search) String() string {
	return fmt.Sprintf("%s of %s with seed %d", s.Kind, output.Count(s.Trials, "trial"), s.Seed)
}

// ReadSweep reads the folder of a finished sweep.
func ReadSweep(e *console.Env, dir string) (*Run, error) {
	r, err := Read(dir)
	if err != nil {
		return nil, err
	}
	switch {
	case r.Command != "sweep":
		return nil, fmt.Errorf("%s is the run of %s %s: give that of a sweep", dir, e.Program, r.Command)
	case r.State == StateDifferent:
		return nil, fmt.Errorf("the sweep in %s was proved wrong, its results with caches and without differ: do not use them; sweep again with --verify all", dir)
	case r.State != StateDone:
		return nil, fmt.Errorf("the sweep in %s is not finished, its state is %q: finish it with %s %s", dir, r.State, e.Program, strings.Join(r.Args, " "))
	}
	return r, nil
}
