package search

import (
	"math/rand/v2"

	"github.com/bmadventure/optcache/internal/stream"
)

// Genetic is a search that breeds trials from the best ones: a genetic algorithm
// with whole axes for genes (Eshelman and Schaffer, Real-Coded Genetic Algorithms
// and Interval-Schemata, FOGA 1993).
//
// The first generation is random. The parents of each later one are the best
// trials so far, as many as a generation has, so the best are never lost and never
// run again. Two parents, each the winner of a tournament, have a child whose
// genes lie between theirs or a little beyond, or come from one of them; some
// genes mutate. A child that breaks a rule or was tried before is not born. A
// failed trial has no children.
type Genetic[P any] struct {
	batches[P]
	parents []int // best first
	ready   int   // trials among which the parents were chosen
}

var _ Search[int] = (*Genetic[int])(nil)

const (
	tournament = 3    // parents of which the best has the child
	crossover  = 0.9  // probability that a child has two parents
	beyond     = 0.25 // how far beyond its parents a child may lie, in distances between them
	births     = 64   // children that are not born before the search takes a random one
)

// NewGenetic returns the genetic search of exactly n trials; [Options].Batch
// is the size of a generation. It fails if it finds no point in the space that
// keeps the rules.
func NewGenetic[P any](space *Space[P], n int, o Options) (*Genetic[P], error) {
	b, err := newBatches(space, n, o, min(50, max(10, n/10)))
	if err != nil {
		return nil, err
	}
	s := &Genetic[P]{batches: b}
	s.propose = s.breed
	return s, nil
}

// breed proposes a child.
func (s *Genetic[P]) breed(trial int) (P, []uint64) {
	if s.ready != s.asked() {
		s.parents, s.ready = Rank(s.values, false, s.batch), s.asked()
	}
	if len(s.parents) < 2 {
		return s.random(trial)
	}
	r := stream.New(s.seed, stream.ForBreeding, uint64(trial))
	for range births {
		mother, father := s.at[s.win(r)], s.at[s.win(r)]
		at := s.cross(r, mother, father)
		s.mutate(r, at)
		if p, verdict := s.sampler.take(at); verdict == fresh {
			return p, at
		}
	}
	return s.random(trial)
}

// win returns the winner of a tournament among the parents: the lowest rank.
func (s *Genetic[P]) win(r *rand.Rand) int {
	best := len(s.parents)
	for range tournament {
		best = min(best, r.IntN(len(s.parents)))
	}
	return s.parents[best]
}

// cross returns the genes of a child of two parents.
func (s *Genetic[P]) cross(r *rand.Rand, mother, father []uint64) []uint64 {
	at := make([]uint64, len(mother))
	copy(at, mother)
	if r.Float64() >= crossover {
		return at
	}
	for j, a := range s.sampler.space.axes {
		u := r.Float64()
		if a.kind == categorical {
			if u < 0.5 {
				at[j] = father[j]
			}
			continue
		}
		x, y := middle(mother[j], a.n), middle(father[j], a.n)
		share := float64(u*(1+2*beyond)) - beyond
		at[j] = position(reflect01(x+float64(share*(y-x))), a.n)
	}
	return at
}

// mutate changes one gene on average, most a little and some a lot.
func (s *Genetic[P]) mutate(r *rand.Rand, at []uint64) {
	for j, a := range s.sampler.space.axes {
		if r.Float64() >= 1/float64(len(at)) {
			continue
		}
		if a.kind == categorical {
			at[j] = r.Uint64N(a.n)
			continue
		}
		width := 0.1
		if r.Float64() < 0.5 {
			width = 0.01
		}
		x := middle(at[j], a.n) + float64(max(width, 0.7/float64(a.n))*stream.Normal(r))
		at[j] = position(reflect01(x), a.n)
	}
}

// reflect01 throws what lies beyond 0 or 1 back inside.
func reflect01(x float64) float64 {
	if x < 0 {
		x = -x
	}
	if x > 1 {
		x = 2 - x
	}
	return min(1, max(0, x))
}
