package bench

import (
	"os"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/bmadventure/optcache/cachekit/command/internal/build"
	"github.com/bmadventure/optcache/cachekit/command/internal/proc"
)

// thisMachine returns what can be known of the machine; Linux tells most.
func thisMachine() machine {
	return machine{
		Time:       time.Now().UTC().Truncate(time.Second),
		Version:    build.Version(),
		Go:         runtime.Version(),
		OS:         runtime.GOOS,
		Arch:       runtime.GOARCH,
		CPU:        proc.ValueIn("/proc/cpuinfo", "model name"),
		CPUs:       runtime.NumCPU(),
		GOMAXPROCS: runtime.GOMAXPROCS(0),
		Memory:     proc.KilobytesIn("/proc/meminfo", "MemTotal"),
		Load:       loadBefore("/proc/loadavg"),
	}
}

// loadBefore returns the first number of a file, nil if there is none.
func loadBefore(file string) *float64 {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil
	}
	first, _, _ := strings.Cut(string(text), " ")
	load, err := strconv.ParseFloat(first, 64)
	if err != nil {
		return nil
	}
	return &load
}
