package bundle

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/bmadventure/optcache/cachekit/internal/bar"
	"github.com/bmadventure/optcache/cachekit/market"
	"github.com/bmadventure/optcache/internal/parallel"
)

// sizes are the two sizes on which everything is measured.
var sizes = []struct{ assets, bars int }{{50, 252}, {500, 2520}}

// walk returns a random walk of daily bars on weekdays from 2010 on, with prices
// in cents.
func walk(assets, bars int) []Series {
	series := make([]Series, assets)
	for i := range series {
		r := rand.New(rand.NewPCG(uint64(i), 1))
		s := Series{Symbol: fmt.Sprintf("A%03d", i)}
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
		series[i] = s
	}
	return series
}

func cents(v float64) float64 { return math.Round(v*100) / 100 }

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

// BenchmarkIngest reads CSV files, one an asset.
func BenchmarkIngest(b *testing.B) {
	forSizes(b, func(b *testing.B, assets, bars int) {
		dir := b.TempDir()
		for _, s := range walk(assets, bars) {
			text := []byte("date,open,high,low,close,volume\n")
			for i, t := range s.Times {
				text = fmt.Appendf(text, "%s,%g,%g,%g,%g,%g\n", bar.FormatTime(market.Daily, t), s.Open[i], s.High[i], s.Low[i], s.Close[i], s.Volume[i])
			}
			if err := os.WriteFile(filepath.Join(dir, s.Symbol+".csv"), text, 0o644); err != nil {
				b.Fatal(err)
			}
		}
		b.ResetTimer()
		for b.Loop() {
			s, err := OpenStore(b.TempDir())
			if err != nil {
				b.Fatal(err)
			}
			if _, err := s.IngestDir(b.Context(), "b", dir, IngestOptions{}); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(assets*bars)*float64(b.N)/b.Elapsed().Seconds()/1e6, "Mrows/s")
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
