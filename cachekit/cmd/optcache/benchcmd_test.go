package main

import (
	"context"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/bmadventure/optcache/internal/quantile"
)

func TestBenchCommand(t *testing.T) {
	tmp := t.TempDir()
	t.Setenv("TMPDIR", tmp)
	out := filepath.Join(t.TempDir(), "bench.json")
	if text := succeed(t, t.TempDir(), "bench", "--only=size|grouping", "--runs=2", "--format=json", "--out="+out); text != "" {
		t.Errorf("printed %q", text)
	}
	text, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	var r benchReport
	if err := json.Unmarshal(text, &r); err != nil {
		t.Fatal(err)
	}
	if len(r.Figures) != 3 || r.Figures[0].Name != "grouping" || r.Figures[2].Name != "size" || r.Machine.GOMAXPROCS < 1 || r.Machine.Go == "" || r.Runs != 2 {
		t.Errorf("%s", text)
	}
	if left, err := os.ReadDir(tmp); err != nil || len(left) != 0 {
		t.Errorf("%v is left over, %v", left, err)
	}
	if text := succeed(t, t.TempDir(), "bench", "--only=^size$", "--runs=1"); !strings.Contains(text, "size: memory of grouped bars") {
		t.Error(text)
	}
}

func TestBenchRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		args []string
		want string
	}{
		"runs":    {[]string{"--runs=0"}, "--runs 0: must be 1 to 10000"},
		"regexp":  {[]string{"--only=("}, "--only: "},
		"nothing": {[]string{"--only=speed"}, "--only speed: matches none of list, bars"},
		"format":  {[]string{"--format=html"}, "--format"},
		"once":    {[]string{"--run-once={"}, "--run-once: "},
	} {
		t.Run(name, func(t *testing.T) {
			r := command(t, t.TempDir(), append([]string{"bench"}, c.args...)...)
			if r.status != exitUsage || !strings.Contains(r.stderr, c.want) || r.stdout != "" {
				t.Errorf("%v, want %q", r, c.want)
			}
		})
	}
	t.Setenv("TMPDIR", filepath.Join(t.TempDir(), "none"))
	if r := command(t, t.TempDir(), "bench", "--only=^size$"); r.status != exitUsage || !strings.Contains(r.stderr, "set TMPDIR") {
		t.Error(r)
	}
}

// Results that differ end the command with 1, an interrupt leaves nothing behind.
func TestBenchEnds(t *testing.T) {
	all := benchmarks
	t.Cleanup(func() { benchmarks = all })
	tmp := t.TempDir()
	t.Setenv("TMPDIR", tmp)
	one := func(b *bench) ([]*bfigure, error) {
		return []*bfigure{{What: "one", Unit: unitSeconds, Value: quantile.Median([]float64{1}, confidence)}}, nil
	}
	benchmarks = []benchmark{{"differs", func(b *bench) ([]*bfigure, error) {
		b.differ("trial %d is wrong", 7)
		return one(b)
	}}}
	if r := command(t, t.TempDir(), "bench"); r.status != exitFailed || !strings.Contains(r.stdout, "trial 7 is wrong") {
		t.Error(r)
	}
	ctx, cancel := context.WithCancel(t.Context())
	benchmarks = []benchmark{{"first", one}, {"second", func(b *bench) ([]*bfigure, error) {
		cancel()
		return nil, b.ctx.Err()
	}}}
	var stderr strings.Builder
	if status := run(ctx, []string{"bench", "--store=" + t.TempDir()}, io.Discard, &stderr); status != exitInterrupted || !strings.Contains(stderr.String(), "1 of 2 figures were measured, nothing was written") {
		t.Errorf("%d: %s", status, stderr.String())
	}
	if left, err := os.ReadDir(tmp); err != nil || len(left) != 0 {
		t.Errorf("%v is left over, %v", left, err)
	}
}
