package walk

import (
	"math"
	"reflect"

	"github.com/bmadventure/optcache/cachekit/search"
	"github.com/bmadventure/optcache/internal/mean"
)

// Stability tells how much the chosen value of one parameter moved from fold to
// fold. Folds without a choice, or in which the parameter does not exist, are left
// out.
type Stability struct {
	Name  string
	Folds int // that count

	// Mean and StdDev (which divides by n-1) are those of a number, NaN for
	// other parameters and for too few folds.
	Mean, StdDev float64

	// Variation is the deviation as a share of the mean without its sign, so that
	// -10 give or take 1 is as stable as 10 give or take 1. It is NaN for a mean of 0.
	Variation float64

	// Spread is the deviation as a share of half the length of the axis: 0 for a
	// parameter that stays, 1 or more for one that jumps from end to end. Unlike
	// Variation it does not depend on where the axis has its 0.
	Spread float64

	// Mode is the value chosen most often, the first of those that are equal, and
	// Share in how many of the folds, from 0 to 1.
	Mode  any
	Share float64
}

// stability returns the stability of all axes.
func stability[P any](space *search.Space[P], folds []FoldResult[P]) []Stability {
	if space == nil {
		return nil
	}
	all := make([]Stability, len(space.Axes()))
	for i, a := range space.Axes() {
		var values []any
		for _, f := range folds {
			if f.Err == nil && space.Has(i, f.Params) {
				values = append(values, a.Value(f.Params))
			}
		}
		all[i] = stabilityAlong(&a, values)
	}
	return all
}

// stabilityAlong returns that of the values chosen on one axis.
func stabilityAlong[P any](a *search.Axis[P], values []any) Stability {
	s := Stability{Name: a.Name(), Folds: len(values)}
	s.Mode, s.Share = mode(values)
	var numbers []float64
	for _, v := range values {
		if x, ok := number(v); ok {
			numbers = append(numbers, x)
		}
	}
	if len(numbers) < len(values) {
		numbers = nil
	}
	s.Mean = mean.Of(numbers)
	s.StdDev = mean.Deviation(numbers, s.Mean)
	s.Variation = math.NaN()
	if s.Mean != 0 {
		s.Variation = mean.Ratio(s.StdDev, math.Abs(s.Mean))
	}
	s.Spread = math.NaN()
	lo, ok := number(a.At(0))
	hi, _ := number(a.At(a.Len() - 1))
	if ok && a.Ordered() && hi > lo {
		s.Spread = mean.Ratio(s.StdDev, (hi-lo)/2)
	}
	return s
}

// mode returns the most frequent value and its share.
func mode(values []any) (most any, share float64) {
	best := 0
	for _, v := range values {
		n := 0
		for _, w := range values {
			if reflect.DeepEqual(v, w) {
				n++
			}
		}
		if n > best {
			most, best = v, n
		}
	}
	return most, mean.Ratio(float64(best), float64(len(values)))
}

// number returns the value of a parameter that is a number.
func number(v any) (float64, bool) {
	switch r := reflect.ValueOf(v); {
	case !r.IsValid():
		return 0, false
	case r.CanInt():
		return float64(r.Int()), true
	case r.CanUint():
		return float64(r.Uint()), true
	case r.CanFloat():
		return r.Float(), true
	}
	return 0, false
}
