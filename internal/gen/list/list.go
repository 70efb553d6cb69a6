package list

import (
	"go/types"
	"strings"
	"unicode"

	"github.com/dave/jennifer/jen"

	"github.com/bmadventure/optcache/internal/gen/model"
	"github.com/bmadventure/optcache/internal/gen/shape"
	"github.com/bmadventure/optcache/internal/gen/walk"
)

// A list is one list that is being emitted.
type list struct {
	f     *model.File
	name  string       // of the list type
	elem  *model.Type  // what it holds
	by    *model.Field // by which its elements are found
	clone bool

	rows, row, text, l string // locals
}

// Emit emits the list type that a directive asks for.
func Emit(f *model.File, _ *model.Type, d *model.Directive) *model.Container {
	if d.Elem == nil {
		return nil
	}
	of, _ := d.Arg("of")
	l := &list{
		f: f, elem: d.Elem, name: nameOf(d),
		rows: f.Local("rows"), row: f.Local("row"), text: f.Local("text"), l: f.Local("l"),
	}
	_, l.clone = d.Arg("clone")
	before := f.Len()
	l.checkFields(of)
	l.chooseBy(d)
	if f.Len() > before {
		return nil
	}
	at := d.Pos
	if a, ok := d.Arg("name"); ok {
		at = a.Pos
	} else if a, ok := d.Arg("cache"); ok {
		at = a.Pos
	}
	f.Declare(l.name, at)
	f.Declare("New"+l.name, at)
	l.typ()
	l.build()
	l.access()
	l.find()
	l.size()
	if l.clone {
		l.cloneMethod()
	}
	return &model.Container{Name: l.name, Build: "New" + l.name, Row: d.Elem, Clone: l.clone}
}

// nameOf returns the name of the list: as given, or the cache's without "Cache",
// or the element's with "List".
func nameOf(d *model.Directive) string {
	if a, ok := d.Arg("name"); ok {
		return a.Value
	}
	if a, ok := d.Arg("cache"); ok {
		if name, ok := strings.CutSuffix(a.Value, "Cache"); ok && name != "" && name != d.Elem.Name {
			return name
		}
	}
	return d.Elem.Name + "List"
}

// checkFields refuses elements that cannot be copied and counted.
func (l *list) checkFields(of model.Arg) {
	foreign := l.elem.Named.Obj().Pkg().Path() != l.f.Out.Path
	for _, field := range l.elem.Fields {
		at := field.Pos
		if l.elem.Named.Obj().Pkg().Path() != l.f.Out.Source.Path {
			at = of.Pos
		}
		if foreign && !field.Exported {
			l.f.Errorf(at, "field %s of %s is not exported, so code in package %s cannot use it: export it, or generate into its own package", field.Name, l.elem.Name, l.f.Out.Name)
			continue
		}
		if why := shape.Value(field.Type, l.f.Out.Path); why != "" {
			l.f.Errorf(at, "field %s of %s: %s", field.Name, l.elem.Name, why)
		}
	}
}

// chooseBy finds the field by which elements are found: as given, or the first string.
func (l *list) chooseBy(d *model.Directive) {
	a, given := d.Arg("by")
	if given {
		if l.by = l.elem.Field(a.Value); l.by == nil {
			l.f.Errorf(a.Pos, "by=%s: %s has no such field", a.Value, l.elem.Name)
			return
		}
		if k := shape.Of(l.by.Type, l.f.Out.Path); k != shape.String && k != shape.Integer {
			l.f.Errorf(a.Pos, "by=%s: the field is neither a string nor an integer", a.Value)
		}
		return
	}
	for _, field := range l.elem.Fields {
		if shape.Of(field.Type, l.f.Out.Path) == shape.String && field.Name != "_" {
			l.by = field
			return
		}
	}
	l.f.Errorf(d.Pos, "%s has no string field to find elements by: name an integer field with by=", l.elem.Name)
}

func (l *list) elemType() *jen.Statement { return l.f.Type(l.elem.Named) }
func (l *list) self() *jen.Statement     { return jen.Id(l.l).Op("*").Id(l.name) }
func (l *list) field(name string) *jen.Statement {
	return jen.Id(l.l).Dot(name)
}

// hasText reports whether elements have strings.
func (l *list) hasText() bool { return refersTo(l.elem.Named, true) }

// refersTo reports whether values of t refer to strings, or to slices if text is
// false.
func refersTo(t types.Type, text bool) bool {
	if shape.IsTime(t) {
		return false
	}
	switch u := t.Underlying().(type) {
	case *types.Basic:
		return text && u.Info()&types.IsString != 0
	case *types.Slice:
		return !text || refersTo(u.Elem(), text)
	case *types.Array:
		return refersTo(u.Elem(), text)
	case *types.Struct:
		for f := range u.Fields() {
			if f.Name() != "_" && refersTo(f.Type(), text) {
				return true
			}
		}
	}
	return false
}

// shared warns of slices that callers could write to.
func (l *list) shared() string {
	if refersTo(l.elem.Named, false) {
		return "; slices in what they return are shared and must not be written to"
	}
	return ""
}

func (l *list) typ() {
	l.f.Doc("%s is an immutable list of %s, in the order in which they were given, each to be found by its %s in constant time. "+
		"Strings are kept once, together. Its methods may be called concurrently%s.", l.name, plural(l.elem.Name), l.by.Name, l.shared())
	l.f.File.Type().Id(l.name).Struct(
		jen.Id("rows").Index().Add(l.elemType()),
		jen.Id("index").Qual(model.RT, "Index"),
		jen.Id("bytes").Int64(),
	)
}

// build emits the constructor.
func (l *list) build() {
	f := l.f
	f.Doc("New%s returns the list of those %s. It keeps a copy of them.", l.name, plural(l.elem.Name))
	f.Func().Id("New" + l.name).Params(jen.Id(l.rows).Index().Add(l.elemType())).Op("*").Id(l.name).BlockFunc(func(g *jen.Group) {
		g.Id(l.l).Op(":=").Op("&").Id(l.name).Values(jen.Dict{
			jen.Id("rows"): jen.Qual(model.RT, "CloneSlice").Call(jen.Id(l.rows)),
		})
		l.emitText(g)
		g.Id(l.l).Dot("index").Op("=").Qual(model.RT, "NewIndex").Call(jen.Len(jen.Id(l.rows)),
			jen.Func().Params(jen.Id("i").Int()).Uint64().Block(jen.Return(l.hash(l.field("rows").Index(jen.Id("i")).Dot(l.by.Name)))))
		g.Add(l.field("bytes")).Op("+=").Qual(model.Sizing, "Pointer").Call(jen.Id(l.l)).
			Op("+").Qual(model.Sizing, "Slice").Call(l.field("rows")).
			Op("+").Add(l.field("index")).Dot("SizeBytes").Call()
		g.Return(jen.Id(l.l))
	})
}

// emitText emits the two passes that bring all strings together and the nested
// slices into the list's own hands.
func (l *list) emitText(g *jen.Group) {
	nested := refersTo(l.elem.Named, false)
	if !l.hasText() && !nested {
		return
	}
	loop := func(w walk.Walk) {
		body := w.Statements(jen.Id(l.row), l.elem.Named)
		if len(body) > 0 {
			g.For(jen.Id("i").Op(":=").Range().Add(l.field("rows"))).Block(
				append([]jen.Code{jen.Id(l.row).Op(":=").Op("&").Add(l.field("rows")).Index(jen.Id("i"))}, body...)...)
		}
	}
	if l.hasText() {
		g.Var().Id(l.text).Qual(model.RT, "Strings")
		loop(walk.Walk{Str: func(at *jen.Statement, t types.Type) jen.Code {
			return jen.Id(l.text).Dot("Add").Call(plainString(at, t))
		}})
		g.Add(l.field("bytes")).Op("=").Id(l.text).Dot("Join").Call()
	}
	w := walk.Walk{Slice: func(at *jen.Statement, t types.Type) []jen.Code {
		return []jen.Code{
			jen.Add(at.Clone()).Op("=").Qual(model.RT, "CloneSlice").Call(at.Clone()),
			l.field("bytes").Op("+=").Qual(model.Sizing, "Slice").Call(at.Clone()),
		}
	}}
	if l.hasText() {
		w.Str = func(at *jen.Statement, t types.Type) jen.Code {
			return jen.Add(at.Clone()).Op("=").Add(asType(l.f, jen.Id(l.text).Dot("Of").Call(plainString(at, t)), t))
		}
	}
	loop(w)
}

// plainString converts a string of a named type.
func plainString(at *jen.Statement, t types.Type) *jen.Statement {
	if _, ok := types.Unalias(t).(*types.Basic); ok {
		return at.Clone()
	}
	return jen.String().Call(at.Clone())
}

// asType converts a string to a named type.
func asType(f *model.File, at *jen.Statement, t types.Type) *jen.Statement {
	if _, ok := types.Unalias(t).(*types.Basic); ok {
		return at
	}
	return f.Type(t).Call(at)
}

// hash returns the hash of a value of the by field.
func (l *list) hash(at *jen.Statement) *jen.Statement {
	if shape.Of(l.by.Type, l.f.Out.Path) == shape.String {
		return jen.Qual(model.RT, "HashString").Call(jen.Lit(0), plainString(at, l.by.Type))
	}
	return jen.Qual(model.RT, "HashUint64").Call(jen.Lit(0), jen.Uint64().Call(at))
}

// access emits what reads the list by position.
func (l *list) access() {
	f := l.f
	f.Doc("Len returns the number of %s.", plural(l.elem.Name))
	f.Func().Params(l.self()).Id("Len").Params().Int().Block(jen.Return(jen.Len(l.field("rows"))))

	f.Doc("At returns %s i, 0 <= i < Len().", l.elem.Name)
	f.Func().Params(l.self()).Id("At").Params(jen.Id("i").Int()).Add(l.elemType()).Block(jen.Return(l.field("rows").Index(jen.Id("i"))))

	f.Doc("All returns the %s in their order.", plural(l.elem.Name))
	f.Func().Params(l.self()).Id("All").Params().Qual("iter", "Seq").Types(l.elemType()).Block(
		jen.Return(jen.Qual("slices", "Values").Call(l.field("rows"))))
}

// find emits what finds elements.
func (l *list) find() {
	f := l.f
	param := f.Local(lower(l.by.Name))
	f.Doc("Index returns the position of the first %s of that %s, -1 if there is none.", l.elem.Name, l.by.Name)
	f.Func().Params(l.self()).Id("Index").Params(jen.Id(param).Add(f.Type(l.by.Type))).Int().Block(
		jen.Id("slot").Op(":=").Add(l.field("index")).Dot("Slot").Call(l.hash(jen.Id(param))),
		jen.For().Block(
			jen.Id("i").Op(":=").Add(l.field("index")).Dot("At").Call(jen.Id("slot")),
			jen.If(jen.Id("i").Op("<").Lit(0).Op("||").Add(l.field("rows")).Index(jen.Id("i")).Dot(l.by.Name).Op("==").Id(param)).Block(
				jen.Return(jen.Id("i"))),
			jen.Id("slot").Op("=").Add(l.field("index")).Dot("Next").Call(jen.Id("slot")),
		),
	)
	f.Doc("Contains reports whether there is %s with that %s.", article(l.elem.Name), l.by.Name)
	f.Func().Params(l.self()).Id("Contains").Params(jen.Id(param).Add(f.Type(l.by.Type))).Bool().Block(
		jen.Return(jen.Id(l.l).Dot("Index").Call(jen.Id(param)).Op(">=").Lit(0)))
}

func (l *list) size() {
	l.f.Doc("SizeBytes returns the heap that the list holds, in bytes.")
	l.f.Func().Params(l.self()).Id("SizeBytes").Params().Int64().Block(jen.Return(l.field("bytes")))
}

// cloneMethod emits the deep copy.
func (l *list) cloneMethod() {
	l.f.Doc("Clone returns a copy that shares no memory with the list.")
	l.f.Func().Params(l.self()).Id("Clone").Params().Op("*").Id(l.name).Block(
		jen.Return(jen.Id("New" + l.name).Call(l.field("rows"))))
}

// plural returns the name of several values of a type, in a sentence.
func plural(name string) string { return name + " values" }

func article(name string) string {
	if strings.ContainsRune("AEIOU", rune(name[0])) {
		return "an " + name
	}
	return "a " + name
}

// lower returns the name of a parameter for a field: ID becomes id, FooBar fooBar.
func lower(name string) string {
	r := []rune(name)
	for i := range r {
		if i > 0 && i+1 < len(r) && unicode.IsLower(r[i+1]) || !unicode.IsUpper(r[i]) {
			break
		}
		r[i] = unicode.ToLower(r[i])
	}
	if s := string(r); !jen.IsReservedWord(s) {
		return s
	}
	return name + "_"
}
