// Package proc reads what the system tells of this process and of the machine.
package proc

import (
	"bufio"
	"os"
	"strconv"
	"strings"
)

// ValueIn returns what stands behind the first "name :" of a file, "" if there is
// none.
func ValueIn(file, name string) string {
	f, err := os.Open(file)
	if err != nil {
		return ""
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if key, value, ok := strings.Cut(lines.Text(), ":"); ok && strings.TrimSpace(key) == name {
			return strings.Join(strings.Fields(value), " ")
		}
	}
	return ""
}

// KilobytesIn returns the bytes of a value such as "16384 kB", 0 if there is none.
func KilobytesIn(file, name string) int64 {
	n, err := strconv.ParseInt(strings.TrimSuffix(ValueIn(file, name), " kB"), 10, 64)
	if err != nil {
		return 0
	}
	return n << 10
}
