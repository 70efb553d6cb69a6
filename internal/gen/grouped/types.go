package grouped

import (
	"fmt"

	"github.com/dave/jennifer/jen"
)

// types emits the container and what goes with it.
func (g *grouped) types() {
	order := "Groups stand in the order of their keys"
	if g.seen {
		order = "Groups stand in the order in which they were first seen"
	}
	g.comment(fmt.Sprintf("%s holds rows of [%s] grouped by %s: a structure of arrays with one contiguous slice a field, in which each group has a range. %s, the rows of a group in the order in which they came.",
		g.name, g.rowText(), g.byText(), order))
	g.f.Comment("")
	g.comment(fmt.Sprintf("All who ask a cache for %s share them, so they are read-only: whoever wants to change a value copies the column first. All methods but Regroup may be called concurrently.", g.name))
	g.f.File.Type().Id(g.name).StructFunc(func(s *jen.Group) {
		s.Id("keys").Index().Add(g.keyType())
		if g.seen {
			s.Id("byKey").Index().Int32().Comment("the groups in the order of their keys")
		}
		s.Id("offsets").Index().Int().Comment("group i has the rows offsets[i] to offsets[i+1]")
		s.Id("columns").Id(g.columnsName)
		s.Id("size").Int64()
	})

	if g.several() {
		g.comment(fmt.Sprintf("%s is what the rows of a group have in common.", g.keyName))
		g.f.File.Type().Id(g.keyName).StructFunc(func(s *jen.Group) {
			for _, b := range g.by {
				s.Id(b.Name).Add(g.f.Type(b.Type))
			}
		})
	}

	g.comment(fmt.Sprintf("%s are the fields of [%s] but %s, one slice each. All are of one length, or nil where a field is left out.",
		g.columnsName, g.rowText(), g.byText()))
	g.f.File.Type().Id(g.columnsName).StructFunc(func(s *jen.Group) {
		for _, c := range g.columns {
			field := s.Id(c.Name).Index().Add(g.elem(c))
			if c.unix {
				field.Comment("Unix nanoseconds, UTC")
			}
		}
	})

	g.comment(fmt.Sprintf("%s is the rows of one group: views into [%s], which must not be written to.", g.groupName, g.name))
	g.f.File.Type().Id(g.groupName).StructFunc(func(s *jen.Group) {
		if g.several() {
			s.Id(g.keyName)
		} else {
			s.Id(g.by[0].Name).Add(g.keyType())
		}
		s.Id(g.columnsName)
	})
}

// rowText returns the name of the row type as comments have it.
func (g *grouped) rowText() string {
	if p := g.row.Named.Obj().Pkg(); p.Path() != g.f.Out.Path {
		return p.Name() + "." + g.row.Name
	}
	return g.row.Name
}
