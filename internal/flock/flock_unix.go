//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

// Package flock locks open files among processes, on systems that have flock.
package flock

import (
	"errors"
	"os"
	"syscall"
)

// Shared takes a lock on an open file that any number may hold, in any process,
// and waits while someone has it alone. Closing the file releases it. On a file
// system that has no locks it does nothing: there TryAlone fails.
func Shared(f *os.File) error {
	err := flock(f, syscall.LOCK_SH)
	if errors.Is(err, syscall.ENOLCK) || errors.Is(err, syscall.ENOSYS) || errors.Is(err, syscall.EOPNOTSUPP) {
		return nil
	}
	return err
}

// TryAlone takes a lock that nobody else may hold. It does not wait, but reports
// whether it got the lock. Closing the file, or the end of the process, releases it.
func TryAlone(f *os.File) (bool, error) {
	err := flock(f, syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return false, nil
	}
	return err == nil, err
}

func flock(f *os.File, how int) error {
	for {
		err := syscall.Flock(int(f.Fd()), how)
		if !errors.Is(err, syscall.EINTR) {
			return err
		}
	}
}
