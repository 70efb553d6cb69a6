package proof

import (
	"fmt"
	"go/types"
	"strings"

	"github.com/dave/jennifer/jen"

	"github.com/bmadventure/optcache/internal/gen/model"
)

// Cache emits the test that a cache answers as its loader does: the suite of package
// propertytest, run on it.
func Cache(f *model.File, d *model.Directive, key *model.Type, value *model.Container) {
	cache, ok := d.Arg("cache")
	if !ok || key == nil || value == nil {
		return
	}
	Key(f, d, key)
	c := cacheTest{f: f, name: cache.Value, key: key, value: value}
	keys, alone := Keys(f, key)
	rows := Rows(f, value, d.Pos)
	name := f.Declare("Test"+Title(c.name)+"AnswersAsItsLoader", d.Pos)
	f.Doc("%s runs the suite of package propertytest on the cache: whatever changes, fails and is evicted, and whoever asks, "+
		"it answers as its loader would.", name)
	t := f.Local("t")
	f.Func().Id(name).Params(jen.Id(t).Op("*").Qual("testing", "T")).BlockFunc(func(g *jen.Group) {
		if len(keys) < fewest {
			g.Id(t).Dot("Skip").Call(jen.Lit(fmt.Sprintf("the suite needs %d keys, and there are only %d", fewest, len(keys))))
			return
		}
		g.Id(f.Local("rows")).Op(":=").Add(rows)
		g.Qual(model.Property, "Run").Call(jen.Id(t), jen.Qual(model.Property, "Suite").Types(c.keyType(), c.valueType()).Custom(
			jen.Options{Open: "{", Close: "}", Separator: ",", Multi: true}, c.fields(keys, alone)...))
	})
}

// A cacheTest is the test of one cache.
type cacheTest struct {
	f     *model.File
	name  string
	key   *model.Type
	value *model.Container
}

func (c *cacheTest) keyType() *jen.Statement   { return c.f.Type(c.key.Named) }
func (c *cacheTest) valueType() *jen.Statement { return jen.Op("*").Id(c.value.Name) }

// of returns a type of package propertytest for the cache's key and value.
func (c *cacheTest) of(name string) *jen.Statement {
	return jen.Qual(model.Property, name).Types(c.keyType(), c.valueType())
}

// fields returns those of the suite.
func (c *cacheTest) fields(keys []*jen.Statement, alone bool) []jen.Code {
	list := make([]jen.Code, 0, len(keys))
	for _, k := range keys {
		list = append(list, k)
	}
	keyList := jen.Index().Add(c.keyType()).Custom(jen.Options{Open: "{", Close: "}", Separator: ",", Multi: true}, list...)
	about := "Each but the first differs from it in one field."
	if !alone {
		about = "Of some fields there are only two values."
	}
	fields := []jen.Code{
		jen.Id("New").Op(":").Add(c.open()),
		jen.Comment(about).Line().Id("Keys").Op(":").Add(keyList),
		jen.Id("Value").Op(":").Add(c.make()),
	}
	if v := c.version(); v != nil {
		fields = append(fields, jen.Id("Version").Op(":").Add(c.versionOf(v)))
	}
	return append(fields, Cases())
}

// Cases returns the field of a suite that says how much is run.
func Cases() jen.Code {
	return jen.Comment("For more, as in CI: OPTCACHE_CASES=1000 go test").Line().Id("Cases").Op(":").Lit(100)
}

// open returns the function that makes a cache.
func (c *cacheTest) open() *jen.Statement {
	f := c.f
	capacity, load, cache, err := f.Local("capacity"), f.Local("load"), f.Local("c"), f.Local("err")
	options := jen.Options{Open: "{", Close: "}", Separator: ", "}
	return jen.Func().Params(jen.Id(capacity).Int(), jen.Id(load).Add(c.of("Loader"))).Add(c.of("Cache")).Block(
		jen.List(jen.Id(cache), jen.Id(err)).Op(":=").Id("New"+c.name).Call(
			jen.Qual(model.Cachekit, "Options").Types(c.keyType(), c.valueType()).Custom(options,
				jen.Id("MaxEntries").Op(":").Id(capacity), jen.Id("Seed").Op(":").Lit(1)), jen.Id(load)),
		jen.If(jen.Id(err).Op("!=").Nil()).Block(jen.Panic(jen.Id(err))),
		jen.Return(jen.Qual(model.Property, "Adapt").Call(jen.Id(cache).Dot("Cache"), jen.Id(cache).Dot("Get"))),
	)
}

// version returns the field that says which version of the data a key belongs to, which
// the emitted cache knows too; nil if there is none. A digest is not taken for one: whether it is,
// only the user knows.
func (c *cacheTest) version() *model.Field {
	for _, field := range c.key.Fields {
		if field.Has("version") {
			return field
		}
	}
	return nil
}

func (c *cacheTest) versionOf(field *model.Field) *jen.Statement {
	key := c.f.Local("key")
	return jen.Func().Params(jen.Id(key).Add(c.keyType())).Index(jen.Lit(32)).Byte().Block(jen.Return(jen.Id(key).Dot(field.Name)))
}

// make returns the function that makes values: of some rows, which a hash chooses.
func (c *cacheTest) make() *jen.Statement {
	chosen := 5 // rows, each by 6 bits of the hash
	if !rich(c.value.Row.Struct) {
		chosen = 10
	}
	f := c.f
	key, version, h, rows, picked, n := f.Local("key"), f.Local("version"), f.Local("h"), f.Local("rows"), f.Local("picked"), f.Local("n")
	verbs, operands := tell(f, jen.Id(key), c.key.Struct)
	verbs, operands = append(verbs, "%d"), append(operands, jen.Id(version))
	return jen.Func().Params(jen.Id(key).Add(c.keyType()), jen.Id(version).Int()).Add(c.valueType()).BlockFunc(func(g *jen.Group) {
		g.Id(h).Op(":=").Qual("hash/fnv", "New64a").Call()
		g.Qual("fmt", "Fprintf").Call(append([]jen.Code{jen.Id(h), jen.Lit(strings.Join(verbs, " "))}, operands...)...)
		g.Var().Id(picked).Index().Add(f.Type(c.value.Row.Named)).Comment("others for each key and version")
		g.For(
			jen.Id(n).Op(":=").Id(h).Dot("Sum64").Call(), jen.Len(jen.Id(picked)).Op("<").Lit(chosen), jen.Id(n).Op("/=").Lit(manyRows),
		).Block(jen.Id(picked).Op("=").Append(jen.Id(picked), jen.Id(rows).Index(jen.Id(n).Op("%").Lit(manyRows))))
		if !c.value.Fails {
			g.Return(jen.Id(c.value.Build).Call(jen.Id(picked)))
			return
		}
		value, err := f.Local("value"), f.Local("err")
		g.List(jen.Id(value), jen.Id(err)).Op(":=").Id(c.value.Build).Call(jen.Id(picked))
		g.If(jen.Id(err).Op("!=").Nil()).Block(jen.Panic(jen.Id(err)))
		g.Return(jen.Id(value))
	})
}

// rich reports whether two random rows are most likely different.
func rich(u *types.Struct) bool {
	for field := range u.Fields() {
		switch t := field.Type().Underlying().(type) {
		case *types.Slice:
			return true
		case *types.Struct:
			if rich(t) {
				return true
			}
		case *types.Basic:
			switch t.Kind() {
			case types.Bool, types.Int8, types.Uint8:
			default:
				return true
			}
		}
	}
	return false
}
