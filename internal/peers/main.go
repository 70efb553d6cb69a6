// Command peers puts optcache beside the caches that Go programs use today: how
// long an operation takes, how often it allocates, how much heap an entry costs, and how
// many requests of public traces find what they ask for. All do the same with the same keys in
// one run. README.md says how it is measured and has the figures.
package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"time"

	"github.com/bmadventure/optcache/internal/simulate"
)

func main() {
	if err := run(os.Args[1:], os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "peers:", err)
		os.Exit(1)
	}
}

// options are those of the command line.
type options struct {
	quick  bool
	json   string
	only   *regexp.Regexp
	traces string
}

func parse(args []string, errors io.Writer) (options, error) {
	var (
		o    options
		only string
		set  = flag.NewFlagSet("peers", flag.ContinueOnError)
	)
	set.SetOutput(errors)
	set.BoolVar(&o.quick, "quick", false, "measure the most important work only, with fewer runs, in less than a minute")
	set.StringVar(&o.json, "json", "", "write rows of JSON, one a line, to this `file`; - is the standard output, and then no table is printed")
	set.StringVar(&only, "only", "", "measure only work whose name matches this regular `expression`")
	set.StringVar(&o.traces, "traces", filepath.Join("..", "..", "..", "shared", "traces"), "`folder` of the traces")
	if err := set.Parse(args); err != nil {
		return o, err
	}
	if set.NArg() > 0 {
		return o, fmt.Errorf("unexpected argument %q: give flags only", set.Arg(0))
	}
	var err error
	if o.only, err = regexp.Compile(only); err != nil {
		return o, fmt.Errorf("reading flag -only: %w", err)
	}
	return o, nil
}

// run measures what args say.
func run(args []string, out, errors io.Writer) (err error) {
	o, err := parse(args, errors)
	if err != nil {
		return err
	}
	s := new(sink)
	switch o.json {
	case "":
	case "-":
		s.lines = out
	default:
		f, err := os.Create(o.json)
		if err != nil {
			return fmt.Errorf("making the file for the rows: %w", err)
		}
		defer func() {
			if e := f.Close(); err == nil && e != nil {
				err = fmt.Errorf("closing the file of the rows: %w", e)
			}
		}()
		s.lines = f
	}
	if err := o.measure(s, errors); err != nil {
		return err
	}
	if o.json == "-" {
		return nil
	}
	return s.print(out)
}

// measure hands all rows to s, and says on progress what it does and what it
// leaves out.
func (o options) measure(s *sink, progress io.Writer) error {
	began := time.Now()
	say := func(format string, args ...any) {
		fmt.Fprintf(progress, "%3.0f s: %s\n", time.Since(began).Seconds(), fmt.Sprintf(format, args...))
	}
	say("%s, %d goroutines", runtime.Version(), runtime.GOMAXPROCS(0))
	if err := o.speed(s, say); err != nil {
		return err
	}
	if o.only.MatchString(memoryWork) {
		say("heap an entry")
		if err := s.addAll(heapAnEntry(memoryWork, o.contenders(quickMemory), memoryEntries)); err != nil {
			return err
		}
	}
	for _, x := range extras {
		if work := memoryWork + "/" + x.name; !o.quick && o.only.MatchString(work) {
			if err := s.addAll(heapAnEntry(work, []contender[uint64]{with(x)}, memoryEntries)); err != nil {
				return err
			}
		}
	}
	if err := o.hits(s, began, say); err != nil {
		return err
	}
	say("done")
	return nil
}

// contenders returns those that are measured with keys of numbers, in a quick run
// only the quick.
func (o options) contenders(quick map[string]bool) []contender[uint64] {
	return slices.DeleteFunc(contenders[uint64](), func(c contender[uint64]) bool { return o.quick && !quick[c.name] })
}

// speed measures what is timed.
func (o options) speed(s *sink, say func(string, ...any)) error {
	groups, p := fullGroups(), pace{sittings: 3, rounds: 14, slice: 10 * time.Millisecond}
	if o.quick {
		groups, p.rounds = quickGroups(), 9
	}
	say("speed, medians of %d slices of %v, of %d of caches that take long to fill", p.sittings*p.rounds, p.slice, p.rounds)
	for _, g := range groups {
		if g.entries >= 1<<20 { // filling takes most of the time
			p.sittings = 1
		}
		if err := s.addAll(measure(o.contenders(quickSpeed), g, "uint64", numbers, p, o.only.MatchString)); err != nil {
			return err
		}
		if o.quick {
			continue
		}
		if err := s.addAll(measure(contenders[string](), g, "string", texts, p, o.only.MatchString)); err != nil {
			return err
		}
	}
	return nil
}

// hits measures hit ratios, if there are traces.
func (o options) hits(s *sink, began time.Time, say func(string, ...any)) error {
	traces, err := simulate.Traces(o.traces)
	if err != nil {
		return err
	}
	if len(traces) == 0 {
		say("no traces in %s: hit ratios are not measured, give their folder with -traces", o.traces)
		return nil
	}
	plan := fullHitPlan()
	if o.quick {
		plan = quickHitPlan(began.Add(32 * time.Second))
	}
	say("hit ratios, medians of %d runs, %d where a trace has more than %d requests", plan.runs, plan.longRuns, longTrace)
	return plan.measure(traces, o.only.MatchString, s.add)
}
