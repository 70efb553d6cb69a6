package params

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

// EmitTest emits the test of a space that was emitted: it is the same as the one
// of package search, the way back leads back, keys are unique.
func EmitTest(f *model.File, t *model.Type, d *model.Directive) {
	s := read(f, t, d)
	name := f.Declare("Test"+proof.Title(s.name), d.Pos)
	id := func(name string) *jen.Statement { return jen.Id(f.Local(name)) }
	fail := func(format string, args ...jen.Code) *jen.Statement {
		return jen.Block(jen.Return(jen.Qual("fmt", "Sprintf").Call(append([]jen.Code{jen.Lit(format)}, args...)...)))
	}
	f.Doc("%s holds the space against the one of package search, and its ways there and back against each other.", name)
	f.Func().Id(name).Params(jen.Id("t").Op("*").Qual("testing", "T")).Block(
		jen.Var().Add(id("s")).Id(s.name),
		jen.List(id("lazy"), jen.Err()).Op(":=").Add(id("s")).Dot("Space").Call(),
		jen.If(jen.Err().Op("!=").Nil()).Block(jen.Id("t").Dot("Fatal").Call(jen.Err())),
		jen.If(id("lazy").Dot("Cells").Call().Op("!=").Add(id("s")).Dot("Cells").Call()).Block(
			jen.Id("t").Dot("Fatalf").Call(jen.Lit("%d cells, package search has %d"), id("s").Dot("Cells").Call(), id("lazy").Dot("Cells").Call())),
		jen.Id("properties").Op(":=").Qual(gopter, "NewProperties").Call(jen.Qual(gopter, "DefaultTestParametersWithSeed").Call(jen.Lit(1))),
		jen.Id("properties").Dot("Property").Call(jen.Lit("cells, parameters and keys belong to each other"), jen.Qual(props, "ForAll").Call(
			jen.Line().Func().Params(jen.List(id("a"), id("b")).Uint64()).String().Block(
				jen.List(id("a"), id("b")).Op("=").List(id("a").Op("%").Add(id("s")).Dot("Cells").Call(), id("b").Op("%").Add(id("s")).Dot("Cells").Call()),
				jen.List(id("p"), id("ok")).Op(":=").Add(id("s")).Dot("At").Call(id("a")),
				jen.If(jen.List(id("q"), id("same")).Op(":=").Add(id("lazy")).Dot("At").Call(id("a")),
					id("same").Op("!=").Add(id("ok")).Op("||").Op("!").Qual("reflect", "DeepEqual").Call(id("p"), id("q"))).Add(
					fail("cell %d is %v, %v; package search has %v, %v", id("a"), id("p"), id("ok"), id("q"), id("same"))),
				jen.If(jen.List(id("back"), id("found")).Op(":=").Add(id("s")).Dot("Index").Call(id("p")),
					jen.Op("!").Add(id("found")).Op("||").Add(id("back")).Op("!=").Add(id("a"))).Add(
					fail("cell %d is found at %d, %v", id("a"), id("back"), id("found"))),
				jen.List(id("other"), id("_")).Op(":=").Add(id("s")).Dot("At").Call(id("b")),
				jen.If(jen.Parens(jen.String().Call(id("s").Dot("AppendKey").Call(jen.Nil(), id("p"))).Op("==").String().Call(id("s").Dot("AppendKey").Call(jen.Nil(), id("other")))).
					Op("!=").Parens(id("a").Op("==").Add(id("b")))).Add(
					fail("keys of cells %d and %d", id("a"), id("b"))),
				jen.Return(jen.Lit("")),
			),
			jen.Line().Qual(gens, "UInt64").Call(), jen.Qual(gens, "UInt64").Call(), jen.Line(),
		)),
		jen.Id("properties").Dot("TestingRun").Call(jen.Id("t")),
	)
}
