package footer_test

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/bmadventure/optcache/cachekit/bundle"
	"github.com/bmadventure/optcache/cachekit/internal/footer"
	"github.com/bmadventure/optcache/cachekit/market"
)

// columns are those of the files that storeFiles returns, as they are in the files.
var columns = []string{"symbol", "date", "open", "high", "low", "close", "volume"}

// storeFiles returns the files of a store: two assets, and so two row groups, in each of two years.
func storeFiles(tb testing.TB) [][]byte {
	tb.Helper()
	day := int64(24 * time.Hour)
	times := []int64{14613 * day, 14614 * day, 14615 * day, 14616 * day, 15019 * day} // from 2010-01-04 on
	prices, volumes := []float64{1, 2, 3, 4, 5}, []float64{10, 20, 30, 40, 50}
	var series []bundle.Series
	for _, symbol := range []string{"A000", "A001"} {
		series = append(series, bundle.Series{
			Symbol: symbol, Times: times, Open: prices, High: prices, Low: prices, Close: prices, Volume: volumes,
		})
	}
	store, err := bundle.OpenStore(tb.TempDir())
	if err != nil {
		tb.Fatal(err)
	}
	r, err := store.Write(tb.Context(), "b", market.Daily, series)
	if err != nil {
		tb.Fatal(err)
	}
	paths, err := filepath.Glob(filepath.Join(store.Dir(), "b", "versions", r.Version.String(), "*.parquet"))
	if err != nil || len(paths) != 2 {
		tb.Fatal(paths, err)
	}
	var files [][]byte
	for _, path := range paths {
		data, err := os.ReadFile(path)
		if err != nil {
			tb.Fatal(err)
		}
		files = append(files, data)
	}
	return files
}

// A footer that was cut anywhere, or claims other columns or groups, is refused; so are lengths that no file has.
func TestWhatIsNotTheFooterIsRefused(t *testing.T) {
	ends := func(data []byte, columns []string, groups int) error {
		_, err := footer.Ends(bytes.NewReader(data), int64(len(data)), columns, groups)
		return err
	}
	for _, data := range storeFiles(t) {
		if err := ends(data, columns, 2); err != nil {
			t.Error(err)
		}
		if ends(data, columns, 1) == nil || ends(data, columns, 3) == nil {
			t.Error("another number of row groups is accepted")
		}
		other := slices.Clone(columns)
		other[3], other[4] = other[4], other[3]
		if ends(data, other, 2) == nil || ends(data, columns[:6], 2) == nil {
			t.Error("other columns are accepted")
		}
		for n := range data {
			if ends(data[:n], columns, 2) == nil {
				t.Errorf("%d of %d bytes are accepted", n, len(data))
			}
		}
		huge := append(slices.Clone(data[:len(data)-8]), "\xff\xff\xff\x7fPAR1"...)
		if ends(huge, columns, 2) == nil {
			t.Error("a footer longer than the file is accepted")
		}
	}
}

func FuzzFooter(f *testing.F) {
	for _, data := range storeFiles(f) {
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		ends, err := footer.Ends(bytes.NewReader(data), int64(len(data)), columns, 2)
		if err != nil {
			return
		}
		if len(ends) != 2*len(columns) {
			t.Errorf("%d ends", len(ends))
		}
		for _, end := range ends {
			if end <= 0 || end > int64(len(data)) {
				t.Errorf("a chunk ends at %d of %d bytes", end, len(data))
			}
		}
	})
}
