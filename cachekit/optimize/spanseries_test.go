package optimize

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/leanovate/gopter"
	"github.com/leanovate/gopter/gen"
	"github.com/leanovate/gopter/prop"

	"github.com/bmadventure/optcache/cachekit/backtest"
	"github.com/bmadventure/optcache/cachekit/bundle"
)

// TestSpanSeries: whatever trials ask a tester for, over whatever spans, and whatever room it has, each column
// holds what computing it anew gives, until the trial goes on to the next asset.
func TestSpanSeries(t *testing.T) {
	properties := gopter.NewProperties(gopter.DefaultTestParameters())
	properties.Property("kept series are those computed anew", prop.ForAll(func(seed uint64) string {
		r := rand.New(rand.NewPCG(seed, 5))
		assets := make([][]float64, 1+r.IntN(3))
		for i := range assets {
			for range 1 + r.IntN(80) {
				assets[i] = append(assets[i], 1+r.Float64())
			}
		}
		c := spanSeries{most: int64(r.IntN(8 * 200))}
		hits := 0
		for range 60 {
			from := r.IntN(3)
			span := Span{from, from + 1 + r.IntN(3)}
			for range 1 + r.IntN(4) { // trials
				for i, closes := range assets {
					lo := min(from, len(closes)-1)
					g := bundle.Group{Times: make([]int64, len(closes)-lo), Close: closes[lo:]}
					c.begin(span, i)
					var got, want [][]float64
					for range 1 + r.IntN(3) {
						s := backtest.Series{Indicator: []*backtest.Indicator{backtest.SMA, backtest.EMA, backtest.Returns}[r.IntN(3)], Length: 1 + r.IntN(9)}
						if _, ok := c.columns[assetSeries{i, s}]; ok {
							hits++
						}
						column, err := c.column(t.Context(), g, s)
						if err != nil {
							return err.Error()
						}
						anew := make([]float64, len(g.Times))
						if err := s.Fill(anew, g); err != nil {
							return err.Error()
						}
						got, want = append(got, column), append(want, anew)
					}
					for k := range got {
						if !slices.EqualFunc(got[k], want[k], func(a, b float64) bool { return math.Float64bits(a) == math.Float64bits(b) }) {
							return fmt.Sprintf("column %d of asset %d over %v is %v, not %v", k, i, span, got[k], want[k])
						}
					}
					if c.bytes > c.most {
						return fmt.Sprintf("%d bytes are kept, of %d", c.bytes, c.most)
					}
				}
			}
		}
		if c.most > 8*100 && hits == 0 {
			return "nothing was kept"
		}
		return ""
	}, gen.UInt64()))
	properties.TestingRun(t)
	if _, err := new(spanSeries).column(t.Context(), bundle.Group{}, backtest.Series{}); err == nil {
		t.Error("a series of no indicator is computed")
	}
}
