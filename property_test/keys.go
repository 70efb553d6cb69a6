package propertytest

import (
	"math"
	"reflect"
	"strings"
	"time"
	"unsafe"
)

// relativesOf returns keys that differ from key in one field each, or in how two
// neighbouring strings are divided: whoever hashes or compares less than all of a key takes one
// for another.
func relativesOf[K comparable](key K) []K {
	w := walker{root: reflect.ValueOf(&key).Elem(), max: 128}
	var all []K
	w.emit = func() { all = append(all, key) }
	w.walk(w.root)
	return all
}

// twinsOf returns keys that are equal to key but share no memory with it, and have
// -0 where it has 0.
func twinsOf[K comparable](key K) []K {
	fresh := key
	detach(reflect.ValueOf(&fresh).Elem(), false)
	twins := []K{key, fresh}
	negative := key
	detach(reflect.ValueOf(&negative).Elem(), true)
	if negative == key {
		twins = append(twins, negative)
	}
	return twins
}

// detach gives every string in v bytes of its own, and turns floating-point 0 into -0
// where asked to.
func detach(v reflect.Value, negate bool) {
	v = writable(v)
	switch v.Kind() {
	case reflect.String:
		v.SetString(strings.Clone(v.String()))
	case reflect.Float32, reflect.Float64:
		if negate && v.Float() == 0 {
			v.SetFloat(math.Copysign(0, -1))
		}
	case reflect.Struct:
		for i := range v.NumField() {
			detach(v.Field(i), negate)
		}
	case reflect.Array:
		for i := range v.Len() {
			detach(v.Index(i), negate)
		}
	}
}

// writable lifts the protection of unexported fields: keys are copied as a whole
// by every cache, and so may the suite write to its copies.
func writable(v reflect.Value) reflect.Value {
	if v.CanSet() || !v.CanAddr() {
		return v
	}
	return reflect.NewAt(v.Type(), unsafe.Pointer(v.UnsafeAddr())).Elem()
}

// A walker visits the parts of a key, and emits the key with one of them changed.
type walker struct {
	root reflect.Value
	emit func()
	max  int
	last reflect.Value // the string before the one that is visited
}

var timeType = reflect.TypeFor[time.Time]()

func (w *walker) walk(v reflect.Value) {
	v = writable(v)
	if v.Type() == timeType {
		was := v.Interface().(time.Time)
		w.with(v, reflect.ValueOf(was.Add(time.Nanosecond)))
		w.with(v, reflect.ValueOf(was.Add(time.Hour)))
		return
	}
	switch v.Kind() {
	case reflect.Bool:
		w.with(v, reflect.ValueOf(!v.Bool()))
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		w.with(v, reflect.ValueOf(v.Int()^1))
		w.with(v, reflect.ValueOf(v.Int()^1<<(v.Type().Bits()-1)))
		w.with(v, reflect.ValueOf(v.Int()^1<<(v.Type().Bits()/2)))
	case reflect.Uint8:
		w.with(v, reflect.ValueOf(v.Uint()^1))
	case reflect.Uint, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		w.with(v, reflect.ValueOf(v.Uint()^1))
		w.with(v, reflect.ValueOf(v.Uint()^1<<(v.Type().Bits()-1)))
		w.with(v, reflect.ValueOf(v.Uint()^1<<(v.Type().Bits()/2)))
	case reflect.Float32:
		w.with(v, reflect.ValueOf(math.Nextafter32(float32(v.Float()), 1e30)))
		w.with(v, reflect.ValueOf(-1-v.Float()))
	case reflect.Float64:
		w.with(v, reflect.ValueOf(math.Nextafter(v.Float(), 1e300)))
		w.with(v, reflect.ValueOf(-1-v.Float()))
	case reflect.Complex64, reflect.Complex128:
		w.with(v, reflect.ValueOf(v.Complex()+1))
		w.with(v, reflect.ValueOf(v.Complex()+1i))
	case reflect.String:
		w.text(v)
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).Name != "_" {
				w.walk(v.Field(i))
			}
		}
	case reflect.Array:
		for i := range v.Len() {
			w.walk(v.Index(i))
		}
	}
}

// text changes a string at its end, its beginning, its case, and by what it gives to its neighbour.
func (w *walker) text(v reflect.Value) {
	was := v.String()
	for _, changed := range []string{was + "x", was + "\x00", "x" + was, swapCase(was)} {
		w.with(v, reflect.ValueOf(changed))
	}
	if was != "" {
		w.with(v, reflect.ValueOf(was[:len(was)-1]))
	}
	if before := w.last; before.IsValid() && was+before.String() != "" {
		left, right := before.String(), was
		if right != "" {
			before.SetString(left + right[:1])
			v.SetString(right[1:])
		} else {
			before.SetString(left[:len(left)-1])
			v.SetString(left[len(left)-1:])
		}
		w.out()
		before.SetString(left)
		v.SetString(right)
	}
	w.last = v
}

func swapCase(s string) string {
	if upper := strings.ToUpper(s); upper != s {
		return upper
	}
	return strings.ToLower(s)
}

// with emits the key with v changed, and changes it back.
func (w *walker) with(v, changed reflect.Value) {
	was := reflect.ValueOf(v.Interface())
	changed = changed.Convert(v.Type())
	if changed.Equal(was) {
		return
	}
	v.Set(changed)
	w.out()
	v.Set(was)
}

func (w *walker) out() {
	if w.max > 0 {
		w.max--
		w.emit()
	}
}
