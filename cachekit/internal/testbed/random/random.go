// Package random makes the bars on which the tests of bundle and ingest try what holds for all bars, and compares
// bars bit for bit. It imports neither, so that the tests within bundle can import it, and takes their type of a
// series for [Series]. Tests alone import it.
package random

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

// Series is bundle.Series.
type Series interface {
	~struct {
		Symbol string
		Times  []int64

		Open, High, Low, Close, Volume, Dividend, Split []float64
	}
}

// A series is a Series whose fields can be told apart here.
type series struct {
	Symbol string
	Times  []int64

	Open, High, Low, Close, Volume, Dividend, Split []float64
}

// columns returns the columns in the order of the fields.
func (s *series) columns() [bar.NumFields]*[]float64 {
	return [bar.NumFields]*[]float64{&s.Open, &s.High, &s.Low, &s.Close, &s.Volume, &s.Dividend, &s.Split}
}

// Columns returns the columns of a series in the order of the fields.
func Columns[S Series](s S) (columns [bar.NumFields][]float64) {
	one := series(s)
	for f, c := range one.columns() {
		columns[f] = *c
	}
	return columns
}

// Walk returns a random walk of daily bars on weekdays from 2010 on, with prices
// in cents.
func Walk[S Series](assets, bars int) []S {
	all := make([]S, assets)
	for i := range all {
		r := rand.New(rand.NewPCG(uint64(i), 1))
		s := series{Symbol: fmt.Sprintf("A%03d", i)}
		price := 100.0
		at := time.Date(2010, 1, 1, 0, 0, 0, 0, time.UTC)
		for len(s.Times) < bars {
			at = at.AddDate(0, 0, 1)
			if at.Weekday() == time.Saturday || at.Weekday() == time.Sunday {
				continue
			}
			open := cents(price * (1 + 0.005*r.NormFloat64()))
			price = cents(math.Max(1, open*(1+0.01*r.NormFloat64())))
			s.Times = append(s.Times, at.UnixNano())
			s.Open = append(s.Open, open)
			s.High = append(s.High, cents(math.Max(open, price)+0.5))
			s.Low = append(s.Low, cents(math.Min(open, price)-0.5))
			s.Close = append(s.Close, price)
			s.Volume = append(s.Volume, float64(r.IntN(1_000_000)))
		}
		all[i] = S(s)
	}
	return all
}

func cents(v float64) float64 { return math.Round(v*100) / 100 }

// A Sample is data that a bundle takes: what properties are tried on.
type Sample[S Series] struct {
	Seed      uint64
	Frequency market.Frequency
	Series    []S
}

// String is what gopter prints of a counterexample.
func (s Sample[S]) String() string { return fmt.Sprintf("sample(%d)", s.Seed) }

// New returns the sample of a seed, of any frequency: few assets of unequal length with gaps, over several
// partitions, with any finite values.
func New[S Series](seed uint64) Sample[S] {
	r := rand.New(rand.NewPCG(seed, 7))
	s := Sample[S]{Seed: seed, Frequency: market.Daily}
	unit := bar.Day
	if r.IntN(2) == 0 {
		s.Frequency, unit = market.Minute, int64(time.Minute)
		if r.IntN(4) == 0 {
			unit = 1 // bars at any nanosecond
		}
	}
	switch r.IntN(6) { // what the bars are called changes nothing but the name
	case 0:
		s.Frequency, unit = market.Yearly+market.Frequency(r.IntN(4)), bar.Day*int64(1+r.IntN(40))
	case 1:
		s.Frequency, unit = market.Minute*market.Frequency(1+r.IntN(300)), int64(time.Hour)
	}
	origin := time.Date(1960+r.IntN(80), time.December, 20, 0, 0, 0, 0, time.UTC).UnixNano()
	symbols := []string{"A", "AA", "BRK.B", `Q"\`, "Ünicode 株", "^GSPC", "BTC/USD"}
	r.Shuffle(len(symbols), func(i, j int) { symbols[i], symbols[j] = symbols[j], symbols[i] })
	optional := r.IntN(4)
	for _, symbol := range symbols[:1+r.IntN(4)] {
		one := series{Symbol: symbol}
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
		s.Series = append(s.Series, S(one))
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

// Properties runs a property on n samples.
func Properties[S Series](t *testing.T, n int, property func(s Sample[S]) string) {
	t.Helper()
	parameters := gopter.DefaultTestParameters()
	parameters.MinSuccessfulTests = n
	p := gopter.NewProperties(parameters)
	p.Property(t.Name(), prop.ForAll(property, gen.UInt64().Map(New[S])))
	p.TestingRun(t)
}

// Sorted returns series by symbol.
func Sorted[S Series](all []S) []S {
	sorted := slices.Clone(all)
	slices.SortFunc(sorted, func(a, b S) int { return cmp.Compare(series(a).Symbol, series(b).Symbol) })
	return sorted
}

// Filtered returns the bars of s whose times are kept.
func Filtered[S Series](s S, keep func(t int64) bool) S {
	from := series(s)
	out := series{Symbol: from.Symbol}
	for i, t := range from.Times {
		if !keep(t) {
			continue
		}
		out.Times = append(out.Times, t)
		columns := from.columns()
		for f, to := range out.columns() {
			if *columns[f] != nil {
				*to = append(*to, (*columns[f])[i])
			}
		}
	}
	return S(out)
}

// Fields returns the columns that a bundle of series has: a bit each, as in bundle.Fields.
func Fields[S Series](all []S) uint8 {
	fields := uint8(1<<bar.Volume - 1)
	for _, s := range all {
		one := series(s)
		for f, c := range one.columns() {
			if *c != nil {
				fields |= 1 << f
			}
		}
	}
	return fields
}

// SameBits reports whether numbers are equal bit for bit.
func SameBits(a, b []float64) bool {
	return slices.EqualFunc(a, b, func(x, y float64) bool { return math.Float64bits(x) == math.Float64bits(y) })
}

// Compare says where bars that were read are not those of want, which are sorted, in the fields and at the times that
// are kept; "" if they are equal bit for bit.
func Compare[S Series](got, want []S, fields uint8, keep func(t int64) bool) string {
	next := 0
	for _, whole := range want {
		s := series(Filtered(whole, keep))
		if len(s.Times) == 0 {
			continue
		}
		if next == len(got) {
			return fmt.Sprintf("asset %q is missing", s.Symbol)
		}
		g := series(got[next])
		next++
		if g.Symbol != s.Symbol || !slices.Equal(g.Times, s.Times) {
			return fmt.Sprintf("asset %q: got %q with %d bars, want %d",
				s.Symbol, g.Symbol, len(g.Times), len(s.Times))
		}
		read := g.columns()
		for f, c := range s.columns() {
			switch {
			case fields&(1<<f) == 0:
				*c = nil
			case *c == nil:
				*c = bar.Pad(nil, len(s.Times), f)
			}
			if !SameBits(*read[f], *c) {
				return fmt.Sprintf("asset %q: %s differs", s.Symbol, bar.Names[f])
			}
		}
	}
	if next != len(got) {
		return fmt.Sprintf("%d assets too many", len(got)-next)
	}
	return ""
}
