package bundle

import (
	"bytes"
	"context"
	"errors"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/bmadventure/optcache/cachekit/market"
)

// checkGroups asserts that rows that were accepted keep the rules of rows.
func checkGroups(t *testing.T, table *table) {
	t.Helper()
	for _, g := range table.groups {
		n := len(g.series.Times)
		for f, c := range g.series.columns() {
			if len(*c) != n && *c != nil {
				t.Errorf("%s has %d values for %d bars", fieldNames[f], len(*c), n)
			}
			for _, v := range *c {
				if math.IsNaN(v) || math.IsInf(v, 0) {
					t.Errorf("%s holds %g", fieldNames[f], v)
				}
			}
		}
		if len(g.lines) != n || g.offsets != nil && len(g.offsets) != n {
			t.Errorf("%d lines and %d offsets for %d bars", len(g.lines), len(g.offsets), n)
		}
	}
	if len(table.first) > maxProblems || table.more > 0 && len(table.first) < maxProblems {
		t.Errorf("%d problems and %d more", len(table.first), table.more)
	}
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
		tb := &table{path: "A.csv"}
		tb.readCSV(t.Context(), bytes.NewReader(data), "A")
		checkGroups(t, tb)
		in := &input{dir: ".", tables: []*table{tb}}
		series, err := in.series()
		if err != nil {
			return
		}
		// What was accepted can be written.
		if _, err := newDataset(context.Background(), in.frequency, series); err != nil {
			t.Errorf("accepted, then refused: %v", err)
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
		tb := &table{path: "x.parquet", rows: true}
		tb.readParquet(t.Context(), file)
		checkGroups(t, tb)
	})
}

func FuzzManifest(f *testing.F) {
	for seed := range uint64(6) {
		s := newSample(seed)
		d, err := newDataset(context.Background(), s.frequency, s.series)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(d.manifest.encode())
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		m, err := parseManifest(text)
		if err != nil {
			return
		}
		if again := m.encode(); !bytes.Equal(again, text) {
			t.Errorf("%q is accepted, but written as %q", text, again)
		}
	})
}

func FuzzFooter(f *testing.F) {
	d, err := newDataset(context.Background(), market.Daily, small())
	if err != nil {
		f.Fatal(err)
	}
	for partition := range d.manifest.partitions {
		var b bytes.Buffer
		if err := d.writeParquet(&b, partition); err != nil {
			f.Fatal(err)
		}
		f.Add(b.Bytes())
	}
	columns := append([]string{"symbol"}, d.manifest.columnNames()...)
	f.Fuzz(func(t *testing.T, data []byte) {
		ends, err := readFooter(bytes.NewReader(data), int64(len(data)), columns, 2)
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

func FuzzParseTime(f *testing.F) {
	for _, text := range []string{"2012-01-03", "2012-01-03T09:31:00Z", "2012-01-03 09:31:00.5-05:00", "2262-04-11 23:47:15", "1677-09-21", "x"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		at, offset, wrong := parseTime(text)
		if wrong != "" {
			return
		}
		wall := at + int64(offset)*1e9
		if at < minTime || at > maxTime || wall < minTime || wall > maxTime {
			t.Errorf("%q is %d at %d", text, at, offset)
		}
		if again, _, wrong := parseTime(formatTime(market.Minute, at)); wrong != "" || again != at {
			t.Errorf("%q: written and read again it is %d, %s", text, again, wrong)
		}
	})
}

func FuzzVersion(f *testing.F) {
	f.Add(Version{1, 2, 255}.String())
	f.Add("")
	f.Fuzz(func(t *testing.T, text string) {
		v, err := ParseVersion(text)
		if err == nil && v.String() != text {
			t.Errorf("%q is read as %s", text, v)
		}
		if err != nil && !v.IsZero() {
			t.Errorf("%q gives %s and an error", text, v)
		}
	})
}

// A manifest that lies about the rows, under its right hash, must not make a
// reader allocate for them, nor panic.
func TestManifestThatLiesAboutRows(t *testing.T) {
	s, v := written(t, market.Daily, small())
	text := string(readFile(t, s.versionPath("b", v, manifestFile)))
	for _, rows := range []string{"5", "60000000"} {
		lie := strings.Replace(text, `"rows":4,`, `"rows":`+rows+`,`, 1)
		if lie == text {
			t.Fatal("nothing was replaced in\n" + text)
		}
		version := versionOf([]byte(lie))
		if err := os.CopyFS(s.versionPath("b", version), os.DirFS(s.versionPath("b", v))); err != nil {
			t.Fatal(err)
		}
		alter(t, s.versionPath("b", version, manifestFile), []byte(lie))
		if _, err := opened(t, s, version).Read(t.Context(), Query{}); !errors.Is(err, ErrDamaged) {
			t.Errorf("%s rows: %v", rows, err)
		}
		if err := s.Verify(t.Context(), "b", version); !errors.Is(err, ErrDamaged) {
			t.Errorf("%s rows: %v", rows, err)
		}
	}
}
