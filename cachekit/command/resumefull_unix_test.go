//go:build unix

package command

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/bmadventure/optcache/cachekit/command/internal/console"
	"github.com/bmadventure/optcache/cachekit/command/internal/rundir"
)

// roomVariable says to a process of the command how many bytes its files may grow to, as on a disk that is full.
const roomVariable = "OPTCACHE_TEST_ROOM"

func init() {
	room, err := strconv.ParseInt(os.Getenv(roomVariable), 10, 64)
	if err != nil {
		return
	}
	var limit syscall.Rlimit
	setBoth(&limit.Cur, &limit.Max, room)
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		panic(err)
	}
}

// setBoth is for the fields of a Rlimit, which are signed on some systems.
func setBoth[T int64 | uint64](cur, most *T, room int64) { *cur, *most = T(room), T(room) }

// limited runs a command in a process of its own where no file can grow beyond that many bytes.
func limited(t *testing.T, room int64, store string, args ...string) result {
	t.Helper()
	c := exec.Command(os.Args[0], append(slices.Clone(args), "--store="+store)...)
	c.Env = append(os.Environ(), roomVariable+"="+strconv.FormatInt(room, 10))
	var stdout, stderr bytes.Buffer
	c.Stdout, c.Stderr = &stdout, &stderr
	if err := c.Run(); err != nil && c.ProcessState == nil {
		t.Fatal(err)
	}
	return result{c.ProcessState.ExitCode(), stdout.String(), stderr.String()}
}

// A run that finds no room on the disk, for its journal, its results or run.json, says that nothing of what is
// recorded is lost and how it goes on; it does, to the same files, and runs nothing again that was recorded.
func TestResumeAfterAFullDisk(t *testing.T) {
	for name, args := range map[string][]string{
		"sweep":       {"sweep", "--verify=none", "--trials=30"},
		"bayes":       {"sweep", "--verify=none", "--trials=30", "--search=bayes"},
		"walkforward": {"walkforward", "--trials=6", "--train=40", "--validate=10", "--test=15"},
	} {
		t.Run(name, func(t *testing.T) {
			store, whole := t.TempDir(), t.TempDir()
			args := append(args, "--assets=2", "--bars=100", "--fast=2:8", "--slow=10:16", "--format=csv")
			succeed(t, store, append(args, "--out="+whole)...)
			want := results(t, whole)
			sizes := []int64{0, 40, 500, 1200}
			for _, name := range []string{"journal", rundir.RunName, "results.csv", "equity.csv", "folds.csv", "walkforward.json"} {
				if info, err := os.Stat(filepath.Join(whole, name)); err == nil {
					sizes = append(sizes, info.Size()/2, info.Size()-1)
				}
			}
			stopped := 0
			for _, room := range sizes {
				dir := t.TempDir()
				r := limited(t, room, store, append(args, "--out="+dir)...)
				if r.status == console.ExitDone {
					continue
				}
				more, recorded := append(args, "--out="+dir), 0
				lines := strings.Split(strings.TrimSpace(r.stderr), "\n")
				if _, err := fmt.Sscanf(lines[len(lines)-1], "%d result", &recorded); err == nil {
					stopped++
					more = append(more, "--resume")
					if !strings.HasSuffix(r.stderr, "recorded in "+dir+", and nothing of that is lost: go on with --resume when that is mended\n") {
						t.Errorf("room for %d bytes: %v", room, r)
					}
				}
				if !strings.Contains(lines[0], syscall.EFBIG.Error()) || strings.Contains(r.stderr, ".optcache-") {
					t.Errorf("room for %d bytes: %v", room, r)
				}
				if r.stdout != "" || r.status != console.ExitUsage {
					t.Errorf("room for %d bytes: %v", room, r)
				}
				succeed(t, store, more...)
				if after, err := rundir.ReadRunFile(dir); err != nil || after.State != rundir.StateDone || after.Recorded < recorded {
					t.Errorf("room for %d bytes: %+v, %v; %d were recorded", room, after, err, recorded)
				}
				for name, file := range results(t, dir) {
					if !bytes.Equal(want[name], file) {
						t.Errorf("room for %d bytes: %s has %d bytes undisturbed, %d resumed", room, name, len(want[name]), len(file))
					}
				}
				if len(results(t, dir)) != len(want) {
					t.Errorf("room for %d bytes: %d files of results, want %d", room, len(results(t, dir)), len(want))
				}
				if left, _ := filepath.Glob(filepath.Join(dir, ".optcache-*")); len(left) > 0 {
					t.Errorf("room for %d bytes: %v is left", room, left)
				}
			}
			if stopped < 4 {
				t.Errorf("only %d runs were stopped with something recorded", stopped)
			}
		})
	}
}
