package grouped

import (
	"fmt"

	"github.com/dave/jennifer/jen"
)

// builders emits the functions that make a container.
func (g *grouped) builders() {
	g.fromRows()
	g.regroup()
	g.fromSeq()
	g.fromColumns()
	g.fromGroups()
}

// made returns the parameters of a builder's result.
func (g *grouped) made(fails bool) *jen.Statement {
	if fails {
		return jen.Params(jen.Op("*").Id(g.name), jen.Error())
	}
	return jen.Op("*").Id(g.name)
}

func (g *grouped) fromRows() {
	f := g.f
	rows, b, err := f.Local("rows"), f.Local("b"), f.Local("err")
	how := "Rows that come group by group in the order of the keys are read once; others are counted before they are moved."
	if g.seen {
		how = "Rows that come group by group are read once; others are counted before they are moved."
	}
	doc := fmt.Sprintf("%s groups rows by %s, and copies what they hold. %s Large inputs keep several goroutines busy.", g.build(), g.byText(), how)
	if g.refuses() {
		doc += " It refuses, with the number of the row, a time that would not come back equal: one that is not in UTC, or is outside the years 1678 to 2261."
	}
	g.comment(doc)
	f.Func().Id(g.build()).Params(id(rows).Index().Add(g.rowType())).Add(g.made(g.refuses())).BlockFunc(func(s *jen.Group) {
		s.Id(b).Op(":=").New(id(g.name))
		if !g.refuses() {
			s.Id(b).Dot("Regroup").Call(id(rows))
			s.Return(id(b))
			return
		}
		s.If(id(err).Op(":=").Id(b).Dot("Regroup").Call(id(rows)), id(err).Op("!=").Nil()).Block(jen.Return(jen.Nil(), id(err)))
		s.Return(id(b), jen.Nil())
	})
}

func (g *grouped) regroup() {
	f := g.f
	b, rows, columns, keys, offsets, ok := f.Local("b"), f.Local("rows"), f.Local("columns"), f.Local("keys"), f.Local("offsets"), f.Local("ok")
	doc := fmt.Sprintf("Regroup makes %s what [%s] makes of rows, in the memory that it has. It is for whoever alone holds %s: all that it gave out before changes with it.", b, g.build(), b)
	if g.refuses() {
		doc += " After an error it is empty."
	}
	g.comment(doc)
	fn := f.Func().Params(id(b).Op("*").Id(g.name)).Id("Regroup").Params(id(rows).Index().Add(g.rowType()))
	if g.refuses() {
		fn.Error()
	}
	move := id(g.local("move", g.name)).Call(id(columns), id(rows))
	fn.BlockFunc(func(s *jen.Group) {
		s.Id(columns).Op(":=").Id(g.local("make", g.columnsName)).Call(id(b).Dot("columns"), jen.Len(id(rows)))
		s.Op("*").Id(b).Op("=").Id(g.name).Values()
		s.List(id(keys), id(offsets), id(ok)).Op(":=").Id(g.local("copySorted", g.name)).Call(id(columns), id(rows))
		if !g.refuses() {
			s.If(jen.Op("!").Id(ok)).Block(jen.List(id(keys), id(offsets)).Op("=").Add(move))
			s.Id(b).Dot("set").Call(id(keys), id(offsets), id(columns))
			return
		}
		s.If(jen.Op("!").Id(ok)).Block(jen.List(id(keys), id(offsets), id(ok)).Op("=").Add(move))
		s.If(jen.Op("!").Id(ok)).Block(jen.Return(id(g.refusedName()).Call(id(rows))))
		s.Id(b).Dot("set").Call(id(keys), id(offsets), id(columns))
		s.Return(jen.Nil())
	})
}

func (g *grouped) fromSeq() {
	f := g.f
	rows, row, keys, columns := f.Local("rows"), f.Local("row"), f.Local("keys"), f.Local("columns")
	g.comment(fmt.Sprintf("%s is [%s] for rows that come one by one.", g.buildSeq(), g.build()))
	f.Func().Id(g.buildSeq()).Params(id(rows).Qual("iter", "Seq").Types(g.rowType())).Add(g.made(g.refuses())).BlockFunc(func(s *jen.Group) {
		s.Var().Defs(
			id(keys).Index().Add(g.keyType()),
			id(columns).Id(g.columnsName),
		)
		s.For(id(row).Op(":=").Range().Id(rows)).BlockFunc(func(s *jen.Group) {
			for _, c := range g.columns {
				value := id(row).Dot(c.Name)
				if c.unix {
					g.unixTime(s, row, c, jen.Return(jen.Nil(), g.refusal(jen.Len(id(keys)), c, row)))
					value = id(g.unixName(c))
				}
				s.Id(columns).Dot(c.Name).Op("=").Append(id(columns).Dot(c.Name), value)
			}
			s.Id(keys).Op("=").Append(id(keys), g.keyOf(row))
		})
		if g.refuses() {
			s.Return(id(g.buildColumns()).Call(id(keys), id(columns)))
			return
		}
		b := f.Local("b")
		s.List(id(b), id("_")).Op(":=").Id(g.buildColumns()).Call(id(keys), id(columns)).Comment("all columns are of one length")
		s.Return(id(b))
	})
}

// unixName returns the local that holds a time as a number.
func (g *grouped) unixName(c *column) string { return g.f.Local("unix" + upper(c.Name)) }

// unixTime emits the conversion of a time and what is done if it is refused.
func (g *grouped) unixTime(s *jen.Group, row string, c *column, refused ...jen.Code) {
	ok := g.f.Local("ok")
	s.List(id(g.unixName(c)), id(ok)).Op(":=").Add(rt("UnixNano")).Call(id(row).Dot(c.Name))
	s.If(jen.Op("!").Id(ok)).Block(refused...)
}

// refusal returns the error of a time that is refused.
func (g *grouped) refusal(number jen.Code, c *column, row string) *jen.Statement {
	return jen.Qual("fmt", "Errorf").Call(
		jen.Lit(fmt.Sprintf("group rows of %s by %s: row %%d: field %s: %%w", g.row.Name, g.byText(), c.Name)),
		number, rt("TimeError").Call(id(row).Dot(c.Name)))
}

func (g *grouped) fromColumns() {
	f := g.f
	keys, columns, b := f.Local("keys"), f.Local("columns"), f.Local("b")
	err, of, offsets, ok := f.Local("err"), f.Local("groups"), f.Local("offsets"), f.Local("ok")
	to, first, from, places := f.Local("moved"), f.Local("first"), f.Local("from"), f.Local("places")
	g.comment(fmt.Sprintf("%s is [%s] for rows that come as columns, in any order: row i has keys[i] and the elements i of the columns, which it copies. Fields that are nil are left out.",
		g.buildColumns(), g.build()))
	f.Func().Id(g.buildColumns()).Params(id(keys).Index().Add(g.keyType()), id(columns).Id(g.columnsName)).Add(g.made(true)).BlockFunc(func(s *jen.Group) {
		s.If(id(err).Op(":=").Id(columns).Dot("check").Call(jen.Len(id(keys))), id(err).Op("!=").Nil()).Block(
			jen.Return(jen.Nil(), jen.Qual("fmt", "Errorf").Call(jen.Lit(fmt.Sprintf("group columns of %s by %s: %%w", g.row.Name, g.byText())), id(err))))
		s.List(id(b), id(to)).Op(":=").List(jen.New(id(g.name)), id(columns).Dot("clone").Call())
		s.If(
			jen.List(id(of), id(offsets), id(ok)).Op(":=").Add(rt("JoinRuns")).Call(
				jen.Len(id(keys)), jen.Index().Index().Add(rt("Run")).Types(g.keyType()).Values(rt("Runs").Call(id(keys))), g.order()),
			id(ok),
		).Block(
			id(b).Dot("set").Call(id(of), id(offsets), id(to)),
			jen.Return(id(b), jen.Nil()),
		)
		names, lo, hi, key := f.Local("names"), f.Local("lo"), f.Local("hi"), f.Local("key")
		s.Id(of).Op(":=").Add(rt("NewGrouping")).Call(jen.Len(id(keys)), g.order(),
			jen.Func().Params(id(names).Op("*").Add(rt("Names")).Types(g.keyType()), jen.List(id(lo), id(hi)).Int()).Block(
				jen.For(jen.List(id("_"), id(key)).Op(":=").Range().Id(keys).Index(id(lo).Op(":").Id(hi))).Block(g.addKey(names, id(key)))))
		s.Id(of).Dot("Move").Call(jen.Func().Params().Add(moveType()).Block(
			jen.Return(jen.Func().Params(id(first).Int(), id(from).Index().Int32(), id(places).Index().Int()).Block(
				id(columns).Dot("slice").Call(id(first), id(first).Op("+").Len(id(from))).Dot("scatter").Call(id(to), id(from), id(places)),
			))))
		s.Id(b).Dot("set").Call(id(of).Dot("Keys"), id(of).Dot("Offsets"), id(to))
		s.Return(id(b), jen.Nil())
	})
}

// moveType is the type of the function that moves a block of rows.
func moveType() *jen.Statement {
	return jen.Func().Params(jen.Int(), jen.Index().Int32(), jen.Index().Int())
}

// addKey returns the call that names the key of the next row.
func (g *grouped) addKey(names string, key jen.Code) *jen.Statement {
	if isText(g.by[0].Type) && !g.several() {
		return rt("AddText").Call(id(names), key)
	}
	return id(names).Dot("Add").Call(key)
}

func (g *grouped) fromGroups() {
	f := g.f
	keys, offsets, columns, err, b := f.Local("keys"), f.Local("offsets"), f.Local("columns"), f.Local("err"), f.Local("b")
	ascend := ", and keys ascend"
	if g.seen {
		ascend = ", and all keys differ"
	}
	g.comment(fmt.Sprintf("%s returns a container of columns that are grouped already: group i is keys[i], its rows are the elements offsets[i] to offsets[i+1] of the columns%s. It keeps the slices, and may change where they keep their texts. Fields that are nil are left out.", g.adopt(), ascend))
	f.Func().Id(g.adopt()).Params(id(keys).Index().Add(g.keyType()), id(offsets).Index().Int(), id(columns).Id(g.columnsName)).Add(g.made(true)).Block(
		id(err).Op(":=").Add(rt("CheckGroups")).Call(id(keys), id(offsets), g.order()),
		jen.If(id(err).Op("==").Nil()).Block(id(err).Op("=").Id(columns).Dot("check").Call(id(offsets).Index(jen.Len(id(keys))))),
		jen.If(id(err).Op("!=").Nil()).Block(
			jen.Return(jen.Nil(), jen.Qual("fmt", "Errorf").Call(jen.Lit(fmt.Sprintf("make %s of columns: %%w", g.name)), id(err)))),
		id(b).Op(":=").New(id(g.name)),
		id(b).Dot("set").Call(id(keys), id(offsets), id(columns)),
		jen.Return(id(b), jen.Nil()),
	)
}
