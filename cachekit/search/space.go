package search

import (
	"errors"
	"fmt"
	"math/bits"
	"strconv"
)

// A Space is the parameters that a search draws from: a struct P of the
// user's and, for some of its fields, the values they may take. It is lazy: a
// cell is computed from its number when it is asked for, so a grid of 10^12
// cells needs no more memory than one of ten.
//
// Cells are numbered in the order of the axes, the last axis fastest. A Space
// with a continuous axis has no cells. A Space does not change after [NewSpace]
// and [Space.Constrain] and may be used concurrently.
type Space[P any] struct {
	axes    []Axis[P]
	strides []uint64 // cells from one position of an axis to the next
	cells   uint64   // 0 if an axis is continuous
	rules   []rule[P]
	sparse  bool // some axis exists for some points only
}

type rule[P any] struct {
	text string
	ok   func(P) bool
}

// NewSpace returns the space of all combinations of the axes. It refuses axes
// without values, two of one name, and more than 2^63 cells.
func NewSpace[P any](axes ...Axis[P]) (*Space[P], error) {
	var errs []error
	s := &Space[P]{axes: axes}
	names := make(map[string]bool)
	endless := false
	for _, a := range axes {
		if a.err != nil {
			errs = append(errs, a.err)
		}
		if names[a.name] {
			errs = append(errs, fmt.Errorf("axis %s: there are two of that name", a.name))
		}
		names[a.name] = true
		endless = endless || a.kind == continuous
		s.sparse = s.sparse || a.given != nil
	}
	if len(axes) == 0 {
		errs = append(errs, errors.New("no axis to search along"))
	}
	if len(errs) == 0 && !endless {
		if err := s.number(); err != nil {
			errs = append(errs, err)
		}
	}
	if len(errs) > 0 {
		return nil, fmt.Errorf("make a parameter space: %w", errors.Join(errs...))
	}
	return s, nil
}

// number counts the cells and computes the strides.
func (s *Space[P]) number() error {
	s.cells, s.strides = 1, make([]uint64, len(s.axes))
	for i := len(s.axes) - 1; i >= 0; i-- {
		s.strides[i] = s.cells
		over, product := bits.Mul64(s.cells, s.axes[i].n)
		if over != 0 || product > 1<<63 {
			return fmt.Errorf("axis %s: the grid has more than 2^63 cells: take fewer values", s.axes[i].name)
		}
		s.cells = product
	}
	return nil
}

// Constrain adds a rule that cells must keep, such as "fast < slow", and returns s.
// Cells that break it keep their numbers and are never tried. ok must be a pure
// function.
func (s *Space[P]) Constrain(text string, ok func(P) bool) *Space[P] {
	s.rules = append(s.rules, rule[P]{text, ok})
	return s
}

// Cells returns the number of cells, those that break a rule included; 0 if
// there are no cells because an axis is continuous.
func (s *Space[P]) Cells() uint64 { return s.cells }

// At returns the parameters of a cell, 0 <= cell < Cells(), and whether a search
// may try them: whether they keep all rules and, where an axis does not exist,
// whether the cell is the first of those that differ along this axis alone. It
// takes a time that depends on the number of axes alone.
func (s *Space[P]) At(cell uint64) (p P, ok bool) {
	ok = s.fill(cell, &p)
	return p, ok && s.keeps(p)
}

// fill makes *p the parameters of a cell. It reports false if the cell differs from an
// earlier one only along an axis that does not exist.
func (s *Space[P]) fill(cell uint64, p *P) (ok bool) {
	*p, ok = *new(P), true
	for i := range s.axes {
		a := &s.axes[i]
		at := cell / s.strides[i] % a.n
		if a.given == nil || a.given(*p) {
			a.set(p, at)
		} else {
			ok = ok && at == 0
		}
	}
	return ok
}

// Index returns the cell whose parameters are those of p, the inverse of
// [Space.At]. It reports false if there is none that a search may try; so it does
// for all p where an axis is continuous.
func (s *Space[P]) Index(p P) (cell uint64, ok bool) {
	if s.cells == 0 {
		return 0, false
	}
	at := make([]uint64, len(s.axes))
	if !s.Locate(p, at) {
		return 0, false
	}
	return s.cell(at), true
}

// cell returns the number of the cell at the positions.
func (s *Space[P]) cell(at []uint64) (cell uint64) {
	for i, stride := range s.strides {
		cell += at[i] * stride
	}
	return cell
}

// Axes returns the axes, in the order in which they were given. They must not be changed.
func (s *Space[P]) Axes() []Axis[P] { return s.axes }

// Locate finds the position of p on every axis, 0 on those that do not exist, and writes them to at,
// which has an element for each axis. It reports false if p is not in the space or breaks a rule.
func (s *Space[P]) Locate(p P, at []uint64) bool {
	for i := range s.axes {
		a := &s.axes[i]
		if a.given != nil && !a.given(p) {
			if at[i] = 0; !a.zero(&p) {
				return false
			}
			continue
		}
		var ok bool
		if at[i], ok = a.index(&p); !ok {
			return false
		}
	}
	return s.keeps(p)
}

// Build returns the parameters at a position of each axis, and whether they keep all rules.
// It sets the positions on axes that do not exist to 0.
func (s *Space[P]) Build(at []uint64) (p P, ok bool) {
	for i := range s.axes {
		a := &s.axes[i]
		if a.given == nil || a.given(p) {
			a.set(&p, at[i])
		} else {
			at[i] = 0
		}
	}
	return p, s.keeps(p)
}

// Has reports whether p has the parameter of axis i, which a condition of the axis may deny ([Axis.When]).
func (s *Space[P]) Has(i int, p P) bool {
	return s.axes[i].given == nil || s.axes[i].given(p)
}

func (s *Space[P]) keeps(p P) bool {
	for _, r := range s.rules {
		if !r.ok(p) {
			return false
		}
	}
	return true
}

// A Param is one parameter of a trial, for reports.
type Param struct {
	Name  string
	Value any // nil where the parameter does not exist
}

// Params returns the parameters of p in the order of the axes, all of them.
func (s *Space[P]) Params(p P) []Param {
	params := make([]Param, len(s.axes))
	for i, a := range s.axes {
		params[i] = Param{Name: a.name}
		if s.Has(i, p) {
			params[i].Value = a.value(&p)
		}
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
		if a.kind == continuous {
			text = append(text, "any"...)
		} else {
			text = strconv.AppendUint(text, a.n, 10)
		}
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
