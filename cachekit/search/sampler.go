package search

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"

	"github.com/bmadventure/optcache/internal/stream"
)

// A sampler finds points of a space that were not tried before. It remembers
// what was tried: 8 bytes a trial where the space has cells, else 8 for each axis,
// and what a map needs beside them.
type sampler[P any] struct {
	space  *Space[P]
	cells  map[uint64]struct{} // tried, where the space has cells
	points map[string]struct{} // tried, elsewhere: positions in 8 bytes each

	// A walk visits every cell once, in steps of a length that has no divisor in
	// common with their number. It finds what chance does not.
	at, step, walked uint64

	some []uint64 // positions of one point that keeps the rules
}

const (
	// patience is how many points that were tried before the sampler draws in a
	// row before it walks.
	patience = 128

	// draws is how many points it draws for one that keeps the rules where there
	// are no cells to walk.
	draws = 1 << 20
)

// newSampler refuses a space in which it finds no point that keeps the rules.
func newSampler[P any](space *Space[P], seed uint64) (*sampler[P], error) {
	s := &sampler[P]{space: space, some: make([]uint64, len(space.axes))}
	r := stream.New(seed, stream.ForWalk, 0)
	if space.cells > 0 {
		s.cells = make(map[uint64]struct{})
		s.at, s.step = r.Uint64N(space.cells), coprime(r, space.cells)
	} else {
		s.points = make(map[string]struct{})
	}
	if !s.probe(stream.New(seed, stream.ForProbe, 0)) {
		return nil, fmt.Errorf("search %s: found no point that keeps the rules: widen an axis", space)
	}
	return s, nil
}

// coprime returns a number below n that has no divisor in common with n.
func coprime(r *rand.Rand, n uint64) uint64 {
	for {
		k := r.Uint64N(n) // 0 will do where n is 1
		a, b := n, k
		for b > 0 {
			a, b = b, a%b
		}
		if a == 1 {
			return k
		}
	}
}

// probe looks for a point that keeps the rules.
func (s *sampler[P]) probe(r *rand.Rand) bool {
	for range draws {
		s.draw(r, s.some)
		if _, ok := s.space.Build(s.some); ok {
			return true
		}
	}
	for cell := range min(s.space.cells, countable) {
		if _, ok := s.space.At(cell); ok {
			s.spread(cell, s.some)
			return true
		}
	}
	return false
}

// draw fills at with positions, each axis by its own distribution.
func (s *sampler[P]) draw(r *rand.Rand, at []uint64) {
	for i := range at {
		at[i] = r.Uint64N(s.space.axes[i].n)
	}
}

// spread fills at with the positions of a cell.
func (s *sampler[P]) spread(cell uint64, at []uint64) {
	for i := range at {
		at[i] = cell / s.space.strides[i] % s.space.axes[i].n
	}
}

// take returns the parameters at the positions and marks them as tried. It
// reports which it does not take: those that break a rule or were tried before.
// It changes positions on axes that do not exist.
func (s *sampler[P]) take(at []uint64) (p P, verdict verdict) {
	p, ok := s.space.Build(at)
	if !ok {
		return p, broken
	}
	if s.tried(at) {
		return p, repeated
	}
	s.mark(at)
	return p, fresh
}

type verdict uint8

const (
	fresh verdict = iota
	broken
	repeated
)

func (s *sampler[P]) tried(at []uint64) (tried bool) {
	if s.cells != nil {
		_, tried = s.cells[s.space.cell(at)]
	} else {
		_, tried = s.points[encode(at)]
	}
	return tried
}

func (s *sampler[P]) mark(at []uint64) {
	if s.cells != nil {
		s.cells[s.space.cell(at)] = struct{}{}
	} else {
		s.points[encode(at)] = struct{}{}
	}
}

func encode(at []uint64) string {
	key := make([]byte, 0, 8*len(at))
	for _, i := range at {
		key = binary.LittleEndian.AppendUint64(key, i)
	}
	return string(key)
}

// next returns a random point that was not tried before and fills at with its
// positions. When all have been tried it forgets them and begins again.
func (s *sampler[P]) next(r *rand.Rand, at []uint64) P {
	limit := draws
	if s.cells != nil {
		limit = patience
	}
	for range limit {
		s.draw(r, at)
		if p, verdict := s.take(at); verdict == fresh {
			return p
		}
	}
	if s.cells == nil {
		return s.repeat(r, at)
	}
	if p, ok := s.walk(at); ok {
		return p
	}
	if s.walked < s.space.cells {
		return s.repeat(r, at)
	}
	clear(s.cells)
	s.walked = 0
	return s.next(r, at)
}

// walk goes on to the next cell that keeps the rules and was not tried before. It
// gives up at the end of the walk, and for now after so many cells that a trial
// would wait for long.
func (s *sampler[P]) walk(at []uint64) (p P, ok bool) {
	for range countable {
		if s.walked == s.space.cells {
			return p, false
		}
		cell := s.at
		if s.at += s.step; s.at >= s.space.cells { // no overflow: both were below 2^63
			s.at -= s.space.cells
		}
		s.walked++
		if _, ok := s.space.At(cell); !ok {
			continue
		}
		s.spread(cell, at)
		if p, verdict := s.take(at); verdict == fresh {
			return p, true
		}
	}
	return p, false
}

// repeat returns a point that may have been tried before.
func (s *sampler[P]) repeat(r *rand.Rand, at []uint64) P {
	for range patience {
		s.draw(r, at)
		if p, ok := s.space.Build(at); ok {
			return p
		}
	}
	copy(at, s.some)
	p, _ := s.space.Build(at)
	return p
}
