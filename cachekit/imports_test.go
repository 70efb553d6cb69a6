package cachekit_test

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// TestFewDependencies: what a user's program compiles for a cache is the standard
// library and golang.org/x/exp/constraints at most.
func TestFewDependencies(t *testing.T) {
	const module = "github.com/bmadventure/optcache"
	args := []string{"list", "-deps", "-f", "{{if not .Standard}}{{.ImportPath}}{{end}}"}
	for _, p := range []string{"cachekit", "cachekit/rt", "policy", "sizing"} {
		args = append(args, module+"/"+p)
	}
	out, err := exec.Command("go", args...).Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	own := []string{"cachekit", "cachekit/rt", "policy", "sizing"}
	for path := range strings.FieldsSeq(string(out)) {
		rest, ours := strings.CutPrefix(path, module+"/")
		switch {
		case ours && (slices.Contains(own, rest) || strings.HasPrefix(rest, "internal/")):
		case path == "golang.org/x/exp/constraints":
		default:
			t.Errorf("a cache compiles %s", path)
		}
	}
}
