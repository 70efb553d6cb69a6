package search_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bmadventure/optcache/cachekit/internal/testbed"
	"github.com/bmadventure/optcache/cachekit/optimize"
	"github.com/bmadventure/optcache/cachekit/search"
)

// randomSpace makes a space of some axes of all kinds, with or without a rule and
// conditions. Some are continuous, some have a handful of cells.
func randomSpace(seed uint64) *search.Space[testbed.Knobs] {
	r := rand.New(rand.NewPCG(seed, 3))
	lo := r.IntN(9) - 4
	axes := []search.Axis[testbed.Knobs]{
		search.Int("a", lo, lo+r.IntN(12), 1+r.IntN(3), func(p *testbed.Knobs) *int { return &p.A }),
	}
	ruled := r.IntN(2) == 0
	if r.IntN(3) > 0 {
		axes = append(axes, search.Int("b", 0, r.IntN(9), 1, func(p *testbed.Knobs) *int { return &p.B }))
	}
	if r.IntN(3) == 0 {
		axes = append(axes, search.Float("f", -1, r.Float64(), 0.1, func(p *testbed.Knobs) *float64 { return &p.F }))
	}
	if r.IntN(3) == 0 {
		axes = append(axes, search.LogUniform("g", 1e-3, 1e3, func(p *testbed.Knobs) *float64 { return &p.G }))
	}
	if r.IntN(3) == 0 {
		axes = append(axes, search.Normal("h", -1, 4, 1, 0.5, func(p *testbed.Knobs) *float64 { return &p.H }))
	}
	if r.IntN(2) == 0 {
		axes = append(axes,
			search.Choice("kind", func(p *testbed.Knobs) *string { return &p.Kind }, "sma", "ema", "wma"),
			search.Float("decay", 0.1, 0.9, 0.2, func(p *testbed.Knobs) *float64 { return &p.Decay }).When(func(p testbed.Knobs) bool { return p.Kind == "ema" }),
			search.Choice("deep", func(p *testbed.Knobs) *bool { return &p.Deep }, false, true).When(func(p testbed.Knobs) bool { return p.Kind == "ema" && p.Decay > 0.4 }),
		)
	}
	s, err := search.NewSpace(axes...)
	if err != nil {
		panic(err)
	}
	if ruled {
		s.Constrain("(a+b) % 4 != 1", func(p testbed.Knobs) bool { return (p.A+p.B+400)%4 != 1 || p.A == lo && p.B == 0 })
	}
	return s
}

// value is an objective with ties and failures.
func value(p testbed.Knobs) float64 {
	v := math.Floor(10*math.Sin(float64(p.A)+p.F)) - float64(p.B) + math.Cos(p.G) - p.H*p.H + p.Decay
	if p.Kind == "wma" {
		v--
	}
	if int(100*v)%7 == 3 {
		return math.NaN()
	}
	return v
}

type making func(s *search.Space[testbed.Knobs], n int, o search.Options) (search.Search[testbed.Knobs], error)

var searches = map[string]making{
	"grid": func(s *search.Space[testbed.Knobs], n int, o search.Options) (search.Search[testbed.Knobs], error) {
		g, err := search.NewGrid(s, n)
		if err != nil {
			return nil, err
		}
		return search.Enumerate(g), nil
	},
	"random": func(s *search.Space[testbed.Knobs], n int, o search.Options) (search.Search[testbed.Knobs], error) {
		return search.NewRandom(s, n, o)
	},
	"bayesian": func(s *search.Space[testbed.Knobs], n int, o search.Options) (search.Search[testbed.Knobs], error) {
		return search.NewBayesian(s, n, o)
	},
	"genetic": func(s *search.Space[testbed.Knobs], n int, o search.Options) (search.Search[testbed.Knobs], error) {
		return search.NewGenetic(s, n, o)
	},
}

// converse runs a search with up to that many trials outstanding, told in random
// order, and returns the trials.
func converse(s search.Search[testbed.Knobs], outstanding int, r *rand.Rand) ([]testbed.Knobs, error) {
	var trials []testbed.Knobs
	var open []int
	for {
		for len(open) < outstanding {
			t, ok := s.Ask()
			if !ok {
				break
			}
			if t.Number != len(trials) {
				return nil, fmt.Errorf("trial %d is number %d", len(trials), t.Number)
			}
			trials, open = append(trials, t.Params), append(open, t.Number)
		}
		if len(open) == 0 {
			return trials, nil
		}
		i := r.IntN(len(open))
		if err := s.Tell(open[i], value(trials[open[i]])); err != nil {
			return nil, err
		}
		open = slices.Delete(open, i, i+1)
	}
}

// The trials of a search are the same with any number of them outstanding, told in
// any order, and with 1 or 16 workers; they are as many as were asked for and keep
// the rules.
func TestTrialsDoNotDependOnWorkers(t *testing.T) {
	for name, study := range searches {
		t.Run(name, func(t *testing.T) {
			testbed.Property(t, 60, func(seed uint64) string {
				r := rand.New(rand.NewPCG(seed, 5))
				space := randomSpace(seed)
				if name == "grid" && space.Cells() == 0 {
					return ""
				}
				n := 1 + r.IntN(70)
				o := search.Options{Seed: seed, Minimize: r.IntN(2) == 0, Batch: r.IntN(20)}
				fresh := func() search.Search[testbed.Knobs] {
					s, err := study(space, n, o)
					if err != nil {
						panic(err)
					}
					return s
				}
				want, err := converse(fresh(), 1, r)
				if err != nil {
					return err.Error()
				}
				if len(want) != fresh().Len() || name != "grid" && len(want) != n {
					return fmt.Sprintf("%d trials of %d", len(want), n)
				}
				got, err := converse(fresh(), 1+r.IntN(40), r)
				if err != nil {
					return err.Error()
				}
				if d := cmp.Diff(want, got); d != "" {
					return "outstanding trials matter: " + d
				}
				for _, workers := range []int{1, 16} {
					out, err := optimize.RunSearch(context.Background(), fresh(), func() optimize.Worker[testbed.Knobs, float64] {
						return func(_ context.Context, p testbed.Knobs) (float64, error) {
							if v := value(p); !math.IsNaN(v) {
								return v, nil
							}
							return 0, errors.New("failed")
						}
					}, func(v float64) float64 { return v }, optimize.Options{Workers: workers})
					if err != nil {
						return err.Error()
					}
					for i := range out {
						if out[i].Params != want[i] {
							return fmt.Sprintf("%d workers: trial %d is %+v, want %+v", workers, i, out[i].Params, want[i])
						}
					}
				}
				return ""
			})
		})
	}
}

// No point is tried twice before all have been tried, nor a third time before all
// have been tried twice.
func TestRandomRepeatsNothingWhileThereIsMore(t *testing.T) {
	testbed.Property(t, 150, func(seed uint64) string {
		space := randomSpace(seed)
		points := 0 // 0: endless
		for cell := range space.Cells() {
			if _, ok := space.At(cell); ok {
				points++
			}
		}
		n := 400
		if points > 0 {
			n = min(2*points, 3000)
		}
		s, err := search.NewRandom(space, n, search.Options{Seed: seed})
		if err != nil {
			return err.Error()
		}
		tried := make(map[testbed.Knobs]int)
		for i := range n {
			trial, ok := s.Ask()
			if !ok {
				return fmt.Sprintf("ended after %d of %d trials", i, n)
			}
			tried[trial.Params]++
			if points == 0 && tried[trial.Params] > 1 || points > 0 && tried[trial.Params] > 1+i/points {
				return fmt.Sprintf("trial %d of %d points repeats %+v", i, points, trial.Params)
			}
		}
		return ""
	})
}

// Bayesian and Genetic try every point once before any twice too.
func TestLearningSearchesCoverSmallSpaces(t *testing.T) {
	testbed.Property(t, 60, func(seed uint64) string {
		space := randomSpace(seed)
		points := 0
		for cell := range space.Cells() {
			if _, ok := space.At(cell); ok {
				points++
			}
		}
		if points == 0 || points > 150 {
			return ""
		}
		for _, name := range []string{"bayesian", "genetic"} {
			s, err := searches[name](space, points, search.Options{Seed: seed})
			if err != nil {
				return err.Error()
			}
			trials, err := converse(s, 4, rand.New(rand.NewPCG(seed, 1)))
			if err != nil {
				return err.Error()
			}
			distinct := make(map[testbed.Knobs]bool)
			for _, p := range trials {
				distinct[p] = true
			}
			if len(distinct) != points {
				return fmt.Sprintf("%s tried %d of %d points", name, len(distinct), points)
			}
		}
		return ""
	})
}

func TestSeedsChooseTrials(t *testing.T) {
	space := randomSpace(4)
	for name, study := range searches {
		if name == "grid" {
			continue
		}
		var runs [][]testbed.Knobs
		for _, seed := range []uint64{0, 1, 0} {
			s, err := study(space, 30, search.Options{Seed: seed})
			if err != nil {
				t.Fatal(err)
			}
			trials, err := converse(s, 3, rand.New(rand.NewPCG(1, 1)))
			if err != nil {
				t.Fatal(err)
			}
			runs = append(runs, trials)
		}
		if slices.Equal(runs[0], runs[1]) || !slices.Equal(runs[0], runs[2]) {
			t.Errorf("%s: seeds 0 and 1 are alike, or 0 and 0 differ", name)
		}
	}
}

func TestDistributions(t *testing.T) {
	erf := func(z float64) float64 { return 0.5 * math.Erfc(-z/math.Sqrt2) }
	field := func(p *float64) *float64 { return p }
	for _, c := range []struct {
		name   string
		axis   search.Axis[float64]
		lo, hi float64
		below  func(x float64) float64
	}{
		{"uniform", search.Uniform("x", -2, 6, field), -2, 6, func(x float64) float64 { return (x + 2) / 8 }},
		{"log-uniform", search.LogUniform("x", 0.01, 100, field), 0.01, 100, func(x float64) float64 { return math.Log(x/0.01) / math.Log(1e4) }},
		{"normal in the middle", search.Normal("x", -1, 3, 1, 2, field), -1, 3, func(x float64) float64 { return (erf((x-1)/2) - erf(-1)) / (erf(1) - erf(-1)) }},
		{"normal in the upper tail", search.Normal("x", 5, 9, 0, 1, field), 5, 9, func(x float64) float64 { return (erf(-5) - erf(-x)) / (erf(-5) - erf(-9)) }},
	} {
		space, err := search.NewSpace(c.axis)
		if err != nil {
			t.Fatal(err)
		}
		const n = 4000
		s, err := search.NewRandom(space, n, search.Options{Seed: 1})
		if err != nil {
			t.Fatal(err)
		}
		var x []float64
		for trial, ok := s.Ask(); ok; trial, ok = s.Ask() {
			x = append(x, trial.Params)
		}
		slices.Sort(x)
		if x[0] <= c.lo || x[n-1] >= c.hi {
			t.Errorf("%s: from %v to %v: on or beyond the bounds", c.name, x[0], x[n-1])
		}
		worst := 0.0 // of Kolmogorov and Smirnov; 1.63 over the root of n is exceeded once in 100 times
		for i, v := range x {
			worst = max(worst, math.Abs(c.below(v)-(float64(i)+0.5)/n))
		}
		if worst > 1.63/math.Sqrt(n) {
			t.Errorf("%s: the distribution is off by %v", c.name, worst)
		}
	}
}

func TestAxesRefuse(t *testing.T) {
	field := func(p *float64) *float64 { return p }
	for want, axis := range map[string]search.Axis[float64]{
		"from 2 to 1":            search.Uniform("x", 2, 1, field),
		"from 1 to 1":            search.Uniform("x", 1, 1, field),
		"from NaN to 1":          search.Uniform("x", math.NaN(), 1, field),
		"from -1e+308 to 1e+308": search.Uniform("x", -1e308, 1e308, field),
		"above 0":                search.LogUniform("x", 0, 1, field),
		"deviation 0":            search.Normal("x", 0, 1, 0, 0, field),
		"mean +Inf":              search.Normal("x", 0, 1, math.Inf(1), 1, field),
		"given twice":            search.Choice("x", field, 1, 2, 1),
	} {
		if _, err := search.NewSpace(axis); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
	space, err := search.NewSpace(search.Uniform("x", 0, 1, field))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := search.NewGrid(space, 5); err == nil || !strings.Contains(err.Error(), "continuous") {
		t.Errorf("a grid over a continuous axis: %v", err)
	}
	if _, ok := space.Index(0.5); ok {
		t.Error("a point on a continuous axis has a cell")
	}
	for _, n := range []int{0, -1} {
		if _, err := search.NewRandom(space, n, search.Options{}); err == nil {
			t.Errorf("%d trials pass", n)
		}
	}
	if _, err := search.NewGenetic(space, 5, search.Options{Batch: -1}); err == nil {
		t.Error("a negative batch passes")
	}
	space.Constrain("never", func(float64) bool { return false })
	if _, err := search.NewBayesian(space, 5, search.Options{}); err == nil || !strings.Contains(err.Error(), "never") {
		t.Errorf("a rule that nothing keeps: %v", err)
	}
}

// Index is the inverse of At; a point off the grid, against a rule, or with a
// parameter that does not exist has no cell; no two cells are the same point.
func TestIndexInvertsAt(t *testing.T) {
	testbed.Property(t, 100, func(seed uint64) string {
		space := randomSpace(seed)
		seen := make(map[testbed.Knobs]bool)
		for cell := range space.Cells() {
			p, ok := space.At(cell)
			back, found := space.Index(p)
			if ok && (!found || back != cell) {
				return fmt.Sprintf("cell %d is %+v, whose cell is %d, %v", cell, p, back, found)
			}
			if ok && seen[p] {
				return fmt.Sprintf("%+v has two cells", p)
			}
			seen[p] = seen[p] || ok
			for _, off := range []testbed.Knobs{{A: p.A + 100, B: p.B, Kind: p.Kind, F: p.F}, {A: p.A, B: p.B, F: p.F + 0.05, Kind: p.Kind, Decay: p.Decay}, {A: p.A, B: p.B, F: p.F, Kind: p.Kind, Decay: p.Decay + 0.01, Deep: p.Deep}} {
				if i, ok := space.Index(off); ok {
					if q, _ := space.At(i); q.A != off.A || q.F != off.F && strings.Contains(space.String(), "f(") || q.Decay != off.Decay && strings.Contains(space.String(), "decay") {
						return fmt.Sprintf("%+v is said to be in cell %d, %+v", off, i, q)
					}
				}
			}
		}
		return ""
	})
}

func TestConditionalParameters(t *testing.T) {
	space, err := search.NewSpace(
		search.Choice("kind", func(p *testbed.Knobs) *string { return &p.Kind }, "sma", "ema"),
		search.Float("decay", 0.25, 0.75, 0.25, func(p *testbed.Knobs) *float64 { return &p.Decay }).When(func(p testbed.Knobs) bool { return p.Kind == "ema" }),
	)
	if err != nil {
		t.Fatal(err)
	}
	grid, err := search.NewGrid(space, 0)
	if err != nil {
		t.Fatal(err)
	}
	var got []testbed.Knobs
	for i := range grid.Len() {
		got = append(got, grid.At(i))
	}
	want := []testbed.Knobs{{Kind: "sma"}, {Kind: "ema", Decay: 0.25}, {Kind: "ema", Decay: 0.5}, {Kind: "ema", Decay: 0.75}}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]search.Param{{Name: "kind", Value: "sma"}, {Name: "decay"}}, space.Params(want[0])); d != "" {
		t.Error(d)
	}
}

func TestTellRefuses(t *testing.T) {
	for name, study := range searches {
		s, err := study(randomSpace(1), 5, search.Options{})
		if name == "grid" && err != nil {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		trial, _ := s.Ask()
		for _, c := range []struct {
			trial int
			want  string
		}{{-1, "not asked for"}, {99, "not asked for"}, {trial.Number, ""}, {trial.Number, "told before"}} {
			err := s.Tell(c.trial, 1)
			if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
				t.Errorf("%s: tell %d: %v, want %q", name, c.trial, err, c.want)
			}
		}
	}
}

// A drawdown is negative, so the smallest one has the largest value: a search for
// large values of it finds shallow ones, one for small values deep ones, whichever
// way it searches.
func TestH18MinimisingAnObjective(t *testing.T) {
	space, err := search.NewSpace(search.Uniform("f", 0, 1, func(p *testbed.Knobs) *float64 { return &p.F }))
	if err != nil {
		t.Fatal(err)
	}
	drawdown := func(p testbed.Knobs) float64 { return -math.Abs(p.F - 0.3) }
	for _, name := range []string{"bayesian", "genetic"} {
		for _, minimize := range []bool{false, true} {
			s, err := searches[name](space, 120, search.Options{Minimize: minimize})
			if err != nil {
				t.Fatal(err)
			}
			var values []float64
			for trial, ok := s.Ask(); ok; trial, ok = s.Ask() {
				values = append(values, drawdown(trial.Params))
				if err := s.Tell(trial.Number, values[trial.Number]); err != nil {
					t.Fatal(err)
				}
			}
			late := 0.0 // mean of the second half of the trials: where the search went
			for _, v := range values[60:] {
				late += v / 60
			}
			best := values[search.Rank(values, minimize, 1)[0]]
			if minimize && (late > -0.5 || best > -0.69) || !minimize && (late < -0.15 || best < -0.01) {
				t.Errorf("%s, minimize %v: later trials have %v on average, the best %v", name, minimize, late, best)
			}
		}
	}
}

func TestRunSearchFailures(t *testing.T) {
	space := randomSpace(2)
	run := func(ctx context.Context, o optimize.Options, worker optimize.Worker[testbed.Knobs, float64]) ([]optimize.Outcome[testbed.Knobs, float64], error) {
		s, err := search.NewGenetic(space, 60, search.Options{Batch: 10})
		if err != nil {
			t.Fatal(err)
		}
		return optimize.RunSearch(ctx, s, func() optimize.Worker[testbed.Knobs, float64] { return worker }, func(v float64) float64 { return v }, o)
	}
	t.Run("panics and errors", func(t *testing.T) {
		out, err := run(t.Context(), optimize.Options{Workers: 4}, func(_ context.Context, p testbed.Knobs) (float64, error) {
			switch p.A & 3 {
			case 0:
				panic("odd")
			case 1:
				return 0, errors.New("no")
			case 2:
				runtime.Goexit()
			}
			return 1, nil
		})
		if err != nil || len(out) != 60 {
			t.Fatalf("%d outcomes, %v", len(out), err)
		}
		for i, o := range out {
			if (o.Err == nil) != (o.Params.A&3 == 3) {
				t.Errorf("trial %d: %v", i, o.Err)
			}
			if o.Err != nil && !strings.HasPrefix(o.Err.Error(), fmt.Sprintf("trial %d {A:%d", i, o.Params.A)) {
				t.Errorf("trial %d: the error does not say which: %v", i, o.Err)
			}
		}
	})
	t.Run("deadline", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			stuck := make(chan struct{})
			out, err := run(t.Context(), optimize.Options{Workers: 3, TrialTimeout: time.Minute}, func(_ context.Context, p testbed.Knobs) (float64, error) {
				if p.A&1 == 0 {
					<-stuck
				}
				return 1, nil
			})
			close(stuck)
			if err != nil {
				t.Fatal(err)
			}
			for i, o := range out {
				if errors.Is(o.Err, context.DeadlineExceeded) != (o.Params.A&1 == 0) {
					t.Errorf("trial %d %+v: %v", i, o.Params, o.Err)
				}
			}
		})
	})
	t.Run("the context ends", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			out, err := run(ctx, optimize.Options{Workers: 4}, func(ctx context.Context, p testbed.Knobs) (float64, error) {
				<-ctx.Done()
				return 0, ctx.Err()
			})
			if !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("got %v", err)
			}
			for i, o := range out {
				if !errors.Is(o.Err, context.DeadlineExceeded) {
					t.Errorf("trial %d: %v", i, o.Err)
				}
			}
		})
	})
	t.Run("a search that stops short", func(t *testing.T) {
		_, err := optimize.RunSearch(t.Context(), &short{}, func() optimize.Worker[int, float64] {
			return func(context.Context, int) (float64, error) { return 1, nil }
		}, func(v float64) float64 { return v }, optimize.Options{Workers: 2})
		if err == nil || !strings.Contains(err.Error(), "only 3 of its 10") {
			t.Errorf("got %v", err)
		}
	})
}

// short is a search that promises ten trials and proposes three.
type short struct{ asked int }

func (s *short) Len() int { return 10 }
func (s *short) Ask() (t search.Trial[int], ok bool) {
	if s.asked == 3 {
		return t, false
	}
	s.asked++
	return search.Trial[int]{Number: s.asked - 1}, true
}
func (s *short) Tell(int, float64) error { return nil }
