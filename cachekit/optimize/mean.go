package optimize

import "math"

// deviation returns the standard deviation of a sample, which divides by n-1. It
// is NaN for fewer than 2 numbers.
func deviation(x []float64, mean float64) float64 {
	if len(x) < 2 {
		return math.NaN()
	}
	sum := 0.0
	for _, v := range x {
		sum += float64((v - mean) * (v - mean))
	}
	return math.Sqrt(sum / float64(len(x)-1))
}

// mean is NaN without numbers.
func mean(x []float64) float64 {
	sum := 0.0
	for _, v := range x {
		sum += v
	}
	return ratio(sum, float64(len(x)))
}

// ratio returns a/b; where that is no number, the NaN that is the same on all
// machines.
func ratio(a, b float64) float64 {
	if q := a / b; q == q {
		return q
	}
	return math.NaN()
}
