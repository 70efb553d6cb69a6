package profile

import (
	"strings"
	"testing"

	"github.com/bmadventure/optcache/cachekit/command/internal/commandtest"
	"github.com/bmadventure/optcache/cachekit/command/internal/output"
	"github.com/bmadventure/optcache/cachekit/command/internal/phases"
	"github.com/bmadventure/optcache/internal/pprof"
)

func TestTopFunctions(t *testing.T) {
	uncached := map[string]pprof.Cost{"read": {Flat: 80, Cum: 100}, "main": {Flat: 0, Cum: 200}, "trade": {Flat: 20, Cum: 20}}
	cached := map[string]pprof.Cost{"fill": {Flat: 30, Cum: 30}, "main": {Flat: 0, Cum: 60}, "trade": {Flat: 22, Cum: 22}}
	scale := func(i int) float64 { return []float64{0.5, 1}[i] } // two sweeps, one sweep
	for by, want := range map[string]string{
		"saved":  "read fill trade main", // 40, 30, 12, 0
		"flat":   "read trade main fill",
		"cum":    "main read trade fill",
		"cached": "fill trade main read",
	} {
		var names []string
		for _, f := range topFunctions(uncached, cached, scale, by, 10) {
			names = append(names, f.Name)
		}
		if got := strings.Join(names, " "); got != want {
			t.Errorf("%s: %s, want %s", by, got, want)
		}
	}
	first := topFunctions(uncached, cached, scale, "saved", 1)
	if want := (functionReport{"read", Pair{40, 0}, Pair{50, 0}}); len(first) != 1 || first[0] != want {
		t.Errorf("%+v", first)
	}
}

func TestProfileReportText(t *testing.T) {
	r := &Report{
		title: "moving-average crossover",
		Bundle: output.Bundle{
			Name: "b", Version: "0123456789abcdef", Assets: 3, Bars: 2520, Frequency: "daily", TimeZone: "UTC", Sessions: 2520,
			PeriodsPerYear: 252, Because: "sessions on 5 weekdays", Adjust: "none",
		},
		Trials: 100, Workers: 2, Sweeps: Pair{9, 103},
		Seconds: Pair{0.356, 0.0291}, CPU: Pair{0.32, 0.0282}, Allocated: Pair{40 << 20, 4 << 20}, InUse: Pair{512 << 10, 4 << 20}, Peak: Pair{0, 0},
		Phases: []phaseReport{
			{"read", Pair{0.0911, 0.000874}, Pair{0.285, 0.031}, Pair{33 << 20, 389 << 10}},
			{"fill caches", Pair{0, 0.00728}, Pair{0, 0.259}, Pair{0, 1 << 20}},
			{"other", Pair{}, Pair{}, Pair{}},
		},
		Functions: []functionReport{{phases.ModulePath + "cachekit.(*Cache[int]).Get", Pair{0, 0.001}, Pair{0, 0.002}}},
		Heap:      []functionReport{{"main.main", Pair{2048, 1024}, Pair{4096, 1024}}},
		Files:     map[string]string{"heap-cached": "out/heap-cached.pprof", "cpu-cached": "out/cpu-cached.pprof"},
	}
	var b strings.Builder
	r.print(&b)
	commandtest.Golden(t, "profile.txt", b.String())
}

func TestShortFunction(t *testing.T) {
	if got := shortFunction("x.org/a/b.(*C[x.org/d.E]).Do"); got != "b.(*C).Do" {
		t.Error(got)
	}
}
