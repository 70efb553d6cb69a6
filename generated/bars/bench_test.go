package bars

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/bmadventure/optcache/cachekit/market"
)

// sizes are the two sizes on which everything is measured.
var sizes = []struct{ assets, bars int }{{50, 252}, {500, 2520}}

// walk returns daily bars, asset by asset. Those of one asset share their symbol,
// as loaders make them.
func walk(assets, bars int) []market.Bar {
	rng := rand.New(rand.NewPCG(1, 2))
	rows := make([]market.Bar, 0, assets*bars)
	for a := range assets {
		symbol := fmt.Sprintf("S%03d", a)
		for d := range bars {
			rows = append(rows, market.Bar{
				Symbol: symbol, Time: time.Date(2010, 1, 1+d, 0, 0, 0, 0, time.UTC),
				Open: rng.Float64(), High: rng.Float64(), Low: rng.Float64(), Close: rng.Float64(), Volume: rng.Float64(),
			})
		}
	}
	return rows
}

// cloned keeps the compiler from leaving the copy out.
var cloned []market.Bar

func BenchmarkGroup(b *testing.B) {
	for _, size := range sizes {
		rows := walk(size.assets, size.bars)
		perSecond := func(b *testing.B) {
			b.ReportMetric(float64(len(rows))*float64(b.N)/b.Elapsed().Seconds()/1e6, "Mrows/s")
		}
		b.Run(fmt.Sprintf("%d/copy", len(rows)), func(b *testing.B) {
			for b.Loop() {
				cloned = slices.Clone(rows)
			}
			perSecond(b)
		})
		group := func(name string) {
			b.Run(fmt.Sprintf("%d/%s", len(rows), name), func(b *testing.B) {
				for b.Loop() {
					if _, err := GroupBars(rows); err != nil {
						b.Fatal(err)
					}
				}
				perSecond(b)
			})
		}
		group("sorted")
		slices.SortStableFunc(rows, func(a, b market.Bar) int { return a.Time.Compare(b.Time) })
		group("dates")
		rand.New(rand.NewPCG(3, 4)).Shuffle(len(rows), func(i, j int) { rows[i], rows[j] = rows[j], rows[i] })
		group("random")
	}
}
