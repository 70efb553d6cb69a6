//go:build !unix

package console

import (
	"errors"
	"runtime"
	"syscall"
)

// OutlivePipes does nothing: no signal ends a process that writes to a closed pipe.
func OutlivePipes() {}

// isClosedPipe knows ERROR_BROKEN_PIPE and ERROR_NO_DATA of Windows.
func isClosedPipe(err error) bool {
	return runtime.GOOS == "windows" && (errors.Is(err, syscall.Errno(109)) || errors.Is(err, syscall.Errno(232)))
}
