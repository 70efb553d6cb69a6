package bundle

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/bmadventure/optcache/cachekit/internal/testbed/random"
)

// A sample is data that a bundle takes: what properties are tried on.
type sample = random.Sample[Series]

func newSample(seed uint64) sample { return withGaps(random.New[Series](seed)) }

// withGaps takes some volumes away, or all of an asset: files of other makers lack them, which only a store can tell.
func withGaps(s sample) sample {
	r := rand.New(rand.NewPCG(s.Seed, 23))
	for i := range s.Series {
		one := &s.Series[i]
		switch r.IntN(6) {
		case 0:
			one.Volume = nil
		case 1:
			one.Volume[r.IntN(len(one.Times))] = math.NaN()
		}
	}
	return s
}

// properties runs a property on samples, n times.
func properties(t *testing.T, n int, property func(s sample) string) {
	t.Helper()
	random.Properties(t, n, func(s sample) string { return property(withGaps(s)) })
}

// walk returns a random walk of daily bars on weekdays from 2010 on, with prices
// in cents.
func walk(assets, bars int) []Series { return random.Walk[Series](assets, bars) }

// compareBars says where bars are not those of series, which are sorted, in the
// fields and the window; "" if they are equal bit for bit.
func compareBars(bars *Bars, series []Series, fields Fields, keep func(t int64) bool) string {
	var got []Series
	for i := range bars.Assets() {
		g := bars.Group(i)
		if g.Asset != newAsset(g.Asset.Symbol) {
			return fmt.Sprintf("asset %q has the id %d", g.Asset.Symbol, g.Asset.ID)
		}
		got = append(got, Series{g.Asset.Symbol, g.Times, g.Open, g.High, g.Low, g.Close, g.Volume, g.Dividend, g.Split})
	}
	return random.Compare(got, series, uint8(fields), keep)
}

func always(int64) bool { return true }

// fieldsOf returns the columns that a bundle of series has.
func fieldsOf(series []Series) Fields { return Fields(random.Fields(series)) }
