package main

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
	"github.com/bmadventure/optcache/cachekit/optimize"
)

func main() { Main() }

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
	params      []paramHelp
	err         error

	sweep       sweepRunner
	walkForward walkRunner
	monteCarlo  luckRunner
	series      seriesCounter
	profile     profileRunner
}

// Strategy returns what [Main] takes: a strategy that --strategy NAME chooses and reports call by its title.
func Strategy[S Tunable[S]](name, title string) Family {
	f, err := newFamily[S](name, title)
	if err != nil {
		return Family{name: name, err: err}
	}
	var none S
	return Family{
		name: name, title: title, rules: none.Name(), params: f.help(),
		sweep: sweepWith(f), walkForward: walkWith(f), monteCarlo: luckWith(f), series: seriesWith(f), profile: profileWith(f),
	}
}

// those that come along.
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
// differ or trials failed, 2 if the usage or the input was wrong, 130 after an interrupt. It does not return.
func Main(others ...Family) {
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

	Sweep       sweepCmd       `cmd:"" help:"Try a strategy with many parameters; compare the results with and without caches bit for bit."`
	WalkForward walkForwardCmd `cmd:"" name:"walkforward" help:"Search for parameters again and again as time goes by, and judge each choice by the sessions after it."`
	MonteCarlo  monteCarloCmd  `cmd:"" name:"montecarlo" help:"Ask how much of a result is luck: bootstrap, permutation, noise, sensitivity, deflated Sharpe, overfitting."`
	Bundle      bundleCmd      `cmd:"" help:"Ingest, list, verify, compare and remove bundles of market data."`

	Bench   benchCmd   `cmd:"" help:"Measure optcache on this machine, with and without caches, beside what others publish."`
	Doctor  doctorCmd  `cmd:"" help:"Read a finished run and tell how well its caches did, what to set, and why."`
	Profile profileCmd `cmd:"" help:"Write profiles of a sweep with and without caches, and tell what they save and where."`
}

// offer is what the commands know of the strategies.
type offer struct {
	names       []string
	sweep       named[sweepRunner]
	walkForward named[walkRunner]
	monteCarlo  named[luckRunner]
	series      named[seriesCounter]
	profile     named[profileRunner]
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
		o.sweep.add(f.name, f.rules, f.sweep)
		o.walkForward.add(f.name, f.rules, f.walkForward)
		o.monteCarlo.add(f.name, f.rules, f.monteCarlo)
		o.series.add(f.name, f.rules, f.series)
		o.profile.add(f.name, f.rules, f.profile)
	}
	return o, nil
}

// run runs one command line and returns the exit status.
func run(ctx context.Context, args []string, stdout, stderr io.Writer, others ...Family) int {
	var c cli
	store, err := defaultStore()
	if err != nil {
		return fail(stderr, err)
	}
	offered, err := newOffer(append(usualFamilies(), others...))
	if err != nil {
		return fail(stderr, err)
	}
	exited := false
	parser, err := kong.New(&c,
		kong.Name("optcache"),
		kong.Description("Parameter sweeps over market data, fast by caches that are proved not to change the results."),
		kong.Vars{"store": store, "metrics": metricNames(), "figures": figureNames(), "strategy": usualStrategy, "strategies": oneOf(offered.names)},
		kong.Bind(&offered.sweep, &offered.walkForward, &offered.monteCarlo, &offered.series, &offered.profile),
		kong.Writers(stdout, stderr),
		kong.Exit(func(int) { exited = true }),
		kong.UsageOnError(),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, WrapUpperBound: 100}),
	)
	if err != nil {
		return fail(stderr, err)
	}
	parsed, err := parser.Parse(args)
	if exited { // --help
		return exitDone
	}
	if err != nil {
		return fail(stderr, usage(fmt.Errorf("%w (see --help)", err)))
	}
	s, err := bundle.OpenStore(c.Store)
	if err != nil {
		return fail(stderr, err)
	}
	e := &env{ctx: ctx, stdout: stdout, stderr: stderr, store: s, storeDir: c.Store, quiet: c.Quiet, args: args}
	e.log = slog.New(slog.NewTextHandler(stderr, &slog.HandlerOptions{Level: e.level()}))
	return fail(stderr, parsed.Run(e))
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
		return "", usage(err)
	}
	return dir, nil
}
