package bundle

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/leanovate/gopter"
	"github.com/leanovate/gopter/gen"
	"github.com/leanovate/gopter/prop"

	"github.com/bmadventure/optcache/cachekit/internal/bar"
	"github.com/bmadventure/optcache/cachekit/market"
)

// A sample is data that a bundle takes: what properties are tried on.
type sample struct {
	seed      uint64
	frequency market.Frequency
	series    []Series
}

// String is what gopter prints of a counterexample.
func (s sample) String() string { return fmt.Sprintf("sample(%d)", s.seed) }

// samples generates data of both frequencies: few assets of unequal length with
// gaps, over several partitions, with any finite values.
func samples() gopter.Gen {
	return gen.UInt64().Map(newSample)
}

func newSample(seed uint64) sample {
	r := rand.New(rand.NewPCG(seed, 7))
	s := sample{seed: seed, frequency: market.Daily}
	unit := bar.Day
	if r.IntN(2) == 0 {
		s.frequency, unit = market.Minute, int64(time.Minute)
		if r.IntN(4) == 0 {
			unit = 1 // bars at any nanosecond
		}
	}
	origin := time.Date(1960+r.IntN(80), time.December, 20, 0, 0, 0, 0, time.UTC).UnixNano()
	symbols := []string{"A", "AA", "BRK.B", `Q"\`, "Ünicode 株", "^GSPC", "BTC/USD"}
	r.Shuffle(len(symbols), func(i, j int) { symbols[i], symbols[j] = symbols[j], symbols[i] })
	optional := r.IntN(4)
	for _, symbol := range symbols[:1+r.IntN(4)] {
		one := Series{Symbol: symbol}
		t := origin + unit*int64(r.IntN(20))
		for range 1 + r.IntN(40) {
			one.Times = append(one.Times, t)
			t += unit * int64(1+r.IntN(3)*r.IntN(30))
			prices := []float64{finite(r), finite(r), finite(r), finite(r)}
			slices.SortFunc(prices, func(a, b float64) int { return cmp.Compare(a, b) })
			one.Low, one.High = append(one.Low, prices[0]), append(one.High, prices[3])
			one.Open, one.Close = append(one.Open, prices[1+r.IntN(2)]), append(one.Close, prices[1+r.IntN(2)])
			one.Volume = append(one.Volume, math.Abs(finite(r)))
		}
		if optional > 0 && r.IntN(2) == 0 {
			one.Dividend = make([]float64, len(one.Times))
			one.Dividend[r.IntN(len(one.Times))] = 0.25
		}
		if optional > 1 && r.IntN(2) == 0 {
			one.Split = slices.Repeat([]float64{1}, len(one.Times))
			one.Split[r.IntN(len(one.Times))] = 7
		}
		s.series = append(s.series, one)
	}
	return s
}

// finite returns prices mostly, and now and then any finite number.
func finite(r *rand.Rand) float64 {
	if r.IntN(3) > 0 {
		return float64(r.IntN(100_000)) / 100
	}
	for {
		if v := math.Float64frombits(r.Uint64()); !math.IsNaN(v) && !math.IsInf(v, 0) {
			return v
		}
	}
}

// sorted returns the series by symbol.
func (s sample) sorted() []Series {
	sorted := slices.Clone(s.series)
	slices.SortFunc(sorted, func(a, b Series) int { return cmp.Compare(a.Symbol, b.Symbol) })
	return sorted
}

func sameBits(a, b []float64) bool {
	return slices.EqualFunc(a, b, func(x, y float64) bool { return math.Float64bits(x) == math.Float64bits(y) })
}

// compareBars says where bars are not those of series, which are sorted, in the
// fields and the window; "" if they are equal bit for bit.
func compareBars(bars *Bars, series []Series, fields Fields, keep func(t int64) bool) string {
	next := 0
	for i := range series {
		s := filtered(&series[i], keep)
		if len(s.Times) == 0 {
			continue
		}
		if next == len(bars.Assets()) {
			return fmt.Sprintf("asset %q is missing", s.Symbol)
		}
		g := bars.Group(next)
		next++
		if g.Asset != newAsset(s.Symbol) || !slices.Equal(g.Times, s.Times) {
			return fmt.Sprintf("asset %q: got %q with %d bars, want %d", s.Symbol, g.Asset.Symbol, len(g.Times), len(s.Times))
		}
		got := [bar.NumFields][]float64{g.Open, g.High, g.Low, g.Close, g.Volume, g.Dividend, g.Split}
		for f, want := range s.columns() {
			switch {
			case !fields.Has(1 << f):
				*want = nil
			case *want == nil:
				*want = bar.Pad(nil, len(s.Times), f)
			}
			if !sameBits(got[f], *want) {
				return fmt.Sprintf("asset %q: %s differs", s.Symbol, bar.Names[f])
			}
		}
	}
	if next != len(bars.Assets()) {
		return fmt.Sprintf("%d assets too many", len(bars.Assets())-next)
	}
	return ""
}

func filtered(s *Series, keep func(t int64) bool) Series {
	out := Series{Symbol: s.Symbol}
	for i, t := range s.Times {
		if !keep(t) {
			continue
		}
		out.Times = append(out.Times, t)
		from := s.columns()
		for f, to := range out.columns() {
			if *from[f] != nil {
				*to = append(*to, (*from[f])[i])
			}
		}
	}
	return out
}

func always(int64) bool { return true }

// fieldsOf returns the columns that a bundle of series has.
func fieldsOf(series []Series) Fields {
	fields := OHLCV
	for i := range series {
		for f, c := range series[i].columns() {
			if *c != nil {
				fields |= 1 << f
			}
		}
	}
	return fields
}

// properties runs a property on samples, n times.
func properties(t *testing.T, n int, property func(s sample) string) {
	t.Helper()
	parameters := gopter.DefaultTestParameters()
	parameters.MinSuccessfulTests = n
	p := gopter.NewProperties(parameters)
	p.Property(t.Name(), prop.ForAll(func(s sample) string { return property(s) }, samples()))
	p.TestingRun(t)
}
