package grouped

import (
	"fmt"

	"github.com/dave/jennifer/jen"
)

// method starts a method of the container.
func (g *grouped) method(name string) *jen.Statement {
	return g.f.Func().Params(id(g.f.Local("b")).Op("*").Id(g.name)).Id(name)
}

// readers emits the methods that give out what the container holds.
func (g *grouped) readers() {
	b, i := g.f.Local("b"), g.f.Local("i")
	offset := func(at ...jen.Code) *jen.Statement { return id(b).Dot("offsets").Index(at...) }
	next := id(i).Op("+").Lit(1)

	g.comment("Keys returns the keys of the groups. It must not be written to.")
	g.method("Keys").Params().Index().Add(g.keyType()).Block(jen.Return(id(b).Dot("keys")))

	g.comment("Len returns the number of rows of all groups together.")
	g.method("Len").Params().Int().Block(
		jen.If(jen.Len(id(b).Dot("offsets")).Op("==").Lit(0)).Block(jen.Return(jen.Lit(0))),
		jen.Return(offset(jen.Len(id(b).Dot("keys")))))

	g.comment("Columns returns the fields of all rows, group by group. They must not be written to.")
	g.method("Columns").Params().Id(g.columnsName).Block(jen.Return(id(b).Dot("columns")))

	g.comment("Bounds returns where group i is in the columns, 0 <= i < len(Keys()): from lo to hi.")
	g.method("Bounds").Params(id(i).Int()).Params(jen.List(id("lo"), id("hi")).Int()).Block(
		jen.Return(offset(id(i)), offset(next.Clone())))

	g.comment("Group returns group i, 0 <= i < len(Keys()), without a copy and without an allocation.")
	g.method("Group").Params(id(i).Int()).Id(g.groupName).Block(
		jen.Return(id(g.groupName).Values(
			g.groupKey(b, i),
			id(g.columnsName).Op(":").Id(b).Dot("columns").Dot("slice").Call(offset(id(i)), offset(next.Clone())))))
	g.lookup()
	g.rows()

	g.comment("SizeBytes returns the heap that the container holds, in bytes, as the runtime rounds it.")
	g.method("SizeBytes").Params().Int64().Block(jen.Return(id(b).Dot("size")))
	if g.clone {
		g.cloneMethod()
	}
}

// groupKey returns the element of a group's literal that is its key.
func (g *grouped) groupKey(b, i string) *jen.Statement {
	name := g.by[0].Name
	if g.several() {
		name = g.keyName
	}
	return id(name).Op(":").Id(b).Dot("keys").Index(id(i))
}

func (g *grouped) lookup() {
	f := g.f
	b, i, ok := f.Local("b"), f.Local("i"), f.Local("ok")
	var params []jen.Code
	for _, by := range g.by {
		params = append(params, id(f.Local(lower(by.Name))).Add(f.Type(by.Type)))
	}
	key := id(f.Local(lower(g.by[0].Name)))
	g.comment("Lookup returns the group of that key, and whether there is one.")
	g.method("Lookup").Params(params...).Params(id(g.groupName), jen.Bool()).BlockFunc(func(s *jen.Group) {
		if g.several() {
			key = id(f.Local("key"))
			s.Add(key.Clone()).Op(":=").Id(g.keyName).ValuesFunc(func(v *jen.Group) {
				for _, by := range g.by {
					v.Add(id(by.Name).Op(":").Id(f.Local(lower(by.Name))))
				}
			})
		}
		if g.seen {
			s.List(id(i), id(ok)).Op(":=").Qual("slices", "BinarySearchFunc").Call(id(b).Dot("byKey"), key.Clone(),
				jen.Func().Params(id(f.Local("group")).Int32(), id(f.Local("sought")).Add(g.keyType())).Int().Block(
					jen.Return(g.compared(id(b).Dot("keys").Index(id(f.Local("group"))), id(f.Local("sought"))))))
		} else {
			s.List(id(i), id(ok)).Op(":=").Qual("slices", "BinarySearchFunc").Call(id(b).Dot("keys"), key.Clone(), g.compare())
		}
		s.If(jen.Op("!").Id(ok)).Block(jen.Return(id(g.groupName).Values(), jen.False()))
		if g.seen {
			s.Return(id(b).Dot("Group").Call(jen.Int().Call(id(b).Dot("byKey").Index(id(i)))), jen.True())
			return
		}
		s.Return(id(b).Dot("Group").Call(id(i)), jen.True())
	})
}

func (g *grouped) rows() {
	f := g.f
	b, rows, i, j, v, key := f.Local("b"), f.Local("rows"), f.Local("i"), f.Local("j"), f.Local("v"), f.Local("key")
	g.comment("Rows returns the rows, group by group. Fields that were left out are zero; slices in the rows must not be written to.")
	g.method("Rows").Params().Index().Add(g.rowType()).BlockFunc(func(s *jen.Group) {
		s.Id(rows).Op(":=").Make(jen.Index().Add(g.rowType()), id(b).Dot("Len").Call())
		s.For(jen.List(id(i), id(key)).Op(":=").Range().Id(b).Dot("keys")).Block(
			jen.For(id(j).Op(":=").Id(b).Dot("offsets").Index(id(i)), id(j).Op("<").Id(b).Dot("offsets").Index(id(i).Op("+").Lit(1)), id(j).Op("++")).BlockFunc(func(s *jen.Group) {
				for _, by := range g.by {
					value := id(key)
					if g.several() {
						value = value.Dot(by.Name)
					}
					s.Id(rows).Index(id(j)).Dot(by.Name).Op("=").Add(value)
				}
			}))
		for _, c := range g.columns {
			value := id(v)
			if c.unix {
				value = rt("Time").Call(id(v))
			}
			s.For(jen.List(id(i), id(v)).Op(":=").Range().Id(b).Dot("columns").Dot(c.Name)).Block(
				id(rows).Index(id(i)).Dot(c.Name).Op("=").Add(value))
		}
		s.Return(id(rows))
	})
}

func (g *grouped) cloneMethod() {
	b, clone := g.f.Local("b"), g.f.Local("clone")
	g.comment(fmt.Sprintf("Clone returns a copy that shares no memory with %s, for whoever wants to change it.", b))
	g.method("Clone").Params().Op("*").Id(g.name).Block(
		id(clone).Op(":=").New(id(g.name)),
		id(clone).Dot("set").Call(
			jen.Qual("slices", "Clone").Call(id(b).Dot("keys")),
			jen.Qual("slices", "Clone").Call(id(b).Dot("offsets")),
			id(b).Dot("columns").Dot("clone").Call()),
		jen.Return(id(clone)))
}
