// Package proof emits what goes into the _test.go file: gopter generators for
// the user's types, and tests that run on them.
package proof

import (
	"go/token"
	"go/types"
	"strings"
	"unicode"

	"github.com/dave/jennifer/jen"

	"github.com/bmadventure/optcache/internal/gen/model"
	"github.com/bmadventure/optcache/internal/gen/shape"
)

const (
	gopter = "github.com/leanovate/gopter"
	gens   = "github.com/leanovate/gopter/gen"
	props  = "github.com/leanovate/gopter/prop"
)

// Generator returns a gopter generator for values of t as code, and emits
// the functions that it calls, each once in a file. pos is that of the directive.
func Generator(f *model.File, t types.Type, pos token.Position) *jen.Statement {
	n, ok := types.Unalias(t).(*types.Named)
	if !ok {
		return generate(f, t, pos)
	}
	name := functionName(f, n)
	if f.Once(name + " of " + n.String()) {
		f.Declare(name, pos)
		body := generate(f, t, pos)
		f.Doc("%s generates %s values.", name, n.Obj().Name())
		f.Func().Id(name).Params().Qual(gopter, "Gen").Block(jen.Return(body))
	}
	return jen.Id(name).Call()
}

// functionName returns the name of the function that generates values of n.
func functionName(f *model.File, n *types.Named) string {
	name := n.Obj().Name()
	if pkg := n.Obj().Pkg(); pkg != nil && pkg.Path() != f.Out.Path && pkg.Path() != f.Out.Source.Path && pkg.Path() != "time" {
		name = Title(pkg.Name()) + name
	}
	for a := range n.TypeArgs().Types() {
		for word := range strings.FieldsFuncSeq(types.TypeString(a, nil), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }) {
			name += Title(word)
		}
	}
	return "gen" + Title(name)
}

// Title returns a name with its first letter in upper case, for names of tests.
func Title(s string) string {
	if s != "" && 'a' <= s[0] && s[0] <= 'z' {
		return string(s[0]-'a'+'A') + s[1:]
	}
	return s
}

// generate returns the generator of t.
func generate(f *model.File, t types.Type, pos token.Position) *jen.Statement {
	switch shape.Of(t, f.Out.Path) {
	case shape.Time:
		return times()
	case shape.Array:
		u := t.Underlying().(*types.Array)
		s := f.Local("s")
		return jen.Qual(gens, "SliceOfN").Call(jen.Lit(int(u.Len())), Generator(f, u.Elem(), pos)).Dot("Map").Call(
			jen.Func().Params(jen.Id(s).Index().Add(f.Type(u.Elem()))).Add(f.Type(t)).Block(
				jen.Return(f.Type(t).Call(jen.Id(s)))))
	case shape.Slice:
		u := t.Underlying().(*types.Slice)
		g := jen.Qual(gens, "SliceOf").Call(Generator(f, u.Elem(), pos))
		return named(f, g, t, jen.Index().Add(f.Type(u.Elem())))
	case shape.Struct:
		return structs(f, t, pos)
	case shape.Opaque, shape.Unsupported:
		return jen.Qual(gens, "Const").Call(jen.Op("*").New(f.Type(t)))
	}
	return basics(f, t)
}

// named converts what g generates to t, unless it is of that type already.
func named(f *model.File, g *jen.Statement, t types.Type, base *jen.Statement) *jen.Statement {
	if _, ok := types.Unalias(t).(*types.Named); !ok {
		return g
	}
	x := f.Local("x")
	return g.Dot("Map").Call(jen.Func().Params(jen.Id(x).Add(base)).Add(f.Type(t)).Block(jen.Return(f.Type(t).Call(jen.Id(x)))))
}

// ofBasic are gopter's generators of the basic types.
var ofBasic = map[types.BasicKind]string{
	types.Bool: "Bool", types.String: "AnyString",
	types.Int: "Int", types.Int8: "Int8", types.Int16: "Int16", types.Int32: "Int32", types.Int64: "Int64",
	types.Uint: "UInt", types.Uint8: "UInt8", types.Uint16: "UInt16", types.Uint32: "UInt32", types.Uint64: "UInt64",
	types.Float32: "Float32", types.Float64: "Float64", types.Complex64: "Complex64", types.Complex128: "Complex128",
}

func basics(f *model.File, t types.Type) *jen.Statement {
	u := t.Underlying().(*types.Basic)
	if u.Kind() == types.Uintptr {
		x := f.Local("x")
		return jen.Qual(gens, "UInt").Call().Dot("Map").Call(
			jen.Func().Params(jen.Id(x).Uint()).Add(f.Type(t)).Block(jen.Return(f.Type(t).Call(jen.Id(x)))))
	}
	return named(f, jen.Qual(gens, ofBasic[u.Kind()]).Call(), t, jen.Id(u.Name()))
}

// times generates the times that are hard to keep: zero, far from now, with a
// location.
func times() *jen.Statement {
	unix := func(seconds *jen.Statement) *jen.Statement {
		return jen.Qual("time", "Unix").Call(seconds, jen.Id("x").Op("&").Lit(0xfffffff)).Dot("UTC").Call()
	}
	return jen.Qual(gens, "Int64").Call().Dot("Map").Call(
		jen.Func().Params(jen.Id("x").Int64()).Qual("time", "Time").Block(
			jen.Switch(jen.Id("x").Op("&").Lit(7)).Block(
				jen.Case(jen.Lit(0)).Block(jen.Return(jen.Qual("time", "Time").Values())),
				jen.Case(jen.Lit(1)).Block(jen.Return(unix(jen.Id("x").Op(">>").Lit(22)))),
				jen.Case(jen.Lit(2)).Block(jen.Return(unix(jen.Id("x").Op(">>").Lit(32)).Dot("In").Call(
					jen.Qual("time", "FixedZone").Call(jen.Lit("east"), jen.Lit(3600)))))),
			jen.Return(unix(jen.Id("x").Op(">>").Lit(32)))))
}

// structs generates structs, field by field.
func structs(f *model.File, t types.Type, pos token.Position) *jen.Statement {
	u := t.Underlying().(*types.Struct)
	values := f.Local("values")
	var parts []jen.Code
	literal := jen.Dict{}
	for field := range u.Fields() {
		if field.Name() == "_" {
			continue
		}
		literal[jen.Id(field.Name())] = jen.Id(values).Index(jen.Lit(len(parts))).Assert(f.Type(field.Type()))
		parts = append(parts, jen.Line().Add(Generator(f, field.Type(), pos)))
	}
	if len(parts) == 0 {
		return jen.Qual(gens, "Const").Call(f.Type(t).Values())
	}
	return jen.Qual(gopter, "CombineGens").Call(append(parts, jen.Line())...).Dot("Map").Call(
		jen.Func().Params(jen.Id(values).Index().Any()).Add(f.Type(t)).Block(jen.Return(f.Type(t).Values(literal))))
}
