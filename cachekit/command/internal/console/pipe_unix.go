//go:build unix

package console

import (
	"errors"
	"os"
	"os/signal"
	"syscall"
)

// OutlivePipes has a write to a closed pipe fail instead of end the process, which it does by default for descriptors
// 1 and 2: what was asked for in files is still to be written then. It is no signal.Ignore, which
// processes that are started would inherit.
func OutlivePipes() { signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE) }

func isClosedPipe(err error) bool { return errors.Is(err, syscall.EPIPE) }
