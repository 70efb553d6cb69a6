package search_test

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/leanovate/gopter"
	"github.com/leanovate/gopter/gen"
	"github.com/leanovate/gopter/prop"

	"github.com/bmadventure/optcache/cachekit/search"
)

type point struct {
	A, B int
	F    float64
	Kind string
}

func a(lo, hi, step int) search.Axis[point] {
	return search.Int("a", lo, hi, step, func(p *point) *int { return &p.A })
}

func b(lo, hi, step int) search.Axis[point] {
	return search.Int("b", lo, hi, step, func(p *point) *int { return &p.B })
}

func f(lo, hi, step float64) search.Axis[point] {
	return search.Float("f", lo, hi, step, func(p *point) *float64 { return &p.F })
}

func kind(values ...string) search.Axis[point] {
	return search.Choice("kind", func(p *point) *string { return &p.Kind }, values...)
}

func TestSpaceOrder(t *testing.T) {
	s, err := search.NewSpace(a(-1, 2, 2), f(0, 0.3, 0.1), kind("sma", "ema"))
	if err != nil {
		t.Fatal(err)
	}
	var got []point
	for cell := range s.Cells() {
		p, ok := s.At(cell)
		if !ok {
			t.Errorf("cell %d is refused without a rule", cell)
		}
		got = append(got, p)
	}
	var want []point
	for _, a := range []int{-1, 1} {
		for _, f := range []float64{0, 0.1, 0.2, 0.3} {
			for _, k := range []string{"sma", "ema"} {
				want = append(want, point{A: a, F: f, Kind: k})
			}
		}
	}
	if d := cmp.Diff(want, got, cmp.Comparer(func(x, y float64) bool { return math.Abs(x-y) < 1e-12 })); d != "" {
		t.Error(d)
	}
	if got, want := s.Constrain("a > 0", func(p point) bool { return p.A > 0 }).String(), "a(2) x f(4) x kind(2) where a > 0"; got != want {
		t.Errorf("String %q, want %q", got, want)
	}
	if d := cmp.Diff([]search.Param{{"a", -1}, {"f", 0.0}, {"kind", "sma"}}, s.Params(want[0])); d != "" {
		t.Error(d)
	}
}

func TestSpaceRefuses(t *testing.T) {
	for _, c := range []struct {
		name string
		axes []search.Axis[point]
		want string
	}{
		{"no axes", nil, "no axis"},
		{"range upside down", []search.Axis[point]{a(5, 1, 1)}, "5:1:1"},
		{"step zero", []search.Axis[point]{a(1, 5, 0)}, "1:5:0"},
		{"step negative", []search.Axis[point]{a(1, 5, -1)}, "1:5:-1"},
		{"float step NaN", []search.Axis[point]{f(0, 1, math.NaN())}, "0:1:NaN"},
		{"float bound Inf", []search.Axis[point]{f(0, math.Inf(1), 1)}, "0:+Inf:1"},
		{"float step tiny", []search.Axis[point]{f(0, 1, 1e-300)}, "is no range"},
		{"no choices", []search.Axis[point]{kind()}, "no values"},
		{"name twice", []search.Axis[point]{a(1, 2, 1), a(1, 2, 1)}, "two of that name"},
		{"too many cells", []search.Axis[point]{a(0, math.MaxInt-1, 1), b(0, 9, 1)}, "more than 2^63"},
	} {
		_, err := search.NewSpace(c.axes...)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q", c.name, err, c.want)
		}
	}
}

// A grid takes what a list of all valid points, thinned evenly, would give.
func TestGridEqualsThinnedList(t *testing.T) {
	params := gopter.DefaultTestParametersWithSeed(1)
	params.MinSuccessfulTests = 500
	properties := gopter.NewProperties(params)
	properties.Property("grid", prop.ForAll(func(na, nb, n int, ruled bool) string {
		s, err := search.NewSpace(a(1, na, 1), b(1, nb, 1))
		if err != nil {
			return err.Error()
		}
		var all []point
		for x := 1; x <= na; x++ {
			for y := 1; y <= nb; y++ {
				if !ruled || x < y {
					all = append(all, point{A: x, B: y})
				}
			}
		}
		if ruled {
			s.Constrain("a < b", func(p point) bool { return p.A < p.B })
		}
		g, err := search.NewGrid(s, n)
		if len(all) == 0 {
			if err == nil {
				return "no cell keeps the rule, and no error"
			}
			return ""
		}
		if err != nil {
			return err.Error()
		}
		want := all
		if n > 0 && n < len(all) {
			want = nil
			for i := range n {
				at := 0
				if n > 1 {
					at = i * (len(all) - 1) / (n - 1)
				}
				want = append(want, all[at])
			}
		}
		var got []point
		for i := range g.Len() {
			got = append(got, g.At(i))
		}
		return cmp.Diff(want, got)
	}, gen.IntRange(1, 12), gen.IntRange(1, 12), gen.IntRange(0, 160), gen.Bool()))
	properties.TestingRun(t)
}

func TestGridOfATrillionCells(t *testing.T) {
	s, err := search.NewSpace(a(1, 1_000_000, 1), b(1, 1_000_000, 1))
	if err != nil {
		t.Fatal(err)
	}
	if p, ok := s.At(999_999_999_999); !ok || p.A != 1_000_000 || p.B != 1_000_000 {
		t.Errorf("last cell %+v", p)
	}
	if _, err := search.NewGrid(s, 0); err == nil || !strings.Contains(err.Error(), "ask for fewer") {
		t.Errorf("all of them: %v", err)
	}
	for _, ruled := range []bool{false, true} {
		if ruled {
			s.Constrain("a < b", func(p point) bool { return p.A < p.B })
		}
		g, err := search.NewGrid(s, 1000)
		if err != nil {
			t.Fatal(err)
		}
		var trials []point
		for i := range g.Len() {
			p := g.At(i)
			if ruled && p.A >= p.B {
				t.Fatalf("%+v breaks the rule", p)
			}
			trials = append(trials, p)
		}
		if ruled && len(trials) < 990 || !ruled && len(trials) != 1000 {
			t.Errorf("ruled %v: %d trials", ruled, len(trials))
		}
		ascending := func(x, y point) int { return (x.A-y.A)*2_000_000 + x.B - y.B }
		if !slices.IsSortedFunc(trials, ascending) || len(slices.Compact(trials)) != g.Len() {
			t.Error("trials are not in grid order or occur twice")
		}
	}
}

func TestGridGivesUpOnARuleThatNothingKeeps(t *testing.T) {
	s, err := search.NewSpace(a(1, 1_000_000, 1), b(1, 1_000_000, 1))
	if err != nil {
		t.Fatal(err)
	}
	s.Constrain("never", func(point) bool { return false })
	if _, err := search.NewGrid(s, 10); err == nil || !strings.Contains(err.Error(), "narrow the axes") {
		t.Errorf("got %v", err)
	}
}

func TestRank(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	values := []float64{1, nan, 3, 3, -inf, inf, 2}
	for _, c := range []struct {
		minimize bool
		n        int
		want     []int
	}{
		{false, 4, []int{5, 2, 3, 6}},
		{true, 3, []int{4, 0, 6}},
		{false, 100, []int{5, 2, 3, 6, 0, 4}},
		{false, 0, []int{}},
	} {
		if got := search.Rank(values, c.minimize, c.n); !slices.Equal(got, c.want) {
			t.Errorf("minimize %v, %d best: %v, want %v", c.minimize, c.n, got, c.want)
		}
	}
}

func ExampleNewSpace() {
	type params struct{ Fast, Slow int }
	space, err := search.NewSpace(
		search.Int("fast", 5, 20, 5, func(p *params) *int { return &p.Fast }),
		search.Int("slow", 10, 40, 10, func(p *params) *int { return &p.Slow }),
	)
	if err != nil {
		fmt.Println(err)
		return
	}
	space.Constrain("fast < slow", func(p params) bool { return p.Fast < p.Slow })
	grid, err := search.NewGrid(space, 4)
	if err != nil {
		fmt.Println(err)
		return
	}
	for trial := range grid.Len() {
		fmt.Printf("%+v\n", grid.At(trial))
	}
	// Output:
	// {Fast:5 Slow:10}
	// {Fast:5 Slow:40}
	// {Fast:15 Slow:20}
	// {Fast:20 Slow:40}
}
