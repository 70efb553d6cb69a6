// Package thrift reads Thrift's compact protocol, in which Parquet writes its footers and page headers, and
// allocates nothing by what the input claims.
package thrift

import (
	"encoding/binary"
	"slices"
)

// Types of Thrift's compact protocol.
const (
	True   = 1
	False  = 2
	Byte   = 3
	I16    = 4
	I32    = 5
	I64    = 6
	Double = 7
	Binary = 8
	List   = 9
	Set    = 10
	Map    = 11
	Struct = 12
	UUID   = 13
)

// maxDepth is how deep values may nest; Parquet needs 8.
const maxDepth = 32

// A Cursor reads Thrift's compact protocol from front to back. It never
// allocates by a length that the input claims. After something that is not
// Thrift, Bad is set and nothing more is read.
type Cursor struct {
	Rest  []byte // what was not read yet
	Bad   bool   // whether something that is not Thrift was met, or the reader said so
	depth int
}

func (t *Cursor) take(n uint64) []byte {
	if t.Bad || n > uint64(len(t.Rest)) {
		t.Bad = true
		return nil
	}
	taken := t.Rest[:n]
	t.Rest = t.Rest[n:]
	return taken
}

// Byte reads one byte.
func (t *Cursor) Byte() byte {
	if b := t.take(1); b != nil {
		return b[0]
	}
	return 0
}

func (t *Cursor) varint() uint64 {
	v, n := binary.Uvarint(t.Rest)
	if t.Bad || n <= 0 {
		t.Bad = true
		return 0
	}
	t.Rest = t.Rest[n:]
	return v
}

// Int reads an integer of 16 bits or more.
func (t *Cursor) Int() int64 {
	v := t.varint()
	return int64(v>>1) ^ -int64(v&1)
}

// Bytes reads a string of bytes. They are part of the input.
func (t *Cursor) Bytes() []byte { return t.take(t.varint()) }

// Structure reads a struct. It calls field for each field of it, which reads
// the value and returns true, or returns false to have it skipped.
func (t *Cursor) Structure(field func(id int16, kind byte) bool) {
	if t.depth++; t.depth > maxDepth {
		t.Bad = true
	}
	var id int16
	for !t.Bad {
		head := t.Byte()
		kind := head & 15
		if kind == 0 {
			break
		}
		if delta := int16(head >> 4); delta > 0 {
			id += delta
		} else {
			id = int16(t.Int())
		}
		if !t.Bad && !field(id, kind) {
			t.Skip(kind)
		}
	}
	t.depth--
}

// Elements reads a list whose elements are of that kind, each by a call of element.
func (t *Cursor) Elements(kind byte, element func()) {
	n, k := t.listHead()
	if k != kind && n > 0 {
		t.Bad = true
	}
	for ; n > 0 && !t.Bad; n-- {
		element()
	}
}

func (t *Cursor) listHead() (n uint64, kind byte) {
	head := t.Byte()
	n = uint64(head >> 4)
	if n == 15 {
		n = t.varint()
	}
	return n, head & 15
}

// Skip reads a value of that kind and forgets it.
func (t *Cursor) Skip(kind byte) {
	if t.depth++; t.depth > maxDepth {
		t.Bad = true
	}
	switch kind {
	case True, False: // the value is in the kind
	case Byte:
		t.Byte()
	case I16, I32, I64:
		t.varint()
	case Double:
		t.take(8)
	case UUID:
		t.take(16)
	case Binary:
		t.Bytes()
	case List, Set:
		for n, k := t.listHead(); n > 0 && !t.Bad; n-- {
			t.skipElement(k)
		}
	case Map:
		t.skipMap()
	case Struct:
		t.Structure(func(int16, byte) bool { return false })
	default:
		t.Bad = true
	}
	t.depth--
}

// skipElement skips an element of a list or map, where a boolean takes a byte.
func (t *Cursor) skipElement(kind byte) {
	if slices.Contains([]byte{True, False}, kind) {
		kind = Byte
	}
	t.Skip(kind)
}

func (t *Cursor) skipMap() {
	n := t.varint()
	if n == 0 {
		return
	}
	kinds := t.Byte()
	for ; n > 0 && !t.Bad; n-- {
		t.skipElement(kinds >> 4)
		t.skipElement(kinds & 15)
	}
}
