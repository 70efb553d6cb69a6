package backtest

import (
	"context"
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/bmadventure/optcache/cachekit/bundle"
	"github.com/bmadventure/optcache/cachekit/market"
)

// bars makes daily bars of one asset from pairs of open and close.
func bars(symbol string, prices ...float64) []market.Bar {
	var rows []market.Bar
	for i := 0; i < len(prices); i += 2 {
		rows = append(rows, market.Bar{Symbol: symbol, Time: epoch.AddDate(0, 0, i/2), Open: prices[i], Close: prices[i+1]})
	}
	return rows
}

// Worked by hand: closes 10, 10, 12 give the signal at bar 2, filled at the open
// of 20 of bar 3; closes 12, 22, 5 take it away at bar 4, sold at the open of 30
// of bar 5. The signal of the last close is not filled.
func TestByHand(t *testing.T) {
	rows := bars("KO", 10, 10, 10, 10, 11, 12, 20, 22, 21, 5, 30, 31)
	got := run(t, mustGroup(t, market.Daily, rows), Crossover{Fast: 1, Slow: 2})
	want := []float64{1, 1, 1, 22.0 / 20, 5.0 / 20, 30.0 / 20}
	if d := differ(got.equity[0], want); d != "" {
		t.Errorf("equity %s", d)
	}
	m := got.assets[0]
	if m.Trades != 1 || m.WinRate != 1 || !math.IsInf(m.ProfitFactor, 1) || m.TotalReturn != 0.5 || !near(m.MaxDrawdown, 0.25/1.1-1) {
		t.Errorf("got %+v", m)
	}

	withCost := run(t, mustGroup(t, market.Daily, rows), Crossover{Fast: 1, Slow: 2, CostBps: 100})
	shares := 1 / (20 * 1.01)
	want = []float64{1, 1, 1, 22 * shares, 5 * shares, 30 * shares * 0.99}
	if d := differ(withCost.equity[0], want); d != "" {
		t.Errorf("equity with costs %s", d)
	}
}

func TestAnOpenPositionCountsAtItsMark(t *testing.T) {
	got := run(t, mustGroup(t, market.Daily, bars("KO", 10, 10, 10, 10, 10, 12, 20, 15)), Crossover{Fast: 1, Slow: 2, CostBps: 50})
	m := got.assets[0]
	if m.Trades != 1 || m.WinRate != 0 || m.ProfitFactor != 0 || !near(m.TotalReturn, 15/(20*1.005)-1) {
		t.Errorf("got %+v", m)
	}
}

// What each metric is where its formula has no number.
func TestUndefinedMetrics(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	for _, c := range []struct {
		name   string
		prices []float64
		want   Metrics
	}{
		{"one bar", []float64{10, 10}, Metrics{0, 0, nan, nan, nan, 0, nan, nan, 0}},
		{"two bars", []float64{10, 10, 11, 11}, Metrics{0, 0, nan, nan, nan, 0, nan, nan, 0}},
		{"constant prices", repeat(0.1, 40), Metrics{0, 0, nan, nan, nan, 0, nan, nan, 0}},
		{"a trade that breaks even", []float64{10, 10, 10, 10, 10, 49, 49, 49, 49, 49, 49, 49}, Metrics{0, 0, nan, nan, nan, 0, 0, nan, 1}},
		{"no losses", []float64{10, 10, 10, 10, 10, 11, 11, 22}, Metrics{1, math.Pow(2, 63) - 1, math.Sqrt(63), inf, nan, 0, 1, inf, 1}},
		{"no gains", []float64{10, 10, 10, 10, 10, 11, 11, 5.5}, Metrics{-.5, math.Pow(.5, 63) - 1, -math.Sqrt(63), -.125 * 252 / math.Sqrt(.0625*252), -2, -.5, 0, 0, 1}},
		{"growth beyond all bounds", []float64{1, 1, 1, 1, 1, 1.1, 1, 1e6}, Metrics{1e6 - 1, inf, math.Sqrt(63), inf, nan, 0, 1, inf, 1}},
		{"growth beyond all bounds after a drawdown", []float64{1, 1, 1, 1, 1, 1.1, 1, .5, 1e9, 1e9, 1e9, 1e9}, Metrics{Trades: -1}},
	} {
		got := run(t, mustGroup(t, market.Daily, bars("KO", c.prices...)), Crossover{Fast: 1, Slow: 2})
		if c.want.Trades < 0 { // only the Calmar ratio is of interest
			if m := got.assets[0]; !math.IsInf(m.CAGR, 1) || m.MaxDrawdown != -.5 || m.Calmar == m.Calmar {
				t.Errorf("%s: got %+v, want an infinite CAGR, a drawdown and no Calmar ratio", c.name, m)
			}
			continue
		}
		for _, m := range []Metrics{got.assets[0], got.portfolio} {
			if d := differMetrics(m, c.want); d != "" {
				t.Errorf("%s: %s", c.name, d)
			}
		}
	}
}

func repeat(x float64, n int) []float64 {
	s := make([]float64, n)
	for i := range s {
		s[i] = x
	}
	return s
}

// A NaN of one processor is not that of another, unless it is made one.
func TestEveryNaNIsTheSame(t *testing.T) {
	m := measure(summary{}, trades{}, 252)
	for _, got := range []Metrics{m, run(t, mustGroup(t, market.Daily, bars("KO", 1, 1, 1, 1, 1, 1)), Crossover{Fast: 1, Slow: 2}).assets[0]} {
		for metric, v := range got.All() {
			if v != v && math.Float64bits(v) != math.Float64bits(math.NaN()) {
				t.Errorf("%v is the NaN %x, not %x", metric, math.Float64bits(v), math.Float64bits(math.NaN()))
			}
		}
	}
}

// An empty curve has no metrics; a run has at least one bar.
func TestMetricsOfNothing(t *testing.T) {
	m := measure(summary{}, trades{}, 252)
	for metric, v := range m.All() {
		if metric != Trades && v == v {
			t.Errorf("%v of nothing is %v, want NaN", metric, v)
		}
	}
}

// The portfolio of two assets of which one comes later and misses a day, on dates of all seven weekdays.
func TestPortfolioByHand(t *testing.T) {
	early := bars("A", 10, 10, 10, 10, 10, 12, 20, 22, 22, 22, 22, 44)
	late := bars("B", 9, 9, 9, 9, 1, 1, 1, 2, 4, 8, 8, 8)
	for i := range late {
		late[i].Time = late[i].Time.AddDate(0, 0, 2)
	}
	late[5].Time = late[5].Time.AddDate(0, 0, 1)
	got := run(t, mustGroup(t, market.Daily, append(late, early...)), Crossover{Fast: 1, Slow: 2})
	a := []float64{1, 1, 1, 1.1, 1.1, 1.1} // sold at 22 after a close equal to the one before
	b := []float64{1, 1, 1, 1, 2, 2}       // bought at 4, marked at 8
	if d := differ(got.equity[0], a) + differ(got.equity[1], b); d != "" {
		t.Fatal(d)
	}
	total := []float64{1, 1, 1, 1.05, 1.05, 1.05, 1.55, 1.55}
	if d := differMetrics(got.portfolio, naiveMetrics(total, []float64{.1, 1}, 365)); d != "" {
		t.Error(d)
	}
}

func measureCurve(equity []float64, periods float64) Metrics {
	return measure(summarise(equity), trades{}, periods)
}

// Ten returns whose metrics were worked out from empyrical's formulas by hand.
func TestMetricsOfTenReturns(t *testing.T) {
	var equity []float64
	last := 1.0
	for _, percent := range []float64{0, 1, 10, -4, 2, 3, 2, 1, -10, 0} {
		last *= 1 + percent/100
		equity = append(equity, last)
	}
	m := measureCurve(equity, 252)
	if d := differMetrics(m, naiveMetrics(equity, nil, 252)); d != "" {
		t.Error(d)
	}
	// mean 0.005, squared deviations 0.02325 - 10*0.005^2; downside 0.0016 + 0.01.
	if want := .005 / math.Sqrt((.0235-.00025)/9) * math.Sqrt(252); !near(m.Sharpe, want) {
		t.Errorf("Sharpe %v, want %v", m.Sharpe, want)
	}
	if want := .005 * 252 / (math.Sqrt(.0116/10) * math.Sqrt(252)); !near(m.Sortino, want) {
		t.Errorf("Sortino %v, want %v", m.Sortino, want)
	}
	if !near(m.MaxDrawdown, -.1) {
		t.Errorf("drawdown %v, want -0.1", m.MaxDrawdown)
	}
}

func TestValidate(t *testing.T) {
	for _, c := range []Crossover{{Fast: 1, Slow: 2}, {Fast: 5, Slow: 20, CostBps: 9999}} {
		if err := c.Validate(); err != nil {
			t.Error(err)
		}
	}
	for _, c := range []struct {
		c    Crossover
		says string
	}{
		{Crossover{}, "fast window 0"}, {Crossover{Fast: -3, Slow: 5}, "fast window -3"},
		{Crossover{Fast: 5, Slow: 5}, "slow window 5"}, {Crossover{Fast: 5, Slow: 4}, "slow window 4"},
		{Crossover{Fast: 1, Slow: 2, CostBps: -1}, "cost of -1"}, {Crossover{Fast: 1, Slow: 2, CostBps: 10_000}, "cost of 10000"},
		{Crossover{Fast: 1, Slow: 2, CostBps: math.NaN()}, "cost of NaN"}, {Crossover{Fast: 1, Slow: 2, CostBps: math.Inf(1)}, "cost of +Inf"},
	} {
		err := c.c.Validate()
		if err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%+v: error %v, want one that says %q", c.c, err, c.says)
		}
		if _, err := new(Runner).Run(context.Background(), mustGroup(t, market.Daily, bars("KO", 1, 1)), c.c, nil); err == nil {
			t.Errorf("a runner takes %+v", c.c)
		}
		if _, err := new(Runner).RunAsset(context.Background(), c.c, bundle.Group{}, 252, nil); err == nil {
			t.Errorf("a run takes %+v", c.c)
		}
	}
}

func TestBadPricesAreNamed(t *testing.T) {
	for _, bad := range []float64{0, -1, math.NaN(), math.Inf(1), math.Inf(-1), math.Copysign(0, -1)} {
		for field, at := range map[string]int{"open": 4, "close": 5} {
			prices := repeat(7, 12)
			prices[at] = bad
			_, err := new(Runner).Run(context.Background(), mustGroup(t, market.Daily, bars("KO", prices...)), Crossover{Fast: 2, Slow: 20}, nil)
			if err == nil || !strings.Contains(err.Error(), "KO") || !strings.Contains(err.Error(), field) || !strings.Contains(err.Error(), "2015-01-03") {
				t.Errorf("%s %v: error %v", field, bad, err)
			}
		}
	}
	for _, good := range []float64{math.SmallestNonzeroFloat64, 1e-300, math.MaxFloat64} {
		if !isPrice(good) {
			t.Errorf("%v is no price", good)
		}
	}
}

func TestWhatARunNeeds(t *testing.T) {
	c := Crossover{Fast: 1, Slow: 2}
	if _, err := new(Runner).Run(context.Background(), mustGroup(t, market.Daily, nil), c, nil); err == nil || !strings.Contains(err.Error(), "no bars") {
		t.Errorf("without bars: %v", err)
	}
	g := mustGroup(t, market.Daily, bars("KO", 1, 1, 2, 2)).Group(0)
	g.Open = nil
	if _, err := new(Runner).RunAsset(t.Context(), c, g, 252, make([]float64, 2)); err == nil || !strings.Contains(err.Error(), "read both") {
		t.Errorf("without opens: %v", err)
	}
	stop := errors.New("the user pressed Ctrl-C")
	ctx, cancel := context.WithCancelCause(context.Background())
	visits := 0
	two := append(bars("A", 1, 1), bars("B", 1, 1)...)
	_, err := new(Runner).Run(ctx, mustGroup(t, market.Daily, two), c, func(int, Metrics, []float64) { visits++; cancel(stop) })
	if !errors.Is(err, stop) || visits != 1 {
		t.Errorf("cancelled at the first asset: %v after %d visits", err, visits)
	}
}

func TestATrialAllocatesNothing(t *testing.T) {
	rows := randomWalks(5, 300)
	gapped := mustGroup(t, market.Daily, append(rows[:100:100], rows[110:]...))
	var r Runner
	visit := func(int, Metrics, []float64) {}
	if n := testing.AllocsPerRun(20, func() {
		for i := range benchmarkCrossovers {
			if _, err := r.Run(context.Background(), gapped, &benchmarkCrossovers[i], visit); err != nil {
				t.Fatal(err)
			}
		}
	}); n != 0 {
		t.Errorf("a trial allocates %v times", n)
	}
}

func TestMetricNames(t *testing.T) {
	for i := range metricNames {
		m, err := ParseMetric(Metric(i).String())
		if err != nil || m != Metric(i) {
			t.Errorf("%v: parsed as %v, %v", Metric(i), m, err)
		}
	}
	if _, err := ParseMetric("sharp"); err == nil || !strings.Contains(err.Error(), "sharpe") {
		t.Errorf("an unknown name: %v", err)
	}
	if Metric(200).String() != "Metric(200)" || !math.IsNaN((Metrics{}).Value(200)) {
		t.Error("a metric that does not exist has a name or a value")
	}
	m := Metrics{1, 2, 3, 4, 5, 6, 7, 8, 9}
	want := 0.0
	for metric, v := range m.All() {
		if want++; v != want || m.Value(metric) != want {
			t.Errorf("%v is %v, want %v", metric, v, want)
		}
	}
	if want != 9 {
		t.Errorf("%v metrics, want 9", want)
	}
	for range m.All() {
		break
	}
}
