package search

import (
	"math"
	"slices"
)

// Rank returns the numbers of the n best trials, best first, given the value of
// the objective of each trial. Larger is better, or smaller if minimize is set.
// Equal values go to the lower trial number. A trial whose value is NaN has
// failed and is not ranked, so fewer than n may come back.
func Rank(values []float64, minimize bool, n int) []int {
	var order []int
	for i, v := range values {
		if !math.IsNaN(v) {
			order = append(order, i)
		}
	}
	slices.SortStableFunc(order, func(a, b int) int {
		va, vb := values[a], values[b]
		if minimize {
			va, vb = vb, va
		}
		switch {
		case va > vb:
			return -1
		case va < vb:
			return 1
		}
		return 0
	})
	return order[:min(n, len(order))]
}
