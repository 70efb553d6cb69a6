package main

import (
	"bytes"
	"encoding/json"
	"io"
	"log/slog"
	"math"
	"os"
	"path/filepath"
	"runtime"
	runtimepprof "runtime/pprof"
	"slices"
	"strings"
	"testing"

	"github.com/bmadventure/optcache/cachekit"
	"github.com/bmadventure/optcache/cachekit/bundle"
	"github.com/bmadventure/optcache/cachekit/market"
	"github.com/bmadventure/optcache/internal/pprof"
)

// tinyWorkload is a sweep of 6 trials over 4 assets of 80 bars.
func tinyWorkload(t *testing.T) *workload {
	t.Helper()
	e := testEnv(t)
	series, err := synthetic(t.Context(), 4, 80, 1)
	if err != nil {
		t.Fatal(err)
	}
	r, err := e.store.Write(t.Context(), "tiny", market.Daily, series)
	if err != nil {
		t.Fatal(err)
	}
	grid, err := crossovers(intRange{2, 4, 1}, intRange{6, 8, 2}, 0)
	if err != nil {
		t.Fatal(err)
	}
	return &workload{store: e.store, bundle: "tiny", version: r.Version, fields: crossoverColumns, grid: grid, workers: 2, always: true}
}

func TestPhaseOfStacks(t *testing.T) {
	const our = modulePath
	for name, c := range map[string]struct {
		want  phase
		stack []string
	}{
		"hash of a column":     {phaseVerify, []string{"crypto/sha256.block", our + "cachekit/bundle.(*leafHasher).leaf", our + "cachekit/bundle.(*Bundle).Read"}},
		"hash of a key":        {phaseKeys, []string{"crypto/sha256.block", our + "cachekit/bundle.(*content).key", our + "cachekit/optimize.(*Pin).View"}},
		"file":                 {phaseRead, []string{"syscall.pread", "os.(*File).ReadAt", our + "cachekit/bundle.(*partReader).read", our + "cachekit.(*Cache[go.shape.int,go.shape.*uint8]).fly"}},
		"manifest":             {phaseOpen, []string{"runtime.mallocgc", our + "cachekit/bundle.parseManifest", our + "cachekit/bundle.(*Store).Open"}},
		"grouping":             {phaseGroup, []string{our + "cachekit/rt.Texts", our + "generated/bars.NewBars", our + "cachekit/bundle.(*reading).bars", our + "cachekit/bundle.(*Bundle).Read"}},
		"hit":                  {phaseLookup, []string{our + "internal/table.(*Table[go.shape.int]).Find", our + "cachekit.(*Cache[go.shape.struct { Digest [32]uint8 },go.shape.*uint8]).Get", our + "cachekit/backtest.(*Runner).Run"}},
		"hit of a typed cache": {phaseLookup, []string{our + "generated/bars.(*BarsCache).Get", our + "cachekit/optimize.(*View).Bars"}},
		"new entry":            {phaseFill, []string{"runtime.mallocgc", our + "policy.(*lirs).Add", our + "cachekit.(*Cache[a,b[c]]).insert", our + "cachekit.(*Cache[a,b[c]]).fly"}},
		"average":              {phaseIndicators, []string{our + "cachekit/backtest.fillSMA", our + "cachekit/backtest.Series.Fill", our + "cachekit.(*Cache[x]).fly"}},
		"strategy":             {phaseBacktest, []string{our + "cachekit/backtest.(*Wishes).buyAbove", our + "cachekit/backtest.(*Runner).Run", our + "cachekit/optimize.(*seat[x]).work"}},
		"runner":               {phaseRunner, []string{"runtime.chansend", our + "cachekit/optimize.(*seat[x]).work"}},
		"collector":            {phaseGarbage, []string{"runtime.scanObject", "runtime.gcDrain", "runtime.gcBgMarkWorker"}},
		"scheduler":            {phaseOther, []string{"runtime.findRunnable", "runtime.schedule"}},
		"nothing":              {phaseOther, nil},
	} {
		if got := phaseOf(c.stack); got != c.want {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
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
		want   []phase
	}{
		"uncached": {uncached, []phase{phaseOpen, phaseRead, phaseGroup, phaseBacktest, phaseRunner}},
		"cached":   {cachekit.Config{}, []phase{phaseOpen, phaseRead, phaseGroup, phaseFill, phaseIndicators, phaseBacktest, phaseRunner}},
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
		if hits, fills := after[phaseLookup]-before[phaseLookup], after[phaseFill]-before[phaseFill]; 10*hits > fills {
			t.Errorf("%s: hits allocated %d bytes, and new entries %d", side, hits, fills)
		}
	}
}

// allocated returns the bytes allocated so far by the caches, the bundles and the
// trials, by phase.
func allocated(t *testing.T) [numPhases]int64 {
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
	return byPhase(p, value)
}

func TestPlainFunction(t *testing.T) {
	for name, want := range map[string]string{
		"main.main": "main.main",
		"a/b.(*C[go.shape.struct { X [3]int }]).Do": "a/b.(*C).Do",
		"a.F[...]":      "a.F",
		"a.F[b[c],d].1": "a.F.1",
	} {
		if got := plainFunction(name); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
	if got := shortFunction("x.org/a/b.(*C[x.org/d.E]).Do"); got != "b.(*C).Do" {
		t.Error(got)
	}
}

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
	if want := (functionReport{"read", pair{40, 0}, pair{50, 0}}); len(first) != 1 || first[0] != want {
		t.Errorf("%+v", first)
	}
}

func TestProfileReportText(t *testing.T) {
	r := &profileReport{
		title:  "moving-average crossover",
		Bundle: bundleName{"b", "0123456789abcdef"}, Trials: 100, Workers: 2, Sweeps: pair{9, 103},
		Seconds: pair{0.356, 0.0291}, CPU: pair{0.32, 0.0282}, Allocated: pair{40 << 20, 4 << 20}, InUse: pair{512 << 10, 4 << 20}, Peak: pair{0, 0},
		Phases: []phaseReport{
			{"read", pair{0.0911, 0.000874}, pair{0.285, 0.031}, pair{33 << 20, 389 << 10}},
			{"fill caches", pair{0, 0.00728}, pair{0, 0.259}, pair{0, 1 << 20}},
			{"other", pair{}, pair{}, pair{}},
		},
		Functions: []functionReport{{modulePath + "cachekit.(*Cache[int]).Get", pair{0, 0.001}, pair{0, 0.002}}},
		Heap:      []functionReport{{"main.main", pair{2048, 1024}, pair{4096, 1024}}},
		Files:     map[string]string{"heap-cached": "out/heap-cached.pprof", "cpu-cached": "out/cpu-cached.pprof"},
	}
	var b strings.Builder
	r.print(&b)
	golden(t, "profile.txt", b.String())
}

// golden holds a text against a file in testdata; OPTCACHE_RECORD=1 writes it.
func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if os.Getenv("OPTCACHE_RECORD") == "1" {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs (OPTCACHE_RECORD=1 records it anew):\n%s", file, got)
	}
}

func TestProfileCommand(t *testing.T) {
	out := filepath.Join(t.TempDir(), "new", "folder")
	text := succeed(t, t.TempDir(), "profile", "--assets=3", "--bars=60", "--trials=5", "--for=1ms", "--out="+out, "--format=json", "--top=3")
	var r profileReport
	if err := json.Unmarshal([]byte(text), &r); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	if r.Bundle.Name != "synthetic-3x60-42" || r.Trials != 5 || r.Sweeps.Uncached < 1 || r.Sweeps.Cached < 1 || r.Seconds.Cached <= 0 {
		t.Errorf("%+v", r)
	}
	if len(r.Phases) != int(numPhases) || len(r.Functions) > 3 || len(r.Files) != 4 {
		t.Errorf("%d phases, %d functions, %d files", len(r.Phases), len(r.Functions), len(r.Files))
	}
	var shares pair
	for _, p := range r.Phases {
		shares.Uncached += p.Share.Uncached
		shares.Cached += p.Share.Cached
	}
	for side, sum := range map[string][2]float64{"uncached": {shares.Uncached, r.CPU.Uncached}, "cached": {shares.Cached, r.CPU.Cached}} {
		if sum[1] > 0 && math.Abs(sum[0]-1) > 1e-9 {
			t.Errorf("%s: the shares add up to %v", side, sum[0])
		}
	}
	var names []string
	for _, file := range r.Files {
		if _, err := readProfile(file); err != nil {
			t.Error(err)
		}
		names = append(names, filepath.Base(file))
	}
	entries, err := os.ReadDir(out)
	if err != nil || len(entries) != len(names) {
		t.Fatalf("%d files in the folder, %v", len(entries), err)
	}
	for _, e := range entries {
		if !slices.Contains(names, e.Name()) {
			t.Errorf("%s is left over", e.Name())
		}
	}
	if text := succeed(t, t.TempDir(), "profile", "--assets=2", "--bars=60", "--trials=3", "--for=1ms", "--out="+out); !strings.Contains(text, "CPU time by kind of work") {
		t.Error(text)
	}
}

func TestProfileRefuses(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		args []string
		want string
	}{
		"trials":    {[]string{"--trials=0"}, "--trials 0: must be at least 1"},
		"time":      {[]string{"--for=0s"}, "--for 0s: must be above 0 and at most 1h, such as 5s"},
		"order":     {[]string{"--by=size"}, "--by"},
		"both":      {[]string{"--bundle=b", "--assets=3"}, "leave them out with --data and --bundle"},
		"version":   {[]string{"--at=00"}, "--at VERSION needs --bundle NAME"},
		"bundle":    {[]string{"--bundle=none"}, "none"},
		"no pairs":  {[]string{"--fast=9:9", "--slow=3:4"}, "fast < slow"},
		"no folder": {[]string{"--assets=2", "--bars=60", "--out=" + filepath.Join(file, "below")}, "--out: "},
	} {
		t.Run(name, func(t *testing.T) {
			r := command(t, t.TempDir(), append([]string{"profile"}, c.args...)...)
			if r.status != exitUsage || !strings.Contains(r.stderr, c.want) || r.stdout != "" {
				t.Errorf("%v, want %q", r, c.want)
			}
		})
	}
	t.Setenv("OPTCACHE_ENABLE_CACHING", "false")
	if r := command(t, t.TempDir(), "profile"); r.status != exitUsage || !strings.Contains(r.stderr, "nothing to compare: unset it") {
		t.Error(r)
	}
}

// testEnv returns what commands work with, over an empty store.
func testEnv(t *testing.T) *env {
	t.Helper()
	dir := t.TempDir()
	store, err := bundle.OpenStore(dir)
	if err != nil {
		t.Fatal(err)
	}
	return &env{ctx: t.Context(), stdout: io.Discard, stderr: io.Discard, store: store, storeDir: dir, log: slog.New(slog.DiscardHandler), quiet: true}
}
