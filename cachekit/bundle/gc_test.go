//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package bundle

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/bmadventure/optcache/cachekit/market"
)

// history returns a store with n versions of "b", oldest first.
func history(t *testing.T, n int) (*Store, []Version) {
	t.Helper()
	s := emptyStore(t)
	var versions []Version
	for i := range n {
		series := small()
		series[0].Volume[0] = float64(i)
		r, err := s.Write(t.Context(), "b", market.Daily, series)
		if err != nil {
			t.Fatal(err)
		}
		versions = append(versions, r.Version)
		at := time.Unix(1e9+int64(i), 0) // the clock of a file system may be coarse
		if err := os.Chtimes(s.versionPath("b", r.Version, manifestFile), at, at); err != nil {
			t.Fatal(err)
		}
	}
	return s, versions
}

// has returns which of the versions the store has.
func has(t *testing.T, s *Store, versions []Version) (kept []bool) {
	t.Helper()
	for _, v := range versions {
		err := s.Verify(t.Context(), "b", v)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			t.Error(err)
		}
		kept = append(kept, err == nil)
	}
	return kept
}

func TestGCKeepsTheNewestAndTheCurrent(t *testing.T) {
	for keep, want := range []([]bool){{true, false, false, false}, {true, false, false, true}, {true, false, true, true}, {true, true, true, true}} {
		s, versions := history(t, 4)
		// The oldest is current again.
		series := small()
		series[0].Volume[0] = 0
		if _, err := s.Write(t.Context(), "b", market.Daily, series); err != nil {
			t.Fatal(err)
		}
		r, err := s.GC(t.Context(), "b", keep)
		if err != nil || r.Versions != 3-keep || r.InUse != 0 || (r.Bytes > 0) != (keep < 3) {
			t.Errorf("keep %d: %+v, %v", keep, r, err)
		}
		kept := has(t, s, versions)
		for i := range want {
			if kept[i] != want[i] {
				t.Errorf("keep %d: has %v, want %v", keep, kept, want)
				break
			}
		}
	}
	s, _ := history(t, 1)
	if _, err := s.GC(t.Context(), "b", -1); err == nil {
		t.Error("a negative number is accepted")
	}
	if _, err := s.GC(t.Context(), "other", 0); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("unknown bundle: %v", err)
	}
}

func TestWhatIsOpenIsNotRemoved(t *testing.T) {
	s, versions := history(t, 1)
	end := sync.OnceFunc(holder(t, s)) // another process has the first version open
	defer end()
	series := small()
	series[0].Volume[0] = 99
	second, err := s.Write(t.Context(), "b", market.Daily, series)
	if err != nil {
		t.Fatal(err)
	}
	mine, err := s.Open("b", second.Version) // and this one the second
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Write(t.Context(), "b", market.Daily, newer()); err != nil {
		t.Fatal(err)
	}
	if r, err := s.GC(t.Context(), "", 0); err != nil || r != (GCReport{InUse: 2}) {
		t.Errorf("both open: %+v, %v", r, err)
	}
	if r, err := s.Remove(t.Context(), "b"); err == nil {
		t.Errorf("both open: Remove returns %+v", r)
	}
	mine.Close()
	if r, err := s.GC(t.Context(), "b", 0); err != nil || r.InUse != 1 || r.Versions != 1 {
		t.Errorf("one open: %+v, %v", r, err)
	}
	if kept := has(t, s, versions); !kept[0] {
		t.Error("the version that the other process has open is gone")
	}
	end()
	if r, err := s.GC(t.Context(), "b", 0); err != nil || r.InUse != 0 || r.Versions != 1 {
		t.Errorf("none open: %+v, %v", r, err)
	}
}

func TestRemove(t *testing.T) {
	s, _ := history(t, 3)
	if _, err := s.Write(t.Context(), "other", market.Daily, small()); err != nil {
		t.Fatal(err)
	}
	r, err := s.Remove(t.Context(), "b")
	if err != nil || r.Versions != 3 || r.Bytes == 0 {
		t.Errorf("%+v, %v", r, err)
	}
	if _, err := s.Remove(t.Context(), "b"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("twice: %v", err)
	}
	if _, err := s.Current("b"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("current: %v", err)
	}
	if infos, err := s.List(); err != nil || len(infos) != 1 || infos[0].Name != "other" {
		t.Errorf("%+v, %v", infos, err)
	}
	if _, err := s.Write(t.Context(), "b", market.Daily, small()); err != nil {
		t.Errorf("write again: %v", err)
	}
}

func TestGCRemovesLeftovers(t *testing.T) {
	s, versions := history(t, 1)
	for _, name := range []string{".tmp-1", ".tmp-2-damaged"} {
		if err := os.MkdirAll(s.path("b", name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(s.path("b", name, "bars-2010.parquet"), make([]byte, 100), 0o444); err != nil {
			t.Fatal(err)
		}
	}
	r, err := s.GC(t.Context(), "", 0)
	if err != nil || r != (GCReport{Leftovers: 2, Bytes: 200}) {
		t.Errorf("%+v, %v", r, err)
	}
	if left, err := filepath.Glob(s.path("b", ".tmp*")); err != nil || len(left) > 0 {
		t.Error(left, err)
	}
	if kept := has(t, s, versions); !kept[0] {
		t.Error("the current version is gone")
	}
	// What is left of a first write that never came to its end is no bundle.
	if err := os.MkdirAll(s.path("c", ".tmp-3"), 0o755); err != nil {
		t.Fatal(err)
	}
	if _, err := s.GC(t.Context(), "", 0); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(s.path("c")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the empty folder is still there: %v", err)
	}
}
