//go:build unix || windows

package command

import (
	"os"
	"os/signal"
	"syscall"
)

// endings are the signals that end a run in order. One that says that the terminal is gone is none under nohup,
// which has it ignored.
func endings() []os.Signal {
	all := []os.Signal{os.Interrupt, syscall.SIGTERM}
	if !signal.Ignored(syscall.SIGHUP) {
		all = append(all, syscall.SIGHUP)
	}
	return all
}
