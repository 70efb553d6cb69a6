package proc

import (
	"bufio"
	"os"
	"strconv"
	"strings"
)

// PeakMemory returns the most physical memory that this process has held, in
// bytes; 0 where the system does not tell. Linux tells it for the process itself
// in /proc; what it tells a parent of its children includes the parent, for a
// child starts as a copy of it.
func PeakMemory() int64 {
	f, err := os.Open("/proc/self/status")
	if err != nil {
		return peakMemoryRusage()
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		rest, ok := strings.CutPrefix(lines.Text(), "VmHWM:")
		if !ok {
			continue
		}
		kb, err := strconv.ParseInt(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(rest), "kB")), 10, 64)
		if err == nil {
			return kb << 10
		}
	}
	return peakMemoryRusage()
}
