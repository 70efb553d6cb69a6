//go:build unix

package command

import (
	"os"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/bmadventure/optcache/cachekit/command/internal/rundir"
)

// pausedAt runs a command, holds its process as soon as its journal has so many bytes, calls do, and lets it go on. It reports
// false if the process ended before it was held.
func pausedAt(t *testing.T, size int64, store, dir string, do func(), args ...string) bool {
	t.Helper()
	held := false
	stderr, err := atSize(t, size, store, dir, args, func(p *os.Process) {
		if p.Signal(syscall.SIGSTOP) == nil {
			do()
			held = p.Signal(syscall.SIGCONT) == nil
		}
	})
	if err != nil {
		t.Fatalf("%v: %s", err, stderr)
	}
	return held
}

// A bundle that is ingested anew in the middle of a run, and whose old versions are removed then as far as nobody uses them,
// changes nothing: the run has its version to the end, with caches, and without, where every trial reads the store.
func TestIngestInTheMiddleOfARun(t *testing.T) {
	if testing.Short() {
		t.Skip("it holds processes")
	}
	symbols := strings.Fields("A B C D")
	for name, args := range map[string][]string{
		"sweep":            {"sweep", "--trials=100000", "--verify=3"},
		"genetic sweep":    {"sweep", "--trials=2000", "--search=genetic", "--verify=3"},
		"sweep, no caches": {"sweep", "--trials=500", "--verify=3", "--no-cache"},
		"walkforward":      {"walkforward", "--trials=400", "--train=120", "--validate=40", "--test=40"},
	} {
		t.Run(name, func(t *testing.T) {
			store, data, whole := t.TempDir(), t.TempDir(), t.TempDir()
			args := append(args, "--bundle=b", "--fast=2:40", "--slow=41:80", "--format=csv", "--quiet")
			ingest := func(wrong ...string) {
				t.Helper()
				writeBars(t, data, symbols, 400, wrong...)
				succeed(t, store, "bundle", "ingest", "b", data)
			}
			ingest()
			succeed(t, store, append(args, "--out="+whole)...)
			want := results(t, whole)
			size := int64(len(read(t, whole, "journal")))
			was, err := rundir.ReadRunFile(whole)
			if err != nil {
				t.Fatal(err)
			}
			for range 10 {
				dir := t.TempDir()
				var then int64
				held := pausedAt(t, size/4, store, dir, func() {
					ingest(symbols...)
					if out := succeed(t, store, "bundle", "gc", "b"); !strings.Contains(out, "left 1 version in use") {
						t.Errorf("the version of a run is not in use: %s", out)
					}
					then = int64(len(read(t, dir, "journal")))
				}, append(args, "--out="+dir)...)
				if d := cmp.Diff(want, results(t, dir)); d != "" {
					t.Fatalf("with an ingest in the middle: %s", d)
				}
				is, err := rundir.ReadRunFile(dir)
				if err != nil || is.Bundle.Version != was.Bundle.Version || is.Verified != nil && !is.Verified.Identical {
					t.Errorf("%+v, %v", is, err)
				}
				if !held || then >= int64(len(read(t, dir, "journal"))) {
					ingest() // it was over before: once more
					continue
				}
				after := t.TempDir()
				succeed(t, store, append(args, "--out="+after)...)
				if cmp.Equal(want, results(t, after)) {
					t.Error("the bars that were ingested change nothing at all: the test proves nothing")
				}
				return
			}
			t.Errorf("no run of %d bytes of journal could be held in its middle", size)
		})
	}
}
