package backtest

import (
	"math"
	"math/bits"
	"unsafe"
)

// Signals are what a strategy would do at the closes of the bars of a block, one
// bit a bar. There are none at first.
type Signals struct {
	from, to       int
	entries, exits []uint64 // the bit of bar i is i-from; bits from to-from on mean nothing
}

// Enter notes that bar i, From <= i < To of the block, would buy.
func (w *Signals) Enter(i int) { w.entries[uint(i-w.from)/64] |= 1 << (uint(i-w.from) % 64) }

// Exit notes that bar i, From <= i < To of the block, would sell.
func (w *Signals) Exit(i int) { w.exits[uint(i-w.from)/64] |= 1 << (uint(i-w.from) % 64) }

// reset makes w the empty signals of the bars from to to-1.
func (w *Signals) reset(from, to int) {
	n := (to - from + 63) / 64
	if cap(w.entries) < n {
		w.entries, w.exits = make([]uint64, n), make([]uint64, n)
	}
	w.from, w.to, w.entries, w.exits = from, to, w.entries[:n], w.exits[:n]
	clear(w.entries)
	clear(w.exits)
}

// next returns the first bar from i on whose bit is set, or w.to.
func (w *Signals) next(set []uint64, i int) int {
	at := uint(i - w.from)
	if i >= w.to {
		return w.to
	}
	word := at / 64
	x := set[word] >> (at % 64)
	if x != 0 {
		return min(i+bits.TrailingZeros64(x), w.to)
	}
	for word++; word < uint(len(set)); word++ {
		if x := set[word]; x != 0 {
			return min(w.from+int(word*64)+bits.TrailingZeros64(x), w.to)
		}
	}
	return w.to
}

// enterAbove signals to buy where a is above b and to sell everywhere else. Above
// means that more than tie numbers lie between the two. The columns hold
// positive numbers or the NaN of the standard library, which nothing is above;
// where a is NaN, so is b.
//
// Such numbers have the order of their bits, and the borrow of a subtraction
// tells it without a branch: three or four instructions a bar.
func (w *Signals) enterAbove(a, b []float64, tie uint64) {
	a, b = a[w.from:w.to], b[w.from:w.to]
	word := 0
	for ; len(a) >= 64; a, b, word = a[64:], b[64:], word+1 {
		x := above(bitsOf(a), bitsOf(b), tie)
		w.entries[word], w.exits[word] = x, ^x
	}
	if len(a) == 0 {
		return
	}
	var x uint64
	for i := range a {
		if math.Float64bits(a[i]) > math.Float64bits(b[i])+tie {
			x |= 1 << i
		}
	}
	w.entries[word], w.exits[word] = x, ^x
}

func above(a, b *[64]uint64, tie uint64) (x uint64) {
	for i := 63; i >= 3; i -= 4 { // the last first, so that bar 0 ends up in bit 0
		_, c3 := bits.Sub64(b[i]+tie, a[i], 0)
		x, _ = bits.Add64(x, x, c3)
		_, c2 := bits.Sub64(b[i-1]+tie, a[i-1], 0)
		x, _ = bits.Add64(x, x, c2)
		_, c1 := bits.Sub64(b[i-2]+tie, a[i-2], 0)
		x, _ = bits.Add64(x, x, c1)
		_, c0 := bits.Sub64(b[i-3]+tie, a[i-3], 0)
		x, _ = bits.Add64(x, x, c0)
	}
	return x
}

// bitsOf returns the bits of the first 64 numbers. To move each through a
// floating-point register would cost a third of the time.
func bitsOf(s []float64) *[64]uint64 { return (*[64]uint64)(unsafe.Pointer((*[64]float64)(s))) }
