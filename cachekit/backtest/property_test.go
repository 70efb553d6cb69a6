package backtest

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/leanovate/gopter"
	"github.com/leanovate/gopter/gen"
	"github.com/leanovate/gopter/prop"

	"github.com/bmadventure/optcache/cachekit/bundle"
	"github.com/bmadventure/optcache/cachekit/market"
)

// A scene is everything a run depends on.
type scene struct {
	Seed    uint64
	Assets  int
	Longest int     // bars of the longest asset at most
	Gaps    float64 // share of the bars that are missing
	Step    float64 // cents by which a price moves at most
	Minutes bool

	Rules        int // which strategy
	Short, Extra int // its windows, in bars
	CostBps      float64
}

// strategy returns the strategy of the scene, one of the four kinds.
func (s scene) strategy() Strategy { return s.withCost(s.CostBps) }

func (s scene) withCost(bps float64) Strategy {
	switch s.Rules {
	case 0:
		return Crossover{Fast: s.Short, Slow: s.Short + s.Extra, CostBps: bps}
	case 1:
		return Momentum{Window: s.Short, Threshold: float64(s.Extra-10) * 0.00123, CostBps: bps}
	case 2:
		return Reversion{Window: 1 + s.Short, Entry: -0.1037 * float64(s.Extra), Exit: 0.0213 * float64(s.Extra), CostBps: bps}
	default:
		return Breakout{Entry: s.Short, Exit: s.Extra, CostBps: bps}
	}
}

func (s scene) frequency() market.Frequency {
	if s.Minutes {
		return market.Minute
	}
	return market.Daily
}

// rows makes the bars: assets begin and end at different times, have gaps, and
// move in whole cents, so that prices and averages are often exactly equal.
func (s scene) rows() [][]market.Bar {
	rng := rand.New(rand.NewPCG(s.Seed, 7))
	var assets [][]market.Bar
	for a := range s.Assets {
		first, length := rng.IntN(s.Longest/2+1), 1+rng.IntN(s.Longest)
		cents := 1 + float64(rng.IntN(20_000))
		move := func() float64 {
			cents = max(1, cents+math.Round((2*rng.Float64()-1)*s.Step))
			return cents / 100
		}
		var rows []market.Bar
		for i := range length {
			bar := market.Bar{Symbol: fmt.Sprintf("S%d", a), Time: s.time(first + i), Open: move(), Close: move(), Volume: 1}
			bar.High, bar.Low = max(bar.Open, bar.Close), min(bar.Open, bar.Close)
			if rng.Float64() >= s.Gaps || len(rows) == 0 && i == length-1 {
				rows = append(rows, bar)
			}
		}
		assets = append(assets, rows)
	}
	return assets
}

// time returns the time of slot i: a date, or one of 7 minutes of a date.
func (s scene) time(i int) time.Time {
	if s.Minutes {
		return epoch.AddDate(0, 0, i/7).Add(time.Duration(i%7) * time.Minute)
	}
	return epoch.AddDate(0, 0, i)
}

func scenes() gopter.Gen {
	return gopter.CombineGens(
		gen.UInt64(), gen.IntRange(1, 5), gen.IntRange(1, 300),
		gen.OneConstOf(0.0, 0.05, 0.5), gen.OneConstOf(0.0, 1.0, 5.0, 200.0), gen.Bool(),
		gen.IntRange(0, 3), gen.IntRange(1, 10), gen.IntRange(1, 20), gen.OneConstOf(0.0, 1.0, 35.5, 500.0),
	).Map(func(v []any) scene {
		return scene{
			Seed: v[0].(uint64), Assets: v[1].(int), Longest: v[2].(int),
			Gaps: v[3].(float64), Step: v[4].(float64), Minutes: v[5].(bool),
			Rules: v[6].(int), Short: v[7].(int), Extra: v[8].(int), CostBps: v[9].(float64),
		}
	})
}

// A result is what a run gave, copied.
type result struct {
	portfolio Metrics
	assets    []Metrics
	equity    [][]float64
}

func run(tb testing.TB, bars *bundle.Bars, c Strategy) result {
	tb.Helper()
	var r Runner
	var out result
	m, err := r.Run(context.Background(), bars, c, func(asset int, m Metrics, equity []float64) {
		if asset != len(out.assets) {
			tb.Errorf("asset %d was visited after %d assets", asset, len(out.assets))
		}
		out.assets = append(out.assets, m)
		out.equity = append(out.equity, slices.Clone(equity))
	})
	if err != nil {
		tb.Fatal(err)
	}
	out.portfolio = m
	return out
}

// holds checks a property of scenes; the property returns what is wrong, or "".
func holds(t *testing.T, wrong func(scene) string) {
	t.Helper()
	parameters := gopter.DefaultTestParameters()
	parameters.MinSuccessfulTests = 400
	properties := gopter.NewProperties(parameters)
	properties.Property(t.Name(), prop.ForAll(wrong, scenes()))
	properties.TestingRun(t)
}

func TestAgreesWithTheNaiveModel(t *testing.T) {
	traded, gapped := 0, 0
	holds(t, func(s scene) string {
		assets := s.rows()
		bars := mustGroup(t, s.frequency(), slices.Concat(assets...))
		got := run(t, bars, s.strategy())
		var equities [][]float64
		var profits []float64
		for a, rows := range assets {
			equity, made := naiveRun(rows, s.strategy())
			if d := differ(got.equity[a], equity); d != "" {
				return fmt.Sprintf("asset %d: equity %s", a, d)
			}
			if d := differMetrics(got.assets[a], naiveMetrics(equity, made, bars.PeriodsPerYear())); d != "" {
				return fmt.Sprintf("asset %d: %s", a, d)
			}
			equities, profits = append(equities, equity), append(profits, made...)
			if bars.Group(a).Slots != nil {
				gapped++
			}
		}
		traded += len(profits)
		want := naiveMetrics(naivePortfolio(assets, equities), profits, bars.PeriodsPerYear())
		if d := differMetrics(got.portfolio, want); d != "" {
			return "portfolio: " + d
		}
		return ""
	})
	if traded < 1000 || gapped < 100 {
		t.Errorf("only %d trades and %d assets with gaps were compared: the scenes are too tame", traded, gapped)
	}
}

// differ compares curves to 1e-9.
func differ(got, want []float64) string {
	if len(got) != len(want) {
		return fmt.Sprintf("has %d points, want %d", len(got), len(want))
	}
	for i := range got {
		if !near(got[i], want[i]) {
			return fmt.Sprintf("at %d is %v, want %v", i, got[i], want[i])
		}
	}
	return ""
}

func differMetrics(got, want Metrics) string {
	if got.Trades != want.Trades {
		return fmt.Sprintf("trades %d, want %d", got.Trades, want.Trades)
	}
	for m, v := range got.All() {
		if !near(v, want.Value(m)) {
			return fmt.Sprintf("%v %v, want %v", m, v, want.Value(m))
		}
	}
	return ""
}

func near(a, b float64) bool {
	if a == b || a != a && b != b {
		return true
	}
	return math.Abs(a-b) <= 1e-9*max(1, math.Abs(a), math.Abs(b))
}

// bitsDiffer compares two results bit for bit.
func bitsDiffer(a, b result) string {
	for i := range a.assets {
		if d := metricBitsDiffer(a.assets[i], b.assets[i]); d != "" {
			return fmt.Sprintf("asset %d: %s", i, d)
		}
		for k := range a.equity[i] {
			if math.Float64bits(a.equity[i][k]) != math.Float64bits(b.equity[i][k]) {
				return fmt.Sprintf("asset %d: equity at %d is %v and %v", i, k, a.equity[i][k], b.equity[i][k])
			}
		}
	}
	return metricBitsDiffer(a.portfolio, b.portfolio)
}

func metricBitsDiffer(a, b Metrics) string {
	for m, v := range a.All() {
		if w := b.Value(m); math.Float64bits(v) != math.Float64bits(w) {
			return fmt.Sprintf("%v is %v (%x) and %v (%x)", m, v, math.Float64bits(v), w, math.Float64bits(w))
		}
	}
	return ""
}

// A currency of half the worth doubles all prices, which changes no digit of
// any sum, average or quotient.
func TestDoubledPricesChangeNothing(t *testing.T) {
	holds(t, func(s scene) string {
		rows := slices.Concat(s.rows()...)
		single := run(t, mustGroup(t, s.frequency(), rows), s.strategy())
		for i := range rows {
			rows[i].Open, rows[i].High, rows[i].Low, rows[i].Close = 2*rows[i].Open, 2*rows[i].High, 2*rows[i].Low, 2*rows[i].Close
		}
		return bitsDiffer(single, run(t, mustGroup(t, s.frequency(), rows), s.strategy()))
	})
}

// The equity up to a bar depends on no later bar, and on the bar itself only
// through its prices: other later bars, or none, give the same bits.
func TestDoesNotLookAhead(t *testing.T) {
	holds(t, func(s scene) string {
		rows := s.rows()[0]
		cut := 1 + int(s.Seed%uint64(len(rows)))
		whole := run(t, mustGroup(t, s.frequency(), rows), s.strategy()).equity[0]
		short := run(t, mustGroup(t, s.frequency(), rows[:cut]), s.strategy()).equity[0]
		other := slices.Clone(rows)
		rng := rand.New(rand.NewPCG(s.Seed, 8))
		for i := cut; i < len(other); i++ {
			other[i].Open, other[i].Close = 1+rng.Float64(), 1+rng.Float64()
			other[i].High, other[i].Low = 3, 0.5
		}
		changed := run(t, mustGroup(t, s.frequency(), other), s.strategy()).equity[0]
		if !slices.Equal(whole[:cut], short) {
			return "the bars after the cut change the equity before it"
		}
		if !slices.Equal(whole[:cut], changed[:cut]) {
			return "other bars after the cut change the equity before it"
		}
		return ""
	})
}

func TestCostsOnlyCost(t *testing.T) {
	holds(t, func(s scene) string {
		bars := mustGroup(t, s.frequency(), slices.Concat(s.rows()...))
		dear, free := s.withCost(s.CostBps+7), s.withCost(0)
		with, without := run(t, bars, dear), run(t, bars, free)
		for a := range with.equity {
			if with.assets[a].Trades != without.assets[a].Trades {
				return "costs change the number of trades"
			}
			for i, e := range with.equity[a] {
				if e <= 0 {
					return fmt.Sprintf("equity %v at %d is not positive", e, i)
				}
				if e > without.equity[a][i] {
					return fmt.Sprintf("equity %v at %d is higher with costs than the %v without", e, i, without.equity[a][i])
				}
			}
			if last := len(with.equity[a]) - 1; with.assets[a].Trades > 0 && with.equity[a][last] >= without.equity[a][last] {
				return "trades cost nothing"
			}
		}
		return ""
	})
}

// Metrics gathered while trading, only where the equity changes, are those of
// the whole curve.
func TestMetricsAreThoseOfTheCurve(t *testing.T) {
	holds(t, func(s scene) string {
		bars := mustGroup(t, s.frequency(), slices.Concat(s.rows()...))
		got := run(t, bars, s.strategy())
		for a, equity := range got.equity {
			m := measureCurve(equity, bars.PeriodsPerYear())
			m.Trades, m.WinRate, m.ProfitFactor = got.assets[a].Trades, got.assets[a].WinRate, got.assets[a].ProfitFactor
			if d := differMetrics(m, got.assets[a]); d != "" {
				return d
			}
		}
		return ""
	})
}

// Neither a visit nor what the runner did before matters, nor who runs the asset.
func TestRunsAreIndependent(t *testing.T) {
	var used Runner
	holds(t, func(s scene) string {
		bars := mustGroup(t, s.frequency(), slices.Concat(s.rows()...))
		got := run(t, bars, s.strategy())
		m, err := used.Run(context.Background(), bars, s.strategy(), nil)
		if err != nil {
			return err.Error()
		}
		if d := metricBitsDiffer(m, got.portfolio); d != "" {
			return "a used runner without a visit: " + d
		}
		again := result{portfolio: m}
		for a := range bars.Assets() {
			g := bars.Group(a)
			equity := make([]float64, len(g.Times))
			m, err := new(Runner).RunAsset(t.Context(), s.strategy(), g, bars.PeriodsPerYear(), equity)
			if err != nil {
				return err.Error()
			}
			again.assets, again.equity = append(again.assets, m), append(again.equity, equity)
		}
		return bitsDiffer(got, again)
	})
}
