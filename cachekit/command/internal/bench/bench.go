// Package bench is the command bench: what optcache costs on this machine. It keeps its own workloads, whatever strategies
// a program has, so that its figures stay comparable.
package bench

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"

	"github.com/bmadventure/optcache/cachekit/bundle"
	"github.com/bmadventure/optcache/cachekit/command/internal/console"
	"github.com/bmadventure/optcache/cachekit/command/internal/output"
)

// Cmd is the flags of the command bench.
type Cmd struct {
	Quick  bool   `help:"Smaller sweeps, in about a minute; what was asked of the larger ones is not judged."`
	Runs   int    `help:"How often each side of a figure is measured, in turn; 10 are enough for an interval of 95 % (${default})." default:"10" placeholder:"N"`
	Only   string `name:"filter" aliases:"only" help:"Measure the figures whose names match this regular expression: ${figures}." placeholder:"REGEXP"`
	Format string `help:"Form of the report (${default}): ${enum}." enum:"text,markdown,json" default:"text"`
	Out    string `help:"Write the report to a file instead of the standard output." placeholder:"FILE" type:"path"`

	Run1 string `name:"run-once" hidden:"" help:"Run one sweep in this process and print what it took."`
}

// Help is shown below the flags.
func (Cmd) Help() string {
	return `It measures optcache on this machine as the original caching guide measures its system, and more
strictly: all 50 assets, the grouping inside the timer, real calls of the caches, times kept, cold caches where a
sweep has cold caches. Both sides of a figure run in turn; shown are the median and an interval that covers the
true median with at least 95 % probability (order statistics, no assumption on the distribution). Beside each figure stands
what was asked of it, and what is published elsewhere, with its conditions.

Data is synthetic, made in a temporary folder (60 MB, in TMPDIR) and removed. The full report takes some minutes, on an
otherwise idle machine. The results of every sweep are compared bit for bit on the way.

    ${program} bench --quick
    ${program} bench --format markdown --out BENCH.md
    ${program} bench --filter 'look-up|grouping' --runs 30

Exit status: 0 done, 1 results differ, 2 bad usage or input, 130 interrupted.`
}

// Run runs the command.
func (c *Cmd) Run(e *console.Env) error {
	if c.Run1 != "" {
		return c.runOnce(e)
	}
	chosen, err := c.choose()
	if err != nil {
		return console.Usage(err)
	}
	report, err := output.Find(cmp.Or(c.Out, "-"), e.Stdout)
	if err != nil {
		return console.Usage(fmt.Errorf("--out %w", err))
	}
	dir, err := os.MkdirTemp("", "optcache-bench-")
	if err != nil {
		return fmt.Errorf("make a folder for the data: %w: set TMPDIR to one that can be written to", err)
	}
	r, err := c.measure(e, dir, chosen)
	err = errors.Join(err, removeAll(dir))
	if err != nil {
		return err
	}
	if err := c.write(report, r); err != nil {
		return err
	}
	if len(r.Differences) > 0 {
		return console.ErrFailed
	}
	return nil
}

// choose returns the figures to measure.
func (c *Cmd) choose() ([]*benchmark, error) {
	if c.Runs < 1 || c.Runs > 10_000 {
		return nil, fmt.Errorf("--runs %d: must be 1 to 10000", c.Runs)
	}
	only, err := regexp.Compile(c.Only)
	if err != nil {
		return nil, fmt.Errorf("--filter: %w", err)
	}
	var chosen []*benchmark
	for _, m := range benchmarks {
		if only.MatchString(m.name) {
			chosen = append(chosen, &m)
		}
	}
	if len(chosen) == 0 {
		return nil, fmt.Errorf("--filter %s: matches none of %s", c.Only, FigureNames())
	}
	return chosen, nil
}

// FigureNames lists the figures for the help.
func FigureNames() string {
	var names []string
	for _, m := range benchmarks {
		names = append(names, m.name)
	}
	return strings.Join(names, ", ")
}

// measure measures the figures one after the other.
func (c *Cmd) measure(e *console.Env, dir string, chosen []*benchmark) (*Report, error) {
	store, err := bundle.OpenStore(dir)
	if err != nil {
		return nil, err
	}
	b := &benchRun{Env: e, Cmd: c, sizes: sizesOf(c.Quick), dir: dir, data: store, made: make(map[benchData]bundle.Version)}
	r := &Report{Machine: thisMachine(), Runs: c.Runs, Quick: c.Quick, Differences: []string{}}
	for i, m := range chosen {
		e.Log.Info("measuring", "figure", m.name, "number", i+1, "of", len(chosen))
		figures, err := m.measure(b)
		if err != nil {
			if errors.Is(err, context.Canceled) {
				return nil, fmt.Errorf("%d of %d figures were measured, nothing was written: %w", i, len(chosen), err)
			}
			return nil, fmt.Errorf("measure %s: %w", m.name, err)
		}
		for _, f := range figures {
			f.Name = m.name
			f.judge()
			r.Figures = append(r.Figures, f)
		}
	}
	r.Differences = append(r.Differences, b.differences...)
	return r, nil
}

// write writes the report where it is wanted.
func (c *Cmd) write(to *output.Target, r *Report) error {
	text, err := r.render(c.Format)
	if err != nil {
		return err
	}
	return to.Write(func(w io.Writer) error {
		_, err := w.Write(text)
		return err
	})
}

// removeAll removes a folder of bundles, whose files are read-only.
func removeAll(dir string) error {
	if err := os.RemoveAll(dir); err != nil {
		return fmt.Errorf("remove the data of the benchmark: %w", err)
	}
	return nil
}
