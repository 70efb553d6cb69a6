package grouped

import (
	"fmt"
	"go/token"
	"go/types"

	"github.com/dave/jennifer/jen"

	"github.com/bmadventure/optcache/internal/gen/model"
	"github.com/bmadventure/optcache/internal/gen/proof"
	"github.com/bmadventure/optcache/internal/gen/shape"
)

const (
	gopter = "github.com/leanovate/gopter"
	gens   = "github.com/leanovate/gopter/gen"
	props  = "github.com/leanovate/gopter/prop"
)

// EmitTest emits the test of a container that was emitted: it is the rows, in the
// order that its comment promises.
func EmitTest(f *model.File, t *model.Type, d *model.Directive) {
	g := newGrouped(f, t, d)
	rows, generator := f.Local("rows"), proof.Generator(f, t.Named, d.Pos)
	name := f.Declare("Test"+upper(g.name)+"AreTheirRows", d.Pos)
	g.comment(fmt.Sprintf("%s groups random rows in every way and compares the result with its definition: the rows, sorted by key, those of one key as they came.", name))
	property := jen.Func().Params(id(rows).Index().Add(g.rowType())).String().BlockFunc(g.property)
	f.Func().Id(name).Params(id("t").Op("*").Qual("testing", "T")).Block(
		id("parameters").Op(":=").Qual(gopter, "DefaultTestParametersWithSeed").Call(jen.Lit(1)),
		id("parameters").Dot("MaxSize").Op("=").Lit(20).Comment("rows, and elements of each slice in them"),
		id("properties").Op(":=").Qual(gopter, "NewProperties").Call(id("parameters")),
		id("properties").Dot("Property").Call(jen.Lit("groups are the rows of their keys"), jen.Qual(props, "ForAll").Call(
			jen.Line().Add(property), jen.Line().Qual(gens, "SliceOf").Call(generator), jen.Line())),
		id("properties").Dot("TestingRun").Call(id("t")),
	)
}

// EmitGrouping emits the test that a container of rows is what filtering them gives: the one
// that package propertytest has for whatever groups rows.
func EmitGrouping(f *model.File, t *model.Type, d *model.Directive) {
	g := newGrouped(f, t, d)
	samples, style := proof.Samples(f, g.by[0].Type), jen.Options{Open: "{", Close: "}", Separator: ", "}
	if g.several() {
		samples, _ = proof.Keys(f, g.key())
		style = jen.Options{Open: "{", Close: "}", Separator: ",", Multi: true}
	}
	var keys []jen.Code
	for _, key := range samples {
		keys = append(keys, key)
	}
	tt, rows, row, key, serial := f.Local("t"), f.Local("rows"), f.Local("row"), f.Local("key"), f.Local("serial")
	random := proof.Rows(f, g.container(), d.Pos)
	name := f.Declare("Test"+upper(g.name)+"AreFiltered", d.Pos)
	fields := []jen.Code{
		id("Group").Op(":").Func().Params(id(rows).Index().Add(g.rowType())).Qual("iter", "Seq2").Types(g.keyType(), jen.Index().Add(g.rowType())).Block(
			jen.Return(g.iterate())),
		id("Key").Op(":").Func().Params(id(row).Add(g.rowType())).Add(g.keyType()).Block(jen.Return(g.keyOf(row))),
		id("Keys").Op(":").Index().Add(g.keyType()).Custom(style, keys...),
		id("Row").Op(":").Func().Params(id(key).Add(g.keyType()), id(serial).Int()).Add(g.rowType()).BlockFunc(func(s *jen.Group) {
			s.Id(row).Op(":=").Id(rows).Index(id(serial).Op("%").Len(id(rows)))
			if !g.several() {
				s.Id(row).Dot(g.by[0].Name).Op("=").Id(key)
			} else {
				for _, by := range g.by {
					s.Id(row).Dot(by.Name).Op("=").Id(key).Dot(by.Name)
				}
			}
			s.Return(id(row))
		}),
	}
	if !g.seen {
		fields = append(fields, id("Sorted").Op(":").Add(g.compare()))
	}
	fields = append(fields, proof.Cases())
	g.comment(fmt.Sprintf("%s holds each group against the rows of its key, found by going through all of them.", name))
	f.Func().Id(name).Params(id(tt).Op("*").Qual("testing", "T")).Block(
		id(rows).Op(":=").Add(random),
		jen.Qual(model.Property, "Groups").Call(id(tt), jen.Qual(model.Property, "Grouping").Types(g.keyType(), g.rowType()).Custom(
			jen.Options{Open: "{", Close: "}", Separator: ",", Multi: true}, fields...)))
}

// key describes the type of a key of several fields.
func (g *grouped) key() *model.Type {
	var fields []*types.Var
	for _, by := range g.by {
		fields = append(fields, types.NewField(token.NoPos, nil, by.Name, by.Type, false))
	}
	return &model.Type{Name: g.keyName, Struct: types.NewStruct(fields, nil), Fields: g.by}
}

// iterate returns the function that yields each group, its rows put together from views.
func (g *grouped) iterate() *jen.Statement {
	f := g.f
	yield, tt, groups, err, i, key := f.Local("yield"), f.Local("t"), f.Local("groups"), f.Local("err"), f.Local("i"), f.Local("key")
	group, members, j, rows := f.Local("group"), f.Local("members"), f.Local("j"), f.Local("rows")
	return jen.Func().Params(id(yield).Func().Params(g.keyType(), jen.Index().Add(g.rowType())).Bool()).BlockFunc(func(s *jen.Group) {
		if g.refuses() {
			s.List(id(groups), id(err)).Op(":=").Id(g.build()).Call(id(rows))
			s.If(id(err).Op("!=").Nil()).Block(id(tt).Dot("Error").Call(id(err)), jen.Return())
		} else {
			s.Id(groups).Op(":=").Id(g.build()).Call(id(rows))
		}
		s.For(jen.List(id(i), id(key)).Op(":=").Range().Id(groups).Dot("Keys").Call()).Block(
			id(group).Op(":=").Id(groups).Dot("Group").Call(id(i)),
			id(members).Op(":=").Make(jen.Index().Add(g.rowType()), jen.Len(id(group).Dot(g.columns[0].Name))),
			jen.For(id(j).Op(":=").Range().Id(members)).Block(
				id(members).Index(id(j)).Op("=").Add(g.rowOf(group, j))),
			jen.If(jen.Op("!").Id(yield).Call(id(key), id(members))).Block(jen.Return()),
		)
	})
}

// rowOf returns row j of a group as it was given.
func (g *grouped) rowOf(group, j string) *jen.Statement {
	var list []jen.Code
	for _, field := range g.row.Fields {
		value := id(group).Dot(field.Name)
		if field.Name == "_" {
			continue
		}
		if !g.isBy(field) {
			value = value.Index(id(j))
			if shape.IsTime(field.Type) && !field.Has("whole") {
				value = rt("Time").Call(value)
			}
		}
		list = append(list, id(field.Name).Op(":").Add(value))
	}
	return g.rowType().Custom(jen.Options{Open: "{", Close: "}", Separator: ",", Multi: true}, list...)
}

// property emits the body of the property.
func (g *grouped) property(s *jen.Group) {
	f := g.f
	rows, row, i, want, got, sequence := f.Local("rows"), f.Local("row"), f.Local("i"), f.Local("want"), f.Local("got"), f.Local("sequence")
	s.Id(rows).Op("=").Qual("slices", "Clone").Call(id(rows))
	s.For(id(i).Op(":=").Range().Id(rows)).BlockFunc(func(s *jen.Group) {
		s.Id(row).Op(":=").Op("&").Id(rows).Index(id(i).Op("%").Parens(jen.Lit(1).Op("+").Len(id(rows)).Op("/").Lit(4))).Comment("few keys, many rows of each")
		for _, by := range g.by {
			s.Id(rows).Index(id(i)).Dot(by.Name).Op("=").Id(row).Dot(by.Name)
		}
	})
	if g.refuses() {
		g.withoutRefused(s)
	} else {
		s.List(id(got), id(sequence)).Op(":=").List(id(g.build()).Call(id(rows)), id(g.buildSeq()).Call(jen.Qual("slices", "Values").Call(id(rows))))
	}
	s.Id(want).Op(":=").Qual("slices", "Clone").Call(id(rows))
	g.sortWanted(s)
	s.Id(rows).Op("=").Id(got).Dot("Rows").Call()
	s.If(jen.Len(id(rows)).Op("!=").Len(id(want)).Op("||").Op("!").Qual("reflect", "DeepEqual").Call(id(rows), id(sequence).Dot("Rows").Call())).Block(
		jen.Return(jen.Qual("fmt", "Sprintf").Call(jen.Lit("%d rows, %d of a sequence, want %d"), jen.Len(id(rows)), id(sequence).Dot("Len").Call(), jen.Len(id(want)))))
	s.For(id(i).Op(":=").Range().Id(want)).Block(
		jen.If(jen.Op("!").Qual("reflect", "DeepEqual").Call(id(rows).Index(id(i)), id(want).Index(id(i)))).Block(
			jen.Return(jen.Qual("fmt", "Sprintf").Call(jen.Lit("row %d is %v, want %v"), id(i), id(rows).Index(id(i)), id(want).Index(id(i))))),
		jen.If(
			jen.List(id("_"), id("ok")).Op(":=").Id(got).Dot("Lookup").CallFunc(func(c *jen.Group) {
				for _, by := range g.by {
					c.Add(id(want).Index(id(i)).Dot(by.Name))
				}
			}), jen.Op("!").Id("ok")).Block(
			jen.Return(jen.Qual("fmt", "Sprintf").Call(jen.Lit("no group for row %v"), id(want).Index(id(i))))),
	)
	s.Return(jen.Lit(""))
}

// withoutRefused emits the grouping where rows may be refused: a refusal must have
// a reason, and the others must be taken.
func (g *grouped) withoutRefused(s *jen.Group) {
	f := g.f
	rows, row, n, got, err, sequence, seqErr := f.Local("rows"), f.Local("row"), f.Local("n"), f.Local("got"), f.Local("err"), f.Local("sequence"), f.Local("seqErr")
	s.List(id("_"), id(err)).Op(":=").Id(g.build()).Call(id(rows))
	s.Id(n).Op(":=").Len(id(rows))
	s.Id(rows).Op("=").Qual("slices", "DeleteFunc").Call(id(rows), jen.Func().Params(id(row).Add(g.rowType())).Bool().BlockFunc(func(s *jen.Group) {
		var terms *jen.Statement
		for _, c := range g.columns {
			if !c.unix {
				continue
			}
			ok := g.f.Local("kept" + upper(c.Name))
			s.List(id("_"), id(ok)).Op(":=").Add(rt("UnixNano")).Call(id(row).Dot(c.Name))
			if terms == nil {
				terms = jen.Op("!").Id(ok)
			} else {
				terms.Op("||").Op("!").Id(ok)
			}
		}
		s.Return(terms)
	}))
	s.If(jen.Parens(id(err).Op("!=").Nil()).Op("!=").Parens(jen.Len(id(rows)).Op("<").Id(n))).Block(
		jen.Return(jen.Qual("fmt", "Sprintf").Call(jen.Lit("%d of %d rows have times that cannot be kept, and the error is %v"), id(n).Op("-").Len(id(rows)), id(n), id(err))))
	s.List(id(got), id(err)).Op(":=").Id(g.build()).Call(id(rows))
	s.List(id(sequence), id(seqErr)).Op(":=").Id(g.buildSeq()).Call(jen.Qual("slices", "Values").Call(id(rows)))
	s.If(id(err).Op("!=").Nil().Op("||").Id(seqErr).Op("!=").Nil()).Block(
		jen.Return(jen.Qual("fmt", "Sprint").Call(id(err), jen.Lit(", "), id(seqErr))))
}

// sortWanted emits the definition of the order.
func (g *grouped) sortWanted(s *jen.Group) {
	f := g.f
	want, row, seen, ok, a, b := f.Local("want"), f.Local("row"), f.Local("seen"), f.Local("ok"), f.Local("a"), f.Local("b")
	compare := g.compared(g.keyOf(a), g.keyOf(b))
	if g.seen {
		s.Id(seen).Op(":=").Make(jen.Map(g.keyType()).Int())
		s.For(jen.List(id("_"), id(row)).Op(":=").Range().Id(want)).Block(
			jen.List(id("_"), id(ok)).Op(":=").Id(seen).Index(g.keyOf(row)),
			jen.If(jen.Op("!").Id(ok)).Block(
				id(seen).Index(g.keyOf(row)).Op("=").Len(id(seen))))
		compare = jen.Qual("cmp", "Compare").Call(id(seen).Index(g.keyOf(a)), id(seen).Index(g.keyOf(b)))
	}
	s.Qual("slices", "SortStableFunc").Call(id(want), jen.Func().Params(jen.List(id(a), id(b)).Add(g.rowType())).Int().Block(jen.Return(compare)))
}
