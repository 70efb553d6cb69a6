package ingest

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/parquet-go/parquet-go"

	"github.com/bmadventure/optcache/cachekit/bundle"
	"github.com/bmadventure/optcache/cachekit/internal/bar"
	"github.com/bmadventure/optcache/cachekit/internal/testbed/random"
	"github.com/bmadventure/optcache/cachekit/market"
)

// The files in testdata/parquet were written by pyarrow 26, polars 2.1 and duckdb
// 2.0, as their names say; all hold the same three bars, on dates or at 09:31.
const foreignFiles = "testdata/parquet"

func copied(t *testing.T, path string) string {
	t.Helper()
	return folder(t, map[string]string{filepath.Base(path): string(readFile(t, path))})
}

func TestForeignParquetIsRead(t *testing.T) {
	const nine31 = 9*3600e9 + 31*60e9 + 123e6
	dates := []int64{18263 * bar.Day, 18264 * bar.Day, 18631 * bar.Day} // 2020-01-02, 2020-01-03, 2021-01-04
	bars := func(offset int64) []bundle.Series {
		return []bundle.Series{
			{Symbol: "A", Times: []int64{dates[1] + offset}, Open: []float64{20}, High: []float64{21}, Low: []float64{19.5},
				Close: []float64{20.5}, Volume: []float64{200}},
			{Symbol: "B", Times: []int64{dates[0] + offset, dates[2] + offset}, Open: []float64{10.5, 11}, High: []float64{12, 12},
				Low: []float64{10, 10.25}, Close: []float64{11, 11.5}, Volume: []float64{100, 300}},
		}
	}
	_, daily := written(t, market.Daily, bars(0))
	_, minute := written(t, market.Minute, bars(nine31))
	paths, err := filepath.Glob(filepath.Join(foreignFiles, "[^r]*.parquet"))
	if err != nil || len(paths) != 11 {
		t.Fatal(paths, err)
	}
	for _, path := range paths {
		want := daily
		if strings.Contains(path, "timestamp") {
			want = minute
		}
		r, err := Dir(t.Context(), emptyStore(t), "b", copied(t, path), Options{})
		if err != nil || r.Version != want {
			t.Errorf("%s: %+v, %v", path, r, err)
		}
	}
}

func TestRefusedParquet(t *testing.T) {
	good := string(readFile(t, filepath.Join(foreignFiles, "polars-date.parquet")))
	for file, want := range map[string]string{
		"refused-list.parquet":    "open: the column is missing",
		"refused-no-rows.parquet": "there is no row",
		"refused-null.parquet":    `refused-null.parquet:2: close: there is no value`,
	} {
		s := emptyStore(t)
		_, err := Dir(t.Context(), s, "b", copied(t, filepath.Join(foreignFiles, file)), Options{})
		refused(t, file, s, err, want)
	}
	for name, c := range map[string]struct{ data, want string }{
		"empty":       {"", "the file is empty"},
		"text":        {header1 + row1, "the file is text and no Parquet file"},
		"cut off":     {good[:len(good)-10], "the file is cut off"},
		"huge footer": {good[:len(good)-8] + "\xff\xff\xff\x7fPAR1", "the file is damaged: its footer would be"},
	} {
		s := emptyStore(t)
		_, err := Dir(t.Context(), s, "b", folder(t, map[string]string{"x.parquet": c.data}), Options{})
		refused(t, name, s, err, c.want)
	}
}

// A priceRow is a row of the Parquet files of these tests.
type priceRow struct {
	Symbol string  `parquet:"symbol"`
	Date   int32   `parquet:"date,date"`
	Open   float64 `parquet:"open"`
	High   float64 `parquet:"high"`
	Low    float64 `parquet:"low"`
	Close  float64 `parquet:"close"`
	Volume int64   `parquet:"volume"`
}

func priceFolder(t *testing.T, files ...[]priceRow) string {
	t.Helper()
	dir := t.TempDir()
	for i, rows := range files {
		if err := parquet.WriteFile(filepath.Join(dir, string(rune('a'+i))+".parquet"), rows); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestRefusedParquetRows(t *testing.T) {
	good := priceRow{Symbol: "A", Date: 15000, Open: 2, High: 3, Low: 1, Close: 2, Volume: 5}
	with := func(change func(*priceRow)) priceRow {
		r := good
		r.Date++
		change(&r)
		return r
	}
	for want, rows := range map[string][]priceRow{
		`.parquet:2: volume: "-5": the volume is negative`:                   {good, with(func(r *priceRow) { r.Volume = -5 })},
		`.parquet:2: high: "0.5": the high is below the low of 1`:            {good, with(func(r *priceRow) { r.High = 0.5 })},
		`.parquet:2: open: "9": the open is outside low 1`:                   {good, with(func(r *priceRow) { r.Open = 9 })},
		`.parquet:2: date: the time is not one of the years 1678 to 2261`:    {good, with(func(r *priceRow) { r.Date = 2_000_000 })},
		`.parquet:2: date: "2011-01-26": it occurs twice, here and in row 1`: {good, with(func(r *priceRow) { r.Date, r.Volume = 15000, 6 })},
		`.parquet:2: symbol: there is no value`:                              {good, with(func(r *priceRow) { r.Symbol = "" })},
		`symbol: "A\nB": the symbol contains a control character`:            {good, with(func(r *priceRow) { r.Symbol = "A\nB" })},
	} {
		s := emptyStore(t)
		_, err := Dir(t.Context(), s, "b", priceFolder(t, rows), Options{})
		refused(t, want, s, err, want)
	}
	s := emptyStore(t)
	_, err := Dir(t.Context(), s, "b", priceFolder(t, []priceRow{good}, []priceRow{with(func(r *priceRow) { r.Date, r.Volume = 15000, 6 })}), Options{})
	refused(t, "one bar in two files", s, err, `asset "A" has two different rows for this time`)

	dir := priceFolder(t, []priceRow{good})
	if err := os.Rename(filepath.Join(dir, "a.parquet"), filepath.Join(dir, "bars.parquet")); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "A.csv"), []byte(header1+row1), 0o644); err != nil {
		t.Fatal(err)
	}
	_, err = Dir(t.Context(), s, "b", dir, Options{})
	refused(t, "CSV and Parquet", s, err, `"A": this symbol is in `+filepath.Join(dir, "A.csv")+" too")
}

func TestOneAssetInManyParquetFiles(t *testing.T) {
	row := func(date int32) priceRow {
		return priceRow{Symbol: "A", Date: date, Open: float64(date + 1), High: float64(date + 1), Low: float64(date + 1), Close: float64(date + 1)}
	}
	s := emptyStore(t)
	r, err := Dir(t.Context(), s, "b", priceFolder(t, []priceRow{row(3), row(1)}, []priceRow{row(2)}, []priceRow{row(0)}), Options{})
	if err != nil {
		t.Fatal(err)
	}
	bars, err := opened(t, s, r.Version).Read(t.Context(), bundle.Query{Fields: bundle.Close})
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]float64{1, 2, 3, 4}, bars.Group(0).Close); d != "" {
		t.Error(d)
	}
}

// A store is input, too: the same values give the same version.
func TestAStoreIsRead(t *testing.T) {
	s, v := written(t, market.Daily, random.Walk[bundle.Series](3, 300))
	r, err := Dir(t.Context(), emptyStore(t), "other", filepath.Join(s.Dir(), "b", "versions", v.String()), Options{})
	if err != nil || r.Version != v {
		t.Errorf("%+v, %v", r, err)
	}
}
