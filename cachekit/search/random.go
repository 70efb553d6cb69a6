package search

import (
	"github.com/bmadventure/optcache/internal/stream"
)

// Random is the search that draws every trial by chance, each axis by its own
// distribution. No point is tried twice while it finds one that was not tried;
// where all have been tried it begins a new round.
type Random[P any] struct {
	sampler *sampler[P]
	ledger
	n    int
	seed uint64
}

var _ Search[int] = (*Random[int])(nil)

// NewRandom returns the random search of exactly n trials. The trials do not
// depend on n. It fails if it finds no point in the space that keeps the rules.
func NewRandom[P any](space *Space[P], n int, o Options) (*Random[P], error) {
	if err := o.check(n); err != nil {
		return nil, err
	}
	s, err := newSampler(space, o.Seed)
	if err != nil {
		return nil, err
	}
	return &Random[P]{sampler: s, n: n, seed: o.Seed, ledger: ledger{minimize: o.Minimize}}, nil
}

// Len returns the number of trials.
func (s *Random[P]) Len() int { return s.n }

// Ask returns the next trial. It needs no results.
func (s *Random[P]) Ask() (t Trial[P], ok bool) {
	if s.asked() == s.n {
		return t, false
	}
	t.Number = s.ask()
	at := make([]uint64, len(s.sampler.space.axes))
	t.Params = s.sampler.next(stream.New(s.seed, stream.ForDraw, uint64(t.Number)), at)
	return t, true
}
