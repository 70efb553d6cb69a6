package backtest

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/leanovate/gopter"
	"github.com/leanovate/gopter/gen"
	"github.com/leanovate/gopter/prop"

	"github.com/bmadventure/optcache/cachekit/bundle"
	"github.com/bmadventure/optcache/cachekit/market"
)

var indicators = []*Indicator{SMA, EMA, StdDev, Highest, Lowest, RSI, ATR, Returns}

// Every indicator agrees with its textbook formula, and what it says of a bar
// does not depend on later ones, to the last bit.
func TestIndicatorsAgreeWithTheNaiveModel(t *testing.T) {
	values := 0
	parameters := gopter.DefaultTestParameters()
	parameters.MinSuccessfulTests = 300
	properties := gopter.NewProperties(parameters)
	properties.Property("indicators", prop.ForAll(func(s scene, which, length int) string {
		series := Series{indicators[which], max(length, indicators[which].least)}
		for _, rows := range s.rows() {
			g := mustGroup(t, s.frequency(), rows).Group(0)
			got := fill(t, series, g, len(rows))
			for i := range rows {
				want := naiveSeries(rows[:i+1], series)
				if !near(got[i], want) {
					return fmt.Sprintf("%v at bar %d is %v, want %v", series, i, got[i], want)
				}
				if want == want {
					values++
				}
			}
			cut := 1 + int(s.Seed%uint64(len(rows)))
			g.Times, g.Open, g.High, g.Low, g.Close = g.Times[:cut], g.Open[:cut], g.High[:cut], g.Low[:cut], g.Close[:cut]
			for i, x := range fill(t, series, g, cut) {
				if math.Float64bits(x) != math.Float64bits(got[i]) {
					return fmt.Sprintf("%v at bar %d is %v with the bars after it, %v without", series, i, got[i], x)
				}
			}
		}
		return ""
	}, scenes(), gen.IntRange(0, len(indicators)-1), gen.OneGenOf(gen.IntRange(1, 12), gen.IntRange(1, 120))))
	properties.TestingRun(t)
	if values < 20_000 {
		t.Errorf("only %d values were compared: the scenes are too tame", values)
	}
}

// fill computes a series into a buffer that held something else.
func fill(tb testing.TB, s Series, g bundle.Group, n int) []float64 {
	tb.Helper()
	dst := slices.Repeat([]float64{-7}, n)
	if err := s.Fill(dst, g); err != nil {
		tb.Fatal(err)
	}
	return dst
}

// A large price in one window leaves no trace in the next, however many bars
// there are: sums that add and subtract would keep its rounding errors for ever.
func TestWindowsForget(t *testing.T) {
	var rows []market.Bar
	for i := range 5000 {
		price := 0.01 * float64(1+i%7)
		if i == 100 {
			price = 1e15
		}
		rows = append(rows, market.Bar{Symbol: "A", Time: epoch.AddDate(0, 0, i), Open: price, High: price, Low: price, Close: price})
	}
	g := mustGroup(t, market.Daily, rows).Group(0)
	for _, of := range []*Indicator{SMA, StdDev} {
		s := Series{of, 21} // three times the period: the same numbers in every window
		got := fill(t, s, g, len(rows))
		want := naiveSeries(rows[4000:4200], s)
		for i, x := range got[200:] {
			if math.Abs(x-want) > 1e-15 {
				t.Fatalf("%v at bar %d is %v, want %v", s, 200+i, x, want)
			}
		}
	}
}

func TestConstantPricesDoNotVary(t *testing.T) {
	g := mustGroup(t, market.Daily, bars("A", slices.Repeat([]float64{0.1}, 400)...)).Group(0)
	for i, x := range fill(t, Series{StdDev, 30}, g, 200) {
		if i >= 29 && x != 0 {
			t.Fatalf("the deviation of equal prices is %v at bar %d", x, i)
		}
	}
	for i, x := range fill(t, Series{RSI, 5}, g, 200) {
		if i >= 5 && x != 50 {
			t.Fatalf("the RSI of equal prices is %v at bar %d", x, i)
		}
	}
}

func TestSeriesErrors(t *testing.T) {
	g := mustGroup(t, market.Daily, bars("KO", 1, 1, 2, 2)).Group(0)
	g.High = nil
	for _, c := range []struct {
		series Series
		says   string
	}{
		{Series{}, "no indicator"}, {Series{SMA, 0}, "at least 1"}, {Series{StdDev, 1}, "at least 2"}, {Series{SMA, -1}, "sma(-1)"},
		{Series{ATR, 2}, "without high"}, {Series{Highest, 2}, "on KO"},
	} {
		err := c.series.Fill(make([]float64, 2), g)
		if err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%v: error %v, want one that says %q", c.series, err, c.says)
		}
	}
	if got := Fields(Breakout{Entry: 1, Exit: 1}); got != bundle.Open|bundle.High|bundle.Low|bundle.Close {
		t.Errorf("a breakout reads %v", got)
	}
	if (Series{}).String() == "" || SMA.Name() != "sma" || ATR.Fields() != bundle.High|bundle.Low|bundle.Close {
		t.Error("names or fields are not what they were")
	}
}

func TestNewIndicator(t *testing.T) {
	range_ := NewIndicator("range/1", bundle.High|bundle.Low, func(dst []float64, g bundle.Group, _ int) {
		for i := range dst {
			dst[i] = g.High[i] - g.Low[i]
		}
	})
	rows := bars("KO", 1, 1, 2, 2)
	rows[1].High, rows[1].Low = 3, 1.5
	if got := fill(t, Series{range_, 1}, mustGroup(t, market.Daily, rows).Group(0), 2); got[1] != 1.5 {
		t.Errorf("got %v", got)
	}
	if NewIndicator("sma", 0, range_.compute).Name() == SMA.Name() {
		t.Error("an indicator of the user's takes the name of ours")
	}
	for _, c := range []struct {
		name    string
		compute func([]float64, bundle.Group, int)
	}{{"", range_.compute}, {"x", nil}} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%q is taken", c.name)
				}
			}()
			NewIndicator(c.name, 0, c.compute)
		}()
	}
}

// BenchmarkIndicators reports the time of one value of a series.
func BenchmarkIndicators(b *testing.B) {
	g := mustGroup(b, market.Daily, randomWalks(1, 2520)).Group(0)
	dst := make([]float64, len(g.Times))
	for _, of := range indicators {
		b.Run(of.Name(), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := (Series{of, 50}).Fill(dst, g); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(dst)), "ns/value")
		})
	}
}
