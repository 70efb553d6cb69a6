package optimize

import (
	"errors"
	"fmt"
	"math"
	"math/bits"
	"strconv"
)

// A Space is the grid of parameters that a search draws from: a struct P of the
// user's and, for some of its fields, the values they may take. It is lazy: a
// cell is computed from its number when it is asked for, so a grid of 10^12
// cells needs no more memory than one of ten.
//
// Cells are numbered in the order of the axes, the last axis fastest. A Space
// does not change after [NewSpace] and [Space.Where] and may be used concurrently.
type Space[P any] struct {
	axes  []Axis[P]
	cells uint64
	rules []rule[P]
}

type rule[P any] struct {
	text string
	ok   func(P) bool
}

// An Axis is one field of P and the values it may take. [Int], [Float] and
// [Choice] make one.
type Axis[P any] struct {
	name  string
	n     uint64
	set   func(p *P, i uint64)
	value func(p *P) any
	err   error
}

// Int is an axis of the whole numbers lo, lo+step, ... up to hi. field returns
// the field of p that it sets.
func Int[P any](name string, lo, hi, step int, field func(p *P) *int) Axis[P] {
	a := Axis[P]{name: name, value: func(p *P) any { return *field(p) }}
	if step < 1 || hi < lo {
		a.err = fmt.Errorf("axis %s: %d:%d:%d is no range: the first number must not be above the second, and the step must be 1 or more", name, lo, hi, step)
		return a
	}
	a.n = (uint64(hi)-uint64(lo))/uint64(step) + 1
	a.set = func(p *P, i uint64) { *field(p) = lo + int(i)*step }
	return a
}

// Float is an axis of the numbers lo, lo+step, ... up to hi; each is computed
// from its position, so that no error adds up.
func Float[P any](name string, lo, hi, step float64, field func(p *P) *float64) Axis[P] {
	a := Axis[P]{name: name, value: func(p *P) any { return *field(p) }}
	// A step that divides the range should reach hi although 0.1 has no exact
	// binary form; 1e-9 of a step is far above that error and far below a step.
	n := math.Floor((hi-lo)/step + 1e-9)
	if !(step > 0) || !(hi >= lo) || !(n < 1<<53) {
		a.err = fmt.Errorf("axis %s: %v:%v:%v is no range: numbers must be finite, the first not above the second, and the step above 0", name, lo, hi, step)
		return a
	}
	a.n = uint64(n) + 1
	a.set = func(p *P, i uint64) { *field(p) = min(hi, lo+float64(float64(i)*step)) }
	return a
}

// Choice is an axis of the given values.
func Choice[P, T any](name string, field func(p *P) *T, values ...T) Axis[P] {
	a := Axis[P]{name: name, n: uint64(len(values)), value: func(p *P) any { return *field(p) }}
	if len(values) == 0 {
		a.err = fmt.Errorf("axis %s: no values to choose from", name)
	}
	a.set = func(p *P, i uint64) { *field(p) = values[i] }
	return a
}

// NewSpace returns the space of all combinations of the axes. It refuses axes
// without values, two of one name, and more than 2^63 cells.
func NewSpace[P any](axes ...Axis[P]) (*Space[P], error) {
	var errs []error
	names := make(map[string]bool)
	cells := uint64(1)
	for _, a := range axes {
		if a.err != nil {
			errs = append(errs, a.err)
			continue
		}
		if names[a.name] {
			errs = append(errs, fmt.Errorf("axis %s: there are two of that name", a.name))
		}
		names[a.name] = true
		over, product := bits.Mul64(cells, a.n)
		if over != 0 || product > 1<<63 {
			errs = append(errs, fmt.Errorf("axis %s: the grid has more than 2^63 cells: take fewer values", a.name))
			product = 1
		}
		cells = product
	}
	if len(axes) == 0 {
		errs = append(errs, errors.New("no axis to search along"))
	}
	if len(errs) > 0 {
		return nil, fmt.Errorf("make a parameter space: %w", errors.Join(errs...))
	}
	return &Space[P]{axes: axes, cells: cells}, nil
}

// Where adds a rule that cells must keep, such as "fast < slow", and returns s.
// Cells that break it keep their numbers and are never tried. ok must be a pure
// function.
func (s *Space[P]) Where(text string, ok func(P) bool) *Space[P] {
	s.rules = append(s.rules, rule[P]{text, ok})
	return s
}

// Cells returns the number of cells, those that break a rule included.
func (s *Space[P]) Cells() uint64 { return s.cells }

// At returns the parameters of a cell, 0 <= cell < Cells(), and whether they
// keep all rules. It takes a time that depends on the number of axes alone.
func (s *Space[P]) At(cell uint64) (p P, ok bool) {
	for i := len(s.axes) - 1; i >= 0; i-- {
		a := &s.axes[i]
		a.set(&p, cell%a.n)
		cell /= a.n
	}
	for _, r := range s.rules {
		if !r.ok(p) {
			return p, false
		}
	}
	return p, true
}

// A Param is one parameter of a trial, for reports.
type Param struct {
	Name  string
	Value any
}

// Params returns the parameters of p in the order of the axes.
func (s *Space[P]) Params(p P) []Param {
	params := make([]Param, len(s.axes))
	for i, a := range s.axes {
		params[i] = Param{a.name, a.value(&p)}
	}
	return params
}

// String describes the axes and rules in one line.
func (s *Space[P]) String() string {
	var text []byte
	for i, a := range s.axes {
		if i > 0 {
			text = append(text, " x "...)
		}
		text = append(text, a.name...)
		text = append(text, '(')
		text = strconv.AppendUint(text, a.n, 10)
		text = append(text, ')')
	}
	for i, r := range s.rules {
		if i == 0 {
			text = append(text, " where "...)
		} else {
			text = append(text, " and "...)
		}
		text = append(text, r.text...)
	}
	return string(text)
}
