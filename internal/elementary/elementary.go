// Package elementary has the elementary functions that results rest on, the same
// to the last bit on every machine. Those of the standard library are not: some
// processors have their own, and compilers fuse products with sums.
//
// The logarithm and the power of e are good to a unit or two in the last place
// (Muller, Elementary Functions, 3rd edition, chapters 3 and 11).
package elementary

import "math"

// Pow returns x to the power of y for x >= 0, as Exp(y * Log(x)), so that it is good
// to a few units in the last place where the result is neither huge nor tiny.
func Pow(x, y float64) float64 {
	switch {
	case x == 0 || math.IsInf(x, 1) || x != x:
		return x
	case x == 1:
		return 1
	}
	return Exp(float64(y * Log(x)))
}

// ln2Hi and ln2Lo add up to the logarithm of 2; ln2Hi has 21 zero bits at its
// end, so that its product with an exponent is exact.
const (
	ln2Hi = 0x1.62e42feep-1
	ln2Lo = math.Ln2 - ln2Hi
)

// Log returns the natural logarithm of x: with x = m * 2^k and s = (m-1)/(m+1) it is
// k*ln 2 + 2*(s + s^3/3 + s^5/5 + ...). It is -Inf for 0 and NaN below.
func Log(x float64) float64 {
	switch {
	case x == 0:
		return math.Inf(-1)
	case x < 0 || x != x:
		return math.NaN()
	case math.IsInf(x, 1):
		return x
	}
	m, exponent := math.Frexp(x)
	if m < math.Sqrt2/2 {
		m, exponent = float64(2*m), exponent-1
	}
	k, s := float64(exponent), (m-1)/(m+1) // |s| < 0.172
	z, series := s*s, 0.0
	for i := len(oddReciprocals) - 1; i >= 0; i-- {
		series = float64(series*z) + oddReciprocals[i]
	}
	tail := float64(float64(2*s*z) * series)
	return float64(k*ln2Hi) + (float64(2*s) + (tail + float64(k*ln2Lo)))
}

// Exp returns e to the power of t: with t = k*ln 2 + r it is 2^k * (1 + r + r^2/2! + ...).
func Exp(t float64) float64 {
	if t != t {
		return t
	}
	if t > 1000 || t < -1000 { // beyond what a float64 holds
		return math.Ldexp(1, int(math.Copysign(2000, t)))
	}
	k := math.Floor(t/math.Ln2 + 0.5)
	r := (t - float64(k*ln2Hi)) - float64(k*ln2Lo) // |r| < 0.347
	series := 0.0
	for i := len(inverseFactorials) - 1; i >= 0; i-- {
		series = float64(series*r) + inverseFactorials[i]
	}
	return math.Ldexp(1+float64(r*series), int(k))
}

// The series end where a term is below half a unit in the last place.
var (
	oddReciprocals    = reciprocals(11, func(last float64, i int) float64 { return float64(2*i + 3) })    // 1/3, 1/5, ...
	inverseFactorials = reciprocals(14, func(last float64, i int) float64 { return last * float64(i+1) }) // 1/1!, 1/2!, ...
)

// reciprocals returns the first n reciprocals of a sequence that begins after 1.
func reciprocals(n int, next func(last float64, i int) float64) []float64 {
	s, last := make([]float64, n), 1.0
	for i := range s {
		last = next(last, i)
		s[i] = 1 / last
	}
	return s
}
