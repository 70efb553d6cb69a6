package main

import (
	"math"
	"testing"

	"github.com/leanovate/gopter"
	"github.com/leanovate/gopter/gen"
	"github.com/leanovate/gopter/prop"
)

// TestShareInterval checks the interval against what it is defined by: at either end the share that was
// seen lies 1.96 standard deviations of that end away.
func TestShareInterval(t *testing.T) {
	properties := gopter.NewProperties(gopter.DefaultTestParametersWithSeed(1))
	properties.Property("ends lie 1.96 deviations away", prop.ForAll(
		func(n, part int) bool {
			k := min(part, n)
			p, low, high := share(k, n)
			away := func(end float64) float64 {
				return (p - end) * (p - end) * float64(n) / (end * (1 - end))
			}
			const z2 = 1.959963984540054 * 1.959963984540054
			near := func(end float64) bool { return math.Abs(away(end)-z2) < 1e-6 }
			const rounding = 1e-12
			return low <= p+rounding && p <= high+rounding && (k == 0 || near(low)) && (k == n || near(high))
		},
		gen.IntRange(1, 500), gen.IntRange(0, 500),
	))
	properties.TestingRun(t)
	if p, low, high := share(0, 0); p != 0 || low != 0 || high != 1 {
		t.Errorf("of nothing the share is %v, from %v to %v", p, low, high)
	}
}

func TestEachOutcomeCounts(t *testing.T) {
	var r result
	for o, times := range map[outcome]int{killed: 5, clocked: 1, equivalent: 3, broken: 2, survived: 4} {
		for range times {
			r.add(Mutant{}, o)
		}
	}
	if r.Killed != 6 || r.TimedOut != 1 || r.Equivalent != 3 || r.Broken != 2 || r.Survived != 4 || len(r.Survivors) != 4 || r.Share != 0.6 {
		t.Errorf("counted %+v", &r)
	}
}
