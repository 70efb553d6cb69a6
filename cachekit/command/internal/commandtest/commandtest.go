// Package commandtest has what the tests of several rooms of the command share. Tests alone import it.
package commandtest

import (
	"encoding/json"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/bmadventure/optcache/cachekit/bundle"
	"github.com/bmadventure/optcache/cachekit/command/internal/console"
	"github.com/bmadventure/optcache/cachekit/command/internal/rundir"
	"github.com/bmadventure/optcache/cachekit/command/internal/trials"
)

// Golden holds a text against a file in testdata; OPTCACHE_RECORD=1 writes it.
func Golden(t *testing.T, name, got string) {
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

// Env returns what commands work with, over an empty store.
func Env(t *testing.T) *console.Env {
	t.Helper()
	dir := t.TempDir()
	store, err := bundle.OpenStore(dir)
	if err != nil {
		t.Fatal(err)
	}
	return &console.Env{Program: "optcache", Ctx: t.Context(), Stdout: io.Discard, Stderr: io.Discard, Store: store, StoreDir: dir, Log: slog.New(slog.DiscardHandler), Quiet: true}
}

// SoundRun is a run of which doctor has nothing to say.
func SoundRun() *rundir.Run {
	r := &rundir.Run{File: rundir.File{
		Format: 1, Command: "sweep", Args: []string{"sweep", "--bundle=b", "--out=runs/1"}, State: "done",
		Started: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), TookNS: 41_900_000,
		Strategy: "crossover/1", Trials: 100, Ran: 100, Workers: 2, GOMAXPROCS: 2,
		Config: rundir.Config{CacheSizeGB: 2, Caching: true, LRUMaxSize: 128, Pooling: true, Policy: "adaptive"},
	}}
	r.Params, r.Search = []trials.AxisSpec{{Name: "fast", Spec: "5:50:5"}, {Name: "slow", Spec: "20:120:5"}}, rundir.Search{Kind: "grid", Seed: 1, Trials: 100}
	r.Bundle.Assets, r.Bundle.AllBars = 50, 4_600_000
	r.Bundle.Name, r.Bundle.Version = "b", strings.Repeat("ab", 32)
	const budget, used = 2 << 30, 1400 << 20 // 68 %
	for _, c := range []rundir.Cache{
		{Name: "asset lists", Hits: 99, Misses: 1, Loads: 1, LoadNS: 400_000, Entries: 1, Bytes: 2400},
		{Name: "grouped bars", Hits: 98, Misses: 2, Loads: 1, LoadNS: 3_000_000, Entries: 1, Bytes: 318 << 10},
		{Name: "derived series", Hits: 11_000, Misses: 1000, Loads: 1000, LoadNS: 2_000_000, Entries: 1000, Bytes: 1399 << 20},
	} {
		c.Budget, c.Used = budget, used
		r.Caches = append(r.Caches, c)
	}
	return r
}

// WriteRun writes run.json into a new folder.
func WriteRun(t *testing.T, content any) string {
	t.Helper()
	text, ok := content.(string)
	if !ok {
		b, err := json.Marshal(content)
		if err != nil {
			t.Fatal(err)
		}
		text = string(b)
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "run.json"), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return dir
}
