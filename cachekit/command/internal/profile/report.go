package profile

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/bmadventure/optcache/cachekit/command/internal/output"
	"github.com/bmadventure/optcache/cachekit/command/internal/phases"
	"github.com/bmadventure/optcache/internal/pprof"
)

// A Report compares the profiles of the two sides, in the shape of its JSON.
// All numbers are for one sweep of all trials.
type Report struct {
	Bundle    output.Bundle     `json:"bundle"`
	Strategy  string            `json:"strategy"`
	Trials    int               `json:"trials"`
	Workers   int               `json:"workers"`
	Sweeps    Pair              `json:"sweeps"` // that were sampled
	Seconds   Pair              `json:"seconds"`
	CPU       Pair              `json:"cpu_seconds"`
	Allocated Pair              `json:"allocated_bytes"`
	InUse     Pair              `json:"in_use_bytes"` // of the heap after a sweep, its caches and results, beyond what was in use before it
	Peak      Pair              `json:"peak_bytes"`   // of the process, profiling included; 0: not told
	Phases    []phaseReport     `json:"phases"`
	Functions []functionReport  `json:"functions"`
	Heap      []functionReport  `json:"allocating_functions"`
	Files     map[string]string `json:"files"`
	By        string            `json:"by"`

	title string // of the strategy
}

// A Pair is one figure of the two sides.
type Pair struct {
	Uncached float64 `json:"uncached"`
	Cached   float64 `json:"cached"`
}

func (p Pair) saved() float64 { return p.Uncached - p.Cached }

// A phaseReport tells what one kind of work costs.
type phaseReport struct {
	Name      string `json:"name"`
	CPU       Pair   `json:"cpu_seconds"`
	Share     Pair   `json:"share"` // of the CPU time of the side, 0 to 1
	Allocated Pair   `json:"allocated_bytes"`
}

// A functionReport tells what a function costs: by itself (flat) and with all that
// it calls (cum), in seconds of CPU or bytes allocated.
type functionReport struct {
	Name string `json:"name"`
	Flat Pair   `json:"flat"`
	Cum  Pair   `json:"cum"`
}

// report compares the sides.
func (c *Cmd) report(s *subject, sides [2]*sideProfile) (*Report, error) {
	r := &Report{
		Bundle:   s.read,
		Strategy: s.strategy,
		Trials:   s.trials,
		Workers:  s.workers,
		By:       c.By,
		title:    s.title,
		Files:    make(map[string]string),
	}
	var cpu, alloc [2]int // the values in the profiles
	for i, side := range sides {
		for _, v := range []struct {
			profile *pprof.Profile
			name    string
			at      *int
		}{{side.cpu, "cpu", &cpu[i]}, {side.heap, "alloc_space", &alloc[i]}} {
			var ok bool
			if *v.at, ok = v.profile.Index(v.name); !ok {
				return nil, fmt.Errorf("the profile of the side %s has no values %s", sideNames[i], v.name)
			}
		}
		r.Files["cpu-"+sideNames[i]], r.Files["heap-"+sideNames[i]] = side.cpuFile, side.heapFile
	}
	// The heap's profile has the warm-up and the last sweep too.
	cpuScale := func(i int) float64 { return 1e-9 / float64(sides[i].Sweeps) }
	heapScale := func(i int) float64 { return 1 / float64(sides[i].Sweeps+2) }

	each := func(of func(i int) float64) Pair { return Pair{of(0), of(1)} }
	r.Sweeps = each(func(i int) float64 { return float64(sides[i].Sweeps) })
	r.Seconds = each(func(i int) float64 { return sides[i].Seconds / float64(sides[i].Sweeps) })
	r.Peak = each(func(i int) float64 { return float64(sides[i].Peak) })
	r.CPU = each(func(i int) float64 { return float64(sides[i].cpu.Total(cpu[i])) * cpuScale(i) })
	r.Allocated = each(func(i int) float64 { return float64(sides[i].heap.Total(alloc[i])) * heapScale(i) })
	r.InUse = each(func(i int) float64 { return float64(sides[i].InUse) })

	cpuPhases := [2][phases.Count]int64{phases.Sum(sides[0].cpu, cpu[0]), phases.Sum(sides[1].cpu, cpu[1])}
	heapPhases := [2][phases.Count]int64{phases.Sum(sides[0].heap, alloc[0]), phases.Sum(sides[1].heap, alloc[1])}
	for p := range phases.Count {
		spent := each(func(i int) float64 { return float64(cpuPhases[i][p]) * cpuScale(i) })
		r.Phases = append(r.Phases, phaseReport{
			Name:      p.String(),
			CPU:       spent,
			Share:     Pair{output.Share(spent.Uncached, r.CPU.Uncached), output.Share(spent.Cached, r.CPU.Cached)},
			Allocated: each(func(i int) float64 { return float64(heapPhases[i][p]) * heapScale(i) }),
		})
	}
	r.Functions = topFunctions(sides[0].cpu.Functions(cpu[0]), sides[1].cpu.Functions(cpu[1]), cpuScale, c.By, c.Top)
	r.Heap = topFunctions(sides[0].heap.Functions(alloc[0]), sides[1].heap.Functions(alloc[1]), heapScale, c.By, c.Top)
	return r, nil
}

// topFunctions returns the first n functions of both sides in the given order.
func topFunctions(uncached, cached map[string]pprof.Cost, scale func(i int) float64, by string, n int) []functionReport {
	names := make(map[string]bool)
	for name := range uncached {
		names[name] = true
	}
	for name := range cached {
		names[name] = true
	}
	all := make([]functionReport, 0, len(names))
	for name := range maps.Keys(names) {
		u, c := uncached[name], cached[name]
		all = append(all, functionReport{
			Name: name,
			Flat: Pair{float64(u.Flat) * scale(0), float64(c.Flat) * scale(1)},
			Cum:  Pair{float64(u.Cum) * scale(0), float64(c.Cum) * scale(1)},
		})
	}
	weight := map[string]func(f functionReport) float64{
		"saved":  func(f functionReport) float64 { return math.Abs(f.Flat.saved()) },
		"flat":   func(f functionReport) float64 { return f.Flat.Uncached },
		"cum":    func(f functionReport) float64 { return f.Cum.Uncached },
		"cached": func(f functionReport) float64 { return f.Flat.Cached },
	}[by]
	slices.SortFunc(all, func(a, b functionReport) int {
		return cmp.Or(cmp.Compare(weight(b), weight(a)), cmp.Compare(b.Cum.Uncached, a.Cum.Uncached), cmp.Compare(a.Name, b.Name))
	})
	return all[:min(n, len(all))]
}

// print writes the report for people.
func (r *Report) print(w io.Writer) {
	r.Bundle.Print(w)
	fmt.Fprintf(w, "sweep    %s, %s, %s, cold caches; sampled %.0f times without and %.0f times with caches\n\n",
		r.title, output.Count(r.Trials, "trial"), output.Count(r.Workers, "worker"), r.Sweeps.Uncached, r.Sweeps.Cached)
	r.printTotals(w)
	r.printPhases(w)
	printFunctions(w, "functions, CPU time of a sweep", r.Functions, output.Seconds)
	printFunctions(w, "functions, bytes allocated in a sweep", r.Heap, output.Bytes)
	fmt.Fprintln(w, "profiles")
	for _, name := range slices.Sorted(maps.Keys(r.Files)) {
		fmt.Fprintln(w, "  "+r.Files[name])
	}
}

func (r *Report) printTotals(w io.Writer) {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(t, "%-24s\twithout cache\twith cache\tratio\t\n", "one sweep")
	row := func(name string, p Pair, format func(float64) string) {
		ratio := "-"
		if p.Cached > 0 {
			ratio = output.Figure(p.Uncached/p.Cached) + " x"
		}
		fmt.Fprintf(t, "%-24s\t%s\t%s\t%s\t\n", name, format(p.Uncached), format(p.Cached), ratio)
	}
	row("time", r.Seconds, output.Seconds)
	row("CPU time", r.CPU, output.Seconds)
	row("allocated", r.Allocated, output.Bytes)
	row("held at its end", r.InUse, output.Bytes)
	row("peak of the process", r.Peak, output.Bytes)
	t.Flush()
	fmt.Fprintln(w)
}

func (r *Report) printPhases(w io.Writer) {
	spent, held := orZero(output.Seconds), orZero(output.Bytes)
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(t, "%-24s\twithout cache\tshare\twith cache\tshare\tsaved\tallocated without\twith\t\n", "CPU time by kind of work")
	for _, p := range r.Phases {
		if p.CPU == (Pair{}) && p.Allocated == (Pair{}) {
			continue
		}
		fmt.Fprintf(t, "%-24s\t%s\t%.1f %%\t%s\t%.1f %%\t%s\t%s\t%s\t\n", p.Name, spent(p.CPU.Uncached), 100*p.Share.Uncached,
			spent(p.CPU.Cached), 100*p.Share.Cached, signed(p.CPU.saved(), output.Seconds), held(p.Allocated.Uncached), held(p.Allocated.Cached))
	}
	t.Flush()
	fmt.Fprintln(w)
}

// signed shows a difference: what caches cost more has a minus.
func signed(v float64, format func(float64) string) string {
	if v < 0 {
		return "-" + format(-v)
	}
	return orZero(format)(v)
}

// orZero shows 0 without a unit.
func orZero(format func(float64) string) func(float64) string {
	return func(v float64) string {
		if v == 0 {
			return "0"
		}
		return format(v)
	}
}

func printFunctions(w io.Writer, title string, functions []functionReport, format func(float64) string) {
	fmt.Fprintln(w, title)
	format = orZero(format)
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprint(t, "flat without\twith\tsaved\tcum without\twith\tsaved\t\n")
	for _, f := range functions {
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\t  %s\n", format(f.Flat.Uncached), format(f.Flat.Cached), signed(f.Flat.saved(), format),
			format(f.Cum.Uncached), format(f.Cum.Cached), signed(f.Cum.saved(), format), shortFunction(f.Name))
	}
	t.Flush()
	fmt.Fprintln(w)
}

// shortFunction returns the name of a function for a table: without type arguments
// and without the path of its package up to the last element.
func shortFunction(name string) string {
	name = phases.PlainFunction(name)
	if i := strings.LastIndexByte(name, '/'); i >= 0 {
		return name[i+1:]
	}
	return name
}
