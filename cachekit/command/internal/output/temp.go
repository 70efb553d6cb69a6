package output

import (
	"errors"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/bmadventure/optcache/internal/flock"
)

// tempPrefix begins the names of files that are being written.
const tempPrefix = ".optcache-"

// createTemp creates a file of a random name in a folder. Unlike [os.CreateTemp] it lets the umask say who may read
// it. Who writes it holds its lock, by which [RemoveLeft] knows it from one that was left.
func createTemp(dir string, mode fs.FileMode) (*os.File, error) {
	for {
		name := filepath.Join(dir, tempPrefix+strconv.FormatUint(rand.Uint64(), 36))
		f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_EXCL, mode)
		if errors.Is(err, fs.ErrExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		// Before it was locked somebody may have taken it for one that was left. Where there are no locks nobody
		// does.
		if alone, err := flock.TryAlone(f); err == nil && !(alone && stands(f)) {
			f.Close()
			os.Remove(name)
			continue
		}
		return f, nil
	}
}

// stands reports whether an open file still has its name.
func stands(f *os.File) bool {
	opened, err := f.Stat()
	if err != nil {
		return false
	}
	named, err := os.Lstat(f.Name())
	return err == nil && os.SameFile(opened, named)
}

// RemoveLeft removes from a folder the temporary files of writers that were killed: those whose lock is free, as a
// lock ends with its process. It may be called while others write there. Where there are no locks it removes
// nothing, and what cannot be removed stays: neither is a reason not to run.
func RemoveLeft(dir string) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return
	}
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), tempPrefix) && e.Type().IsRegular() {
			removeIfLeft(filepath.Join(dir, e.Name()))
		}
	}
}

func removeIfLeft(name string) {
	f, err := os.OpenFile(name, os.O_RDWR, 0)
	if err != nil {
		return
	}
	alone, err := flock.TryAlone(f)
	if err != nil || !alone {
		f.Close()
		return
	}
	if runtime.GOOS != "windows" {
		os.Remove(name) // while its lock is held
		flock.Close(f)
		return
	}
	// Windows removes nothing that is open, and a writer there closes its file just before it renames it.
	info, err := f.Stat()
	flock.Close(f)
	if err == nil && time.Since(info.ModTime()) > time.Minute {
		os.Remove(name)
	}
}

// syncFolder makes a renaming last. Some file systems cannot, and a folder that may not be read cannot be opened.
func syncFolder(dir string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	d, err := os.Open(dir)
	if err != nil {
		return nil
	}
	defer d.Close()
	err = d.Sync()
	if errors.Is(err, errors.ErrUnsupported) || errors.Is(err, syscall.EINVAL) {
		return nil
	}
	return err
}
