package main

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/bmadventure/optcache/internal/pprof"
)

// A profileReport compares the profiles of the two sides, in the shape of its JSON.
// All numbers are for one sweep of all trials.
type profileReport struct {
	Bundle    bundleName        `json:"bundle"`
	Strategy  string            `json:"strategy"`
	Trials    int               `json:"trials"`
	Workers   int               `json:"workers"`
	Sweeps    pair              `json:"sweeps"` // that were sampled
	Seconds   pair              `json:"seconds"`
	CPU       pair              `json:"cpu_seconds"`
	Allocated pair              `json:"allocated_bytes"`
	InUse     pair              `json:"in_use_bytes"` // of the heap after a sweep, its caches and results, beyond what was in use before it
	Peak      pair              `json:"peak_bytes"`   // of the process, profiling included; 0: not told
	Phases    []phaseReport     `json:"phases"`
	Functions []functionReport  `json:"functions"`
	Heap      []functionReport  `json:"allocating_functions"`
	Files     map[string]string `json:"files"`
	By        string            `json:"by"`

	title string // of the strategy
}

type bundleName struct {
	Name    string `json:"name"`
	Version string `json:"version"`
}

// A pair is one figure of the two sides.
type pair struct {
	Uncached float64 `json:"uncached"`
	Cached   float64 `json:"cached"`
}

func (p pair) saved() float64 { return p.Uncached - p.Cached }

// A phaseReport tells what one kind of work costs.
type phaseReport struct {
	Name      string `json:"name"`
	CPU       pair   `json:"cpu_seconds"`
	Share     pair   `json:"share"` // of the CPU time of the side, 0 to 1
	Allocated pair   `json:"allocated_bytes"`
}

// A functionReport tells what a function costs: by itself (flat) and with all that
// it calls (cum), in seconds of CPU or bytes allocated.
type functionReport struct {
	Name string `json:"name"`
	Flat pair   `json:"flat"`
	Cum  pair   `json:"cum"`
}

// report compares the sides.
func (c *profileCmd) report(s *subject, sides [2]*sideProfile) (*profileReport, error) {
	r := &profileReport{
		Bundle:   bundleName{s.bundle, s.version.String()},
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

	each := func(of func(i int) float64) pair { return pair{of(0), of(1)} }
	r.Sweeps = each(func(i int) float64 { return float64(sides[i].Sweeps) })
	r.Seconds = each(func(i int) float64 { return sides[i].Seconds / float64(sides[i].Sweeps) })
	r.Peak = each(func(i int) float64 { return float64(sides[i].Peak) })
	r.CPU = each(func(i int) float64 { return float64(sides[i].cpu.Total(cpu[i])) * cpuScale(i) })
	r.Allocated = each(func(i int) float64 { return float64(sides[i].heap.Total(alloc[i])) * heapScale(i) })
	r.InUse = each(func(i int) float64 { return float64(sides[i].InUse) })

	cpuPhases := [2][numPhases]int64{byPhase(sides[0].cpu, cpu[0]), byPhase(sides[1].cpu, cpu[1])}
	heapPhases := [2][numPhases]int64{byPhase(sides[0].heap, alloc[0]), byPhase(sides[1].heap, alloc[1])}
	for p := range numPhases {
		spent := each(func(i int) float64 { return float64(cpuPhases[i][p]) * cpuScale(i) })
		r.Phases = append(r.Phases, phaseReport{
			Name:      p.String(),
			CPU:       spent,
			Share:     pair{share(spent.Uncached, r.CPU.Uncached), share(spent.Cached, r.CPU.Cached)},
			Allocated: each(func(i int) float64 { return float64(heapPhases[i][p]) * heapScale(i) }),
		})
	}
	r.Functions = topFunctions(sides[0].cpu.Functions(cpu[0]), sides[1].cpu.Functions(cpu[1]), cpuScale, c.By, c.Top)
	r.Heap = topFunctions(sides[0].heap.Functions(alloc[0]), sides[1].heap.Functions(alloc[1]), heapScale, c.By, c.Top)
	return r, nil
}

// share returns part over all, 0 if there is nothing at all.
func share(part, all float64) float64 {
	if all == 0 {
		return 0
	}
	return part / all
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
			Flat: pair{float64(u.Flat) * scale(0), float64(c.Flat) * scale(1)},
			Cum:  pair{float64(u.Cum) * scale(0), float64(c.Cum) * scale(1)},
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
func (r *profileReport) print(w io.Writer) {
	fmt.Fprintf(w, "bundle   %s, version %.12s\n", r.Bundle.Name, r.Bundle.Version)
	fmt.Fprintf(w, "sweep    %s, %s, %s, cold caches; sampled %.0f times without and %.0f times with caches\n\n",
		r.title, count(r.Trials, "trial"), count(r.Workers, "worker"), r.Sweeps.Uncached, r.Sweeps.Cached)
	r.printTotals(w)
	r.printPhases(w)
	printFunctions(w, "functions, CPU time of a sweep", r.Functions, seconds)
	printFunctions(w, "functions, bytes allocated in a sweep", r.Heap, bytesText)
	fmt.Fprintln(w, "profiles")
	for _, name := range slices.Sorted(maps.Keys(r.Files)) {
		fmt.Fprintln(w, "  "+r.Files[name])
	}
}

// seconds shows a time that is given in seconds.
func seconds(s float64) string { return duration(s * 1e9) }

func (r *profileReport) printTotals(w io.Writer) {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(t, "%-24s\twithout cache\twith cache\tratio\t\n", "one sweep")
	row := func(name string, p pair, format func(float64) string) {
		ratio := "-"
		if p.Cached > 0 {
			ratio = figure(p.Uncached/p.Cached) + " x"
		}
		fmt.Fprintf(t, "%-24s\t%s\t%s\t%s\t\n", name, format(p.Uncached), format(p.Cached), ratio)
	}
	row("time", r.Seconds, seconds)
	row("CPU time", r.CPU, seconds)
	row("allocated", r.Allocated, bytesText)
	row("held at its end", r.InUse, bytesText)
	row("peak of the process", r.Peak, bytesText)
	t.Flush()
	fmt.Fprintln(w)
}

func (r *profileReport) printPhases(w io.Writer) {
	spent, held := orZero(seconds), orZero(bytesText)
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(t, "%-24s\twithout cache\tshare\twith cache\tshare\tsaved\tallocated without\twith\t\n", "CPU time by kind of work")
	for _, p := range r.Phases {
		if p.CPU == (pair{}) && p.Allocated == (pair{}) {
			continue
		}
		fmt.Fprintf(t, "%-24s\t%s\t%.1f %%\t%s\t%.1f %%\t%s\t%s\t%s\t\n", p.Name, spent(p.CPU.Uncached), 100*p.Share.Uncached,
			spent(p.CPU.Cached), 100*p.Share.Cached, signed(p.CPU.saved(), seconds), held(p.Allocated.Uncached), held(p.Allocated.Cached))
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
	name = plainFunction(name)
	if i := strings.LastIndexByte(name, '/'); i >= 0 {
		return name[i+1:]
	}
	return name
}
