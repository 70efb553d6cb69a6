// Package mean has the mean, the standard deviation and the ratio that all measures of an account use, with
// one order of operations, so that equal numbers have equal bits wherever they are computed.
package mean

import (
	"math"
)

// Deviation returns the standard deviation of a sample, which divides by n-1. It
// is NaN for fewer than 2 numbers.
func Deviation(x []float64, mean float64) float64 {
	if len(x) < 2 {
		return math.NaN()
	}
	sum := 0.0
	for _, v := range x {
		sum += float64((v - mean) * (v - mean))
	}
	return math.Sqrt(sum / float64(len(x)-1))
}

// Of is NaN without numbers.
func Of(x []float64) float64 {
	sum := 0.0
	for _, v := range x {
		sum += v
	}
	return Ratio(sum, float64(len(x)))
}

// Ratio returns a/b; where that is no number, the NaN that is the same on all
// machines.
func Ratio(a, b float64) float64 {
	if q := a / b; q == q {
		return q
	}
	return math.NaN()
}
