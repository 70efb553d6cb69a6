package keyhash

import (
	"fmt"
	"math"
	"reflect"
	"unsafe"
)

// A hasher hashes the value at p and mixes it into h.
type hasher func(p unsafe.Pointer, h uint64) uint64

// For returns the hash function of the type K: keys that are == hash alike. It is
// put together once, from what K is made of. A key with an interface that holds a
// value which cannot be compared makes it panic, as it would a Go map.
func For[K comparable]() func(key *K, seed uint64) uint64 {
	hash := plan(reflect.TypeFor[K]())
	return func(key *K, seed uint64) uint64 { return mix(hash(unsafe.Pointer(key), seed)^k2, k0) }
}

// Integer returns the size in bytes of K if a key is nothing but an integer (or
// a pointer, channel or bool, or a struct of one such field) in memory, and 0
// otherwise.
func Integer[K comparable]() uintptr {
	t := reflect.TypeFor[K]()
	for t.Kind() == reflect.Struct && t.NumField() == 1 && t.Field(0).Name != "_" {
		t = t.Field(0).Type
	}
	if t.Kind() == reflect.Struct || t.Kind() == reflect.Array || !plain(t) {
		return 0
	}
	return t.Size()
}

// plain reports whether two values of t are equal exactly if their memory is.
func plain(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Bool, reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr,
		reflect.Pointer, reflect.UnsafePointer, reflect.Chan:
		return true
	case reflect.Array:
		return plain(t.Elem())
	case reflect.Struct:
		var end uintptr
		for i := range t.NumField() {
			f := t.Field(i)
			if f.Name == "_" || f.Offset != end || !plain(f.Type) {
				return false // a field that == ignores, padding, or no plain field
			}
			end += f.Type.Size()
		}
		return end == t.Size()
	}
	return false
}

// plan returns the hasher of t.
func plan(t reflect.Type) hasher {
	if plain(t) {
		return run(t.Size())
	}
	switch t.Kind() {
	case reflect.String:
		return func(p unsafe.Pointer, h uint64) uint64 { return String(*(*string)(p), h) }
	case reflect.Float32:
		return func(p unsafe.Pointer, h uint64) uint64 { return float(float64(*(*float32)(p)), h) }
	case reflect.Float64:
		return func(p unsafe.Pointer, h uint64) uint64 { return float(*(*float64)(p), h) }
	case reflect.Complex64, reflect.Complex128:
		return planComplex(t)
	case reflect.Array:
		return planArray(t)
	case reflect.Struct:
		return planStruct(t)
	case reflect.Interface:
		return planInterface(t)
	}
	panic(fmt.Sprintf("keyhash: %v is not comparable", t))
}

// run returns the hasher of size bytes of memory.
func run(size uintptr) hasher {
	switch size {
	case 0:
		return func(_ unsafe.Pointer, h uint64) uint64 { return h }
	case 1:
		return func(p unsafe.Pointer, h uint64) uint64 { return mix(uint64(*(*uint8)(p))^k1, h^k2) }
	case 2:
		return func(p unsafe.Pointer, h uint64) uint64 { return mix(uint64(*(*uint16)(p))^k1, h^k2) }
	case 4:
		return func(p unsafe.Pointer, h uint64) uint64 { return mix(uint64(*(*uint32)(p))^k1, h^k2) }
	case 8:
		return func(p unsafe.Pointer, h uint64) uint64 { return mix(*(*uint64)(p)^k1, h^k2) }
	}
	return func(p unsafe.Pointer, h uint64) uint64 { return Bytes(unsafe.Slice((*byte)(p), size), h) }
}

// float hashes x. The zeros are equal, so they hash alike. A NaN equals nothing,
// itself neither, so its hash does not matter.
func float(x float64, h uint64) uint64 {
	if x == 0 {
		x = 0
	}
	return mix(math.Float64bits(x)^k1, h^k2)
}

func planComplex(t reflect.Type) hasher {
	if t.Kind() == reflect.Complex64 {
		return func(p unsafe.Pointer, h uint64) uint64 {
			x := *(*complex64)(p)
			return float(float64(imag(x)), float(float64(real(x)), h))
		}
	}
	return func(p unsafe.Pointer, h uint64) uint64 {
		x := *(*complex128)(p)
		return float(imag(x), float(real(x), h))
	}
}

func planArray(t reflect.Type) hasher {
	element, size, n := plan(t.Elem()), t.Elem().Size(), t.Len()
	return func(p unsafe.Pointer, h uint64) uint64 {
		for i := range n {
			h = element(unsafe.Add(p, uintptr(i)*size), h)
		}
		return h
	}
}

// planStruct returns the hasher of a struct. Neighbouring plain fields are hashed
// as one run of memory.
func planStruct(t reflect.Type) hasher {
	type step struct {
		offset uintptr
		hash   hasher
	}
	var steps []step
	for i := 0; i < t.NumField(); i++ {
		f := t.Field(i)
		if f.Name == "_" {
			continue
		}
		if !plain(f.Type) {
			steps = append(steps, step{f.Offset, plan(f.Type)})
			continue
		}
		end := f.Offset + f.Type.Size()
		for i+1 < t.NumField() && t.Field(i+1).Offset == end && t.Field(i+1).Name != "_" && plain(t.Field(i+1).Type) {
			i++
			end += t.Field(i).Type.Size()
		}
		steps = append(steps, step{f.Offset, run(end - f.Offset)})
	}
	return func(p unsafe.Pointer, h uint64) uint64 {
		for i := range steps {
			h = steps[i].hash(unsafe.Add(p, steps[i].offset), h)
		}
		return h
	}
}

// planInterface returns the hasher of an interface: its dynamic type's name and
// value. What the type is made of is found anew each time, so this is slow.
func planInterface(t reflect.Type) hasher {
	return func(p unsafe.Pointer, h uint64) uint64 {
		v := reflect.NewAt(t, p).Elem().Elem()
		if !v.IsValid() {
			return mix(h^k1, k2)
		}
		if !v.Comparable() {
			panic(fmt.Sprintf("hashing a cache key: %v cannot be compared", v.Type()))
		}
		held := reflect.New(v.Type())
		held.Elem().Set(v)
		return plan(v.Type())(held.UnsafePointer(), String(v.Type().String(), h))
	}
}
