package grouped

import "github.com/dave/jennifer/jen"

// makeColumns emits the function that finds room for columns.
func (g *grouped) makeColumns() {
	f := g.f
	old, n := f.Local("old"), f.Local("n")
	name := g.local("make", g.columnsName)
	g.comment(name + " returns columns of n elements, in the memory of old where it has room. They hold anything until they are written.")
	f.Func().Id(name).Params(id(old).Id(g.columnsName), id(n).Int()).Id(g.columnsName).Block(
		jen.Return(g.each(func(c *column) jen.Code {
			column := "Column"
			if c.plain || c.unix {
				column = "RawColumn"
			}
			return rt(column).Call(id(old).Dot(c.Name), id(n))
		})))
}

// columnsMethod starts a method of the columns.
func (g *grouped) columnsMethod(name string) *jen.Statement {
	return g.f.Func().Params(id(g.f.Local("c")).Id(g.columnsName)).Id(name)
}

func (g *grouped) copyRows() {
	f := g.f
	c, rows, row, i := f.Local("c"), f.Local("rows"), f.Local("row"), f.Local("i")
	doc := "copy copies rows to the first elements."
	if g.refuses() {
		doc += " It reports false if one is refused."
	}
	g.comment(doc)
	fn := g.columnsMethod("copy").Params(id(rows).Index().Add(g.rowType()))
	if g.refuses() {
		fn.Bool()
	}
	fn.BlockFunc(func(s *jen.Group) {
		s.For(id(i).Op(":=").Range().Id(rows)).BlockFunc(func(s *jen.Group) {
			s.Id(row).Op(":=").Op("&").Id(rows).Index(id(i))
			g.copied(s, c, row, i, jen.Return(jen.False()))
		})
		if g.refuses() {
			s.Return(jen.True())
		}
	})
}

// columnMethods emits what is done with each column alike.
func (g *grouped) columnMethods() {
	f := g.f
	c, n, lo, hi := f.Local("c"), f.Local("n"), f.Local("lo"), f.Local("hi")
	to, from, places := f.Local("to"), f.Local("from"), f.Local("places")
	field := func(name string) func(col *column) *jen.Statement {
		return func(col *column) *jen.Statement { return id(name).Dot(col.Name) }
	}(c)

	g.comment("scatter copies the elements from[i] to the places[i] of other columns.")
	g.columnsMethod("scatter").Params(id(to).Id(g.columnsName), id(from).Index().Int32(), id(places).Index().Int()).BlockFunc(func(s *jen.Group) {
		for _, col := range g.columns {
			s.Add(rt("Scatter")).Call(id(to).Dot(col.Name), field(col), id(from), id(places))
		}
	})

	g.comment("slice returns the elements lo to hi.")
	g.columnsMethod("slice").Params(jen.List(id(lo), id(hi)).Int()).Id(g.columnsName).Block(
		jen.Return(g.each(func(col *column) jen.Code { return rt("Range").Call(field(col), id(lo), id(hi)) })))

	g.comment("clone returns a copy of the columns.")
	g.columnsMethod("clone").Params().Id(g.columnsName).Block(
		jen.Return(g.each(func(col *column) jen.Code { return jen.Qual("slices", "Clone").Call(field(col)) })))

	g.comment("check says which column is not of n elements.")
	g.columnsMethod("check").Params(id(n).Int()).Error().Block(jen.ReturnFunc(func(r *jen.Group) {
		var terms []jen.Code
		for _, col := range g.columns {
			terms = append(terms, rt("CheckColumn").Call(jen.Lit(col.Name), field(col), id(n)))
		}
		if len(terms) == 1 {
			r.Add(terms[0])
			return
		}
		r.Qual("cmp", "Or").Custom(jen.Options{Open: "(", Close: ")", Separator: ",", Multi: true}, terms...)
	}))
}
