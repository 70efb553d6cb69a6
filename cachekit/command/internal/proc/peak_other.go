//go:build !unix

package proc

// peakMemoryRusage returns 0: this system does not tell.
func peakMemoryRusage() int64 { return 0 }
