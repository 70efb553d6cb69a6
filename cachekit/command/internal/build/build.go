// Package build tells what a program was built from: its own module, that of optcache, and Go.
package build

import (
	"cmp"
	"runtime"
	"runtime/debug"
	"strings"
)

// Module is the path of the module of optcache.
const Module = "github.com/bmadventure/optcache"

// Version returns the version of optcache in this program: the commit or the version of the module, whichever
// says more.
func Version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	return versionIn(info)
}

// Lines tells in a line each the module of this program, that of optcache where it is another, and Go.
func Lines() string {
	info, ok := debug.ReadBuildInfo()
	if !ok { // such as a program of another builder
		info = &debug.BuildInfo{GoVersion: runtime.Version(), Main: debug.Module{Path: Module}}
	}
	return linesOf(info)
}

// versionIn is Version of what a program was built from.
func versionIn(info *debug.BuildInfo) string {
	if info.Main.Path != Module { // whose commit is not ours
		if m := dependency(info); m != nil {
			return versionOf(m)
		}
		return "unknown"
	}
	if commit := commitOf(info); commit != "" {
		return commit
	}
	if info.Main.Version == "" {
		return "unknown"
	}
	return info.Main.Version
}

// linesOf is Lines of what a program was built from.
func linesOf(info *debug.BuildInfo) string {
	main := cmp.Or(info.Main.Path, info.Path) + " " + versionOf(&info.Main)
	// The version of a module that was built in its repository has the commit already.
	if commit := commitOf(info); commit != "" && !strings.Contains(main, commit[:min(12, len(commit))]) {
		main += ", commit " + commit
	}
	lines := []string{main}
	if m := dependency(info); m != nil {
		lines = append(lines, m.Path+" "+versionOf(m))
	}
	return strings.Join(append(lines, info.GoVersion+" "+runtime.GOOS+"/"+runtime.GOARCH), "\n")
}

// dependency returns the module of optcache among those that the program's own one needs, nil if it is not there.
func dependency(info *debug.BuildInfo) *debug.Module {
	for _, m := range info.Deps {
		if m.Path == Module {
			return m
		}
	}
	return nil
}

// versionOf returns the version of a module, and what was built in its place.
func versionOf(m *debug.Module) string {
	version := m.Version
	if version == "" {
		version = "(devel)"
	}
	if r := m.Replace; r != nil {
		version += ", replaced by " + strings.TrimSpace(r.Path+" "+strings.TrimPrefix(r.Version, "(devel)"))
	}
	return version
}

// commitOf returns the commit of the program's own repository, empty if it was built elsewhere.
func commitOf(info *debug.BuildInfo) string {
	settings := make(map[string]string)
	for _, s := range info.Settings {
		settings[s.Key] = s.Value
	}
	commit := settings["vcs.revision"]
	if commit == "" {
		return ""
	}
	commit = commit[:min(12, len(commit))]
	if settings["vcs.modified"] == "true" {
		commit += " with changes"
	}
	return commit
}
