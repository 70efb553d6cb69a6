// Package profile is the command profile: where a sweep spends its time with and without caches.
package profile

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/bmadventure/optcache/cachekit"
	"github.com/bmadventure/optcache/cachekit/command/internal/console"
	"github.com/bmadventure/optcache/cachekit/command/internal/output"
	"github.com/bmadventure/optcache/cachekit/command/internal/source"
	"github.com/bmadventure/optcache/cachekit/command/internal/trials"
	"github.com/bmadventure/optcache/cachekit/optimize"
	"github.com/bmadventure/optcache/internal/pprof"
)

// Cmd is the flags of the command profile.
type Cmd struct {
	source.BarsFlags

	trials.StrategyFlags
	Trials  int `help:"Number of trials, spread evenly over the grid (${default})." default:"100" placeholder:"N" group:"Trials"`
	Workers int `help:"Trials that run at the same time (one for each processor)." placeholder:"N" group:"Trials"`

	Out    string        `help:"Directory for the profiles; it is made if it is not there (${default})." placeholder:"DIR" default:"optcache-profile" type:"path" group:"Report"`
	For    time.Duration `name:"duration" aliases:"for" help:"How long each side is sampled (${default}); the sweep is repeated meanwhile." default:"5s" placeholder:"TIME" group:"Report"`
	Top    int           `help:"How many functions to show (${default})." default:"15" placeholder:"N" group:"Report"`
	By     string        `name:"sort" aliases:"by" help:"Order of the functions: by the difference of their own time, or by their time with all they call, without caches or with (${default}): ${enum}." enum:"saved,flat,cum,cached" default:"saved" group:"Report"`
	Format string        `help:"Form of the report on the standard output (${default}): ${enum}." enum:"text,json" default:"text" group:"Report"`

	Side string `hidden:"" enum:",cached,uncached" default:"" help:"Sweep on one side alone, write its profiles and print what was swept."`
}

// Help is shown below the flags.
func (Cmd) Help() string {
	return `It runs one sweep again and again, without caches and with them, each in a process of its own, and
writes four files into --out that go tool pprof reads:

    cpu-uncached.pprof  cpu-cached.pprof  heap-uncached.pprof  heap-cached.pprof

The report compares the two sides for one sweep: the CPU time and the bytes allocated in every kind of
work, and the functions that differ most. Every sweep begins with cold caches. Times are of a sampling of 100 a
second, so a line of few milliseconds is worth little; sample longer with --duration.

    ${program} profile --bundle us-equities --trials 500 --duration 20s --out before
    ${program} profile --bundle us-equities --strategy momentum --param window=10:250:10
    go tool pprof -http : -diff_base before/cpu-uncached.pprof before/cpu-cached.pprof

The caches are configured as for ${program} sweep.
Exit status: 0 done, 2 bad usage or input, 130 interrupted.`
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
	return func(c *Cmd, e *console.Env) error {
		if err := c.check(); err != nil {
			return console.Usage(err)
		}
		config, err := cachekit.ConfigFromEnv()
		if err != nil {
			return console.Usage(err)
		}
		if c.Side == "" && config.DisableCaching {
			return console.Usage(errors.New("OPTCACHE_ENABLE_CACHING turns the caches off, so there is nothing to compare: unset it"))
		}
		j, err := trials.New(e, f, &c.BarsFlags, &trials.TrialFlags{StrategyFlags: c.StrategyFlags, Trials: &c.Trials, Workers: c.Workers})
		if err != nil {
			return err
		}
		s := subject{title: f.Title, strategy: j.StrategyName(), trials: j.Count, workers: j.Workers, Source: j.Source, flags: j.GridFlags()}
		s.open = j.Open
		s.sweep = func(d *trials.Side) (any, error) { return everyTrial(j.Run(e.Ctx, d.View, optimize.Options{})) }
		if c.Side != "" {
			return c.runSide(e, &s)
		}
		if s.read, err = describe(j); err != nil {
			return err
		}
		return c.compareSides(e, &s)
	}
}

// A subject is the sweep that is profiled, whatever its parameters are.
type subject struct {
	source.Source
	read     output.Bundle // the bars
	title    string
	strategy string // name of the rules
	trials   int
	workers  int
	flags    []string // that make it, for the processes of the sides
	open     func(cachekit.Config) (*trials.Side, error)
	sweep    func(*trials.Side) (any, error) // returns what is kept of all trials
}

// describe reads the bars once, so that what no trial could use is told before anything is sampled.
func describe[S trials.Tunable[S]](j *trials.Job[S]) (read output.Bundle, err error) {
	d, err := j.Open(trials.Uncached)
	if err != nil {
		return read, err
	}
	bars, err := j.Bars(d)
	if err == nil {
		read = d.Describe(bars, bars.Longest())
	}
	return read, errors.Join(err, d.Close())
}

// run sweeps once from cold caches.
func (s *subject) run(config cachekit.Config) error {
	d, err := s.open(config)
	if err != nil {
		return err
	}
	_, err = s.sweep(d)
	return errors.Join(err, d.Close())
}

// everyTrial returns the error of the first trial that failed: what a profile shows must be of whole trials.
func everyTrial[S trials.Tunable[S]](out trials.Outcomes[S], err error) (any, error) {
	if err != nil {
		return nil, err
	}
	for _, o := range out {
		if o.Err != nil {
			return nil, o.Err
		}
	}
	return out, nil
}

// compareSides profiles both sides and reports.
func (c *Cmd) compareSides(e *console.Env, s *subject) error {
	r, err := c.compare(e, s)
	if err != nil {
		return err
	}
	if c.Format == "json" {
		return output.WriteJSON(e.Stdout, "-", r)
	}
	r.print(e.Stdout)
	return nil
}

func (c *Cmd) check() error {
	if err := cmp.Or(console.AtLeast("trials", c.Trials, 1), console.AtLeast("top", c.Top, 1), console.AtLeast("workers", c.Workers, 0)); err != nil {
		return err
	}
	if c.For <= 0 || c.For > time.Hour {
		return fmt.Errorf("--duration %s: must be above 0 and at most 1h, such as 5s", c.For)
	}
	if err := output.CheckFolder(c.Out); err != nil {
		return fmt.Errorf("--out %w", err)
	}
	return c.BarsFlags.Check()
}

// compare profiles both sides and reads the profiles.
func (c *Cmd) compare(e *console.Env, s *subject) (*Report, error) {
	if err := os.MkdirAll(c.Out, 0o755); err != nil {
		return nil, console.Usage(fmt.Errorf("--out: %w", err))
	}
	output.RemoveLeft(c.Out)
	var sides [2]*sideProfile
	for i, name := range sideNames {
		side, err := c.profileSide(e, s, name)
		if err != nil {
			return nil, err
		}
		sides[i] = side
	}
	return c.report(s, sides)
}

// sideNames are the two sides, in the order of all tables.
var sideNames = [2]string{"uncached", "cached"}

// A sideRun is what the process of one side prints: how much it swept.
type sideRun struct {
	Sweeps  int     `json:"sweeps"`  // while the processor was sampled
	Seconds float64 `json:"seconds"` // that they took
	Peak    int64   `json:"peak_bytes"`
	InUse   int64   `json:"in_use_bytes"` // of the heap at the end of a sweep, beyond what was before it
}

// A sideProfile is what is known of one side.
type sideProfile struct {
	sideRun
	cpuFile, heapFile string
	cpu, heap         *pprof.Profile
}

// profileSide runs one side in a process of its own, so that nothing of the other
// is in its profiles, and reads them.
func (c *Cmd) profileSide(e *console.Env, subject *subject, name string) (*sideProfile, error) {
	program, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("profile the side %s: %w", name, err)
	}
	e.Log.Info("profiling", "side", name, "for", c.For)
	args := append([]string{"profile", "--quiet", "--side=" + name, "--out=" + c.Out, "--duration=" + c.For.String(), "--store=" + e.StoreDir}, subject.flags...)
	cmd := exec.CommandContext(e.Ctx, program, args...)
	cmd.Stderr = e.Stderr
	out, err := cmd.Output()
	if e.Ctx.Err() != nil {
		return nil, fmt.Errorf("profile the side %s: %w", name, e.Ctx.Err())
	}
	if err != nil {
		return nil, fmt.Errorf("profile the side %s: %w", name, err)
	}
	s := &sideProfile{cpuFile: profileFile(c.Out, "cpu", name), heapFile: profileFile(c.Out, "heap", name)}
	if err := json.Unmarshal(out, &s.sideRun); err != nil || s.Sweeps < 1 {
		return nil, fmt.Errorf("profile the side %s: its process printed %q: %w", name, out, err)
	}
	if s.cpu, err = ReadProfile(s.cpuFile); err != nil {
		return nil, err
	}
	s.heap, err = ReadProfile(s.heapFile)
	return s, err
}

// profileFile returns the path of a profile.
func profileFile(dir, kind, side string) string {
	return filepath.Join(dir, kind+"-"+side+".pprof")
}

// ReadProfile reads a profile that go tool pprof reads too.
func ReadProfile(file string) (*pprof.Profile, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, fmt.Errorf("read a profile: %w", err)
	}
	defer f.Close()
	p, err := pprof.Parse(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return p, nil
}
