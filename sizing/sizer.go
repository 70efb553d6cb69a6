package sizing

import (
	"reflect"
	"unsafe"
)

// A Sizer returns the bytes of heap that a value refers to, apart from the words
// of the value itself. It must return the same for the same value every time, and
// may be called concurrently. [Inline], [Pointer], [String] and [Slice] of a
// type are Sizers; [Elements] makes one for slices of anything.
type Sizer[V any] func(V) int64

// Inline is the [Sizer] of values of fixed size without pointers: numbers,
// arrays and structs of them. They lie wholly in what holds them, so it returns 0.
func Inline[V any](V) int64 { return 0 }

// Pointer returns the bytes of the allocation that p points to, which holds one
// T and was not cut from an array; 0 for nil. What the T refers to is not counted.
func Pointer[T any](p *T) int64 {
	if p == nil {
		return 0
	}
	return arrayOf[T](1)
}

// String returns the bytes of the allocation behind s, which is taken to be all
// of it: a part of a longer string keeps the longer one alive, whose owner pays.
func String(s string) int64 { return Alloc(int64(len(s))) }

// Slice returns the bytes of the array behind s, from the first element of s to
// its capacity; 0 for nil. What comes before s in a larger array cannot be seen:
// see [Views]. What the elements refer to is not counted: see [Elements].
func Slice[E any](s []E) int64 { return arrayOf[E](cap(s)) }

// arrayOf returns the bytes of an allocation of n values of type E.
func arrayOf[E any](n int) int64 {
	var zero E
	bytes := int64(n) * int64(unsafe.Sizeof(zero))
	if bytes > headerMin && bytes <= classMax && hasPointers(reflect.TypeFor[E]()) {
		return scannedAlloc(bytes)
	}
	return Alloc(bytes)
}

// Elements returns the [Sizer] of slices whose elements refer to memory of their
// own, each sized by element: Elements(String) for a list of names,
// Elements(Slice[float64]) for a slice of slices, Elements(Elements(Pointer[T]))
// for groups of pointers. Its cost grows with the number of elements.
func Elements[E any](element Sizer[E]) Sizer[[]E] {
	return func(s []E) int64 {
		n := Slice(s)
		for i := range s {
			n += element(s[i])
		}
		return n
	}
}

// Columns returns the bytes of the arrays behind the columns of one set, each
// array once: a column that lies within another one's array is free. Its cost
// grows with the square of the number of columns, which is meant to be small.
func Columns[E any](columns ...[]E) int64 {
	var n int64
	for i, c := range columns {
		if !coveredByOther(columns, i) {
			n += Slice(c)
		}
	}
	return n
}

// coveredByOther reports whether another column's array contains that of column
// i. Of two equal ones the first is not covered.
func coveredByOther[E any](columns [][]E, i int) bool {
	for j, other := range columns {
		if j != i && within(columns[i], other) && (j < i || !within(other, columns[i])) {
			return true
		}
	}
	return false
}

// Views returns the bytes that groups cut from one array hold: all of the
// owner's array once, the headers of the views, and the array of any view that
// lies outside the owner's (one that was cloned). The owner is the slice as it
// was allocated, not itself a part of a larger one.
func Views[E any](owner []E, views [][]E) int64 {
	n := Slice(owner) + Slice(views)
	for _, v := range views {
		if !within(v, owner) {
			n += Slice(v)
		}
	}
	return n
}

// within reports whether the array behind s, as far as s shows it, lies in that
// behind array.
func within[E any](s, array []E) bool {
	var zero E
	size := unsafe.Sizeof(zero)
	from, to := uintptr(unsafe.Pointer(unsafe.SliceData(s))), uintptr(unsafe.Pointer(unsafe.SliceData(array)))
	return from >= to && from+uintptr(cap(s))*size <= to+uintptr(cap(array))*size
}
