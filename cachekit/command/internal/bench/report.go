package bench

import (
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/bmadventure/optcache/cachekit/command/internal/output"
	"github.com/bmadventure/optcache/internal/quantile"
)

// A Report is what bench found, in the shape of its JSON.
type Report struct {
	Machine     machine   `json:"machine"`
	Quick       bool      `json:"quick"`
	Runs        int       `json:"runs"`
	Figures     []*figure `json:"figures"`
	Differences []string  `json:"differences"` // between results that should be equal
}

// A unit says what a number is.
type unit string

const (
	unitSeconds       unit = "seconds"
	unitBytes         unit = "bytes"
	unitBytesPerTrial unit = "bytes/trial"
	unitBars          unit = "bars/second/core" // bar evaluations
	unitRatio         unit = "ratio"
)

// show writes a number for people.
func (u unit) show(v float64) string {
	switch u {
	case unitSeconds:
		return output.Seconds(v)
	case unitBytes:
		return output.Bytes(v)
	case unitBytesPerTrial:
		return output.Figure(v) + " B"
	case unitBars:
		return output.Figure(v/1e6) + " M/s"
	}
	return output.Figure(v) + " x"
}

// A figure is one figure of the report.
type figure struct {
	Name       string `json:"name"` // of the benchmark it belongs to
	What       string `json:"what"`
	Conditions string `json:"conditions"`
	Unit       unit   `json:"unit"` // of baseline and value

	// Baseline is what the figure is held against, named by BaselineIs, such as
	// "without caches"; nil if it stands alone.
	Baseline   *quantile.Estimate `json:"baseline,omitempty"`
	BaselineIs string             `json:"baseline_is,omitempty"`
	Value      quantile.Estimate  `json:"value"`
	ValueIs    string             `json:"value_is,omitempty"`

	// Ratio is baseline over value, round by round.
	Ratio *quantile.Estimate `json:"ratio,omitempty"`

	// BaselineRuns and Runs are what was measured, in the order of the rounds.
	BaselineRuns []float64 `json:"baseline_runs,omitempty"`
	Runs         []float64 `json:"runs"`

	Asked     *asked   `json:"asked,omitempty"`
	Met       *bool    `json:"met,omitempty"` // by the median; absent where nothing was asked of this size
	Published []string `json:"published,omitempty"`
	Parts     []bpart  `json:"parts,omitempty"`
}

// An asked is a limit that a figure is to keep.
type asked struct {
	Of    string  `json:"of"` // "value" or "ratio"
	Most  bool    `json:"-"`
	Bound string  `json:"bound"` // "at most" or "at least"
	Limit float64 `json:"limit"`
}

func askedAtMost(limit float64) *asked {
	return &asked{Of: "value", Most: true, Bound: "at most", Limit: limit}
}
func askedAtLeast(limit float64) *asked { return &asked{Of: "value", Bound: "at least", Limit: limit} }

// ofRatio makes it a limit of the ratio.
func (a *asked) ofRatio() *asked {
	a.Of = "ratio"
	return a
}

// A bpart is the share of one kind of work, 0 to 1 of the processor's time.
type bpart struct {
	Name     string  `json:"name"`
	Baseline float64 `json:"baseline"`
	Value    float64 `json:"value"`
}

// judge says whether the figure is what was asked.
func (f *figure) judge() {
	if f.Asked == nil {
		return
	}
	got := f.Value.Median
	if f.Asked.Of == "ratio" {
		got = f.Ratio.Median
	}
	met := got >= f.Asked.Limit
	if f.Asked.Most {
		met = got <= f.Asked.Limit
	}
	f.Met = &met
}

// render writes the report in one of the formats.
func (r *Report) render(format string) ([]byte, error) {
	switch format {
	case "json":
		text, err := json.MarshalIndent(r, "", "  ")
		if err != nil {
			return nil, fmt.Errorf("write the report as JSON: %w", err)
		}
		return append(text, '\n'), nil
	case "markdown":
		return []byte(r.markdown()), nil
	}
	return []byte(r.text()), nil
}

// intro says what was measured where.
func (r *Report) intro() string {
	size := "full"
	if r.Quick {
		size = "quick"
	}
	confidence := 0.0
	for _, f := range r.Figures {
		if f.Value.Runs == r.Runs {
			confidence = f.Value.Confidence
		}
	}
	return fmt.Sprintf("%s benchmark, %s a side in turn: median [interval with %.1f %% confidence]", size, output.Count(r.Runs, "run"), 100*confidence)
}

// text writes the report for a terminal.
func (r *Report) text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n%s\n", r.Machine.text(), r.intro())
	for _, f := range r.Figures {
		fmt.Fprintf(&b, "\n%s: %s\n", f.Name, f.What)
		if f.Conditions != "" {
			fmt.Fprintf(&b, "  %s\n", f.Conditions)
		}
		if f.Baseline != nil {
			fmt.Fprintf(&b, "    %-24s %s\n", f.BaselineIs, f.Unit.estimate(*f.Baseline))
		}
		fmt.Fprintf(&b, "    %-24s %s\n", f.valueIs(), f.Unit.estimate(f.Value))
		if f.Ratio != nil {
			fmt.Fprintf(&b, "    %-24s %s\n", "ratio", unitRatio.estimate(*f.Ratio))
		}
		if f.Asked != nil {
			fmt.Fprintf(&b, "    %-24s %s\n", "asked", f.verdict())
		}
		for i, p := range f.Published {
			head := ""
			if i == 0 {
				head = "published"
			}
			fmt.Fprintf(&b, "    %-24s %s\n", head, p)
		}
		f.writeParts(&b)
	}
	for i, d := range r.Differences {
		if i == 0 {
			b.WriteString("\nresults differ:\n")
		}
		fmt.Fprintf(&b, "  %s\n", d)
	}
	if len(r.Differences) == 0 {
		b.WriteString("\nresults of all sweeps that were compared: equal bit for bit\n")
	}
	return b.String()
}

func (f *figure) valueIs() string {
	switch {
	case f.ValueIs != "":
		return f.ValueIs
	case f.Baseline != nil:
		return "with caches"
	}
	return "measured"
}

// verdict tells the limit and whether it is kept.
func (f *figure) verdict() string {
	u := f.Unit
	if f.Asked.Of == "ratio" {
		u = unitRatio
	}
	answer := "not met"
	if *f.Met {
		answer = "met"
	}
	return fmt.Sprintf("%s %s: %s", f.Asked.Bound, u.show(f.Asked.Limit), answer)
}

// estimate writes a median with its interval.
func (u unit) estimate(e quantile.Estimate) string {
	if math.IsNaN(e.Median) {
		return "not measured"
	}
	if e.Low == e.High {
		return u.show(e.Median)
	}
	return fmt.Sprintf("%s [%s, %s]", u.show(e.Median), u.show(e.Low), u.show(e.High))
}

// writeParts writes where the time goes, the kinds of work that take a thousandth
// of either side.
func (f *figure) writeParts(b *strings.Builder) {
	if len(f.Parts) == 0 {
		return
	}
	fmt.Fprintf(b, "    %-24s %16s %16s\n", "where the time goes", f.BaselineIs, f.valueIs())
	for _, p := range f.Parts {
		if max(p.Baseline, p.Value) >= 0.001 {
			fmt.Fprintf(b, "      %-22s %14.1f %% %14.1f %%\n", p.Name, 100*p.Baseline, 100*p.Value)
		}
	}
}

// markdown writes the report as tables.
func (r *Report) markdown() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n\n%s\n\n", strings.ReplaceAll(r.Machine.text(), "\n", "  \n"), r.intro())
	b.WriteString("| figure | held against | optcache | ratio | asked | published |\n|---|---|---|---|---|---|\n")
	for _, f := range r.Figures {
		baseline, ratio, limit := "", "", ""
		if f.Baseline != nil {
			baseline = f.BaselineIs + ": " + f.Unit.estimate(*f.Baseline)
		}
		if f.Ratio != nil {
			ratio = unitRatio.estimate(*f.Ratio)
		}
		if f.Asked != nil {
			limit = f.verdict()
		}
		value := f.Unit.estimate(f.Value)
		if f.ValueIs != "" {
			value = f.ValueIs + ": " + value
		}
		what := f.What
		if f.Conditions != "" {
			what += " (" + f.Conditions + ")"
		}
		row := []string{what, baseline, value, ratio, limit, strings.Join(f.Published, "; ")}
		for i, cell := range row {
			row[i] = strings.ReplaceAll(cell, "|", `\|`)
		}
		fmt.Fprintf(&b, "| %s |\n", strings.Join(row, " | "))
	}
	for _, f := range r.Figures {
		if len(f.Parts) == 0 {
			continue
		}
		fmt.Fprintf(&b, "\nWhere the processor's time goes: %s\n\n| work | %s | %s |\n|---|---|---|\n", f.What, f.BaselineIs, f.valueIs())
		for _, p := range f.Parts {
			if max(p.Baseline, p.Value) >= 0.001 {
				fmt.Fprintf(&b, "| %s | %.1f %% | %.1f %% |\n", p.Name, 100*p.Baseline, 100*p.Value)
			}
		}
	}
	b.WriteString("\nResults of all sweeps that were compared: ")
	if len(r.Differences) == 0 {
		b.WriteString("equal bit for bit.\n")
	} else {
		fmt.Fprintf(&b, "**they differ**.\n\n- %s\n", strings.Join(r.Differences, "\n- "))
	}
	return b.String()
}

// A machine is what is known of where figures were measured.
type machine struct {
	Time       time.Time `json:"time"`
	Version    string    `json:"version"` // of optcache
	Go         string    `json:"go"`
	OS         string    `json:"os"`
	Arch       string    `json:"arch"`
	CPU        string    `json:"cpu,omitempty"` // model, where the system tells
	CPUs       int       `json:"cpus"`
	GOMAXPROCS int       `json:"gomaxprocs"`
	Memory     int64     `json:"memory_bytes,omitempty"`
	Load       *float64  `json:"load,omitempty"` // mean number of running processes in the minute before
}

func (m machine) text() string {
	cpu := m.CPU
	if cpu == "" {
		cpu = "processor not told"
	}
	memory := ""
	if m.Memory > 0 {
		memory = ", " + output.Bytes(float64(m.Memory)) + " of memory"
	}
	load := ""
	if m.Load != nil {
		load = fmt.Sprintf(", load %.2f before", *m.Load)
	}
	return fmt.Sprintf("optcache %s, %s, %s/%s\n%s, %s, GOMAXPROCS %d%s%s", m.Version, m.Go, m.OS, m.Arch, cpu, output.Count(m.CPUs, "CPU"), m.GOMAXPROCS, memory, load)
}
