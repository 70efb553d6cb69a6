package pprof

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// A field is one field of a message in the encoding of Protocol Buffers.
type field struct {
	number   int
	wire     uint64 // one of the wire types
	number64 uint64 // of a number
	bytes    []byte // of a text, a message or a packed list of numbers
}

// Wire types: how a field is written.
const (
	wireNumber  = 0
	wireFixed64 = 1
	wireBytes   = 2
	wireFixed32 = 5
)

var errCut = errors.New("it ends in the middle of a field")

// eachField calls visit with every field of a message, in order.
func eachField(data []byte, visit func(field) error) error {
	for len(data) > 0 {
		f, n, err := readField(data)
		if err != nil {
			return err
		}
		data = data[n:]
		if err := visit(f); err != nil {
			return err
		}
	}
	return nil
}

// readField reads the first field of data and returns how many bytes it has.
func readField(data []byte) (f field, n int, err error) {
	key, n := binary.Uvarint(data)
	if n <= 0 {
		return f, 0, errCut
	}
	f.number, f.wire = int(key>>3), key&7
	rest := data[n:]
	switch f.wire {
	case wireNumber:
		v, m := binary.Uvarint(rest)
		if m <= 0 {
			return f, 0, errCut
		}
		f.number64 = v
		return f, n + m, nil
	case wireBytes:
		size, m := binary.Uvarint(rest)
		if m <= 0 || size > uint64(len(rest)-m) {
			return f, 0, errCut
		}
		f.bytes = rest[m : m+int(size)]
		return f, n + m + int(size), nil
	case wireFixed64, wireFixed32:
		size := 8
		if f.wire == wireFixed32 {
			size = 4
		}
		if len(rest) < size {
			return f, 0, errCut
		}
		return f, n + size, nil // no field that is read has these types
	}
	return f, 0, fmt.Errorf("field %d has the unknown wire type %d", f.number, f.wire)
}

// numbers reads f as a message and sets the numbers among its fields.
func (f field) numbers(into map[int]*uint64) error {
	return eachField(f.bytes, func(f field) error {
		if v := into[f.number]; v != nil {
			*v = f.number64
		}
		return nil
	})
}

// appendNumbers appends the numbers of a repeated field, which are packed or stand
// alone.
func (f field) appendNumbers(dst []uint64) ([]uint64, error) {
	if f.wire != wireBytes {
		return append(dst, f.number64), nil
	}
	for b := f.bytes; len(b) > 0; {
		v, n := binary.Uvarint(b)
		if n <= 0 {
			return dst, errCut
		}
		dst, b = append(dst, v), b[n:]
	}
	return dst, nil
}
