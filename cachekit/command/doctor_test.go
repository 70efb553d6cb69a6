package command

import (
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/bmadventure/optcache/cachekit/bundle"
	"github.com/bmadventure/optcache/cachekit/command/internal/commandtest"
	"github.com/bmadventure/optcache/cachekit/command/internal/console"
	"github.com/bmadventure/optcache/cachekit/command/internal/doctor"
	"github.com/bmadventure/optcache/cachekit/command/internal/rundir"
	"github.com/bmadventure/optcache/cachekit/command/internal/source"
	"github.com/bmadventure/optcache/cachekit/market"
)

func TestDoctorRefuses(t *testing.T) {
	empty := t.TempDir()
	changed := func(change func(r *rundir.Run)) string {
		r := commandtest.SoundRun()
		change(r)
		return commandtest.WriteRun(t, r)
	}
	for name, c := range map[string]struct{ dir, want string }{
		"no folder":      {filepath.Join(empty, "none"), "there is no such folder: give the one that --out named"},
		"no run":         {empty, "it has no run.json, so it is no folder of a run"},
		"empty file":     {commandtest.WriteRun(t, ""), "it is damaged at byte 0: unexpected end of JSON input"},
		"cut off":        {commandtest.WriteRun(t, `{"format":1,"trials":`), "it is damaged at byte 21"},
		"wrong kind":     {commandtest.WriteRun(t, `{"format":1,"trials":"many"}`), "it is damaged at byte"},
		"negative hits":  {commandtest.WriteRun(t, `{"format":1,"caches":[{"name":"x","hits":-1}]}`), "it is damaged at byte"},
		"later format":   {commandtest.WriteRun(t, `{"format":2}`), "it has format 2, and this command reads format 1: use the version of optcache that wrote it"},
		"other JSON":     {commandtest.WriteRun(t, `{"name":"x"}`), "it has format 0"},
		"version":        {changed(func(r *rundir.Run) { r.Bundle.Version = "xyz" }), "it is damaged: "},
		"trials":         {changed(func(r *rundir.Run) { r.Trials = -1 }), "trials is -1"},
		"cache":          {changed(func(r *rundir.Run) { r.Caches[0].Bytes = -1 }), `the statistics of cache "asset lists"`},
		"nameless cache": {changed(func(r *rundir.Run) { r.Caches[0].Name = "" }), `the statistics of cache ""`},
	} {
		t.Run(name, func(t *testing.T) {
			r := command(t, t.TempDir(), "doctor", c.dir)
			if r.status != console.ExitUsage || !strings.Contains(r.stderr, c.want) || r.stdout != "" {
				t.Errorf("%v, want %q", r, c.want)
			}
		})
	}
}

// The versions are compared in the store of the run: what changed before it, where the
// hit rate is poor, and what changed since.
func TestDoctorTellsWhatChanged(t *testing.T) {
	e := commandtest.Env(t)
	series := func(change func(s []bundle.Series) []bundle.Series) bundle.Version {
		t.Helper()
		s, err := source.Synthetic(t.Context(), 3, 30, 1)
		if err != nil {
			t.Fatal(err)
		}
		r, err := e.Store.Write(t.Context(), "b", market.Daily, change(s))
		if err != nil {
			t.Fatal(err)
		}
		return r.Version
	}
	first := series(func(s []bundle.Series) []bundle.Series { return s })
	second := series(func(s []bundle.Series) []bundle.Series {
		s[1].Close[7] += 0.01
		s[1].High[7] += 1
		return s
	})
	r := commandtest.SoundRun()
	r.Store = e.StoreDir
	r.Bundle.Version, r.Bundle.Previous = second.String(), first.String()
	r.Caches[2].Hits = 0
	dir := commandtest.WriteRun(t, r)
	out := succeed(t, t.TempDir(), "doctor", dir)
	for _, want := range []string{
		fmt.Sprintf("changed  from version %.12s to %.12s: what was kept of the assets below could not serve this run", first, second),
		"assets changed: SYN0002\n", "columns changed: high, close\n", "2 values changed, 0 bars added, 0 bars removed\n",
		"dates: 2015-01-13 to 2015-01-13\n", fmt.Sprintf("every value: optcache bundle diff b %.12s %.12s", first, second),
	} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is not in\n%s", want, out)
		}
	}
	if strings.Contains(out, "ingested anew since") {
		t.Errorf("nothing was:\n%s", out)
	}

	third := series(func(s []bundle.Series) []bundle.Series { return s[1:] })
	out = succeed(t, t.TempDir(), "doctor", dir)
	for _, want := range []string{
		"the bundle was ingested anew since", "assets removed: SYN0001\n", "the results are those of an older version of the bundle",
		fmt.Sprintf("%.12s is current now", third),
	} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is not in\n%s", want, out)
		}
	}

	var d doctor.Diagnosis
	if err := json.Unmarshal([]byte(succeed(t, t.TempDir(), "doctor", dir, "--format=json")), &d); err != nil {
		t.Fatal(err)
	}
	if len(d.Changes) != 2 || d.Changes[0].To != second.String() || d.Changes[1].To != third.String() || d.Changes[1].Equal {
		t.Errorf("%+v", d.Changes)
	}

	// Versions that are gone, a bundle that is gone, and a store that is gone.
	if _, err := e.Store.GC(context.Background(), "b", 0); err != nil {
		t.Fatal(err)
	}
	if out = succeed(t, t.TempDir(), "doctor", dir); !strings.Contains(out, "cannot be told: ") {
		t.Error(out)
	}
	if _, err := e.Store.Remove(context.Background(), "b"); err != nil {
		t.Fatal(err)
	}
	if out = succeed(t, t.TempDir(), "doctor", dir); !strings.Contains(out, "is not in the store") {
		t.Error(out)
	}
	r.Store = filepath.Join(e.StoreDir, "gone")
	if out = succeed(t, t.TempDir(), "doctor", commandtest.WriteRun(t, r)); !strings.Contains(out, "is not in the store") {
		t.Error(out)
	}
}

// A sweep in a budget that is too small for it, the budget that is advised, and the
// same sweep with that: nothing leaves any more.
func TestDoctorFindsTheBudget(t *testing.T) {
	store, out := t.TempDir(), filepath.Join(t.TempDir(), "run")
	args := []string{"sweep", "--assets=20", "--bars=300", "--trials=60", "--workers=1", "--verify=none", "--always-cache"}
	t.Setenv("OPTCACHE_CACHE_SIZE_GB", "0.0003")
	succeed(t, store, append(args, "--out="+out)...)
	var d doctor.Diagnosis
	if err := json.Unmarshal([]byte(succeed(t, store, "doctor", out, "--format=json")), &d); err != nil {
		t.Fatal(err)
	}
	at := slices.IndexFunc(d.Advice, func(a doctor.Advice) bool { return strings.HasPrefix(a.What, "enlarge the budget") })
	if at < 0 {
		t.Fatalf("%+v", d)
	}
	gb, _ := strings.CutPrefix(d.Advice[at].Set, "export OPTCACHE_CACHE_SIZE_GB=")
	if v, err := strconv.ParseFloat(gb, 64); err != nil || v > 0.01 {
		t.Errorf("advised %q", gb)
	}
	t.Setenv("OPTCACHE_CACHE_SIZE_GB", gb)
	succeed(t, store, append(args, "--out="+out+"2")...)
	d = doctor.Diagnosis{}
	if err := json.Unmarshal([]byte(succeed(t, store, "doctor", out+"2", "--format=json")), &d); err != nil {
		t.Fatal(err)
	}
	for _, c := range d.Caches {
		if c.Evictions.Capacity+c.Refused+c.Uncached > 0 {
			t.Errorf("with %s GB: %+v", gb, c)
		}
	}
	if slices.ContainsFunc(d.Advice, func(a doctor.Advice) bool {
		return a.Level != doctor.LevelNote && !strings.HasPrefix(a.What, "use all processors")
	}) {
		t.Errorf("with %s GB: %+v", gb, d.Advice)
	}
}
