package rundir

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/bmadventure/optcache/internal/flock"
)

// lockName is the file on which a run has a lock as long as it goes on; it has the number of the process.
const lockName = "run.lock"

// takeLock takes the lock of a folder of a run; nil where there are no locks.
func takeLock(dir string) (*os.File, error) {
	f, err := os.OpenFile(filepath.Join(dir, lockName), os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, err
	}
	got, err := flock.TryAlone(f)
	switch {
	case errors.Is(err, errors.ErrUnsupported):
		return nil, flock.Close(f)
	case err != nil:
		return nil, errors.Join(fmt.Errorf("lock %s: %w", f.Name(), err), flock.Close(f))
	case !got:
		holder := make([]byte, 20)
		n, _ := f.ReadAt(holder, 0)
		err := fmt.Errorf("process %s runs in it: wait until it ends, or choose another directory", strings.TrimSpace(string(holder[:n])))
		return nil, errors.Join(err, flock.Close(f))
	}
	if err = f.Truncate(0); err == nil {
		_, err = f.WriteAt([]byte(strconv.Itoa(os.Getpid())+"\n"), 0)
	}
	if err != nil {
		return nil, errors.Join(err, flock.Close(f))
	}
	return f, nil
}

// gone reports whether no process has the run of a folder any more. It reports false where that cannot be told.
func gone(dir string) bool {
	f, err := os.OpenFile(filepath.Join(dir, lockName), os.O_RDWR, 0)
	if err != nil {
		return false
	}
	defer flock.Close(f)
	free, err := flock.TryAlone(f)
	return err == nil && free
}
