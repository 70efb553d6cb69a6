package bundle

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"

	"github.com/bmadventure/optcache/internal/flock"
)

// A GCReport says what [Store.GC] and [Store.Remove] deleted, or left because
// somebody reads it.
type GCReport struct {
	Versions  int   // versions deleted
	Leftovers int   // temporary files and folders of writes that did not come to an end
	Bytes     int64 // that these took on disk
	InUse     int   // versions that would have been deleted, but are open
}

func (r *GCReport) add(other GCReport) {
	r.Versions += other.Versions
	r.Leftovers += other.Leftovers
	r.Bytes += other.Bytes
	r.InUse += other.InUse
}

// GC deletes the old versions of a bundle, or of all bundles if name is empty,
// and what broken-off writes left behind. It keeps the current version, as many
// others as keep says, those that were current last, and every version that is
// open in any process. Where a system or a file system has no file locks nobody
// knows which are open: it deletes nothing, and the error has
// [errors.ErrUnsupported] in its chain.
func (s *Store) GC(ctx context.Context, name string, keep int) (GCReport, error) {
	if keep < 0 {
		return GCReport{}, inputProblem(Problem{Value: fmt.Sprint(keep), Message: "the number of versions to keep is negative: give 0 or more"})
	}
	names := []string{name}
	if name == "" {
		var err error
		if names, err = s.names(); err != nil {
			return GCReport{}, err
		}
	} else if err := checkName(name); err != nil {
		return GCReport{}, err
	} else if _, err := os.Stat(s.path(name)); err != nil {
		return GCReport{}, fmt.Errorf("gc of bundle %q in the store %s: %w", name, s.dir, err)
	}
	var all GCReport
	for _, name := range names {
		r, err := s.gc(ctx, name, keep)
		all.add(r)
		if err != nil {
			return all, fmt.Errorf("gc of bundle %q: %w", name, err)
		}
	}
	return all, nil
}

func (s *Store) gc(ctx context.Context, name string, keep int) (GCReport, error) {
	lock, err := s.lockFolder(ctx, s.path(name))
	if errors.Is(err, fs.ErrNotExist) {
		return GCReport{}, nil // somebody else removed it
	}
	if err != nil {
		return GCReport{}, err
	}
	defer flock.Close(lock)
	defer s.removeEmpty(name)
	r, err := s.removeLeftovers(name)
	if err != nil {
		return r, err
	}
	current, err := s.Current(name)
	if errors.Is(err, ErrCorrupt) {
		return r, err // which versions are old is not known
	}
	changes, err := s.History(name)
	if err != nil && !errors.Is(err, ErrCorrupt) && !errors.Is(err, fs.ErrNotExist) {
		return r, err // which versions are old may be known another time
	}
	aged, err := s.byAge(name, changes)
	if err != nil {
		return r, err
	}
	for _, old := range aged {
		if old.v == current {
			continue
		}
		if keep > 0 {
			keep--
			continue
		}
		removed, err := s.removeVersion(name, old.v)
		r.add(removed)
		if err != nil {
			return r, err
		}
	}
	return r, nil
}

// removeLeftovers deletes temporary files. The caller has the lock of the
// bundle, so nobody is writing them.
func (s *Store) removeLeftovers(name string) (GCReport, error) {
	var r GCReport
	entries, err := os.ReadDir(s.path(name))
	if err != nil {
		return r, err
	}
	for _, e := range entries {
		if !isTemp(e.Name()) {
			continue
		}
		path := s.path(name, e.Name())
		r.Leftovers++
		r.Bytes += treeSize(path)
		if err := os.RemoveAll(path); err != nil {
			return r, err
		}
	}
	return r, nil
}

// removeVersion deletes a version unless it is open. It renames it first, so
// that nobody finds half of it.
func (s *Store) removeVersion(name string, v Version) (GCReport, error) {
	f, err := os.Open(s.versionPath(name, v, manifestFile))
	if err == nil {
		defer flock.Close(f)
		free, err := s.tryAlone(f)
		if err != nil {
			return GCReport{}, fmt.Errorf("find out whether version %s is in use: %w", v, err)
		}
		if !free {
			return GCReport{InUse: 1}, nil
		}
		if runtime.GOOS == "windows" {
			flock.Close(f) // no folder moves there while a file in it is open, ours or that of a reader
		}
	} else if !errors.Is(err, fs.ErrNotExist) {
		return GCReport{}, err
	}
	path := s.versionPath(name, v)
	away := s.path(name, tempPrefix+v.String())
	r := GCReport{Versions: 1, Bytes: treeSize(path)}
	if err := os.Rename(path, away); err != nil {
		return GCReport{}, err
	}
	return r, os.RemoveAll(away)
}

func closeAll(files []*os.File) {
	for _, f := range files {
		flock.Close(f)
	}
}

// treeSize returns the bytes of all files under path, as far as they can be seen.
func treeSize(path string) int64 {
	var bytes int64
	filepath.WalkDir(path, func(_ string, e fs.DirEntry, err error) error {
		if err == nil && e.Type().IsRegular() {
			if info, err := e.Info(); err == nil {
				bytes += info.Size()
			}
		}
		return nil
	})
	return bytes
}

// Remove deletes a bundle with all its versions. It refuses if one of them is
// open in any process, and where there are no file locks, as [Store.GC] does. The
// error of an unknown bundle has [fs.ErrNotExist] in its chain.
func (s *Store) Remove(ctx context.Context, name string) (GCReport, error) {
	if err := checkName(name); err != nil {
		return GCReport{}, err
	}
	lock, err := s.lockFolder(ctx, s.path(name))
	if err != nil {
		return GCReport{}, fmt.Errorf("remove bundle %q from the store %s: %w", name, s.dir, err)
	}
	defer flock.Close(lock)
	r, err := s.removeAll(name)
	if err != nil {
		return r, fmt.Errorf("remove bundle %q: %w", name, err)
	}
	return r, nil
}

func (s *Store) removeAll(name string) (GCReport, error) {
	versions, err := s.versions(name)
	if err != nil {
		return GCReport{}, err
	}
	// Nobody opens a version while we have its manifest alone, so that either
	// all go or none.
	var held []*os.File
	defer func() { closeAll(held) }()
	for _, v := range versions {
		f, err := os.Open(s.versionPath(name, v, manifestFile))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return GCReport{}, err
		}
		held = append(held, f)
		if free, err := s.tryAlone(f); err != nil || !free {
			return GCReport{InUse: 1}, errors.Join(err, fmt.Errorf("version %s is open: close it, or stop the program that reads it, and try again", v))
		}
	}
	r := GCReport{Versions: len(versions), Bytes: treeSize(s.path(name))}
	leftovers, err := s.removeLeftovers(name)
	r.Leftovers = leftovers.Leftovers
	if err != nil {
		return r, err
	}
	if runtime.GOOS == "windows" { // as in removeVersion
		closeAll(held)
	}
	// current goes first: without it the rest is no bundle.
	for _, file := range []string{currentFile, historyFile} {
		if err := os.RemoveAll(s.path(name, file)); err != nil {
			return r, err
		}
	}
	away := s.path(name, tempPrefix+"removed")
	if err := os.Rename(s.path(name, versionsDir), away); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return r, err
	}
	if err := os.RemoveAll(away); err != nil {
		return r, err
	}
	return r, os.Remove(s.path(name))
}
