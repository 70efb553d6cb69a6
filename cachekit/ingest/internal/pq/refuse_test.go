package pq_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"

	"github.com/bmadventure/optcache/cachekit/ingest/internal/pq"
)

// rewrite returns a file with another footer.
func rewrite(tb testing.TB, data []byte, change func(*format.FileMetaData)) []byte {
	tb.Helper()
	footer := len(data) - 8 - int(binary.LittleEndian.Uint32(data[len(data)-8:]))
	var m format.FileMetaData
	if err := thrift.Unmarshal(new(thrift.CompactProtocol), data[footer:len(data)-8], &m); err != nil {
		tb.Fatal(err)
	}
	change(&m)
	text, err := thrift.Marshal(new(thrift.CompactProtocol), &m)
	if err != nil {
		tb.Fatal(err)
	}
	file := append(bytes.Clone(data[:footer]), text...)
	return append(binary.LittleEndian.AppendUint32(file, uint32(len(text))), "PAR1"...)
}

// column returns a file with one column of zeros, in pages of that many bytes.
func column(tb testing.TB, rows, page int) []byte {
	d := drawing{
		nodes:   parquet.Group{"v": parquet.Encoded(parquet.Leaf(parquet.DoubleType), &parquet.Plain)},
		options: []parquet.WriterOption{parquet.PageBufferSize(page)},
	}
	d.rows = make([]parquet.Row, rows)
	for i := range d.rows {
		d.rows[i] = parquet.Row{parquet.DoubleValue(0).Level(0, 0, 0)}
	}
	return d.write(tb, &parquet.Zstd)
}

func TestOtherFilesAreNamed(t *testing.T) {
	whole := column(t, 10, 1024)
	footer := binary.LittleEndian.AppendUint32(bytes.Clone(whole[:len(whole)-8]), math.MaxUint32)
	for name, c := range map[string]struct{ file, want string }{
		"empty":      {"", "empty"},
		"lfs":        {"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n", "git-lfs pointer"},
		"HTML":       {"\n<!DOCTYPE html><html><body>Not Found", "web page"},
		"CSV":        {"Date,Open,Close\n2024-01-02,1,2\n", "name it .csv"},
		"CSV, BOM":   {"\xef\xbb\xbfDate;Open\n", "name it .csv"},
		"JSON":       {`{"error": "rate limit"}`, "JSON"},
		"Feather":    {"ARROW1\x00\x00", "Feather"},
		"Feather 1":  {"FEA1\x00\x00", "Feather"},
		"stream":     {"\xff\xff\xff\xff\x10\x00\x00\x00", "Arrow stream"},
		"ORC":        {"ORC\x00", "ORC"},
		"Avro":       {"Obj\x01", "Avro"},
		"gzip":       {"\x1f\x8b\x08\x00", "gzip"},
		"zip":        {"PK\x03\x04", "zip"},
		"noise":      {"\x01\x02\x03\x04\x05\x06", "does not begin with PAR1"},
		"one byte":   {"P", "does not begin with PAR1"},
		"cut off":    {string(whole[:len(whole)-5]), "cut off"},
		"magic only": {"PAR1PAR1", "cut off"},
		"encrypted":  {string(whole[:len(whole)-4]) + "PARE", "encrypted"},
		"long":       {string(footer) + "PAR1", "its footer would be 4294967295 bytes long"},
	} {
		_, err := pq.Open(strings.NewReader(c.file), int64(len(c.file)), pq.Limits{})
		if !errors.As(err, new(*pq.Error)) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Footers that claim what the file cannot have are refused, with the reason.
func TestFootersThatDoNotHoldAreRefused(t *testing.T) {
	whole := column(t, 1000, 1024)
	meta := func(m *format.FileMetaData) *format.ColumnMetaData { return &m.RowGroups[0].Columns[0].MetaData }
	for name, c := range map[string]struct {
		change func(*format.FileMetaData)
		want   string
	}{
		"Hadoop's LZ4": {func(m *format.FileMetaData) { meta(m).Codec = 5 }, "Hadoop's LZ4"},
		"LZO":          {func(m *format.FileMetaData) { meta(m).Codec = 3 }, "LZO"},
		"codec 99":     {func(m *format.FileMetaData) { meta(m).Codec = 99 }, "not known"},
		"codec 256":    {func(m *format.FileMetaData) { meta(m).Codec = 256 }, "not known"},
		"other codec":  {func(m *format.FileMetaData) { meta(m).Codec = 7 }, "does not inflate"},
		"other type":   {func(m *format.FileMetaData) { meta(m).Type = 2 }, "not what the schema says"},
		"more values":  {func(m *format.FileMetaData) { meta(m).NumValues++ }, "not what the schema says"},
		"rows":         {func(m *format.FileMetaData) { m.NumRows = 30_000_000 }, "more than 100 a byte"},
		"fewer rows":   {func(m *format.FileMetaData) { m.NumRows-- }, "row groups have more rows"},
		"more rows":    {func(m *format.FileMetaData) { m.NumRows++ }, "row groups have 1000"},
		"all more": {func(m *format.FileMetaData) {
			m.NumRows, m.RowGroups[0].NumRows, meta(m).NumValues = 2000, 2000, 2000
		}, "fewer values than its footer says"},
		"all fewer": {func(m *format.FileMetaData) {
			m.NumRows, m.RowGroups[0].NumRows, meta(m).NumValues = 5, 5, 5
		}, "more values than its footer says"},
		"far":       {func(m *format.FileMetaData) { meta(m).DataPageOffset = math.MaxInt64 }, "not in the file"},
		"negative":  {func(m *format.FileMetaData) { meta(m).DataPageOffset = -9 }, "not in the file"},
		"long":      {func(m *format.FileMetaData) { meta(m).TotalCompressedSize = math.MaxInt64 }, "not in the file"},
		"columns":   {func(m *format.FileMetaData) { m.RowGroups[0].Columns = nil }, "copy or download"},
		"children":  {func(m *format.FileMetaData) { m.Schema[0].NumChildren.V = math.MaxInt32 }, "does not hold"},
		"no schema": {func(m *format.FileMetaData) { m.Schema = nil }, "does not hold"},
		"elsewhere": {func(m *format.FileMetaData) { m.RowGroups[0].Columns[0].FilePath = "b" }, "another file"},
	} {
		_, err := contents(t.Context(), rewrite(t, whole, c.change), pq.Limits{})
		if !errors.As(err, new(*pq.Error)) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Limits hold, and those that a user can raise give way.
func TestLimits(t *testing.T) {
	whole := column(t, 1_000_000, 8<<20)
	for _, c := range []struct {
		limits pq.Limits
		want   string // "" if it is read
	}{
		{pq.Limits{RowsPerByte: 1 << 20}, "--max-expansion"},
		{pq.Limits{RowsPerByte: 1 << 20, MaxExpansion: 1 << 20}, ""},
		{pq.Limits{MaxExpansion: 1 << 20}, "rows in"},
	} {
		_, err := contents(t.Context(), whole, c.limits)
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: %v", c.limits, err)
		}
	}
	_, data := open(t, "pyarrow.parquet")
	if _, err := contents(t.Context(), data, pq.Limits{Columns: 3}); err == nil ||
		!strings.Contains(err.Error(), "more than 3") {
		t.Error(err)
	}
}
