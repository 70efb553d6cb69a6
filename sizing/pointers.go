package sizing

import (
	"reflect"
	"sync"
)

// hasPointers reports whether values of type t contain pointers, which decides
// whether the runtime puts a header before them.
func hasPointers(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Struct, reflect.Array:
		return compositeHasPointers(t)
	}
	return scalarHasPointers(t.Kind())
}

func scalarHasPointers(k reflect.Kind) bool {
	return k == reflect.String || k == reflect.UnsafePointer || k > reflect.Complex128 && k != reflect.Struct && k != reflect.Array
}

// composites remembers the answer for structs and arrays (reflect.Type to
// bool): looking at their fields allocates, and sizers run on every load.
var composites sync.Map

func compositeHasPointers(t reflect.Type) bool {
	if known, ok := composites.Load(t); ok {
		return known.(bool)
	}
	found := false
	if t.Kind() == reflect.Array {
		found = t.Len() > 0 && hasPointers(t.Elem())
	} else {
		for i := 0; i < t.NumField() && !found; i++ {
			found = hasPointers(t.Field(i).Type)
		}
	}
	composites.Store(t, found)
	return found
}
