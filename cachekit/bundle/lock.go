package bundle

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"github.com/bmadventure/optcache/internal/flock"
)

const (
	// lockPause is between two attempts to take a lock: a wait in the kernel would not end with a context.
	lockPause = 5 * time.Millisecond

	// lockPatience bounds the wait of whoever opens a version that somebody has alone. Whoever deletes
	// versions has one alone until it is renamed, which takes moments.
	lockPatience = 10 * time.Second
)

// await tries until it gets the lock, fails, or the context ends.
func await(ctx context.Context, try func() (bool, error)) error {
	for {
		if got, err := try(); got || err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(lockPause):
		}
	}
}

// openLocked opens a file and takes a shared lock on it. A file that was removed
// in between does not exist.
func openLocked(ctx context.Context, path string) (*os.File, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	ctx, stop := context.WithTimeoutCause(ctx, lockPatience,
		fmt.Errorf("another process has had it for itself for %s: end that process, or try again", lockPatience))
	defer stop()
	err = await(ctx, func() (bool, error) {
		got, err := flock.TryShared(f)
		if err != nil {
			return false, err
		}
		// Whoever has it alone may have moved it away meanwhile: then there is nothing to wait for.
		return got, stillAt(f, path)
	})
	if err != nil {
		flock.Close(f)
		return nil, fmt.Errorf("lock %s: %w", path, err)
	}
	return f, nil
}

// lockFolder takes the lock of a folder, and waits for it. Where there are no locks the error has
// [errors.ErrUnsupported] in its chain: whoever only adds to the folder may go on, but must not delete.
func (s *Store) lockFolder(ctx context.Context, path string) (*os.File, error) {
	f, err := flock.OpenFolder(path)
	if err != nil {
		return nil, err
	}
	err = await(ctx, func() (bool, error) { return s.tryAlone(f) })
	switch {
	case errors.Is(err, errors.ErrUnsupported):
		err = fmt.Errorf("lock %s: nobody can know what other programs read: end all that use the store, "+
			"and delete the folders of versions yourself: %w", path, err)
	case err != nil && ctx.Err() != nil:
		err = fmt.Errorf("wait for another process that writes to %s: %w", path, err)
	case err != nil:
		err = fmt.Errorf("lock %s: %w", path, err)
	default:
		if _, err = os.Stat(path); err == nil {
			err = stillAt(f, f.Name())
		}
	}
	if err != nil {
		flock.Close(f)
		return nil, err
	}
	return f, nil
}

// stillAt fails with [fs.ErrNotExist] unless the open file is the one at path now.
func stillAt(f *os.File, path string) error {
	mine, err := f.Stat()
	if err != nil {
		return err
	}
	there, err := os.Stat(path)
	if err == nil && !os.SameFile(mine, there) {
		return fs.ErrNotExist
	}
	return err
}
