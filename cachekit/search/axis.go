package search

import (
	"fmt"
	"math"
	"reflect"

	"github.com/bmadventure/optcache/internal/elementary"
	"github.com/bmadventure/optcache/internal/normal"
)

// An Axis is one parameter: a field of P and the values it may take. [Int],
// [Float] and [Choice] have values that can be listed, so a [Grid] can try them
// all; [Uniform], [LogUniform] and [Normal] have any value between two bounds.
type Axis[P any] struct {
	name  string
	kind  axisKind
	n     uint64 // positions
	set   func(p *P, i uint64)
	index func(p *P) (i uint64, ok bool) // the inverse of set
	value func(p *P) any
	zero  func(p *P) bool // whether the field has the zero value
	given func(P) bool    // whether the parameter exists; nil: always
	err   error
}

type axisKind uint8

const (
	ordinal     axisKind = iota // positions near each other mean values near each other
	categorical                 // they do not
	continuous                  // positions are the middles of 2^52 parts of the distribution
)

// parts is the number of positions on a continuous axis. The middle of each is a
// float64 without rounding.
const parts = 1 << 52

// Int is an axis of the whole numbers lo, lo+step, ... up to hi. field returns
// the field of p that it sets.
func Int[P any](name string, lo, hi, step int, field func(p *P) *int) Axis[P] {
	a := newAxis(name, ordinal, field)
	if step < 1 || hi < lo {
		a.err = fmt.Errorf("axis %s: %d:%d:%d is no range: the first number must not be above the second, and the step must be 1 or more", name, lo, hi, step)
		return a
	}
	a.n = (uint64(hi)-uint64(lo))/uint64(step) + 1
	a.set = func(p *P, i uint64) { *field(p) = lo + int(i)*step }
	a.index = func(p *P) (uint64, bool) {
		v := *field(p)
		above := uint64(v) - uint64(lo)
		return above / uint64(step), v >= lo && v <= hi && above%uint64(step) == 0
	}
	return a
}

// Float is an axis of the numbers lo, lo+step, ... up to hi; each is computed
// from its position, so that no error adds up.
func Float[P any](name string, lo, hi, step float64, field func(p *P) *float64) Axis[P] {
	a := newAxis(name, ordinal, field)
	// A step that divides the range should reach hi although 0.1 has no exact
	// binary form; 1e-9 of a step is far above that error and far below a step.
	n := math.Floor((hi-lo)/step + 1e-9)
	if !(step > 0) || !(hi >= lo) || !(n < 1<<53) {
		a.err = fmt.Errorf("axis %s: %v:%v:%v is no range: numbers must be finite, the first not above the second, and the step above 0", name, lo, hi, step)
		return a
	}
	a.n = uint64(n) + 1
	at := func(i uint64) float64 { return min(hi, lo+float64(float64(i)*step)) }
	a.set = func(p *P, i uint64) { *field(p) = at(i) }
	a.index = func(p *P) (uint64, bool) {
		v := *field(p)
		i := math.Floor((v-lo)/step + 0.5)
		if !(i >= 0 && i <= n) {
			return 0, false
		}
		return uint64(i), at(uint64(i)) == v
	}
	return a
}

// Choice is an axis of the given values, each given once.
func Choice[P, T any](name string, field func(p *P) *T, values ...T) Axis[P] {
	a := newAxis(name, categorical, field)
	a.n = uint64(len(values))
	if len(values) == 0 {
		a.err = fmt.Errorf("axis %s: no values to choose from", name)
	}
	find := func(v T, values []T) (uint64, bool) {
		for i := range values {
			if reflect.DeepEqual(values[i], v) {
				return uint64(i), true
			}
		}
		return 0, false
	}
	for i, v := range values {
		if _, twice := find(v, values[:i]); twice {
			a.err = fmt.Errorf("axis %s: the value %v is given twice: remove one", name, v)
		}
	}
	a.set = func(p *P, i uint64) { *field(p) = values[i] }
	a.index = func(p *P) (uint64, bool) { return find(*field(p), values) }
	return a
}

// Uniform is an axis of all numbers from lo to hi, each as likely as the others.
func Uniform[P any](name string, lo, hi float64, field func(p *P) *float64) Axis[P] {
	return between(name, lo, hi, field, func(u float64) float64 { return lo + float64(u*(hi-lo)) })
}

// LogUniform is an axis of all numbers from lo to hi, which are positive; their
// logarithm is uniform, so that 1 to 10 is as likely as 10 to 100.
func LogUniform[P any](name string, lo, hi float64, field func(p *P) *float64) Axis[P] {
	if !(lo > 0) {
		a := newAxis(name, continuous, field)
		a.err = fmt.Errorf("axis %s: from %v to %v: bounds with logarithms must be above 0", name, lo, hi)
		return a
	}
	from, to := elementary.Log(lo), elementary.Log(hi)
	return between(name, lo, hi, field, func(u float64) float64 { return elementary.Exp(from + float64(u*(to-from))) })
}

// Normal is an axis of all numbers from lo to hi whose distribution is the normal
// one of that mean and standard deviation, cut off at the bounds: what lies
// outside is not moved to the bounds but spread over the inside in proportion.
func Normal[P any](name string, lo, hi, mean, deviation float64, field func(p *P) *float64) Axis[P] {
	if !(deviation > 0) || math.IsInf(deviation, 0) || math.IsNaN(mean) || math.IsInf(mean, 0) {
		a := newAxis(name, continuous, field)
		a.err = fmt.Errorf("axis %s: mean %v, standard deviation %v: both must be finite and the second above 0", name, mean, deviation)
		return a
	}
	cut := normal.Truncate((lo-mean)/deviation, (hi-mean)/deviation)
	return between(name, lo, hi, field, func(u float64) float64 { return mean + float64(deviation*cut.Quantile(u)) })
}

// between is an axis of the numbers that quantile makes of those between 0 and 1.
func between[P any](name string, lo, hi float64, field func(p *P) *float64, quantile func(u float64) float64) Axis[P] {
	a := newAxis(name, continuous, field)
	if !(lo < hi) || math.IsInf(hi-lo, 0) {
		a.err = fmt.Errorf("axis %s: from %v to %v: bounds must be finite and the first below the second", name, lo, hi)
		return a
	}
	a.n = parts
	a.set = func(p *P, i uint64) { *field(p) = min(hi, max(lo, quantile(middle(i, parts)))) }
	a.index = func(p *P) (uint64, bool) { // the nearest, by bisection: set grows with i
		var q P
		from, to := uint64(0), uint64(parts-1)
		for from < to {
			i := from + (to-from)/2
			if a.set(&q, i); *field(&q) < *field(p) {
				from = i + 1
			} else {
				to = i
			}
		}
		return from, *field(p) >= lo && *field(p) <= hi
	}
	return a
}

// When returns an axis like a that exists only where the function says so, such
// as a decay that only one choice of the kind of average has. exists must be a
// pure function of the fields whose axes come before a in the space. Where a does
// not exist its field keeps the zero value.
func (a Axis[P]) When(exists func(p P) bool) Axis[P] {
	if a.given == nil {
		a.given = exists
		return a
	}
	before := a.given
	a.given = func(p P) bool { return before(p) && exists(p) }
	return a
}

// Name returns the name of the parameter.
func (a *Axis[P]) Name() string { return a.name }

// Len returns the number of positions: of values that can be listed, or of equal parts of the
// distribution, 2^52 of them, where any value between two bounds is possible.
func (a *Axis[P]) Len() uint64 { return a.n }

// Ordered reports whether positions near each other mean values near each other; it is false for a
// [Choice].
func (a *Axis[P]) Ordered() bool { return a.kind != categorical }

// Value returns the value that p has on the axis.
func (a *Axis[P]) Value(p P) any { return a.value(&p) }

// At returns the value at a position, 0 <= position < Len().
func (a *Axis[P]) At(position uint64) any {
	var p P
	a.set(&p, position)
	return a.value(&p)
}

func newAxis[P, T any](name string, kind axisKind, field func(p *P) *T) Axis[P] {
	return Axis[P]{
		name: name, kind: kind,
		value: func(p *P) any { return *field(p) },
		zero:  func(p *P) bool { return reflect.ValueOf(field(p)).Elem().IsZero() },
	}
}

// middle returns where position i of n lies between 0 and 1.
func middle(i, n uint64) float64 { return (float64(i) + 0.5) / float64(n) }

// position returns in which of n equal parts u lies, 0 <= u <= 1.
func position(u float64, n uint64) uint64 {
	return min(uint64(u*float64(n)), n-1)
}
