package robust_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/bits"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/bmadventure/optcache/cachekit/backtest"
	"github.com/bmadventure/optcache/cachekit/internal/testbed"
	"github.com/bmadventure/optcache/cachekit/optimize"
	"github.com/bmadventure/optcache/cachekit/optimize/robust"
	"github.com/bmadventure/optcache/cachekit/search"
)

// randomReturns makes returns with or without an edge; some never change.
func randomReturns(r *rand.Rand, n int, edge float64) []float64 {
	x := make([]float64, n)
	for i := range x {
		x[i] = edge + 0.01*r.NormFloat64()
	}
	return x
}

func TestMonteCarloDoesNotDependOnWorkers(t *testing.T) {
	testbed.Property(t, 100, func(seed uint64) string {
		r := rand.New(rand.NewPCG(seed, 1))
		returns := randomReturns(r, 2+r.IntN(80), 0.001)
		m := robust.MonteCarlo{Samples: 1 + r.IntN(200), Seed: seed, BlockSize: float64(r.IntN(5)), Minimize: r.IntN(2) == 0}
		metrics := []backtest.Metric{backtest.Sharpe, backtest.MaxDrawdown, backtest.Calmar, backtest.CAGR}
		statistic := robust.StatisticOf(metrics[r.IntN(len(metrics))], 252)
		for name, run := range map[string]func(optimize.Options) (robust.Distribution, error){
			"bootstrap": func(o optimize.Options) (robust.Distribution, error) {
				return m.Bootstrap(context.Background(), returns, statistic, o)
			},
			"permutation": func(o optimize.Options) (robust.Distribution, error) {
				return m.Permute(context.Background(), returns, statistic, o)
			},
		} {
			one, err1 := run(optimize.Options{Workers: 1})
			eight, err8 := run(optimize.Options{Workers: 8})
			if d := cmp.Diff(one, eight, testbed.SameBits) + cmp.Diff(err1, err8, testbed.SameBits); d != "" {
				return name + ": " + d
			}
			if err1 == nil && (one.Samples != m.Samples || !(one.PValue > 0 && one.PValue <= 1) || one.Failed < one.Samples && !(one.Low <= one.Median && one.Median <= one.High)) {
				return fmt.Sprintf("%s: %+v", name, one)
			}
		}
		return ""
	})
}

// A permutation of the returns tells nothing of a metric that order cannot change,
// and is refused; so it is for a metric of one's own, and for returns that are all
// alike.
func TestPermutationRefusesWhatOrderCannotChange(t *testing.T) {
	testbed.Property(t, 100, func(seed uint64) string {
		r := rand.New(rand.NewPCG(seed, 1))
		returns := randomReturns(r, 20+r.IntN(80), 0)
		for _, metric := range []backtest.Metric{backtest.TotalReturn, backtest.CAGR, backtest.Sharpe, backtest.Sortino} {
			_, err := robust.MonteCarlo{Samples: 10}.Permute(context.Background(), returns, robust.StatisticOf(metric, 252), optimize.Options{})
			if !errors.Is(err, robust.ErrOrderInvariant) {
				return fmt.Sprintf("%v: %v", metric, err)
			}
		}
		for _, metric := range []backtest.Metric{backtest.MaxDrawdown, backtest.Calmar} {
			if _, err := (robust.MonteCarlo{Samples: 10}).Permute(context.Background(), returns, robust.StatisticOf(metric, 252), optimize.Options{}); err != nil {
				return fmt.Sprintf("%v: %v", metric, err)
			}
		}
		winners := func(x []float64) float64 {
			n := 0.0
			for _, v := range x {
				if v > 0 {
					n++
				}
			}
			return n / float64(len(x))
		}
		if _, err := (robust.MonteCarlo{}).Permute(context.Background(), returns, winners, optimize.Options{}); !errors.Is(err, robust.ErrOrderInvariant) {
			return fmt.Sprintf("share of winners: %v", err)
		}
		same := slices.Repeat([]float64{-0.01}, 30)
		if _, err := (robust.MonteCarlo{}).Permute(context.Background(), same, robust.StatisticOf(backtest.MaxDrawdown, 252), optimize.Options{}); !errors.Is(err, robust.ErrOrderInvariant) {
			return fmt.Sprintf("returns that are alike: %v", err)
		}
		return ""
	})
}

func TestMonteCarloRefuses(t *testing.T) {
	returns := []float64{0.01, -0.02, 0.03}
	sharpe := robust.StatisticOf(backtest.Sharpe, 252)
	for _, c := range []struct {
		m         robust.MonteCarlo
		returns   []float64
		statistic robust.Statistic
		want      string
	}{
		{robust.MonteCarlo{Samples: -1}, returns, sharpe, "-1 samples"},
		{robust.MonteCarlo{Confidence: 1}, returns, sharpe, "confidence 1"},
		{robust.MonteCarlo{Confidence: math.NaN()}, returns, sharpe, "confidence NaN"},
		{robust.MonteCarlo{BlockSize: 0.5}, returns, sharpe, "blocks of 0.5"},
		{robust.MonteCarlo{BlockSize: math.NaN()}, returns, sharpe, "blocks of NaN"},
		{robust.MonteCarlo{}, returns[:1], sharpe, "at least 2"},
		{robust.MonteCarlo{}, []float64{1, math.Inf(1)}, sharpe, "return 1 is +Inf"},
		{robust.MonteCarlo{}, []float64{0, 0, 0}, sharpe, "not a number"},
		{robust.MonteCarlo{}, returns, robust.StatisticOf(backtest.WinRate, 252), "not a number"},
	} {
		_, err := c.m.Bootstrap(t.Context(), c.returns, c.statistic, optimize.Options{})
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: %v, want %q", c.m, err, c.want)
		}
	}
	if _, err := (robust.MonteCarlo{}).Bootstrap(t.Context(), returns, func(x []float64) float64 {
		if x[0] != returns[0] {
			panic("bad statistic")
		}
		return 1
	}, optimize.Options{}); err == nil || !strings.Contains(err.Error(), "bad statistic") {
		t.Errorf("a statistic that panics: %v", err)
	}
}

// Without skill the p-values are spread evenly, with skill they are small; and the
// interval holds the true value about as often as it says.
func TestBootstrapIsCalibrated(t *testing.T) {
	average := func(x []float64) float64 {
		sum := 0.0
		for _, v := range x {
			sum += v
		}
		return sum / float64(len(x))
	}
	const runs = 300
	low, held, found := 0, 0, 0
	for i := range uint64(runs) {
		r := rand.New(rand.NewPCG(i, 77))
		m := robust.MonteCarlo{Samples: 199, Seed: i, BlockSize: 2}
		d, err := m.Bootstrap(t.Context(), randomReturns(r, 200, 0), average, optimize.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if d.PValue <= 0.1 {
			low++
		}
		if d.Low <= 0 && 0 <= d.High {
			held++
		}
		if d, err = m.Bootstrap(t.Context(), randomReturns(r, 200, 0.003), average, optimize.Options{}); err != nil {
			t.Fatal(err)
		}
		if d.PValue <= 0.05 {
			found++
		}
	}
	if low < 18 || low > 50 {
		t.Errorf("%d of %d p-values without skill are at most 0.1, want about 30", low, runs)
	}
	if held < 265 || held > 297 {
		t.Errorf("the interval of 95 %% held the truth %d times of %d", held, runs)
	}
	if found < 285 {
		t.Errorf("an edge of 4 standard errors was found only %d times of %d", found, runs)
	}
}

// The p-value counts as (1+b)/(1+n) says: never 0.
func TestPValue(t *testing.T) {
	falling := []float64{0.05, 0.04, 0.03, 0.02, 0.01, -0.01, -0.02, -0.03, -0.04, -0.05}
	drawdown := robust.StatisticOf(backtest.MaxDrawdown, 252) // is the deepest that an order can have
	worst, err := robust.MonteCarlo{Samples: 99, Minimize: true}.Permute(t.Context(), falling, drawdown, optimize.Options{})
	if err != nil {
		t.Fatal(err)
	}
	best, err := robust.MonteCarlo{Samples: 99}.Permute(t.Context(), falling, drawdown, optimize.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if worst.PValue != 0.01 || best.PValue != 1 {
		t.Errorf("p-values %v and %v, want 0.01 and 1", worst.PValue, best.PValue)
	}
}

func noisy(seed uint64) (robust.Noise, *optimize.Segments, backtest.Crossover) {
	r := rand.New(rand.NewPCG(seed, 2))
	n := robust.Noise{StdDev: 0.001 + 0.1*r.Float64(), Bootstrap: r.IntN(2) == 0, MonteCarlo: robust.MonteCarlo{Samples: 1 + r.IntN(30), Seed: seed}}
	return n, testbed.Segments(testbed.RandomBars(seed), r.IntN(10)), backtest.Crossover{Fast: 1 + r.IntN(2), Slow: 3 + r.IntN(4)}
}

func TestNoiseDoesNotDependOnWorkers(t *testing.T) {
	testbed.Property(t, 80, func(seed uint64) string {
		n, s, strategy := noisy(seed)
		span := optimize.Span{From: int(seed % 3), To: s.Sessions()}
		run := func(workers int) (robust.NoiseResult, error) {
			return n.Test(context.Background(), s, strategy, span, func(p backtest.Performance) float64 { return p.TotalReturn }, optimize.Options{Workers: workers})
		}
		one, err1 := run(1)
		eight, err8 := run(8)
		return cmp.Diff(one, eight, testbed.SameBits) + cmp.Diff(err1, err8, testbed.SameBits)
	})
}

// Noise reaches the strategy: it is not given the bars without noise, which other
// runs use, and these are as they were afterwards.
func TestH2NoiseIsNotNeutralised(t *testing.T) {
	bars := testbed.Wander(t, 300)
	before := bars.Rows()
	s := testbed.Segments(bars, 0)
	span := optimize.Span{To: s.Sessions()}
	for _, resample := range []bool{false, true} {
		n := robust.Noise{StdDev: 0.02, Bootstrap: resample, MonteCarlo: robust.MonteCarlo{Samples: 50}}
		r, err := n.Test(t.Context(), s, backtest.Crossover{Fast: 3, Slow: 10}, span, func(p backtest.Performance) float64 { return p.Sharpe }, optimize.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if !(r.StdDev > 0.01) || r.Mean == r.Observed || r.Degradation == 0 || math.IsNaN(r.Degradation) || r.Worst >= r.Mean {
			t.Errorf("resample %v: %+v", resample, r)
		}
		n.MonteCarlo.Minimize = true
		m, err := n.Test(t.Context(), s, backtest.Crossover{Fast: 3, Slow: 10}, span, func(p backtest.Performance) float64 { return p.Sharpe }, optimize.Options{})
		if err != nil || m.Degradation != -r.Degradation || m.Worst <= m.Mean {
			t.Errorf("minimised: %+v, %v", m, err)
		}
	}
	if d := cmp.Diff(before, bars.Rows()); d != "" {
		t.Errorf("noise stays in the bars: %s", d)
	}
	for _, bad := range []float64{-1, 0.51, math.NaN()} {
		if _, err := (robust.Noise{StdDev: bad}).Test(t.Context(), s, backtest.Crossover{Fast: 3, Slow: 10}, span, func(p backtest.Performance) float64 { return p.Sharpe }, optimize.Options{}); err == nil {
			t.Errorf("deviation %v passes", bad)
		}
	}
}

// Another unit of a parameter, a multiple of the objective and an offset of it
// change nothing; nor does the number of workers.
func TestSensitivityIsScaleFree(t *testing.T) {
	testbed.Property(t, 100, func(seed uint64) string {
		r := rand.New(rand.NewPCG(seed, 1))
		centre, bend := r.Float64(), 1+10*r.Float64()
		run := func(unit, factor, offset float64, workers int) (*robust.SensitivityResult, error) {
			field := func(p *testbed.Knobs) *float64 { return &p.F }
			other := func(p *testbed.Knobs) *float64 { return &p.G }
			space, err := search.NewSpace(
				search.Float("f", 0, 64*unit, unit, field), // powers of 2, so that nothing is rounded
				search.Uniform("g", 0, unit, other),
				search.Choice("kind", func(p *testbed.Knobs) *string { return &p.Kind }, "sma", "ema", "wma"),
				search.Int("a", 1, 1, 1, func(p *testbed.Knobs) *int { return &p.A }),
			)
			if err != nil {
				return nil, err
			}
			s := robust.Sensitivity[testbed.Knobs]{Space: space, Base: testbed.Knobs{F: 32 * unit, G: unit / 2, Kind: "ema", A: 1}}
			return s.Run(context.Background(), func() optimize.Worker[testbed.Knobs, float64] {
				return func(_ context.Context, p testbed.Knobs) (float64, error) {
					f, g := p.F/unit/64, p.G/unit
					v := -bend*(f-centre)*(f-centre) + 0.3*f*g
					if p.Kind == "wma" {
						v--
					}
					return offset + factor*v, nil
				}
			}, optimize.Options{Workers: workers})
		}
		want, err := run(1, 1, 0, 1)
		if err != nil {
			return err.Error()
		}
		if eight, err := run(1, 1, 0, 8); err != nil || cmp.Diff(want, eight, testbed.SameBits) != "" {
			return fmt.Sprintf("workers: %v %v", err, cmp.Diff(want, eight, testbed.SameBits))
		}
		got, err := run(1.0/1024, 8, 3, 4)
		if err != nil {
			return err.Error()
		}
		total := 0.0
		for i, a := range want.Axes {
			b := got.Axes[i]
			if !testbed.Near(a.Share, b.Share) || !testbed.Near(a.Drop, b.Drop) || len(a.Points) != len(b.Points) {
				return fmt.Sprintf("%s: share %v and %v, drop %v and %v", a.Name, a.Share, b.Share, a.Drop, b.Drop)
			}
			total += a.Share
		}
		for i, p := range want.Pairs {
			if !testbed.Near(p.Interaction, got.Pairs[i].Interaction) {
				return fmt.Sprintf("%+v and %+v", p, got.Pairs[i])
			}
		}
		if !testbed.Near(total, 1) || len(want.Pairs) != 1 || want.Axes[3].Share != 0 || len(want.Axes[3].Points) != 1 || !testbed.Near(got.Range, 8*want.Range) {
			return fmt.Sprintf("%+v", want)
		}
		return ""
	})
}

func TestSensitivityTellsSpikesFromPlateaus(t *testing.T) {
	space, err := search.NewSpace(
		search.Int("a", 0, 100, 1, func(p *testbed.Knobs) *int { return &p.A }),
		search.Int("b", 0, 100, 1, func(p *testbed.Knobs) *int { return &p.B }),
	)
	if err != nil {
		t.Fatal(err)
	}
	space.Constrain("a != 51", func(p testbed.Knobs) bool { return p.A != 51 })
	s := robust.Sensitivity[testbed.Knobs]{Space: space, Base: testbed.Knobs{A: 50, B: 50}}
	run := func(s robust.Sensitivity[testbed.Knobs]) (*robust.SensitivityResult, error) {
		return s.Run(t.Context(), func() optimize.Worker[testbed.Knobs, float64] {
			return func(_ context.Context, p testbed.Knobs) (float64, error) {
				switch {
				case p.B == 60:
					return 0, errors.New("failed")
				case p.A == 50: // a spike along a, a plateau along b
					return 1 - math.Abs(float64(p.B-50))/1000, nil
				}
				return 0, nil
			}
		}, optimize.Options{})
	}
	r, err := run(s)
	if err != nil {
		t.Fatal(err)
	}
	a, b := r.Axes[0], r.Axes[1]
	if a.Drop < 0.9 || b.Drop > 0.05 || a.Share < 0.9 || r.Failed == 0 {
		t.Errorf("a: drop %v, share %v; b: drop %v; %d failed", a.Drop, a.Share, b.Drop, r.Failed)
	}
	for _, p := range a.Points {
		if p.Value == 51 {
			t.Error("a point that breaks a rule was tried")
		}
	}
	s.Minimize = true
	if r, err = run(s); err != nil || r.Axes[0].Drop > -0.9 {
		t.Errorf("minimised: %+v, %v", r, err)
	}
	for want, bad := range map[string]robust.Sensitivity[testbed.Knobs]{
		"no point":        {Space: space, Base: testbed.Knobs{A: 51}},
		"the base failed": {Space: space, Base: testbed.Knobs{A: 1, B: 60}},
		"up to 2 of":      {Space: space, Reach: 2},
		"-1 points":       {Space: space, Points: -1},
	} {
		if _, err := run(bad); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}

// The probability of overfitting is what the definition says, worked out with the
// returns themselves.
func TestOverfittingAgreesWithItsDefinition(t *testing.T) {
	testbed.Property(t, 60, func(seed uint64) string {
		r := rand.New(rand.NewPCG(seed, 1))
		blocks := 2 * (1 + r.IntN(4))
		trials, n := 2+r.IntN(12), blocks*(2+r.IntN(6))+r.IntN(blocks)
		returns := make([][]float64, trials)
		for i := range returns {
			returns[i] = randomReturns(r, n, 0.002*r.Float64())
			if r.IntN(6) == 0 {
				clear(returns[i]) // never traded
			}
		}
		got, err := robust.MeasureOverfitting(context.Background(), returns, blocks, optimize.Options{Workers: 1})
		if err != nil {
			return err.Error()
		}
		eight, err := robust.MeasureOverfitting(context.Background(), returns, blocks, optimize.Options{Workers: 8})
		if err != nil || cmp.Diff(got, eight, testbed.SameBits) != "" {
			return fmt.Sprintf("workers: %v, %v", cmp.Diff(got, eight, testbed.SameBits), err)
		}
		sharpe := func(x []float64) float64 {
			s := backtest.Measure(x, 1).Sharpe
			if math.IsNaN(s) {
				return 0
			}
			return s
		}
		size := n / blocks
		splits, below := 0, 0
		for set := range uint(1 << blocks) {
			if bits.OnesCount(set) != blocks/2 {
				continue
			}
			splits++
			var in, out []float64
			for _, x := range returns {
				var chosen, other []float64
				x = x[n-size*blocks:]
				for b := range blocks {
					if part := x[b*size : (b+1)*size]; set>>b&1 != 0 {
						chosen = append(chosen, part...)
					} else {
						other = append(other, part...)
					}
				}
				in, out = append(in, sharpe(chosen)), append(out, sharpe(other))
			}
			best := 0
			for i := range in {
				if in[i] > in[best] {
					best = i
				}
			}
			rank := 0.5 // of the best among the others, ties halved
			for _, v := range out {
				if v < out[best] {
					rank++
				} else if v == out[best] {
					rank += 0.5
				}
			}
			if omega := rank / float64(trials+1); math.Log(omega/(1-omega)) <= 0 {
				below++
			}
		}
		if got.Splits != splits || !testbed.Near(got.Probability, float64(below)/float64(splits)) {
			return fmt.Sprintf("%+v, want %d of %d", got, below, splits)
		}
		return ""
	})
}

func TestOverfittingTellsSkillFromLuck(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	luck := make([][]float64, 60)
	for i := range luck {
		luck[i] = randomReturns(r, 800, 0)
	}
	skill := slices.Clone(luck)
	skill[7] = randomReturns(r, 800, 0.004)
	lucky, err := robust.MeasureOverfitting(t.Context(), luck, robust.DefaultBlocks, optimize.Options{})
	if err != nil {
		t.Fatal(err)
	}
	skilled, err := robust.MeasureOverfitting(t.Context(), skill, robust.DefaultBlocks, optimize.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if lucky.Splits != 12870 || lucky.Probability < 0.2 || skilled.Probability > 0.01 || skilled.ProbabilityOfLoss > 0.01 {
		t.Errorf("luck %+v, skill %+v", lucky, skilled)
	}
	sharpes := func(all [][]float64) (s []float64) {
		for _, x := range all {
			s = append(s, backtest.Measure(x, 1).Sharpe)
		}
		return s
	}
	best := search.Rank(sharpes(luck), false, 1)[0]
	deflated, err := robust.DeflatedSharpeRatio(luck[best], sharpes(luck))
	if err != nil || deflated.Probability > 0.9 || deflated.Trials != 60 {
		t.Errorf("the best of luck: %+v, %v", deflated, err)
	}
	alone, err := robust.DeflatedSharpeRatio(luck[best], sharpes(luck)[best:best+1])
	if err != nil || alone.Expected != 0 || alone.Probability <= deflated.Probability {
		t.Errorf("as the only trial: %+v, %v", alone, err)
	}
	if deflated, err = robust.DeflatedSharpeRatio(skill[7], sharpes(skill)); err != nil || deflated.Probability < 0.99 {
		t.Errorf("skill: %+v, %v", deflated, err)
	}
	failed := append(sharpes(skill), slices.Repeat([]float64{math.NaN()}, 1000)...)
	if more, err := robust.DeflatedSharpeRatio(skill[7], failed); err != nil || more.Trials != 1060 || more.Expected <= deflated.Expected {
		t.Errorf("trials that failed do not count: %+v, %v", more, err)
	}
}

func TestOverfittingRefuses(t *testing.T) {
	x := func(n int) []float64 { return randomReturns(rand.New(rand.NewPCG(1, 1)), n, 0) }
	for _, c := range []struct {
		returns [][]float64
		blocks  int
		want    string
	}{
		{[][]float64{x(40), x(40)}, 7, "7 blocks"}, {[][]float64{x(40), x(40)}, 0, "0 blocks"}, {[][]float64{x(99), x(99)}, 22, "22 blocks"},
		{[][]float64{x(40)}, 8, "1 trials"}, {nil, 8, "0 trials"}, {[][]float64{x(10), x(10)}, 8, "10 returns in 8"},
		{[][]float64{x(40), x(39)}, 8, "trial 1 has 39"}, {[][]float64{x(40), append(x(39), math.NaN())}, 8, "return 39 is NaN"},
	} {
		if _, err := robust.MeasureOverfitting(t.Context(), c.returns, c.blocks, optimize.Options{}); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("got %v, want %q", err, c.want)
		}
	}
	for want, c := range map[string][2][]float64{
		"2 returns":     {{0.1, 0.2}, {1, 2}},
		"all the same":  {{0.5, 0.5, 0.5}, {1, 2}},
		"no Sharpe":     {{0.1, 0.2, 0.3}, {math.NaN()}},
		"there must be": {nil, {1}},
	} {
		if _, err := robust.DeflatedSharpeRatio(c[0], c[1]); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}
