package pq

import (
	"encoding/binary"
	"io"
	"math"

	"github.com/bmadventure/optcache/cachekit/internal/thrift"
)

// maxFooter bounds the footer that is read into memory: 10,000 columns in 60 row groups.
const maxFooter = 64 << 20

// A meta is what is needed of a footer.
type meta struct {
	schema        []element
	rows          int64
	groups        []group
	pandas, arrow []byte // texts that libraries leave for themselves
	encrypted     bool
}

// An element is a node of the schema, which lists parents before their children.
type element struct {
	name      string
	physical  int64 // -1 for a node with children
	length    int64 // of a fixed-length value
	repeated  int64 // 0 required, 1 optional, 2 repeated
	children  int64
	converted int64 // -1 if there is none
	scale     int64
	precision int64
	logical   int16 // field of the union LogicalType, 0 if there is none
	adjusted  bool  // TIMESTAMP: whether it counts from an instant in UTC
	unit      int16 // TIMESTAMP: 1 ms, 2 µs, 3 ns
	bits      byte  // INTEGER
	signed    bool
}

// A group is a row group.
type group struct {
	rows   int64
	chunks []chunk // of each leaf of the schema
}

// A chunk is where the pages of a column in a row group are.
type chunk struct {
	physical   int64
	values     int64
	start, end int64
	codec      uint8
	absent     bool // it is encrypted or in another file
}

var errDamaged = refuse("the file is damaged: its footer does not hold together: copy or download it again")

func readMeta(r io.ReaderAt, size int64, limits Limits) (*meta, error) {
	var end [4]byte
	if _, err := r.ReadAt(end[:], size-tail); err != nil {
		return nil, err
	}
	n := int64(binary.LittleEndian.Uint32(end[:]))
	if n > maxFooter {
		return nil, refuse("its footer of %d bytes is longer than %d: write it with fewer row groups", n, maxFooter)
	}
	footer := make([]byte, n)
	if _, err := r.ReadAt(footer, size-tail-n); err != nil {
		return nil, err
	}
	var m meta
	c := thrift.Cursor{Rest: footer}
	over := m.parse(&c, limits, size-tail-n)
	switch {
	case m.encrypted:
		return nil, errEncrypted
	case over:
		return nil, refuse("it has more than %d columns: write those that are needed", limits.Columns)
	case c.Bad || len(c.Rest) > 0:
		return nil, errDamaged
	}
	return &m, m.check(size, limits)
}

// check holds the numbers of the footer against each other and the size of the file.
func (m *meta) check(size int64, limits Limits) error {
	leaves, err := m.countLeaves()
	if err != nil {
		return err
	}
	if leaves > limits.Columns {
		return refuse("it has %d columns, more than %d: write those that are needed", leaves, limits.Columns)
	}
	if m.rows < 0 || m.rows/int64(limits.RowsPerByte) > size {
		return refuse("it declares %d rows in %d bytes, more than %d a byte: it is damaged or made to exhaust memory",
			m.rows, size, limits.RowsPerByte)
	}
	left := m.rows
	for i, g := range m.groups {
		if left -= g.rows; g.rows < 0 || left < 0 {
			return refuse("the file is damaged: its row groups have more rows than the %d it declares", m.rows)
		}
		if len(g.chunks) != leaves {
			return refuse("the file is damaged: row group %d has %d columns and the schema %d",
				i+1, len(g.chunks), leaves)
		}
	}
	if left > 0 {
		return refuse("the file is damaged: it declares %d rows and its row groups have %d", m.rows, m.rows-left)
	}
	return nil
}

// countLeaves counts the columns that have values, and holds the tree of the schema together.
func (m *meta) countLeaves() (leaves int, err error) {
	open := int64(1) // nodes that are still to come
	for _, e := range m.schema {
		if open--; open < 0 || e.children < 0 || e.children > int64(len(m.schema)) {
			return 0, errDamaged
		}
		if open += e.children; e.children == 0 {
			leaves++
		}
	}
	if open != 0 || len(m.schema) == 0 || m.schema[0].children == 0 && len(m.schema) > 1 {
		return 0, errDamaged
	}
	if len(m.schema) == 1 {
		return 0, refuse("it has no column")
	}
	return leaves, nil
}

// parse reads a FileMetaData. Chunks lie before limit. It reports whether there are too many columns.
func (m *meta) parse(c *thrift.Cursor, limits Limits, limit int64) (over bool) {
	c.Structure(func(field int16, kind byte) bool {
		switch {
		case field == 2 && kind == thrift.List:
			c.Elements(thrift.Struct, func() {
				if len(m.schema) > 4*limits.Columns {
					over, c.Bad = true, true
					return
				}
				m.schema = append(m.schema, parseElement(c))
			})
		case field == 3 && kind == thrift.I64:
			m.rows = c.Int()
		case field == 4 && kind == thrift.List:
			c.Elements(thrift.Struct, func() { m.groups = append(m.groups, parseGroup(c, limits, limit)) })
		case field == 5 && kind == thrift.List:
			c.Elements(thrift.Struct, func() { m.parseText(c) })
		case field == 8 && kind == thrift.Struct:
			m.encrypted = true
			return false
		default:
			return false
		}
		return true
	})
	return over
}

func parseElement(c *thrift.Cursor) element {
	e := element{physical: -1, converted: -1}
	c.Structure(func(field int16, kind byte) bool {
		switch {
		case kind == thrift.I32 && field <= 8:
			v := c.Int()
			switch field {
			case 1:
				e.physical = v
			case 2:
				e.length = v
			case 3:
				e.repeated = v
			case 5:
				e.children = v
			case 6:
				e.converted = v
			case 7:
				e.scale = v
			case 8:
				e.precision = v
			}
		case kind == thrift.Binary && field == 4:
			e.name = string(c.Bytes())
		case kind == thrift.Struct && field == 10:
			e.parseLogical(c)
		default:
			return false
		}
		return true
	})
	return e
}

// parseLogical reads a LogicalType.
func (e *element) parseLogical(c *thrift.Cursor) {
	c.Structure(func(union int16, kind byte) bool {
		if kind != thrift.Struct {
			return false
		}
		e.logical = union
		c.Structure(func(field int16, kind byte) bool {
			switch {
			case union == logicalTimestamp && field == 1:
				e.adjusted = kind == thrift.True
				return kind == thrift.True || kind == thrift.False
			case union == logicalTimestamp && field == 2 && kind == thrift.Struct:
				c.Structure(func(unit int16, _ byte) bool {
					e.unit = unit
					return false
				})
			case union == logicalInteger && field == 1 && kind == thrift.Byte:
				e.bits = c.Byte()
			case union == logicalInteger && field == 2:
				e.signed = kind == thrift.True
				return kind == thrift.True || kind == thrift.False
			case union == logicalDecimal && field == 1 && kind == thrift.I32:
				e.scale = c.Int()
			case union == logicalDecimal && field == 2 && kind == thrift.I32:
				e.precision = c.Int()
			default:
				return false
			}
			return true
		})
		return true
	})
}

// parseText reads a KeyValue.
func (m *meta) parseText(c *thrift.Cursor) {
	var key, value []byte
	c.Structure(func(field int16, kind byte) bool {
		switch {
		case field == 1 && kind == thrift.Binary:
			key = c.Bytes()
		case field == 2 && kind == thrift.Binary:
			value = c.Bytes()
		default:
			return false
		}
		return true
	})
	switch string(key) {
	case "pandas":
		m.pandas = value
	case "ARROW:schema":
		m.arrow = value
	}
}

func parseGroup(c *thrift.Cursor, limits Limits, limit int64) group {
	g := group{rows: -1}
	c.Structure(func(field int16, kind byte) bool {
		switch {
		case field == 1 && kind == thrift.List:
			c.Elements(thrift.Struct, func() {
				if len(g.chunks) >= limits.Columns {
					c.Bad = true
					return
				}
				g.chunks = append(g.chunks, parseChunk(c, limit))
			})
		case field == 3 && kind == thrift.I64:
			g.rows = c.Int()
		default:
			return false
		}
		return true
	})
	if g.rows < 0 || len(g.chunks) == 0 {
		c.Bad = true
	}
	return g
}

// parseChunk reads a ColumnChunk. Those that do not lie within the file are marked by an end before their start.
func parseChunk(c *thrift.Cursor, limit int64) chunk {
	k := chunk{absent: true}
	var dictionary, data, length, codec int64
	far := false
	c.Structure(func(field int16, kind byte) bool {
		switch {
		case field == 1 && kind == thrift.Binary: // file_path
			far = len(c.Bytes()) > 0
			return true
		case field == 8 && kind == thrift.Struct: // crypto_metadata
			far = true
		}
		if field != 3 || kind != thrift.Struct {
			return false
		}
		k.absent = false
		c.Structure(func(field int16, kind byte) bool {
			switch {
			case field == 1 && kind == thrift.I32:
				k.physical = c.Int()
			case field == 4 && kind == thrift.I32:
				codec = c.Int()
			case field == 5 && kind == thrift.I64:
				k.values = c.Int()
			case field == 7 && kind == thrift.I64:
				length = c.Int()
			case field == 9 && kind == thrift.I64:
				data = c.Int()
			case field == 11 && kind == thrift.I64:
				dictionary = c.Int()
			default:
				return false
			}
			return true
		})
		return true
	})
	if k.absent && !far {
		c.Bad = true
	}
	k.absent = k.absent || far
	if k.codec = math.MaxUint8; codec >= 0 && codec < math.MaxUint8 {
		k.codec = uint8(codec)
	}
	k.start = data
	if dictionary >= int64(len(magic)) && dictionary < data {
		k.start = dictionary
	}
	if k.start < int64(len(magic)) || length < 0 || length > limit-k.start {
		return chunk{physical: k.physical, values: k.values, absent: k.absent, codec: k.codec, start: 1}
	}
	k.end = k.start + length
	return k
}
