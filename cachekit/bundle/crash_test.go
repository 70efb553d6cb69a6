//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package bundle

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/bmadventure/optcache/cachekit/market"
)

// childWrite writes newer data; before the step of that number it does what
// the second argument says.
func childWrite(dir string, arguments []string) error {
	s, err := OpenStore(dir)
	if err != nil {
		return err
	}
	if err := prepareChild(s, arguments); err != nil {
		return err
	}
	_, err = s.Write(context.Background(), "b", market.Daily, newer())
	return err
}

// prepareChild makes the writing child run into trouble: "kill N" kills it
// before step N, "full N" lets no file grow beyond N bytes, "user" takes the
// rights of root from it.
func prepareChild(s *Store, arguments []string) error {
	n := 0
	if len(arguments) > 1 {
		var err error
		if n, err = strconv.Atoi(arguments[1]); err != nil {
			return err
		}
	}
	switch arguments[0] {
	case "kill":
		runtime.GOMAXPROCS(1) // one order of the steps
		var steps atomic.Int64
		s.step = func(string) error {
			if steps.Add(1) == int64(n) {
				return syscall.Kill(os.Getpid(), syscall.SIGKILL)
			}
			return nil
		}
	case "full":
		signal.Ignore(syscall.SIGXFSZ)
		var limit syscall.Rlimit
		setBoth(&limit.Cur, &limit.Max, n)
		return syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit)
	case "user":
		if os.Getuid() == 0 {
			return errors.Join(syscall.Setgid(65534), syscall.Setuid(65534))
		}
	default:
		return fmt.Errorf("unknown trouble %q", arguments[0])
	}
	return nil
}

// setBoth is for the fields of a Rlimit, which are signed on some systems.
func setBoth[T int64 | uint64](cur, most *T, n int) { *cur, *most = T(n), T(n) }

// checkOld asserts that the version that was there before is current and whole,
// that ingesting goes on to work, and that gc leaves nothing behind.
func checkOld(t *testing.T, s *Store, old Version, when string) {
	t.Helper()
	if v, err := s.Current("b"); err != nil || v != old {
		t.Errorf("%s: the current version is %s, %v", when, v, err)
	}
	if err := s.Verify(t.Context(), "b", old); err != nil {
		t.Errorf("%s: %v", when, err)
	}
	if _, err := opened(t, s, old).Read(t.Context(), Query{}); err != nil {
		t.Errorf("%s: %v", when, err)
	}
	if _, err := s.GC(t.Context(), "b", 9); err != nil {
		t.Errorf("%s: %v", when, err)
	}
	if changes, err := s.History("b"); err != nil || changes[0].Version != old {
		t.Errorf("%s: the history is %v, %v", when, changes, err)
	}
	entries, err := os.ReadDir(s.path("b"))
	if err != nil || len(entries) != 3 {
		t.Errorf("%s: after gc: %v, %v", when, entries, err)
	}
}

func TestKilledWriterLeavesTheOldVersion(t *testing.T) {
	killed := false
	for n := 1; ; n++ {
		s, old := written(t, market.Daily, small())
		err := child("write", s.Dir(), "kill", strconv.Itoa(n)).Run()
		if err == nil { // there is no step n
			break
		}
		var exit *exec.ExitError
		if !errors.As(err, &exit) || exit.Sys().(syscall.WaitStatus).Signal() != syscall.SIGKILL {
			t.Fatalf("step %d: %v", n, err)
		}
		killed = true
		if v, err := s.Current("b"); err == nil && v != old {
			// It died after the last step that matters.
			if err := s.Verify(t.Context(), "b", v); err != nil {
				t.Errorf("step %d: %v", n, err)
			}
			old = v
		}
		checkOld(t, s, old, fmt.Sprintf("killed before step %d", n))
		r, err := s.Write(t.Context(), "b", market.Daily, newer())
		if err != nil || r.Repaired {
			t.Fatalf("step %d: afterwards: %+v, %v", n, r, err)
		}
		changes, err := s.History("b")
		if err != nil || len(changes) != 2 || changes[0].Version != r.Version {
			t.Errorf("step %d: afterwards the history is %v, %v", n, changes, err)
		}
	}
	if !killed {
		t.Error("no child was killed")
	}
}

func TestFullDiskLeavesTheOldVersion(t *testing.T) {
	for n := 0; ; n += 512 {
		s, old := written(t, market.Daily, small())
		out, err := child("write", s.Dir(), "full", strconv.Itoa(n)).CombinedOutput()
		if err == nil {
			if n == 0 {
				t.Error("a disk without room is enough")
			}
			break
		}
		if !strings.Contains(string(out), "file too large") || !strings.Contains(string(out), `write bundle "b"`) {
			t.Errorf("%d bytes: the writer says %s", n, out)
		}
		entries, err := os.ReadDir(s.path("b"))
		if err != nil || len(entries) != 3 {
			t.Errorf("%d bytes: the writer left %v, %v", n, entries, err)
		}
		checkOld(t, s, old, fmt.Sprintf("%d bytes of room", n))
	}
}

func TestReadOnlyStoreIsReadAndNotWritten(t *testing.T) {
	s, old := written(t, market.Daily, small())
	if err := os.Chmod(filepath.Dir(s.Dir()), 0o755); err != nil { // the other user must come so far
		t.Fatal(err)
	}
	for _, dir := range []string{s.path("b"), s.path("b", versionsDir)} {
		if err := os.Chmod(dir, 0o555); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { os.Chmod(dir, 0o755) })
	}
	out, err := child("write", s.Dir(), "user").CombinedOutput()
	if err == nil || !strings.Contains(string(out), "permission denied") || !strings.Contains(string(out), s.path("b")) {
		t.Errorf("the writer says %s, %v", out, err)
	}
	if v, err := s.Current("b"); err != nil || v != old {
		t.Error(v, err)
	}
	if err := s.Verify(t.Context(), "b", old); err != nil {
		t.Error(err)
	}
}
