package robust

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/bmadventure/optcache/cachekit/optimize"
	"github.com/bmadventure/optcache/cachekit/search"
	"github.com/bmadventure/optcache/internal/mean"
)

// Sensitivity asks how much an objective depends on each parameter around a point:
// it moves one axis at a time, and two at a time by one step, over values that the
// space has, and judges by shares. So neither another unit of a parameter nor a
// multiple of the objective makes a difference.
type Sensitivity[P any] struct {
	Space *search.Space[P]
	Base  P // a point of the space

	// Points is how many values of an axis are tried on each side of the base. 0
	// means 10. Of a [search.Choice] all are tried.
	Points int

	// Reach is how far to each side they go, as a share of the axis: of its list
	// of values, or of its distribution. 0 means 0.25.
	Reach float64

	// Minimize says that smaller values of the objective are better.
	Minimize bool
}

// A SensitivityPoint is a value of one parameter, the others as in the base.
type SensitivityPoint struct {
	Value     any
	Objective float64 // NaN if the trial failed
}

// An AxisSensitivity is what happens along one axis.
type AxisSensitivity struct {
	Name   string
	Points []SensitivityPoint // in the order of the axis, the base among them

	// Share is the variance of the objective along this axis as a share of the sum
	// over all axes, 0 if it never changes.
	Share float64

	// Drop is how much worse the objective is on average at the nearest point on
	// each side, and at each other choice, as a share of its range over all
	// points: near 0 on a plateau, near 1 on a spike. NaN without such points.
	Drop float64
}

// A Pair is how two axes work together.
type Pair struct {
	A, B string

	// Interaction is what moving both axes by a step changes beyond what moving
	// each alone changes, without its sign, as a share of the range of the
	// objective. NaN if one of the trials failed or breaks a rule.
	Interaction float64
}

// A SensitivityResult is the outcome of [Sensitivity.Run].
type SensitivityResult struct {
	Base   float64 // the objective there
	Range  float64 // largest less smallest objective of all points
	Axes   []AxisSensitivity
	Pairs  []Pair // of the axes that are no choices, each two once
	Trials int
	Failed int // trials that failed, the base not among them
}

// Run tries the points, on all processors. Workers return the objective and run as in [optimize.Run];
// points that break a rule are left out. It fails if Base is not in the space or
// has no value. The outcome does not depend on Options.Workers.
func (s Sensitivity[P]) Run(ctx context.Context, newWorker func() optimize.Worker[P, float64], o optimize.Options) (*SensitivityResult, error) {
	plan, err := s.lay()
	if err != nil {
		return nil, fmt.Errorf("measure sensitivity around %+v: %w", s.Base, err)
	}
	outcomes, err := optimize.Run(ctx, search.List[P](plan.trials), newWorker, o)
	if err != nil {
		return nil, fmt.Errorf("measure sensitivity around %+v: %w", s.Base, err)
	}
	values := make([]float64, len(outcomes))
	r := &SensitivityResult{Trials: len(values)}
	for i, out := range outcomes {
		values[i] = out.Result
		if out.Err != nil {
			values[i] = math.NaN()
		}
		if math.IsNaN(values[i]) || math.IsInf(values[i], 0) {
			values[i] = math.NaN()
			r.Failed++
		}
	}
	if math.IsNaN(values[0]) {
		cause := outcomes[0].Err
		if cause == nil {
			cause = optimize.ErrNaN
		}
		return nil, fmt.Errorf("measure sensitivity around %+v: the base failed: %w", s.Base, cause)
	}
	s.describe(r, plan, values)
	return r, nil
}

// A layout is the trials around a base, which is trial 0.
type layout[P any] struct {
	trials []P
	axes   []line
	pairs  []square
}

// A line is the trials along one axis, in its order.
type line struct {
	axis   int
	trials []int
	base   int // index of trial 0 in trials
}

// A square is the trials a step along one axis, along another, and along both; -1
// for one that breaks a rule.
type square struct{ a, b, one, other, both int }

// lay lays out the trials.
func (s *Sensitivity[P]) lay() (*layout[P], error) {
	if s.Points == 0 {
		s.Points = 10
	}
	if s.Reach == 0 {
		s.Reach = 0.25
	}
	if s.Points < 1 || !(s.Reach > 0 && s.Reach <= 1) {
		return nil, fmt.Errorf("%d points up to %v of an axis: must be at least 1, and above 0 and at most 1", s.Points, s.Reach)
	}
	base := make([]uint64, len(s.Space.Axes()))
	if !s.Space.Locate(s.Base, base) {
		return nil, fmt.Errorf("it is no point of %s", s.Space)
	}
	l := &layout[P]{trials: []P{s.Base}}
	steps := make(map[int]uint64) // position one step from the base, by axis
	for i := range s.Space.Axes() {
		if !s.Space.Has(i, s.Base) {
			continue
		}
		positions := s.positions(i, base[i])
		l.axes = append(l.axes, s.line(l, i, base, positions))
		if s.Space.Axes()[i].Ordered() {
			if next, ok := beside(positions, base[i]); ok {
				steps[i] = next
			}
		}
	}
	for i := range s.Space.Axes() {
		for j := range i {
			a, hasA := steps[j]
			b, hasB := steps[i]
			if hasA && hasB {
				l.pairs = append(l.pairs, s.square(l, j, i, a, b, base))
			}
		}
	}
	return l, nil
}

// positions returns the positions on an axis that are tried, in order.
func (s *Sensitivity[P]) positions(axis int, base uint64) []uint64 {
	a := &s.Space.Axes()[axis]
	var all []uint64
	if !a.Ordered() {
		for i := range a.Len() {
			all = append(all, i)
		}
		return all
	}
	far := max(1, uint64(s.Reach*float64(a.Len()-1)))
	for k := range uint64(s.Points) {
		d := max(1, uint64(float64(k+1)*float64(far)/float64(s.Points)))
		if d <= base {
			all = append(all, base-d)
		}
		if d < a.Len()-base {
			all = append(all, base+d)
		}
	}
	all = append(all, base)
	slices.Sort(all)
	return slices.Compact(all)
}

// beside returns the next position above the base, or else below it.
func beside(positions []uint64, base uint64) (next uint64, ok bool) {
	i, _ := slices.BinarySearch(positions, base)
	switch {
	case i+1 < len(positions):
		return positions[i+1], true
	case i > 0:
		return positions[i-1], true
	}
	return 0, false
}

// line adds the trials along one axis.
func (s *Sensitivity[P]) line(l *layout[P], axis int, base, positions []uint64) line {
	n := line{axis: axis}
	for _, position := range positions {
		if position == base[axis] {
			n.base = len(n.trials)
			n.trials = append(n.trials, 0)
			continue
		}
		if trial := s.add(l, base, func(at []uint64) { at[axis] = position }); trial >= 0 {
			n.trials = append(n.trials, trial)
		}
	}
	return n
}

// square adds the trials of a pair.
func (s *Sensitivity[P]) square(l *layout[P], a, b int, stepA, stepB uint64, base []uint64) square {
	return square{a, b,
		s.add(l, base, func(at []uint64) { at[a] = stepA }),
		s.add(l, base, func(at []uint64) { at[b] = stepB }),
		s.add(l, base, func(at []uint64) { at[a], at[b] = stepA, stepB }),
	}
}

// add adds a trial that differs from the base and returns its number, -1 if it
// breaks a rule.
func (s *Sensitivity[P]) add(l *layout[P], base []uint64, change func(at []uint64)) int {
	at := slices.Clone(base)
	change(at)
	p, ok := s.Space.Build(at)
	if !ok {
		return -1
	}
	l.trials = append(l.trials, p)
	return len(l.trials) - 1
}

// describe fills in what the values say.
func (s *Sensitivity[P]) describe(r *SensitivityResult, l *layout[P], values []float64) {
	lo, hi := values[0], values[0]
	for _, v := range values {
		if !math.IsNaN(v) {
			lo, hi = min(lo, v), max(hi, v)
		}
	}
	r.Base, r.Range = values[0], hi-lo
	total, variances := 0.0, make([]float64, len(l.axes))
	for i, n := range l.axes {
		if r.Range > 0 {
			variances[i] = variance(n, values, lo, r.Range)
		}
		total += variances[i]
	}
	for i, n := range l.axes {
		a := AxisSensitivity{Name: s.Space.Axes()[n.axis].Name(), Drop: s.drop(n, values, r.Range)}
		if total > 0 {
			a.Share = variances[i] / total
		}
		for _, trial := range n.trials {
			a.Points = append(a.Points, SensitivityPoint{s.Space.Axes()[n.axis].Value(l.trials[trial]), values[trial]})
		}
		r.Axes = append(r.Axes, a)
	}
	for _, q := range l.pairs {
		p := Pair{A: s.Space.Axes()[q.a].Name(), B: s.Space.Axes()[q.b].Name(), Interaction: math.NaN()}
		if q.one >= 0 && q.other >= 0 && q.both >= 0 {
			p.Interaction = share(math.Abs((values[q.both]-values[q.one])-(values[q.other]-values[0])), r.Range)
		}
		r.Pairs = append(r.Pairs, p)
	}
}

// variance returns that of the objective along an axis, on a scale on which the
// range of all is 1.
func variance(n line, values []float64, lo, width float64) float64 {
	var x []float64
	for _, trial := range n.trials {
		if !math.IsNaN(values[trial]) {
			x = append(x, (values[trial]-lo)/width)
		}
	}
	m, sum := mean.Of(x), 0.0
	for _, v := range x {
		sum += float64((v - m) * (v - m))
	}
	return sum / float64(len(x))
}

// drop is that of [AxisSensitivity].
func (s *Sensitivity[P]) drop(n line, values []float64, width float64) float64 {
	var losses []float64
	for i, trial := range n.trials {
		near := i == n.base-1 || i == n.base+1 || !s.Space.Axes()[n.axis].Ordered() && i != n.base
		if !near || math.IsNaN(values[trial]) {
			continue
		}
		loss := values[0] - values[trial]
		if s.Minimize {
			loss = -loss
		}
		losses = append(losses, loss)
	}
	return share(mean.Of(losses), width)
}

// share returns x as a share of a range; 0 of 0 is 0.
func share(x, width float64) float64 {
	if x == 0 {
		return 0
	}
	return mean.Ratio(x, width)
}
