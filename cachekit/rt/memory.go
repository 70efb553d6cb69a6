package rt

import (
	"strings"
	"unsafe"
)

// Column returns n elements, in the memory of old if it has room for them. They
// hold anything if it has.
func Column[E any](old []E, n int) []E {
	if cap(old) >= n && old != nil {
		return old[:n]
	}
	return make([]E, n)
}

// RawColumn is [Column] for elements without pointers; they hold anything in new
// memory too. Whoever asks writes all of them before anyone reads one.
//
// To set large new memory to zero costs as much as to fill it once, which is a
// third of the time in which rows are grouped. [strings.Builder] is the one way
// to memory of the Go heap that the runtime does not clear.
func RawColumn[E any](old []E, n int) []E {
	var e E
	bytes := n * int(unsafe.Sizeof(e))
	if bytes < rawMin || cap(old) >= n {
		return Column(old, n)
	}
	var b strings.Builder
	b.Grow(bytes)
	b.WriteByte(0) // an empty string need not have an address
	return unsafe.Slice((*E)(unsafe.Pointer(unsafe.StringData(b.String()))), n)
}

// rawMin is from where on clearing costs more than the detour. Objects of that
// size begin at a multiple of 8 bytes.
const rawMin = 1 << 10
