// Command optcache sweeps a strategy over market data with and without caches,
// proves that both give the same results, and keeps the bundles of market data
// that sweeps run on.
//
//	optcache sweep               a sweep over synthetic bars
//	optcache sweep --data DIR    the same over a directory of CSV or Parquet files
//	optcache bundle --help       bundles: ingest, list, show, verify, diff, rm, gc
//
// Results go to the standard output, progress and errors to the standard error.
// The exit status is 0 when all went well, 1 if results differ or trials
// failed, 2 if the usage or the input was wrong, and 130 after an interrupt.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/alecthomas/kong"

	"github.com/bmadventure/optcache/cachekit/backtest"
	"github.com/bmadventure/optcache/cachekit/bundle"
	"github.com/bmadventure/optcache/cachekit/optimize"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second interrupt ends the process at once
	status := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(status)
}

// Exit statuses.
const (
	exitDone        = 0
	exitFailed      = 1
	exitUsage       = 2
	exitInterrupted = 130
)

// cli is the command line.
type cli struct {
	Store string `help:"Directory of the bundles." placeholder:"DIR" env:"OPTCACHE_STORE" default:"${store}" type:"path"`
	Quiet bool   `help:"No progress on the standard error." short:"q"`

	Sweep  sweepCmd  `cmd:"" help:"Sweep a moving-average crossover with and without caches, and compare the results bit for bit."`
	Bundle bundleCmd `cmd:"" help:"Ingest, list, verify, compare and remove bundles of market data."`

	Bench   benchCmd   `cmd:"" help:"Measure optcache on this machine, with and without caches, beside what others publish."`
	Doctor  doctorCmd  `cmd:"" help:"Read a finished run and tell how well its caches did, what to set, and why."`
	Profile profileCmd `cmd:"" help:"Write profiles of a sweep with and without caches, and tell what they save and where."`
}

// env is what a command works with.
type env struct {
	ctx            context.Context
	stdout, stderr io.Writer
	store          *bundle.Store
	storeDir       string
	log            *slog.Logger
	quiet          bool
	args           []string // the command line
}

// run runs one command line and returns the exit status.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	var c cli
	store, err := defaultStore()
	if err != nil {
		return fail(stderr, err)
	}
	exited := false
	parser, err := kong.New(&c,
		kong.Name("optcache"),
		kong.Description("Parameter sweeps over market data, fast by caches that are proved not to change the results."),
		kong.Vars{"store": store, "metrics": metricNames(), "figures": figureNames()},
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
		return fail(stderr, usageError{fmt.Errorf("%w (see --help)", err)})
	}
	s, err := bundle.OpenStore(c.Store)
	if err != nil {
		return fail(stderr, err)
	}
	e := &env{ctx: ctx, stdout: stdout, stderr: stderr, store: s, storeDir: c.Store, quiet: c.Quiet, args: args}
	e.log = slog.New(slog.NewTextHandler(stderr, &slog.HandlerOptions{Level: e.level()}))
	return fail(stderr, parsed.Run(e))
}

func (e *env) level() slog.Level {
	if e.quiet {
		return slog.LevelWarn
	}
	return slog.LevelInfo
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
		return "", usageError{err}
	}
	return dir, nil
}

// A usageError is the user's to mend: a bad flag or variable.
type usageError struct{ error }

func (e usageError) Unwrap() error { return e.error }

// errFailed says that a command has told what went wrong and only wants the
// exit status.
var errFailed = errors.New("failed")

// fail reports err and returns the exit status that it stands for.
func fail(stderr io.Writer, err error) int {
	switch {
	case err == nil:
		return exitDone
	case errors.Is(err, errFailed):
		return exitFailed
	case errors.Is(err, context.Canceled):
		fmt.Fprintln(stderr, "optcache: interrupted:", err)
		return exitInterrupted
	}
	fmt.Fprintln(stderr, "optcache:", err)
	return exitUsage
}
