// Package gen is the generator: it reads the types and directives of a package
// and says which files belong beside them. Writing them is a separate step.
//
//	result, err := gen.Generate(ctx, gen.Options{Dir: "."})
//	...
//	err = result.Write()
//
// Package load reads, package model holds what was read and the file that is
// being written, packages list, grouped, cache, params and proof emit.
package gen

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/bmadventure/optcache/internal/gen/cache"
	"github.com/bmadventure/optcache/internal/gen/grouped"
	"github.com/bmadventure/optcache/internal/gen/list"
	"github.com/bmadventure/optcache/internal/gen/load"
	"github.com/bmadventure/optcache/internal/gen/model"
	"github.com/bmadventure/optcache/internal/gen/params"
	"github.com/bmadventure/optcache/internal/gen/proof"
)

// Options say what to generate.
type Options struct {
	Dir    string   // folder of the package, "" for the working directory
	Output string   // file to write, relative to Dir; "" for optcache_gen.go
	Types  []string // only these types; all that have directives if empty
	Tags   string   // build tags
	NoTest bool     // no _test.go file
	Env    []string // added to the environment of the go command
}

// A Result is the files that belong beside the types, not written yet.
type Result struct {
	Files []File

	// Missing are packages that the files import and that are not to be had: go.mod
	// or go.sum lacks them, or the folder vendor does.
	Missing []string
}

// A File is one of them.
type File struct {
	Path    string // absolute
	Content []byte
}

// Generate reads a package and returns the files for it. It writes nothing. The
// error has all that the user has to change, one a line, by position.
func Generate(ctx context.Context, o Options) (*Result, error) {
	var errs model.Errors
	if o.Output != "" && (!strings.HasSuffix(o.Output, ".go") || strings.HasSuffix(o.Output, "_test.go")) {
		return nil, fmt.Errorf("writing to %s: the name must end in .go and not in _test.go, for the test goes beside it", o.Output)
	}
	l, err := load.Load(ctx, load.Request{Dir: o.Dir, Output: o.Output, Types: o.Types, Tags: o.Tags, Env: o.Env}, &errs)
	if err != nil {
		return nil, err
	}
	e := emission{containers: make(map[*model.Directive]*model.Container)}
	if errs.Len() > 0 {
		e.code(model.NewFile(l.Output, &errs, model.Names{})) // for what is wrong with the other types
		return nil, errs.Err()
	}
	code, err := render(l.Output, &errs, e.code)
	if err != nil {
		return nil, err
	}
	r := &Result{Files: []File{{l.Path, code}}}
	if o.NoTest {
		r.Missing = l.Lacks(code)
		return r, l.Check(code, nil)
	}
	test, err := render(l.Output, &errs, e.tests)
	if err != nil {
		return nil, err
	}
	r.Missing = l.Lacks(code, test)
	r.Files = append(r.Files, File{strings.TrimSuffix(l.Path, ".go") + "_test.go", test})
	return r, l.Check(code, test)
}

// An emission is what the directives of one package ask for.
type emission struct {
	containers map[*model.Directive]*model.Container // that were emitted, for the tests
}

// code emits the code.
func (e emission) code(f *model.File) {
	if !f.Out.Same() && !f.Out.Documented {
		f.PackageComment(fmt.Sprintf("Package %s has what optcache generates from the types of package %s.", f.Out.Name, f.Out.Source.Name))
	}
	f.Comment("The library that this code was made for; one that no longer fits does not compile.")
	f.Const().Id("_").Op("=").Qual(model.RT, "GeneratedV1")
	guard(f, f.Out.Source.All)
	for _, t := range f.Out.Source.All {
		for _, d := range t.Directives {
			e.emit(f, t, d)
		}
	}
}

// emit emits what one directive asks for.
func (e emission) emit(f *model.File, t *model.Type, d *model.Directive) {
	switch d.Name {
	case "list":
		ok := cache.Check(f, t, d)
		e.containers[d] = list.Emit(f, t, d)
		if ok {
			cache.Emit(f, d, t, e.containers[d])
		}
	case "grouped":
		ok := cache.Check(f, d.Key, d)
		e.containers[d] = grouped.Emit(f, t, d)
		if e.containers[d] == nil {
			return
		}
		key := e.key(f, d)
		if _, named := d.Arg("key"); !named {
			if ok = cache.Check(f, key, d); ok {
				cache.EmitDefaultKey(f, key)
			}
		}
		if ok {
			cache.Emit(f, d, key, e.containers[d])
		}
	case "params":
		params.Emit(f, t, d)
	}
}

// key returns the key type of a cache of grouped rows.
func (e emission) key(f *model.File, d *model.Directive) *model.Type {
	if a, ok := d.Arg("key"); !ok {
		return cache.DefaultKey(f, e.containers[d], a.Pos)
	}
	return d.Key
}

// tests emits the tests of what was emitted.
func (e emission) tests(f *model.File) {
	for _, t := range f.Out.Source.All {
		for _, d := range t.Directives {
			e.test(f, t, d)
		}
	}
}

func (e emission) test(f *model.File, t *model.Type, d *model.Directive) {
	switch d.Name {
	case "list":
		list.EmitTest(f, d, e.containers[d])
		proof.Cache(f, d, t, e.containers[d])
	case "grouped":
		grouped.EmitTest(f, t, d)
		grouped.EmitGrouping(f, t, d)
		proof.Cache(f, d, e.key(f, d), e.containers[d])
	case "params":
		params.EmitTest(f, t, d)
	}
}

// Write writes the files that differ from what is on disk: each to a temporary
// file, which then takes the place of the old one.
func (r *Result) Write() error {
	for _, f := range r.Files {
		if err := f.write(); err != nil {
			return fmt.Errorf("writing %s: %w", f.Path, err)
		}
	}
	return nil
}

func (f *File) write() error {
	if old, err := os.ReadFile(f.Path); err == nil && string(old) == string(f.Content) {
		return nil
	}
	dir := filepath.Dir(f.Path)
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return err
	}
	tmp, err := os.CreateTemp(dir, ".optcache-*")
	if err != nil {
		return err
	}
	defer os.Remove(tmp.Name()) // gone already if all went well
	if _, err := tmp.Write(f.Content); err != nil {
		tmp.Close()
		return err
	}
	if err := tmp.Chmod(mode(f.Path)); err != nil {
		tmp.Close()
		return err
	}
	if err := tmp.Close(); err != nil {
		return err
	}
	return os.Rename(tmp.Name(), f.Path)
}

// mode returns the permissions for a file: those that it has, or the usual.
func mode(path string) os.FileMode {
	if info, err := os.Stat(path); err == nil {
		return info.Mode().Perm()
	}
	return 0o644
}
