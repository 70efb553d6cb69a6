// Package pages holds the pages of a Parquet file against the file's own size before a library reads them, and inflates
// those that the library does not read right.
//
// A Parquet file says how much it will be: rows, values, the size of each page once it is inflated. A reader that
// allocates by that can be made to take all memory by a file of two kilobytes. [Open] walks the headers of all pages
// (a few bytes each), and refuses what grows beyond a bound. Pages that are compressed with LZ4 (LZ4_RAW) are inflated
// into a temporary file, which the library then reads instead: its own decoder reads memory that it gave away.
package pages

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"os"

	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"
	"github.com/pierrec/lz4/v4"

	"github.com/bmadventure/optcache/cachekit/internal/footer"
)

const (
	// DefaultExpansion is how many bytes a page may become for each of its own, beyond what is free.
	DefaultExpansion = 1000

	// rowsPerByte is how many rows a file may have for each of its bytes: prices that never move, at moments that come
	// as evenly as they can, still take a few bytes for a thousand rows and column.
	rowsPerByte = 100

	// freeBytes is what a page may become whatever its size, and freeRows how many rows a file may have.
	freeBytes = 1 << 20
	freeRows  = 100_000

	maxColumns   = 10_000
	maxRowGroups = 1 << 16
	magic        = "PAR1"
)

// An Error says what is wrong with the content of a file, and what to do.
type Error struct{ Message string }

func (e *Error) Error() string { return e.Message }

func wrong(format string, args ...any) error { return &Error{fmt.Sprintf(format, args...)} }

// A File is a Parquet file that can be read without fear, until it is closed.
type File struct {
	io.ReaderAt
	Size int64
	Meta format.FileMetaData

	inflated *os.File
}

// Close removes what was made for the file.
func (f *File) Close() error {
	if f.inflated == nil {
		return nil
	}
	return errors.Join(f.inflated.Close(), os.Remove(f.inflated.Name()))
}

// Open checks a file. expansion is how many bytes a page may become for each of its own; 0 is [DefaultExpansion].
func Open(ctx context.Context, r io.ReaderAt, size, expansion int64) (*File, error) {
	if expansion <= 0 {
		expansion = DefaultExpansion
	}
	if err := footer.Check(r, size); err != nil {
		return nil, err
	}
	f := &File{ReaderAt: r, Size: size}
	text, err := footerOf(r, size)
	if err != nil {
		return nil, err
	}
	if err := thrift.Unmarshal(new(thrift.CompactProtocol), text, &f.Meta); err != nil {
		return nil, err
	}
	w := walker{File: f, ctx: ctx, expansion: expansion, limit: size - int64(len(text)) - 8}
	if err := w.checkCounts(); err != nil {
		return nil, err
	}
	if err := w.walk(); err != nil {
		return nil, err
	}
	if w.lz4 {
		return f, w.inflate()
	}
	return f, nil
}

func footerOf(r io.ReaderAt, size int64) ([]byte, error) {
	var end [8]byte
	if _, err := r.ReadAt(end[:], size-8); err != nil {
		return nil, err
	}
	text := make([]byte, binary.LittleEndian.Uint32(end[:])) // which was checked
	_, err := r.ReadAt(text, size-8-int64(len(text)))
	return text, err
}

// A walker goes through the pages of a file.
type walker struct {
	*File
	ctx       context.Context
	expansion int64
	limit     int64 // where the footer begins
	lz4       bool
	out       *bufio.Writer // of the inflated copy
	written   int64
}

// checkCounts holds what the footer counts against the size of the file.
func (w *walker) checkCounts() error {
	m := &w.Meta
	rows := int64(0)
	for _, g := range m.RowGroups {
		if len(g.Columns) > maxColumns {
			return wrong("the file has %d columns, more than %d: write those of bars alone", len(g.Columns), maxColumns)
		}
		if g.NumRows < 0 || g.NumRows > math.MaxInt64-rows {
			return wrong("a row group of the file says that it has %d rows: write the file again", g.NumRows)
		}
		rows += g.NumRows
	}
	most := max(freeRows, rowsPerByte*w.Size)
	switch {
	case len(m.RowGroups) > maxRowGroups:
		return wrong("the file has %d row groups, more than %d: write it with more rows in each", len(m.RowGroups), maxRowGroups)
	case rows != m.NumRows:
		return wrong("the file says that it has %d rows, but its row groups have %d: write it again", m.NumRows, rows)
	case rows > most:
		return wrong("the file says that it has %d rows in %d bytes, which no file of bars has: write it again, without "+
			"rows that are all the same", rows, w.Size)
	}
	return nil
}

// walk checks every page of every column.
func (w *walker) walk() error {
	for g := range w.Meta.RowGroups {
		group := &w.Meta.RowGroups[g]
		for c := range group.Columns {
			m := &group.Columns[c].MetaData
			switch m.Codec {
			case format.Lz4:
				return wrong("the file is compressed with Hadoop's LZ4 (codec 5), of which there are two kinds that look the " +
					"same: write it with zstd, snappy or LZ4_RAW")
			case format.LZO:
				return wrong("the file is compressed with LZO, which is not read: write it with zstd or snappy")
			case format.Lz4Raw:
				w.lz4 = true
			}
			if m.Codec < 0 || m.Codec > format.Lz4Raw {
				return wrong("the file is compressed in a way that is not known (codec %d): write it with zstd or snappy", m.Codec)
			}
			if err := w.column(m, group.NumRows, nil); err != nil {
				return fmt.Errorf("column %s: %w", name(m), err)
			}
		}
	}
	return nil
}

func name(m *format.ColumnMetaData) string {
	if len(m.PathInSchema) == 0 {
		return "without a name"
	}
	return m.PathInSchema[0]
}

// start returns where a column begins.
func start(m *format.ColumnMetaData) int64 {
	if m.DictionaryPageOffset > 0 && m.DictionaryPageOffset < m.DataPageOffset {
		return m.DictionaryPageOffset
	}
	return m.DataPageOffset
}

// column goes through the pages of a column. each is called with every header and where its data begins.
func (w *walker) column(m *format.ColumnMetaData, rows int64, each func(p footer.Page, at int64) error) error {
	if m.NumValues == 0 && rows == 0 {
		return nil // nobody reads them
	}
	at := start(m)
	end := at + m.TotalCompressedSize
	if at < int64(len(magic)) || m.TotalCompressedSize < 0 || end > w.limit || end < at || m.NumValues < 0 {
		return wrong("its pages lie outside the file: copy the file again")
	}
	if m.NumValues > max(freeRows, rowsPerByte*w.Size) {
		return wrong("it says that it has %d values in a file of %d bytes: write the file again", m.NumValues, w.Size)
	}
	values := int64(0)
	for at < end {
		if err := w.ctx.Err(); err != nil {
			return err
		}
		p, err := footer.ReadPage(w, at, end)
		if err != nil {
			return err
		}
		at += int64(p.HeaderBytes)
		if err := w.checkPage(p, m, end-at); err != nil {
			return err
		}
		if p.Kind == 0 || p.Kind == 3 {
			if values += p.Values; values > m.NumValues {
				return wrong("its pages have more values than it says: copy the file again, or write it again")
			}
		}
		if each != nil {
			if err := each(p, at); err != nil {
				return err
			}
		}
		at += p.Compressed
	}
	return nil
}

func (w *walker) checkPage(p footer.Page, m *format.ColumnMetaData, room int64) error {
	switch {
	case p.Compressed > room || p.Levels > p.Compressed || p.Levels > p.Uncompressed:
		return wrong("a page is longer than its column: copy the file again")
	case p.Uncompressed > freeBytes && p.Uncompressed/w.expansion > p.Compressed:
		return wrong("a page of %d bytes says that it becomes %d, more than %d for each: if the file is sound, give "+
			"--max-expansion", p.Compressed, p.Uncompressed, w.expansion)
	case p.Kind == 2 && p.Values > p.Uncompressed+1:
		return wrong("its dictionary says that it has %d values in %d bytes: copy the file again", p.Values, p.Uncompressed)
	case m.Codec == format.Uncompressed && p.Compressed != p.Uncompressed:
		return wrong("a page that is not compressed has two sizes: copy the file again")
	}
	return nil
}

// inflate writes a copy of the file in which no page is compressed with LZ4, and reads that from then on.
func (w *walker) inflate() (err error) {
	out, err := os.CreateTemp("", "optcache-*.parquet")
	if err != nil {
		return fmt.Errorf("create a temporary file: %w", err)
	}
	w.inflated = out
	defer func() {
		if err != nil {
			w.Close()
		}
	}()
	w.out = bufio.NewWriterSize(out, 1<<18)
	if err := w.put([]byte(magic)); err != nil {
		return err
	}
	meta := w.Meta
	for g := range meta.RowGroups {
		for c := range meta.RowGroups[g].Columns {
			if err := w.copyColumn(&meta.RowGroups[g].Columns[c], meta.RowGroups[g].NumRows); err != nil {
				return err
			}
		}
		meta.RowGroups[g].FileOffset, meta.RowGroups[g].TotalCompressedSize = 0, 0
	}
	text, err := thrift.Marshal(new(thrift.CompactProtocol), &meta)
	if err != nil {
		return err
	}
	text = append(binary.LittleEndian.AppendUint32(text, uint32(len(text))), magic...)
	if err := w.put(text); err != nil {
		return err
	}
	w.ReaderAt, w.Size, w.Meta = out, w.written, meta
	return w.out.Flush()
}

func (w *walker) put(b []byte) error {
	n, err := w.out.Write(b)
	w.written += int64(n)
	return err
}

// copyColumn copies the pages of a column and says where they are now.
func (w *walker) copyColumn(c *format.ColumnChunk, rows int64) error {
	m := c.MetaData
	now := m
	now.DictionaryPageOffset, now.DataPageOffset, now.IndexPageOffset, now.BloomFilterOffset, now.BloomFilterLength = 0, 0, 0, 0, 0
	begin := w.written
	err := w.column(&m, rows, func(p footer.Page, at int64) error {
		switch {
		case p.Kind == 2 && now.DictionaryPageOffset == 0:
			now.DictionaryPageOffset = w.written
		case p.Kind != 2 && now.DataPageOffset == 0:
			now.DataPageOffset = w.written
		}
		return w.copyPage(p, at, m.Codec == format.Lz4Raw)
	})
	if err != nil {
		return fmt.Errorf("column %s: %w", name(&m), err)
	}
	if m.Codec == format.Lz4Raw {
		now.Codec = format.Uncompressed
	}
	now.TotalCompressedSize = w.written - begin
	*c = format.ColumnChunk{FileOffset: begin, MetaData: now}
	return nil
}

// copyPage copies a page, inflated if it is compressed with LZ4.
func (w *walker) copyPage(p footer.Page, at int64, compressed bool) error {
	b := make([]byte, int64(p.HeaderBytes)+p.Compressed)
	if _, err := w.ReadAt(b, at-int64(p.HeaderBytes)); err != nil {
		return err
	}
	if !compressed {
		return w.put(b)
	}
	var h format.PageHeader
	if err := thrift.Unmarshal(new(thrift.CompactProtocol), b[:p.HeaderBytes], &h); err != nil {
		return err
	}
	data := b[p.HeaderBytes:]
	if !p.Raw && p.Uncompressed > p.Levels {
		inflated := make([]byte, p.Uncompressed)
		copy(inflated, data[:p.Levels])
		n, err := lz4.UncompressBlock(data[p.Levels:], inflated[p.Levels:])
		if err != nil || int64(n) != p.Uncompressed-p.Levels {
			return wrong("a page that is compressed with LZ4 is damaged: copy the file again")
		}
		data = inflated
	}
	h.CompressedPageSize, h.UncompressedPageSize, h.CRC = int32(len(data)), int32(len(data)), 0
	if h.DataPageHeaderV2.Valid {
		h.DataPageHeaderV2.V.IsCompressed = thrift.New(false)
	}
	head, err := thrift.Marshal(new(thrift.CompactProtocol), &h)
	if err != nil {
		return err
	}
	if err := w.put(head); err != nil {
		return err
	}
	return w.put(data)
}
