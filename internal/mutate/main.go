// Command mutate tells how much of a package its tests hold in place: it breaks
// the code in one small way after the other, a mutant each, and counts those for which no test fails.
//
//	go run ./internal/mutate [-n 200] [-seed 1] [-json] ./policy
//
// A mutant negates a condition, shifts a bound, swaps operands or operators, drops a statement,
// or returns zero values. The source stays as it is: the go command lays the changed file over
// it (-overlay), builds the tests once for each mutant, and runs them with
// -short. A mutant on which a test fails, or which takes more than its share of time or memory, is
// killed. One that does not compile does not count, nor one of which the compiler makes the
// same test binary as of the original: it is equivalent.
//
// For what survives the tests of other packages can be run besides:
//
//	go run ./internal/mutate -also ./property_test:TestOwnCaches ./cachekit
//
// README.md beside this file has the results for this repository, and what each survivor is.
//
// The idea is from R. A. DeMillo, R. J. Lipton, F. G. Sayward, "Hints on test data
// selection: help for the practicing programmer", IEEE Computer 11(4), 1978.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"regexp"
	"strings"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "mutate:", err)
		os.Exit(1)
	}
}

// options are what the command line says.
type options struct {
	pattern string         // of the package
	sample  int            // mutants to try, 0: all
	seed    uint64         // of the sample
	match   *regexp.Regexp // tries only mutants whose description it matches
	tests   string         // regular expression of the package's own tests to be run
	also    []suite        // whose tests are run on what survives
	workers int
	grace   time.Duration // that a mutant gets beyond its share of time
	asJSON  bool
	list    bool

	together bool // tries only what can be built together, and does not look for equivalent mutants
}

func run(ctx context.Context, args []string, out, progress io.Writer) error {
	o, err := parse(args, progress)
	if err != nil {
		return err
	}
	p, err := load(ctx, o.pattern)
	if err != nil {
		return err
	}
	chosen, err := choose(p, o)
	if err != nil {
		return err
	}
	if o.list {
		for _, m := range chosen {
			fmt.Fprintln(out, m)
		}
		return nil
	}
	r, err := try(ctx, p, chosen, o, progress)
	if r == nil {
		return err
	}
	if o.asJSON { // as far as it got
		return errors.Join(err, r.writeJSON(out))
	}
	return errors.Join(err, r.writeText(out))
}

// parse reads the command line.
func parse(args []string, messages io.Writer) (options, error) {
	flags := flag.NewFlagSet("mutate", flag.ContinueOnError)
	flags.SetOutput(messages)
	flags.Usage = func() {
		fmt.Fprintln(messages, "usage: mutate [flags] package")
		flags.PrintDefaults()
	}
	var o options
	flags.IntVar(&o.sample, "n", 0, "try a random sample of so many mutants; 0: all")
	flags.Uint64Var(&o.seed, "seed", 1, "seed of the sample")
	flags.StringVar(&o.tests, "run", "", "run only those of the package's own tests that this regular expression matches")
	flags.IntVar(&o.workers, "p", 1, "mutants tried at a time")
	flags.DurationVar(&o.grace, "grace", 10*time.Second, "processor time that a mutant may take beyond four times that of the original")
	flags.BoolVar(&o.asJSON, "json", false, "print the result as JSON")
	flags.BoolVar(&o.together, "together", false, "build only once: leave out mutants of declarations and heads of loops, and count equivalent ones as survivors")
	flags.BoolVar(&o.list, "list", false, "list the mutants and try none")
	match := flags.String("match", "", "try only mutants whose description this regular expression matches")
	also := flags.String("also", "", "run these tests on what survives: package:regexp of tests, several separated by spaces")
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	if flags.NArg() != 1 {
		return o, fmt.Errorf("reading the command line: it names %d packages; name one, such as ./policy", flags.NArg())
	}
	if o.sample < 0 || o.workers < 1 {
		return o, fmt.Errorf("reading the command line: -n %d -p %d; choose -n of 0 or more and -p of 1 or more", o.sample, o.workers)
	}
	if o.together && *also != "" {
		return o, errors.New("reading the command line: -also builds for each mutant, -together once: leave one out")
	}
	var err error
	if o.match, err = regexp.Compile(*match); err != nil {
		return o, fmt.Errorf("reading -match: %w", err)
	}
	o.pattern = flags.Arg(0)
	for _, word := range strings.Fields(*also) {
		pattern, tests, _ := strings.Cut(word, ":")
		o.also = append(o.also, suite{pattern: pattern, tests: tests})
	}
	return o, nil
}
