//go:build unix

package command

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/bmadventure/optcache/cachekit/command/internal/console"
	"github.com/bmadventure/optcache/cachekit/command/internal/rundir"
)

// A terminal that goes ends a run as an interrupt does.
func TestHangUp(t *testing.T) {
	if testing.Short() {
		t.Skip("it stops a process")
	}
	if signal.Ignored(syscall.SIGHUP) {
		t.Skip("this test runs under nohup, and so would the run")
	}
	store, dir := t.TempDir(), t.TempDir()
	args := append([]string{"sweep", "--out=" + dir, "--trials=100000", "--fast=1:400", "--slow=2:500", "--assets=20", "--bars=5000"}, "--format=csv")
	stderr, err := atSize(t, 20_000, store, dir, args, func(p *os.Process) { _ = p.Signal(syscall.SIGHUP) })
	var exit *exec.ExitError
	if err == nil {
		t.Fatal("it ended before")
	}
	if !errors.As(err, &exit) || exit.ExitCode() != console.ExitInterrupted || !strings.Contains(stderr, "go on with --resume") {
		t.Errorf("%v: %s", err, stderr)
	}
	if run, err := rundir.ReadRunFile(dir); err != nil || run.State != rundir.StateInterrupted {
		t.Errorf("%+v, %v", run, err)
	}
}

// Under nohup the terminal may go.
func TestHangUpUnderNohup(t *testing.T) {
	if testing.Short() {
		t.Skip("it signals a process")
	}
	store, dir := t.TempDir(), t.TempDir()
	args := []string{"sweep", "--out=" + dir, "--trials=3000", "--fast=1:90", "--slow=2:120", "--assets=20", "--format=csv", "--verify=none", "--store=" + store}
	cmd := exec.Command("sh", append([]string{"-c", `trap "" HUP; exec "$0" "$@"`, os.Args[0]}, args...)...)
	var text bytes.Buffer
	cmd.Stderr = &text
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	waitForSize(t, filepath.Join(dir, "journal"), 5_000)
	_ = cmd.Process.Signal(syscall.SIGHUP)
	if err := cmd.Wait(); err != nil {
		t.Errorf("%v: %s", err, text.String())
	}
	if run, err := rundir.ReadRunFile(dir); err != nil || run.State != rundir.StateDone {
		t.Errorf("%+v, %v", run, err)
	}
}

// A run whose process was killed is told as interrupted, one that goes on as running, and no second run uses
// its folder meanwhile.
func TestAKilledRunIsToldAsInterrupted(t *testing.T) {
	if testing.Short() {
		t.Skip("it kills a process")
	}
	store, dir := t.TempDir(), t.TempDir()
	args := []string{"sweep", "--out=" + dir, "--trials=100000", "--fast=1:400", "--slow=2:500", "--assets=20", "--bars=5000", "--format=csv"}
	_, err := atSize(t, 20_000, store, dir, args, func(p *os.Process) {
		if run, err := rundir.ReadRunFile(dir); err != nil || run.State != rundir.StateRunning {
			t.Errorf("while it goes on: %+v, %v", run, err)
		}
		if r := command(t, store, "montecarlo", "--assets=2", "--bars=60", "--out="+dir); r.status != console.ExitUsage || !strings.Contains(r.stderr, "runs in it: wait until it ends") {
			t.Errorf("a second run: %v", r)
		}
		_ = p.Kill()
	})
	if err == nil {
		t.Fatal("it ended before")
	}
	if run, err := rundir.ReadRunFile(dir); err != nil || run.State != rundir.StateInterrupted {
		t.Errorf("%+v, %v", run, err)
	}
	if r := command(t, store, "doctor", dir); !strings.Contains(r.stdout, "the run was interrupted") {
		t.Error(r)
	}
}
