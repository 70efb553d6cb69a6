package bundle

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/parquet-go/parquet-go"

	"github.com/bmadventure/optcache/cachekit/internal/bar"
	"github.com/bmadventure/optcache/cachekit/market"
)

// TestStoreFilesAreOrdinaryParquet reads a store with the library, as any other
// program would.
func TestStoreFilesAreOrdinaryParquet(t *testing.T) {
	series := walk(3, 300)
	s, v := written(t, market.Daily, series)
	type row struct {
		Symbol string  `parquet:"symbol"`
		Date   int32   `parquet:"date,date"`
		Open   float64 `parquet:"open"`
		High   float64 `parquet:"high"`
		Low    float64 `parquet:"low"`
		Close  float64 `parquet:"close"`
		Volume float64 `parquet:"volume"`
	}
	var got, want []row
	for _, year := range []string{"2010", "2011"} {
		path := s.versionPath("b", v, "bars-"+year+".parquet")
		rows, err := parquet.ReadFile[row](path)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, rows...)
		for _, one := range series {
			for i, at := range one.Times {
				if bar.FormatTime(market.Daily, at)[:4] == year {
					want = append(want, row{one.Symbol, int32(at / bar.Day), one.Open[i], one.High[i], one.Low[i], one.Close[i], one.Volume[i]})
				}
			}
		}
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}
