package load

import (
	"fmt"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"path/filepath"
)

// A universe imports packages from their export data or, where they do not
// compile, from source.
type universe struct {
	fset    *token.FileSet
	byPath  map[string]*listed
	gc      types.ImporterFrom
	sources map[string]*types.Package // packages that were read from source; nil while being read
}

func newUniverse(fset *token.FileSet, all []*listed) *universe {
	u := &universe{fset: fset, byPath: make(map[string]*listed), sources: make(map[string]*types.Package)}
	for _, p := range all {
		u.byPath[p.ImportPath] = p
	}
	u.gc = importer.ForCompiler(fset, "gc", u.open).(types.ImporterFrom)
	return u
}

// open returns the export data of a package.
func (u *universe) open(path string) (io.ReadCloser, error) {
	p := u.byPath[path]
	if p == nil || p.Export == "" {
		return nil, fmt.Errorf("no export data of %s", path)
	}
	return os.Open(p.Export)
}

// importer returns the importer for the code of one package.
func (u *universe) importer(of *listed) types.Importer { return importerOf{u, of} }

type importerOf struct {
	u  *universe
	of *listed
}

func (i importerOf) Import(path string) (*types.Package, error) {
	if path == "unsafe" {
		return types.Unsafe, nil
	}
	if i.of != nil && i.of.ImportMap[path] != "" {
		path = i.of.ImportMap[path]
	}
	return i.u.load(path)
}

func (u *universe) load(path string) (*types.Package, error) {
	p := u.byPath[path]
	if p == nil || p.Name == "" {
		return nil, fmt.Errorf("package %s is not to be found", path)
	}
	if p.Export != "" {
		return u.gc.Import(path)
	}
	if pkg, ok := u.sources[path]; ok {
		if pkg == nil {
			return nil, fmt.Errorf("package %s imports itself", path)
		}
		return pkg, nil
	}
	u.sources[path] = nil
	files, err := u.parse(p.Dir, append(append([]string(nil), p.GoFiles...), p.CgoFiles...), "")
	if err != nil && len(files) == 0 {
		return nil, err
	}
	pkg := u.check(p, files, nil)
	u.sources[path] = pkg
	return pkg, nil
}

// parse parses the files of a folder, with comments, but for the one of the given
// name. It returns what could be parsed, and the first error.
func (u *universe) parse(dir string, names []string, but string) (files []*ast.File, first error) {
	for _, name := range names {
		path := filepath.Join(dir, name)
		if path == but {
			continue
		}
		f, err := parser.ParseFile(u.fset, path, nil, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil && first == nil {
			first = err
		}
		if f != nil {
			files = append(files, f)
		}
	}
	return files, first
}

// check finds the types of a package without the bodies of its functions. Errors
// go to report, which may be nil: a package that lacks its generated code has them.
func (u *universe) check(p *listed, files []*ast.File, report func(error)) *types.Package {
	if report == nil {
		report = func(error) {}
	}
	c := types.Config{Importer: u.importer(p), IgnoreFuncBodies: true, Error: report, FakeImportC: true}
	pkg, _ := c.Check(p.ImportPath, u.fset, files, nil) // told to report
	return pkg
}
