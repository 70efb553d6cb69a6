package rt

import (
	"encoding/binary"
	"math"

	"golang.org/x/exp/constraints"
)

// FloatAt returns value i of the axis lo, lo+step, ... up to hi, as package
// search has it: computed from its position, so that no error adds up.
func FloatAt(lo, hi, step float64, i uint64) float64 {
	x := lo + float64(float64(i)*step)
	if x > hi {
		return hi
	}
	return x
}

// FloatIndex returns the position of x on the axis of n values lo, lo+step, ... up
// to hi, and whether it is there.
func FloatIndex(lo, hi, step float64, n uint64, x float64) (i uint64, ok bool) {
	at := math.Round((x - lo) / step)
	if !(at >= 0) || !(at < float64(n)) {
		return 0, false
	}
	i = uint64(at)
	return i, FloatAt(lo, hi, step, i) == x
}

// Steps returns the n values lo, lo+step, ...
func Steps[T constraints.Integer](lo, step T, n int) []T {
	values := make([]T, n)
	for i := range values {
		values[i] = lo
		lo += step
	}
	return values
}

// AppendText appends a text after its length.
func AppendText(b []byte, s string) []byte {
	b = binary.AppendUvarint(b, uint64(len(s)))
	return append(b, s...)
}

// AppendWord appends a number of eight bytes after its length.
func AppendWord(b []byte, x uint64) []byte {
	return binary.LittleEndian.AppendUint64(append(b, 8), x)
}

// AppendFloat appends the bits of a number like [AppendWord].
func AppendFloat(b []byte, x float64) []byte { return AppendWord(b, math.Float64bits(x)) }

// AppendBool appends one byte after its length.
func AppendBool(b []byte, x bool) []byte {
	if x {
		return append(b, 1, 1)
	}
	return append(b, 1, 0)
}
