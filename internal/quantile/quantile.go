// Package quantile estimates the median of what was measured several times, and
// says how sure that is. Times of a program are skewed and have outliers, so a
// mean and a standard deviation say little about them.
package quantile

import (
	"math"
	"slices"
)

// An Estimate is the median of a sample, with a confidence interval for the
// median of what the sample was drawn from.
type Estimate struct {
	Median float64 `json:"median"`
	Low    float64 `json:"low"`  // bounds of the interval: two values of the sample,
	High   float64 `json:"high"` // as many below the one as above the other

	// Confidence is the probability, 0 to 1, that such an interval covers the
	// median. It is at least what was asked for, or, for a sample that is too
	// small for that, what the interval from its least to its greatest value has.
	Confidence float64 `json:"confidence"`

	Runs int `json:"runs"` // size of the sample
}

// Median returns the median of a sample, and an interval that covers the true median
// with the given confidence, such as 0.95, if the values are independent of each
// other. Nothing else is assumed about how they are distributed: a value is above
// the true median with probability 1/2, so how many are follows the binomial
// distribution (Le Boudec, Performance Evaluation of Computer and Communication
// Systems, 2010, theorem 2.1; Hoefler and Belli, Scientific Benchmarking of Parallel
// Computing Systems, SC 2015, rule 6).
//
// The values must not be NaN. Of an empty sample median and bounds are NaN. Median may
// be called concurrently; it does not change the sample.
func Median(sample []float64, confidence float64) Estimate {
	n := len(sample)
	if n == 0 {
		return Estimate{Median: math.NaN(), Low: math.NaN(), High: math.NaN()}
	}
	sorted := slices.Sorted(slices.Values(sample))
	k, reached := rank(n, confidence)
	return Estimate{
		Median:     middle(sorted),
		Low:        sorted[k],
		High:       sorted[n-1-k],
		Confidence: reached,
		Runs:       n,
	}
}

// middle returns the middle one of sorted values, or the mean of the middle two.
func middle(sorted []float64) float64 {
	low, high := sorted[(len(sorted)-1)/2], sorted[len(sorted)/2]
	if low == high { // infinities included
		return low
	}
	return low/2 + high/2
}

// rank returns the largest k for which the values k and n-1-k of n sorted ones,
// counted from 0, bound an interval of at least the confidence, 0 if there is none,
// and the confidence that it has: 1 - 2 P(X <= k), X binomial over n and 1/2.
func rank(n int, confidence float64) (k int, reached float64) {
	below := chance(n, 0)
	reached = 1 - 2*below
	for next := 1; next <= (n-1)/2; next++ {
		below += chance(n, next)
		if 1-2*below < confidence {
			break
		}
		k, reached = next, 1-2*below
	}
	return k, reached
}

// chance returns the probability of k heads in n throws of a coin.
func chance(n, k int) float64 {
	all, _ := math.Lgamma(float64(n + 1))
	heads, _ := math.Lgamma(float64(k + 1))
	tails, _ := math.Lgamma(float64(n - k + 1))
	return math.Exp(all - heads - tails - float64(float64(n)*math.Ln2))
}
