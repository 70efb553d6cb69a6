package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// call runs the command with those arguments in the working directory.
func call(t *testing.T, args ...string) (status int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	status = run(t.Context(), args, &out, &errs)
	return status, out.String(), errs.String()
}

func TestFlags(t *testing.T) {
	for _, test := range []struct {
		args   []string
		status int
		stderr string
	}{
		{[]string{"-h"}, 0, "//optcache:grouped"},
		{[]string{"-help"}, 0, "-check"},
		{[]string{"-nothing"}, 2, "flag provided but not defined: -nothing"},
		{[]string{"."}, 2, `unexpected argument "."`},
		{[]string{"-o", "x.txt"}, 1, "must end in .go"},
		{[]string{"-check", "-o", "x.txt"}, 2, "must end in .go"},
		{nil, 1, "nothing to generate"}, // in this folder
	} {
		status, stdout, stderr := call(t, test.args...)
		if status != test.status || !strings.Contains(stderr, test.stderr) || stdout != "" {
			t.Errorf("%q: status %d, stdout %q, stderr %q; want %d, %q", test.args, status, stdout, stderr, test.status, test.stderr)
		}
	}
}

// TestCheck follows the states of a package: not generated, fresh, stale, broken.
func TestCheck(t *testing.T) {
	dir := filepath.Join("..", "generated", "internal", "sample")
	for _, name := range []string{"optcache_gen.go", "optcache_gen_test.go"} {
		if _, err := os.Stat(filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	t.Chdir(dir)
	if status, stdout, stderr := call(t, "-check"); status != 0 || stdout+stderr != "" {
		t.Errorf("fresh: status %d\n%s%s", status, stdout, stderr)
	}
	out := filepath.Join(t.TempDir(), "other_gen.go")
	if status, stdout, stderr := call(t, "-check", "-type", "Window", "-test=false", "-o", out); status != 2 || !strings.Contains(stderr, "go.mod") {
		t.Errorf("outside any module: status %d\n%s%s", status, stdout, stderr)
	}
	status, stdout, stderr := call(t, "-check", "-type", "Window")
	if status != 1 || !strings.Contains(stdout, "--- optcache_gen.go\n+++ optcache_gen.go\n@@ ") || !strings.Contains(stdout, "\n-type OrdersCache struct {\n") || stderr != "" {
		t.Errorf("stale: status %d\n%s%s", status, stdout, stderr)
	}
	if status, stdout, stderr := call(t, "-check", "-type", "Windo"); status != 2 || stdout != "" || !strings.Contains(stderr, `did you mean "Window"?`) {
		t.Errorf("mistaken: status %d\n%s%s", status, stdout, stderr)
	}
	if status, stdout, _ := call(t, "-check", "-o", "other_gen.go", "-type", "Nothing"); status != 2 || stdout != "" {
		t.Errorf("no such type: status %d\n%s", status, stdout)
	}
}
