package quantile

import (
	"math"
	"math/big"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/leanovate/gopter"
	"github.com/leanovate/gopter/gen"
	"github.com/leanovate/gopter/prop"
)

// The ranks of Le Boudec's table A.1, counted from 1, and their confidence.
func TestRanksOfTheTable(t *testing.T) {
	for _, want := range []struct {
		n, low, high int
		confidence   float64
	}{
		{6, 1, 6, 0.969}, {8, 1, 8, 0.992}, {9, 2, 8, 0.961}, {10, 2, 9, 0.979}, {15, 4, 12, 0.965},
		{20, 6, 15, 0.959}, {30, 10, 21, 0.957}, {50, 18, 33, 0.967}, {70, 27, 44, 0.959},
	} {
		k, reached := rank(want.n, 0.95)
		if k+1 != want.low || want.n-k != want.high || math.Abs(reached-want.confidence) > 0.0006 {
			t.Errorf("%d values: ranks %d and %d with %.4f, want %+v", want.n, k+1, want.n-k, reached, want)
		}
	}
}

// The confidence is that of exact arithmetic, and the interval is the narrowest
// that has it.
func TestConfidenceIsExact(t *testing.T) {
	for n := 1; n <= 200; n++ {
		all := new(big.Int).Lsh(big.NewInt(1), uint(n))
		exact := func(k int) float64 { // 1 - 2 P(X <= k)
			sum := new(big.Int)
			for i := 0; i <= k; i++ {
				sum.Add(sum, new(big.Int).Binomial(int64(n), int64(i)))
			}
			sum.Lsh(sum, 1)
			f, _ := new(big.Rat).SetFrac(new(big.Int).Sub(all, sum), all).Float64()
			return f
		}
		k, reached := rank(n, 0.95)
		if math.Abs(reached-exact(k)) > 1e-12 {
			t.Errorf("%d values, k %d: confidence %v, exactly %v", n, k, reached, exact(k))
		}
		if k > 0 && exact(k) < 0.95-1e-12 {
			t.Errorf("%d values: k %d is too narrow", n, k)
		}
		if k+1 <= (n-1)/2 && exact(k+1) >= 0.95+1e-12 {
			t.Errorf("%d values: k %d is not the narrowest", n, k)
		}
	}
}

func TestMedianIsInTheIntervalAndMovesWithTheSample(t *testing.T) {
	properties := gopter.NewProperties(nil)
	samples := gen.SliceOf(gen.Float64Range(-1e6, 1e6)).SuchThat(func(s []float64) bool { return len(s) > 0 })
	properties.Property("low <= median <= high, all within the sample", prop.ForAll(func(s []float64) bool {
		e := Median(s, 0.95)
		return e.Low <= e.Median && e.Median <= e.High && e.Runs == len(s) &&
			slices.Contains(s, e.Low) && slices.Contains(s, e.High)
	}, samples))
	properties.Property("as many values are above the median as below", prop.ForAll(func(s []float64) bool {
		m := Median(s, 0.95).Median
		var below, above int
		for _, x := range s {
			if x < m {
				below++
			}
			if x > m {
				above++
			}
		}
		return below <= len(s)/2 && above <= len(s)/2
	}, samples))
	properties.Property("the order of the sample does not matter, nor is it changed", prop.ForAll(func(s []float64, seed uint64) bool {
		before, shuffled := slices.Clone(s), slices.Clone(s)
		rand.New(rand.NewPCG(seed, 0)).Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
		return Median(s, 0.95) == Median(shuffled, 0.95) && slices.Equal(before, s)
	}, samples, gen.UInt64()))
	properties.Property("twice the values have twice the median and bounds", prop.ForAll(func(s []float64) bool {
		double := make([]float64, len(s))
		for i, x := range s {
			double[i] = 2 * x
		}
		a, b := Median(s, 0.95), Median(double, 0.95)
		return 2*a.Median == b.Median && 2*a.Low == b.Low && 2*a.High == b.High
	}, samples))
	properties.Property("more confidence is no narrower interval", prop.ForAll(func(s []float64) bool {
		a, b := Median(s, 0.9), Median(s, 0.99)
		return b.Low <= a.Low && a.High <= b.High
	}, samples))
	properties.TestingRun(t)
}

// The interval of skewed samples covers their median about as often as it says.
func TestIntervalCovers(t *testing.T) {
	const samples = 20_000
	rng := rand.New(rand.NewPCG(7, 7))
	for _, n := range []int{5, 10, 25} {
		covered := 0
		var e Estimate
		for range samples {
			x := make([]float64, n)
			for i := range x {
				x[i] = math.Exp(rng.NormFloat64()) // median 1, mean 1.65
			}
			if e = Median(x, 0.95); e.Low <= 1 && 1 <= e.High {
				covered++
			}
		}
		if got := float64(covered) / samples; math.Abs(got-e.Confidence) > 0.006 { // 4 standard errors
			t.Errorf("%d values: %.4f of the intervals cover, %.4f should", n, got, e.Confidence)
		}
	}
}

func TestSmallSamples(t *testing.T) {
	if e := Median(nil, 0.95); !math.IsNaN(e.Median) || !math.IsNaN(e.Low) || e.Runs != 0 || e.Confidence != 0 {
		t.Errorf("of nothing: %+v", e)
	}
	if e := Median([]float64{3}, 0.95); e != (Estimate{3, 3, 3, 0, 1}) {
		t.Errorf("of one: %+v", e)
	}
	if e := Median([]float64{4, 1}, 0.95); e != (Estimate{2.5, 1, 4, 0.5, 2}) {
		t.Errorf("of two: %+v", e)
	}
	if e := Median([]float64{math.Inf(1), math.Inf(1)}, 0.95); !math.IsInf(e.Median, 1) {
		t.Errorf("of infinities: %+v", e)
	}
	if e := Median([]float64{math.MaxFloat64, math.MaxFloat64 / 2}, 0.95); math.IsInf(e.Median, 0) {
		t.Errorf("of large values: %+v", e)
	}
}
