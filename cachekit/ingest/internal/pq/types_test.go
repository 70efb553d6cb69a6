package pq_test

import (
	"bytes"
	"context"
	"errors"
	"math"
	"math/big"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/encoding"
	"github.com/parquet-go/parquet-go/format"

	"github.com/bmadventure/optcache/cachekit/ingest/internal/pq"
)

func open(tb testing.TB, name string) (*pq.File, []byte) {
	tb.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		tb.Fatal(err)
	}
	f, err := pq.Open(bytes.NewReader(data), int64(len(data)), pq.Limits{})
	if err != nil {
		tb.Fatal(name, err)
	}
	return f, data
}

// What other programs write is read as what it means: testdata/make.py has the values.
func TestColumnsOfOtherPrograms(t *testing.T) {
	type column struct {
		kind   pq.Kind
		typ    string
		values []any
	}
	want := map[string]column{
		"date":   {pq.Date, "date", []any{int64(1704153600000000000), nil, int64(-86400000000000)}},
		"wall":   {pq.Wall, "timestamp in ms, no zone", []any{int64(1000000), int64(2000000), nil}},
		"utc":    {pq.Instant, "timestamp in µs, UTC", []any{int64(1000), int64(2000), nil}},
		"berlin": {pq.Instant, "timestamp in ns, UTC", []any{int64(1), int64(2), nil}},
		"price":  {pq.Number, "decimal(18,4)", []any{123.4567, nil, -0.0001}},
		"wide":   {pq.Number, "decimal(38,8)", []any{12345678901234567890.12345678, nil, -1.00000001}},
		"u64":    {pq.Integer, "uint64", []any{int64(math.MaxInt64), int64(1), nil}},
		"u8":     {pq.Integer, "uint8", []any{int64(255), int64(1), nil}},
		"i64":    {pq.Integer, "int64", []any{int64(1<<53 + 1), int64(-1), nil}},
		"large":  {pq.Text, "string", []any{"a", "é", nil}},
		"flag":   {pq.Other, "boolean", nil},
		"list":   {pq.Nested, "list, map or struct", nil},
		"struct": {pq.Nested, "list, map or struct", nil},
		"time":   {pq.Other, "time of day", nil},
		"dict":   {pq.Text, "string", []any{"x", "y", "x"}},
		"half":   {pq.Number, "float16", []any{1.5, nil, -65504.0}},
		"null":   {pq.Integer, "null", []any{nil, nil, nil}},
		"double": {pq.Number, "double", []any{1.0, 2.0, 3.0}},
	}
	for _, name := range []string{"pyarrow.parquet", "pyarrow_v2.parquet", "polars.parquet", "duckdb.parquet"} {
		f, data := open(t, name)
		got, err := contents(t.Context(), data, pq.Limits{})
		if err != nil {
			t.Fatal(name, err)
		}
		read := 0
		for _, c := range f.Columns() {
			w := want[c.Name]
			if c.Kind != w.kind || c.Type != w.typ {
				t.Errorf("%s, %s: kind %d, type %q", name, c.Name, c.Kind, c.Type)
			}
			if w.values == nil {
				continue
			}
			if !slices.Equal(got[read], w.values) {
				t.Errorf("%s, %s: %v", name, c.Name, got[read])
			}
			read++
		}
	}
}

// Zones and indices are found where the programs leave them.
func TestZonesAndIndices(t *testing.T) {
	const index, york = "__index_level_0__", "America/New_York"
	for _, c := range []struct {
		file  string
		index []string
		zones map[string]string
	}{
		{"pyarrow.parquet", nil, map[string]string{"utc": "UTC", "berlin": "Europe/Berlin"}},
		{"polars.parquet", nil, map[string]string{"utc": "UTC", "berlin": "Europe/Berlin"}},
		{"duckdb.parquet", nil, nil},
		{"pandas.parquet", []string{index}, map[string]string{index: york}},
		{"pandas_range.parquet", nil, nil},
		{"int96.parquet", []string{index}, map[string]string{index: york}},
	} {
		f, _ := open(t, c.file)
		if got := f.Index(); !slices.Equal(got, c.index) {
			t.Errorf("%s: the index is %v", c.file, got)
		}
		for _, column := range f.Columns() {
			if column.Zone != c.zones[column.Name] {
				t.Errorf("%s: the zone of %s is %q", c.file, column.Name, column.Zone)
			}
		}
	}
}

// A note that pandas or Arrow left and that does not parse changes nothing but zones.
func TestDamagedNotesAreIgnored(t *testing.T) {
	_, data := open(t, "pandas.parquet")
	want, err := contents(t.Context(), data, pq.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(3, 4))
	for range 500 {
		damaged := rewrite(t, data, func(m *format.FileMetaData) {
			for i := range m.KeyValueMetadata {
				text := []byte(m.KeyValueMetadata[i].Value)
				text[r.IntN(len(text))] = "A{0\"/"[r.IntN(5)]
				m.KeyValueMetadata[i].Value = string(text[:len(text)-r.IntN(2)*r.IntN(len(text))])
			}
		})
		got, err := contents(t.Context(), damaged, pq.Limits{})
		if err != nil || !slices.Equal(got[0], want[0]) || !slices.Equal(got[1], want[1]) {
			t.Fatal(err, got)
		}
	}
}

func TestINT96(t *testing.T) {
	_, data := open(t, "int96.parquet")
	got, err := contents(t.Context(), data, pq.Limits{})
	const first, minute = int64(1704205800e9), int64(60e9)
	if err != nil || !slices.Equal(got[1], []any{first, first + minute, first + 2*minute}) {
		t.Error(got, err)
	}
}

// Decimals are the float64 that is nearest to their text, in whatever way they are stored.
func TestDecimalsAreRoundedOnce(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 9))
	for _, c := range []struct{ bytes, scale, precision int }{
		{0, 4, 18}, {0, 8, 18}, {0, 18, 18}, {5, 2, 11}, {8, 8, 18}, {9, 8, 20}, {16, 30, 38}, {32, 40, 76},
	} {
		of := parquet.Int64Type
		if c.bytes > 0 {
			of = parquet.FixedLenByteArrayType(c.bytes)
		}
		d := drawing{want: make(table, 1), nodes: parquet.Group{"d": parquet.Decimal(c.scale, c.precision, of)}}
		for range 2000 {
			n := big.NewInt(int64(r.Uint64() >> r.IntN(64)))
			v := parquet.Int64Value(n.Int64())
			if c.bytes > 0 {
				b := make([]byte, c.bytes)
				for i := range b {
					b[i] = byte(r.Uint32())
				}
				n, v = new(big.Int).SetBytes(b), parquet.FixedLenByteArrayValue(b)
				if b[0] >= 0x80 {
					n.Sub(n, new(big.Int).Lsh(big.NewInt(1), uint(8*c.bytes)))
				}
			}
			d.rows = append(d.rows, parquet.Row{v.Level(0, 0, 0)})
			d.want[0] = append(d.want[0], nearest(n.String()+"e-"+big.NewInt(int64(c.scale)).String()))
		}
		got, err := contents(t.Context(), d.write(t, &parquet.Zstd), pq.Limits{})
		if err != nil || !slices.Equal(got[0], d.want[0]) {
			t.Errorf("%d bytes, scale %d: not the nearest (%v)", c.bytes, c.scale, err)
		}
	}
}

// Integers that no float64 equals are counted.
func TestRoundedIntegersAreCounted(t *testing.T) {
	f, _ := open(t, "pyarrow.parquet")
	for name, want := range map[string]int{"u64": 1, "i64": 1, "u8": 0} {
		column := slices.IndexFunc(f.Columns(), func(c pq.Column) bool { return c.Name == name })
		err := f.Read(t.Context(), []int{column}, func(b *pq.Batch) error {
			if got := b.Columns[0].Rounded; got != want {
				t.Errorf("%s: %d are rounded", name, got)
			}
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	}
}

// A time that int64 nanoseconds cannot tell is refused with its row.
func TestTimesOutOfRangeAreRefusedByRow(t *testing.T) {
	d := drawing{nodes: parquet.Group{"t": parquet.Timestamp(parquet.Millisecond)}}
	for _, v := range []int64{0, 1, math.MaxInt64 / 1_000_000, math.MaxInt64/1_000_000 + 1} {
		d.rows = append(d.rows, parquet.Row{parquet.Int64Value(v).Level(0, 0, 0)})
	}
	_, err := contents(t.Context(), d.write(t, &parquet.Snappy), pq.Limits{})
	var e *pq.Error
	if !errors.As(err, &e) || e.Row != 4 || e.Column != "t" {
		t.Error(err)
	}
}

// Equal texts are one string: reading them again allocates nothing for each row.
func TestRepeatedTextsAreOneString(t *testing.T) {
	d := drawing{nodes: parquet.Group{"s": parquet.Encoded(parquet.String(), &parquet.Plain)}}
	for i := range 40_000 {
		v := parquet.ByteArrayValue([]byte([]string{"AAPL", "MSFT", "KO"}[i%3]))
		d.rows = append(d.rows, parquet.Row{v.Level(0, 0, 0)})
	}
	data := d.write(t, &parquet.Snappy)
	f, err := pq.Open(bytes.NewReader(data), int64(len(data)), pq.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	allocs := testing.AllocsPerRun(3, func() {
		if err := f.Read(t.Context(), []int{0}, func(*pq.Batch) error { return nil }); err != nil {
			t.Fatal(err)
		}
	})
	if allocs > 1000 {
		t.Errorf("%v allocations for %d rows", allocs, len(d.rows))
	}
}

// Reading ends with ctx, and with the error of the reader.
func TestReadingStops(t *testing.T) {
	f, _ := open(t, "pyarrow.parquet")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := f.Read(ctx, []int{0}, func(*pq.Batch) error { return nil }); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	stop := errors.New("stop")
	if err := f.Read(t.Context(), []int{0}, func(*pq.Batch) error { return stop }); !errors.Is(err, stop) {
		t.Error(err)
	}
	nested := slices.IndexFunc(f.Columns(), func(c pq.Column) bool { return c.Kind == pq.Nested })
	if err := f.Read(t.Context(), []int{nested}, nil); err == nil || !strings.Contains(err.Error(), "list") {
		t.Error(err)
	}
}

// Texts that no price file needs are refused, whatever they would inflate to.
func TestLongTextsAreRefused(t *testing.T) {
	for _, e := range []encoding.Encoding{plain, indexed, lengths, prefixes} {
		d := drawing{nodes: parquet.Group{"s": parquet.Encoded(parquet.String(), e)}}
		for _, n := range []int{10, 4 << 10, 5 << 10} {
			v := parquet.ByteArrayValue(bytes.Repeat([]byte("x"), n))
			d.rows = append(d.rows, parquet.Row{v.Level(0, 0, 0)})
		}
		_, err := contents(t.Context(), d.write(t, &parquet.Snappy), pq.Limits{})
		var e *pq.Error
		if !errors.As(err, &e) || e.Row != 3 || !strings.Contains(e.Message, "4 KiB") {
			t.Error(err)
		}
	}
}
