package params

import (
	"go/types"
	"math/big"
	"strconv"

	"github.com/dave/jennifer/jen"

	"github.com/bmadventure/optcache/internal/gen/model"
	"github.com/bmadventure/optcache/internal/gen/shape"
)

// hi returns the last value of an axis of whole numbers.
func (a *axis) hi() string {
	last := new(big.Int).SetUint64(a.n - 1)
	return last.Mul(last, a.step).Add(last, a.lo).String()
}

// float returns a number as a Go constant.
func float(x float64) *jen.Statement { return jen.Op(strconv.FormatFloat(x, 'g', -1, 64)) }

func text(n uint64) string { return strconv.FormatUint(n, 10) }

// key emits the bytes that stand for parameters in keys.
func (s *space) key() {
	s.f.Doc("AppendKey appends bytes that stand for the parameters in a key, and for no others: the name, type and value of each field, "+
		"each after its length. They are the same in every process and on every machine, as long as %s has the same fields.", s.t.Name)
	w := keyWriter{s: s}
	for _, field := range s.keyed {
		label := field.Name + " " + types.TypeString(field.Type, func(p *types.Package) string { return p.Name() })
		w.append("AppendText", jen.Lit(label))
		w.add(jen.Id(s.p).Dot(field.Name), field.Type)
	}
	s.f.Func().Params(s.self()).Id("AppendKey").Params(jen.Id(s.b).Index().Byte(), jen.Id(s.p).Add(s.params())).Index().Byte().Block(
		append(w.steps, jen.Return(jen.Id(s.b)))...)
}

// A keyWriter collects statements that append values.
type keyWriter struct {
	s     *space
	steps []jen.Code
	depth int
}

func (w *keyWriter) append(function string, value *jen.Statement) {
	w.steps = append(w.steps, jen.Id(w.s.b).Op("=").Qual(model.RT, function).Call(jen.Id(w.s.b), value))
}

// add appends a value of type t, which may be part of a key.
func (w *keyWriter) add(value *jen.Statement, t types.Type) {
	switch shape.Of(t, w.s.f.Out.Path) {
	case shape.Integer:
		w.append("AppendWord", as("uint64", value, t))
	case shape.Float:
		w.append("AppendFloat", as("float64", value, t))
	case shape.Complex:
		w.append("AppendFloat", jen.Float64().Call(jen.Real(value.Clone())))
		w.append("AppendFloat", jen.Float64().Call(jen.Imag(value.Clone())))
	case shape.Bool:
		w.append("AppendBool", as("bool", value, t))
	case shape.String:
		w.append("AppendText", as("string", value, t))
	case shape.Struct:
		for field := range t.Underlying().(*types.Struct).Fields() {
			if field.Name() != "_" {
				w.add(value.Clone().Dot(field.Name()), field.Type())
			}
		}
	case shape.Array:
		i := string(rune('i' + w.depth))
		inner := &keyWriter{s: w.s, depth: w.depth + 1}
		inner.add(value.Clone().Index(jen.Id(i)), t.Underlying().(*types.Array).Elem())
		if len(inner.steps) > 0 {
			w.steps = append(w.steps, jen.For(jen.Id(i).Op(":=").Range().Add(value.Clone())).Block(inner.steps...))
		}
	}
}

// as converts value to the basic type of that name, unless it is of it.
func as(name string, value *jen.Statement, t types.Type) *jen.Statement {
	if b, ok := types.Unalias(t).(*types.Basic); ok && b.Name() == name {
		return value
	}
	return jen.Id(name).Call(value)
}

// columns emits the parameters as columns of a result.
func (s *space) columns() {
	name, c := s.columnsName(), s.f.Local("c")
	self := jen.Id(c).Op("*").Id(name)
	var fields, appends, names []jen.Code
	for _, a := range s.axes {
		fields = append(fields, jen.Id(a.field.Name).Index().Add(s.f.Type(a.field.Type)))
		column := jen.Id(c).Dot(a.field.Name)
		appends = append(appends, column.Clone().Op("=").Append(column.Clone(), s.value(a)))
		names = append(names, jen.Lit(a.field.Name))
	}
	s.f.Doc("%s are the parameters of many trials, a slice for each field. The zero value is empty.", name)
	s.f.File.Type().Id(name).Struct(fields...)

	s.f.Doc("Names returns the names of the columns.")
	s.f.Func().Params(self.Clone()).Id("Names").Params().Index().String().Block(jen.Return(jen.Index().String().Values(names...)))

	s.f.Doc("Append adds the parameters of one trial.")
	s.f.Func().Params(self.Clone()).Id("Append").Params(jen.Id(s.p).Add(s.params())).Block(appends...)

	s.f.Doc("Len returns the number of trials.")
	s.f.Func().Params(self.Clone()).Id("Len").Params().Int().Block(jen.Return(jen.Len(jen.Id(c).Dot(s.axes[0].field.Name))))
}
