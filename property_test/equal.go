package propertytest

import (
	"math"
	"reflect"

	"github.com/google/go-cmp/cmp"
)

// equal reports whether two values are the same to the suite.
func (p *prepared[K, V]) equal(a, b V) bool {
	if p.Cmp == nil {
		var l looker
		if same := l.identical(reflect.ValueOf(&a).Elem(), reflect.ValueOf(&b).Elem(), 0); !l.unsure {
			return same
		}
	}
	return cmp.Equal(a, b, p.options...)
}

// A looker compares values bit by bit, many times faster than go-cmp, whose Diff is
// wanted only once a test has failed. What it cannot compare makes it unsure.
type looker struct{ unsure bool }

// deepest is how far a looker looks, which protects it from circles.
const deepest = 20

func (l *looker) identical(a, b reflect.Value, depth int) bool {
	if depth > deepest {
		l.unsure = true
		return false
	}
	switch a.Kind() {
	case reflect.Bool:
		return a.Bool() == b.Bool()
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return a.Int() == b.Int()
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		return a.Uint() == b.Uint()
	case reflect.Float32, reflect.Float64:
		return math.Float64bits(a.Float()) == math.Float64bits(b.Float())
	case reflect.String:
		return a.String() == b.String()
	case reflect.Pointer:
		return a.Pointer() == b.Pointer() || !a.IsNil() && !b.IsNil() && l.identical(a.Elem(), b.Elem(), depth+1)
	case reflect.Slice:
		return a.IsNil() == b.IsNil() && a.Len() == b.Len() && l.elements(a, b, depth)
	case reflect.Array:
		return l.elements(a, b, depth)
	case reflect.Struct:
		for i := range a.NumField() {
			if !l.identical(a.Field(i), b.Field(i), depth+1) {
				return false
			}
		}
		return true
	}
	l.unsure = true
	return false
}

func (l *looker) elements(a, b reflect.Value, depth int) bool {
	for i := range a.Len() {
		if !l.identical(a.Index(i), b.Index(i), depth+1) {
			return false
		}
	}
	return true
}
