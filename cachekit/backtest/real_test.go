package backtest

import (
	"compress/gzip"
	"encoding/csv"
	"math"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/bmadventure/optcache/cachekit/market"
	"github.com/bmadventure/optcache/internal/shared"
)

func TestSharpeOfSPY(t *testing.T) {
	f, err := os.Open(shared.Path(t, "market", "SPY_benchmark.csv"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var equity []float64
	last := 1.0
	for _, row := range rows[1:] {
		last *= 1 + number(t, row[1])
		equity = append(equity, last)
	}
	m := measureCurve(equity, 252)
	if math.Abs(m.Sharpe-0.5091726535) > 5e-11 {
		t.Errorf("Sharpe %.12f, want 0.5091726535", m.Sharpe)
	}
	if d := differMetrics(m, naiveMetrics(equity, nil, 252)); d != "" {
		t.Error(d)
	}
}

// Real prices have what random ones lack: holidays, jumps, long trends.
func TestRealBarsAgreeWithTheNaiveModel(t *testing.T) {
	var assets [][]market.Bar
	for _, symbol := range []string{"AAPL", "IBM", "KO", "MSFT"} {
		assets = append(assets, realBars(t, symbol))
	}
	bars := mustGroup(t, market.Daily, slices.Concat(assets...))
	for fast := 1; fast < 40; fast += 6 {
		for slow := fast + 1; slow < 220; slow += 37 {
			c := Crossover{Fast: fast, Slow: slow, CostBps: 2}
			got := run(t, bars, c)
			var equities [][]float64
			var profits []float64
			for a, rows := range assets {
				equity, made := naiveRun(rows, c)
				if d := differ(got.equity[a], equity) + differMetrics(got.assets[a], naiveMetrics(equity, made, 252)); d != "" {
					t.Fatalf("%v on %s: %s", c, rows[0].Symbol, d)
				}
				equities, profits = append(equities, equity), append(profits, made...)
			}
			if fast == 1 { // slow to look up, and the same for all
				if d := differMetrics(got.portfolio, naiveMetrics(naivePortfolio(assets, equities), profits, 252)); d != "" {
					t.Fatalf("%v: portfolio: %s", c, d)
				}
			}
		}
	}
}

// realBars reads date, open, high, low, close and volume.
func realBars(t *testing.T, symbol string) []market.Bar {
	t.Helper()
	f, err := os.Open(shared.Path(t, "market", "daily", symbol+".csv.gz"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	unzipped, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	lines, err := csv.NewReader(unzipped).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var rows []market.Bar
	for _, l := range lines[1:] {
		date, err := time.Parse(time.DateOnly, l[0][:10])
		if err != nil {
			t.Fatal(err)
		}
		rows = append(rows, market.Bar{
			Symbol: symbol, Time: date,
			Open: number(t, l[1]), High: number(t, l[2]), Low: number(t, l[3]), Close: number(t, l[4]), Volume: number(t, l[5]),
		})
	}
	return rows
}

func number(t *testing.T, s string) float64 {
	t.Helper()
	x, err := strconv.ParseFloat(s, 64)
	if err != nil {
		t.Fatal(err)
	}
	return x
}
