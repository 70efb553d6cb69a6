package proof

import (
	"go/token"

	"github.com/dave/jennifer/jen"

	"github.com/bmadventure/optcache/internal/gen/model"
)

// manyRows is how many rows there are to choose from: a power of two, so that a hash
// chooses any of them as often as another.
const manyRows = 64

// Rows returns a call of a function that returns random rows, as many as manyRows, which
// a container takes; it emits the function, once in a file.
func Rows(f *model.File, c *model.Container, pos token.Position) *jen.Statement {
	name := "someRowsOf" + Title(c.Name)
	if !f.Once(name) {
		return jen.Id(name).Call()
	}
	f.Declare(name, pos)
	rowType, generator := f.Type(c.Row.Named), Generator(f, c.Row.Named, pos)
	parameters, found, rows, i := f.Local("parameters"), f.Local("found"), f.Local("rows"), f.Local("i")
	what := "%s returns rows, always the same."
	if len(c.Times) > 0 {
		what = "%s returns rows, always the same, with times that can be kept."
	}
	f.Doc(what, name)
	f.Func().Id(name).Params().Index().Add(rowType).BlockFunc(func(g *jen.Group) {
		g.Id(parameters).Op(":=").Qual(gopter, "DefaultGenParameters").Call().Dot("CloneWithSeed").Call(jen.Lit(1))
		g.Id(parameters).Dot("MaxSize").Op("=").Lit(10).Comment("of each slice and string")
		g.List(jen.Id(found), jen.Id("_")).Op(":=").Qual(gens, "SliceOfN").Call(jen.Lit(manyRows), generator).Call(jen.Id(parameters)).Dot("Retrieve").Call()
		if len(c.Times) == 0 {
			g.Return(jen.Id(found).Assert(jen.Index().Add(rowType.Clone())))
			return
		}
		g.Id(rows).Op(":=").Id(found).Assert(jen.Index().Add(rowType.Clone()))
		g.For(jen.Id(i).Op(":=").Range().Id(rows)).BlockFunc(func(g *jen.Group) {
			for _, field := range c.Times {
				g.Id(rows).Index(jen.Id(i)).Dot(field).Op("=").Qual("time", "Unix").Call(jen.Int64().Call(jen.Id(i)), jen.Lit(0)).Dot("UTC").Call()
			}
		})
		g.Return(jen.Id(rows))
	})
	return jen.Id(name).Call()
}
