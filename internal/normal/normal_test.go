package normal

import (
	"math"
	"math/rand/v2"
	"testing"
)

func TestNormalDistributionAgreesWithTheStandardLibrary(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	check := func(name string, x, got, want, tolerance float64) {
		t.Helper()
		if !(math.Abs(got-want) <= tolerance*math.Max(1e-300, math.Abs(want))) && got != want {
			t.Errorf("%s(%v) = %v, want %v", name, x, got, want)
		}
	}
	for range 100_000 {
		z := r.NormFloat64() * 5
		check("normalCDF", z, CDF(z), math.Erfc(-z/math.Sqrt2)/2, 5e-13)
		p := r.Float64()
		if r.IntN(2) == 0 {
			p = math.Exp(-300 * p)
		}
		check("normalCDF of normalQuantile", p, CDF(Quantile(p)), p, 1e-13*max(1, -math.Log(p)))
	}
	for _, c := range []struct{ name, got, want any }{
		{"quantile 0", Quantile(0), math.Inf(-1)}, {"quantile 1", Quantile(1), math.Inf(1)}, {"quantile half", math.Abs(Quantile(0.5)) < 1e-15, true},
		{"CDF Inf", CDF(math.Inf(1)), 1.0}, {"CDF -Inf", CDF(math.Inf(-1)), 0.0},
	} {
		if c.got != c.want {
			t.Errorf("%s: %v, want %v", c.name, c.got, c.want)
		}
	}
	for _, v := range []float64{CDF(math.NaN()), Quantile(-0.1), Quantile(1.1)} {
		if !math.IsNaN(v) {
			t.Errorf("%v, want NaN", v)
		}
	}
}
