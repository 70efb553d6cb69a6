package bench

import (
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"github.com/bmadventure/optcache/cachekit/command/internal/proc"
)

// thisMachine returns what can be known of the machine; Linux tells most.
func thisMachine() machine {
	return machine{
		Time:       time.Now().UTC().Truncate(time.Second),
		Version:    ownVersion(),
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

// ownVersion returns the version of this program: that of the module, or the
// commit that it was built from.
func ownVersion() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	settings := make(map[string]string)
	for _, s := range info.Settings {
		settings[s.Key] = s.Value
	}
	revision := settings["vcs.revision"]
	switch {
	case revision == "" && info.Main.Version == "":
		return "unknown"
	case revision == "":
		return info.Main.Version
	case settings["vcs.modified"] == "true":
		return revision[:min(12, len(revision))] + " with changes"
	}
	return revision[:min(12, len(revision))]
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
