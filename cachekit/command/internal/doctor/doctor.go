// Package doctor is the command doctor: it reads the folder of a run and says how well its caches did.
package doctor

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/bmadventure/optcache/cachekit"
	"github.com/bmadventure/optcache/cachekit/bundle"
	"github.com/bmadventure/optcache/cachekit/command/internal/console"
	"github.com/bmadventure/optcache/cachekit/command/internal/output"
	"github.com/bmadventure/optcache/cachekit/command/internal/proc"
	"github.com/bmadventure/optcache/cachekit/command/internal/rundir"
	"github.com/bmadventure/optcache/cachekit/command/internal/trials"
)

// Cmd is the flags of the command doctor.
type Cmd struct {
	Dir    string `arg:"" help:"Folder of a run: what --out named." type:"path"`
	Format string `help:"Form of the diagnosis (${default}): ${enum}." enum:"text,json" default:"text"`
}

// Help is shown below the flags.
func (Cmd) Help() string {
	return `It reads the folder of a run and says how well its caches did, what to change, and why: the hit rate of each
cache and the memory use, in the bands of the caching guide

    asset lists                   above 80 % excellent, 50 to 80 % good, below poor
    grouped bars, derived series  above 90 % excellent, 70 to 90 % good, below poor
    memory, of the budget         below 50 % under-used, 50 to 80 % healthy, to 90 % high, above near the limit

the variables to set, with values, the budget that would do where values had to leave, and where the bundle was
ingested anew, what changed in it. Nothing is changed by it.

    ${program} sweep --bundle us-equities --out runs/1
    ${program} doctor runs/1

Exit status: 0 the diagnosis was made, whatever it says; 2 the folder is no run, or damaged.`
}

// Run runs the command.
func (c *Cmd) Run(e *console.Env, counters *trials.Named[Counter]) error {
	r, err := rundir.Read(c.Dir)
	if err != nil {
		return console.Usage(err)
	}
	d := diagnose(e.Program, c.Dir, r, proc.KilobytesIn("/proc/meminfo", "MemTotal"), counters)
	if err := d.addVersions(e, r); err != nil {
		return err
	}
	if c.Format == "json" {
		return output.WriteJSON(e.Stdout, "-", d)
	}
	d.print(e.Stdout)
	return nil
}

// A Diagnosis is what doctor found, in the shape of its JSON.
type Diagnosis struct {
	Dir      string         `json:"dir"`
	Command  string         `json:"command"`
	State    string         `json:"state"`
	Started  time.Time      `json:"started"`
	TookNS   int64          `json:"took_ns"`
	Trials   int            `json:"trials"`
	Ran      int            `json:"ran"`      // backtests
	Recorded int            `json:"recorded"` // results that were taken from the journal instead
	Failed   int            `json:"failed"`
	Strategy string         `json:"strategy"`
	Bundle   string         `json:"bundle"`
	Bars     *output.Bundle `json:"bars,omitempty"` // that the run read; absent: it came to none
	Version  string         `json:"version"`
	Previous string         `json:"previous,omitempty"`
	Caches   []cacheHealth  `json:"caches"`
	Memory   *memoryHealth  `json:"memory,omitempty"` // absent where the caches were off
	Changes  []versionDiff  `json:"changes"`
	Advice   []Advice       `json:"advice"` // the most important first

	health []cachekit.Stats // of Caches
	needs  []need           // of Caches
}

// A cacheHealth tells how one cache did.
type cacheHealth struct {
	Name       string           `json:"name"`
	HitRate    float64          `json:"hit_rate"` // 0 to 1
	Band       string           `json:"band"`     // excellent, good, poor; unused without look-ups
	Hits       uint64           `json:"hits"`
	Misses     uint64           `json:"misses"`
	SavedNS    time.Duration    `json:"saved_ns"` // estimated: hits times the mean time of a load
	Evictions  rundir.Evictions `json:"evictions"`
	Refused    uint64           `json:"refused"`
	Uncached   uint64           `json:"uncached"`
	Entries    int              `json:"entries"`
	Bytes      int64            `json:"bytes"`
	Needs      int64            `json:"needs_bytes"` // what would hold all its values
	NeedsExact bool             `json:"needs_exact"` // false: an upper bound
}

// A memoryHealth tells how much of the budget is in use.
type memoryHealth struct {
	Used   int64   `json:"used"`
	Budget int64   `json:"budget"`
	Share  float64 `json:"share"` // 0 to 1
	Band   string  `json:"band"`
}

// A versionDiff tells what changed from one version of the bundle to another.
type versionDiff struct {
	From   string   `json:"from"`
	To     string   `json:"to"`
	Why    string   `json:"why"` // it matters
	Equal  bool     `json:"equal"`
	Lines  []string `json:"lines"`             // what changed, for people
	Error  string   `json:"error,omitempty"`   // why it cannot be told
	Detail string   `json:"command,omitempty"` // that shows every value
}

// An Advice is one thing to do.
type Advice struct {
	Level string `json:"level"` // problem, advice or note
	What  string `json:"what"`
	Why   string `json:"why"`
	Set   string `json:"set,omitempty"` // the line or the flag, to be copied
}

// Levels of advice.
const (
	levelProblem = "problem" // something is wrong
	levelAdvice  = "advice"  // something can be better
	LevelNote    = "note"    // nothing need be done
)

// diagnose judges a run and advises the user of that program. memory is that of the machine in bytes, 0 if it is not known.
func diagnose(program, dir string, r *rundir.Run, memory int64, counters *trials.Named[Counter]) *Diagnosis {
	d := &Diagnosis{
		Dir: dir, Command: r.Command, State: r.State, Started: r.Started, TookNS: r.TookNS, Trials: r.Trials, Ran: r.Ran, Recorded: r.Recorded, Failed: r.Failed,
		Strategy: r.Strategy, Bundle: r.Bundle.Name, Bars: r.Bars, Version: r.Bundle.Version, Previous: r.Bundle.Previous,
		Caches: []cacheHealth{}, Changes: []versionDiff{}, Advice: []Advice{},
	}
	d.judgeCaches(r, counters)
	d.adviseRun(program, r)
	d.adviseCaches(r, memory)
	slices.SortStableFunc(d.Advice, func(a, b Advice) int { return levelOf(a) - levelOf(b) })
	return d
}

func levelOf(a Advice) int {
	return slices.Index([]string{levelProblem, levelAdvice, LevelNote}, a.Level)
}

func (d *Diagnosis) add(level, what, why, set string) {
	d.Advice = append(d.Advice, Advice{level, what, why, set})
}

// bandsOf returns the bands of a cache by its name.
func bandsOf(name string) cachekit.Bands {
	if name == assetLists {
		return cachekit.AssetListBands
	}
	return cachekit.BarsBands
}

// bandOf names the band of a hit rate.
func bandOf(s cachekit.Stats, b cachekit.Bands) string {
	switch rate := s.HitRate(); {
	case s.Hits+s.Misses == 0:
		return "unused"
	case rate > b.Excellent:
		return "excellent"
	case rate >= b.Good:
		return "good"
	}
	return "poor"
}

// The guide's bands of memory use, 0 to 1; from 80 to 90 % it is silent.
const (
	lowMemory     = 0.5
	healthyMemory = 0.8
	fullMemory    = 0.9

	aimedMemory = 0.65 // the middle of healthy: what is advised
)

func memoryBand(share float64) string {
	switch {
	case share < lowMemory:
		return "under-used"
	case share <= healthyMemory:
		return "healthy"
	case share <= fullMemory:
		return "high"
	}
	return "near the limit"
}

// judgeCaches puts every cache and the memory into its band.
func (d *Diagnosis) judgeCaches(r *rundir.Run, counters *trials.Named[Counter]) {
	d.needs = needs(r, counters)
	for i, c := range r.Caches {
		s := c.Stats()
		d.health = append(d.health, s)
		d.Caches = append(d.Caches, cacheHealth{
			Name: c.Name, HitRate: s.HitRate(), Band: bandOf(s, bandsOf(c.Name)), Hits: c.Hits, Misses: c.Misses, SavedNS: s.TimeSaved(),
			Evictions: c.Evictions, Refused: c.Refused, Uncached: c.Uncached, Entries: c.Entries, Bytes: c.Bytes, Needs: d.needs[i].bytes, NeedsExact: d.needs[i].exact,
		})
	}
	if len(d.health) > 0 {
		s := d.health[0] // the budget is that of all
		d.Memory = &memoryHealth{s.Used, s.Budget, s.MemoryUse(), memoryBand(s.MemoryUse())}
	}
}

// print writes the diagnosis for people.
func (d *Diagnosis) print(w io.Writer) {
	fmt.Fprintf(w, "run      %s: %s, %s, %s of %s", d.Dir, d.Command, d.State, output.Count(d.Trials, "trial"), d.Strategy)
	if d.Command == "walkforward" {
		fmt.Fprint(w, " in each fold")
	}
	if d.TookNS > 0 {
		fmt.Fprintf(w, ", in %s", output.Duration(float64(d.TookNS)))
	}
	if d.Recorded > 0 {
		fmt.Fprintf(w, ", %s and %s taken from the journal", output.Count(d.Ran, "backtest"), output.Count(d.Recorded, "result"))
	}
	fmt.Fprintf(w, ", started %s\n", d.Started.UTC().Format(time.DateTime))
	if d.Bars != nil {
		d.Bars.Print(w)
	} else {
		fmt.Fprintf(w, "bundle   %s, version %.12s\n", d.Bundle, d.Version)
	}
	fmt.Fprintln(w)
	d.printCaches(w)
	d.printChanges(w)
	d.printAdvice(w)
}

func (d *Diagnosis) printCaches(w io.Writer) {
	if len(d.Caches) == 0 {
		fmt.Fprint(w, "caches   no statistics\n\n")
		return
	}
	t := tabwriter.NewWriter(w, 0, 0, 3, ' ', 0)
	fmt.Fprintln(t, "cache\thit rate\t\thits\tmisses\tentries\theld\tsaved, estimated\tleft")
	for _, c := range d.Caches {
		rate := "-"
		if c.Band != "unused" {
			rate = fmt.Sprintf("%.1f %%", 100*c.HitRate)
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%d\t%d\t%d\t%s\t%s\t%s\n", c.Name, rate, c.Band, c.Hits, c.Misses, c.Entries,
			output.Bytes(float64(c.Bytes)), output.Duration(float64(c.SavedNS)), c.removals())
	}
	t.Flush()
	fmt.Fprintf(w, "\nmemory   %s of %s, %.1f %%: %s\n\n", output.Bytes(float64(d.Memory.Used)), output.Bytes(float64(d.Memory.Budget)), 100*d.Memory.Share, d.Memory.Band)
}

// removals tells what left a cache, by cause.
func (c cacheHealth) removals() string {
	counts := map[string]uint64{
		"for room": c.Evictions.Capacity, "replaced": c.Evictions.Replaced, "deleted": c.Evictions.Deleted, "cleared": c.Evictions.Cleared,
		"retired": c.Evictions.Retired, "expired": c.Evictions.Expired, "not admitted": c.Refused, "too large": c.Uncached,
	}
	var parts []string
	for _, cause := range slices.Sorted(maps.Keys(counts)) {
		if n := counts[cause]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, cause))
		}
	}
	if len(parts) == 0 {
		return "none"
	}
	return strings.Join(parts, ", ")
}

func (d *Diagnosis) printChanges(w io.Writer) {
	for _, v := range d.Changes {
		fmt.Fprintf(w, "changed  from version %.12s to %.12s: %s\n", v.From, v.To, v.Why)
		if v.Error != "" {
			fmt.Fprintf(w, "         %s\n", v.Error)
		}
		for _, line := range v.Lines {
			fmt.Fprintf(w, "         %s\n", line)
		}
		if v.Detail != "" {
			fmt.Fprintf(w, "         every value: %s\n", v.Detail)
		}
		fmt.Fprintln(w)
	}
}

func (d *Diagnosis) printAdvice(w io.Writer) {
	if len(d.Advice) == 0 {
		fmt.Fprintln(w, "nothing to change")
		return
	}
	for i, a := range d.Advice {
		fmt.Fprintf(w, "%d. %s: %s\n   why: %s\n", i+1, a.Level, a.What, a.Why)
		if a.Set != "" {
			fmt.Fprintf(w, "   set: %s\n", a.Set)
		}
	}
}

// addVersions tells what changed in the bundle before the run, and since.
func (d *Diagnosis) addVersions(e *console.Env, r *rundir.Run) error {
	if r.Bundle.Name == "" {
		return nil
	}
	store := e.Store
	if _, err := os.Stat(r.Store); err == nil && r.Store != "" {
		if store, err = bundle.OpenStore(r.Store); err != nil {
			return err
		}
	}
	if r.Bundle.Previous != "" && slices.ContainsFunc(d.Caches, func(c cacheHealth) bool { return c.Band == "poor" }) {
		v, err := compareVersions(e, store, r.Bundle.Name, r.Bundle.Previous, r.Bundle.Version)
		if err != nil {
			return err
		}
		v.Why = "what was kept of the assets below could not serve this run"
		d.Changes = append(d.Changes, v)
	}
	current, err := store.Current(r.Bundle.Name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		d.add(LevelNote, fmt.Sprintf("the bundle %s is not in the store %s any more", r.Bundle.Name, store.Dir()), "the run cannot be repeated from there", "")
		return nil
	case err != nil:
		return err
	case current.String() == r.Bundle.Version:
		return nil
	}
	v, err := compareVersions(e, store, r.Bundle.Name, r.Bundle.Version, current.String())
	if err != nil {
		return err
	}
	v.Why = "the bundle was ingested anew since"
	d.Changes = append(d.Changes, v)
	d.add(LevelNote, "the results are those of an older version of the bundle",
		fmt.Sprintf("the run has pinned version %.12s; %.12s is current now", r.Bundle.Version, current), "")
	return nil
}

// compareVersions summarises what changed; that a version is gone is told, and no error.
func compareVersions(e *console.Env, store *bundle.Store, name, from, to string) (versionDiff, error) {
	v := versionDiff{From: from, To: to, Lines: []string{}}
	a, err := bundle.ParseVersion(from)
	if err != nil {
		return v, err
	}
	b, err := bundle.ParseVersion(to)
	if err != nil {
		return v, err
	}
	diff, err := store.Diff(e.Ctx, name, a, b)
	if err != nil && e.Ctx.Err() != nil {
		return v, e.Ctx.Err()
	}
	if err != nil {
		v.Error = "cannot be told: " + err.Error()
		return v, nil
	}
	v.Equal, v.Lines = diff.Empty(), summarise(diff)
	v.Detail = fmt.Sprintf("%s bundle diff %s %.12s %.12s", e.Program, name, from, to)
	return v, nil
}

// summarise tells a difference in a few lines: assets, columns, dates.
func summarise(d *bundle.Diff) []string {
	if d.Empty() {
		return []string{"the two versions are the same"}
	}
	lines := []string{}
	list := func(what string, names []string) {
		const most = 10
		if len(names) == 0 {
			return
		}
		text := strings.Join(names[:min(most, len(names))], ", ")
		if len(names) > most {
			text += fmt.Sprintf(" and %d more", len(names)-most)
		}
		lines = append(lines, fmt.Sprintf("%s: %s", what, text))
	}
	list("assets added", d.AssetsAdded)
	list("assets removed", d.AssetsRemoved)
	list("columns added", d.FieldsAdded.Names())
	list("columns removed", d.FieldsRemoved.Names())
	var changed []string
	var fields bundle.Fields
	cells, added, removed := 0, 0, 0
	for _, a := range d.Assets {
		changed = append(changed, a.Symbol)
		fields |= a.Fields
		cells, added, removed = cells+a.Cells, added+a.BarsAdded, removed+a.BarsRemoved
	}
	list("assets changed", changed)
	list("columns changed", fields.Names())
	if len(d.Assets) > 0 {
		lines = append(lines, fmt.Sprintf("%s changed, %s added, %s removed", output.Count(cells, "value"), output.Count(added, "bar"), output.Count(removed, "bar")))
	}
	if first, last, some := datesOf(d); !first.IsZero() {
		line := fmt.Sprintf("dates: %s to %s", first.Format(time.DateOnly), last.Format(time.DateOnly))
		if some {
			line += ", of the first 1,000"
		}
		lines = append(lines, line)
	}
	return lines
}

// datesOf returns the first and the last time at which something changed, and
// whether there are more changes than were looked at.
func datesOf(d *bundle.Diff) (first, last time.Time, some bool) {
	see := func(t time.Time) {
		if first.IsZero() || t.Before(first) {
			first = t
		}
		if t.After(last) {
			last = t
		}
	}
	for _, c := range d.Cells {
		see(c.Time)
	}
	for _, b := range d.Bars {
		see(b.Time)
	}
	return first, last, d.MoreCells+d.MoreBars > 0
}
