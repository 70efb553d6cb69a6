package main

import (
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"testing"

	"github.com/bmadventure/optcache/cachekit/bundle"
)

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
