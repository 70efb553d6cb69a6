package pages

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/compress"

	"github.com/bmadventure/optcache/cachekit/internal/footer"
)

// A row is a row of the files of these tests; how its columns are encoded varies.
type row struct {
	Symbol string   `parquet:"symbol,dict"`
	Plain  string   `parquet:"plain"`
	Time   int64    `parquet:"time,delta"`
	Close  float64  `parquet:"close"`
	Same   float64  `parquet:"same,dict"`
	Volume *float64 `parquet:"volume,optional"`
	Count  int32    `parquet:"count"`
}

var codecs = map[string]compress.Codec{
	"snappy": &parquet.Snappy, "gzip": &parquet.Gzip, "brotli": &parquet.Brotli, "zstd": &parquet.Zstd, "lz4_raw": &parquet.Lz4Raw,
}

// random returns rows that compress more or less well.
func random(r *rand.Rand) []row {
	rows := make([]row, 1+r.IntN(3000))
	kind := r.IntN(3)
	for i := range rows {
		rows[i] = row{Symbol: fmt.Sprint("S", i*3/len(rows)), Plain: strings.Repeat("x", r.IntN(1+20*kind)), Time: int64(i) * 60e9,
			Close: 100, Same: 7, Count: int32(i)}
		if kind > 0 {
			rows[i].Close = r.Float64()
		}
		if r.IntN(4) > 0 {
			v := float64(r.IntN(1000))
			rows[i].Volume = &v
		}
	}
	return rows
}

// written returns a file of rows.
func written(tb testing.TB, rows []row, codec compress.Codec, seed uint64) []byte {
	tb.Helper()
	r := rand.New(rand.NewPCG(seed, 1))
	var b bytes.Buffer
	w := parquet.NewGenericWriter[row](&b, parquet.Compression(codec), parquet.DataPageVersion(1+r.IntN(2)),
		parquet.PageBufferSize(256<<r.IntN(8)), parquet.MaxRowsPerRowGroup(int64(100+r.IntN(4000))))
	if _, err := w.Write(rows); err != nil {
		tb.Fatal(err)
	}
	if err := w.Close(); err != nil {
		tb.Fatal(err)
	}
	return b.Bytes()
}

// read returns the rows of a file as the library reads them once it was checked.
func read(t *testing.T, data []byte) ([]row, error) {
	t.Helper()
	f, err := Open(t.Context(), bytes.NewReader(data), int64(len(data)), 0)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	}()
	return parquet.Read[row](f, f.Size)
}

// TestEveryCodecReadsAsNone writes 100 random files with every codec and without one.
func TestEveryCodecReadsAsNone(t *testing.T) {
	for seed := range uint64(100) {
		rows := random(rand.New(rand.NewPCG(seed, 2)))
		want, err := read(t, written(t, rows, &parquet.Uncompressed, seed))
		if err != nil || !reflect.DeepEqual(want, rows) {
			t.Fatalf("seed %d: without a codec: %v", seed, err)
		}
		for name, codec := range codecs {
			if got, err := read(t, written(t, rows, codec, seed)); err != nil || !reflect.DeepEqual(got, want) {
				t.Fatalf("seed %d: %s reads other rows: %v", seed, name, err)
			}
		}
	}
}

// TestDamagedFilesAreRefused cuts files and changes their bytes: whatever is wrong is an error, and costs no more
// memory than the file is worth.
func TestDamagedFilesAreRefused(t *testing.T) {
	rows := random(rand.New(rand.NewPCG(3, 2)))
	for name, codec := range codecs {
		data := written(t, rows, codec, 3)
		r := rand.New(rand.NewPCG(4, 4))
		for range 300 {
			bad := slices.Clone(data)
			for range 1 + r.IntN(3) {
				bad[r.IntN(len(bad))] ^= 1 << r.IntN(8)
			}
			tryRead(t, name, bad)
		}
		tryRead(t, name, data[:len(data)/2])
	}
}

// tryRead reads a file that may be damaged, as far as it goes.
func tryRead(t *testing.T, name string, data []byte) {
	t.Helper()
	f, err := Open(t.Context(), bytes.NewReader(data), int64(len(data)), 0)
	if err != nil {
		return
	}
	defer f.Close()
	total := int64(0)
	for _, g := range f.Meta.RowGroups {
		total += g.NumRows
	}
	if most := max(freeRows, rowsPerByte*int64(len(data))); total > most {
		t.Errorf("%s: %d rows of %d bytes are taken", name, total, len(data))
	}
}

func TestRowsAreBounded(t *testing.T) {
	var b bytes.Buffer
	w := parquet.NewGenericWriter[struct {
		V int64 `parquet:"v,dict"`
	}](&b, parquet.MaxRowsPerRowGroup(1<<20), parquet.PageBufferSize(1<<24))
	same := make([]struct {
		V int64 `parquet:"v,dict"`
	}, 1<<17)
	for range 40 {
		if _, err := w.Write(same); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	_, err := Open(t.Context(), bytes.NewReader(b.Bytes()), int64(b.Len()), 0)
	var wrong *Error
	if !errors.As(err, &wrong) || !strings.Contains(err.Error(), "rows in") {
		t.Errorf("%d bytes of 5 million rows: %v", b.Len(), err)
	}
}

func TestExpansionIsBounded(t *testing.T) {
	rows := make([]row, 30_000)
	for i := range rows {
		rows[i].Plain = strings.Repeat("y", 2000)
	}
	data := written(t, rows[:3000], &parquet.Zstd, 1)
	if _, err := Open(t.Context(), bytes.NewReader(data), int64(len(data)), 1<<40); err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	w := parquet.NewGenericWriter[row](&b, parquet.Compression(&parquet.Zstd), parquet.PageBufferSize(1<<26))
	if _, err := w.Write(rows); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(t.Context(), bytes.NewReader(b.Bytes()), int64(b.Len()), 100); err == nil || !strings.Contains(err.Error(), "--max-expansion") {
		t.Errorf("%d bytes: %v", b.Len(), err)
	}
}

// FuzzOpen asserts that no file makes Open panic, and that what it takes has pages within bounds.
func FuzzOpen(f *testing.F) {
	rows := random(rand.New(rand.NewPCG(3, 2)))[:5]
	f.Add(written(f, rows, &parquet.Uncompressed, 1))
	for _, codec := range codecs {
		f.Add(written(f, rows, codec, 2))
	}
	f.Fuzz(func(t *testing.T, data []byte) { tryRead(t, "fuzz", data) })
}

// FuzzPage asserts that the header of a page is read within its bytes.
func FuzzPage(f *testing.F) {
	f.Add([]byte{0x15, 0, 0x15, 20, 0x15, 20, 0x2c, 0x15, 6, 0, 0})
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := footer.ReadPage(bytes.NewReader(data), 0, int64(len(data)))
		if err == nil && (p.HeaderBytes > len(data) || p.HeaderBytes <= 0 || p.Compressed < 0 || p.Uncompressed < 0 || p.Values < 0) {
			t.Errorf("%+v", p)
		}
		if errors.Is(err, io.EOF) {
			t.Error("the end is no error of a page")
		}
	})
}
