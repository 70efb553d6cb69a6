// Package params emits the parameter space of a struct of the user's.
package params

import (
	"go/types"
	"math/big"
	"math/bits"
	"strings"

	"github.com/dave/jennifer/jen"

	"github.com/bmadventure/optcache/internal/gen/directive"
	"github.com/bmadventure/optcache/internal/gen/model"
	"github.com/bmadventure/optcache/internal/gen/shape"
)

// A space is one space that is being emitted.
type space struct {
	f     *model.File
	t     *model.Type
	name  string // of the space's type
	axes  []*axis
	keyed []*model.Field // all that results depend on
	cells uint64
	valid bool // the type has a method Valid

	p, cell, b string // locals
}

// Emit emits the space that a directive asks for.
func Emit(f *model.File, t *model.Type, d *model.Directive) {
	before := f.Len()
	s := read(f, t, d)
	at, _ := d.Arg("name")
	f.Declare(s.name, at.Pos)
	f.Declare(s.columnsName(), at.Pos)
	if len(s.axes) == 0 || f.Len() > before {
		return
	}
	s.typ()
	s.lists(at)
	s.at()
	s.index()
	s.key()
	s.search()
	s.columns()
}

// read returns what the tags of t say.
func read(f *model.File, t *model.Type, d *model.Directive) *space {
	s := &space{
		f: f, t: t, name: t.Name + "Space", cells: 1,
		p: f.Local("p"), cell: f.Local("cell"), b: f.Local("b"),
	}
	if a, ok := d.Arg("name"); ok {
		s.name = a.Value
	}
	before := f.Len()
	for _, field := range t.Fields {
		s.add(field)
	}
	if len(s.axes) == 0 && f.Len() == before {
		f.Errorf(d.Pos, "no field of %s has a tag such as `optcache:\"5:50:5\"`: there is nothing to search along", t.Name)
	}
	s.findValid()
	return s
}

// add adds a field to the axes and to the key.
func (s *space) add(field *model.Field) {
	if field.Name == "_" {
		return
	}
	var tag *directive.Axis
	if field.Tag != "" {
		var fault *directive.Fault
		if tag, fault = directive.ParseAxis(field.Tag); fault != nil {
			s.f.Errorf(field.Pos, "field %s: %s", field.Name, fault.Text)
			return
		}
		if tag.Excluded {
			return
		}
	}
	if !s.f.Out.Same() && !field.Exported {
		s.f.Errorf(field.Pos, "field %s of %s is not exported, so code in package %s cannot use it: export it, or generate into its own package", field.Name, s.t.Name, s.f.Out.Name)
		return
	}
	if why := shape.Key(field.Type, s.f.Out.Path); why != "" {
		s.f.Errorf(field.Pos, "field %s of %s: %s; tag it `optcache:\"-\"` if results do not depend on it", field.Name, s.t.Name, why)
		return
	}
	s.keyed = append(s.keyed, field)
	if tag == nil {
		return
	}
	a, err := newAxis(field, tag, s.f.Out.Path)
	if err != nil {
		s.f.Errorf(field.Pos, "field %s: %v", field.Name, err)
		return
	}
	over, product := bits.Mul64(s.cells, a.n)
	if over != 0 || product > 1<<63 {
		s.f.Errorf(field.Pos, "field %s: the space has more than 2^63 cells: take fewer values", field.Name)
		product = 1
	}
	s.cells = product
	s.axes = append(s.axes, a)
}

// findValid looks for the user's method Valid.
func (s *space) findValid() {
	o, _, _ := types.LookupFieldOrMethod(s.t.Named, true, s.t.Named.Obj().Pkg(), "Valid")
	m, ok := o.(*types.Func)
	if !ok {
		return
	}
	sig := m.Signature()
	if sig.Params().Len() != 0 || sig.Results().Len() != 1 || !types.Identical(sig.Results().At(0).Type(), types.Typ[types.Bool]) {
		s.f.Errorf(s.t.Pos, "the method Valid of %s must be func() bool, so that it can tell which parameters are tried", s.t.Name)
		return
	}
	s.valid = true
}

func (s *space) columnsName() string { return strings.TrimSuffix(s.name, "Space") + "Columns" }

func (s *space) self() *jen.Statement   { return jen.Id(s.name) }
func (s *space) params() *jen.Statement { return s.f.Type(s.t.Named) }

// value returns the field of an axis.
func (s *space) value(a *axis) *jen.Statement { return jen.Id(s.p).Dot(a.field.Name) }

// list returns the name of the variable with the values of an axis.
func (s *space) list(a *axis) string {
	return strings.ToLower(s.name[:1]) + s.name[1:] + a.field.Name
}

func (s *space) typ() {
	s.f.Doc("%s is the space of %s: all combinations of the values in the tags of its fields. Cells are numbered in the order of the fields, "+
		"the last fastest; each is computed from its number. Its methods may be called concurrently.", s.name, s.t.Name)
	s.f.File.Type().Id(s.name).Struct()

	s.f.Doc("Cells returns the number of cells, those that are not valid included.")
	s.f.Func().Params(s.self()).Id("Cells").Params().Uint64().Block(jen.Return(jen.Op(text(s.cells))))
}

// lists emits the values of the axes that have them one by one.
func (s *space) lists(at model.Arg) {
	for _, a := range s.axes {
		if a.values == nil {
			continue
		}
		name := s.f.Declare(s.list(a), at.Pos)
		var values []jen.Code
		for _, v := range a.values {
			values = append(values, jen.Op(v))
		}
		s.f.Var().Id(name).Op("=").Index().Add(s.f.Type(a.field.Type)).Values(values...)
	}
}

// at emits the way from a number to parameters.
func (s *space) at() {
	ok, result := "true: all are valid", jen.True()
	if s.valid {
		ok, result = "whether they are valid", jen.Id(s.p).Dot("Valid").Call()
	}
	s.f.Doc("At returns the parameters of a cell, 0 <= cell < Cells(), and %s.", ok)
	s.f.Func().Params(s.self()).Id("At").Params(jen.Id(s.cell).Uint64()).Params(jen.Id(s.p).Add(s.params()), jen.Id("ok").Bool()).BlockFunc(func(g *jen.Group) {
		for i := len(s.axes) - 1; i >= 0; i-- {
			a := s.axes[i]
			g.Add(s.value(a)).Op("=").Add(s.nth(a))
			if i > 0 {
				g.Id(s.cell).Op("/=").Op(text(a.n))
			}
		}
		g.Return(jen.Id(s.p), result)
	})
}

// nth returns the value of an axis whose position is cell modulo its values.
func (s *space) nth(a *axis) *jen.Statement {
	i := jen.Id(s.cell).Op("%").Op(text(a.n))
	switch {
	case a.whole:
		value := jen.Null()
		if a.lo.Sign() != 0 {
			value = jen.Op(a.lo.String()).Op("+")
		}
		value.Add(s.f.Type(a.field.Type)).Call(i)
		if a.step.Cmp(big.NewInt(1)) != 0 {
			value.Op("*").Op(a.step.String())
		}
		return value
	case a.float:
		return jen.Qual(model.RT, "FloatAt").Call(float(a.flo), float(a.fhi), float(a.fstep), i)
	}
	return jen.Id(s.list(a)).Index(i)
}

// index emits the way back.
func (s *space) index() {
	s.f.Doc("Index is the inverse of At: it returns the cell of parameters, and whether they are in the space, valid or not. Fields without a tag do not matter.")
	s.f.Func().Params(s.self()).Id("Index").Params(jen.Id(s.p).Add(s.params())).Params(jen.Id(s.cell).Uint64(), jen.Id("ok").Bool()).BlockFunc(func(g *jen.Group) {
		for i, a := range s.axes {
			s.place(g, a, i)
		}
		g.Return(jen.Id(s.cell), jen.True())
	})
}

// place adds the position on one axis to the cell.
func (s *space) place(g *jen.Group, a *axis, i int) {
	at := "at" + a.field.Name
	next := func(position *jen.Statement) {
		if i == 0 {
			g.Id(s.cell).Op("=").Add(position)
			return
		}
		g.Id(s.cell).Op("=").Id(s.cell).Op("*").Op(text(a.n)).Op("+").Add(position)
	}
	out := jen.Return(jen.Lit(0), jen.False())
	switch {
	case a.whole:
		g.Id(at).Op(":=").Add(s.above(a))
		outside := jen.Null()
		if a.lo.Sign() != 0 || signed(a.field.Type) {
			outside = jen.Add(s.value(a)).Op("<").Op(a.lo.String()).Op("||")
		}
		position := jen.Id(at)
		if a.step.Cmp(big.NewInt(1)) != 0 {
			outside.Id(at).Op("%").Op(a.step.String()).Op("!=").Lit(0).Op("||")
			position = jen.Id(at).Op("/").Op(a.step.String())
		}
		g.If(outside.Add(position.Clone()).Op(">=").Op(text(a.n))).Block(out)
		next(position)
	case a.float:
		g.List(jen.Id(at), jen.Id("ok")).Op(":=").Qual(model.RT, "FloatIndex").Call(float(a.flo), float(a.fhi), float(a.fstep), jen.Op(text(a.n)), s.value(a))
		g.If(jen.Op("!").Id("ok")).Block(out)
		next(jen.Id(at))
	default:
		g.Id(at).Op(":=").Qual("slices", "Index").Call(jen.Id(s.list(a)), s.value(a))
		g.If(jen.Id(at).Op("<").Lit(0)).Block(out)
		next(jen.Uint64().Call(jen.Id(at)))
	}
}

// above returns how far the field of an axis is above the axis' lowest value.
func (s *space) above(a *axis) *jen.Statement {
	switch {
	case !signed(a.field.Type) && a.lo.Sign() == 0:
		return as("uint64", s.value(a), a.field.Type)
	case !signed(a.field.Type):
		return as("uint64", s.value(a), a.field.Type).Op("-").Op(a.lo.String())
	case a.lo.Sign() < 0:
		return jen.Uint64().Call(as("int64", s.value(a), a.field.Type).Op("+").Op(a.lo.String()[1:]))
	case a.lo.Sign() == 0:
		return jen.Uint64().Call(s.value(a))
	}
	return jen.Uint64().Call(as("int64", s.value(a), a.field.Type).Op("-").Op(a.lo.String()))
}

// signed reports whether an integer type has numbers below 0.
func signed(t types.Type) bool { return t.Underlying().(*types.Basic).Info()&types.IsUnsigned == 0 }

// search emits the space as package search has it.
func (s *space) search() {
	s.f.Doc("Space returns the same space, with cells of the same numbers, for the searches of package search.")
	s.f.Func().Params(s.self()).Id("Space").Params().Params(jen.Op("*").Qual(model.Search, "Space").Types(s.params()), jen.Error()).BlockFunc(func(g *jen.Group) {
		var axes []jen.Code
		for _, a := range s.axes {
			axes = append(axes, jen.Line().Add(s.searchAxis(a)))
		}
		call := jen.Qual(model.Search, "NewSpace").Call(append(axes, jen.Line())...)
		if !s.valid {
			g.Return(call)
			return
		}
		space := s.f.Local("space")
		g.List(jen.Id(space), jen.Err()).Op(":=").Add(call)
		g.If(jen.Err().Op("!=").Nil()).Block(jen.Return(jen.Nil(), jen.Err()))
		g.Return(jen.Id(space).Dot("Constrain").Call(jen.Lit("valid "+s.t.Name),
			jen.Func().Params(jen.Id(s.p).Add(s.params())).Bool().Block(jen.Return(jen.Id(s.p).Dot("Valid").Call()))), jen.Nil())
	})
}

func (s *space) searchAxis(a *axis) *jen.Statement {
	field := jen.Func().Params(jen.Id(s.p).Op("*").Add(s.params())).Op("*").Add(s.f.Type(a.field.Type)).Block(jen.Return(jen.Op("&").Add(s.value(a))))
	name := jen.Lit(a.field.Name)
	switch {
	case a.whole && isInt(a.field.Type):
		return jen.Qual(model.Search, "Int").Call(name, jen.Op(a.lo.String()), jen.Op(a.hi()), jen.Op(a.step.String()), field)
	case a.whole:
		return jen.Qual(model.Search, "Choice").Call(name, field,
			jen.Qual(model.RT, "Steps").Types(s.f.Type(a.field.Type)).Call(jen.Op(a.lo.String()), jen.Op(a.step.String()), jen.Op(text(a.n))).Op("..."))
	case a.float:
		return jen.Qual(model.Search, "Float").Call(name, float(a.flo), float(a.fhi), float(a.fstep), field)
	}
	return jen.Qual(model.Search, "Choice").Call(name, field, jen.Id(s.list(a)).Op("..."))
}
