package cache

import (
	"go/types"

	"github.com/dave/jennifer/jen"

	"github.com/bmadventure/optcache/internal/gen/model"
	"github.com/bmadventure/optcache/internal/gen/shape"
)

// lookup emits Lookup and what is behind it.
func (c *cache) lookup() {
	value := jen.Params(c.valueType(), jen.Bool())
	c.f.Doc("Lookup returns the %s of key if the cache holds it. See Lookup of package cachekit, which this is with hash and equality of the key compiled in.", c.value.Name)
	c.f.Func().Params(c.self()).Id("Lookup").Params(jen.Id(c.keyVar).Add(c.keyType())).Add(value.Clone()).Block(
		jen.Return(jen.Id(c.c).Dot("find").Call(c.passed(), jen.True())))

	slowly := c.f.Local("slowly")
	pointer := jen.Op("*")
	if Word(c.key) {
		pointer = jen.Null()
	}
	c.f.Doc("find returns the %s of key if it is at hand, or also, if slowly is set, if the cache holds it at all.", c.value.Name)
	c.f.Func().Params(c.self()).Id("find").Params(
		jen.Id(c.keyVar).Add(pointer, c.keyType()), jen.Id(slowly).Bool(),
	).Add(value.Clone()).BlockFunc(func(g *jen.Group) {
		switch text := c.text(); {
		case Word(c.key):
			c.inFront(g)
		case text != nil:
			g.If(jen.Qual(model.RT, "IsShort").Call(jen.Id(c.keyVar).Dot(text.Name))).BlockFunc(c.atHand)
		default:
			c.atHand(g)
		}
		g.If(jen.Id(slowly)).Block(jen.Return(jen.Id(c.c).Dot("Cache").Dot("Lookup").Call(pointer.Clone().Id(c.keyVar))))
		g.Return(jen.Nil(), jen.False())
	})
}

// passed returns the key as find takes it: a word by itself, all else by a pointer.
func (c *cache) passed() *jen.Statement {
	if Word(c.key) {
		return jen.Id(c.keyVar)
	}
	return jen.Op("&").Id(c.keyVar)
}

// atHand emits the look into the one bucket where the key mostly is.
func (c *cache) atHand(g *jen.Group) {
	h, watch, e := c.f.Local("h"), c.f.Local("watch"), c.f.Local("e")
	reader := jen.Id(c.c).Dot("reader")
	for _, step := range c.hashed(h, reader) {
		g.Add(step)
	}
	g.Id(watch).Op(":=").Add(reader.Clone()).Dot("Watch").Call()
	g.Id(e).Op(":=").Qual(model.RT, "At").Types(c.keyType(), jen.Id(c.value.Name)).Call(reader.Clone().Dot("Home").Call(jen.Id(h)), jen.Id(h))
	g.If(
		jen.Id(e).Op("!=").Nil().Op("&&").Add(c.same(jen.Id(e).Dot("Key"))).
			Op("&&").Line().Parens(jen.Op("!").Id(watch).Dot("Has").Call(jen.Id(h)).Op("||").Add(reader.Clone()).Dot("Serves").Call(jen.Op("&").Id(e).Dot("Entry"))),
	).Block(
		jen.Id(e).Dot("Hit").Call(),
		reader.Clone().Dot("Count").Call(),
		jen.Return(jen.Id(e).Dot("Load").Call(), jen.True()))
}

// inFront emits the look for an integer into the one front where it mostly is.
func (c *cache) inFront(g *jen.Group) {
	local := func(name string) (id func() *jen.Statement) {
		name = c.f.Local(name)
		return func() *jen.Statement { return jen.Id(name) }
	}
	h, front, state, found, i, slot, value := local("h"), local("front"), local("state"), local("found"), local("i"), local("slot"), local("value")
	reader := func(method string) *jen.Statement { return jen.Id(c.c).Dot("reader").Dot(method) }
	key := func() *jen.Statement {
		field := c.key.Fields[0]
		return convert(jen.Id(c.keyVar).Dot(field.Name), field.Type, types.Uint64, "uint64")
	}
	g.Add(h()).Op(":=").Qual(model.RT, "HashUint64").Call(reader("Seed"), key())
	g.Add(front()).Op(":=").Add(reader("Front")).Call(h())
	g.Add(state()).Op(":=").Add(front()).Dot("State").Call()
	g.If(found().Op(":=").Add(front()).Dot("Find").Call(h()), found().Op("!=").Lit(0)).Block(
		i().Op(":=").Qual("math/bits", "TrailingZeros64").Call(found()).Op("/").Lit(8),
		slot().Op(":=").Add(front()).Dot("Slot").Call(i()),
		value().Op(":=").Add(slot()).Dot("Value").Call(),
		jen.If(jen.Parens(slot().Dot("Key").Call().Op("^").Add(key())).Op("|").Add(front()).Dot("Changes").Call(state()).Op("==").Lit(0)).Block(
			front().Dot("Hit").Call(state(), i()),
			reader("Count").Call(),
			jen.If(reader("Wants").Call(h())).Block(reader("Use").Call(h())),
			jen.Return(jen.Parens(c.valueType()).Call(value()), jen.True())))
}

// hashed returns the statements that hash the key: what its hash function says, but for
// a text that is known to be short.
func (c *cache) hashed(h string, reader *jen.Statement) []jen.Code {
	seed := jen.Id(h).Op(":=").Add(reader.Clone().Dot("Seed"))
	text := c.text()
	if !c.plain() {
		return []jen.Code{jen.Id(h).Op(":=").Id(HashName(c.key)).Call(jen.Id(c.keyVar), reader.Clone().Dot("Seed"))}
	}
	steps := &hasher{f: c.f, h: h}
	for _, field := range c.key.Fields {
		switch value := jen.Id(c.keyVar).Dot(field.Name); {
		case field.Name == "_":
		case field == text:
			steps.mix("HashShort", value)
		default:
			steps.field(value, field)
		}
	}
	return append([]jen.Code{seed}, steps.steps...)
}

// same returns the comparison of the key of an entry with the one that is looked for,
// to which it is mostly equal: digests are compared whole.
func (c *cache) same(held *jen.Statement) *jen.Statement {
	if !c.plain() {
		return jen.Id(EqualName(c.key)).Call(jen.Op("&").Add(held), jen.Id(c.keyVar))
	}
	text := c.text()
	var terms []*jen.Statement
	for _, field := range byPrice(c.key, c.f.Out.Path) {
		x, y := held.Clone().Dot(field.Name), jen.Id(c.keyVar).Dot(field.Name)
		words := digestWords(field)
		switch {
		case field == text:
			terms = append(terms, jen.Qual(model.RT, "EqualShort").Call(x, y))
		case words > 0:
			all := jen.Null()
			for i := range words {
				if i > 0 {
					all.Op("|").Line()
				}
				// In parentheses, for | binds as tightly as ^ in Go.
				all.Parens(wordAt(x, i).Op("^").Add(wordAt(y, i)))
			}
			terms = append(terms, all.Op("==").Lit(0))
		default:
			terms = append(terms, x.Op("==").Add(y))
		}
	}
	return and(terms)
}

// plain reports whether hash and equality of a key are a few instructions.
func (c *cache) plain() bool {
	text := c.text()
	for _, field := range c.key.Fields {
		switch shape.Of(field.Type, c.f.Out.Path) {
		case shape.Integer, shape.Bool, shape.Float:
			continue
		case shape.String:
			if field == text {
				continue
			}
		case shape.Array:
			if digestWords(field) > 0 {
				continue
			}
		}
		if field.Name != "_" {
			return false
		}
	}
	return true
}

// digestWords returns how many words a digest is compared in, 0 if it is not.
func digestWords(field *model.Field) int {
	const most = 8
	if !field.Has("digest") {
		return 0
	}
	if n := int(field.Type.Underlying().(*types.Array).Len()); n%8 == 0 && n <= 8*most {
		return n / 8
	}
	return 0
}

// wordAt returns word i of a digest.
func wordAt(digest *jen.Statement, i int) *jen.Statement {
	return jen.Qual("encoding/binary", "LittleEndian").Dot("Uint64").Call(digest.Clone().Index(jen.Lit(8*i), jen.Empty()))
}

// and returns the conjunction of terms, a line each.
func and(terms []*jen.Statement) *jen.Statement {
	all := terms[0]
	for _, term := range terms[1:] {
		all.Op("&&").Line().Add(term)
	}
	return all
}
