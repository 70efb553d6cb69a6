package sizing

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"testing"
	"unsafe"
)

// leaves are types of every kind that is not made of others, and whether they contain pointers.
var leaves = []struct {
	of  reflect.Type
	has bool
}{
	{reflect.TypeFor[bool](), false}, {reflect.TypeFor[int](), false}, {reflect.TypeFor[int8](), false},
	{reflect.TypeFor[uint64](), false}, {reflect.TypeFor[uintptr](), false}, {reflect.TypeFor[float32](), false},
	{reflect.TypeFor[float64](), false}, {reflect.TypeFor[complex64](), false}, {reflect.TypeFor[complex128](), false},
	{reflect.TypeFor[struct{}](), false}, {reflect.TypeFor[[0]string](), false}, {reflect.TypeFor[string](), true},
	{reflect.TypeFor[*int](), true}, {reflect.TypeFor[unsafe.Pointer](), true}, {reflect.TypeFor[[]byte](), true},
	{reflect.TypeFor[map[int]int](), true}, {reflect.TypeFor[chan int](), true}, {reflect.TypeFor[func()](), true},
	{reflect.TypeFor[any](), true}, {reflect.TypeFor[error](), true},
}

// TestHasPointers makes up structs and arrays of all kinds of types: they contain pointers if a part does
// that is there.
func TestHasPointers(t *testing.T) {
	for _, leaf := range leaves {
		if got := hasPointers(leaf.of); got != leaf.has {
			t.Errorf("%v: %v, want %v", leaf.of, got, leaf.has)
		}
	}
	r := rand.New(rand.NewPCG(1, 1))
	var build func(depth int) (reflect.Type, bool)
	build = func(depth int) (reflect.Type, bool) {
		switch kind := r.IntN(4); {
		case depth == 0 || kind == 0:
			leaf := leaves[r.IntN(len(leaves))]
			return leaf.of, leaf.has
		case kind == 1:
			of, has := build(depth - 1)
			n := r.IntN(3)
			return reflect.ArrayOf(n, of), has && n > 0
		}
		var fields []reflect.StructField
		some := false
		for i := range r.IntN(4) {
			of, has := build(depth - 1)
			fields = append(fields, reflect.StructField{Name: fmt.Sprint("F", i), Type: of})
			some = some || has
		}
		return reflect.StructOf(fields), some
	}
	for range 500 {
		made, want := build(3)
		for time := range 2 { // the second time it is remembered
			if got := hasPointers(made); got != want {
				t.Errorf("time %d: %v: %v, want %v", time+1, made, got, want)
			}
		}
	}
}

// TestHeaderBeginsBeyond512 fixes where objects with pointers begin to have a header, as the runtime does:
// 64 pointers fill the class of 512 bytes, and 4,095 with the header the last class of all.
func TestHeaderBeginsBeyond512(t *testing.T) {
	for n, want := range map[int]int64{64: 512, 65: 576, 71: 576, 72: 640, 3583: 28672, 3584: 32768, 4095: 32768, 4096: 32768, 4097: 40960} {
		if got := Slice(make([]*int, n)); got != want {
			t.Errorf("%d pointers take %d bytes, want %d", n, got, want)
		}
		without := Alloc(int64(n) * 8)
		if got := Slice(make([]int, n)); got != without {
			t.Errorf("%d integers take %d bytes, want %d", n, got, without)
		}
	}
}
