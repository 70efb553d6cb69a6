package search

import (
	"errors"
	"fmt"
	"math/bits"
)

// A Plan is a list of trials that is known before the first one runs.
type Plan[P any] interface {
	// Len returns the number of trials.
	Len() int

	// At returns the parameters of a trial, 0 <= trial < Len(). It may be
	// called concurrently.
	At(trial int) P
}

// A List is the plan of the trials given, in their order.
type List[P any] []P

// Len returns the number of trials.
func (l List[P]) Len() int { return len(l) }

// At returns the parameters of a trial.
func (l List[P]) At(trial int) P { return l[trial] }

// A Grid is the plan that tries the cells of a space in their order: all of
// them, or some that are spread evenly.
type Grid[P any] struct {
	space *Space[P]
	n     int
	cells []uint64 // nil: trial i is cell i
}

// countable is the number of cells up to which a grid with rules looks at every
// cell to know how many keep them: a tenth of a second's work.
const countable = 1 << 22

// NewGrid returns the plan of n trials that are spread evenly over the cells
// that keep the rules, the first and the last of them included. If n is 0 or
// not below their number it tries them all. It refuses a space with a continuous
// axis.
//
// In a space with rules of more than 2^22 cells, which are too many to look at
// one by one, it spreads the trials over all cells instead and moves each one
// up to the next cell that keeps the rules.
func NewGrid[P any](space *Space[P], n int) (*Grid[P], error) {
	g := &Grid[P]{space: space}
	var err error
	switch {
	case space.cells == 0:
		err = errors.New("an axis is continuous, so its values cannot be listed: give it a step, or search at random")
	case n < 0:
		err = fmt.Errorf("%d trials: must be 0, for all, or more", n)
	case len(space.rules) == 0 && !space.sparse:
		err = g.spread(n)
	case space.cells <= countable:
		err = g.pick(n)
	default:
		err = g.probe(n)
	}
	if err != nil {
		return nil, fmt.Errorf("lay out a grid over %s: %w", space, err)
	}
	return g, nil
}

// Len returns the number of trials.
func (g *Grid[P]) Len() int { return g.n }

// At returns the parameters of a trial.
func (g *Grid[P]) At(trial int) (p P) {
	g.Fill(trial, &p)
	return p
}

// Fill is At, without an allocation if p is on the heap.
func (g *Grid[P]) Fill(trial int, p *P) {
	cell := uint64(trial)
	if g.cells != nil {
		cell = g.cells[trial]
	}
	g.space.fill(cell, p)
}

// maxTrials bounds the trials of one plan: a result takes about 100 bytes.
const maxTrials = 1 << 32

// spread lays n trials over a space without rules.
func (g *Grid[P]) spread(n int) error {
	total := g.space.cells
	if n == 0 || uint64(n) >= total {
		if total > maxTrials {
			return fmt.Errorf("%d cells are too many to try them all: ask for fewer trials", total)
		}
		g.n = int(total)
		return nil
	}
	g.n, g.cells = n, make([]uint64, n)
	for i := range g.cells {
		g.cells[i] = spread(i, n, total)
	}
	return nil
}

// spread returns position i of n that lie evenly between 0 and total-1.
func spread(i, n int, total uint64) uint64 {
	if n == 1 {
		return 0
	}
	hi, lo := bits.Mul64(uint64(i), total-1)
	q, _ := bits.Div64(hi, lo, uint64(n-1))
	return q
}

// pick lays n trials over the cells that keep the rules, which it counts first.
func (g *Grid[P]) pick(n int) error {
	var kept uint64
	for cell := range g.space.cells {
		if _, ok := g.space.At(cell); ok {
			kept++
		}
	}
	if kept == 0 {
		return fmt.Errorf("no cell keeps the rules: widen an axis")
	}
	g.n = int(kept)
	if n != 0 && uint64(n) < kept {
		g.n = n
	}
	g.cells = make([]uint64, 0, g.n)
	var rank uint64 // of the cell among those kept
	for cell := range g.space.cells {
		if len(g.cells) == g.n {
			break
		}
		if _, ok := g.space.At(cell); !ok {
			continue
		}
		if rank == spread(len(g.cells), g.n, kept) {
			g.cells = append(g.cells, cell)
		}
		rank++
	}
	return nil
}

// probe lays n trials over a space whose cells cannot be counted.
func (g *Grid[P]) probe(n int) error {
	if n == 0 {
		return fmt.Errorf("%d cells are too many to try them all: ask for fewer trials", g.space.cells)
	}
	steps := 0
	next := uint64(0) // no cell below it is free
	for i := range n {
		for cell := max(next, spread(i, n, g.space.cells)); cell < g.space.cells; cell++ {
			if steps++; steps > countable {
				return fmt.Errorf("%d cells seen and only %d of them keep the rules: narrow the axes", steps, len(g.cells))
			}
			if _, ok := g.space.At(cell); ok {
				g.cells, next = append(g.cells, cell), cell+1
				break
			}
		}
	}
	if g.n = len(g.cells); g.n == 0 {
		return fmt.Errorf("no cell that was looked at keeps the rules: narrow the axes")
	}
	return nil
}
