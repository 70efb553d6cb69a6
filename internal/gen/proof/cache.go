package proof

import (
	"github.com/dave/jennifer/jen"

	"github.com/bmadventure/optcache/internal/gen/model"
)

// Cache emits the test that a cache answers as its loader does, whatever is
// changed, asked for and evicted in between. name is that of the cache.
func Cache(f *model.File, d *model.Directive, key *model.Type, value *model.Container) {
	cache, ok := d.Arg("cache")
	if !ok || key == nil || value == nil {
		return
	}
	Key(f, d, key)
	c := cacheTest{f: f, name: cache.Value, key: key, value: value}
	keys, rows := Generator(f, key.Named, d.Pos), Generator(f, value.Row.Named, d.Pos)
	name := f.Declare("Test"+Title(c.name)+"AnswersAsItsLoader", d.Pos)
	f.Doc("%s asks the cache and its loader for the same, while the data change and a small cache evicts.", name)
	f.Func().Id(name).Params(jen.Id("t").Op("*").Qual("testing", "T")).Block(
		jen.Id("parameters").Op(":=").Qual(gopter, "DefaultTestParametersWithSeed").Call(jen.Lit(1)),
		jen.Id("parameters").Dot("MaxSize").Op("=").Lit(10).Comment("of each slice and string"),
		jen.Id("properties").Op(":=").Qual(gopter, "NewProperties").Call(jen.Id("parameters")),
		jen.Id("properties").Dot("Property").Call(jen.Lit("cached and uncached agree"), jen.Qual(props, "ForAll").Call(
			jen.Line().Add(c.property()),
			jen.Line().Qual(gens, "SliceOfN").Call(jen.Lit(5), keys),
			jen.Line().Qual(gens, "SliceOfN").Call(jen.Lit(7), jen.Qual(gens, "SliceOf").Call(rows)),
			jen.Line().Qual(gens, "SliceOfN").Call(jen.Lit(60), jen.Qual(gens, "UInt16").Call()), jen.Line(),
		)),
		jen.Id("properties").Dot("TestingRun").Call(jen.Id("t")),
	)
}

// A cacheTest is the test of one cache.
type cacheTest struct {
	f     *model.File
	name  string
	key   *model.Type
	value *model.Container
}

// property returns the function that gopter calls. It returns what is wrong.
func (c *cacheTest) property() *jen.Statement {
	f := c.f
	keyType, valueType := f.Type(c.key.Named), jen.Op("*").Id(c.value.Name)
	id := func(name string) *jen.Statement { return jen.Id(f.Local(name)) }
	built := id("rows").Index(id("current").Index(id("key")).Op("%").Len(id("rows")))
	load := jen.Return(jen.Id(c.value.Build).Call(built), jen.Nil())
	if c.value.Fails {
		load = jen.Return(jen.Id(c.value.Build).Call(built))
	}
	return jen.Func().Params(
		id("keys").Index().Add(keyType.Clone()),
		id("rows").Index().Index().Add(f.Type(c.value.Row.Named)),
		id("steps").Index().Uint16(),
	).String().Block(
		jen.Comment("What a key stands for now: the index of its rows."),
		id("current").Op(":=").Make(jen.Map(keyType.Clone()).Int()),
		id("load").Op(":=").Func().Params(id("_").Qual("context", "Context"), id("key").Add(keyType.Clone())).Params(valueType.Clone(), jen.Error()).Block(load),
		jen.List(id("cached"), jen.Err()).Op(":=").Id("New"+c.name).Call(
			jen.Qual(model.Cachekit, "Options").Types(keyType.Clone(), valueType.Clone()).Values(jen.Dict{
				jen.Id("MaxEntries"): jen.Lit(3), jen.Id("Seed"): jen.Lit(1),
			}), id("load")),
		jen.If(jen.Err().Op("!=").Nil()).Block(jen.Return(jen.Err().Dot("Error").Call())),
		jen.For(jen.List(id("i"), id("step")).Op(":=").Range().Add(id("steps"))).Block(
			id("key").Op(":=").Add(id("keys")).Index(id("step").Op("/").Lit(8).Op("%").Uint16().Call(jen.Len(id("keys")))),
			jen.If(id("step").Op("%").Lit(8).Op("==").Lit(0)).Block(
				id("current").Index(id("key")).Op("++"),
				id("cached").Dot("Delete").Call(id("key")),
				jen.Continue(),
			),
			jen.List(id("want"), id("wantErr")).Op(":=").Add(id("load")).Call(jen.Qual("context", "Background").Call(), id("key")),
			jen.List(id("got"), id("gotErr")).Op(":=").Add(id("cached")).Dot("Get").Call(jen.Qual("context", "Background").Call(), id("key")),
			jen.If(jen.Parens(id("wantErr").Op("==").Nil()).Op("!=").Parens(id("gotErr").Op("==").Nil()).Op("||").
				Op("!").Qual("reflect", "DeepEqual").Call(id("got"), id("want"))).Block(
				jen.Return(jen.Qual("fmt", "Sprintf").Call(jen.Lit("step %d: cached %v, %v; uncached %v, %v"),
					id("i"), id("got"), id("gotErr"), id("want"), id("wantErr"))),
			),
		),
		jen.Return(jen.Lit("")),
	)
}
