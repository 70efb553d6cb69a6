// Package footer reads of the footer of a Parquet file no more than a store needs, and allocates nothing by what
// it claims. The files of a store are read without a Parquet library: they hold nothing but plain pages, one to a
// column chunk, so that the values are the last bytes of the chunk. All that is needed of the footer is where
// chunks end, and what is read is held against its leaf, so a wrong footer can do no harm. In return, short chunks
// are read several times faster, and an altered footer cannot make anyone allocate what it claims.
package footer

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/bmadventure/optcache/cachekit/internal/thrift"
)

const parquetMagic = "PAR1"

// maxFooter bounds the footer that is read into memory.
const maxFooter = 1 << 30

var errFooter = errors.New("its footer is not that of a Parquet file of this store")

// Ends returns where the column chunks of a Parquet file end: chunk c of
// row group g at position g*len(columns)+c. Every chunk is plain and lies within
// the file; there are as many as columns and groups say.
func Ends(r io.ReaderAt, size int64, columns []string, groups int) ([]int64, error) {
	footer, err := footerBytes(r, size)
	if err != nil {
		return nil, err
	}
	t := thrift.Cursor{Rest: footer}
	ends := make([]int64, 0, min(groups, len(footer))*len(columns))
	t.Structure(func(field int16, kind byte) bool {
		if field != 4 || kind != thrift.List { // FileMetaData.row_groups
			return false
		}
		t.Elements(thrift.Struct, func() { ends = rowGroup(&t, ends, columns, size-int64(len(footer))-8) })
		return true
	})
	if t.Bad || len(t.Rest) > 0 || len(ends) != groups*len(columns) {
		return nil, errFooter
	}
	return ends, nil
}

func footerBytes(r io.ReaderAt, size int64) ([]byte, error) {
	const tail = 4 + len(parquetMagic)
	if size < int64(len(parquetMagic)+tail) {
		return nil, fmt.Errorf("it is %d bytes long, too short for a Parquet file", size)
	}
	var end [tail]byte
	if _, err := r.ReadAt(end[:], size-int64(tail)); err != nil {
		return nil, err
	}
	length := int64(binary.LittleEndian.Uint32(end[:]))
	if string(end[4:]) != parquetMagic || length > maxFooter || length > size-int64(len(parquetMagic)+tail) {
		return nil, errFooter
	}
	footer := make([]byte, length)
	if _, err := r.ReadAt(footer, size-int64(tail)-length); err != nil {
		return nil, err
	}
	return footer, nil
}

// rowGroup reads a RowGroup and appends where its chunks end.
func rowGroup(t *thrift.Cursor, ends []int64, columns []string, limit int64) []int64 {
	column := 0
	t.Structure(func(field int16, kind byte) bool {
		if field != 1 || kind != thrift.List { // RowGroup.columns
			return false
		}
		t.Elements(thrift.Struct, func() {
			name, end := columnChunk(t)
			if column >= len(columns) || string(name) != columns[column] || end < 0 || end > limit {
				t.Bad = true
				return
			}
			ends = append(ends, end)
			column++
		})
		return true
	})
	if column != len(columns) {
		t.Bad = true
	}
	return ends
}

// columnChunk reads a ColumnChunk and returns the name of the column and the
// end of the chunk, or -1 if it is not uncompressed.
func columnChunk(t *thrift.Cursor) (name []byte, end int64) {
	var start, length, codec int64
	t.Structure(func(field int16, kind byte) bool {
		if field != 3 || kind != thrift.Struct { // ColumnChunk.meta_data
			return false
		}
		t.Structure(func(field int16, kind byte) bool {
			switch {
			case field == 3 && kind == thrift.List: // path_in_schema
				t.Elements(thrift.Binary, func() { name = t.Bytes() })
			case field == 4 && kind == thrift.I32:
				codec = t.Int()
			case field == 7 && kind == thrift.I64: // total_compressed_size
				length = t.Int()
			case field == 9 && kind == thrift.I64: // data_page_offset
				start = t.Int()
			default:
				return false
			}
			return true
		})
		return true
	})
	if codec != 0 || start <= 0 || length <= 0 || start+length < start {
		return name, -1
	}
	return name, start + length
}
