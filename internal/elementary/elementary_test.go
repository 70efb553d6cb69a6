package elementary

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"
)

// exactPow returns x to the power of eighths/8 with 300 bits.
func exactPow(x float64, eighths int) *big.Float {
	power := big.NewFloat(1).SetPrec(300)
	for range eighths {
		power.Mul(power, new(big.Float).SetPrec(300).SetFloat64(x))
	}
	for range 3 {
		power.Sqrt(power)
	}
	return power
}

func TestPowIsRightToTheLastDigits(t *testing.T) {
	for _, x := range []float64{1e-300, 1e-5, .1, .5, .7, math.Sqrt2 / 2, .9, 1 - 1e-9, 1, 1 + 1e-9, 1.1, 1.4, math.Sqrt2, 1.5, 2, 3, 1e5, 1e300} {
		for _, eighths := range []int{1, 2, 4, 7, 8, 13, 64, 504, 2016} {
			got, exact := Pow(x, float64(eighths)/8), exactPow(x, eighths)
			want, _ := exact.Float64()
			if want < 1e-307 || math.IsInf(want, 0) {
				if math.Abs(got-want) > 1e-307 {
					t.Errorf("Pow(%v, %d/8) = %v, want %v", x, eighths, got, want)
				}
				continue
			}
			// The rounding of the exponent, relative to 1, becomes that of the result.
			tolerance := 2.3e-16 * (2 + 2*math.Abs(math.Log(want)))
			if off := math.Abs(got-want) / want; off > tolerance {
				t.Errorf("Pow(%v, %d/8) = %v, want %v: off by %.1e, allowed %.1e", x, eighths, got, want, off, tolerance)
			}
		}
	}
}

func TestPowAtTheEdges(t *testing.T) {
	for _, x := range []float64{0, math.Inf(1), 1} {
		if got := Pow(x, 3); got != x {
			t.Errorf("Pow(%v, 3) = %v", x, got)
		}
	}
	if got := Pow(math.NaN(), 3); got == got {
		t.Errorf("Pow(NaN, 3) = %v", got)
	}
	if got := Pow(math.SmallestNonzeroFloat64, 1); math.Abs(got-math.SmallestNonzeroFloat64) > math.SmallestNonzeroFloat64 {
		t.Errorf("Pow(the smallest number, 1) = %v", got)
	}
}

// These bits must come out on every processor.
func TestPowIsTheSameEverywhere(t *testing.T) {
	for _, c := range []struct {
		x, y float64
		bits uint64
	}{
		{1.1, 0.1, 0x3ff02739c65d58bf}, {0.37, 1.7, 0x3fc79cf3bea5fdda}, {123.456, 0.333, 0x4013e2a73e3fb007},
	} {
		if got := math.Float64bits(Pow(c.x, c.y)); got != c.bits {
			t.Errorf("Pow(%v, %v) has the bits %#x, want %#x", c.x, c.y, got, c.bits)
		}
	}
}

func BenchmarkPow(b *testing.B) {
	x := 1.234
	for b.Loop() {
		Pow(x, 0.1)
	}
}

func TestExpAndLogAgreeWithTheStandardLibrary(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	near := func(got, want, tolerance float64) bool {
		return math.Abs(got-want) <= tolerance*math.Abs(want) || got == want
	}
	for range 100_000 {
		x := math.Exp(r.NormFloat64() * 50)
		if got, want := Log(x), math.Log(x); !near(got, want, 4e-16+2e-16/math.Abs(want)) {
			t.Errorf("Log(%v) = %v, want %v", x, got, want)
		}
		y := r.NormFloat64() * 100
		if got, want := Exp(y), math.Exp(y); !near(got, want, 4e-16) {
			t.Errorf("Exp(%v) = %v, want %v", y, got, want)
		}
	}
	inf := math.Inf(1)
	for _, c := range []struct{ name, got, want any }{
		{"Log(0)", Log(0), -inf}, {"Log(Inf)", Log(inf), inf}, {"Log(1)", Log(1), 0.0},
		{"Exp(0)", Exp(0), 1.0}, {"Exp(Inf)", Exp(inf), inf}, {"Exp(-Inf)", Exp(-inf), 0.0},
	} {
		if c.got != c.want {
			t.Errorf("%s = %v, want %v", c.name, c.got, c.want)
		}
	}
	for _, v := range []float64{Log(-1), Log(math.NaN()), Exp(math.NaN())} {
		if v == v {
			t.Errorf("%v, want NaN", v)
		}
	}
}
