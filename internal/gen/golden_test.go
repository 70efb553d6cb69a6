package gen

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/bmadventure/optcache/internal/gen/load"
)

var record = flag.Bool("record", false, "write what the cases of testdata give into their want folders, after vet and test of the code")

// TestGolden runs the generator on each folder of testdata: a package, with what it
// must give in want: the files, or errs.txt, and output.txt where the package is a
// program that can be run. A first line //gen: in a file of the package gives the options.
//
// All cases are packages of one module, which lies in a folder with a space in its
// path. To add a case, make its folder and run the test with -record.
func TestGolden(t *testing.T) {
	cases, err := filepath.Glob(filepath.Join("testdata", "*", "want"))
	if *record {
		cases, err = filepath.Glob(filepath.Join("testdata", "*"))
	}
	if err != nil || len(cases) < 20 {
		t.Fatalf("only %d cases, %v", len(cases), err)
	}
	root := newModule(t)
	for _, c := range cases {
		name := strings.Split(filepath.ToSlash(c), "/")[1]
		dir := filepath.Join(root, strings.ToLower(name))
		copyCase(t, filepath.Join("testdata", name), dir)
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			golden(t, filepath.Join("testdata", name, "want"), dir)
		})
	}
}

// newModule returns the folder of a new module that uses this one.
func newModule(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "a module")
	if real, err := filepath.EvalSymlinks(filepath.Dir(dir)); err == nil {
		dir = filepath.Join(real, "a module")
	}
	writeModule(t, dir, "example.com/cases")
	return dir
}

// writeModule writes the go.mod and go.sum of a module that uses this one.
func writeModule(t *testing.T, dir, path string) {
	t.Helper()
	own, err := os.ReadFile(filepath.Join("..", "..", "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	root, err := filepath.Abs(filepath.Join("..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	var mod strings.Builder
	tools := false // the line is in the block of tools
	for line := range strings.Lines(string(own)) {
		switch {
		case tools || strings.HasPrefix(line, "tool ("):
			tools = strings.TrimSpace(line) != ")"
		case strings.HasPrefix(line, "module "):
			mod.WriteString("module " + path + "\n\nrequire github.com/bmadventure/optcache v0.0.0\n\nreplace github.com/bmadventure/optcache => \"" + root + "\"\n")
		case strings.HasPrefix(line, "tool "):
		default:
			mod.WriteString(line)
		}
	}
	sum, err := os.ReadFile(filepath.Join("..", "..", "go.sum"))
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "go.mod"), mod.String())
	write(t, filepath.Join(dir, "go.sum"), string(sum))
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
}

// copyCase copies a case but for what it must give. Files that no Go tool should
// meet in the meantime end in .stale.
func copyCase(t *testing.T, from, to string) {
	t.Helper()
	err := filepath.WalkDir(from, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, _ := filepath.Rel(from, path)
		if d.IsDir() {
			if rel == "want" {
				return filepath.SkipDir
			}
			return nil
		}
		text, err := os.ReadFile(path)
		if filepath.Base(from) == "CRLF" {
			text = bytes.ReplaceAll(text, []byte("\n"), []byte("\r\n"))
		}
		write(t, filepath.Join(to, strings.TrimSuffix(rel, ".stale")), string(text))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// environment lets the go command resolve what the module of this test has.
var environment = []string{"GOFLAGS=-mod=mod", "GOPROXY=off", "GOWORK=off"}

// options returns what the first line //gen: of a package's files asks for.
func options(t *testing.T, dir string) Options {
	t.Helper()
	o := Options{Dir: dir, Env: environment}
	files, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		first, _, _ := strings.Cut(string(text), "\n")
		args, ok := strings.CutPrefix(strings.TrimSpace(first), "//gen:")
		if !ok {
			continue
		}
		for arg := range strings.FieldsSeq(args) {
			switch key, value, _ := strings.Cut(arg, "="); key {
			case "o":
				o.Output = value
			case "type":
				o.Types = strings.Split(value, ",")
			case "tags":
				o.Tags = value
			case "notest":
				o.NoTest = true
			default:
				t.Fatalf("%s: unknown option %q", file, key)
			}
		}
	}
	return o
}

// golden holds one case against what it must give.
func golden(t *testing.T, want, dir string) {
	got := make(map[string]string)
	o := options(t, dir)
	result, err := Generate(context.Background(), o)
	switch {
	case err != nil:
		got["errs.txt"] = scrub(err.Error(), dir) + "\n"
	case len(result.Missing) > 0:
		t.Fatalf("missing packages: %v", result.Missing)
	default:
		for _, f := range result.Files {
			got[filepath.Base(f.Path)] = string(f.Content)
		}
		if err := result.Write(); err != nil {
			t.Fatal(err)
		}
		if _, program := os.Stat(filepath.Join(dir, "main.go")); *record || program == nil {
			twice(t, o)
		}
		if *record {
			generateBelow(t, dir)
			command(t, dir, "go", "vet", "-tags="+o.Tags, "./...")
			command(t, dir, "go", "test", "-tags="+o.Tags, "./...")
		}
		if _, err := os.Stat(filepath.Join(dir, "main.go")); err == nil {
			got["output.txt"] = command(t, dir, "go", "run", ".")
		}
	}
	if *record {
		if err := os.RemoveAll(want); err != nil {
			t.Fatal(err)
		}
		for name, text := range got {
			write(t, filepath.Join(want, name), text)
		}
		return
	}
	for name, text := range got {
		old, err := os.ReadFile(filepath.Join(want, name))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(old), text); diff != "" {
			t.Errorf("%s (-want +got), record with -record if it is right:\n%s", name, diff)
		}
	}
	wanted, _ := os.ReadDir(want)
	for _, w := range wanted {
		if _, ok := got[w.Name()]; !ok {
			t.Errorf("no %s", w.Name())
		}
	}
}

// twice holds that the generator, run again over what it wrote, gives the same.
func twice(t *testing.T, o Options) {
	t.Helper()
	again, err := Generate(context.Background(), o)
	if err != nil {
		t.Fatalf("the second time: %v", err)
	}
	if diff, err := again.Diff(); diff != "" || err != nil {
		t.Errorf("the second time gives something else: %v\n%s", err, diff)
	}
}

// generateBelow generates code for the packages in folders below dir that want some.
func generateBelow(t *testing.T, dir string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*", "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(text), "\n//optcache:") {
			continue
		}
		result, err := Generate(context.Background(), Options{Dir: filepath.Dir(file), Env: environment})
		if err != nil {
			t.Fatal(err)
		}
		if err := result.Write(); err != nil {
			t.Fatal(err)
		}
	}
}

// scrub takes the folder of this run out of a text.
func scrub(text, dir string) string {
	text = strings.ReplaceAll(text, dir+string(filepath.Separator), "")
	text = strings.ReplaceAll(text, load.Relative(dir)+string(filepath.Separator), "")
	return strings.ReplaceAll(text, filepath.Dir(dir), "MODULE")
}

// command runs a command and returns what it printed.
func command(t *testing.T, dir, name string, args ...string) string {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), environment...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return string(out)
}
