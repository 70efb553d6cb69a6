package main

import (
	"bufio"
	"os"
	"strconv"
	"strings"
)

// valueIn returns what stands behind the first "name :" of a file, "" if there is
// none.
func valueIn(file, name string) string {
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

// kilobytesIn returns the bytes of a value such as "16384 kB", 0 if there is none.
func kilobytesIn(file, name string) int64 {
	n, err := strconv.ParseInt(strings.TrimSuffix(valueIn(file, name), " kB"), 10, 64)
	if err != nil {
		return 0
	}
	return n << 10
}
