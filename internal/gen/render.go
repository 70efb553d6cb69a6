package gen

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/format"
	"go/parser"
	"go/token"
	"go/types"
	"slices"
	"strconv"
	"strings"

	"github.com/bmadventure/optcache/internal/gen/model"
)

// render returns the file that emit writes. It renders twice if names clash: the
// first time tells which names the code uses, the second time locals and imports
// get others.
func render(out *model.Output, errs *model.Errors, emit func(*model.File)) ([]byte, error) {
	var names model.Names
	for {
		f := model.NewFile(out, errs, names)
		emit(f)
		if err := errs.Err(); err != nil {
			return nil, err
		}
		source, err := f.Source()
		if err != nil {
			return nil, err
		}
		hidden, aliases, err := clashes(f, source)
		if err != nil {
			return nil, err
		}
		if err := errs.Err(); err != nil {
			return nil, err
		}
		if names.Aliases != nil || len(hidden)+len(aliases) == 0 {
			return finish(source)
		}
		names = model.Names{Hidden: hidden, Aliases: aliases}
	}
}

// clashes returns the names that locals must not have, and names for those
// imports whose own would be hidden by a local or is taken in the package.
func clashes(f *model.File, source []byte) (hidden map[string]bool, aliases map[string]string, err error) {
	file, err := parser.ParseFile(token.NewFileSet(), "", source, parser.SkipObjectResolution)
	if err != nil {
		return nil, nil, fmt.Errorf("reading the rendered code: %w: this is a defect of the generator", err)
	}
	declared := declaredNames(file)
	for name := range f.Out.Taken {
		declared[name] = true
	}
	for _, name := range types.Universe.Names() {
		declared[name] = true
	}
	for _, id := range predeclared(f, file) {
		f.Errorf(f.Out.Taken[id], "the package declares %s, which generated code needs in its usual meaning: rename it, or generate into another package with -o", id)
	}
	imported := importNames(f, file)
	aliases = make(map[string]string)
	for _, path := range sorted(imported) {
		name := imported[path]
		if !declared[name] {
			continue
		}
		alias := name + "pkg"
		for i := 2; declared[alias]; i++ {
			alias = name + "pkg" + strconv.Itoa(i)
		}
		declared[alias] = true
		aliases[path] = alias
	}
	return f.Clashes(), aliases, nil
}

// predeclared returns the predeclared names that a file uses although the package
// gives them another meaning.
func predeclared(f *model.File, file *ast.File) (names []string) {
	for _, name := range types.Universe.Names() {
		if _, taken := f.Out.Taken[name]; !taken {
			continue
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if s, ok := n.(*ast.SelectorExpr); ok {
				ast.Inspect(s.X, func(n ast.Node) bool {
					if id, ok := n.(*ast.Ident); ok && id.Name == name {
						names = append(names, name)
					}
					return true
				})
				return false
			}
			if id, ok := n.(*ast.Ident); ok && id.Name == name {
				names = append(names, name)
			}
			return true
		})
	}
	return slices.Compact(names)
}

// importNames returns the names under which a file imports packages, by path.
func importNames(f *model.File, file *ast.File) map[string]string {
	names := make(map[string]string)
	for _, s := range file.Imports {
		path, _ := strconv.Unquote(s.Path.Value)
		switch {
		case s.Name != nil:
			names[path] = s.Name.Name
		default:
			names[path] = f.PackageName(path)
		}
	}
	return names
}

func sorted(m map[string]string) []string {
	var keys []string
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// declaredNames returns all names that a file declares, at whatever level, but for
// fields and methods.
func declaredNames(file *ast.File) map[string]bool {
	names := make(map[string]bool)
	add := func(ids ...*ast.Ident) {
		for _, id := range ids {
			names[id.Name] = true
		}
	}
	exprs := func(list ...ast.Expr) {
		for _, e := range list {
			if id, ok := e.(*ast.Ident); ok {
				add(id)
			}
		}
	}
	params := func(list *ast.FieldList) {
		if list != nil {
			for _, field := range list.List {
				add(field.Names...)
			}
		}
	}
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncDecl:
			if n.Recv == nil {
				add(n.Name)
			}
			params(n.Recv)
		case *ast.FuncType:
			params(n.Params)
			params(n.Results)
			params(n.TypeParams)
		case *ast.TypeSpec:
			add(n.Name)
		case *ast.ValueSpec:
			add(n.Names...)
		case *ast.AssignStmt:
			if n.Tok == token.DEFINE {
				exprs(n.Lhs...)
			}
		case *ast.RangeStmt:
			if n.Tok == token.DEFINE {
				exprs(n.Key, n.Value)
			}
		}
		return true
	})
	return names
}

// finish parts the imports of the standard library from the others, as people do,
// and formats the code.
func finish(source []byte) ([]byte, error) {
	const begin, end = "\nimport (\n", "\n)\n"
	i := bytes.Index(source, []byte(begin))
	if i < 0 {
		return source, nil
	}
	i += len(begin)
	n := bytes.Index(source[i:], []byte(end))
	var std, others []string
	for line := range strings.Lines(string(source[i:i+n]) + "\n") {
		_, path, _ := strings.Cut(line, `"`)
		if first, _, _ := strings.Cut(path, "/"); strings.Contains(first, ".") {
			others = append(others, line)
		} else {
			std = append(std, line)
		}
	}
	if len(std) > 0 && len(others) > 0 {
		std = append(std, "\n")
	}
	block := strings.Join(std, "") + strings.Join(others, "")
	return format.Source([]byte(string(source[:i]) + block + string(source[i+n+1:])))
}
