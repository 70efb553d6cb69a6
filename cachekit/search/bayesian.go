package search

import (
	"math"
	"math/rand/v2"
	"slices"

	"github.com/bmadventure/optcache/internal/elementary"
	"github.com/bmadventure/optcache/internal/normal"
	"github.com/bmadventure/optcache/internal/stream"
)

// Bayesian is a search that models where good trials lie: a tree-structured
// Parzen estimator (Bergstra, Bardenet, Bengio and Kégl, Algorithms for
// Hyper-Parameter Optimization, NIPS 2011), with kernels over all axes together
// (Falkner, Klein and Hutter, BOHB, ICML 2018).
//
// It begins with random trials. Then it parts the trials so far into the good and
// the others, estimates the density of both, draws candidates from the density of
// the good and tries the one whose density among the good is highest in
// proportion to that among the others. A failed trial is one of the others.
type Bayesian[P any] struct {
	batches[P]
	model densities
	ready int // trials that the model has seen
}

var _ Search[int] = (*Bayesian[int])(nil)

const (
	startup    = 16  // random trials at the beginning
	candidates = 32  // points drawn for one trial
	remembered = 512 // trials that a density is made of, at most
)

// NewBayesian returns the Bayesian search of exactly n trials. It fails if it
// finds no point in the space that keeps the rules.
func NewBayesian[P any](space *Space[P], n int, o Options) (*Bayesian[P], error) {
	b, err := newBatches(space, n, o, 8)
	if err != nil {
		return nil, err
	}
	s := &Bayesian[P]{batches: b}
	s.propose = s.choose
	return s, nil
}

// choose proposes the most promising of some candidates.
func (s *Bayesian[P]) choose(trial int) (P, []uint64) {
	if s.asked() < startup {
		return s.random(trial)
	}
	if s.ready != s.asked() {
		s.model, s.ready = s.learn(), s.asked()
	}
	r := stream.New(s.seed, stream.ForModel, uint64(trial))
	type candidate struct {
		at    []uint64
		score float64
	}
	var best []candidate
	for range candidates {
		at := s.model.good.draw(r)
		if _, ok := s.sampler.space.Build(at); !ok || s.sampler.tried(at) {
			continue
		}
		x := s.coordinates(at)
		best = append(best, candidate{at, s.model.good.logDensity(x) - s.model.others.logDensity(x)})
	}
	if len(best) == 0 {
		return s.random(trial)
	}
	top := best[0]
	for _, c := range best {
		if c.score > top.score {
			top = c
		}
	}
	p, _ := s.sampler.take(top.at)
	return p, top.at
}

// densities are the model: where the good trials lie, and the others.
type densities struct{ good, others density }

// learn makes the model of the trials so far.
func (s *Bayesian[P]) learn() densities {
	order := Rank(s.values, false, len(s.values))
	good := min(max(4, len(order)/10), 25, len(order))
	others := thin(order[good:], remembered)
	for trial, v := range s.values {
		if math.IsNaN(v) && len(others) < remembered {
			others = append(others, trial)
		}
	}
	return densities{s.density(order[:good]), s.density(others)}
}

// thin returns n of the numbers, evenly spread; all if there are no more.
func thin(numbers []int, n int) []int {
	if len(numbers) <= n {
		return slices.Clone(numbers)
	}
	some := make([]int, n)
	for i := range some {
		some[i] = numbers[spread(i, n, uint64(len(numbers)))]
	}
	return some
}

// coordinates returns a point on a scale of 0 to 1 along each axis, the position
// of a category, -1 for an axis that does not exist there.
func (s *Bayesian[P]) coordinates(at []uint64) []float64 {
	axes := s.sampler.space.axes
	p, _ := s.sampler.space.Build(at)
	x := make([]float64, len(axes))
	for i, a := range axes {
		switch {
		case !s.sampler.space.Has(i, p):
			x[i] = -1
		case a.kind == categorical:
			x[i] = float64(at[i])
		default:
			x[i] = middle(at[i], a.n)
		}
	}
	return x
}

// density makes a density of the trials, by falling weight.
func (s *Bayesian[P]) density(trials []int) density {
	d := density{}
	for _, a := range s.sampler.space.axes {
		d.axes = append(d.axes, scale{a.kind == categorical, a.n})
	}
	points := make([][]float64, len(trials))
	for i, trial := range trials {
		points[i] = s.coordinates(s.at[trial])
	}
	d.fit(points)
	return d
}

// A density is a mixture of a kernel around each of some points and one that
// covers the whole space evenly.
type density struct {
	axes    []scale
	kernels []kernel
	even    float64 // share of the kernel that covers all
}

// A scale is what a density knows of an axis.
type scale struct {
	categorical bool
	n           uint64
}

// A kernel is a normal density along each axis, cut off at the bounds; along a
// categorical one the same category with a probability of 1-mutation, else any.
type kernel struct {
	x, width, norm []float64 // width along each axis; norm is the logarithm of its factor
	cut            []normal.Truncated
}

const mutation = 0.2

// fit places a kernel at each point, as wide as the way to its neighbours.
func (d *density) fit(points [][]float64) {
	d.even = 1 / float64(len(points)+1)
	spacing := make([]float64, len(points))
	for i := range points {
		spacing[i] = d.neighbour(points, i)
	}
	for i, x := range points {
		k := kernel{x: x, width: make([]float64, len(x)), norm: make([]float64, len(x)), cut: make([]normal.Truncated, len(x))}
		for j, s := range d.axes {
			if s.categorical || x[j] < 0 {
				continue
			}
			w := min(0.5, max(spacing[i], 0.005, 0.7/float64(s.n)))
			k.width[j], k.cut[j] = w, normal.Truncate(-x[j]/w, (1-x[j])/w)
			k.norm[j] = -elementary.Log(float64(w * k.cut[j].Mass() * 2.5066282746310002))
		}
		d.kernels = append(d.kernels, k)
	}
}

// neighbour returns how far along one axis, on average, the nearest other points
// lie from point i.
func (d *density) neighbour(points [][]float64, i int) float64 {
	var distances []float64
	for j, y := range points {
		if j != i {
			distances = append(distances, d.distance(points[i], y))
		}
	}
	if len(distances) == 0 {
		return 0.25
	}
	slices.Sort(distances)
	return distances[min(len(distances)-1, 1+len(d.axes)/2)]
}

// distance is the root of the mean of the squared distances along the axes.
func (d *density) distance(x, y []float64) float64 {
	sum := 0.0
	for j, s := range d.axes {
		switch {
		case x[j] < 0 && y[j] < 0:
		case x[j] < 0 || y[j] < 0:
			sum += 1
		case s.categorical:
			if x[j] != y[j] {
				sum += 0.25
			}
		default:
			sum += float64((x[j] - y[j]) * (x[j] - y[j]))
		}
	}
	return math.Sqrt(sum / float64(len(d.axes)))
}

// draw draws positions from the density.
func (d *density) draw(r *rand.Rand) []uint64 {
	at := make([]uint64, len(d.axes))
	var k *kernel
	if len(d.kernels) > 0 && r.Float64() >= d.even {
		k = &d.kernels[r.IntN(len(d.kernels))]
	}
	for j, s := range d.axes {
		u := r.Float64()
		switch {
		case k == nil || k.x[j] < 0 || s.categorical && u < mutation:
			at[j] = r.Uint64N(s.n)
		case s.categorical:
			at[j] = uint64(k.x[j])
		default:
			x := k.x[j] + float64(k.width[j]*k.cut[j].Quantile(u))
			at[j] = position(min(1, max(0, x)), s.n)
		}
	}
	return at
}

// logDensity returns the logarithm of the density at x.
func (d *density) logDensity(x []float64) float64 {
	sum := d.even * d.flat(x)
	for i := range d.kernels {
		sum += float64(d.even * elementary.Exp(d.kernels[i].logDensity(d.axes, x)))
	}
	return elementary.Log(sum)
}

// flat is the density of the kernel that covers all.
func (d *density) flat(x []float64) float64 {
	f := 1.0
	for j, s := range d.axes {
		if s.categorical && x[j] >= 0 {
			f /= float64(s.n)
		}
	}
	return f
}

func (k *kernel) logDensity(axes []scale, x []float64) float64 {
	sum := 0.0
	for j, s := range axes {
		switch {
		case x[j] < 0:
		case s.categorical:
			p := mutation / float64(s.n)
			if k.x[j] < 0 {
				p = 1 / float64(s.n)
			} else if k.x[j] == x[j] {
				p += 1 - mutation
			}
			sum += elementary.Log(p)
		case k.x[j] >= 0:
			z := (x[j] - k.x[j]) / k.width[j]
			sum += k.norm[j] - float64(z*z)/2
		}
	}
	return sum
}
