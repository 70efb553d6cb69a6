package propertytest

import (
	"math/rand"
	"slices"

	"github.com/leanovate/gopter"
)

// A profile says which traces a property wants.
type profile struct {
	weights    [ops]int    // how often each op comes; ops that the cache lacks never do
	shapes     [shapes]int // how often each shape comes where a value changes
	faults     [faults]int // how often each fault comes where a load may happen
	longest    int         // steps
	ample      bool        // there is room for all keys, and nothing need ever be evicted
	mixed      bool        // every other trace is ample
	relatives  bool        // keys that differ from others in one field take part
	concurrent bool        // steps have times
	ticks      int         // latest begin, longest load, latest leave
	leaves     int         // of 8 callers how many leave
}

// tight is the largest capacity of a trace that is not ample.
const tight = 4

// generator returns the gopter generator of traces for a property of this suite.
func (p *prepared[K, V]) generator(prop *property) gopter.Gen {
	weights := prop.weights
	for o := range weights {
		if !p.can[o] {
			weights[o] = 0
		}
	}
	shapes := prop.shapes
	if p.Big == nil {
		shapes[large] = 0
	}
	if !p.hasEmpty {
		shapes[empty] = 0
	}
	first := p.allBeside(prop)
	return func(g *gopter.GenParameters) *gopter.GenResult {
		if len(first) > 0 {
			t := first[0]
			first = first[1:]
			return gopter.NewGenResult(t, shrink)
		}
		d := drawer{rng: g.Rng, profile: &prop.profile, weights: weights, shapes: shapes}
		t := trace{property: prop.name}
		d.keys = 1 + g.Rng.Intn(len(p.Keys))
		if t.capacity = 1 + g.Rng.Intn(tight); prop.ample || prop.mixed && g.Rng.Intn(2) == 0 {
			t.capacity = p.ample(prop)
		} else {
			d.keys = min(len(p.Keys), 1+g.Rng.Intn(t.capacity+2))
		}
		if prop.concurrent {
			d.keys = min(d.keys, 1+g.Rng.Intn(3)) // they are to meet
		}
		if prop.relatives {
			d.relatives = p.relatives
		}
		// gopter's size goes from 0 to 100; short traces are tried first, but not for long.
		steps := 1 + g.Rng.Intn(1+prop.longest*min(100, 10+4*g.MaxSize)/100)
		for range steps {
			t.steps = append(t.steps, d.step())
		}
		if prop.concurrent {
			slices.SortStableFunc(t.steps, func(a, b step) int { return a.at - b.at })
		}
		return gopter.NewGenResult(t, shrink)
	}
}

// allBeside are the traces that a property which is about the difference of keys begins with: each
// key and all that differ from it in one field are asked for once, in this order and in the other, so that
// each meets each, and none that is taken for another is left to chance.
func (p *prepared[K, V]) allBeside(prop *property) []trace {
	if !prop.relatives {
		return nil
	}
	room := p.ample(prop)
	var all []trace
	for i, relatives := range p.relatives {
		parts := slices.Collect(slices.Chunk(append([]int{i}, relatives...), room/2))
		for a := range parts {
			for b := range parts[:a+1] {
				t := trace{property: prop.name, capacity: room}
				for _, k := range parts[b] {
					t.steps = append(t.steps, step{key: k})
				}
				if b < a {
					for _, k := range parts[a] {
						t.steps = append(t.steps, step{key: k})
					}
				}
				back := t
				back.steps = slices.Clone(t.steps)
				slices.Reverse(back.steps)
				all = append(all, t, back)
			}
		}
	}
	return all
}

// A drawer draws the steps of one trace.
type drawer struct {
	rng       *rand.Rand
	profile   *profile
	weights   [ops]int
	shapes    [shapes]int
	keys      int
	relatives [][]int // of each key, the numbers of those that differ in one field
	recent    []int
}

func (d *drawer) step() step {
	s := step{op: op(pick(d.rng, d.weights[:]))}
	if s.hasKey() {
		s.key = d.key()
	}
	switch s.op {
	case opBatch:
		for range d.rng.Intn(5) {
			s.keys = append(s.keys, d.key())
		}
	case opSleep:
		s.n = 1 + d.rng.Intn(12)
	case opResize:
		s.n = 1 + d.rng.Intn(tight)
	}
	if s.changes() {
		s.shape = shape(pick(d.rng, d.shapes[:]))
	}
	if s.asks() {
		s.fault = fault(pick(d.rng, d.profile.faults[:]))
	}
	if d.profile.concurrent {
		s.at = d.rng.Intn(d.profile.ticks + 1)
		if s.asks() {
			s.load = d.rng.Intn(d.profile.ticks + 1)
		}
		if s.asks() && d.rng.Intn(8) < d.profile.leaves {
			s.leave = 1 + d.rng.Intn(d.profile.ticks)
		}
	}
	return s
}

// key draws a key, every other time one that was drawn lately.
func (d *drawer) key() int {
	if len(d.recent) > 0 && d.rng.Intn(2) == 0 {
		return d.recent[d.rng.Intn(len(d.recent))]
	}
	k := d.rng.Intn(d.keys)
	if d.recent = append(d.recent, k); len(d.recent) > 3 {
		d.recent = d.recent[1:]
	}
	if d.relatives != nil && len(d.relatives[k]) > 0 && d.rng.Intn(4) > 0 {
		return d.relatives[k][d.rng.Intn(len(d.relatives[k]))]
	}
	return k
}

// pick draws an index with the given weights; 0 if all are 0.
func pick(rng *rand.Rand, weights []int) int {
	sum := 0
	for _, w := range weights {
		sum += w
	}
	if sum == 0 {
		return 0
	}
	n := rng.Intn(sum)
	for i, w := range weights {
		if n < w {
			return i
		}
		n -= w
	}
	return 0
}
