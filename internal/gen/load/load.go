// Package load reads the user's package: its types, its directives and the place
// where the generated code goes. It uses the go command and the standard library
// alone, and does not need the package to compile, nor what it imports, since
// what is missing may be what is about to be generated.
package load

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"go/ast"
	"go/scanner"
	"go/token"
	"go/types"
	"os"
	"path/filepath"
	"strings"

	"github.com/bmadventure/optcache/internal/gen/directive"
	"github.com/bmadventure/optcache/internal/gen/model"
)

// A Request says what to read and where the code goes.
type Request struct {
	Dir    string   // folder of the package
	Output string   // path of the file, relative to Dir or absolute; "" to choose
	Types  []string // only directives of these types; all if empty
	Tags   string   // build tags, as for go build
	Env    []string // added to the environment of the go command
}

// A Loaded is what was read.
type Loaded struct {
	Package *model.Package
	Output  *model.Output
	Path    string // of the file to write, absolute

	missing  []string // of what generated code may import
	universe *universe
	target   *listed // of the output's package
	files    []*ast.File
	tests    []*ast.File
}

// needed returns the packages outside the standard library that the code for the
// package in dir may import. Those of caches and those of parameters alone know many others,
// which take time to list.
func needed(dir string) []string {
	paths := []string{
		model.Cachekit, model.RT, model.Sizing, model.Property,
		"github.com/leanovate/gopter", "github.com/leanovate/gopter/gen", "github.com/leanovate/gopter/prop",
	}
	files, err := filepath.Glob(filepath.Join(globEscape(dir), "*.go"))
	if err != nil {
		return paths
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err == nil && bytes.Contains(text, []byte(directive.Prefix+"params")) {
			return append(paths, model.Search)
		}
	}
	return paths
}

// standard are the packages of the standard library that it may import.
var standard = []string{"cmp", "context", "encoding/binary", "errors", "fmt", "hash/fnv", "iter", "reflect", "slices", "strings", "sync", "sync/atomic", "testing", "time"}

// Load reads the package. Errors in its directives go to errs; the error that it
// returns means that nothing could be read at all.
func Load(ctx context.Context, r Request, errs *model.Errors) (*Loaded, error) {
	dir, err := filepath.Abs(r.Dir)
	if err != nil {
		return nil, err
	}
	if real, err := filepath.EvalSymlinks(dir); err == nil {
		dir = real
	}
	out := outputPath(dir, r)
	ours := needed(dir)
	patterns := append(append([]string{"."}, standard...), ours...)
	other := filepath.Dir(out) != dir
	if rel, err := filepath.Rel(dir, filepath.Dir(out)); other && err == nil && hasGo(filepath.Dir(out)) {
		patterns = append(patterns, "."+string(filepath.Separator)+rel)
	}
	all, err := goList(ctx, dir, r.Tags, r.Env, patterns...)
	if err != nil {
		return nil, err
	}

	l := &Loaded{Path: out, universe: newUniverse(token.NewFileSet(), all)}
	source := inDir(all, dir)
	if source == nil || source.Name == "" {
		return nil, noPackage(dir, source)
	}
	if err := l.readSource(source, r, errs); err != nil {
		return nil, err
	}
	if err := l.readTarget(ctx, source, inDir(all, filepath.Dir(out)), r); err != nil {
		return nil, err
	}
	for _, path := range ours {
		if p := l.universe.byPath[path]; p == nil || p.Name == "" || p.Error != nil && p.Export == "" && len(p.GoFiles) == 0 {
			l.missing = append(l.missing, path)
		}
	}
	return l, nil
}

// outputPath returns the file that is asked for, or optcache_gen.go.
func outputPath(dir string, r Request) string {
	out := r.Output
	if out == "" {
		out = "optcache_gen.go"
	}
	if !filepath.IsAbs(out) {
		out = filepath.Join(dir, out)
	}
	if folder, err := filepath.EvalSymlinks(filepath.Dir(out)); err == nil {
		out = filepath.Join(folder, filepath.Base(out))
	}
	return filepath.Clean(out)
}

func hasGo(dir string) bool {
	names, _ := filepath.Glob(filepath.Join(globEscape(dir), "*.go"))
	return len(names) > 0
}

func globEscape(s string) string {
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`).Replace(s)
}

// inDir returns the package that lies in dir and was asked for.
func inDir(all []*listed, dir string) *listed {
	for _, p := range all {
		if real, err := filepath.EvalSymlinks(p.Dir); err == nil && real == dir && !p.DepOnly {
			return p
		}
	}
	return nil
}

func noPackage(dir string, p *listed) error {
	if p != nil && p.Error != nil {
		return fmt.Errorf("reading the package in %s: %s", dir, strings.TrimSpace(p.Error.Err))
	}
	return fmt.Errorf("reading the package in %s: there is no Go package: run the generator in the folder of the types", dir)
}

// readSource reads the package with the directives.
func (l *Loaded) readSource(p *listed, r Request, errs *model.Errors) error {
	files, err := l.universe.parse(p.Dir, append(append([]string(nil), p.GoFiles...), p.CgoFiles...), l.Path)
	if err != nil {
		return syntax(err)
	}
	pkg := l.universe.check(p, files, nil)
	l.universe.sources[p.ImportPath] = pkg
	l.Package = &model.Package{Path: p.ImportPath, Name: p.Name, Dir: p.Dir, Types: pkg}
	tests, err := l.universe.parse(p.Dir, append(append([]string(nil), p.TestGoFiles...), p.XTestGoFiles...), testPath(l.Path))
	if err != nil {
		return syntax(err)
	}
	reader{l, p, r, errs}.read(files, tests)
	return nil
}

// syntax returns the errors of a scanner as ours.
func syntax(err error) error {
	var list scanner.ErrorList
	if !errors.As(err, &list) {
		return err
	}
	var errs model.Errors
	for _, e := range list {
		errs.Errorf(e.Pos, "%s", e.Msg)
	}
	return errs.Err()
}

// testPath returns the path of the test file that goes with a file.
func testPath(path string) string { return strings.TrimSuffix(path, ".go") + "_test.go" }

// readTarget finds the package that the code goes into, and what it declares
// outside the files that are about to be written.
func (l *Loaded) readTarget(ctx context.Context, source, target *listed, r Request) error {
	dir := filepath.Dir(l.Path)
	if target == nil || target.Name == "" {
		path, err := importPath(ctx, dir, r.Env)
		if err != nil {
			return err
		}
		target = &listed{ImportPath: path, Name: packageName(path), Dir: dir}
	}
	if dir == l.Package.Dir {
		target = source
	}
	l.target = target
	l.Output = &model.Output{Path: target.ImportPath, Name: target.Name, Taken: make(map[string]token.Position), Source: l.Package}
	var err error
	if l.files, err = l.universe.parse(dir, append(append([]string(nil), target.GoFiles...), target.CgoFiles...), l.Path); err != nil {
		return syntax(err)
	}
	if l.tests, err = l.universe.parse(dir, target.TestGoFiles, testPath(l.Path)); err != nil {
		return syntax(err)
	}
	for _, f := range append(append([]*ast.File(nil), l.files...), l.tests...) {
		l.take(f)
		l.Output.Documented = l.Output.Documented || f.Doc != nil
	}
	return nil
}

// packageName returns the name for a new package.
func packageName(path string) string {
	name := path[strings.LastIndexByte(path, '/')+1:]
	var b strings.Builder
	for _, r := range strings.ToLower(name) {
		if r == '_' || 'a' <= r && r <= 'z' || b.Len() > 0 && '0' <= r && r <= '9' {
			b.WriteRune(r)
		}
	}
	if b.Len() == 0 {
		return "generated"
	}
	return b.String()
}

// take notes what a file declares at package level.
func (l *Loaded) take(f *ast.File) {
	add := func(id *ast.Ident) {
		if id.Name != "_" && id.Name != "init" {
			l.Output.Taken[id.Name] = l.universe.fset.Position(id.Pos())
		}
	}
	for _, d := range f.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			if d.Recv == nil {
				add(d.Name)
			}
		case *ast.GenDecl:
			for _, s := range d.Specs {
				switch s := s.(type) {
				case *ast.TypeSpec:
					add(s.Name)
				case *ast.ValueSpec:
					for _, id := range s.Names {
						add(id)
					}
				}
			}
		}
	}
}

// Relative returns path as seen from the working directory, if that is shorter.
func Relative(path string) string {
	wd, err := os.Getwd()
	if err != nil {
		return path
	}
	if real, err := filepath.EvalSymlinks(wd); err == nil {
		wd = real
	}
	rel, err := filepath.Rel(wd, path)
	if err != nil || len(rel) > len(path) {
		return path
	}
	return rel
}

var _ types.Importer = importerOf{}
