package grouped

import (
	"fmt"

	"github.com/dave/jennifer/jen"

	"github.com/bmadventure/optcache/internal/gen/model"
	"github.com/bmadventure/optcache/internal/gen/proof"
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
