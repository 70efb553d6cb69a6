//go:build !unix && !windows

package command

import (
	"os"
	"syscall"
)

// endings are the signals that end a run in order.
func endings() []os.Signal { return []os.Signal{os.Interrupt, syscall.SIGTERM} }
