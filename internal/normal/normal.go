// Package normal has the standard normal distribution, its inverse, and what is left of it between two bounds.
// The results are the same on all machines, unlike those of package math.
package normal

import (
	"math"

	"github.com/bmadventure/optcache/internal/elementary"
)

// Density is the density of the standard normal distribution.
func Density(z float64) float64 {
	const root = 2.5066282746310002 // of 2 pi
	return elementary.Exp(float64(-z*z)/2) / root
}

// CDF returns the probability that a standard normal number is below z:
// near 0 from Marsaglia's series z + z^3/3 + z^5/(3*5) + ... (Evaluating the
// Normal Distribution, Journal of Statistical Software 11, 2004), in the tails
// from Laplace's continued fraction, so that small probabilities keep their digits.
func CDF(z float64) float64 {
	switch {
	case z != z:
		return math.NaN()
	case z > 3:
		return 1 - CDF(-z)
	case z < -40:
		return 0
	case z < -3:
		fraction := -z
		for k := 60.0; k >= 1; k-- {
			fraction = -z + k/fraction
		}
		return Density(z) / fraction
	}
	term, sum := z, z
	for odd := 3.0; math.Abs(term) > 1e-18; odd += 2 {
		term = float64(term*float64(z*z)) / odd
		sum += term
	}
	return 0.5 + float64(Density(z)*sum)
}

// Quantile is the inverse of [CDF]: -Inf for 0, +Inf for 1.
func Quantile(p float64) float64 {
	switch {
	case !(p >= 0 && p <= 1):
		return math.NaN()
	case p == 0:
		return math.Inf(-1)
	case p > 0.5:
		return -Quantile(1 - p) // 1-p is exact here
	}
	// A first guess that is off by at most 0.0031 (Abramowitz and Stegun, Handbook
	// of Mathematical Functions, 26.2.22), and Halley's method, which triples the
	// number of right digits with each step.
	t := math.Sqrt(-2 * elementary.Log(p))
	z := float64(2.30753+float64(t*0.27061))/(1+float64(t*float64(0.99229+float64(t*0.04481)))) - t
	for range 3 {
		e := (CDF(z) - p) / Density(z)
		z -= e / (1 + float64(z*e)/2)
	}
	return z
}

// A Truncated is the standard normal distribution between two bounds.
type Truncated struct {
	lo, hi float64 // probabilities of the mirrored bounds
	mirror float64 // -1 if the distribution is mirrored at 0
}

// Truncate cuts the distribution off below a and above b. Where both are in the
// upper half it works in the lower one, where probabilities keep their digits.
func Truncate(a, b float64) Truncated {
	if a > 0 {
		return Truncated{CDF(-b), CDF(-a), -1}
	}
	return Truncated{CDF(a), CDF(b), 1}
}

// Quantile returns the number below which a share u of the distribution lies.
func (t Truncated) Quantile(u float64) float64 {
	if t.mirror < 0 {
		u = 1 - u
	}
	return t.mirror * Quantile(t.lo+float64(u*(t.hi-t.lo)))
}

// Mass returns the probability that was not cut off.
func (t Truncated) Mass() float64 { return t.hi - t.lo }
