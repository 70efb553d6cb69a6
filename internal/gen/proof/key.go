package proof

import (
	"github.com/dave/jennifer/jen"

	"github.com/bmadventure/optcache/internal/gen/cache"
	"github.com/bmadventure/optcache/internal/gen/model"
)

// Key emits the test of the hash and the equality of a key type, once in a file, if
// it has some.
func Key(f *model.File, d *model.Directive, key *model.Type) {
	if cache.Word(key) || !f.Once("test of "+key.Named.String()) {
		return
	}
	generator := Generator(f, key.Named, d.Pos)
	a, b, c, which, same := f.Local("a"), f.Local("b"), f.Local("c"), f.Local("which"), f.Local("same")
	var cases []jen.Code // one for each field, which it takes from b
	for _, field := range key.Fields {
		if field.Name != "_" {
			cases = append(cases, jen.Id(c).Dot(field.Name).Op("=").Id(b).Dot(field.Name))
		}
	}
	hash := func(of string) *jen.Statement {
		return jen.Id(cache.HashName(key)).Call(jen.Op("&").Id(of), jen.Lit(1))
	}
	name := f.Declare("Test"+Title(key.Name)+"HashAndEqual", d.Pos)
	f.Doc("%s holds the generated equality against ==, for keys that differ in one field.", name)
	f.Func().Id(name).Params(jen.Id("t").Op("*").Qual("testing", "T")).Block(
		jen.Id("parameters").Op(":=").Qual(gopter, "DefaultTestParametersWithSeed").Call(jen.Lit(1)),
		jen.Id("parameters").Dot("MaxSize").Op("=").Lit(10).Comment("of each slice and string"),
		jen.Id("properties").Op(":=").Qual(gopter, "NewProperties").Call(jen.Id("parameters")),
		jen.Id("properties").Dot("Property").Call(jen.Lit("keys that are == are equal and hash alike, and no others are equal"), jen.Qual(props, "ForAll").Call(
			jen.Line().Func().Params(jen.List(jen.Id(a), jen.Id(b)).Add(f.Type(key.Named)), jen.Id(which).Uint8()).Bool().Block(
				jen.Id(c).Op(":=").Id(a),
				choose(which, cases),
				jen.Id(same).Op(":=").Id(a).Op("==").Id(c),
				jen.Return(jen.Id(cache.EqualName(key)).Call(jen.Op("&").Id(a), jen.Op("&").Id(c)).Op("==").Id(same).Op("&&").
					Parens(jen.Op("!").Id(same).Op("||").Add(hash(a)).Op("==").Add(hash(c)))),
			),
			jen.Line().Add(generator.Clone()), jen.Add(generator.Clone()), jen.Qual(gens, "UInt8").Call(), jen.Line(),
		)),
		jen.Id("properties").Dot("TestingRun").Call(jen.Id("t")),
	)
}

// choose returns the statement that does one of several things, or perhaps the only one.
func choose(which string, cases []jen.Code) *jen.Statement {
	if len(cases) == 1 {
		return jen.If(jen.Id(which).Op("%").Lit(2).Op("==").Lit(0)).Block(cases...)
	}
	for i, c := range cases {
		cases[i] = jen.Case(jen.Lit(i)).Block(c)
	}
	return jen.Switch(jen.Id(which).Op("%").Lit(len(cases))).Block(cases...)
}
