package proof

import (
	"go/types"

	"github.com/dave/jennifer/jen"

	"github.com/bmadventure/optcache/internal/gen/model"
	"github.com/bmadventure/optcache/internal/gen/shape"
)

// The suite takes 4 to 8 keys.
const fewest, most = 4, 8

// Keys returns literals of a key type, without the type itself: each but the first
// differs from it in one field, and every field makes such a difference as far as eight
// keys go. alone is false where so few values exist that some differ in more. There are
// fewer than four keys only if the type has no more values.
func Keys(f *model.File, key *model.Type) (literals []*jen.Statement, alone bool) {
	s := sampler{f: f}
	counts := s.leaves(key.Struct)
	var choices [][]int // of each key, which sample of each leaf
	first := make([]int, len(counts))
	choices = append(choices, first)
	for sample := 1; sample < most; sample++ {
		for leaf, n := range counts {
			if sample < n && len(choices) < most {
				choice := make([]int, len(counts))
				choice[leaf] = sample
				choices = append(choices, choice)
			}
		}
	}
	alone = true
	for a := range counts { // of booleans there is not enough otherwise
		for b := range a {
			if len(choices) < fewest && counts[a] > 1 && counts[b] > 1 {
				choice := make([]int, len(counts))
				choice[a], choice[b] = 1, 1
				choices, alone = append(choices, choice), false
			}
		}
	}
	for _, choice := range choices {
		next := 0
		literals = append(literals, jen.Values(s.fields(key.Struct, choice, &next)...))
	}
	return literals, alone
}

// Samples returns some values of type t, which may be part of a key, as the elements
// of a list.
func Samples(f *model.File, t types.Type) []*jen.Statement {
	s := sampler{f: f}
	values := s.of(t)
	if u, ok := t.Underlying().(*types.Array); ok {
		values = s.inList(u)
	}
	for i, v := range values {
		if v == nil {
			values[i] = s.zero(t)
		}
	}
	return values
}

// A sampler writes values of types that may be part of keys. Nil stands for a zero value,
// which a literal leaves out.
type sampler struct{ f *model.File }

// leaves returns how many samples each field of u has, those of structs in it one by one.
func (s sampler) leaves(u *types.Struct) (counts []int) {
	for field := range u.Fields() {
		switch inner, ok := field.Type().Underlying().(*types.Struct); {
		case field.Name() == "_":
		case ok:
			counts = append(counts, s.leaves(inner)...)
		default:
			counts = append(counts, len(s.of(field.Type())))
		}
	}
	return counts
}

// fields returns the elements of a literal of u, with the chosen samples from *next on.
func (s sampler) fields(u *types.Struct, choice []int, next *int) (list []jen.Code) {
	for field := range u.Fields() {
		var value *jen.Statement
		switch inner, ok := field.Type().Underlying().(*types.Struct); {
		case field.Name() == "_":
			continue
		case ok:
			if below := s.fields(inner, choice, next); len(below) > 0 {
				value = s.f.Type(field.Type()).Values(below...)
			}
		default:
			value = s.of(field.Type())[choice[*next]]
			*next++
		}
		if value != nil {
			list = append(list, jen.Id(field.Name()).Op(":").Add(value))
		}
	}
	return list
}

// of returns values of t that are easily mistaken for each other.
func (s sampler) of(t types.Type) []*jen.Statement {
	switch shape.Of(t, s.f.Out.Path) {
	case shape.Integer:
		return []*jen.Statement{jen.Lit(1), jen.Lit(2), jen.Lit(3), nil}
	case shape.Float:
		return []*jen.Statement{jen.Lit(1), jen.Lit(1.5), jen.Lit(2), nil}
	case shape.Complex:
		return []*jen.Statement{jen.Lit(1), jen.Id("1i"), jen.Lit(2), nil}
	case shape.Bool:
		return []*jen.Statement{nil, jen.True()}
	case shape.String:
		return []*jen.Statement{jen.Lit("a"), jen.Lit("ab"), jen.Lit("b"), nil}
	case shape.Array:
		return s.arrays(t)
	}
	return []*jen.Statement{nil}
}

// arrays returns arrays that differ behind their first eight elements, such as digests whose
// first eight bytes, which are hashed, are equal.
func (s sampler) arrays(t types.Type) []*jen.Statement {
	list := s.inList(t.Underlying().(*types.Array))
	for i, elements := range list {
		if elements != nil {
			list[i] = s.f.Type(t).Add(elements)
		}
	}
	return list
}

// inList returns them without their type.
func (s sampler) inList(u *types.Array) []*jen.Statement {
	last, value := int(u.Len())-1, s.notZero(u.Elem(), true)
	if last < 0 || value == nil {
		return []*jen.Statement{nil}
	}
	if last == 0 {
		return []*jen.Statement{jen.Values(value), nil}
	}
	list := []*jen.Statement{jen.Values(value.Clone())}
	also := func(at int) {
		list = append(list, jen.Values(value.Clone(), jen.Lit(at).Op(":").Add(value.Clone())))
	}
	for at := 8; at < last && at <= 24; at += 8 { // digests are compared in words
		also(at)
	}
	also(last)
	return append(list, nil)
}

// notZero returns a value of t that is not zero, nil if there is none. As the element of
// an array it goes without its type.
func (s sampler) notZero(t types.Type, element bool) *jen.Statement {
	literal := func(value jen.Code) *jen.Statement {
		if element {
			return jen.Values(value)
		}
		return s.f.Type(t).Values(value)
	}
	switch u := t.Underlying().(type) {
	case *types.Array:
		if value := s.notZero(u.Elem(), true); value != nil && u.Len() > 0 {
			return literal(value)
		}
		return nil
	case *types.Struct:
		for field := range u.Fields() {
			if value := s.notZero(field.Type(), false); value != nil && field.Name() != "_" {
				return literal(jen.Id(field.Name()).Op(":").Add(value))
			}
		}
		return nil
	}
	for _, value := range s.of(t) {
		if value != nil {
			return value
		}
	}
	return nil
}

// zero returns the zero value of a type that is no struct, as the element of a list.
func (s sampler) zero(t types.Type) *jen.Statement {
	switch shape.Of(t, s.f.Out.Path) {
	case shape.Bool:
		return jen.False()
	case shape.String:
		return jen.Lit("")
	case shape.Array:
		return jen.Values()
	}
	return jen.Lit(0)
}

// tell returns the verbs and the operands of fmt that tell keys apart by all their fields.
func tell(f *model.File, key *jen.Statement, u *types.Struct) (verbs []string, operands []jen.Code) {
	for field := range u.Fields() {
		if field.Name() == "_" {
			continue
		}
		at, t := key.Clone().Dot(field.Name()), field.Type()
		if inner, ok := t.Underlying().(*types.Struct); ok {
			below, more := tell(f, at, inner)
			verbs, operands = append(verbs, below...), append(operands, more...)
			continue
		}
		verb := verbOf(f, t)
		if named, ok := types.Unalias(t).(*types.Named); ok && shape.Of(t, f.Out.Path) == shape.String && named.NumMethods() > 0 {
			at = jen.String().Call(at) // not what its method String says
		}
		verbs, operands = append(verbs, verb), append(operands, at)
	}
	return verbs, operands
}

// verbOf returns a verb that writes values of t so that no two look alike.
func verbOf(f *model.File, t types.Type) string {
	switch shape.Of(t, f.Out.Path) {
	case shape.Integer:
		return "%d"
	case shape.Float, shape.Complex:
		return "%g"
	case shape.Bool:
		return "%t"
	case shape.String:
		return "%q"
	case shape.Array:
		elem := t.Underlying().(*types.Array).Elem()
		if b, ok := types.Unalias(elem).(*types.Basic); ok && b.Kind() == types.Uint8 {
			return "%x"
		}
		if _, nested := elem.Underlying().(*types.Struct); !nested {
			return verbOf(f, elem)
		}
	}
	return "%#v"
}
