package backtest

import (
	"math"
	"math/rand/v2"
	"testing"
)

// The bits of signals are those of plain comparisons, for averages that differ by
// a few numbers or not at all, with NaN and infinity, wherever a block begins.
func TestEnterAboveIsAComparison(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	special := []float64{math.NaN(), math.Inf(1), math.SmallestNonzeroFloat64, math.MaxFloat64, 1}
	var w Signals
	seen := [2]int{}
	for range 300 {
		n := 1 + rng.IntN(300)
		a, b := make([]float64, n), make([]float64, n)
		for i := range a {
			b[i] = 1 + rng.Float64()
			a[i] = math.Float64frombits(math.Float64bits(b[i]) + uint64(rng.IntN(2*tie+4)) - 2)
			if rng.IntN(9) == 0 {
				a[i] = special[1+rng.IntN(len(special)-1)]
			}
			if rng.IntN(9) == 0 {
				b[i] = special[rng.IntN(len(special))]
			}
		}
		from := rng.IntN(n)
		w.reset(from, n)
		w.enterAbove(a, b, tie)
		for i := from; i < n; i++ {
			want := a[i] > b[i]
			if want && math.Float64bits(a[i])-math.Float64bits(b[i]) <= tie {
				want = false
			}
			buy, sell := w.next(w.entries, i) == i, w.next(w.exits, i) == i
			if buy != want || sell == want {
				t.Fatalf("%v above %v: buy %v, sell %v", a[i], b[i], buy, sell)
			}
			if want {
				seen[0]++
			} else {
				seen[1]++
			}
		}
	}
	if min(seen[0], seen[1]) < 5000 {
		t.Errorf("compared only %v", seen)
	}
}

func TestNextFindsEverySignal(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	var w Signals
	for range 300 {
		from := rng.IntN(1000)
		to := from + 1 + rng.IntN(300)
		w.reset(from, to)
		wished := make(map[int]bool)
		for range rng.IntN(6) {
			i := from + rng.IntN(to-from)
			wished[i] = true
			w.Enter(i)
			w.Exit(to - 1 - (i - from))
		}
		for i := from; i <= to; i++ {
			want := i
			for want < to && !wished[want] {
				want++
			}
			if got := w.next(w.entries, i); got != want {
				t.Fatalf("the signal after %d of %d to %d is at %d, want %d", i, from, to, got, want)
			}
			if wished[i] && w.next(w.exits, to-1-(i-from)) != to-1-(i-from) {
				t.Fatalf("the signal to sell at %d is lost", i)
			}
		}
	}
}
