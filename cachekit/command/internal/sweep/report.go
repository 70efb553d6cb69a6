package sweep

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/bmadventure/optcache/cachekit/backtest"
	"github.com/bmadventure/optcache/cachekit/command/internal/output"
	"github.com/bmadventure/optcache/cachekit/command/internal/trials"
	"github.com/bmadventure/optcache/cachekit/optimize"
)

// A Report is what a sweep found, in the shape of its JSON.
type Report struct {
	Bundle    output.Bundle     `json:"bundle"`
	Strategy  string            `json:"strategy"`
	Params    []trials.AxisSpec `json:"params"`
	CostBps   float64           `json:"cost_bps"`
	Search    string            `json:"search"`
	Seed      uint64            `json:"seed"`
	Trials    int               `json:"trials"`
	Recorded  int               `json:"recorded"` // trials whose results were there before, in the journal of --out
	Workers   int               `json:"workers"`
	Rounds    int               `json:"rounds"`    // times that each side ran; seconds are medians
	Compared  bool              `json:"compared"`  // both sides were timed, or the one there is, in rounds
	Identical *bool             `json:"identical"` // null: not verified
	Verified  int               `json:"verified"`  // trials whose results were compared
	Objective string            `json:"objective"`
	Minimize  bool              `json:"minimize"`
	Seconds   cost[float64]     `json:"seconds"`
	Speedup   *float64          `json:"speedup"`
	AssetList costNS            `json:"asset_list"`
	Grouping  costNS            `json:"grouping"`
	PeakBytes cost[int64]       `json:"peak_bytes"`
	Caches    []cacheReport     `json:"caches"`
	Workload  *WorkloadReport   `json:"demand"` // null: not known before, or no caches
	Best      []bestReport      `json:"best"`
	Errors    []string          `json:"errors"`
	Unranked  string            `json:"unranked"` // why no trial is ranked, or ""

	failures      []failure
	title, trials string // strategy and search, for the reader
	difference    string // the first one, if not identical
	verify        int    // trials that were to be compared
	compared      string // what was, for the reader
}

// note puts the statistics of the caches into the report.
func (r *Report) note(stats []optimize.CacheStats) {
	for _, c := range stats {
		r.Caches = append(r.Caches, cacheReport{c.Name, c.Hits, c.Misses, c.HitRate(), c.Entries, c.Bytes, c.Budget, c.Advice(c.Bands)})
	}
}

// print writes the report for people.
func (r *Report) print(w io.Writer) {
	r.Bundle.Print(w)
	how := "medians of " + output.Count(r.Rounds, "round")
	if !r.Compared {
		how = "run once"
	}
	fmt.Fprintf(w, "sweep    %s, %s, %s, %s\n\n", r.title, r.trials, output.Count(r.Workers, "worker"), how)
	if r.Compared {
		r.printCosts(w)
	} else {
		r.printOnce(w)
	}
	r.printIdentical(w)
	r.printBest(w)
	r.printCaches(w)
	r.printErrors(w)
}

// printOnce writes what a single run took.
func (r *Report) printOnce(w io.Writer) {
	seconds, peak, side := r.Seconds.Cached, r.PeakBytes.Cached, "with caches"
	if seconds == nil {
		seconds, peak, side = r.Seconds.Uncached, r.PeakBytes.Uncached, "without caches"
	}
	fmt.Fprintf(w, "took     %s %s", output.Duration(*seconds*1e9), side)
	if ran := r.Trials - r.Recorded; ran > 0 {
		fmt.Fprintf(w, ", %s trials a second", output.Figure(float64(ran) / *seconds))
	}
	if r.Recorded > 0 {
		fmt.Fprintf(w, ", %d of the results were recorded before", r.Recorded)
	}
	if peak != nil {
		fmt.Fprintf(w, ", peak memory %s", output.Bytes(float64(*peak)))
	}
	fmt.Fprint(w, "\n\n")
}

// A failure is the trials that failed for one reason.
type failure struct {
	reason string
	first  string // error of the first of them
	trials int
}

// addFailure counts a trial that failed. Trials fail alike if the innermost of their errors are the same.
func (r *Report) addFailure(err error) {
	r.Errors = append(r.Errors, err.Error())
	reason := err
	for next := errors.Unwrap(reason); next != nil; next = errors.Unwrap(reason) {
		reason = next
	}
	at := slices.IndexFunc(r.failures, func(f failure) bool { return f.reason == reason.Error() })
	if at < 0 {
		r.failures = append(r.failures, failure{reason.Error(), err.Error(), 0})
		at = len(r.failures) - 1
	}
	r.failures[at].trials++
}

// printErrors writes how many trials failed and why, with the first case of each reason; the JSON has all.
func (r *Report) printErrors(w io.Writer) {
	if len(r.Errors) == 0 {
		return
	}
	fmt.Fprintf(w, "%d of %s failed\n", len(r.Errors), output.Count(r.Trials, "trial"))
	const most = 20
	for i, f := range r.failures {
		if i == most {
			fmt.Fprintf(w, "and for %s more\n", output.Count(len(r.failures)-most, "reason"))
			break
		}
		fmt.Fprintln(w, "failed:", f.first)
		if f.trials > 1 {
			fmt.Fprintf(w, "        and %s more for the same reason\n", output.Count(f.trials-1, "trial"))
		}
	}
}

func (r *Report) printCosts(w io.Writer) {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(t, "%-26s\twithout cache\twith cache\tratio\t\n", "")
	row := func(name string, uncached, cached *float64, format func(float64) string) {
		ratio := "-"
		if uncached != nil && cached != nil && *cached > 0 {
			ratio = fmt.Sprintf("%s x", output.Figure(*uncached / *cached))
		}
		show := func(v *float64) string {
			if v == nil {
				return "-"
			}
			return format(*v)
		}
		fmt.Fprintf(t, "%-26s\t%s\t%s\t%s\t\n", name, show(uncached), show(cached), ratio)
	}
	row("asset list, a call", r.AssetList.Uncached, r.AssetList.Cached, output.Duration)
	row("load and grouping, a call", r.Grouping.Uncached, r.Grouping.Cached, output.Duration)
	row("the whole sweep", scale(r.Seconds.Uncached, 1e9), scale(r.Seconds.Cached, 1e9), output.Duration)
	row("peak memory", asFloat(r.PeakBytes.Uncached), asFloat(r.PeakBytes.Cached), output.Bytes)
	t.Flush()
	fmt.Fprintln(w)
}

func (r *Report) printIdentical(w io.Writer) {
	switch {
	case r.Identical == nil && len(r.Errors) == r.Trials:
		fmt.Fprintf(w, "identical: nothing to compare, all of %s failed\n\n", output.Count(r.Trials, "trial"))
	case r.Identical == nil && r.verify > 0:
		fmt.Fprintf(w, "identical: nothing to compare, the %s that were looked at failed\n\n", output.Count(r.verify, "trial"))
	case r.Identical == nil:
		fmt.Fprint(w, "identical: not verified\n\n")
	case *r.Identical:
		fmt.Fprintf(w, "identical: yes (%s)\n\n", r.compared)
	default:
		fmt.Fprintf(w, "identical: no: %s\n\n", r.difference)
	}
}

func (r *Report) printBest(w io.Writer) {
	if r.Unranked != "" {
		fmt.Fprintf(w, "no ranking: %s\n\n", r.Unranked)
	}
	if len(r.Best) == 0 {
		return
	}
	order := "largest"
	if r.Minimize {
		order = "smallest"
	}
	fmt.Fprintf(w, "best parameter sets, by %s %s of the equal-weight portfolio\n", order, r.Objective)
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprint(t, "trial\t")
	for _, p := range r.Best[0].Params {
		fmt.Fprintf(t, "%s\t", p.Name)
	}
	for metric := range backtest.Metrics(r.Best[0].Metrics).All() {
		fmt.Fprintf(t, "%s\t", strings.ReplaceAll(metric.String(), "_", " "))
	}
	fmt.Fprintln(t)
	for _, b := range r.Best {
		fmt.Fprintf(t, "%d\t", b.Trial)
		for _, p := range b.Params {
			fmt.Fprintf(t, "%s\t", output.Shown(p.Value))
		}
		for metric, v := range backtest.Metrics(b.Metrics).All() {
			if metric == backtest.Trades {
				fmt.Fprintf(t, "%.0f\t", v)
			} else {
				fmt.Fprintf(t, "%.4f\t", output.Fixed(v))
			}
		}
		fmt.Fprintln(t)
	}
	t.Flush()
	fmt.Fprintln(w)
}

func (r *Report) printCaches(w io.Writer) {
	if len(r.Caches) == 0 {
		return
	}
	fmt.Fprintln(w, "caches")
	t := tabwriter.NewWriter(w, 0, 0, 3, ' ', 0)
	fmt.Fprintln(t, "name\thits\tmisses\tentries\theld\tbudget\tadvice")
	for _, c := range r.Caches {
		fmt.Fprintf(t, "%s\t%d\t%d\t%d\t%s\t%s\t%s\n", c.Name, c.Hits, c.Misses, c.Entries,
			output.Bytes(float64(c.Bytes)), output.Bytes(float64(c.Budget)), c.Advice)
	}
	t.Flush()
	if r.Workload != nil && r.Workload.Bypassed != "" {
		fmt.Fprintln(w, "left out:", r.Workload.Bypassed)
	}
	if r.Workload != nil && r.Workload.Series.Planned {
		fmt.Fprintln(w, "planned: not all derived series fit into the budget; those that are needed last leave first")
	}
}

// A cost is what something took without and with the caches; nil where it was
// not measured.
type cost[T float64 | int64] struct {
	Cached   *T `json:"cached"`
	Uncached *T `json:"uncached"`
}

type costNS struct {
	Cached   *float64 `json:"cached_ns"`
	Uncached *float64 `json:"uncached_ns"`
}

type cacheReport struct {
	Name    string  `json:"name"`
	Hits    uint64  `json:"hits"`
	Misses  uint64  `json:"misses"`
	HitRate float64 `json:"hit_rate"` // 0 to 1
	Entries int     `json:"entries"`
	Bytes   int64   `json:"bytes"`
	Budget  int64   `json:"budget"`
	Advice  string  `json:"advice"`
}

type bestReport struct {
	Trial   int            `json:"trial"`
	Params  output.Params  `json:"params"`
	Metrics output.Metrics `json:"metrics"`
}

// A WorkloadReport is what the trials were known to ask the caches for.
type WorkloadReport struct {
	Bars     cacheWorkloadReport `json:"bars"`
	Series   cacheWorkloadReport `json:"series"`
	Bypassed string              `json:"bypassed"` // which caches were left out and why, or ""
}

// A cacheWorkloadReport is an [optimize.CacheWorkload].
type cacheWorkloadReport struct {
	Requests int64         `json:"requests"`
	Distinct int64         `json:"distinct"`
	Bytes    int64         `json:"bytes"`
	Saves    time.Duration `json:"saves_ns"`
	Costs    time.Duration `json:"costs_ns"`
	Bypassed bool          `json:"bypassed"`
	Planned  bool          `json:"planned"`
}

func scale(v *float64, by float64) *float64 {
	if v == nil {
		return nil
	}
	x := *v * by
	return &x
}

func asFloat(v *int64) *float64 {
	if v == nil {
		return nil
	}
	x := float64(*v)
	return &x
}
