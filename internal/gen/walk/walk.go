// Package walk emits statements for all that a value refers to.
package walk

import (
	"go/types"

	"github.com/dave/jennifer/jen"

	"github.com/bmadventure/optcache/internal/gen/shape"
)

// A Walk emits statements for all strings and slices that a value refers to.
type Walk struct {
	Str   func(at *jen.Statement, t types.Type) jen.Code   // nil: nothing
	Slice func(at *jen.Statement, t types.Type) []jen.Code // before its elements; nil: nothing
	depth int
}

// Statements returns those for the value of type t at at, which can be assigned to.
func (w Walk) Statements(at *jen.Statement, t types.Type) []jen.Code {
	if shape.IsTime(t) {
		return nil
	}
	switch u := t.Underlying().(type) {
	case *types.Basic:
		if w.Str != nil && u.Info()&types.IsString != 0 {
			return []jen.Code{w.Str(at, t)}
		}
	case *types.Struct:
		var list []jen.Code
		for f := range u.Fields() {
			if f.Name() != "_" {
				list = append(list, w.Statements(at.Clone().Dot(f.Name()), f.Type())...)
			}
		}
		return list
	case *types.Slice:
		var list []jen.Code
		if w.Slice != nil {
			list = w.Slice(at, t)
		}
		return append(list, w.each(at, u.Elem())...)
	case *types.Array:
		return w.each(at, u.Elem())
	}
	return nil
}

// each returns the loop over the elements of at.
func (w Walk) each(at *jen.Statement, elem types.Type) []jen.Code {
	i := string(rune('j' + w.depth))
	w.depth++
	body := w.Statements(at.Clone().Index(jen.Id(i)), elem)
	if len(body) == 0 {
		return nil
	}
	return []jen.Code{jen.For(jen.Id(i).Op(":=").Range().Add(at.Clone())).Block(body...)}
}
