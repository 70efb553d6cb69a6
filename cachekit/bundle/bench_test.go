package bundle

import (
	"context"
	"fmt"
	"testing"

	"github.com/bmadventure/optcache/cachekit/market"
	"github.com/bmadventure/optcache/internal/parallel"
)

// sizes are the two sizes on which everything is measured.
var sizes = []struct{ assets, bars int }{{50, 252}, {500, 2520}}

// written returns a store that has series as the bundle "b", and its version.
func written(tb testing.TB, frequency market.Frequency, series []Series) (*Store, Version) {
	tb.Helper()
	s, err := OpenStore(tb.TempDir())
	if err != nil {
		tb.Fatal(err)
	}
	r, err := s.Write(context.Background(), "b", frequency, series)
	if err != nil {
		tb.Fatal(err)
	}
	return s, r.Version
}

func opened(tb testing.TB, s *Store, v Version) *Bundle {
	tb.Helper()
	b, err := s.Open("b", v)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { b.Close() })
	return b
}

func forSizes(b *testing.B, run func(b *testing.B, assets, bars int)) {
	for _, size := range sizes {
		b.Run(fmt.Sprintf("%dx%d", size.assets, size.bars), func(b *testing.B) { run(b, size.assets, size.bars) })
	}
}

// decodedBytes is what a read of all columns gives: times and five fields.
func decodedBytes(assets, bars int) int64 { return int64(assets) * int64(bars) * 8 * 6 }

func BenchmarkWrite(b *testing.B) {
	forSizes(b, func(b *testing.B, assets, bars int) {
		series := walk(assets, bars)
		s, err := OpenStore(b.TempDir())
		if err != nil {
			b.Fatal(err)
		}
		b.SetBytes(decodedBytes(assets, bars))
		for i := 0; b.Loop(); i++ {
			series[0].Volume[0] = float64(i) // another version each time
			if _, err := s.Write(b.Context(), "b", market.Daily, series); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkLoad is a read of everything from a bundle that is open.
func BenchmarkLoad(b *testing.B) {
	forSizes(b, func(b *testing.B, assets, bars int) {
		s, v := written(b, market.Daily, walk(assets, bars))
		bundle := opened(b, s, v)
		b.SetBytes(decodedBytes(assets, bars))
		b.ReportAllocs()
		for b.Loop() {
			if _, err := bundle.Read(b.Context(), Query{}); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkOpenAndLoad is what every trial does without a cache.
func BenchmarkOpenAndLoad(b *testing.B) {
	forSizes(b, func(b *testing.B, assets, bars int) {
		s, _ := written(b, market.Daily, walk(assets, bars))
		b.SetBytes(decodedBytes(assets, bars))
		b.ReportAllocs()
		for b.Loop() {
			v, err := s.Current("b")
			if err != nil {
				b.Fatal(err)
			}
			bundle, err := s.Open("b", v)
			if err != nil {
				b.Fatal(err)
			}
			if _, err := bundle.Read(b.Context(), Query{}); err != nil {
				b.Fatal(err)
			}
			bundle.Close()
		}
	})
}

// BenchmarkSHA256 hashes as many bytes as BenchmarkLoad, on all processors: no
// verified load is faster.
func BenchmarkSHA256(b *testing.B) {
	forSizes(b, func(b *testing.B, assets, bars int) {
		column := make([]byte, 8*min(bars, 252))
		columns := int(decodedBytes(assets, bars)) / len(column)
		b.SetBytes(int64(columns * len(column)))
		for b.Loop() {
			err := parallel.ForEach(b.Context(), columns, columns, func() func(int) error {
				h := newLeafHasher()
				return func(int) error {
					h.leaf("A", "close", floatType, "2012", len(column)/8, column)
					return nil
				}
			})
			if err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkOpen reads and verifies a manifest.
func BenchmarkOpen(b *testing.B) {
	forSizes(b, func(b *testing.B, assets, bars int) {
		s, v := written(b, market.Daily, walk(assets, bars))
		b.ReportAllocs()
		for b.Loop() {
			bundle, err := s.Open("b", v)
			if err != nil {
				b.Fatal(err)
			}
			bundle.Close()
		}
	})
}

// BenchmarkAssetList opens the current version and lists its assets, as a trial
// without a cache does.
func BenchmarkAssetList(b *testing.B) {
	forSizes(b, func(b *testing.B, assets, bars int) {
		s, _ := written(b, market.Daily, walk(assets, bars))
		b.ReportAllocs()
		for b.Loop() {
			v, err := s.Current("b")
			if err != nil {
				b.Fatal(err)
			}
			bundle, err := s.Open("b", v)
			if err != nil {
				b.Fatal(err)
			}
			if bundle.List().Len() != assets {
				b.Fatal("assets are missing")
			}
			bundle.Close()
		}
	})
}

// BenchmarkKey is the key of some assets, which is not remembered.
func BenchmarkKey(b *testing.B) {
	forSizes(b, func(b *testing.B, assets, bars int) {
		s, v := written(b, market.Daily, walk(assets, bars))
		bundle := opened(b, s, v)
		var symbols []string
		for _, a := range bundle.Assets() {
			symbols = append(symbols, a.Symbol)
		}
		for b.Loop() {
			if _, err := bundle.Key(Query{Symbols: symbols}); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkCurrent(b *testing.B) {
	forSizes(b, func(b *testing.B, assets, bars int) {
		s, _ := written(b, market.Daily, walk(assets, bars))
		b.ReportAllocs()
		for b.Loop() {
			if _, err := s.Current("b"); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkCalendar is how many bars make a year, which every load decides.
func BenchmarkCalendar(b *testing.B) {
	forSizes(b, func(b *testing.B, assets, bars int) {
		s, v := written(b, market.Daily, walk(assets, bars))
		read, err := opened(b, s, v).Read(b.Context(), Query{})
		if err != nil {
			b.Fatal(err)
		}
		b.ReportAllocs()
		for b.Loop() {
			read.calendar = read.decide(reader{})
		}
	})
}

// BenchmarkLoadAdjusted is BenchmarkLoad of bars that are adjusted.
func BenchmarkLoadAdjusted(b *testing.B) {
	forSizes(b, func(b *testing.B, assets, bars int) {
		series := walk(assets, bars)
		for i := range series {
			series[i].Split, series[i].Dividend = make([]float64, bars), make([]float64, bars)
			series[i].Split[bars/2] = 2
		}
		s, v := written(b, market.Daily, series)
		bundle := opened(b, s, v)
		for _, how := range []Adjust{AdjustNone, AdjustAll} {
			b.Run(how.String(), func(b *testing.B) {
				b.SetBytes(decodedBytes(assets, bars))
				b.ReportAllocs()
				for b.Loop() {
					if _, err := bundle.Read(b.Context(), Query{Adjust: how, Prices: RawPrices}); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	})
}
