// Package cache emits a cache that is specialised to its key and its value: hash,
// equality and size of the key, the loader, the way to a value.
//
// The emitted cache runs on the engine of package cachekit, so it keeps all that
// cachekit promises. Its look-up reads the table of the engine itself (rt.Reader), with
// hash and equality of the key compiled in, and leaves to the engine what it does not find
// at the first glance.
package cache

import (
	"go/token"
	"go/types"

	"github.com/dave/jennifer/jen"

	"github.com/bmadventure/optcache/internal/gen/model"
	"github.com/bmadventure/optcache/internal/gen/shape"
	"github.com/bmadventure/optcache/internal/gen/walk"
)

// A cache is one cache that is being emitted.
type cache struct {
	f     *model.File
	name  string
	key   *model.Type
	value *model.Container

	c, ctx, keyVar, load, o string // locals
}

// Emit emits the cache that a directive asks for, if it does: its key is of type
// key, which [Check] found good, its values are containers.
func Emit(f *model.File, d *model.Directive, key *model.Type, value *model.Container) {
	name, ok := d.Arg("cache")
	if !ok || key == nil || value == nil {
		return
	}
	f.Declare(name.Value, name.Pos)
	f.Declare("New"+name.Value, name.Pos)
	c := &cache{
		f: f, name: name.Value, key: key, value: value,
		c: f.Local("c"), ctx: f.Local("ctx"), keyVar: f.Local("key"), load: f.Local("load"), o: f.Local("o"),
	}
	c.typ()
	c.build()
	c.get()
	c.lookup()
	if value.Clone {
		c.getClone()
	}
	if !Word(key) {
		Hooks(f, key, name.Pos)
	}
	c.size(name.Pos)
}

// Check reports what keeps a type from being the key of the cache that a directive
// asks for, if it does.
func Check(f *model.File, key *model.Type, d *model.Directive) (ok bool) {
	if _, wanted := d.Arg("cache"); !wanted || key == nil {
		return false
	}
	before := f.Len()
	own := key.Named.Obj().Pkg().Path()
	fields := 0
	for _, field := range key.Fields {
		at := field.Pos
		if own != f.Out.Source.Path {
			a, _ := d.Arg("key")
			at = a.Pos
		}
		if field.Name == "_" {
			continue
		}
		fields++
		if own != f.Out.Path && !field.Exported {
			f.Errorf(at, "field %s of the key %s is not exported, so code in package %s cannot use it: export it, or generate into its own package", field.Name, key.Name, f.Out.Name)
			continue
		}
		if why := shape.Key(field.Type, f.Out.Path); why != "" {
			f.Errorf(at, "field %s of the key %s: %s", field.Name, key.Name, why)
			continue
		}
		if field.Has("digest") && !isDigest(field.Type, 8) {
			f.Errorf(at, "field %s of the key %s is tagged digest: it must be an array of 8 bytes or more", field.Name, key.Name)
		}
		if field.Has("version") && !isDigest(field.Type, 32) {
			f.Errorf(at, "field %s of the key %s is tagged version: it must be an array of 32 bytes, the content hash of the data", field.Name, key.Name)
		}
	}
	if fields == 0 {
		f.Errorf(key.Pos, "the key %s has no fields: all its values would be one key", key.Name)
	}
	return f.Len() == before
}

// isDigest reports whether t is an array of so many bytes, 8 meaning at least 8.
func isDigest(t types.Type, n int64) bool {
	a, ok := t.Underlying().(*types.Array)
	if !ok || a.Len() < 8 || n > 8 && a.Len() != n {
		return false
	}
	b, ok := a.Elem().Underlying().(*types.Basic)
	return ok && b.Kind() == types.Uint8
}

func (c *cache) keyType() *jen.Statement   { return c.f.Type(c.key.Named) }
func (c *cache) valueType() *jen.Statement { return jen.Op("*").Id(c.value.Name) }

// loader returns the type of the function that loads.
func (c *cache) loader() *jen.Statement {
	return jen.Func().Params(jen.Qual("context", "Context"), c.keyType()).Params(c.valueType(), jen.Error())
}

func (c *cache) self() *jen.Statement { return jen.Id(c.c).Op("*").Id(c.name) }

func (c *cache) typ() {
	c.f.Doc("%s keeps %s values by %s: a cache of package cachekit that knows how to hash, compare, size and load them. Its methods may be called concurrently.", c.name, c.value.Name, c.key.Name)
	c.f.File.Type().Id(c.name).Struct(
		jen.Op("*").Qual(model.Cachekit, "Cache").Types(c.keyType(), c.valueType()),
		jen.Id("load").Add(c.loader()),
		jen.Id("reader").Qual(model.RT, "Reader"),
	)
}

// build emits the constructor.
func (c *cache) build() {
	version := ""
	if v := c.version(); v != nil {
		version = ", and Version, by the field " + v.Name + ", unless it is set"
	}
	engine := c.f.Local("engine")
	c.f.Doc("New%s returns an empty cache whose values come from load. It sets the Hooks and the Size of o%s; all else, policy and budget above all, is the caller's choice.", c.name, version)
	c.f.Func().Id("New"+c.name).Params(
		jen.Id(c.o).Qual(model.Cachekit, "Options").Types(c.keyType(), c.valueType()),
		jen.Id(c.load).Add(c.loader()),
	).Params(jen.Op("*").Id(c.name), jen.Error()).BlockFunc(func(g *jen.Group) {
		g.Id(c.c).Op(":=").Op("&").Id(c.name).Values(jen.Dict{jen.Id("load"): jen.Id(c.load)})
		g.Id(c.o).Dot("Hooks").Op("=").Qual(model.RT, "Hooks").Types(c.keyType()).Values(c.hooks())
		g.Id(c.o).Dot("Size").Op("=").Id(c.sizeName())
		if v := c.version(); v != nil {
			g.If(jen.Id(c.o).Dot("Version").Op("==").Nil()).Block(
				jen.Id(c.o).Dot("Version").Op("=").Func().Params(jen.Id(c.keyVar).Add(c.keyType())).Index(jen.Lit(32)).Byte().Block(
					jen.Return(jen.Id(c.keyVar).Dot(v.Name))))
		}
		g.List(jen.Id(engine), jen.Err()).Op(":=").Qual(model.Cachekit, "New").Call(jen.Id(c.o))
		g.If(jen.Err().Op("!=").Nil()).Block(jen.Return(jen.Nil(), jen.Err()))
		g.Id(c.c).Dot("Cache").Op("=").Id(engine)
		g.Return(jen.Id(c.c), jen.Nil())
	})
}

// hooks returns what the engine is told of the key.
func (c *cache) hooks() jen.Dict {
	hooks := jen.Dict{jen.Id("Reader"): jen.Op("&").Id(c.c).Dot("reader")}
	if Word(c.key) {
		return hooks
	}
	hooks[jen.Id("Hash")] = jen.Id(HashName(c.key))
	hooks[jen.Id("Equal")] = jen.Id(EqualName(c.key))
	if text := c.text(); text != nil {
		hooks[jen.Id("Text")] = jen.Func().Params(jen.Id(c.keyVar).Op("*").Add(c.keyType())).Op("*").String().Block(
			jen.Return(jen.Op("&").Id(c.keyVar).Dot(text.Name)))
	}
	return hooks
}

// text returns the field of type string, if there is one and no other text.
func (c *cache) text() (text *model.Field) {
	for _, field := range c.key.Fields {
		switch shape.Of(field.Type, c.f.Out.Path) {
		case shape.String:
			if text != nil || types.Unalias(field.Type) != types.Typ[types.String] || field.Name == "_" {
				return nil
			}
			text = field
		case shape.Struct, shape.Array:
			if !field.Has("digest") {
				return nil
			}
		}
	}
	return text
}

// version returns the field that says which version of the data a key belongs to.
func (c *cache) version() *model.Field {
	for _, field := range c.key.Fields {
		if field.Has("version") {
			return field
		}
	}
	return nil
}

// get emits the way to a value.
func (c *cache) get() {
	value := c.f.Local("value")
	c.f.Doc("Get returns the %s of key, which is loaded if the cache does not hold it: once, however many ask for it. See Get of package cachekit. The value is shared, so it is read-only.", c.value.Name)
	c.f.Func().Params(c.self()).Id("Get").Params(
		jen.Id(c.ctx).Qual("context", "Context"), jen.Id(c.keyVar).Add(c.keyType()),
	).Params(c.valueType(), jen.Error()).Block(
		jen.If(jen.List(jen.Id(value), jen.Id("ok")).Op(":=").Id(c.c).Dot("find").Call(c.passed(), jen.False()), jen.Id("ok")).Block(
			jen.Return(jen.Id(value), jen.Nil())),
		jen.Return(jen.Id(c.c).Dot("Cache").Dot("Get").Call(jen.Id(c.ctx), jen.Id(c.keyVar), jen.Id(c.c).Dot("load"))))
}

// getClone emits the way to a copy of a value.
func (c *cache) getClone() {
	value := c.f.Local("value")
	c.f.Doc("GetClone is Get for a caller that wants to write to what it gets: a copy of its own.")
	c.f.Func().Params(c.self()).Id("GetClone").Params(
		jen.Id(c.ctx).Qual("context", "Context"), jen.Id(c.keyVar).Add(c.keyType()),
	).Params(c.valueType(), jen.Error()).Block(
		jen.List(jen.Id(value), jen.Err()).Op(":=").Id(c.c).Dot("Get").Call(jen.Id(c.ctx), jen.Id(c.keyVar)),
		jen.If(jen.Err().Op("!=").Nil().Op("||").Id(value).Op("==").Nil()).Block(jen.Return(jen.Id(value), jen.Err())),
		jen.Return(jen.Id(value).Dot("Clone").Call(), jen.Nil()))
}

func (c *cache) sizeName() string { return "size" + c.name }

// size emits what the cache charges for an entry.
func (c *cache) size(at token.Position) {
	bytes, value := c.f.Local("bytes"), c.f.Local("value")
	name := c.f.Declare(c.sizeName(), at)
	var key []jen.Code
	w := walk.Walk{Str: func(at *jen.Statement, t types.Type) jen.Code {
		if _, ok := types.Unalias(t).(*types.Basic); !ok {
			at = jen.String().Call(at.Clone())
		}
		return jen.Id(bytes).Op("+=").Qual(model.Sizing, "String").Call(at.Clone())
	}}
	key = w.Statements(jen.Id(c.keyVar), c.key.Named)
	param := jen.Id(c.keyVar)
	if len(key) == 0 {
		param = jen.Id("_")
	}
	c.f.Doc("%s returns the heap, in bytes, that a key and its value refer to.", name)
	c.f.Func().Id(name).Params(param.Add(c.keyType()), jen.Id(value).Add(c.valueType())).Int64().BlockFunc(func(g *jen.Group) {
		g.Var().Id(bytes).Int64()
		for _, s := range key {
			g.Add(s)
		}
		g.If(jen.Id(value).Op("!=").Nil()).Block(jen.Id(bytes).Op("+=").Id(value).Dot("SizeBytes").Call())
		g.Return(jen.Id(bytes))
	})
}
