package bundle

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bmadventure/optcache/cachekit/market"
	"github.com/bmadventure/optcache/internal/flock"
)

// hold locks what was opened, as another process does, and returns how to give it up.
func hold(t *testing.T, f *os.File, err error) (release func()) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	got, err := flock.TryAlone(f)
	if errors.Is(err, errors.ErrUnsupported) {
		t.Skip(err)
	}
	if !got || err != nil {
		t.Fatal(got, err)
	}
	return func() { flock.Close(f) }
}

// Whoever waits for a lock stops when the context ends, whatever it waits for.
func TestWaitsEndWithTheContext(t *testing.T) {
	s, v := written(t, market.Daily, small())
	manifest := func(t *testing.T) func() {
		f, err := os.Open(s.versionPath("b", v, manifestFile))
		return hold(t, f, err)
	}
	folder := func(t *testing.T) func() {
		f, err := flock.OpenFolder(s.path("b"))
		return hold(t, f, err)
	}
	for name, c := range map[string]struct {
		hold func(*testing.T) func()
		do   func(context.Context) error
	}{
		"verify": {manifest, func(ctx context.Context) error { return s.Verify(ctx, "b", v) }},
		"diff": {manifest, func(ctx context.Context) error {
			_, err := s.Diff(ctx, "b", v, v)
			return err
		}},
		"write, for a reader": {manifest, func(ctx context.Context) error {
			_, err := s.Write(ctx, "b", market.Daily, small())
			return err
		}},
		"write": {folder, func(ctx context.Context) error {
			_, err := s.Write(ctx, "b", market.Daily, small())
			return err
		}},
		"gc": {folder, func(ctx context.Context) error {
			_, err := s.GC(ctx, "b", 0)
			return err
		}},
		"remove": {folder, func(ctx context.Context) error {
			_, err := s.Remove(ctx, "b")
			return err
		}},
	} {
		t.Run(name, func(t *testing.T) {
			defer c.hold(t)()
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancel(t.Context())
				start := time.Now()
				time.AfterFunc(3*time.Second, cancel)
				err := c.do(ctx)
				if took := time.Since(start); !errors.Is(err, context.Canceled) || took < 3*time.Second || took > 4*time.Second {
					t.Errorf("after %s: %v", took, err)
				}
			})
			if got, err := s.Current("b"); err != nil || got != v {
				t.Errorf("%s, %v", got, err)
			}
		})
	}
}

// Open has no context: it waits as long as somebody may have a version alone, and no longer.
func TestOpenWaitsForAWhile(t *testing.T) {
	s, v := written(t, market.Daily, small())
	path := s.versionPath("b", v, manifestFile)
	for _, held := range []time.Duration{2 * time.Second, time.Hour} {
		f, err := os.Open(path)
		release := hold(t, f, err)
		synctest.Test(t, func(t *testing.T) {
			start := time.Now()
			timer := time.AfterFunc(held, release)
			b, err := s.Open("b", v)
			if timer.Stop() {
				release()
			}
			took := time.Since(start)
			if held < lockPatience {
				if err != nil || took < held || took > held+time.Second {
					t.Errorf("held for %s: after %s: %v", held, took, err)
				} else {
					b.Close()
				}
				return
			}
			late := took - lockPatience
			if err == nil || !strings.Contains(err.Error(), path) || late < 0 || late > time.Second {
				t.Errorf("held for %s: after %s: %v", held, took, err)
			}
		})
	}
}

// A version that is moved away while somebody waits to open it is not there; nobody waits until it is deleted.
func TestOpenDoesNotWaitForWhatIsGone(t *testing.T) {
	s, v := written(t, market.Daily, small())
	f, err := os.Open(s.versionPath("b", v, manifestFile))
	defer hold(t, f, err)()
	synctest.Test(t, func(t *testing.T) {
		time.AfterFunc(time.Second, func() {
			if err := os.Rename(s.versionPath("b", v), s.path("b", tempPrefix+"away")); err != nil {
				t.Error(err)
			}
		})
		start := time.Now()
		_, err := s.Open("b", v)
		if took := time.Since(start); !errors.Is(err, fs.ErrNotExist) || took > 2*time.Second {
			t.Errorf("after %s: %v", took, err)
		}
	})
}

// Where there are no locks versions are written and read, and nothing is deleted.
func TestWithoutLocksNothingIsDeleted(t *testing.T) {
	s := emptyStore(t)
	s.tryAlone = func(*os.File) (bool, error) { return false, fmt.Errorf("none here: %w", errors.ErrUnsupported) }
	v := becomes(t, s, 1, 2)
	if err := os.Mkdir(s.path("b", tempPrefix+"of-another-writer"), 0o755); err != nil {
		t.Fatal(err)
	}
	_, gc := s.GC(t.Context(), "b", 0)
	_, all := s.GC(t.Context(), "", 0)
	_, remove := s.Remove(t.Context(), "b")
	for _, err := range []error{gc, all, remove} {
		told := errors.Is(err, errors.ErrUnsupported) && strings.Contains(err.Error(), "delete the folders of versions")
		if !told {
			t.Errorf("%v", err)
		}
	}
	become(t, s, 1)
	for _, version := range v {
		if _, err := opened(t, s, version).Read(t.Context(), Query{}); err != nil {
			t.Error(err)
		}
	}
	entries, err := os.ReadDir(s.path("b"))
	if err != nil || len(entries) != 4 {
		t.Errorf("%v, %v", entries, err)
	}
}
