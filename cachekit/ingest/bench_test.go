package ingest

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/bmadventure/optcache/cachekit/bundle"
	"github.com/bmadventure/optcache/cachekit/internal/bar"
	"github.com/bmadventure/optcache/cachekit/internal/testbed/random"
	"github.com/bmadventure/optcache/cachekit/market"
)

// BenchmarkIngest reads CSV files, one an asset, of the two sizes on which everything is measured.
func BenchmarkIngest(b *testing.B) {
	for _, size := range []struct{ assets, bars int }{{50, 252}, {500, 2520}} {
		b.Run(fmt.Sprintf("%dx%d", size.assets, size.bars), func(b *testing.B) {
			benchmarkIngest(b, size.assets, size.bars)
		})
	}
}

func benchmarkIngest(b *testing.B, assets, bars int) {
	dir := b.TempDir()
	for _, s := range random.Walk[bundle.Series](assets, bars) {
		text := []byte(header1)
		for i, t := range s.Times {
			text = fmt.Appendf(text, "%s,%g,%g,%g,%g,%g\n",
				bar.FormatTime(market.Daily, t), s.Open[i], s.High[i], s.Low[i], s.Close[i], s.Volume[i])
		}
		if err := os.WriteFile(filepath.Join(dir, s.Symbol+".csv"), text, 0o644); err != nil {
			b.Fatal(err)
		}
	}
	b.ResetTimer()
	for b.Loop() {
		store, err := bundle.OpenStore(b.TempDir())
		if err != nil {
			b.Fatal(err)
		}
		if _, err := Dir(b.Context(), store, "b", dir, Options{}); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(assets*bars)*float64(b.N)/b.Elapsed().Seconds()/1e6, "Mrows/s")
}
