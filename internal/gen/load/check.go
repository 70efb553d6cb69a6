package load

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/types"
	"slices"
	"strconv"
	"strings"
)

// Check finds out whether generated code compiles with the package that it goes
// into, without writing it. Errors that lie elsewhere are the user's own affair. A file
// that imports a package which is not to be had (see Lacks) is not checked.
func (l *Loaded) Check(code, test []byte) error {
	file, err := l.parseCode(l.Path, code)
	if err != nil {
		return err
	}
	files := append(slices.Clone(l.files), file)
	if err := l.checkFiles(files, file); err != nil || test == nil {
		return err
	}
	testFile, err := l.parseCode(testPath(l.Path), test)
	if err != nil {
		return err
	}
	return l.checkFiles(append(append(files, l.tests...), testFile), testFile)
}

// Lacks returns the packages that the files import and that are not to be had.
func (l *Loaded) Lacks(files ...[]byte) []string {
	var lacks []string
	for _, path := range l.missing {
		if slices.ContainsFunc(files, func(file []byte) bool { return strings.Contains(string(file), strconv.Quote(path)+"\n") }) {
			lacks = append(lacks, path)
		}
	}
	return lacks
}

func (l *Loaded) parseCode(path string, code []byte) (*ast.File, error) {
	f, err := parser.ParseFile(l.universe.fset, path, code, parser.SkipObjectResolution)
	if err != nil {
		return nil, fmt.Errorf("checking the generated code: %w: this is a defect of the generator", err)
	}
	return f, nil
}

// checkFiles reports the type errors that lie in one of the files.
func (l *Loaded) checkFiles(files []*ast.File, of *ast.File) error {
	for _, s := range of.Imports {
		if slices.Contains(l.missing, strings.Trim(s.Path.Value, `"`)) {
			return nil
		}
	}
	name := l.universe.fset.Position(of.Pos()).Filename
	var errs []error
	c := types.Config{
		Importer: l.universe.importer(l.target),
		Error: func(err error) {
			var e types.Error
			if errors.As(err, &e) && e.Fset.Position(e.Pos).Filename == name && len(errs) < 10 {
				p := e.Fset.Position(e.Pos)
				errs = append(errs, fmt.Errorf("%s:%d:%d: %s", Relative(p.Filename), p.Line, p.Column, e.Msg))
			}
		},
	}
	_, _ = c.Check(l.target.ImportPath, l.universe.fset, files, nil) // told to Error
	if len(errs) > 0 {
		return fmt.Errorf("the generated code does not compile with the package, so nothing was written:\n%w", errors.Join(errs...))
	}
	return nil
}
