package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"path/filepath"
)

// A pkg is the package to be mutated.
type pkg struct {
	path, folder string
	files        []*file
	fset         *token.FileSet
	config       types.Config
	info         *types.Info
}

type file struct {
	name   string // in the folder
	source []byte
	syntax *ast.File
}

// load reads the package of a pattern of the go command, without its tests, and checks its types.
func load(ctx context.Context, pattern string) (*pkg, error) {
	p := &pkg{fset: token.NewFileSet(), info: &types.Info{
		Types: make(map[ast.Expr]types.TypeAndValue), Defs: make(map[*ast.Ident]types.Object),
		Uses: make(map[*ast.Ident]types.Object),
	}}
	names, err := p.find(ctx, pattern)
	if err != nil {
		return nil, fmt.Errorf("loading package %s: %w", pattern, err)
	}
	for _, name := range names {
		source, err := os.ReadFile(filepath.Join(p.folder, name))
		if err != nil {
			return nil, fmt.Errorf("loading package %s: %w", pattern, err)
		}
		syntax, err := parser.ParseFile(p.fset, name, source, parser.SkipObjectResolution)
		if err != nil {
			return nil, fmt.Errorf("loading package %s: %w", pattern, err)
		}
		p.files = append(p.files, &file{name, source, syntax})
	}
	if _, err := p.config.Check(p.path, p.fset, p.syntax(), p.info); err != nil {
		return nil, fmt.Errorf("checking the types of package %s: %w", pattern, err)
	}
	return p, nil
}

// find asks the go command for the package and for what the compiler knows of all it imports.
func (p *pkg) find(ctx context.Context, pattern string) (names []string, err error) {
	cmd := exec.CommandContext(ctx, "go", "list", "-export", "-deps", "-json=ImportPath,Dir,GoFiles,Export,DepOnly", "--", pattern)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	exports, found := make(map[string]string), 0
	for d := json.NewDecoder(out); ; {
		var listed struct {
			ImportPath, Dir, Export string
			GoFiles                 []string
			DepOnly                 bool
		}
		if err = d.Decode(&listed); err != nil {
			break
		}
		exports[listed.ImportPath] = listed.Export
		if !listed.DepOnly {
			p.path, p.folder, names = listed.ImportPath, listed.Dir, listed.GoFiles
			found++
		}
	}
	if failed := cmd.Wait(); failed != nil {
		return nil, fmt.Errorf("go list: %w", failed)
	}
	if !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("reading what go list says: %w", err)
	}
	if found != 1 {
		return nil, fmt.Errorf("the pattern means %d packages; name one", found)
	}
	p.config.Importer = importer.ForCompiler(p.fset, "gc", func(path string) (io.ReadCloser, error) {
		return os.Open(exports[path])
	})
	return names, nil
}

func (p *pkg) syntax() []*ast.File {
	var all []*ast.File
	for _, f := range p.files {
		all = append(all, f.syntax)
	}
	return all
}

// compiles reports whether the package with a mutant's edit has no error of syntax or types.
func (p *pkg) compiles(m Mutant) bool {
	all := p.syntax()
	for i, f := range p.files {
		if f.name != m.File {
			continue
		}
		syntax, err := parser.ParseFile(p.fset, f.name, m.edit.apply(f.source), parser.SkipObjectResolution)
		if err != nil {
			return false
		}
		all[i] = syntax
	}
	_, err := p.config.Check(p.path, p.fset, all, nil)
	return err == nil
}

// file returns the file of a mutant.
func (p *pkg) file(m Mutant) *file {
	for _, f := range p.files {
		if f.name == m.File {
			return f
		}
	}
	return nil
}

// typeOf returns the type of an expression, nil if it has none.
func (p *pkg) typeOf(e ast.Expr) types.Type { return p.info.TypeOf(e) }
