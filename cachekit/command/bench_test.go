package command

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/bmadventure/optcache/cachekit/command/internal/bench"
	"github.com/bmadventure/optcache/cachekit/command/internal/console"
)

func TestBenchCommand(t *testing.T) {
	tmp := t.TempDir()
	t.Setenv("TMPDIR", tmp)
	out := filepath.Join(t.TempDir(), "bench.json")
	if text := succeed(t, t.TempDir(), "bench", "--filter=size|grouping", "--runs=2", "--format=json", "--out="+out); text != "" {
		t.Errorf("printed %q", text)
	}
	text, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	var r bench.Report
	if err := json.Unmarshal(text, &r); err != nil {
		t.Fatal(err)
	}
	if len(r.Figures) != 3 || r.Figures[0].Name != "grouping" || r.Figures[2].Name != "size" || r.Machine.GOMAXPROCS < 1 || r.Machine.Go == "" || r.Runs != 2 {
		t.Errorf("%s", text)
	}
	if left, err := os.ReadDir(tmp); err != nil || len(left) != 0 {
		t.Errorf("%v is left over, %v", left, err)
	}
	if text := succeed(t, t.TempDir(), "bench", "--filter=^size$", "--runs=1"); !strings.Contains(text, "size: memory of grouped bars") {
		t.Error(text)
	}
}

func TestBenchRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		args []string
		want string
	}{
		"runs":    {[]string{"--runs=0"}, "--runs 0: must be 1 to 10000"},
		"regexp":  {[]string{"--filter=("}, "--filter: "},
		"nothing": {[]string{"--filter=speed"}, "--filter speed: matches none of list, bars"},
		"format":  {[]string{"--format=html"}, "--format"},
		"once":    {[]string{"--run-once={"}, "--run-once: "},
	} {
		t.Run(name, func(t *testing.T) {
			r := command(t, t.TempDir(), append([]string{"bench"}, c.args...)...)
			if r.status != console.ExitUsage || !strings.Contains(r.stderr, c.want) || r.stdout != "" {
				t.Errorf("%v, want %q", r, c.want)
			}
		})
	}
	t.Setenv("TMPDIR", filepath.Join(t.TempDir(), "none"))
	if r := command(t, t.TempDir(), "bench", "--filter=^size$"); r.status != console.ExitUsage || !strings.Contains(r.stderr, "set TMPDIR") {
		t.Error(r)
	}
}

// The help names every figure.
func TestBenchHelp(t *testing.T) {
	if help := succeed(t, t.TempDir(), "bench", "--help"); !strings.Contains(strings.Join(strings.Fields(help), " "), bench.FigureNames()) {
		t.Error(help)
	}
}
