package flock

import (
	"errors"
	"os"

	"golang.org/x/sys/windows"
)

// place is where the one byte that is locked stands. Others cannot read what is locked on Windows, so that
// it is far behind the content of any file.
func place() *windows.Overlapped { return &windows.Overlapped{OffsetHigh: 1 << 30} }

func try(f *os.File, alone bool) (bool, error) {
	flags := uint32(windows.LOCKFILE_FAIL_IMMEDIATELY)
	if alone {
		flags |= windows.LOCKFILE_EXCLUSIVE_LOCK
	}
	err := windows.LockFileEx(windows.Handle(f.Fd()), flags, 0, 1, 0, place())
	if errors.Is(err, windows.ERROR_LOCK_VIOLATION) || errors.Is(err, windows.ERROR_IO_PENDING) {
		return false, nil
	}
	if errors.Is(err, windows.ERROR_INVALID_FUNCTION) { // the answer of file systems that have none
		err = errors.Join(err, errors.ErrUnsupported)
	}
	return err == nil, err
}

// release unlocks before the file is closed: closing alone does so only at some later time.
func release(f *os.File) {
	windows.UnlockFileEx(windows.Handle(f.Fd()), 0, 1, 0, place()) // fails if it was not locked
}
