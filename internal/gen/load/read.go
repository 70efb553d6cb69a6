package load

import (
	"go/ast"
	"go/token"
	"go/types"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/bmadventure/optcache/internal/gen/directive"
	"github.com/bmadventure/optcache/internal/gen/model"
)

// A reader finds the directives of a package.
type reader struct {
	*Loaded
	p    *listed
	r    Request
	errs *model.Errors
}

func (r reader) position(pos token.Pos) token.Position {
	p := r.universe.fset.Position(pos)
	p.Filename = Relative(p.Filename)
	return p
}

// read fills the package with the types that have directives.
func (r reader) read(files, tests []*ast.File) {
	var named []string
	for _, f := range files {
		docs := make(map[*ast.CommentGroup]*ast.TypeSpec)
		for _, d := range f.Decls {
			if g, ok := d.(*ast.GenDecl); ok && g.Tok == token.TYPE {
				typeDocs(g, docs)
			}
		}
		for _, group := range f.Comments {
			before := r.errs.Len()
			if t := r.typeOf(f, group, docs[group]); t != nil {
				named = append(named, t.Name)
				if r.asked(t.Name) && r.errs.Len() == before {
					r.Package.All = append(r.Package.All, t)
				}
			}
		}
	}
	for _, f := range tests {
		r.refuse(f, "a type of a _test.go file cannot have generated code: move it into another file")
	}
	slices.SortFunc(r.Package.All, func(a, b *model.Type) int { return strings.Compare(a.Name, b.Name) })
	for _, name := range r.r.Types {
		if !slices.Contains(named, name) {
			r.errs.Errorf(token.Position{}, "no type %s with a directive in %s%s", name, r.Package.Path, directive.Suggest(name, named))
		}
	}
	if len(named) == 0 && r.errs.Len() == 0 {
		r.errs.Errorf(token.Position{}, "%s has no type with a directive such as %slist: nothing to generate", r.Package.Path, directive.Prefix)
	}
}

// asked reports whether the directives of that type are to be followed.
func (r reader) asked(name string) bool {
	return len(r.r.Types) == 0 || slices.Contains(r.r.Types, name)
}

// typeDocs finds the doc comments of the types in a declaration.
func typeDocs(g *ast.GenDecl, docs map[*ast.CommentGroup]*ast.TypeSpec) {
	for _, s := range g.Specs {
		s := s.(*ast.TypeSpec)
		if s.Doc != nil {
			docs[s.Doc] = s
		}
		if g.Doc != nil && !g.Lparen.IsValid() {
			docs[g.Doc] = s
		}
	}
}

// refuse makes all directives of a file errors.
func (r reader) refuse(f *ast.File, why string) {
	for _, group := range f.Comments {
		for _, c := range group.List {
			if d, _ := directive.Parse(c.Text); d != nil {
				r.errs.Errorf(r.position(c.Pos()), "%s", why)
			}
		}
	}
}

// typeOf returns the type whose doc comment group is, if there are directives
// in it.
func (r reader) typeOf(f *ast.File, group *ast.CommentGroup, spec *ast.TypeSpec) *model.Type {
	var found []*model.Directive
	for _, c := range group.List {
		d, faults := directive.Parse(c.Text)
		at := r.position(c.Pos())
		for _, fault := range faults {
			r.errs.Errorf(offset(at, fault.Column), "%s", fault.Text)
		}
		if d == nil {
			continue
		}
		if spec == nil {
			r.errs.Errorf(at, "optcache:%s stands above no type: put it at the end of the comment above a struct type", d.Name)
			continue
		}
		for _, other := range found {
			if other.Name == d.Name {
				r.errs.Errorf(at, "optcache:%s is given twice for %s", d.Name, spec.Name.Name)
			}
		}
		m := &model.Directive{Name: d.Name, Pos: at}
		for _, a := range d.Args {
			m.Args = append(m.Args, model.Arg{Key: a.Key, Value: a.Value, Pos: offset(at, a.Column)})
		}
		found = append(found, m)
	}
	if len(found) == 0 || !r.asked(spec.Name.Name) {
		if len(found) > 0 {
			return &model.Type{Name: spec.Name.Name}
		}
		return nil
	}
	t := r.structType(spec)
	if t == nil {
		return nil
	}
	t.Directives = found
	for _, d := range found {
		r.resolve(f, d)
	}
	r.checkTags(t)
	return t
}

// offset returns the position some bytes after p on the same line.
func offset(p token.Position, bytes int) token.Position {
	p.Column += bytes
	p.Offset += bytes
	return p
}

// structType returns the struct type that spec declares; anything else is an error.
func (r reader) structType(spec *ast.TypeSpec) *model.Type {
	at := r.position(spec.Name.Pos())
	o, _ := r.Package.Types.Scope().Lookup(spec.Name.Name).(*types.TypeName)
	switch {
	case o == nil:
		r.errs.Errorf(at, "type %s could not be read", spec.Name.Name)
		return nil
	case spec.Assign.IsValid():
		r.errs.Errorf(at, "%s is an alias: put the directive above the type itself", spec.Name.Name)
		return nil
	case spec.TypeParams != nil:
		r.errs.Errorf(at, "%s has type parameters, for which no code can be specialised: declare a type without, such as type X struct{ ... }", spec.Name.Name)
		return nil
	}
	return r.model(o, at)
}

// model returns the struct that o names.
func (r reader) model(o *types.TypeName, at token.Position) *model.Type {
	named, ok := types.Unalias(o.Type()).(*types.Named)
	if !ok {
		r.errs.Errorf(at, "%s is no struct type", o.Name())
		return nil
	}
	s, ok := named.Underlying().(*types.Struct)
	if !ok {
		if named.Underlying() == types.Typ[types.Invalid] {
			r.errs.Errorf(at, "type %s could not be read: what it is made of is not declared", o.Name())
			return nil
		}
		r.errs.Errorf(at, "%s is %s, no struct: directives are for struct types", o.Name(), named.Underlying())
		return nil
	}
	t := &model.Type{Name: o.Name(), Named: named, Struct: s, Pos: at}
	for i := range s.NumFields() {
		v := s.Field(i)
		f := &model.Field{
			Name: v.Name(), Type: v.Type(), Exported: v.Exported(), Embedded: v.Embedded(),
			Tag: reflect.StructTag(s.Tag(i)).Get("optcache"), Pos: r.position(v.Pos()),
		}
		if invalid(v.Type(), nil) {
			r.errs.Errorf(f.Pos, "the type of field %s could not be read: it, or something that it is made of, is not declared", f.Name)
		}
		t.Fields = append(t.Fields, f)
	}
	return t
}

// invalid reports whether something that t is made of is not declared.
func invalid(t types.Type, seen []types.Type) bool {
	if slices.Contains(seen, t) {
		return false
	}
	seen = append(seen, t)
	switch t := t.(type) {
	case *types.Basic:
		return t.Kind() == types.Invalid
	case *types.Alias:
		return invalid(types.Unalias(t), seen)
	case *types.Named:
		for a := range t.TypeArgs().Types() {
			if invalid(a, seen) {
				return true
			}
		}
		return invalid(t.Underlying(), seen)
	case *types.Pointer:
		return invalid(t.Elem(), seen)
	case *types.Slice:
		return invalid(t.Elem(), seen)
	case *types.Array:
		return invalid(t.Elem(), seen)
	case *types.Map:
		return invalid(t.Key(), seen) || invalid(t.Elem(), seen)
	case *types.Chan:
		return invalid(t.Elem(), seen)
	case *types.Struct:
		for v := range t.Fields() {
			if invalid(v.Type(), seen) {
				return true
			}
		}
	}
	return false
}

// resolve finds the types that a directive refers to.
func (r reader) resolve(f *ast.File, d *model.Directive) {
	if a, ok := d.Arg("key"); ok && d.Name == "grouped" {
		d.Key = r.find(f, a)
	}
	if a, ok := d.Arg("of"); ok {
		d.Elem = r.find(f, a)
	}
}

// find returns the struct type that an argument names: T, or pkg.T of an import
// of the file.
func (r reader) find(f *ast.File, a model.Arg) *model.Type {
	scope, name := r.Package.Types.Scope(), a.Value
	if pkg, sel, ok := strings.Cut(a.Value, "."); ok {
		imported := r.imported(f, pkg)
		if imported == nil {
			r.errs.Errorf(a.Pos, "%s=%s: this file imports no package %s", a.Key, a.Value, pkg)
			return nil
		}
		scope, name = imported.Scope(), sel
	}
	o, ok := scope.Lookup(name).(*types.TypeName)
	if !ok {
		r.errs.Errorf(a.Pos, "%s=%s: no such type%s", a.Key, a.Value, directive.Suggest(name, typeNames(scope)))
		return nil
	}
	if n, ok := o.Type().(*types.Named); ok && n.TypeParams().Len() > 0 {
		r.errs.Errorf(a.Pos, "%s=%s: the type has type parameters: declare a type without", a.Key, a.Value)
		return nil
	}
	at := a.Pos
	if o.Pkg().Path() == r.Package.Path {
		at = r.position(o.Pos())
	}
	if _, ok := o.Type().Underlying().(*types.Struct); !ok {
		at = a.Pos
	}
	t := r.model(o, at)
	if t != nil && a.Key == "key" {
		r.checkWords(t, keyWords)
	}
	return t
}

func typeNames(s *types.Scope) []string {
	var names []string
	for _, name := range s.Names() {
		if _, ok := s.Lookup(name).(*types.TypeName); ok {
			names = append(names, name)
		}
	}
	return names
}

// imported returns the package that a file imports under that name.
func (r reader) imported(f *ast.File, name string) *types.Package {
	for _, s := range f.Imports {
		path, err := strconv.Unquote(s.Path.Value)
		if err != nil || s.Name != nil && s.Name.Name != name {
			continue
		}
		pkg, err := r.universe.importer(r.p).Import(path)
		if err == nil && (s.Name != nil || pkg.Name() == name) {
			return pkg
		}
	}
	return nil
}

var (
	keyWords = []string{"digest", "version"}
	rowWords = []string{"whole"}
)

// checkTags refuses tags that the directives of t do not know.
func (r reader) checkTags(t *model.Type) {
	var words []string
	for _, d := range t.Directives {
		switch d.Name {
		case "params":
			return // its tags are no words
		case "list":
			words = append(words, keyWords...)
		case "grouped":
			words = append(words, rowWords...)
		}
	}
	r.checkWords(t, words)
}

// checkWords refuses tags of other words than these.
func (r reader) checkWords(t *model.Type, words []string) {
	for _, f := range t.Fields {
		if f.Tag == "" {
			continue
		}
		for w := range strings.SplitSeq(f.Tag, ",") {
			if w = strings.TrimSpace(w); !slices.Contains(words, w) {
				r.errs.Errorf(f.Pos, "field %s: unknown word %q in the tag%s: must be %s", f.Name, w, directive.Suggest(w, words), strings.Join(words, " or "))
			}
		}
	}
}
