package pq_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/compress"
	"github.com/parquet-go/parquet-go/encoding"

	"github.com/bmadventure/optcache/cachekit/ingest/internal/pq"
)

// A table is what a file holds: of each column and row a float64, int64 or string, or nil where there is none.
type table [][]any

// contents reads all columns that are read.
func contents(ctx context.Context, data []byte, limits pq.Limits) (table, error) {
	f, err := pq.Open(bytes.NewReader(data), int64(len(data)), limits)
	if err != nil {
		return nil, err
	}
	var columns []int
	for i, c := range f.Columns() {
		if c.Kind != pq.Other && c.Kind != pq.Nested {
			columns = append(columns, i)
		}
	}
	result := make(table, len(columns))
	rows := int64(0)
	err = f.Read(ctx, columns, func(b *pq.Batch) error {
		if b.First != rows {
			return fmt.Errorf("a batch begins with row %d, not %d", b.First, rows)
		}
		rows += int64(b.Len)
		for i, c := range columns {
			for row := range b.Len {
				result[i] = append(result[i], value(f.Columns()[c].Kind, &b.Columns[i], row))
			}
		}
		return nil
	})
	if err == nil && rows != f.Rows() {
		err = fmt.Errorf("%d rows were read of %d", rows, f.Rows())
	}
	return result, err
}

func value(kind pq.Kind, v *pq.Values, row int) any {
	switch {
	case v.Missing[row]:
		return nil
	case kind == pq.Number:
		return v.Numbers[row]
	case kind == pq.Integer:
		return v.Ints[row]
	case kind == pq.Text:
		return v.Texts[row]
	}
	return v.Times[row]
}

// codecs are all that are read. The library writes them all.
var codecs = map[string]compress.Codec{
	"none": &parquet.Uncompressed, "snappy": &parquet.Snappy, "gzip": &parquet.Gzip, "brotli": &parquet.Brotli,
	"zstd": &parquet.Zstd, "lz4": &parquet.Lz4Raw,
}

// kinds are columns as programs write them, in each of the encodings, and random values of them.
var kinds = []struct {
	of        parquet.Type
	encodings []encoding.Encoding
	draw      func(*rand.Rand) (parquet.Value, any)
}{
	{parquet.DoubleType, []encoding.Encoding{plain, indexed, split}, drawDouble},
	{parquet.FloatType, []encoding.Encoding{plain, indexed, split}, drawFloat},
	{parquet.Int64Type, []encoding.Encoding{plain, indexed, deltas}, drawInt64},
	{parquet.Int32Type, []encoding.Encoding{plain, indexed, deltas}, drawInt32},
	{parquet.String().Type(), []encoding.Encoding{plain, indexed, lengths, prefixes}, drawText},
	{parquet.Timestamp(parquet.Microsecond).Type(), []encoding.Encoding{plain, deltas}, drawMicros},
	{parquet.Decimal(4, 18, parquet.Int64Type).Type(), []encoding.Encoding{plain, indexed}, drawDecimal},
}

var (
	plain, indexed    = &parquet.Plain, &parquet.RLEDictionary
	split, deltas     = &parquet.ByteStreamSplit, &parquet.DeltaBinaryPacked
	lengths, prefixes = &parquet.DeltaLengthByteArray, &parquet.DeltaByteArray
)

// A drawing is a random file.
type drawing struct {
	nodes   parquet.Group
	rows    []parquet.Row
	want    table
	options []parquet.WriterOption
}

func draw(r *rand.Rand) drawing {
	d := drawing{nodes: make(parquet.Group), options: []parquet.WriterOption{
		parquet.DataPageVersion(1 + r.IntN(2)), parquet.PageBufferSize(64 << r.IntN(10)),
		parquet.MaxRowsPerRowGroup(1 + r.Int64N(3000)),
	}}
	d.rows = make([]parquet.Row, []int{0, 1, r.IntN(100), r.IntN(9000)}[r.IntN(4)])
	d.want = make(table, 1+r.IntN(6))
	for c := range d.want {
		k := kinds[r.IntN(len(kinds))]
		n := parquet.Encoded(parquet.Leaf(k.of), k.encodings[r.IntN(len(k.encodings))])
		nulls := []float64{0, 0, 0.1, 0.9, 1}[r.IntN(5)]
		if nulls > 0 {
			n = parquet.Optional(n)
		}
		d.nodes[fmt.Sprintf("c%02d", c)] = n
		same := r.IntN(3) == 0
		value, want := k.draw(r)
		for i := range d.rows {
			if !same {
				value, want = k.draw(r)
			}
			if r.Float64() < nulls {
				d.rows[i], d.want[c] = append(d.rows[i], parquet.Value{}.Level(0, 0, c)), append(d.want[c], nil)
				continue
			}
			level := 0
			if nulls > 0 {
				level = 1
			}
			d.rows[i], d.want[c] = append(d.rows[i], value.Level(0, level, c)), append(d.want[c], want)
		}
	}
	return d
}

func (d *drawing) write(tb testing.TB, codec compress.Codec) []byte {
	tb.Helper()
	var file bytes.Buffer
	w := parquet.NewWriter(&file, append(slices.Clone(d.options), parquet.NewSchema("t", d.nodes),
		parquet.Compression(codec))...)
	if _, err := w.WriteRows(d.rows); err != nil {
		tb.Fatal(err)
	}
	if err := w.Close(); err != nil {
		tb.Fatal(err)
	}
	return file.Bytes()
}

func drawDouble(r *rand.Rand) (parquet.Value, any) {
	v := []float64{0, 1.5, r.Float64() * 100, r.NormFloat64(), math.Inf(1)}[r.IntN(5)]
	return parquet.DoubleValue(v), v
}

func drawFloat(r *rand.Rand) (parquet.Value, any) {
	v := []float32{0, -1.5, r.Float32()}[r.IntN(3)]
	return parquet.FloatValue(v), float64(v)
}

func drawInt64(r *rand.Rand) (parquet.Value, any) {
	v := []int64{0, r.Int64N(1000), int64(r.Uint64()), math.MinInt64, math.MaxInt64}[r.IntN(5)]
	return parquet.Int64Value(v), v
}

func drawInt32(r *rand.Rand) (parquet.Value, any) {
	v := []int32{0, r.Int32N(1000), int32(r.Uint32()), math.MinInt32, math.MaxInt32}[r.IntN(5)]
	return parquet.Int32Value(v), int64(v)
}

func drawText(r *rand.Rand) (parquet.Value, any) {
	v := []string{"", "AAPL", fmt.Sprint("A", r.IntN(50)), strings.Repeat("x", r.IntN(300)) + "é"}[r.IntN(4)]
	return parquet.ByteArrayValue([]byte(v)), v
}

func drawMicros(r *rand.Rand) (parquet.Value, any) {
	v := r.Int64N(4e15) - 1e15
	return parquet.Int64Value(v), v * 1000
}

func drawDecimal(r *rand.Rand) (parquet.Value, any) {
	v := []int64{0, r.Int64N(1e9), r.Int64N(1e18), -r.Int64N(1e18)}[r.IntN(4)]
	return parquet.Int64Value(v), nearest(fmt.Sprintf("%de-4", v))
}

func nearest(text string) float64 {
	f, err := strconv.ParseFloat(text, 64)
	if err != nil {
		panic(err)
	}
	return f
}

// Whatever the schema, page version, encoding and page size: every codec gives what was written.
func TestEveryCodecGivesWhatWasWritten(t *testing.T) {
	for seed := range uint64(100) {
		d := draw(rand.New(rand.NewPCG(seed, 12)))
		for name, codec := range codecs {
			got, err := contents(t.Context(), d.write(t, codec), pq.Limits{})
			if err != nil {
				t.Fatalf("seed %d, %s: %v", seed, name, err)
			}
			for c := range d.want {
				if !slices.Equal(got[c], d.want[c]) {
					t.Fatalf("seed %d, %s: column %d is not what was written", seed, name, c)
				}
			}
		}
	}
}

// mutate flips some bits or bytes of a copy of data.
func mutate(r *rand.Rand, data []byte) []byte {
	data = slices.Clone(data)
	for range 1 + r.IntN(4) {
		if at := r.IntN(len(data)); r.IntN(2) == 0 {
			data[at] ^= 1 << r.IntN(8)
		} else {
			data[at] = byte(r.Uint32())
		}
	}
	return data
}

// A damaged file is read or refused: with an [pq.Error], in little room, without a panic.
func TestDamagedFilesAreReadOrRefused(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	refused := 0
	for seed := range uint64(8) {
		d := draw(rand.New(rand.NewPCG(seed, 13)))
		d.rows = d.rows[:min(len(d.rows), 500)]
		for name, codec := range codecs {
			file := d.write(t, codec)
			for range 40 {
				_, err := contents(t.Context(), mutate(r, file), pq.Limits{})
				if err == nil {
					continue
				}
				if refused++; !errors.As(err, new(*pq.Error)) {
					t.Errorf("%s: %v is no Error", name, err)
				}
			}
		}
	}
	for _, name := range []string{"pyarrow.parquet", "polars.parquet", "duckdb.parquet"} { // without checksums
		_, file := open(t, name)
		for range 500 {
			if _, err := contents(t.Context(), mutate(r, file), pq.Limits{}); err != nil && !errors.As(err, new(*pq.Error)) {
				t.Errorf("%s: %v is no Error", name, err)
			}
		}
	}
	if refused == 0 {
		t.Error("no file was refused")
	}
}

func FuzzFile(f *testing.F) {
	for _, codec := range codecs {
		d := draw(rand.New(rand.NewPCG(7, 7)))
		d.rows = d.rows[:min(len(d.rows), 50)]
		f.Add(d.write(f, codec))
	}
	for _, name := range []string{"pyarrow.parquet", "pandas.parquet", "polars.parquet", "duckdb.parquet"} {
		_, data := open(f, name)
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if _, err := contents(t.Context(), data, pq.Limits{}); err != nil && !errors.As(err, new(*pq.Error)) {
			t.Error(err)
		}
	})
}
