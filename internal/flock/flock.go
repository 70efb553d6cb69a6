// Package flock locks open files among processes: by flock, and by LockFileEx on Windows. What is for
// Windows alone was compiled and vetted, but never ran there. Other systems (js, wasip1, aix, solaris) and
// some file systems have no such locks: TryAlone fails there, with [errors.ErrUnsupported] in the chain.
//
// Nothing here waits. A lock ends when its file is closed, by [Close], or with the process.
package flock

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
)

// TryShared takes a lock that any number may hold, in any process, and reports whether it got it: not
// while somebody has it alone. Where there are no locks it reports true, as nobody can have one alone.
func TryShared(f *os.File) (bool, error) {
	got, err := try(f, false)
	if errors.Is(err, errors.ErrUnsupported) {
		return true, nil
	}
	return got, err
}

// TryAlone takes a lock that nobody else may hold, and reports whether it got it.
func TryAlone(f *os.File) (bool, error) {
	got, err := try(f, true)
	if errors.Is(err, errors.ErrUnsupported) {
		return false, fmt.Errorf("%s, or the file system, has no file locks: %w", runtime.GOOS, err)
	}
	return got, err
}

// Close gives the locks of a file up and closes it.
func Close(f *os.File) error {
	release(f)
	return f.Close()
}

// OpenFolder opens what is locked for a folder: the folder itself, and on Windows, which locks no folders,
// a file beside it. That file stays when the folder is removed.
func OpenFolder(path string) (*os.File, error) {
	if runtime.GOOS != "windows" {
		return os.Open(path)
	}
	if _, err := os.Stat(path); err != nil {
		return nil, err
	}
	return os.OpenFile(filepath.Join(filepath.Dir(path), ".lock-"+filepath.Base(path)), os.O_RDWR|os.O_CREATE, 0o644)
}
