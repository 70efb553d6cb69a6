package grouped

import (
	"fmt"
	"go/types"

	"github.com/dave/jennifer/jen"

	"github.com/bmadventure/optcache/internal/gen/model"
	"github.com/bmadventure/optcache/internal/gen/shape"
)

const sizingPath = model.Sizing

func isText(t types.Type) bool {
	b, ok := t.Underlying().(*types.Basic)
	return ok && b.Info()&types.IsString != 0
}

// An owner emits the statements that bring texts and slices in values into memory
// of the container's own, and count it.
type owner struct {
	g      *grouped
	s      *jen.Group
	pieces int // of memory that have a name so far
}

// own emits what n values of type t need; at returns the value of number i.
func (o *owner) own(t types.Type, n *jen.Statement, at func(i jen.Code) *jen.Statement) {
	if shape.Owned(t) {
		return
	}
	switch u := t.Underlying().(type) {
	case *types.Basic:
		o.add(rt("Texts").Call(n, o.pointer(t, at)))
	case *types.Slice:
		o.ownSlices(t, u.Elem(), n, at)
	case *types.Array:
		length := jen.Lit(int(u.Len()))
		o.own(u.Elem(), n.Clone().Op("*").Add(length), func(i jen.Code) *jen.Statement {
			return at(jen.Add(i).Op("/").Add(length)).Index(jen.Add(i).Op("%").Add(length))
		})
	case *types.Struct:
		for f := range u.Fields() {
			if f.Name() != "_" {
				o.own(f.Type(), n.Clone(), func(i jen.Code) *jen.Statement { return at(i).Dot(f.Name()) })
			}
		}
	}
}

func (o *owner) ownSlices(t, elem types.Type, n *jen.Statement, at func(i jen.Code) *jen.Statement) {
	o.pieces++
	piece := o.g.f.Local(fmt.Sprintf("elements%d", o.pieces))
	o.s.Id(piece).Op(":=").Add(rt("Flatten")).Call(n, o.pointer(t, at))
	o.add(jen.Qual(sizingPath, "Slice").Call(id(piece)))
	o.own(elem, jen.Len(id(piece)), func(i jen.Code) *jen.Statement { return id(piece).Index(i) })
}

// add emits the addition of bytes to the size.
func (o *owner) add(bytes jen.Code) {
	o.s.Id(o.g.f.Local("b")).Dot("size").Op("+=").Add(bytes)
}

// pointer returns a function to the address of value i.
func (o *owner) pointer(t types.Type, at func(i jen.Code) *jen.Statement) *jen.Statement {
	i := o.g.f.Local("i")
	return jen.Func().Params(id(i).Int()).Op("*").Add(o.g.f.Type(t)).Block(jen.Return(jen.Op("&").Add(at(id(i)))))
}
