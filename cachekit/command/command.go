// Package command is the optcache command as a library: a program of a few lines has all of it with strategies of
// its own beside those that come along.
//
//	package main
//
//	import "github.com/bmadventure/optcache/cachekit/command"
//
//	func main() {
//		command.Main(command.Strategy[Dip]("dip", "buy the dip"))
//	}
//
// Dip is a struct of parameters with the methods of a [Tunable]; the example has one.
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
// standard error; OUTPUT.md beside this file describes what is written for programs. --help of a command lists the
// strategies of the program with their parameters, --version the modules that it was built from.
// GUIDE.md is for people who know RustyBT's caching guide: what they would write there, and what to write here.
package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	_ "time/tzdata" // the zones of --timezone, where the system has none

	"github.com/alecthomas/kong"

	"github.com/bmadventure/optcache/cachekit/backtest"
	"github.com/bmadventure/optcache/cachekit/bundle"
	"github.com/bmadventure/optcache/cachekit/command/internal/bench"
	"github.com/bmadventure/optcache/cachekit/command/internal/build"
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

// Tunable is a strategy that is at once the parameters of a trial: a struct whose fields have tags, and whose methods
// have no pointer receivers.
//
// A tag says which values of a field are tried if no --param says otherwise, in the grammar of the generator:
//
//	5:50:5           5, 10, ... 50; without the step 1 it is 1
//	log 1e-4:1e-1    1e-4, 1e-3, 1e-2, 1e-1; log 1e-4:1e-1:7 is seven values; of float64 fields alone
//	sma|ema          one of these; strings and truth values, false|true, have no other form
//	-                no parameter
//
// Parameters are int, float64, string and bool, or types made of these, exported or not, in S or in structs in it. The
// field StopLoss is the parameter stop_loss. A field without a tag is no parameter and zero in every trial.
//
// WithCost returns the strategy with another cost of a fill, in basis points, which Cost then returns, and with the same
// parameters.
//
// Two more methods are called where there are any: Valid() bool says which combinations are tried, and Rule() string
// how that is told, such as "fast < slow".
//
// All methods must be pure functions of the parameters and of what they are given: trials run concurrently, and results
// are kept under the parameters. Name, Rule and Series are called of the zero value too. Which columns Series reads may
// follow from strings and truth values, and not from numbers.
type Tunable[S any] interface {
	comparable
	backtest.Strategy
	WithCost(bps float64) S
}

// A Family is a strategy with whatever parameters, as [Main] takes it; [Strategy] makes one. It does not change and may
// be used concurrently. The zero Family is none, and Main refuses it.
type Family struct {
	name  string
	rules string // their name, with the version
	help  string // its parameters
	err   error

	sweep       sweep.Runner
	walkForward walkforward.Runner
	monteCarlo  montecarlo.Runner
	series      doctor.Counter
	profile     profile.Runner
}

// Strategy returns what [Main] takes: a strategy that --strategy NAME chooses, of letters, digits, dots, - and _, and
// that reports call by its title, or by its name if that is empty.
//
// It never panics. What is wrong with S, such as a tag, a field of a type that no parameter has, or a Valid that keeps
// none of the values in the tags, is told by Main: in a sentence that names the field or the method, with exit status 2.
func Strategy[S Tunable[S]](name, title string) Family {
	f, err := trials.NewFamily[S](name, title)
	if err != nil {
		return Family{name: name, err: err}
	}
	return Family{
		name: name, rules: f.Rules, help: f.Help(),
		sweep: sweep.With(f), walkForward: walkforward.With(f), monteCarlo: montecarlo.With(f), series: doctor.With(f),
		profile: profile.With(f),
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

// Main runs the command line of the process, [os.Args], with the strategies that come along (crossover, momentum,
// reversion, breakout) and others, and ends the process with its exit status: 0 when all went well, 1 if results
// differ or trials failed, 2 if the usage, the input or one of the others was wrong or an output could not be
// written, 130 after an interrupt, 141 if the reader of the standard output left. It does not return. Two strategies
// must differ in their names, and in what Name of their rules returns before the version.
//
// The program is called by the name of its file in all texts. Some commands start it again with flags of their own, so a
// main function must call Main for whatever arguments, and before that write nothing to the standard output.
func Main(others ...Family) {
	console.OutlivePipes()
	ctx, stop := signal.NotifyContext(context.Background(), endings()...)
	context.AfterFunc(ctx, stop) // a second interrupt ends the process at once
	status := run(ctx, os.Args[1:], os.Stdout, os.Stderr, others...)
	stop()
	os.Exit(status)
}

// cli is the command line.
type cli struct {
	Store string `help:"Directory of the bundles." placeholder:"DIR" env:"OPTCACHE_STORE" default:"${store}" type:"path"`
	Quiet bool   `help:"No progress on the standard error." short:"q"`

	Version kong.VersionFlag `help:"Tell the versions of this program, of optcache and of Go."`

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
	table       string // of their parameters, for the help
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
			return nil, errors.New("a strategy is an empty Family: make it by command.Strategy")
		case slices.Contains(o.names, f.name):
			return nil, fmt.Errorf("strategy %q: there is another one of that name: name yours otherwise", f.name)
		}
		if other, ok := o.series.OtherRules(f.rules); ok {
			return nil, fmt.Errorf("strategy %q: method Name returns %q, and the strategy %q has rules of that name, "+
				"whatever the version: let it return another name", f.name, f.rules, other)
		}
		o.names = append(o.names, f.name)
		o.sweep.Add(f.name, f.rules, f.sweep)
		o.walkForward.Add(f.name, f.rules, f.walkForward)
		o.monteCarlo.Add(f.name, f.rules, f.monteCarlo)
		o.series.Add(f.name, f.rules, f.series)
		o.profile.Add(f.name, f.rules, f.profile)
	}
	o.table = parameterTable(families)
	return o, nil
}

// negative is what begins like a number below 0, and so is the value of the flag before it.
var negative = regexp.MustCompile(`^-[.0-9]`)

// withNegativeValues joins a flag and a value that begins with a minus sign, which would be read as a flag:
// --slow -5 is --slow=-5. No flag of one letter is a digit.
func withNegativeValues(args []string) []string {
	var all []string
	for _, arg := range args {
		if n := len(all) - 1; n >= 0 && negative.MatchString(arg) && strings.HasPrefix(all[n], "--") && all[n] != "--" && !strings.Contains(all[n], "=") {
			all[n] += "=" + arg
			continue
		}
		all = append(all, arg)
	}
	return all
}

// program is what the user calls this program, in usage lines, examples, hints and errors.
var program = programName(os.Args)

func programName(args []string) string {
	if len(args) == 0 || args[0] == "" {
		return "optcache"
	}
	return strings.TrimSuffix(filepath.Base(args[0]), ".exe")
}

// run runs one command line and returns the exit status.
func run(ctx context.Context, args []string, stdout, stderr io.Writer, others ...Family) int {
	var c cli
	store, err := defaultStore()
	if err != nil {
		return console.Fail(stderr, program, err)
	}
	offered, err := newOffer(append(usualFamilies(), others...))
	if err != nil {
		return console.Fail(stderr, program, err)
	}
	out := &console.Stdout{To: stdout}
	exited := false
	parser, err := kong.New(&c,
		kong.Name(program),
		kong.Description("Parameter sweeps over market data, fast by caches that are proved not to change the results."),
		kong.Vars{
			"program": program, "version": build.Lines(), "store": store, "metrics": metricNames(), "figures": bench.FigureNames(),
			"strategy": trials.UsualStrategy, "strategies": output.OneOf(offered.names),
		},
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
		return console.Fail(stderr, program, err)
	}
	complete(parser.Model.Node, offered.table)
	parsed, err := parser.Parse(withNegativeValues(args))
	if exited { // --help or --version
		return out.End(stderr, program, nil)
	}
	if err != nil {
		return console.Fail(stderr, program, console.Usage(fmt.Errorf("%w (see --help)", err)))
	}
	s, err := bundle.OpenStore(c.Store)
	if err != nil {
		return console.Fail(stderr, program, err)
	}
	e := &console.Env{
		Program: program, Ctx: ctx, Stdout: out, Stderr: stderr, Store: s, StoreDir: c.Store, Quiet: c.Quiet, Args: args,
	}
	e.Log = slog.New(slog.NewTextHandler(stderr, &slog.HandlerOptions{Level: e.Level()}))
	return out.End(stderr, program, parsed.Run(e))
}

// parameterTable has a line for each strategy: its name, its parameters, and the rule that they keep.
func parameterTable(families []Family) string {
	width := 0
	for _, f := range families {
		width = max(width, len(f.name))
	}
	var b strings.Builder
	for _, f := range families {
		fmt.Fprintf(&b, "    %-*s   %s\n", width, f.name, f.help)
	}
	return b.String()
}

// complete completes the texts below the usage lines, of which kong knows neither the program's name nor its
// strategies: ${program} becomes the name, and commands that take --strategy tell which there are.
func complete(node *kong.Node, table string) {
	node.Detail = strings.ReplaceAll(node.Detail, "${program}", program)
	if slices.ContainsFunc(node.Flags, func(f *kong.Flag) bool { return f.Name == "strategy" }) || node.Parent == nil {
		const heading = "\n\nStrategies and the values of their parameters that are tried by default\n\n"
		node.Detail = strings.TrimLeft(node.Detail+heading+table, "\n")
	}
	for _, child := range node.Children {
		complete(child, table)
	}
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
