package pq

import (
	"fmt"
	"slices"
)

// A Kind says what the values of a column can be read as.
type Kind uint8

// The kinds of columns, and the member of [Values] that has their values.
const (
	Other   Kind = iota // not read: booleans, times of day, UUID, JSON, …
	Nested              // not read: lists, maps and structs
	Number              // Numbers: double, float, float16, decimal
	Integer             // Ints, and Numbers as the nearest float64
	Text                // Texts
	Instant             // Times: TIMESTAMP that counts from an instant in UTC; INT96, as Spark writes it
	Wall                // Times: TIMESTAMP of a clock in no known zone, as if it were in UTC
	Date                // Times: midnights, as if in UTC
)

// A Column is a column at the top level of a file.
type Column struct {
	Name string
	Kind Kind
	Zone string // of an Instant, as pandas or Arrow recorded it: "America/New_York", "UTC"; "" if they did not
	Type string // for messages: "double", "decimal(18,4)", "timestamp in µs, UTC"
}

// A physical type is how Parquet stores a value.
const (
	physicalBoolean = 0
	physicalInt32   = 1
	physicalInt64   = 2
	physicalInt96   = 3
	physicalFloat   = 4
	physicalDouble  = 5
	physicalBytes   = 6
	physicalFixed   = 7
)

// Members of the union LogicalType.
const (
	logicalString    = 1
	logicalEnum      = 4
	logicalDecimal   = 5
	logicalDate      = 6
	logicalTime      = 7
	logicalTimestamp = 8
	logicalInteger   = 10
	logicalNull      = 11
	logicalFloat16   = 15
)

// convertedLogical gives the logical types of the older annotations that are read.
var convertedLogical = map[int64]element{
	0:  {logical: logicalString},
	4:  {logical: logicalEnum},
	5:  {logical: logicalDecimal},
	6:  {logical: logicalDate},
	9:  {logical: logicalTimestamp, adjusted: true, unit: 1},
	10: {logical: logicalTimestamp, adjusted: true, unit: 2},
	11: {logical: logicalInteger, bits: 8},
	12: {logical: logicalInteger, bits: 16},
	13: {logical: logicalInteger, bits: 32},
	14: {logical: logicalInteger, bits: 64},
	15: {logical: logicalInteger, bits: 8, signed: true},
	16: {logical: logicalInteger, bits: 16, signed: true},
	17: {logical: logicalInteger, bits: 32, signed: true},
	18: {logical: logicalInteger, bits: 64, signed: true},
}

// A leaf is how the values of a column are stored.
type leaf struct {
	element
	chunk int // its place among the chunks of a row group
	width int // bytes of a value, 0 if they differ
}

// numbers reports whether values are numbers of 4 or 8 bytes.
func (e *element) numbers() bool {
	switch e.physical {
	case physicalInt32, physicalInt64, physicalFloat, physicalDouble:
		return true
	}
	return false
}

// columns returns the columns at the top level and how those that are read are stored.
func (m *meta) columns() ([]Column, []leaf) {
	var columns []Column
	var leaves []leaf
	chunks := 0
	for i := 1; i < len(m.schema); {
		e := m.schema[i]
		first, next := chunks, i
		for open := int64(1); open > 0; next++ {
			open += m.schema[next].children - 1
			if m.schema[next].children == 0 {
				chunks++
			}
		}
		i = next
		if e.children > 0 || e.repeated > 1 || e.repeated < 0 {
			columns = append(columns, Column{Name: e.name, Kind: Nested, Type: "list, map or struct"})
			leaves = append(leaves, leaf{})
			continue
		}
		l := leaf{element: e.annotated(), chunk: first}
		kind, name := l.kind()
		l.width = l.size()
		columns = append(columns, Column{Name: e.name, Kind: kind, Type: name})
		leaves = append(leaves, l)
	}
	return columns, leaves
}

// annotated returns e with the logical type that its older annotation means.
func (e element) annotated() element {
	if e.logical != 0 || e.converted < 0 {
		return e
	}
	c, ok := convertedLogical[e.converted]
	if !ok {
		c.logical = -1 // an annotation that is not read
	}
	e.logical, e.adjusted, e.unit, e.bits, e.signed = c.logical, c.adjusted, c.unit, c.bits, c.signed
	return e
}

func (e *element) size() int {
	switch e.physical {
	case physicalInt32, physicalFloat:
		return 4
	case physicalInt64, physicalDouble:
		return 8
	case physicalInt96:
		return 12
	case physicalFixed:
		return int(e.length)
	}
	return 0
}

// maxDecimal is how many bytes a decimal may have: Arrow's widest have 32.
const maxDecimal = 64

// kind says what a column is, and what to call its type.
func (e *element) kind() (Kind, string) {
	integers := []int64{physicalInt32, physicalInt64}
	switch e.logical {
	case 0:
		return e.plainKind()
	case logicalString, logicalEnum:
		if e.physical == physicalBytes {
			return Text, "string"
		}
	case logicalDecimal:
		name := fmt.Sprintf("decimal(%d,%d)", e.precision, e.scale)
		fixed := e.physical == physicalFixed && e.length > 0 && e.length <= maxDecimal
		if e.scale < 0 || e.scale > 1000 || !fixed && !slices.Contains(append(integers, physicalBytes), e.physical) {
			return Other, name
		}
		return Number, name
	case logicalDate:
		if e.physical == physicalInt32 {
			return Date, "date"
		}
	case logicalTimestamp:
		if e.physical == physicalInt64 && e.unit >= 1 && e.unit <= 3 {
			return e.timestamp()
		}
	case logicalInteger:
		if slices.Contains(integers, e.physical) {
			return Integer, e.integer()
		}
	case logicalNull:
		if slices.Contains(integers, e.physical) {
			return Integer, "null"
		}
	case logicalFloat16:
		if e.physical == physicalFixed && e.length == 2 {
			return Number, "float16"
		}
	case logicalTime:
		return Other, "time of day"
	}
	return Other, "another type"
}

func (e *element) plainKind() (Kind, string) {
	switch e.physical {
	case physicalBoolean:
		return Other, "boolean"
	case physicalInt32:
		return Integer, "int32"
	case physicalInt64:
		return Integer, "int64"
	case physicalInt96:
		return Instant, "timestamp in INT96"
	case physicalFloat:
		return Number, "float"
	case physicalDouble:
		return Number, "double"
	case physicalBytes:
		return Text, "bytes"
	}
	return Other, "another type"
}

func (e *element) timestamp() (Kind, string) {
	name := "timestamp in " + [...]string{1: "ms", 2: "µs", 3: "ns"}[e.unit]
	if e.adjusted {
		return Instant, name + ", UTC"
	}
	return Wall, name + ", no zone"
}

func (e *element) integer() string {
	if e.signed {
		return fmt.Sprintf("int%d", e.bits)
	}
	return fmt.Sprintf("uint%d", e.bits)
}
