package gen

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const assetAndKey = `
type Asset struct{ Symbol string }

// A Key names a list.
//
//optcache:list of=Asset cache=AssetsCache
type Key struct{ Name string }
`

const paramsType = `
//optcache:params
type Params struct {
	N int ` + "`optcache:\"1:5\"`" + `
}
`

const rowType = `
//optcache:grouped by=Name
type Row struct {
	Name  string
	Price float64
}
`

// generate runs the generator on a folder, and fails the test if it fails.
func generate(t *testing.T, o Options) *Result {
	t.Helper()
	result, err := Generate(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	return result
}

// The order of files, and of types in them, does not matter.
func TestOrderOfFiles(t *testing.T) {
	root := newModule(t)
	var want []byte
	for i, files := range [][]string{
		{assetAndKey, paramsType, rowType},
		{rowType, assetAndKey, paramsType},
		{paramsType + rowType + assetAndKey},
	} {
		dir := filepath.Join(root, string(rune('a'+i)), "same")
		for j, text := range files {
			write(t, filepath.Join(dir, string(rune('a'+j))+".go"), "package same\n"+text)
		}
		result := generate(t, Options{Dir: dir, Env: environment})
		got := bytes.ReplaceAll(append(result.Files[0].Content, result.Files[1].Content...), []byte("/"+string(rune('a'+i))+"/same"), nil)
		if want == nil {
			want = got
		}
		if !bytes.Equal(got, want) {
			t.Errorf("order %d gives other code", i)
		}
	}
}

// Files that are right already are not touched, those that are not are replaced
// in one piece, and nothing is left over.
func TestWrite(t *testing.T) {
	dir := filepath.Join(newModule(t), "p")
	write(t, filepath.Join(dir, "a.go"), "package p\n"+assetAndKey)
	result := generate(t, Options{Dir: dir, Env: environment})
	if err := result.Write(); err != nil {
		t.Fatal(err)
	}
	old := time.Unix(1_000_000_000, 0)
	for _, f := range result.Files {
		if err := os.Chtimes(f.Path, old, old); err != nil {
			t.Fatal(err)
		}
	}
	write(t, result.Files[1].Path, "package p\n")
	result = generate(t, Options{Dir: dir, Env: environment})
	diff, err := result.Diff()
	if err != nil || !strings.Contains(diff, "+func TestKeyHashAndEqual(") || strings.Contains(diff, "AssetsCache keeps") {
		t.Errorf("diff %v:\n%s", err, diff)
	}
	if err := result.Write(); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(result.Files[0].Path)
	if err != nil || !info.ModTime().Equal(old) {
		t.Errorf("a file that was right was touched at %v", info.ModTime())
	}
	entries, _ := os.ReadDir(dir)
	if len(entries) != 3 {
		t.Errorf("files: %v", entries)
	}
}

// Nothing is written when anything failed.
func TestFailureWritesNothing(t *testing.T) {
	dir := filepath.Join(newModule(t), "p")
	write(t, filepath.Join(dir, "a.go"), "package p\n"+assetAndKey+"\n//optcache:params\ntype Bad struct{}\n")
	if _, err := Generate(context.Background(), Options{Dir: dir, Env: environment}); err == nil {
		t.Fatal("no error")
	}
	if entries, _ := os.ReadDir(dir); len(entries) != 1 {
		t.Errorf("files: %v", entries)
	}
}

// A type of a workspace's other module can be a key.
func TestWorkspace(t *testing.T) {
	root := newModule(t)
	main, other := filepath.Join(root, "main"), filepath.Join(root, "other")
	writeModule(t, main, "example.com/main")
	write(t, filepath.Join(other, "go.mod"), "module example.com/other\n\ngo 1.26.0\n")
	write(t, filepath.Join(other, "other.go"), "package other\n\ntype Window struct{ First, Last int64 }\n")
	write(t, filepath.Join(root, "go.work"), "go 1.26.0\n\nuse ./main\nuse ./other\n")
	write(t, filepath.Join(main, "a.go"), `package main

import "example.com/other"

//optcache:grouped by=Symbol cache=RowsCache key=other.Window
type Row struct {
	Symbol string
	Price  float64
}

func main() { _ = other.Window{} }
`)
	env := []string{"GOFLAGS=", "GOPROXY=off", "GOWORK=" + filepath.Join(root, "go.work")}
	result := generate(t, Options{Dir: main, Env: env})
	if code := string(result.Files[0].Content); !strings.Contains(code, "cachekit.Cache[other.Window, *Rows]") {
		t.Errorf("the code is\n%s", code)
	}
}

// A module that vendors, and whose vendor folder has not yet what the code will import, gets
// its code and is told what is missing.
func TestVendoring(t *testing.T) {
	root := newModule(t)
	write(t, filepath.Join(root, "go.mod"), "module example.com/vendoring\n\ngo 1.26.0\n")
	write(t, filepath.Join(root, "vendor", "modules.txt"), "")
	write(t, filepath.Join(root, "a.go"), "package vendoring\n"+assetAndKey)
	result := generate(t, Options{Dir: root, Env: []string{"GOFLAGS=-mod=vendor", "GOPROXY=off", "GOWORK=off"}})
	if len(result.Missing) == 0 || len(result.Files) != 2 {
		t.Errorf("missing %v, %d files", result.Missing, len(result.Files))
	}
}

func TestOutputNames(t *testing.T) {
	for _, name := range []string{"x_test.go", "folder", "x.txt"} {
		if _, err := Generate(context.Background(), Options{Dir: ".", Output: name}); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestNoPackage(t *testing.T) {
	dir := newModule(t)
	for _, test := range []struct{ text, want string }{
		{"", "no Go"},
		{"package p\n\ntype T struct{}\n", "nothing to generate"},
		{"package p\n\nfunc {\n", "a.go:3:6: expected 'IDENT'"},
	} {
		if test.text != "" {
			write(t, filepath.Join(dir, "a.go"), test.text)
		}
		_, err := Generate(context.Background(), Options{Dir: dir, Env: environment})
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%q: error %v, want %q", test.text, err, test.want)
		}
	}
	write(t, filepath.Join(dir, "a.go"), "package p\n"+assetAndKey)
	_, err := Generate(context.Background(), Options{Dir: dir, Types: []string{"Kay"}, Env: environment})
	if err == nil || !strings.Contains(err.Error(), `did you mean "Key"?`) {
		t.Errorf("error %v", err)
	}
}
