package trials

import (
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/leanovate/gopter"
	"github.com/leanovate/gopter/gen"
	"github.com/leanovate/gopter/prop"

	"github.com/bmadventure/optcache/cachekit/search"
)

type point struct {
	N int
	X float64
}

// valuesOf lists the values of an axis that has some.
func valuesOf(t *testing.T, a search.Axis[point], err error, of func(point) any) []any {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	space, err := search.NewSpace(a)
	if err != nil {
		t.Fatal(err)
	}
	var all []any
	for i := range space.Cells() {
		p, _ := space.At(i)
		all = append(all, of(p))
	}
	return all
}

func TestAxisValues(t *testing.T) {
	for spec, want := range map[string][]any{
		"5:20:5":  {5, 10, 15, 20},
		"5:21:5":  {5, 10, 15, 20},
		"3:5":     {3, 4, 5},
		"7":       {7},
		"8| 3 |5": {8, 3, 5},
		"-2:0":    {-2, -1, 0},
	} {
		a, err := wholeAxis("n", spec, func(p *point) *int { return &p.N })
		if d := cmp.Diff(want, valuesOf(t, a, err, func(p point) any { return p.N })); d != "" {
			t.Errorf("%q: %s", spec, d)
		}
	}
	for spec, want := range map[string][]any{
		"0:0.3:0.1":       {0.0, 0.1, 0.2, 0.30000000000000004},
		"1:3":             {1.0, 2.0, 3.0},
		"-1.5":            {-1.5},
		"0.5|0.25":        {0.5, 0.25},
		"log 1e-4:1e-1":   {1e-4, 1e-3, 1e-2, 1e-1},
		"log 1e-3:1e3":    {1e-3, 1e-2, 1e-1, 1.0, 10.0, 100.0, 1000.0},
		"log  1:4:3":      {1.0, 2.0, 4.0},
		"log 1e-300:1e-1": nil,
	} {
		a, err := realAxis("x", spec, func(p *point) *float64 { return &p.X })
		got := valuesOf(t, a, err, func(p point) any { return p.X })
		if want == nil {
			if len(got) != 300 {
				t.Errorf("%q has %d values", spec, len(got))
			}
			continue
		}
		near := cmp.Comparer(func(a, b float64) bool { return math.Abs(a-b) <= 1e-15*math.Abs(b) })
		if d := cmp.Diff(want, got, near); d != "" {
			t.Errorf("%q: %s", spec, d)
		}
	}
	for _, spec := range []string{"any 0:1", "any log 1e-4:1", "normal 0:1:0.5:0.1"} {
		a, err := realAxis("x", spec, func(p *point) *float64 { return &p.X })
		if err != nil {
			t.Errorf("%q: %v", spec, err)
			continue
		}
		space, err := search.NewSpace(a)
		if err != nil || space.Cells() != 0 {
			t.Errorf("%q: %v, %d cells", spec, err, space.Cells())
		}
	}
}

func TestAxisMistakes(t *testing.T) {
	for spec, want := range map[string]string{
		"":                     "no whole number",
		"a:b":                  `"a" is no whole number`,
		"1:2:3:4":              "LO:HI:STEP",
		"9:3":                  "LO must not be above HI",
		"1:3:0":                "STEP must be above 0",
		"1.5":                  "no whole number",
		"log 1:100":            "whole numbers",
		"1||2":                 "no whole number",
		"1e300":                "no whole number",
		"99999999999999999999": "no whole number",
	} {
		_, err := wholeAxis("n", spec, func(p *point) *int { return &p.N })
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("whole %q: %v", spec, err)
		}
	}
	for spec, want := range map[string]string{
		"":               "must be LO:HI:STEP",
		"  ":             "must be LO:HI:STEP",
		"NaN":            "no finite number",
		"1:Inf:1":        "no finite number",
		"2:1:1":          "LO must not be above HI",
		"0:1:-1":         "STEP must be above 0",
		"log 0:1":        "0 < LO < HI",
		"log 1:50":       "no power of ten",
		"log 1:50:1":     "from 2 to",
		"log 1:50:2.5":   "from 2 to",
		"log 1:50:99999": "from 2 to",
		"any 1:2:3":      "must be LO:HI:STEP",
		"normal 0:1":     "must be LO:HI:STEP",
		"lgo 1:10":       "must be LO:HI:STEP",
		"1|":             "no finite number",
	} {
		_, err := realAxis("x", spec, func(p *point) *float64 { return &p.X })
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("real %q: %v", spec, err)
		}
	}
}

// The values of a logarithmic axis rise, stay within its bounds and have one ratio.
func TestLogarithmicAxis(t *testing.T) {
	properties := gopter.NewProperties(nil)
	properties.Property("values rise by one ratio", prop.ForAll(func(lo, width float64, n int) bool {
		hi := lo * (1 + width)
		values, err := logarithmic([]float64{lo, hi, float64(n)})
		if err != nil || len(values) != n || values[0] != lo || values[n-1] != hi {
			return false
		}
		ratio := math.Pow(hi/lo, 1/float64(n-1))
		for i := 1; i < n; i++ {
			if !(values[i] > values[i-1]) || math.Abs(values[i]/values[i-1]/ratio-1) > 1e-9 {
				return false
			}
		}
		return true
	}, gen.Float64Range(1e-9, 1e9), gen.Float64Range(0.01, 1e6), gen.IntRange(2, 50)))
	properties.TestingRun(t)
}
