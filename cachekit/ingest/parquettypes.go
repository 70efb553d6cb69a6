package ingest

import (
	"encoding/base64"
	"encoding/json"
	"math"
	"math/big"
	"strconv"
	"strings"
	"time"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/format"

	"github.com/bmadventure/optcache/cachekit/ingest/internal/when"
	"github.com/bmadventure/optcache/cachekit/internal/bar"
)

// annotation returns the logical type of t, or nil.
func annotation(t parquet.Type) format.LogicalTypeValue {
	if l := t.LogicalType(); l != nil {
		return l.Value
	}
	return nil
}

func isText(t parquet.Type) bool {
	switch annotation(t).(type) {
	case nil, *format.StringType, *format.EnumType:
		return t.Kind() == parquet.ByteArray
	}
	return false
}

func isNumber(t parquet.Type) bool { return numberOf(t) != nil }

// numberOf returns the function that makes a float64 of a value of type t, or nil if it has no numbers. It reports
// whether that is exact; if not, it is the nearest.
func numberOf(t parquet.Type) func(parquet.Value) (float64, bool) {
	unsigned := false
	switch l := annotation(t).(type) {
	case nil:
	case *format.IntType:
		unsigned = !l.IsSigned
	case *format.DecimalType:
		return decimalOf(t.Kind(), int(l.Scale))
	default:
		return nil
	}
	const exact = 1 << 53
	switch kind := t.Kind(); {
	case kind == parquet.Float:
		return func(v parquet.Value) (float64, bool) { return float64(v.Float()), true }
	case kind == parquet.Double:
		return func(v parquet.Value) (float64, bool) { return v.Double(), true }
	case kind == parquet.Int32 && unsigned:
		return func(v parquet.Value) (float64, bool) { return float64(v.Uint32()), true }
	case kind == parquet.Int32:
		return func(v parquet.Value) (float64, bool) { return float64(v.Int32()), true }
	case kind == parquet.Int64 && unsigned:
		return func(v parquet.Value) (float64, bool) { return float64(v.Uint64()), v.Uint64() <= exact }
	case kind == parquet.Int64:
		return func(v parquet.Value) (float64, bool) {
			return float64(v.Int64()), v.Int64() <= exact && v.Int64() >= -exact
		}
	}
	return nil
}

// decimalOf returns the function that makes of a decimal the float64 that is nearest to it: a decimal of a file is
// seldom a float64, and so that counts as exact.
func decimalOf(kind parquet.Kind, scale int) func(parquet.Value) (float64, bool) {
	const exact, tens = 1 << 53, 22 // whole numbers and powers of ten up to these are float64s, so that a quotient is rounded once
	small := func(v int64) (float64, bool) {
		if v <= exact && v >= -exact && scale >= 0 && scale <= tens {
			return float64(v) / math.Pow10(scale), true
		}
		f, err := strconv.ParseFloat(strconv.FormatInt(v, 10)+"e"+strconv.Itoa(-scale), 64)
		return f, err == nil
	}
	switch kind {
	case parquet.Int32:
		return func(v parquet.Value) (float64, bool) { return small(int64(v.Int32())) }
	case parquet.Int64:
		return func(v parquet.Value) (float64, bool) { return small(v.Int64()) }
	case parquet.ByteArray, parquet.FixedLenByteArray:
		return func(v parquet.Value) (float64, bool) {
			b := v.ByteArray()
			if len(b) <= 8 {
				n := int64(0)
				for i, c := range b {
					if i == 0 {
						n = int64(int8(c))
						continue
					}
					n = n<<8 | int64(c)
				}
				return small(n)
			}
			n := new(big.Int).SetBytes(b)
			if b[0]&0x80 != 0 {
				n.Sub(n, new(big.Int).Lsh(big.NewInt(1), uint(8*len(b))))
			}
			f, err := strconv.ParseFloat(n.String()+"e"+strconv.Itoa(-scale), 64)
			return f, err == nil
		}
	}
	return nil
}

// stampOf returns the function that makes Unix nanoseconds of a value of type t, or nil if a value alone does not say
// what time it is. It reports whether they are in range.
func stampOf(t parquet.Type) func(parquet.Value) (int64, bool) {
	scale := func(v, unit int64) (int64, bool) {
		t := v * unit
		return t, v >= bar.MinTime/unit && v <= bar.MaxTime/unit
	}
	switch l := annotation(t).(type) {
	case *format.DateType:
		return func(v parquet.Value) (int64, bool) { return scale(int64(v.Int32()), bar.Day) }
	case *format.TimestampType:
		if l.Unit.Value == nil || t.Kind() != parquet.Int64 {
			return nil
		}
		unit := int64(l.Unit.Value.Duration())
		return func(v parquet.Value) (int64, bool) { return scale(v.Int64(), unit) }
	}
	if t.Kind() != parquet.Int96 {
		return nil
	}
	return func(v parquet.Value) (int64, bool) { // Spark: nanoseconds of the day, then the Julian day
		i := v.Int96()
		const epoch = 2440588
		day, ok := scale(int64(i[2])-epoch, bar.Day)
		nanos := int64(uint64(i[1])<<32 | uint64(i[0]))
		return day + nanos, ok && nanos >= 0 && nanos < bar.Day && day <= bar.MaxTime-nanos
	}
}

// isTimeText reports whether times of type t are written as text, or as numbers whose unit must be found out.
func isTimeText(t parquet.Type) bool {
	switch l := annotation(t).(type) {
	case nil:
		return t.Kind() == parquet.Int64 || t.Kind() == parquet.Int32 || isText(t)
	case *format.IntType:
		return l.BitWidth >= 32
	}
	return isText(t)
}

// textOf returns a time that is written as text or as a number, as text.
func textOf(v parquet.Value) string {
	switch v.Kind() {
	case parquet.Int32:
		return strconv.FormatInt(int64(v.Int32()), 10)
	case parquet.Int64:
		return strconv.FormatInt(v.Int64(), 10)
	}
	return strings.TrimSpace(string(v.ByteArray()))
}

// findTimes finds out how the times of a column are written, from those of the first row group.
func (p *parquetRows) findTimes(texts []string) bool {
	if p.times != nil {
		return true
	}
	var sample []string
	for _, s := range texts {
		if s != "" && len(sample) < sampled {
			sample = append(sample, s)
		}
	}
	times, wrong := when.Find(sample, p.dateFormat)
	if wrong != "" {
		p.refuse(1, p.time, "", wrong)
		return false
	}
	p.times = times
	return true
}

// zoneOfColumn returns the zone that a column of times has by what pandas and Arrow write beside the schema, or "".
func zoneOfColumn(meta []format.KeyValue, column string) string {
	for _, kv := range meta {
		zone := ""
		switch kv.Key {
		case "pandas":
			zone = pandasZone(kv.Value, column)
		case "ARROW:schema":
			zone = arrowZone(kv.Value, column)
		}
		if zone == "" || zone == "UTC" || zone == "Etc/UTC" || zone == "GMT" {
			continue
		}
		if _, err := time.LoadLocation(zone); err == nil && strings.Contains(zone, "/") {
			return zone
		}
	}
	return ""
}

// pandasZone reads the zone of a column from what pandas writes.
func pandasZone(text, column string) string {
	var meta struct {
		Columns []struct {
			Name      any    `json:"name"`
			FieldName string `json:"field_name"`
			Metadata  *struct {
				Timezone any `json:"timezone"`
			} `json:"metadata"`
		} `json:"columns"`
	}
	if json.Unmarshal([]byte(text), &meta) != nil {
		return ""
	}
	for _, c := range meta.Columns {
		if c.Name != column && c.FieldName != column || c.Metadata == nil {
			continue
		}
		if zone, ok := c.Metadata.Timezone.(string); ok {
			return zone
		}
	}
	return ""
}

// arrowZone reads the zone of a column from the schema that Arrow's writers add: a message of Arrow IPC in base64, made
// of FlatBuffers.
func arrowZone(text, column string) (zone string) {
	b, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return ""
	}
	defer func() {
		if recover() != nil { // an offset leads nowhere
			zone = ""
		}
	}()
	const continuation = 8 // 0xFFFFFFFF and the length of the message
	if len(b) < continuation+4 {
		return ""
	}
	if b[0] == 0xFF {
		b = b[continuation:]
	} else {
		b = b[4:]
	}
	schema := flatTable{b, int(le32(b, 0))}.table(2) // Message.header
	fields := schema.vector(1)                       // Schema.fields
	for i := range min(fields.len(), 10_000) {
		field := fields.table(i)
		const timestamp = 10
		if field.text(0) == column && field.byte(2) == timestamp {
			return field.table(3).text(1) // Field.type, Timestamp.timezone
		}
	}
	return ""
}

// A flatTable is a table of a FlatBuffer at a position. A position outside the buffer panics.
type flatTable struct {
	b  []byte
	at int
}

func le32(b []byte, at int) uint32 {
	return uint32(b[at]) | uint32(b[at+1])<<8 | uint32(b[at+2])<<16 | uint32(b[at+3])<<24
}

// slot returns where field n is, 0 if it is not there.
func (t flatTable) slot(n int) int {
	if t.at == 0 {
		return 0
	}
	v := t.at - int(int32(le32(t.b, t.at)))
	size := int(t.b[v]) | int(t.b[v+1])<<8
	if 4+2*n >= size {
		return 0
	}
	off := int(t.b[v+4+2*n]) | int(t.b[v+5+2*n])<<8
	if off == 0 {
		return 0
	}
	return t.at + off
}

func (t flatTable) byte(n int) byte {
	if at := t.slot(n); at > 0 {
		return t.b[at]
	}
	return 0
}

func (t flatTable) table(n int) flatTable {
	at := t.slot(n)
	if at == 0 {
		return flatTable{t.b, 0}
	}
	return flatTable{t.b, at + int(le32(t.b, at))}
}

func (t flatTable) text(n int) string {
	s := t.table(n)
	if s.at == 0 {
		return ""
	}
	return string(t.b[s.at+4 : s.at+4+int(le32(t.b, s.at))])
}

func (t flatTable) vector(n int) flatVector { return flatVector(t.table(n)) }

// A flatVector is a vector of tables.
type flatVector flatTable

func (v flatVector) len() int {
	if v.at == 0 {
		return 0
	}
	return int(le32(v.b, v.at))
}

// table returns element i.
func (v flatVector) table(i int) flatTable {
	at := v.at + 4 + 4*i
	return flatTable{v.b, at + int(le32(v.b, at))}
}
