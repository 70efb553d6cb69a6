package gen

import (
	"go/types"
	"slices"
	"strings"

	"github.com/bmadventure/optcache/internal/gen/model"
	"github.com/bmadventure/optcache/internal/gen/shape"
)

// guard emits conversions that compile only while the structs have the fields
// that they had: a field that the code does not know would be ignored by the
// equality of a key, so that one value would be served for another.
func guard(f *model.File, all []*model.Type) {
	var structs []*types.Named
	for _, t := range all {
		structs = appendStructs(structs, t.Named, f.Out.Path)
		for _, d := range t.Directives {
			for _, other := range []*model.Type{d.Elem, d.Key} {
				if other != nil {
					structs = appendStructs(structs, other.Named, f.Out.Path)
				}
			}
		}
	}
	slices.SortFunc(structs, func(a, b *types.Named) int { return strings.Compare(a.String(), b.String()) })
	structs = slices.Compact(structs)
	f.Comment("Types that changed do not compile until the code is generated anew.")
	for _, n := range structs {
		bare := types.NewStruct(slices.Collect(n.Underlying().(*types.Struct).Fields()), nil) // tags do not matter
		f.Var().Id("_").Op("=").Add(f.Type(bare)).Call(f.Type(n).Values())
	}
}

// appendStructs adds the named structs that t is made of and whose fields the
// package at from can name.
func appendStructs(list []*types.Named, t types.Type, from string) []*types.Named {
	if n, ok := types.Unalias(t).(*types.Named); ok && shape.Of(t, from) == shape.Struct {
		if slices.Contains(list, n) {
			return list
		}
		list = append(list, n)
	}
	switch u := t.Underlying().(type) {
	case *types.Array:
		return appendStructs(list, u.Elem(), from)
	case *types.Slice:
		return appendStructs(list, u.Elem(), from)
	case *types.Struct:
		if shape.Of(t, from) != shape.Struct {
			return list
		}
		for f := range u.Fields() {
			list = appendStructs(list, f.Type(), from)
		}
	}
	return list
}
