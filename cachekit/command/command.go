// Package command is the optcache command as a library: a program of a few lines has all of it with strategies of
// its own beside those that come along.
//
//	func main() { command.Main(command.Strategy[Dip]("dip", "buy the dip")) }
//
// The commands are
//
//	sweep          a strategy with many parameters, with and without caches
//	walkforward    parameters chosen on the past, judged on what came after
//	montecarlo     how much of a result is luck
//	bundle         bundles of market data: ingest, list, show, verify, diff, rm, gc
//	doctor         how well the caches of a run did, what to set, and why
//	bench          what optcache costs on this machine, beside what others publish
//	profile        where a sweep spends its time with and without caches
//
// Each stands in a package of its own beneath this one. Results go to the standard output, progress and errors to the
// standard error; OUTPUT.md beside this file describes what is written for programs.
package command

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"

	"github.com/alecthomas/kong"

	"github.com/bmadventure/optcache/cachekit/backtest"
	"github.com/bmadventure/optcache/cachekit/bundle"
	"github.com/bmadventure/optcache/cachekit/command/internal/bench"
	"github.com/bmadventure/optcache/cachekit/command/internal/bundles"
	"github.com/bmadventure/optcache/cachekit/command/internal/console"
	"github.com/bmadventure/optcache/cachekit/command/internal/doctor"
	"github.com/bmadventure/optcache/cachekit/command/internal/montecarlo"
	"github.com/bmadventure/optcache/cachekit/command/internal/output"
	"github.com/bmadventure/optcache/cachekit/command/internal/profile"
	"github.com/bmadventure/optcache/cachekit/command/internal/sweep"
	"github.com/bmadventure/optcache/cachekit/command/internal/trials"
	"github.com/bmadventure/optcache/cachekit/command/internal/walkforward"
	"github.com/bmadventure/optcache/cachekit/optimize"
)

// Tunable is a strategy that is at once the parameters of a trial: a struct whose fields have tags.
//
// A tag says which values of an int, float64, string or bool field are tried if no flag says otherwise, in the
// grammar of the generator: 5:50:5, log 1e-4:1e-1:7, sma|ema. Fields without a tag, or with the tag -, are no
// parameters. The field StopLoss is the parameter stop_loss.
//
// WithCost returns the strategy with another cost of a fill, in basis points, which Cost then returns.
//
// Two more methods are used where there are any: Valid() bool says which combinations are tried, and
// Rule() string how that is told, such as "fast < slow". They must be pure functions.
type Tunable[S any] interface {
	comparable
	backtest.Strategy
	WithCost(bps float64) S
}

// A Family is a strategy with whatever parameters, as the commands take it.
type Family struct {
	name, title string
	rules       string // their name, with the version
	params      []trials.ParamHelp
	err         error

	sweep       sweep.Runner
	walkForward walkforward.Runner
	monteCarlo  montecarlo.Runner
	series      doctor.Counter
	profile     profile.Runner
}

// Strategy returns what [Main] takes: a strategy that --strategy NAME chooses and reports call by its title.
func Strategy[S Tunable[S]](name, title string) Family {
	f, err := trials.NewFamily[S](name, title)
	if err != nil {
		return Family{name: name, err: err}
	}
	var none S
	return Family{
		name: name, title: title, rules: none.Name(), params: f.Help(),
		sweep: sweep.With(f), walkForward: walkforward.With(f), monteCarlo: montecarlo.With(f), series: doctor.With(f), profile: profile.With(f),
	}
}

// usualFamilies returns those that come along.
func usualFamilies() []Family {
	return []Family{
		Strategy[backtest.Crossover]("crossover", "moving-average crossover"),
		Strategy[backtest.Momentum]("momentum", "time-series momentum"),
		Strategy[backtest.Reversion]("reversion", "mean reversion by z-score"),
		Strategy[backtest.Breakout]("breakout", "channel breakout"),
	}
}

// Main runs the command line of the process with the strategies that come along (crossover, momentum,
// reversion, breakout) and others, and ends the process with its exit status: 0 when all went well, 1 if results
// differ or trials failed, 2 if the usage or the input was wrong or an output
// could not be written, 130 after an interrupt, 141 if the reader of the standard output left. It does not return.
func Main(others ...Family) {
	console.OutlivePipes()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second interrupt ends the process at once
	status := run(ctx, os.Args[1:], os.Stdout, os.Stderr, others...)
	stop()
	os.Exit(status)
}

// cli is the command line.
type cli struct {
	Store string `help:"Directory of the bundles." placeholder:"DIR" env:"OPTCACHE_STORE" default:"${store}" type:"path"`
	Quiet bool   `help:"No progress on the standard error." short:"q"`

	Sweep       sweep.Cmd       `cmd:"" help:"Try a strategy with many parameters; compare the results with and without caches bit for bit."`
	WalkForward walkforward.Cmd `cmd:"" name:"walkforward" help:"Search for parameters again and again as time goes by, and judge each choice by the sessions after it."`
	MonteCarlo  montecarlo.Cmd  `cmd:"" name:"montecarlo" help:"Ask how much of a result is luck: bootstrap, permutation, noise, sensitivity, deflated Sharpe, overfitting."`
	Bundle      bundles.Cmd     `cmd:"" help:"Ingest, list, verify, compare and remove bundles of market data."`

	Bench   bench.Cmd   `cmd:"" help:"Measure optcache on this machine, with and without caches, beside what others publish."`
	Doctor  doctor.Cmd  `cmd:"" help:"Read a finished run and tell how well its caches did, what to set, and why."`
	Profile profile.Cmd `cmd:"" help:"Write profiles of a sweep with and without caches, and tell what they save and where."`
}

// offer is what the commands know of the strategies.
type offer struct {
	names       []string
	sweep       trials.Named[sweep.Runner]
	walkForward trials.Named[walkforward.Runner]
	monteCarlo  trials.Named[montecarlo.Runner]
	series      trials.Named[doctor.Counter]
	profile     trials.Named[profile.Runner]
}

func newOffer(families []Family) (*offer, error) {
	o := new(offer)
	for _, f := range families {
		switch {
		case f.err != nil:
			return nil, f.err
		case f.name == "" || f.sweep == nil:
			return nil, fmt.Errorf("a strategy has no name: make it by Strategy")
		case slices.Contains(o.names, f.name):
			return nil, fmt.Errorf("there are two strategies %q: name one otherwise", f.name)
		}
		o.names = append(o.names, f.name)
		o.sweep.Add(f.name, f.rules, f.sweep)
		o.walkForward.Add(f.name, f.rules, f.walkForward)
		o.monteCarlo.Add(f.name, f.rules, f.monteCarlo)
		o.series.Add(f.name, f.rules, f.series)
		o.profile.Add(f.name, f.rules, f.profile)
	}
	return o, nil
}

// run runs one command line and returns the exit status.
func run(ctx context.Context, args []string, stdout, stderr io.Writer, others ...Family) int {
	var c cli
	store, err := defaultStore()
	if err != nil {
		return console.Fail(stderr, err)
	}
	offered, err := newOffer(append(usualFamilies(), others...))
	if err != nil {
		return console.Fail(stderr, err)
	}
	out := &console.Stdout{To: stdout}
	exited := false
	parser, err := kong.New(&c,
		kong.Name("optcache"),
		kong.Description("Parameter sweeps over market data, fast by caches that are proved not to change the results."),
		kong.Vars{"store": store, "metrics": metricNames(), "figures": bench.FigureNames(), "strategy": trials.UsualStrategy, "strategies": output.OneOf(offered.names)},
		kong.Bind(&offered.sweep, &offered.walkForward, &offered.monteCarlo, &offered.series, &offered.profile),
		kong.Writers(out, stderr),
		kong.Exit(func(int) { exited = true }),
		kong.Help(func(o kong.HelpOptions, c *kong.Context) error {
			c.Stdout = stdout // itself, which is asked for the width of the terminal
			out.Note(kong.DefaultHelpPrinter(o, c))
			return nil
		}),
		kong.UsageOnError(),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, WrapUpperBound: 100}),
	)
	if err != nil {
		return console.Fail(stderr, err)
	}
	parsed, err := parser.Parse(args)
	if exited { // --help
		return out.End(stderr, nil)
	}
	if err != nil {
		return console.Fail(stderr, console.Usage(fmt.Errorf("%w (see --help)", err)))
	}
	s, err := bundle.OpenStore(c.Store)
	if err != nil {
		return console.Fail(stderr, err)
	}
	e := &console.Env{Ctx: ctx, Stdout: out, Stderr: stderr, Store: s, StoreDir: c.Store, Quiet: c.Quiet, Args: args}
	e.Log = slog.New(slog.NewTextHandler(stderr, &slog.HandlerOptions{Level: e.Level()}))
	return out.End(stderr, parsed.Run(e))
}

// metricNames lists the metrics for the help.
func metricNames() string {
	var names []string
	for m := range (backtest.Metrics{}).All() {
		names = append(names, m.String())
	}
	return strings.Join(names, ", ")
}

// defaultStore returns where bundles are kept if nobody says otherwise.
func defaultStore() (string, error) {
	dir, err := optimize.DefaultStoreDir()
	if err != nil {
		return "", console.Usage(err)
	}
	return dir, nil
}
