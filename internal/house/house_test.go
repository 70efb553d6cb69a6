package house

import (
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/bmadventure/optcache"

// floors lists the packages from the top of the house to its ground. A package
// may import those of the floors below, and what lies under its own name. A name stands for
// the packages under it too, unless they are listed themselves. On the floors of the cache itself
// and below, packages may import their neighbours.
var floors = [][]string{
	{"cachekit/cmd"},
	{"cachekit/command"},
	{"cachekit/optimize/walk", "cachekit/optimize/robust"},
	{"cachekit/optimize"},
	{"cachekit/optimize/internal"},
	{"cachekit/optimize/record"},
	{"cachekit/search"},
	{"cachekit/ingest", "cachekit/backtest"},
	{"cachekit/bundle"},
	{"generated"},
	{"cachekit/internal"},
	{"cachekit/market", "cachekit", "cachekit/rt"},
	{"policy", "sizing"},
	{"internal"},
}

// forTests are the packages that the tests of several packages share: only tests import them.
var forTests = []string{"cachekit/internal/testbed", "cachekit/command/internal/commandtest"}

func isForTests(path string) bool {
	return slices.ContainsFunc(forTests, func(name string) bool { return under(path, name) })
}

type listed struct {
	ImportPath   string
	Imports      []string
	TestImports  []string
	XTestImports []string
}

func packages(t *testing.T) []listed {
	t.Helper()
	cmd := exec.Command("go", "list", "-json=ImportPath,Imports,TestImports,XTestImports", module+"/...")
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var all []listed
	for d := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p listed
		switch err := d.Decode(&p); {
		case errors.Is(err, io.EOF):
			return all
		case err != nil:
			t.Fatal(err)
		}
		all = append(all, p)
	}
}

// floor returns the number of the floor that a package is on, by its longest
// listed prefix; -1 for packages beside the house, such as gen.
func floor(path string) int {
	at, _ := place(path)
	return at
}

// room returns the name under which a package is listed.
func room(path string) string {
	_, name := place(path)
	return name
}

func place(path string) (at int, best string) {
	at = -1
	for i, names := range floors {
		for _, name := range names {
			if under(path, name) && len(name) > len(best) {
				best, at = name, i
			}
		}
	}
	return at, best
}

// own returns the imports that are packages of this module.
func own(imports []string) []string {
	return slices.DeleteFunc(slices.Clone(imports), func(s string) bool { return !strings.HasPrefix(s, module+"/") })
}

func under(path, folder string) bool {
	return path == module+"/"+folder || strings.HasPrefix(path, module+"/"+folder+"/")
}

func TestArrowsPointOneWay(t *testing.T) {
	seen := 0
	for _, p := range packages(t) {
		from := floor(p.ImportPath)
		for _, imported := range own(p.Imports) {
			seen++
			to := floor(imported)
			switch {
			case under(p.ImportPath, "gen"):
				if !under(imported, "internal/gen") {
					t.Errorf("%s imports %s: the generator imports no run-time package", p.ImportPath, imported)
				}
			case under(p.ImportPath, "property_test"):
				if under(imported, "cachekit/cmd") || under(imported, "cachekit/command") || under(imported, "gen") {
					t.Errorf("%s imports %s", p.ImportPath, imported)
				}
			case isForTests(p.ImportPath): // a test's part
			case isForTests(imported):
				t.Errorf("%s imports %s outside its tests", p.ImportPath, imported)
			case from < 0:
				t.Errorf("%s is on no floor of the house: see the list in this test", p.ImportPath)
			case to < from:
				t.Errorf("%s imports %s, which is above it", p.ImportPath, imported)
			case to == from && from < len(floors)-3 && room(imported) != room(p.ImportPath):
				t.Errorf("%s imports %s, which is beside it", p.ImportPath, imported)
			}
		}
	}
	if seen == 0 {
		t.Error("no import was looked at")
	}
}

func TestProofToolsStayInTests(t *testing.T) {
	for _, p := range packages(t) {
		if under(p.ImportPath, "property_test") || isForTests(p.ImportPath) {
			continue
		}
		for _, imported := range p.Imports {
			for _, tool := range []string{"github.com/leanovate/gopter", "github.com/google/go-cmp"} {
				if strings.HasPrefix(imported, tool) {
					t.Errorf("%s imports %s outside its tests", p.ImportPath, imported)
				}
			}
		}
	}
}

// What a generated parameter space imports is light: no Parquet, nothing of ours but small internal packages.
func TestSearchIsLight(t *testing.T) {
	out, err := exec.Command("go", "list", "-deps", "-f", "{{if not .Standard}}{{.ImportPath}}{{end}}", module+"/cachekit/search").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	for path := range strings.FieldsSeq(string(out)) {
		if path != module+"/cachekit/search" && !under(path, "internal") {
			t.Errorf("cachekit/search compiles %s", path)
		}
	}
}

func TestTopLevel(t *testing.T) {
	known := []string{
		"cachekit", "policy", "sizing", "gen", "generated", "property_test", "internal",
		"go.mod", "go.sum", "README.md", "LICENSE", "CHANGELOG.md",
	}
	out, err := exec.Command("git", "-C", filepath.Join("..", ".."), "ls-files").Output()
	if err != nil {
		t.Skipf("not a git checkout: %v", err)
	}
	for file := range strings.Lines(string(out)) {
		top, _, _ := strings.Cut(strings.TrimSpace(file), "/")
		if !strings.HasPrefix(top, ".") && !slices.Contains(known, top) {
			t.Errorf("%s: the top level has no place for %s", strings.TrimSpace(file), top)
		}
	}
}

// The first two commands of the README are what a newcomer runs; the gate runs
// them as they stand there.
func TestReadmeBeginsWithTheTwoCommands(t *testing.T) {
	read := func(name string) string {
		text, err := os.ReadFile(filepath.Join("..", "..", name))
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	_, code, ok := strings.Cut(read("README.md"), "\n```\n")
	code, _, closed := strings.Cut(code, "\n```\n")
	commands := strings.Split(code, "\n")
	if !ok || !closed || len(commands) != 2 {
		t.Fatalf("the README begins with %q", code)
	}
	gate := read(filepath.Join(".ci", "run"))
	for _, c := range commands {
		if !strings.Contains(gate, c+"\n") {
			t.Errorf("the gate does not run %q", c)
		}
	}
}
