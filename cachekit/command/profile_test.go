package command

import (
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/bmadventure/optcache/cachekit/command/internal/console"
	"github.com/bmadventure/optcache/cachekit/command/internal/phases"
	"github.com/bmadventure/optcache/cachekit/command/internal/profile"
)

func TestProfileCommand(t *testing.T) {
	out := filepath.Join(t.TempDir(), "new", "folder")
	text := succeed(t, t.TempDir(), "profile", "--assets=3", "--bars=60", "--trials=5", "--duration=1ms", "--out="+out, "--format=json", "--top=3")
	var r profile.Report
	if err := json.Unmarshal([]byte(text), &r); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	if r.Bundle.Name != "synthetic-3x60-42" || r.Trials != 5 || r.Sweeps.Uncached < 1 || r.Sweeps.Cached < 1 || r.Seconds.Cached <= 0 {
		t.Errorf("%+v", r)
	}
	if len(r.Phases) != int(phases.Count) || len(r.Functions) > 3 || len(r.Files) != 4 {
		t.Errorf("%d phases, %d functions, %d files", len(r.Phases), len(r.Functions), len(r.Files))
	}
	var shares profile.Pair
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
		if _, err := profile.ReadProfile(file); err != nil {
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
	if text := succeed(t, t.TempDir(), "profile", "--assets=2", "--bars=60", "--trials=3", "--duration=1ms", "--out="+out); !strings.Contains(text, "CPU time by kind of work") {
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
		"time":      {[]string{"--duration=0s"}, "--duration 0s: must be above 0 and at most 1h, such as 5s"},
		"order":     {[]string{"--sort=size"}, "--sort"},
		"both":      {[]string{"--bundle=b", "--assets=3"}, "leave them out with --data and --bundle"},
		"version":   {[]string{"--at=00"}, "--bundle-version VERSION needs --bundle NAME"},
		"bundle":    {[]string{"--bundle=none"}, "none"},
		"no pairs":  {[]string{"--fast=9:9", "--slow=3:4"}, "fast < slow"},
		"no folder": {[]string{"--assets=2", "--bars=60", "--out=" + filepath.Join(file, "below")}, "is no folder: move it away"},
	} {
		t.Run(name, func(t *testing.T) {
			r := command(t, t.TempDir(), append([]string{"profile"}, c.args...)...)
			if r.status != console.ExitUsage || !strings.Contains(r.stderr, c.want) || r.stdout != "" {
				t.Errorf("%v, want %q", r, c.want)
			}
		})
	}
	t.Setenv("OPTCACHE_ENABLE_CACHING", "false")
	if r := command(t, t.TempDir(), "profile"); r.status != console.ExitUsage || !strings.Contains(r.stderr, "nothing to compare: unset it") {
		t.Error(r)
	}
}
