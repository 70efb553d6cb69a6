//go:build unix

package proc

import (
	"runtime"
	"syscall"
)

// peakMemoryRusage returns the peak that getrusage tells, in bytes.
func peakMemoryRusage() int64 {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	if runtime.GOOS == "darwin" || runtime.GOOS == "ios" {
		return int64(u.Maxrss)
	}
	return int64(u.Maxrss) << 10
}
