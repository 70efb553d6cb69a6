package bundle

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
)

// The files of a store are read without a Parquet library: they hold nothing
// but plain pages, one to a column chunk, so that the values are the last bytes
// of the chunk. All that is needed of the footer is where chunks end, and what
// is read is held against its leaf, so a wrong footer can do no harm. In
// return, short chunks are read several times faster, and an altered footer
// cannot make anyone allocate what it claims.

const parquetMagic = "PAR1"

// maxFooter bounds the footer that is read into memory.
const maxFooter = 1 << 30

var errFooter = errors.New("its footer is not that of a Parquet file of this store")

// readFooter returns where the column chunks of a Parquet file end: chunk c of
// row group g at position g*len(columns)+c. Every chunk is plain and lies within
// the file; there are as many as columns and groups say.
func readFooter(r io.ReaderAt, size int64, columns []string, groups int) ([]int64, error) {
	footer, err := footerBytes(r, size)
	if err != nil {
		return nil, err
	}
	t := thriftCursor{rest: footer}
	ends := make([]int64, 0, min(groups, len(footer))*len(columns))
	t.structure(func(field int16, kind byte) bool {
		if field != 4 || kind != thriftList { // FileMetaData.row_groups
			return false
		}
		t.list(thriftStruct, func() { ends = t.rowGroup(ends, columns, size-int64(len(footer))-8) })
		return true
	})
	if t.bad || len(t.rest) > 0 || len(ends) != groups*len(columns) {
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
func (t *thriftCursor) rowGroup(ends []int64, columns []string, limit int64) []int64 {
	column := 0
	t.structure(func(field int16, kind byte) bool {
		if field != 1 || kind != thriftList { // RowGroup.columns
			return false
		}
		t.list(thriftStruct, func() {
			name, end := t.columnChunk()
			if column >= len(columns) || string(name) != columns[column] || end < 0 || end > limit {
				t.bad = true
				return
			}
			ends = append(ends, end)
			column++
		})
		return true
	})
	if column != len(columns) {
		t.bad = true
	}
	return ends
}

// columnChunk reads a ColumnChunk and returns the name of the column and the
// end of the chunk, or -1 if it is not uncompressed.
func (t *thriftCursor) columnChunk() (name []byte, end int64) {
	var start, length, codec int64
	t.structure(func(field int16, kind byte) bool {
		if field != 3 || kind != thriftStruct { // ColumnChunk.meta_data
			return false
		}
		t.structure(func(field int16, kind byte) bool {
			switch {
			case field == 3 && kind == thriftList: // path_in_schema
				t.list(thriftBinary, func() { name = t.binary() })
			case field == 4 && kind == thriftI32:
				codec = t.zigzag()
			case field == 7 && kind == thriftI64: // total_compressed_size
				length = t.zigzag()
			case field == 9 && kind == thriftI64: // data_page_offset
				start = t.zigzag()
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

// Types of Thrift's compact protocol.
const (
	thriftTrue   = 1
	thriftFalse  = 2
	thriftByte   = 3
	thriftI16    = 4
	thriftI32    = 5
	thriftI64    = 6
	thriftDouble = 7
	thriftBinary = 8
	thriftList   = 9
	thriftSet    = 10
	thriftMap    = 11
	thriftStruct = 12
	thriftUUID   = 13
)

// maxThriftDepth is how deep values may nest; Parquet needs 8.
const maxThriftDepth = 32

// A thriftCursor reads Thrift's compact protocol from front to back. It never
// allocates by a length that the input claims. After something that is not
// Thrift, bad is set and nothing more is read.
type thriftCursor struct {
	rest  []byte
	depth int
	bad   bool
}

func (t *thriftCursor) take(n uint64) []byte {
	if t.bad || n > uint64(len(t.rest)) {
		t.bad = true
		return nil
	}
	taken := t.rest[:n]
	t.rest = t.rest[n:]
	return taken
}

func (t *thriftCursor) byte() byte {
	if b := t.take(1); b != nil {
		return b[0]
	}
	return 0
}

func (t *thriftCursor) varint() uint64 {
	v, n := binary.Uvarint(t.rest)
	if t.bad || n <= 0 {
		t.bad = true
		return 0
	}
	t.rest = t.rest[n:]
	return v
}

func (t *thriftCursor) zigzag() int64 {
	v := t.varint()
	return int64(v>>1) ^ -int64(v&1)
}

func (t *thriftCursor) binary() []byte { return t.take(t.varint()) }

// structure reads a struct. It calls field for each field of it, which reads
// the value and returns true, or returns false to have it skipped.
func (t *thriftCursor) structure(field func(id int16, kind byte) bool) {
	if t.depth++; t.depth > maxThriftDepth {
		t.bad = true
	}
	var id int16
	for !t.bad {
		head := t.byte()
		kind := head & 15
		if kind == 0 {
			break
		}
		if delta := int16(head >> 4); delta > 0 {
			id += delta
		} else {
			id = int16(t.zigzag())
		}
		if !t.bad && !field(id, kind) {
			t.skip(kind)
		}
	}
	t.depth--
}

// list reads a list whose elements are of that kind, each by a call of element.
func (t *thriftCursor) list(kind byte, element func()) {
	n, k := t.listHead()
	if k != kind && n > 0 {
		t.bad = true
	}
	for ; n > 0 && !t.bad; n-- {
		element()
	}
}

func (t *thriftCursor) listHead() (n uint64, kind byte) {
	head := t.byte()
	n = uint64(head >> 4)
	if n == 15 {
		n = t.varint()
	}
	return n, head & 15
}

// skip reads a value of that kind and forgets it.
func (t *thriftCursor) skip(kind byte) {
	if t.depth++; t.depth > maxThriftDepth {
		t.bad = true
	}
	switch kind {
	case thriftTrue, thriftFalse: // the value is in the kind
	case thriftByte:
		t.byte()
	case thriftI16, thriftI32, thriftI64:
		t.varint()
	case thriftDouble:
		t.take(8)
	case thriftUUID:
		t.take(16)
	case thriftBinary:
		t.binary()
	case thriftList, thriftSet:
		for n, k := t.listHead(); n > 0 && !t.bad; n-- {
			t.skipElement(k)
		}
	case thriftMap:
		t.skipMap()
	case thriftStruct:
		t.structure(func(int16, byte) bool { return false })
	default:
		t.bad = true
	}
	t.depth--
}

// skipElement skips an element of a list or map, where a boolean takes a byte.
func (t *thriftCursor) skipElement(kind byte) {
	if slices.Contains([]byte{thriftTrue, thriftFalse}, kind) {
		kind = thriftByte
	}
	t.skip(kind)
}

func (t *thriftCursor) skipMap() {
	n := t.varint()
	if n == 0 {
		return
	}
	kinds := t.byte()
	for ; n > 0 && !t.bad; n-- {
		t.skipElement(kinds >> 4)
		t.skipElement(kinds & 15)
	}
}
