// Package sweep is the command sweep: trials with caches and without, compared bit for bit with each other and with
// a naive path that shares no code with either.
package sweep

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"runtime"
	"slices"
	"strconv"
	"time"

	"github.com/bmadventure/optcache/cachekit"
	"github.com/bmadventure/optcache/cachekit/command/internal/console"
	"github.com/bmadventure/optcache/cachekit/command/internal/output"
	"github.com/bmadventure/optcache/cachekit/command/internal/proc"
	"github.com/bmadventure/optcache/cachekit/command/internal/rundir"
	"github.com/bmadventure/optcache/cachekit/command/internal/source"
	"github.com/bmadventure/optcache/cachekit/command/internal/trials"
	"github.com/bmadventure/optcache/cachekit/optimize"
	"github.com/bmadventure/optcache/cachekit/optimize/record"
	"github.com/bmadventure/optcache/cachekit/search"
)

// Cmd is the flags of the command sweep.
type Cmd struct {
	source.BarsFlags
	trials.TrialFlags
	NoCache     bool `help:"Run without caches only." group:"Trials"`
	AlwaysCache bool `help:"Use every cache, even one that costs more time than it saves." group:"Trials"`
	rundir.RunFlags
	Resume  bool   `help:"Go on with the run in --out that was killed or interrupted; it must be the same run." group:"Report"`
	Compare *bool  `help:"Time the sweep with and without caches, again and again; by default if it is small and without --out." negatable:"" group:"Report"`
	Verify  string `help:"Trials whose results are compared bit for bit, those of a naive path included: all, none, or a number, spread evenly (all if the sides are compared, else 25)." placeholder:"N|all|none" group:"Report"`
	Rounds  int    `help:"How often each side is timed; at least 7 for stable medians (${default})." default:"7" placeholder:"N" group:"Report"`
	Top     int    `help:"How many of the best parameter sets to show (${default})." default:"10" placeholder:"N" group:"Report"`
	JSON    string `name:"json" help:"Write the report as JSON to a file, or to the standard output alone if FILE is -." placeholder:"FILE|-" group:"Report"`

	Peak string `name:"measure-peak" hidden:"" enum:",cached,uncached" default:"" help:"Run the sweep once and print the peak memory in bytes."`
}

// A sweep is a [Cmd] that was found to make sense.
type sweep[S trials.Tunable[S]] struct {
	*trials.Job[S]
	cmd      *Cmd
	compare  bool               // the sides are timed and compared
	verify   int                // trials whose results are compared bit for bit
	workload *optimize.Workload // of the last run with caches; nil: there was none
	journal  *record.Journal    // nil: results are not recorded
}

// Help is shown below the flags.
func (Cmd) Help() string {
	return `Without flags it makes a bundle of 50 synthetic assets with 252 daily bars, once, and sweeps it.

    ${program} sweep --data DIR --fast 5:50:5 --slow 20:200:10 --trials 500 --cost-bps 5
    ${program} sweep --bundle us --strategy reversion --param window=10:60:5 --param "entry=any -3:-1" --search bayes --trials 200
    ${program} sweep --bundle us --trials 100000 --out runs/a
    ${program} sweep --bundle us --trials 100000 --out runs/a --resume     after a crash or Ctrl-C

` + trials.AxisHelp + `

A sweep of at most 10,000,000 bars, trials times bars of all assets, is timed with and without the caches, in
rounds, and all its results are compared. A larger one, and one with --out, runs once, with the caches, and then
some trials are run again without caches and on a naive path and compared: --verify says how many. --compare and
--no-compare choose.

Which series the trials of a grid or a random search read is known before the first one runs. Where it costs more to keep
series than to compute them again, as in small sweeps, the caches are left out, and the report says so; --always-cache has them used.
Where the series do not all fit into the budget, those that are needed last leave first (OPTCACHE_POLICY chooses another policy).

--out DIR keeps a run: run.json says what was run and what the caches did, results.csv, results.json and
results.parquet have a row for each trial (--format chooses), and journal has every result as soon as it is there. With
--resume a run that was killed, or that found no room on the disk, goes on, to the same results to the last bit; it refuses, and says
what differs, if anything but --workers, --verify or what is shown was changed: of bars, which assets. Without --resume another run
may use the same directory: trials with parameters, bars and costs that are recorded are not run again.

The caches are configured by OPTCACHE_CACHE_SIZE_GB, OPTCACHE_ENABLE_CACHING, OPTCACHE_LRU_MAXSIZE,
OPTCACHE_ENABLE_BUNDLE_POOLING, OPTCACHE_MAX_BUNDLE_POOL_SIZE and OPTCACHE_POLICY, or the same with the prefix RUSTYBT_.
Exit status: 0 done, 1 results differ or trials failed, 2 bad usage or input, 130 interrupted.`
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
	report, err := c.FindReport(e, c.JSON)
	if err != nil {
		return err
	}
	s, err := newSweep(e, f, c)
	if err != nil {
		return err
	}
	if c.Peak != "" {
		return s.measurePeak()
	}
	r, err := s.measureKept()
	if err != nil {
		return err
	}
	if c.JSON != "-" {
		r.print(e.Stdout)
	}
	if err := report.WriteJSON(r); err != nil {
		return err
	}
	if len(r.Errors) > 0 || r.Unranked != "" || r.Identical != nil && !*r.Identical {
		return console.ErrFailed
	}
	return nil
}

// measureKept measures, and keeps in the folder of the run what was asked for.
func (s *sweep[S]) measureKept() (r *Report, err error) {
	kept, err := rundir.Open(&s.cmd.RunFlags, s.Job, "sweep")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, kept.Close()) }()
	if s.cmd.Out != "" && !s.compare {
		if s.journal, err = rundir.OpenJournal(s.Job, s.cmd.Out, s.cmd.Resume); err != nil {
			return nil, err
		}
		defer func() { err = errors.Join(rundir.GoOn(err, s.cmd.Out, s.journal), s.journal.Close()) }()
	}
	if err := kept.Begin(); err != nil {
		return nil, err
	}
	r, err = s.measure(kept)
	return r, kept.End(err)
}

// newSweep checks the flags and finds or makes the bundle.
func newSweep[S trials.Tunable[S]](e *console.Env, f *trials.Family[S], c *Cmd) (*sweep[S], error) {
	if err := cmp.Or(console.AtLeast("rounds", c.Rounds, 1), console.AtLeast("top", c.Top, 0)); err != nil {
		return nil, console.Usage(err)
	}
	if err := errors.Join(c.checkVerify(), c.RunFlags.Check(e)); err != nil {
		return nil, console.Usage(err)
	}
	j, err := trials.New(e, f, &c.BarsFlags, &c.TrialFlags)
	if err != nil {
		return nil, err
	}
	if err := c.checkResume(); err != nil {
		return nil, console.Usage(err)
	}
	s := &sweep[S]{Job: j, cmd: c}
	if s.Cached.DisableCaching {
		s.cmd.NoCache = true
	}
	return s, s.choose()
}

func (c *Cmd) checkResume() error {
	if c.Resume && c.Compare != nil && *c.Compare {
		return errors.New("--resume takes results that are recorded, which --compare would time: leave one of them out")
	}
	return rundir.CheckResume(c.Resume, c.Out)
}

func (c *Cmd) checkVerify() error {
	if n, err := strconv.Atoi(c.Verify); err == nil && n >= 0 {
		return nil
	}
	if slices.Contains([]string{"", "all", "none"}, c.Verify) {
		return nil
	}
	return fmt.Errorf("--verify %q: must be all, none or a number of trials", c.Verify)
}

// smallWork is how many bars, over all trials and assets, a sweep has at most that is
// timed and compared without being asked: some seconds of work for each side.
const smallWork = 10_000_000

// choose decides whether the sides are compared, and how many trials are verified.
func (s *sweep[S]) choose() error {
	b, err := s.Store.Open(s.Bundle, s.Version)
	if err != nil {
		return err
	}
	defer b.Close()
	s.compare = s.cmd.Out == "" && int64(s.Count) <= smallWork/max(1, source.AllBars(b))
	if s.cmd.Compare != nil {
		s.compare = *s.cmd.Compare
	}
	switch s.cmd.Verify {
	case "all":
		s.verify = s.Count
	case "none":
	case "":
		s.verify = 25
		if s.compare {
			s.verify = s.Count
		}
	default:
		if s.verify, err = strconv.Atoi(s.cmd.Verify); err != nil {
			return console.Usage(fmt.Errorf("--verify: %w", err))
		}
	}
	s.verify = min(s.verify, s.Count)
	return nil
}

// once runs all trials with cold caches and returns how long that took, opening
// and closing included.
func (s *sweep[S]) once(config cachekit.Config, o optimize.Options) (out trials.Outcomes[S], caches []optimize.CacheStats, took time.Duration, err error) {
	runtime.GC() // not what the side before left
	start := time.Now()
	d, err := s.Open(config)
	if err != nil {
		return nil, nil, 0, err
	}
	defer func() { err = errors.Join(err, d.Close()) }()
	stop := s.cmd.LogStats(s.Env, d.Workspace)
	o.AlwaysCache = s.cmd.AlwaysCache
	if !config.DisableCaching {
		s.workload = nil
		o.Workload = func(d optimize.Workload) { s.workload = &d } // of a search, the last is that of all its trials
	}
	out, err = s.Run(s.Ctx, d.View, o)
	took = time.Since(start)
	stop()
	return out, d.Workspace.Stats(), took, err
}

// fill puts the results of a run into the report: the best sets and the errors.
func (s *sweep[S]) fill(r *Report, out trials.Outcomes[S]) {
	for _, o := range out {
		if o.Err != nil {
			r.addFailure(o.Err)
		}
	}
	values := s.Values(out)
	for _, i := range search.Rank(values, s.Minimize, s.cmd.Top) {
		r.Best = append(r.Best, bestReport{i, s.Space.Params(out[i].Params), output.Metrics(out[i].Result)})
	}
	if len(search.Rank(values, s.Minimize, 1)) == 0 {
		r.Unranked = s.unranked(out)
	}
}

// unranked tells why no trial has a value of the objective.
func (s *sweep[S]) unranked(out trials.Outcomes[S]) string {
	ran, idle, first := 0, 0, -1
	for i, o := range out {
		if o.Err != nil {
			continue
		}
		ran++
		if first < 0 {
			first = i
		}
		if o.Result.Trades == 0 {
			idle++
		}
	}
	if ran == 0 {
		return fmt.Sprintf("all of %s failed", output.Count(len(out), "trial"))
	}
	why := fmt.Sprintf("%s is not a number in any of %s", s.Metric, output.Count(ran, "trial"))
	switch {
	case idle == ran:
		why += ": none of them ever traded"
	case idle > 0:
		why += fmt.Sprintf(": %d of them never traded, and the accounts of the others do not tell it", idle)
	default:
		why += ": their accounts do not tell it, as where returns never differ"
	}
	return fmt.Sprintf("%s; the first is trial %d, %v: choose another --objective, or other parameters", why, first, out[first].Params)
}

// measurePeak runs the sweep once on one side and prints the peak memory.
func (s *sweep[S]) measurePeak() error {
	config := trials.Uncached
	if s.cmd.Peak == "cached" {
		config = s.Cached
	}
	if _, _, _, err := s.once(config, optimize.Options{}); err != nil {
		return err
	}
	_, err := fmt.Fprintln(s.Stdout, proc.PeakMemory())
	return err
}

// evenly returns n of the trials, spread evenly, the first and the last included,
// and the best, which people look at.
func evenly(n, trials, best int) []int {
	if n >= trials {
		n = trials
	}
	picked := make([]int, 0, n)
	for i := range n {
		at := 0
		if n > 1 {
			at = int(math.Round(float64(i) * float64(trials-1) / float64(n-1)))
		}
		picked = append(picked, at)
	}
	if n > 0 && best >= 0 && !slices.Contains(picked, best) {
		picked[n/2] = best
	}
	slices.Sort(picked)
	return slices.Compact(picked)
}
