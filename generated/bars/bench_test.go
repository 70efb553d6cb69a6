package bars

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/bmadventure/optcache/cachekit/market"
	"github.com/bmadventure/optcache/cachekit/rt"
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

// cloned and filled keep the compiler from leaving the copies out.
var (
	cloned []market.Bar
	filled []uint64
)

// BenchmarkGroup groups rows sorted by asset, rows in the order of dates and rows in no
// order, in new memory and in the memory of bars made before. Beside it stands
// what a plain copy of the rows costs, and what it costs to set as many words as the
// columns have, each in new memory and in old: the memory sets the pace of all of them. Most of
// the price of new memory is that of its first touch, page by page.
func BenchmarkGroup(b *testing.B) {
	for _, size := range sizes {
		rows := walk(size.assets, size.bars)
		run := func(name string, work func() error) {
			b.Run(fmt.Sprintf("%d/%s", len(rows), name), func(b *testing.B) {
				for b.Loop() {
					if err := work(); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(float64(len(rows))*float64(b.N)/b.Elapsed().Seconds()/1e6, "Mrows/s")
			})
		}
		run("copy/new", func() error { cloned = slices.Clone(rows); return nil })
		run("copy/old", func() error { copy(cloned, rows); return nil })
		fill := func() error {
			for i := range filled {
				filled[i] = uint64(i)
			}
			return nil
		}
		run("fill/new", func() error { filled = rt.RawColumn[uint64](nil, 6*len(rows)); return fill() })
		run("fill/old", fill)
		group := func(order string) {
			run(order+"/new", func() error { _, err := GroupBars(rows); return err })
			bars := new(Bars)
			run(order+"/old", func() error { return bars.Regroup(rows) })
		}
		group("sorted")
		slices.SortFunc(rows, func(a, b market.Bar) int {
			return cmp.Or(a.Time.Compare(b.Time), cmp.Compare(a.Symbol, b.Symbol))
		})
		group("dates")
		rand.New(rand.NewPCG(3, 4)).Shuffle(len(rows), func(i, j int) { rows[i], rows[j] = rows[j], rows[i] })
		group("random")
	}
}

// BenchmarkView takes the views of all groups in turn.
func BenchmarkView(b *testing.B) {
	bars, err := GroupBars(walk(50, 252))
	if err != nil {
		b.Fatal(err)
	}
	n := 0
	for i := 0; b.Loop(); i++ {
		n += len(bars.Group(i % 50).Close)
	}
	if n == 0 {
		b.Error("the views are empty")
	}
}
