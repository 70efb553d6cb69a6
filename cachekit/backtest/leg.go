package backtest

import "math"

// A leg is what the metrics need to know of consecutive bars of one position.
// The returns are those from close to close, which do not depend on when the
// asset was bought: so one leg serves all trials that hold the asset then.
type leg struct {
	sum, squares, downside float64 // of the returns; downside is 4 times the sum of min(return, 0)^2
	extent
}

// An extent is how far the closes of consecutive bars went. Its numbers are
// positive, and kept by their bits: those have the same order, and the processor
// takes the larger of two integers without a branch and in half the time.
type extent struct {
	high, low uint64 // of the closes
	fall      uint64 // smallest quotient of a close and one before it or itself, at most 1
}

// one is the quotient of a close and itself.
var one = math.Float64bits(1)

// at returns the extent of a single bar.
func at(price float64) extent {
	x := math.Float64bits(price)
	return extent{x, x, one}
}

// quotientBits returns the bits of a/b.
func quotientBits(a, b uint64) uint64 {
	return math.Float64bits(math.Float64frombits(a) / math.Float64frombits(b))
}

// then returns the extent of the bars of e and those of f after them. A quotient
// of floats falls, or stays, when its numerator falls or its denominator grows;
// so the fall from the highest close of e to the lowest of f is the deepest of all
// falls from e to f, to the last bit, and joining them in any order gives the same.
func (e extent) then(f extent) extent {
	return extent{
		high: max(e.high, f.high), low: min(e.low, f.low),
		fall: min(e.fall, min(f.fall, quotientBits(f.low, e.high))),
	}
}

// legBars is the length of the blocks, counted from the first bar of an asset,
// into which a position is cut to add up its returns: those of a block first,
// then the sums of the blocks. Where the position goes on after the block its
// returns are added from the last to the first, else from the first to the last.
//
// That order is part of what a run means: a sum in another order may differ in
// its last digits. It is one that tables can be made for.
const legBars = 16

// oneBar returns the leg of a bar that closed at x after one that closed at before.
func oneBar(before, x float64) leg {
	r := x/before - 1
	d := r - math.Abs(r) // 2*min(r, 0) without a branch, which no processor could predict
	return leg{r, float64(r * r), float64(d * d), at(x)}
}

// then returns the leg of l and the bars of m after it.
func (l leg) then(m leg) leg {
	return leg{l.sum + m.sum, l.squares + m.squares, l.downside + m.downside, l.extent.then(m.extent)}
}

// before returns the leg of l and the bars of m after it, with the sums added
// from the last bar to the first.
func (l leg) before(m leg) leg {
	return leg{m.sum + l.sum, m.squares + l.squares, m.downside + l.downside, l.extent.then(m.extent)}
}

// legEnd returns the end of the block of bar i.
func legEnd(i int) int { return (i | (legBars - 1)) + 1 }

// scan returns the leg of the bars x to y-1, 0 < x < y, which lie in one block.
func scan(closes []float64, x, y int) leg {
	if y < legEnd(x) {
		l := oneBar(closes[x-1], closes[x])
		for i := x + 1; i < y; i++ {
			l = l.then(oneBar(closes[i-1], closes[i]))
		}
		return l
	}
	l := oneBar(closes[y-2], closes[y-1])
	for i := y - 2; i >= x; i-- {
		l = oneBar(closes[i-1], closes[i]).before(l)
	}
	return l
}

// A legTable has the legs of the bars from to to-1 that begin or end where their
// block does, as scan would return them.
type legTable struct {
	from   int
	begins []leg // element i-from is the leg from the start of the block of bar i up to bar i
	ends   []leg // element i-from is the leg from bar i to the end of its block, if the asset has so many bars
}

// fill makes t the table of the bars from to to-1. Both are multiples of legBars,
// unless to is the number of bars.
func (t *legTable) fill(closes []float64, from, to int) {
	t.from = from
	if cap(t.begins) < to-from {
		t.begins, t.ends = make([]leg, to-from), make([]leg, to-from)
	}
	t.begins, t.ends = t.begins[:to-from], t.ends[:to-from]
	for block := from; block < to; block += legBars {
		end := min(block+legBars, to)
		begins, ends := t.begins[block-from:end-from], t.ends[block-from:end-from]
		before := closes[max(block-1, 0)] // no position has the first bar's return
		for i := range begins {
			ends[i] = oneBar(before, closes[block+i])
			before = closes[block+i]
		}
		l := ends[0]
		begins[0] = l
		for i := 1; i < len(begins); i++ {
			l = l.then(ends[i])
			begins[i] = l
		}
		for i := len(ends) - 2; i >= 0; i-- {
			ends[i] = ends[i].before(ends[i+1])
		}
	}
}
