package optimize

import (
	"cmp"
	"math/bits"
	"slices"

	"github.com/bmadventure/optcache/cachekit/backtest"
)

// readings are which series the trials read that are to be run, by their positions in the order
// that these have at first.
type readings struct {
	series []backtest.Series // that occur, each once
	reads  []int32           // which of them each trial reads, trial after trial
	starts []int             // of each trial in reads, and the end
}

// of returns the numbers of the series that a trial reads.
func (r *readings) of(position int) []int32 {
	return r.reads[r.starts[position]:r.starts[position+1]]
}

// readings asks the strategy of each trial that is to be run for the series that it reads.
func (s *sweep[P]) readings() *readings {
	r := &readings{starts: make([]int, 1, s.left()+1)}
	numbers := make(map[backtest.Series]int32)
	var scratch []backtest.Series
	for at := range s.left() {
		scratch = s.read(s.trial(at), scratch[:0])
		for _, x := range scratch {
			n, ok := numbers[x]
			if !ok {
				n = int32(len(r.series))
				numbers[x] = n
				r.series = append(r.series, x)
			}
			r.reads = append(r.reads, n)
		}
		if at == 0 {
			r.reads = slices.Grow(r.reads, s.left()*len(r.reads)) // most strategies read as many whatever their parameters
		}
		r.starts = append(r.starts, len(r.reads))
	}
	return r
}

// read appends the series that a trial reads to dst, none if that panics.
func (s *sweep[P]) read(trial int, dst []backtest.Series) (series []backtest.Series) {
	defer func() {
		if recover() != nil {
			series = nil
		}
	}()
	return s.strategy(s.out[trial].Params).Series(dst)
}

// inOrder puts the trials that are to be run in an order in which neighbours read the same
// series: on a Z-shaped curve (Morton 1966) through the ranks of the first two
// series of each, so that 256 trials need some 32 averages and not 257. It returns
// the positions that they had before, nil if that is still their order.
func (s *sweep[P]) inOrder(r *readings) (positions []int) {
	if s.size == 1 {
		return nil
	}
	rank := ranks(r.series)
	place := func(position int) (at [2]int) {
		for k, n := range r.of(position)[:min(2, len(r.of(position)))] {
			at[k] = rank[n]
		}
		return at
	}
	positions = make([]int, s.left())
	for i := range positions {
		positions[i] = i
	}
	slices.SortFunc(positions, func(a, b int) int {
		if c := alongZ(place(a), place(b)); c != 0 {
			return c
		}
		return cmp.Compare(a, b)
	})
	order := positions
	if s.order != nil {
		order = make([]int, len(positions))
		for i, p := range positions {
			order[i] = s.order[p]
		}
	}
	s.order = order
	return positions
}

// ranks returns the place of each series in the order of indicators and lengths.
func ranks(all []backtest.Series) []int {
	sorted := make([]int, len(all))
	for i := range sorted {
		sorted[i] = i
	}
	slices.SortFunc(sorted, func(a, b int) int {
		x, y := all[a], all[b]
		if x.Indicator != nil && y.Indicator != nil && x.Indicator != y.Indicator {
			if c := cmp.Compare(x.Indicator.Name(), y.Indicator.Name()); c != 0 {
				return c
			}
		}
		return cmp.Or(cmp.Compare(x.Length, y.Length), cmp.Compare(a, b))
	})
	rank := make([]int, len(all))
	for r, i := range sorted {
		rank[i] = r
	}
	return rank
}

// alongZ compares two points on the Z-shaped curve: by the coordinate whose
// highest differing bit is higher.
func alongZ(a, b [2]int) int {
	x, y := bits.Len(uint(a[0]^b[0])), bits.Len(uint(a[1]^b[1]))
	if x >= y {
		return cmp.Compare(a[0], b[0])
	}
	return cmp.Compare(a[1], b[1])
}
