package footer

import (
	"encoding/binary"
	"slices"
)

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
