package optimize

import "math"

// The functions here are the same to the last bit on every machine. Those of the
// standard library are not: some processors have their own, and compilers fuse
// products with sums. They are good to a few units in the last place (Muller,
// Elementary Functions, 3rd edition, chapters 3 and 11).

// ln2Hi and ln2Lo add up to the logarithm of 2; ln2Hi has 21 zero bits at its
// end, so that its product with an exponent is exact.
const (
	ln2Hi = 0x1.62e42feep-1
	ln2Lo = math.Ln2 - ln2Hi
)

// log returns the natural logarithm: with x = m * 2^k and s = (m-1)/(m+1) it is
// k*ln 2 + 2*(s + s^3/3 + s^5/5 + ...). It is -Inf for 0.
func log(x float64) float64 {
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
		m, exponent = 2*m, exponent-1
	}
	s, k := (m-1)/(m+1), float64(exponent) // |s| < 0.172
	z, power, sum := s*s, s, 0.0
	for odd := 3.0; odd < 27; odd += 2 {
		power *= z
		sum += power / odd
	}
	return float64(k*ln2Hi) + (2*s + (2*sum + float64(k*ln2Lo)))
}

// exp returns e to the power of x: with x = k*ln 2 + r it is 2^k times the series
// 1 + r + r^2/2! + ...
func exp(x float64) float64 {
	switch {
	case x != x:
		return math.NaN()
	case x > 710:
		return math.Inf(1)
	case x < -746:
		return 0
	}
	k := math.Floor(x/math.Ln2 + 0.5)
	r := (x - float64(k*ln2Hi)) - float64(k*ln2Lo) // |r| < 0.347
	term, sum := 1.0, 0.0
	for n := 1.0; n < 16; n++ {
		term = float64(term*r) / n
		sum += term
	}
	return math.Ldexp(1+sum, int(k))
}

// normalDensity is the density of the standard normal distribution.
func normalDensity(z float64) float64 {
	const root = 2.5066282746310002 // of 2 pi
	return exp(float64(-z*z)/2) / root
}

// normalCDF returns the probability that a standard normal number is below z:
// near 0 from Marsaglia's series z + z^3/3 + z^5/(3*5) + ... (Evaluating the
// Normal Distribution, Journal of Statistical Software 11, 2004), in the tails
// from Laplace's continued fraction, so that small probabilities keep their digits.
func normalCDF(z float64) float64 {
	switch {
	case z != z:
		return math.NaN()
	case z > 3:
		return 1 - normalCDF(-z)
	case z < -40:
		return 0
	case z < -3:
		fraction := -z
		for k := 60.0; k >= 1; k-- {
			fraction = -z + k/fraction
		}
		return normalDensity(z) / fraction
	}
	term, sum := z, z
	for odd := 3.0; math.Abs(term) > 1e-18; odd += 2 {
		term = float64(term*float64(z*z)) / odd
		sum += term
	}
	return 0.5 + float64(normalDensity(z)*sum)
}

// normalQuantile is the inverse of [normalCDF]: -Inf for 0, +Inf for 1.
func normalQuantile(p float64) float64 {
	switch {
	case !(p >= 0 && p <= 1):
		return math.NaN()
	case p == 0:
		return math.Inf(-1)
	case p > 0.5:
		return -normalQuantile(1 - p) // 1-p is exact here
	}
	// A first guess that is off by at most 0.0031 (Abramowitz and Stegun, Handbook
	// of Mathematical Functions, 26.2.22), and Halley's method, which triples the
	// number of right digits with each step.
	t := math.Sqrt(-2 * log(p))
	z := float64(2.30753+float64(t*0.27061))/(1+float64(t*float64(0.99229+float64(t*0.04481)))) - t
	for range 3 {
		e := (normalCDF(z) - p) / normalDensity(z)
		z -= e / (1 + float64(z*e)/2)
	}
	return z
}

// A truncated is the standard normal distribution between two bounds.
type truncated struct {
	lo, hi float64 // probabilities of the mirrored bounds
	mirror float64 // -1 if the distribution is mirrored at 0
}

// truncate cuts the distribution off below a and above b. Where both are in the
// upper half it works in the lower one, where probabilities keep their digits.
func truncate(a, b float64) truncated {
	if a > 0 {
		return truncated{normalCDF(-b), normalCDF(-a), -1}
	}
	return truncated{normalCDF(a), normalCDF(b), 1}
}

// quantile returns the number below which a share u of the distribution lies.
func (t truncated) quantile(u float64) float64 {
	if t.mirror < 0 {
		u = 1 - u
	}
	return t.mirror * normalQuantile(t.lo+float64(u*(t.hi-t.lo)))
}

// mass returns the probability that was not cut off.
func (t truncated) mass() float64 { return t.hi - t.lo }
