package cache

import (
	"cmp"
	"go/token"
	"go/types"
	"slices"

	"github.com/dave/jennifer/jen"

	"github.com/bmadventure/optcache/internal/gen/model"
	"github.com/bmadventure/optcache/internal/gen/shape"
)

// HashName returns the name of the emitted hash function of a key type.
func HashName(key *model.Type) string { return "hash" + key.Name }

// EqualName returns the name of the emitted equality of a key type.
func EqualName(key *model.Type) string { return "equal" + key.Name }

// Word reports whether a key is nothing but an integer of a machine word: the
// cache has a way of its own for such keys, which is faster than any hooks.
func Word(key *model.Type) bool {
	if len(key.Fields) != 1 || key.Fields[0].Name == "_" {
		return false
	}
	b, ok := key.Fields[0].Type.Underlying().(*types.Basic)
	if !ok {
		return false
	}
	switch b.Kind() {
	case types.Int, types.Uint, types.Int64, types.Uint64, types.Uintptr:
		return true
	}
	return false
}

// Hooks emits hash and equality of a key type, once in a file.
func Hooks(f *model.File, key *model.Type, at token.Position) {
	if !f.Once("hooks of " + key.Named.String()) {
		return
	}
	emitHash(f, key, at)
	emitEqual(f, key, at)
}

// emitHash emits the hash of all fields; of a digest, which is random by itself,
// eight bytes.
func emitHash(f *model.File, key *model.Type, at token.Position) {
	name := f.Declare(HashName(key), at)
	k, seed := f.Local("key"), f.Local("seed")
	h := &hasher{f: f, h: f.Local("h")}
	for _, field := range key.Fields {
		if field.Name == "_" {
			continue
		}
		h.field(jen.Id(k).Dot(field.Name), field)
	}
	f.Doc("%s hashes all fields of a key.", name)
	f.Func().Id(name).Params(jen.Id(k).Op("*").Add(f.Type(key.Named)), jen.Id(seed).Uint64()).Uint64().Block(
		append(append([]jen.Code{jen.Id(h.h).Op(":=").Id(seed)}, h.steps...), jen.Return(jen.Id(h.h)))...)
}

// A hasher collects statements that mix values into the hash h.
type hasher struct {
	f     *model.File
	h     string
	steps []jen.Code
	depth int
}

func (h *hasher) mix(function string, value *jen.Statement) {
	h.steps = append(h.steps, jen.Id(h.h).Op("=").Qual(model.RT, function).Call(jen.Id(h.h), value))
}

func (h *hasher) word(value *jen.Statement) { h.mix("HashUint64", value) }

// field mixes a field of a key.
func (h *hasher) field(value *jen.Statement, field *model.Field) {
	if field.Has("digest") {
		h.word(jen.Qual("encoding/binary", "LittleEndian").Dot("Uint64").Call(value.Index(jen.Op(":"))))
		return
	}
	h.add(value, field.Type)
}

// add mixes a value of type t, which may be part of a key.
func (h *hasher) add(value *jen.Statement, t types.Type) {
	switch shape.Of(t, h.f.Out.Path) {
	case shape.Integer:
		h.word(convert(value, t, types.Uint64, "uint64"))
	case shape.Float:
		h.mix("HashFloat64", convert(value, t, types.Float64, "float64"))
	case shape.Complex:
		h.mix("HashFloat64", convert(jen.Real(value.Clone()), nil, 0, "float64"))
		h.mix("HashFloat64", convert(jen.Imag(value.Clone()), nil, 0, "float64"))
	case shape.Bool:
		h.mix("HashBool", convert(value, t, types.Bool, "bool"))
	case shape.String:
		h.mix("HashText", convert(value, t, types.String, "string"))
	case shape.Struct:
		for field := range t.Underlying().(*types.Struct).Fields() {
			if field.Name() != "_" {
				h.add(value.Clone().Dot(field.Name()), field.Type())
			}
		}
	case shape.Array:
		h.array(value, t.Underlying().(*types.Array))
	}
}

// convert returns value as the basic type of that name.
func convert(value *jen.Statement, t types.Type, kind types.BasicKind, name string) *jen.Statement {
	if b, ok := types.Unalias(types.Type(t)).(*types.Basic); t != nil && ok && b.Kind() == kind {
		return value
	}
	return jen.Id(name).Call(value)
}

// array mixes an array: bytes at once, others one by one.
func (h *hasher) array(value *jen.Statement, t *types.Array) {
	if b, ok := types.Unalias(t.Elem()).(*types.Basic); ok && b.Kind() == types.Uint8 {
		h.mix("HashBytes", value.Clone().Index(jen.Op(":")))
		return
	}
	i := string(rune('i' + h.depth))
	inner := &hasher{f: h.f, h: h.h, depth: h.depth + 1}
	inner.add(value.Clone().Index(jen.Id(i)), t.Elem())
	if len(inner.steps) > 0 {
		h.steps = append(h.steps, jen.For(jen.Id(i).Op(":=").Range().Add(value.Clone())).Block(inner.steps...))
	}
}

// emitEqual emits the comparison of all fields, the cheapest first.
func emitEqual(f *model.File, key *model.Type, at token.Position) {
	name := f.Declare(EqualName(key), at)
	a, b := f.Local("a"), f.Local("b")
	var terms []*jen.Statement
	for _, field := range byPrice(key, f.Out.Path) {
		terms = append(terms, sameField(a, b, field)...)
	}
	f.Doc("%s reports whether two keys are the same. What tells them apart soonest is compared first.", name)
	f.Func().Id(name).Params(jen.List(jen.Id(a), jen.Id(b)).Op("*").Add(f.Type(key.Named))).Bool().Block(jen.Return(and(terms)))
}

// byPrice returns the fields of a key in the order in which they are compared.
func byPrice(key *model.Type, from string) []*model.Field {
	fields := slices.DeleteFunc(slices.Clone(key.Fields), func(field *model.Field) bool { return field.Name == "_" })
	slices.SortStableFunc(fields, func(x, y *model.Field) int { return cmp.Compare(price(x, from), price(y, from)) })
	return fields
}

// sameField returns the comparisons of one field. A digest is compared in words,
// which takes no call as the comparison of the array would.
func sameField(a, b string, field *model.Field) (terms []*jen.Statement) {
	x, y := jen.Id(a).Dot(field.Name), jen.Id(b).Dot(field.Name)
	words := digestWords(field)
	if words == 0 {
		return []*jen.Statement{x.Op("==").Add(y)}
	}
	for i := range words {
		terms = append(terms, wordAt(x, i).Op("==").Add(wordAt(y, i)))
	}
	return terms
}

// price orders fields for comparison: numbers that differ between the windows of
// one digest, digests, texts, the rest.
func price(f *model.Field, from string) int {
	switch shape.Of(f.Type, from) {
	case shape.Integer, shape.Float, shape.Bool:
		return 0
	case shape.Array:
		return 1
	case shape.String:
		return 2
	}
	return 3
}
