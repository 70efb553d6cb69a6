package propertytest

import (
	"math"
	"reflect"

	"github.com/google/go-cmp/cmp"
)

// equal reports whether two values are the same to the suite. Most are, so a quick look comes
// first, unless the suite has options of its own.
func (p *prepared[K, V]) equal(a, b V) bool {
	if p.Cmp == nil && identical(reflect.ValueOf(&a).Elem(), reflect.ValueOf(&b).Elem(), 0) {
		return true
	}
	return cmp.Equal(a, b, p.options...)
}

// deepest is how far identical looks, which protects it from circles.
const deepest = 20

// identical reports whether two values of one type are equal in all their bits. It
// says no where it cannot tell.
func identical(a, b reflect.Value, depth int) bool {
	if depth > deepest {
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
		return a.Pointer() == b.Pointer() || !a.IsNil() && !b.IsNil() && identical(a.Elem(), b.Elem(), depth+1)
	case reflect.Slice:
		if a.IsNil() != b.IsNil() || a.Len() != b.Len() {
			return false
		}
		return identicalElements(a, b, depth)
	case reflect.Array:
		return identicalElements(a, b, depth)
	case reflect.Struct:
		for i := range a.NumField() {
			if !identical(a.Field(i), b.Field(i), depth+1) {
				return false
			}
		}
		return true
	}
	return false
}

func identicalElements(a, b reflect.Value, depth int) bool {
	for i := range a.Len() {
		if !identical(a.Index(i), b.Index(i), depth+1) {
			return false
		}
	}
	return true
}
