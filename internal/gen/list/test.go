package list

import (
	"github.com/dave/jennifer/jen"

	"github.com/bmadventure/optcache/internal/gen/model"
	"github.com/bmadventure/optcache/internal/gen/proof"
)

const (
	gopter = "github.com/leanovate/gopter"
	gens   = "github.com/leanovate/gopter/gen"
	props  = "github.com/leanovate/gopter/prop"
)

// EmitTest emits the test of a list that was emitted: what went in comes out, and
// is found.
func EmitTest(f *model.File, d *model.Directive, value *model.Container) {
	by := (&list{f: f, elem: d.Elem}).byOf(d)
	rows, l, i := f.Local("rows"), f.Local("l"), f.Local("i")
	generator := proof.Generator(f, d.Elem.Named, d.Pos)
	name := f.Declare("Test"+proof.Title(value.Name)+"KeepsItsElements", d.Pos)
	f.Doc("%s takes out what it put in, by position and by %s.", name, by.Name)
	row := func() *jen.Statement { return jen.Id(rows).Index(jen.Id(i)) }
	f.Func().Id(name).Params(jen.Id("t").Op("*").Qual("testing", "T")).Block(
		jen.Id("parameters").Op(":=").Qual(gopter, "DefaultTestParametersWithSeed").Call(jen.Lit(1)),
		jen.Id("parameters").Dot("MaxSize").Op("=").Lit(10).Comment("of each slice and string"),
		jen.Id("properties").Op(":=").Qual(gopter, "NewProperties").Call(jen.Id("parameters")),
		jen.Id("properties").Dot("Property").Call(jen.Lit("what went in comes out"), jen.Qual(props, "ForAll").Call(
			jen.Line().Func().Params(jen.Id(rows).Index().Add(f.Type(d.Elem.Named))).String().Block(
				jen.Id(l).Op(":=").Id(value.Build).Call(jen.Id(rows)),
				jen.If(jen.Id(l).Dot("Len").Call().Op("!=").Len(jen.Id(rows))).Block(
					jen.Return(jen.Qual("fmt", "Sprintf").Call(jen.Lit("%d elements, want %d"), jen.Id(l).Dot("Len").Call(), jen.Len(jen.Id(rows))))),
				jen.For(jen.Id(i).Op(":=").Range().Id(rows)).Block(
					jen.If(jen.Op("!").Qual("reflect", "DeepEqual").Call(jen.Id(l).Dot("At").Call(jen.Id(i)), row())).Block(
						jen.Return(jen.Qual("fmt", "Sprintf").Call(jen.Lit("element %d is %v, want %v"), jen.Id(i), jen.Id(l).Dot("At").Call(jen.Id(i)), row()))),
					jen.Id("at").Op(":=").Id(l).Dot("Index").Call(row().Dot(by.Name)),
					jen.If(jen.Id("at").Op("<").Lit(0).Op("||").Id("at").Op(">").Id(i).Op("||").Id(rows).Index(jen.Id("at")).Dot(by.Name).Op("!=").Add(row()).Dot(by.Name)).Block(
						jen.Return(jen.Qual("fmt", "Sprintf").Call(jen.Lit("element %d is found at %d"), jen.Id(i), jen.Id("at")))),
				),
				jen.Return(jen.Lit("")),
			),
			jen.Line().Qual(gens, "SliceOf").Call(generator), jen.Line(),
		)),
		jen.Id("properties").Dot("TestingRun").Call(jen.Id("t")),
	)
}

// byOf returns the field by which the elements of a list are found.
func (l *list) byOf(d *model.Directive) *model.Field {
	l.chooseBy(d)
	return l.by
}
