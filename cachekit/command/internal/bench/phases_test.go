package bench

import (
	"bytes"
	"runtime"
	runtimepprof "runtime/pprof"
	"testing"

	"github.com/bmadventure/optcache/cachekit"
	"github.com/bmadventure/optcache/cachekit/command/internal/commandtest"
	"github.com/bmadventure/optcache/cachekit/command/internal/phases"
	"github.com/bmadventure/optcache/cachekit/command/internal/source"
	"github.com/bmadventure/optcache/cachekit/command/internal/trials"
	"github.com/bmadventure/optcache/cachekit/market"
	"github.com/bmadventure/optcache/internal/pprof"
)

// tinyWorkload is a sweep of 6 trials over 4 assets of 80 bars.
func tinyWorkload(t *testing.T) *workload {
	t.Helper()
	e := commandtest.Env(t)
	series, err := source.Synthetic(t.Context(), 4, 80, 1)
	if err != nil {
		t.Fatal(err)
	}
	r, err := e.Store.Write(t.Context(), "tiny", market.Daily, series)
	if err != nil {
		t.Fatal(err)
	}
	grid, err := crossovers(intRange{2, 4, 1}, intRange{6, 8, 2}, 0)
	if err != nil {
		t.Fatal(err)
	}
	return &workload{store: e.Store, bundle: "tiny", version: r.Version, fields: crossoverColumns, grid: grid, workers: 2, always: true}
}

// The rules must fit the functions that there are: what both sides of a sweep
// allocate belongs to the phases that they go through.
func TestPhasesFitTheProgram(t *testing.T) {
	w := tinyWorkload(t)
	old := runtime.MemProfileRate
	runtime.MemProfileRate = 1
	defer func() { runtime.MemProfileRate = old }()
	for side, c := range map[string]struct {
		config cachekit.Config
		want   []phases.Phase
	}{
		"uncached": {trials.Uncached, []phases.Phase{phases.PhaseOpen, phases.PhaseRead, phases.PhaseGroup, phases.PhaseBacktest, phases.PhaseRunner}},
		"cached":   {cachekit.Config{}, []phases.Phase{phases.PhaseOpen, phases.PhaseRead, phases.PhaseGroup, phases.PhaseFill, phases.PhaseIndicators, phases.PhaseBacktest, phases.PhaseRunner}},
	} {
		before := allocated(t)
		if _, _, err := w.run(t.Context(), c.config); err != nil {
			t.Fatal(err)
		}
		after := allocated(t)
		for _, p := range c.want {
			if after[p] <= before[p] {
				t.Errorf("%s: nothing was allocated to %q", side, p)
			}
		}
		if hits, fills := after[phases.PhaseLookup]-before[phases.PhaseLookup], after[phases.PhaseFill]-before[phases.PhaseFill]; 10*hits > fills {
			t.Errorf("%s: hits allocated %d bytes, and new entries %d", side, hits, fills)
		}
	}
}

// allocated returns the bytes allocated so far by the caches, the bundles and the
// trials, by phase.
func allocated(t *testing.T) [phases.Count]int64 {
	t.Helper()
	runtime.GC()
	runtime.GC() // allocations are in the profile after the second collection
	var b bytes.Buffer
	if err := runtimepprof.Lookup("allocs").WriteTo(&b, 0); err != nil {
		t.Fatal(err)
	}
	p, err := pprof.Parse(&b)
	if err != nil {
		t.Fatal(err)
	}
	value, ok := p.Index("alloc_space")
	if !ok {
		t.Fatalf("types %v", p.Types)
	}
	return phases.Sum(p, value)
}
