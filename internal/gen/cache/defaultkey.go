package cache

import (
	"go/token"
	"go/types"

	"github.com/dave/jennifer/jen"

	"github.com/bmadventure/optcache/internal/gen/model"
)

// DefaultKey returns the key type of a cache for which the user named none: the
// bundle, the version of its data, and the window.
func DefaultKey(f *model.File, value *model.Container, pos token.Position) *model.Type {
	pkg := types.NewPackage(f.Out.Path, f.Out.Name)
	var fields []*types.Var
	add := func(name string, t types.Type) {
		fields = append(fields, types.NewField(token.NoPos, pkg, name, t, false))
	}
	add("Bundle", types.Typ[types.String])
	add("Version", types.NewArray(types.Universe.Lookup("byte").Type(), 32))
	add("First", types.Typ[types.Int64])
	add("Last", types.Typ[types.Int64])
	s := types.NewStruct(fields, nil)
	name := types.NewTypeName(token.NoPos, pkg, value.Name+"Key", nil)
	t := &model.Type{Name: value.Name + "Key", Named: types.NewNamed(name, s, nil), Struct: s, Pos: pos}
	for _, v := range fields {
		field := &model.Field{Name: v.Name(), Type: v.Type(), Exported: true, Pos: pos}
		if v.Name() == "Version" {
			field.Tag = "digest"
		}
		t.Fields = append(t.Fields, field)
	}
	return t
}

// EmitDefaultKey emits the declaration of that type.
func EmitDefaultKey(f *model.File, key *model.Type) {
	f.Declare(key.Name, key.Pos)
	f.Doc("%s names what was grouped: all rows of one version of a bundle from First to Last. Whatever else changes "+
		"the rows, such as a choice of fields, must be part of Version.", key.Name)
	f.File.Type().Id(key.Name).Struct(
		jen.Id("Bundle").String(),
		jen.Id("Version").Index(jen.Lit(32)).Byte().Comment("content hash of the data"),
		jen.List(jen.Id("First"), jen.Id("Last")).Int64().Comment("the window, such as Unix nanoseconds; both 0 for all"),
	)
}
