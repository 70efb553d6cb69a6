package build

import (
	"runtime"
	"runtime/debug"
	"strings"
	"testing"
)

const commit = "0123456789abcdef0123456789abcdef01234567"

func vcs(modified string) []debug.BuildSetting {
	return []debug.BuildSetting{{Key: "vcs", Value: "git"}, {Key: "vcs.revision", Value: commit}, {Key: "vcs.modified", Value: modified}}
}

func TestVersions(t *testing.T) {
	user := debug.Module{Path: "example.com/dip", Version: "v1.2.0"}
	for name, c := range map[string]struct {
		info    debug.BuildInfo
		version string
		lines   string
	}{
		"a release of optcache": {
			debug.BuildInfo{Main: debug.Module{Path: Module, Version: "v0.3.0"}},
			"v0.3.0", Module + " v0.3.0",
		},
		"its repository": {
			debug.BuildInfo{Main: debug.Module{Path: Module, Version: "(devel)"}, Settings: vcs("true")},
			"0123456789ab with changes", Module + " (devel), commit 0123456789ab with changes",
		},
		"its repository, the commit in the version": {
			debug.BuildInfo{Main: debug.Module{Path: Module, Version: "v0.3.1-0.20260102030405-0123456789ab"}, Settings: vcs("false")},
			"0123456789ab", Module + " v0.3.1-0.20260102030405-0123456789ab",
		},
		"nothing told": {debug.BuildInfo{Main: debug.Module{Path: Module}}, "unknown", Module + " (devel)"},
		"a user's program": {
			debug.BuildInfo{Main: user, Deps: []*debug.Module{{Path: "example.com/a", Version: "v1.0.0"}, {Path: Module, Version: "v0.3.0"}}},
			"v0.3.0", "example.com/dip v1.2.0\n" + Module + " v0.3.0",
		},
		"a user's repository, replaced by a folder": {
			debug.BuildInfo{Main: debug.Module{Path: "example.com/dip"}, Settings: vcs("false"), Deps: []*debug.Module{
				{Path: Module, Version: "v0.0.0", Replace: &debug.Module{Path: "../optcache", Version: "(devel)"}},
			}},
			"v0.0.0, replaced by ../optcache", "example.com/dip (devel), commit 0123456789ab\n" + Module + " v0.0.0, replaced by ../optcache",
		},
		"replaced by a fork": {
			debug.BuildInfo{Main: user, Deps: []*debug.Module{
				{Path: Module, Version: "v0.3.0", Replace: &debug.Module{Path: "example.com/fork", Version: "v0.3.1"}},
			}},
			"v0.3.0, replaced by example.com/fork v0.3.1", "example.com/dip v1.2.0\n" + Module + " v0.3.0, replaced by example.com/fork v0.3.1",
		},
		"a copy without modules": {debug.BuildInfo{Main: user}, "unknown", "example.com/dip v1.2.0"},
	} {
		t.Run(name, func(t *testing.T) {
			c.info.GoVersion = "go1.26.0"
			if got := versionIn(&c.info); got != c.version {
				t.Errorf("version %q, want %q", got, c.version)
			}
			if got, want := linesOf(&c.info), c.lines+"\ngo1.26.0 "+runtime.GOOS+"/"+runtime.GOARCH; got != want {
				t.Errorf("lines\n%s\nwant\n%s", got, want)
			}
		})
	}
}

// The test's program is built from the module itself.
func TestThisProgram(t *testing.T) {
	if lines := Lines(); !strings.HasPrefix(lines, Module+" ") || !strings.Contains(lines, "\n"+runtime.Version()) || Version() == "" {
		t.Errorf("version %q, lines\n%s", Version(), lines)
	}
}
