package grouped

import (
	"fmt"

	"github.com/dave/jennifer/jen"
)

// parts emits what the builders share.
func (g *grouped) parts() {
	g.set()
	g.compareFunc()
	g.copySorted()
	g.copyRuns()
	g.move()
	if g.refuses() {
		g.refused()
	}
	g.makeColumns()
	g.copyRows()
	g.columnMethods()
}

// set emits the method that all builders end with: it takes what a container is to
// hold, gives it its own texts and slices, and counts it.
func (g *grouped) set() {
	f := g.f
	b, keys, offsets, columns := f.Local("b"), f.Local("keys"), f.Local("offsets"), f.Local("columns")
	slice := func(x jen.Code) *jen.Statement { return jen.Qual(sizingPath, "Slice").Call(x) }
	g.comment(fmt.Sprintf("set makes %s what it is to be, and takes its size.", b))
	g.method("set").Params(id(keys).Index().Add(g.keyType()), id(offsets).Index().Int(), id(columns).Id(g.columnsName)).BlockFunc(func(s *jen.Group) {
		s.Op("*").Id(b).Op("=").Id(g.name).Values(jen.List(
			id("keys").Op(":").Id(keys), id("offsets").Op(":").Id(offsets), id("columns").Op(":").Id(columns)))
		size := jen.Qual(sizingPath, "Pointer").Call(id(b))
		add := func(term jen.Code) { size.Op("+").Line().Add(term) }
		if g.seen {
			s.Id(b).Dot("byKey").Op("=").Add(rt("SortedKeys")).Call(id(keys), g.compare())
			add(slice(id(b).Dot("byKey")))
		}
		add(slice(id(keys)))
		add(slice(id(offsets)))
		for _, c := range g.columns {
			add(slice(id(columns).Dot(c.Name)))
		}
		s.Id(b).Dot("size").Op("=").Add(size)
		o := &owner{g: g, s: s}
		for _, by := range g.by {
			at := func(i jen.Code) *jen.Statement {
				if g.several() {
					return id(keys).Index(i).Dot(by.Name)
				}
				return id(keys).Index(i)
			}
			o.own(by.Type, jen.Len(id(keys)), at)
		}
		for _, c := range g.columns {
			if !c.plain && !c.unix {
				o.own(c.Type, jen.Len(id(columns).Dot(c.Name)), func(i jen.Code) *jen.Statement {
					return id(columns).Dot(c.Name).Index(i)
				})
			}
		}
	})
}

// copied emits the statements that copy row i of rows, to the elements i of the
// columns. refused is what is done if one is refused.
func (g *grouped) copied(s *jen.Group, to, row, i string, refused ...jen.Code) {
	for _, c := range g.columns {
		value := id(row).Dot(c.Name)
		if c.unix {
			g.unixTime(s, row, c, refused...)
			value = id(g.unixName(c))
		}
		s.Id(to).Dot(c.Name).Index(id(i)).Op("=").Add(value)
	}
}

func (g *grouped) copySorted() {
	f := g.f
	to, rows, keys, offsets, ok := f.Local("to"), f.Local("rows"), f.Local("keys"), f.Local("offsets"), f.Local("ok")
	refused, runs, part, lo, hi := f.Local("refused"), f.Local("runs"), f.Local("part"), f.Local("lo"), f.Local("hi")
	name := g.local("copySorted", g.name)
	doc := name + " copies rows that come group by group. It reports false if they do not"
	if g.refuses() {
		doc += ", or if one is refused"
	}
	g.comment(doc + ".")
	copyRuns := id(g.local("copy", g.row.Name, "Runs")).Call(
		id(to).Dot("slice").Call(id(lo), id(hi)), id(rows).Index(id(lo).Op(":").Id(hi)), id(lo))
	f.Func().Id(name).Params(id(to).Id(g.columnsName), id(rows).Index().Add(g.rowType())).
		Params(id(keys).Index().Add(g.keyType()), id(offsets).Index().Int(), id(ok).Bool()).BlockFunc(func(s *jen.Group) {
		if g.refuses() {
			s.Var().Id(refused).Qual("sync/atomic", "Bool")
		}
		s.Id(runs).Op(":=").Make(jen.Index().Index().Add(rt("Run")).Types(g.keyType()), rt("Parts").Call(jen.Len(id(rows))))
		s.Add(rt("EachPart")).Call(jen.Len(id(runs)), jen.Len(id(rows)), jen.Func().Params(jen.List(id(part), id(lo), id(hi)).Int()).BlockFunc(func(s *jen.Group) {
			if !g.refuses() {
				s.Id(runs).Index(id(part)).Op("=").Add(copyRuns)
				return
			}
			s.Var().Id(ok).Bool()
			s.If(jen.List(id(runs).Index(id(part)), id(ok)).Op("=").Add(copyRuns), jen.Op("!").Id(ok)).Block(
				id(refused).Dot("Store").Call(jen.True()))
		}))
		join := rt("JoinRuns").Call(jen.Len(id(rows)), id(runs), g.order())
		if !g.refuses() {
			s.Return(join)
			return
		}
		s.List(id(keys), id(offsets), id(ok)).Op("=").Add(join)
		s.Return(id(keys), id(offsets), id(ok).Op("&&").Op("!").Id(refused).Dot("Load").Call())
	})
}

func (g *grouped) copyRuns() {
	f := g.f
	to, rows, row, i := f.Local("to"), f.Local("rows"), f.Local("row"), f.Local("i")
	first, runs, ok, key, next, known := f.Local("first"), f.Local("runs"), f.Local("ok"), f.Local("key"), f.Local("next"), f.Local("known")
	name := g.local("copy", g.row.Name, "Runs")
	stop := "at a key that is below the one before"
	if g.seen {
		stop = "at a key that had a run before"
	}
	doc := fmt.Sprintf("%s copies rows and returns their runs; first is the number of the first row. It stops %s.", name, stop)
	if g.refuses() {
		doc += " It reports false if a row is refused."
	}
	g.comment(doc)

	results := []jen.Code{id(runs).Index().Add(rt("Run")).Types(g.keyType())}
	back := func(done bool) jen.Code { return jen.Return(id(runs)) }
	if g.refuses() {
		results = append(results, id(ok).Bool())
		back = func(done bool) jen.Code { return jen.Return(id(runs), jen.Lit(done)) }
	}
	f.Func().Id(name).Params(id(to).Id(g.columnsName), id(rows).Index().Add(g.rowType()), id(first).Int()).Params(results...).BlockFunc(func(s *jen.Group) {
		s.Var().Id(key).Add(g.keyType())
		if g.seen {
			s.Id(known).Op(":=").Make(jen.Map(g.keyType()).Bool())
		}
		s.For(id(i).Op(":=").Range().Id(rows)).BlockFunc(func(s *jen.Group) {
			s.Id(row).Op(":=").Op("&").Id(rows).Index(id(i))
			s.Id(next).Op(":=").Add(g.keyOf(row))
			other := id(next).Op("!=").Id(key)
			if isText(g.by[0].Type) && !g.several() {
				other = rt("OtherText").Call(id(next), id(key))
			}
			s.If(id(i).Op("==").Lit(0).Op("||").Add(other)).BlockFunc(func(s *jen.Group) {
				s.Id(runs).Op("=").Append(id(runs), rt("Run").Types(g.keyType()).Values(
					id("Key").Op(":").Id(next), id("Start").Op(":").Id(first).Op("+").Id(i)))
				if g.seen {
					s.If(id(known).Index(id(next))).Block(back(true))
					s.Id(known).Index(id(next)).Op("=").True()
				} else {
					s.If(id(i).Op(">").Lit(0).Op("&&").Add(g.compared(id(next), id(key))).Op("<").Lit(0)).Block(back(true))
				}
				s.Id(key).Op("=").Id(next)
			})
			g.copied(s, to, row, i, back(false))
		})
		s.Add(back(true))
	})
}

func (g *grouped) move() {
	f := g.f
	to, rows, block := f.Local("to"), f.Local("rows"), f.Local("block")
	groups, refused, names, lo, hi, i := f.Local("groups"), f.Local("refused"), f.Local("names"), f.Local("lo"), f.Local("hi"), f.Local("i")
	first, from, places := f.Local("first"), f.Local("from"), f.Local("places")
	name := g.local("move", g.name)
	doc := name + " moves rows that come in any order."
	results := []jen.Code{id(f.Local("keys")).Index().Add(g.keyType()), id(f.Local("offsets")).Index().Int()}
	if g.refuses() {
		doc += " It reports false if one is refused."
		results = append(results, id(f.Local("ok")).Bool())
	}
	g.comment(doc)
	copyBlock := id(block).Dot("copy").Call(id(rows).Index(id(first).Op(":").Id(first).Op("+").Len(id(from))))
	f.Func().Id(name).Params(id(to).Id(g.columnsName), id(rows).Index().Add(g.rowType())).Params(results...).BlockFunc(func(s *jen.Group) {
		s.Id(groups).Op(":=").Add(rt("NewGrouping")).Call(jen.Len(id(rows)), g.order(),
			jen.Func().Params(id(names).Op("*").Add(rt("Names")).Types(g.keyType()), jen.List(id(lo), id(hi)).Int()).Block(
				jen.For(id(i).Op(":=").Id(lo), id(i).Op("<").Id(hi), id(i).Op("++")).BlockFunc(func(s *jen.Group) {
					if !g.several() {
						s.Add(g.addKey(names, id(rows).Index(id(i)).Dot(g.by[0].Name)))
						return
					}
					row := f.Local("row")
					s.Id(row).Op(":=").Op("&").Id(rows).Index(id(i))
					s.Add(g.addKey(names, g.keyOf(row)))
				})))
		if g.refuses() {
			s.Var().Id(refused).Qual("sync/atomic", "Bool")
		}
		s.Id(groups).Dot("Move").Call(jen.Func().Params().Add(moveType()).Block(
			id(block).Op(":=").Id(g.local("make", g.columnsName)).Call(id(g.columnsName).Values(), rt("Block").Call(jen.Len(id(rows)))),
			jen.Return(jen.Func().Params(id(first).Int(), id(from).Index().Int32(), id(places).Index().Int()).BlockFunc(func(s *jen.Group) {
				if g.refuses() {
					s.If(jen.Op("!").Add(copyBlock)).Block(id(refused).Dot("Store").Call(jen.True()), jen.Return())
				} else {
					s.Add(copyBlock)
				}
				s.Id(block).Dot("scatter").Call(id(to), id(from), id(places))
			}))))
		if g.refuses() {
			s.Return(id(groups).Dot("Keys"), id(groups).Dot("Offsets"), jen.Op("!").Id(refused).Dot("Load").Call())
			return
		}
		s.Return(id(groups).Dot("Keys"), id(groups).Dot("Offsets"))
	})
}

func (g *grouped) refused() {
	f := g.f
	rows, row, i := f.Local("rows"), f.Local("row"), f.Local("i")
	g.comment(g.refusedName() + " returns the error of the first row that is refused.")
	f.Func().Id(g.refusedName()).Params(id(rows).Index().Add(g.rowType())).Error().Block(
		jen.For(id(i).Op(":=").Range().Id(rows)).BlockFunc(func(s *jen.Group) {
			s.Id(row).Op(":=").Op("&").Id(rows).Index(id(i))
			for _, c := range g.columns {
				if c.unix {
					s.If(jen.List(id("_"), id("ok")).Op(":=").Add(rt("UnixNano")).Call(id(row).Dot(c.Name)), jen.Op("!").Id("ok")).Block(
						jen.Return(g.refusal(id(i), c, row)))
				}
			}
		}),
		jen.Return(jen.Nil()))
}
