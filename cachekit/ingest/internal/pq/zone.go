package pq

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"slices"
)

// addZones adds what pandas and Arrow left in the footer: the zones of timestamps, and which columns are an index.
// A text that does not parse is ignored: it is a note, and the values do not depend on it.
func (f *File) addZones(m *meta) {
	zones := arrowZones(m.arrow)
	if zones == nil {
		zones = make(map[string]string)
	}
	for _, name := range f.readPandas(m.pandas, zones) {
		if slices.ContainsFunc(f.columns, func(c Column) bool { return c.Name == name }) {
			f.index = append(f.index, name)
		}
	}
	for i := range f.columns {
		if c := &f.columns[i]; c.Kind == Instant {
			c.Zone = zones[c.Name]
		}
	}
}

// readPandas adds the zones that pandas recorded, where there is none yet, and returns the names of its index.
func (f *File) readPandas(text []byte, zones map[string]string) (index []string) {
	var p struct {
		Index   []any `json:"index_columns"`
		Columns []struct {
			Name     any             `json:"name"`
			Field    string          `json:"field_name"`
			Metadata json.RawMessage `json:"metadata"`
		} `json:"columns"`
	}
	if json.Unmarshal(text, &p) != nil {
		return nil
	}
	for _, c := range p.Columns {
		name, ok := c.Name.(string)
		if c.Field != "" {
			name, ok = c.Field, true
		}
		var zone struct {
			Timezone string `json:"timezone"`
		}
		if ok && zones[name] == "" && json.Unmarshal(c.Metadata, &zone) == nil {
			zones[name] = zone.Timezone
		}
	}
	for _, i := range p.Index {
		if name, ok := i.(string); ok { // else a RangeIndex, which is in no column
			index = append(index, name)
		}
	}
	return index
}

// A flat reads FlatBuffers, in which Arrow writes its schemas. Positions that are not in it are 0, where nothing is.
type flat []byte

func (b flat) uint(pos, size int) int {
	if pos <= 0 || pos > len(b)-size {
		return 0
	}
	switch size {
	case 1:
		return int(b[pos])
	case 2:
		return int(binary.LittleEndian.Uint16(b[pos:]))
	}
	return int(binary.LittleEndian.Uint32(b[pos:]))
}

// field returns where field i of the table at pos is, or 0.
func (b flat) field(table, i int) int {
	if table <= 0 {
		return 0
	}
	vtable := table - int(int32(b.uint(table, 4)))
	if 4+2*i+2 > b.uint(vtable, 2) {
		return 0
	}
	if offset := b.uint(vtable+4+2*i, 2); offset > 0 {
		return table + offset
	}
	return 0
}

// follow returns where the offset at pos leads, or 0.
func (b flat) follow(pos int) int {
	if offset := b.uint(pos, 4); offset > 0 {
		return pos + offset
	}
	return 0
}

func (b flat) text(pos int) string {
	start, n := pos+4, b.uint(pos, 4)
	if pos <= 0 || n > len(b)-start {
		return ""
	}
	return string(b[start : start+n])
}

const (
	arrowSchema    = 1 // of the union MessageHeader
	arrowTimestamp = 10
)

// arrowZones returns the zones of the timestamps in a schema as Arrow leaves it: an IPC message in base64.
func arrowZones(text []byte) map[string]string {
	data, err := base64.StdEncoding.DecodeString(string(text))
	if err != nil || len(data) < 12 {
		return nil
	}
	if binary.LittleEndian.Uint32(data) == 1<<32-1 { // the mark of a message, missing before Arrow 0.15
		data = data[4:]
	}
	b := flat(data[3:]) // past the length; position 1 is the first, since 0 stands for nothing
	message := b.follow(1)
	if b.uint(b.field(message, 1), 1) != arrowSchema {
		return nil
	}
	fields := b.follow(b.field(b.follow(b.field(message, 2)), 1))
	zones := make(map[string]string)
	for i := range min(b.uint(fields, 4), len(b)/4) {
		field := b.follow(fields + 4 + 4*i)
		if b.uint(b.field(field, 2), 1) == arrowTimestamp {
			zones[b.text(b.follow(b.field(field, 0)))] = b.text(b.follow(b.field(b.follow(b.field(field, 3)), 1)))
		}
	}
	return zones
}
