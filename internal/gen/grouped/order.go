package grouped

import (
	"go/types"

	"github.com/dave/jennifer/jen"
)

// library reports whether a function of the standard library compares keys.
func (g *grouped) library() bool {
	if g.several() {
		return false
	}
	b, ok := g.by[0].Type.Underlying().(*types.Basic)
	return ok && b.Info()&types.IsBoolean == 0
}

// compare returns the function that compares two keys.
func (g *grouped) compare() *jen.Statement {
	if !g.library() {
		return id(g.compareName())
	}
	if g.isPlainText() {
		return jen.Qual("strings", "Compare")
	}
	return jen.Qual("cmp", "Compare").Types(g.keyType())
}

// compared returns a call of it.
func (g *grouped) compared(a, b jen.Code) *jen.Statement {
	if g.library() && !g.isPlainText() {
		return jen.Qual("cmp", "Compare").Call(a, b)
	}
	return g.compare().Call(a, b)
}

func (g *grouped) isPlainText() bool {
	b, ok := types.Unalias(g.by[0].Type).(*types.Basic)
	return ok && b.Kind() == types.String
}

// order returns the compare function that says how groups stand, nil for as they
// are first seen.
func (g *grouped) order() *jen.Statement {
	if g.seen {
		return jen.Nil()
	}
	return g.compare()
}

// compareFunc emits the function that compares keys, where no library has one.
func (g *grouped) compareFunc() {
	if g.library() {
		return
	}
	a, b := g.f.Local("a"), g.f.Local("b")
	var terms []jen.Code
	for _, by := range g.by {
		x, y := id(a), id(b)
		if g.several() {
			x, y = x.Dot(by.Name), y.Dot(by.Name)
		}
		terms = append(terms, compareValues(by.Type, x, y))
	}
	result := jen.Add(terms[0])
	if len(terms) > 1 {
		result = jen.Qual("cmp", "Or").Custom(jen.Options{Open: "(", Close: ")", Separator: ",", Multi: true}, terms...)
	}
	g.f.Func().Id(g.compareName()).Params(id(a).Op(",").Id(b).Add(g.keyType())).Int().Block(jen.Return(result))
}

// compareValues returns a call that compares x and y, which are of type t.
func compareValues(t types.Type, x, y *jen.Statement) *jen.Statement {
	switch u := t.Underlying().(type) {
	case *types.Array:
		return jen.Qual("slices", "Compare").Call(x.Index(jen.Op(":")), y.Index(jen.Op(":")))
	case *types.Basic:
		if u.Info()&types.IsBoolean != 0 {
			return rt("CompareBool").Call(x, y)
		}
	}
	return jen.Qual("cmp", "Compare").Call(x, y)
}
