package command

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bmadventure/optcache/cachekit/command/internal/console"
	"github.com/bmadventure/optcache/cachekit/command/internal/rundir"
)

// A sweep that is killed, or interrupted, and resumed has the results of one that was
// not, byte for byte, and runs only what was not recorded.
func TestResume(t *testing.T) {
	if testing.Short() {
		t.Skip("it kills processes until they have run for a while")
	}
	store := t.TempDir()
	flags := []string{"sweep", "--assets=10", "--bars=500", "--trials=1000000", "--fast=1:40", "--slow=20:200", "--format=csv", "--verify=none"}
	for _, search := range []string{"grid", "random", "genetic"} {
		t.Run(search, func(t *testing.T) {
			args := append(flags[:len(flags):len(flags)], "--search="+search)
			if search != "grid" {
				args = append(args, "--trials=3000")
			}
			whole, cut := t.TempDir(), t.TempDir()
			succeed(t, store, append(args, "--out="+whole)...)
			for i, signal := range []os.Signal{os.Kill, os.Interrupt} {
				more := append(args, "--out="+cut)
				if i > 0 {
					more = append(more, "--resume")
				}
				stopAfter(t, signal, int64(1+i)*40_000, store, cut, more)
			}
			before, err := rundir.ReadRunFile(cut)
			if err != nil || before.State == rundir.StateRunning {
				t.Errorf("%+v, %v", before, err)
			}
			out := succeed(t, store, append(args, "--out="+cut, "--resume")...)
			if before.State == rundir.StateInterrupted && !strings.Contains(out, "were recorded before") {
				t.Error(out)
			}
			after, err := rundir.ReadRunFile(cut)
			if err != nil || after.State != rundir.StateDone || after.Recorded == 0 || after.Ran+after.Recorded != after.Trials {
				t.Errorf("%+v, %v", after, err)
			}
			if a, b := read(t, whole, "results.csv"), read(t, cut, "results.csv"); !bytes.Equal(a, b) {
				t.Errorf("%d bytes undisturbed, %d resumed", len(a), len(b))
			}
			succeed(t, store, append(args, "--out="+cut, "--resume")...)
			if again, err := rundir.ReadRunFile(cut); err != nil || again.Ran != 0 || again.Recorded != again.Trials {
				t.Errorf("a finished sweep ran %d trials again: %v", again.Ran, err)
			}
		})
	}
}

func read(t *testing.T, dir, name string) []byte {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// results returns the tables of a folder.
func results(t *testing.T, dir string) map[string][]byte {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*.csv"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no results in %s: %v", dir, err)
	}
	all := make(map[string][]byte)
	for _, f := range files {
		all[filepath.Base(f)] = read(t, dir, filepath.Base(f))
	}
	return all
}

// stopAfter runs a command and stops it by a signal as soon as its journal has so many
// bytes, unless it ends before.
func stopAfter(t *testing.T, signal os.Signal, size int64, store, dir string, args []string) {
	t.Helper()
	stderr, err := atSize(t, size, store, dir, args, func(p *os.Process) {
		_ = p.Signal(signal) // it may have ended by itself
	})
	if err != nil && signal != os.Kill && !strings.Contains(stderr, "go on with --resume") {
		t.Errorf("%v: %s", err, stderr)
	}
}

// atSize runs a command and calls do with its process, once, as soon as its journal has so many
// bytes, unless it ends before. It returns what the command wrote to the standard error and how it ended.
func atSize(t *testing.T, size int64, store, dir string, args []string, do func(*os.Process)) (stderr string, err error) {
	t.Helper()
	cmd := exec.Command(os.Args[0], append(slices.Clone(args), "--store="+store)...)
	var text bytes.Buffer
	cmd.Stderr = &text
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	poll := time.NewTicker(time.Millisecond)
	defer poll.Stop()
	for done := false; ; {
		select {
		case err := <-ended:
			return text.String(), err
		case <-poll.C:
			if info, err := os.Stat(filepath.Join(dir, "journal")); !done && err == nil && info.Size() >= size {
				do(cmd.Process)
				done = true
			}
		}
	}
}

func TestResumeRefuses(t *testing.T) {
	store, dir := t.TempDir(), t.TempDir()
	args := append([]string{"sweep", "--out=" + dir}, small...)
	if r := command(t, store, append(args, "--resume")...); r.status != console.ExitUsage || !strings.Contains(r.stderr, "the folder has none") {
		t.Error(r)
	}
	succeed(t, store, args...)
	kept := read(t, dir, rundir.RunName)
	for flag, want := range map[string]string{
		"--bars-seed=7":                       "bundle was synthetic-4x120-42, and is synthetic-4x120-7",
		"--cost-bps=3":                        "cost was 0 basis points, and is 3 basis points",
		"--minimize":                          "objective was largest sharpe, and is smallest sharpe",
		"--objective=cagr":                    "and is largest cagr",
		"--trials=3":                          "trials was 12, and is 3",
		"--search=random":                     "search was grid, and is random, seed 1",
		"--strategy=breakout --param=entry=5": "strategy was crossover/1, and is breakout/1",
	} {
		more := append(args, "--resume")
		if strings.Contains(flag, "breakout") {
			more = []string{"sweep", "--out=" + dir, "--assets=4", "--bars=120", "--resume"}
		}
		r := command(t, store, append(more, strings.Fields(flag)...)...)
		if r.status != console.ExitUsage || !strings.Contains(r.stderr, want) || r.stdout != "" {
			t.Errorf("%s: want %q, got %v", flag, want, r)
		}
	}
	if !bytes.Equal(kept, read(t, dir, rundir.RunName)) {
		t.Error("a refused run changed run.json")
	}
	for _, c := range []struct{ args, want string }{
		{"sweep --resume", "--resume needs --out"},
		{"sweep --resume --compare --out=" + dir, "--compare"},
	} {
		if r := command(t, store, strings.Fields(c.args)...); r.status != console.ExitUsage || !strings.Contains(r.stderr, c.want) {
			t.Errorf("%s: %v", c.args, r)
		}
	}
}

// A new value of a parameter runs only its own trials; workers do not matter.
func TestNewValueRunsOnlyItsTrials(t *testing.T) {
	store, dir := t.TempDir(), t.TempDir()
	run := func(slow string, more ...string) *rundir.File {
		t.Helper()
		args := append([]string{"sweep", "--out=" + dir, "--assets=3", "--bars=100", "--fast=2:6:2", "--slow=" + slow}, more...)
		succeed(t, store, args...)
		r, err := rundir.ReadRunFile(dir)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	got := [][2]int{}
	for _, r := range []*rundir.File{run("8:12:2"), run("8:14:2", "--workers=7"), run("8:14:2", "--cost-bps=1"), run("8:14:2", "--cost-bps=1", "--resume", "--workers=1")} {
		got = append(got, [2]int{r.Ran, r.Recorded})
	}
	if d := cmp.Diff([][2]int{{9, 0}, {3, 9}, {12, 0}, {0, 12}}, got); d != "" {
		t.Errorf("trials run and recorded: %s", d)
	}
}

// A walk-forward that is killed and run again has the results of one that was not, byte for
// byte; one that is finished runs nothing again.
func TestWalkForwardGoesOn(t *testing.T) {
	if testing.Short() {
		t.Skip("it kills a process")
	}
	store, whole, cut := t.TempDir(), t.TempDir(), t.TempDir()
	args := []string{"walkforward", "--assets=6", "--bars=400", "--search=genetic", "--trials=300", "--fast=1:40", "--slow=20:90", "--format=csv"}
	succeed(t, store, append(args, "--out="+whole)...)
	stopAfter(t, os.Kill, 50_000, store, cut, append(args, "--out="+cut))
	stopAfter(t, os.Interrupt, 100_000, store, cut, append(args, "--out="+cut, "--resume"))
	for range 2 {
		succeed(t, store, append(args, "--out="+cut, "--resume")...)
		for _, name := range []string{"folds.csv", "equity.csv"} {
			if a, b := read(t, whole, name), read(t, cut, name); !bytes.Equal(a, b) {
				t.Errorf("%s: %d bytes undisturbed, %d after a kill", name, len(a), len(b))
			}
		}
	}
	if run, err := rundir.ReadRunFile(cut); err != nil || run.Ran != 0 || run.Recorded == 0 {
		t.Errorf("a finished walk-forward: %+v, %v", run, err)
	}
	// Each result once, and what the run is.
	if a, b := len(read(t, whole, "journal")), len(read(t, cut, "journal")); a != b {
		t.Errorf("the journal has %d bytes undisturbed, and %d after four runs", a, b)
	}
}

// waitForSize waits until a file has so many bytes.
func waitForSize(t *testing.T, file string, size int64) {
	t.Helper()
	poll := time.NewTicker(time.Millisecond)
	defer poll.Stop()
	for range 60_000 {
		if info, err := os.Stat(file); err == nil && info.Size() >= size {
			return
		}
		<-poll.C
	}
	t.Fatalf("%s does not grow", file)
}
