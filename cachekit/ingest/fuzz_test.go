package ingest

import (
	"bytes"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/bmadventure/optcache/cachekit/bundle"
	"github.com/bmadventure/optcache/cachekit/internal/bar"
	"github.com/bmadventure/optcache/cachekit/internal/testbed/random"
	"github.com/bmadventure/optcache/cachekit/market"
	"github.com/bmadventure/optcache/internal/few"
)

// checkGroups asserts that rows that were accepted keep the rules of rows.
func checkGroups(t *testing.T, table *table) {
	t.Helper()
	for _, g := range table.groups {
		n := len(g.times)
		for f, c := range g.columns {
			if len(c) != n && c != nil {
				t.Errorf("%s has %d values for %d bars", bar.Names[f], len(c), n)
			}
			for _, v := range c {
				if math.IsNaN(v) && f != bar.Volume || math.IsInf(v, 0) {
					t.Errorf("%s holds %g", bar.Names[f], v)
				}
			}
		}
		if g.lines.count != n || g.offsets.count != n {
			t.Errorf("%d lines and %d offsets for %d bars", g.lines.count, g.offsets.count, n)
		}
	}
	if len(table.First) > few.Most || table.More > 0 && len(table.First) < few.Most {
		t.Errorf("%d problems and %d more", len(table.First), table.More)
	}
}

// checkProblems asserts that what was refused is told so that it can be found:
// the file, and a line of it wherever a value is at fault, and not the whole
// column of a Parquet file.
func checkProblems(t *testing.T, tb *table, lines int) {
	t.Helper()
	for _, p := range tb.First {
		if p.File != tb.path || p.Message == "" {
			t.Errorf("a problem without its file: %+v", p)
		}
		if p.Line < 0 || p.Line > lines || !tb.rows && p.Line == 0 && p.Value != "" && p.Column != "" {
			t.Errorf("no line of %d: %+v", lines, p)
		}
	}
}

// asCSV writes an asset as a file that is read without a change.
func asCSV(frequency market.Frequency, s bundle.Series) string {
	var b strings.Builder
	b.WriteString("time")
	columns := random.Columns(s)
	for f, c := range columns {
		if c != nil {
			b.WriteString("," + bar.Names[f])
		}
	}
	for i, at := range s.Times {
		b.WriteString("\n" + bar.FormatTime(frequency, at))
		for _, c := range columns {
			if c != nil {
				b.WriteString("," + strconv.FormatFloat(c[i], 'g', -1, 64))
			}
		}
	}
	return b.String()
}

// checkKept asserts that bars that were accepted are kept: written to a store
// they are read back equal bit for bit, and so they are as files of text.
func checkKept(t *testing.T, frequency market.Frequency, series []bundle.Series) {
	t.Helper()
	sorted := random.Sorted(series)
	store := emptyStore(t)
	r, err := store.Write(t.Context(), "b", frequency, series)
	if err != nil {
		t.Fatalf("accepted, then refused: %v", err)
	}
	b := opened(t, store, r.Version)
	bars, err := b.Read(t.Context(), bundle.Query{})
	if err != nil {
		t.Fatal(err)
	}
	if wrong := compareBars(bars, sorted, random.Fields(series)); wrong != "" {
		t.Errorf("written and read again: %s", wrong)
	}
	for i := range sorted {
		tb := &table{path: "again.csv", symbol: sorted[i].Symbol, spool: &spool{dir: t.TempDir(), most: held}}
		tb.readText(t.Context(), strings.NewReader(asCSV(frequency, sorted[i])), nil)
		in := &input{dir: ".", frequency: frequency, tables: []*table{tb}}
		assets, err := in.assets()
		if err != nil {
			t.Fatalf("written as text: %v", err)
		}
		if diff := cmp.Diff(sorted[i], seriesOf(t, assets)[0], toTheBit); diff != "" {
			t.Errorf("written as text and read again (-before +after):\n%s", diff)
		}
	}
}

// toTheBit compares numbers to the last bit.
var toTheBit = cmp.Comparer(func(a, b float64) bool { return math.Float64bits(a) == math.Float64bits(b) })

// seriesOf reads all bars of assets.
func seriesOf(t *testing.T, assets []*assetRows) []bundle.Series {
	t.Helper()
	var all []bundle.Series
	for _, a := range assets {
		s := bundle.Series{Symbol: a.symbol}
		if err := a.Read(t.Context(), 0, a.bars, &s); err != nil {
			t.Fatal(err)
		}
		all = append(all, s)
	}
	return all
}

func FuzzCSV(f *testing.F) {
	for _, text := range []string{
		"", header1, header1 + row1 + row2, "\ufeff" + header1 + row1, strings.ReplaceAll(header1+row1, "\n", "\r\n"),
		header1 + row2 + row1, header1 + "2012-01-03 09:31:00.123456789-05:00,1,2,0,1,5\n", header1 + `"2012-01-03,1`,
		"date,open,high,low,close,volume,split,dividend,x\n2012-01-03,1,2,0,1,5,7,0.1,text\n", header1 + "2012-01-03,NaN,1e999,0x1p4,1_0,-0\n",
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		tb := &table{path: "A.csv", symbol: "A", spool: &spool{dir: t.TempDir(), most: held}}
		tb.readText(t.Context(), bytes.NewReader(data), nil)
		checkGroups(t, tb)
		checkProblems(t, tb, 1+bytes.Count(data, []byte("\n")))
		in := &input{dir: ".", tables: []*table{tb}}
		if assets, err := in.assets(); err == nil {
			checkKept(t, in.frequency, seriesOf(t, assets))
		}
	})
}

func FuzzParquet(f *testing.F) {
	paths, err := filepath.Glob(filepath.Join(foreignFiles, "*.parquet"))
	if err != nil || len(paths) == 0 {
		f.Fatal(paths, err)
	}
	for _, path := range paths {
		data, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		file, err := os.Create(filepath.Join(t.TempDir(), "x.parquet"))
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()
		if _, err := file.Write(data); err != nil {
			t.Fatal(err)
		}
		tb := &table{path: "x.parquet", symbol: "x", rows: true, spool: &spool{dir: t.TempDir(), most: held}}
		tb.readParquet(t.Context(), file, nil)
		checkGroups(t, tb)
		checkProblems(t, tb, math.MaxInt32)
		in := &input{dir: ".", tables: []*table{tb}}
		if assets, err := in.assets(); err == nil && len(assets) > 0 {
			checkKept(t, in.frequency, seriesOf(t, assets))
		}
	})
}
