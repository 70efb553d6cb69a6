package output

import (
	"encoding/csv"
	"fmt"
	"io"
	"math"
	"reflect"
	"time"

	"github.com/parquet-go/parquet-go"
)

// A Table is results in rows, for other programs: as CSV, as a JSON array with an
// object for each row, or as Parquet, with the same columns in the same order.
// NaN and infinities are "NaN", "+Inf" and "-Inf" in CSV and JSON.
type Table struct {
	Columns []Column
	Rows    int
	Cell    func(row, column int) any // int64, float64, string or time.Time, as the column's kind says
}

// A Column is a name and the kind of its values.
type Column struct {
	Name string
	Kind Kind
}

// Col returns a column.
func Col(name string, kind Kind) Column { return Column{name, kind} }

// Kind is the kind of the values of a column.
type Kind uint8

const (
	Whole  Kind = iota // int64
	Real               // float64
	Text               // string
	Moment             // time.Time, in UTC
)

// Forms are the forms of a table, as --format takes them.
var Forms = []string{"csv", "json", "parquet"}

// Write writes the table in one of its forms.
func (t *Table) Write(w io.Writer, form string) error {
	switch form {
	case "csv":
		return t.writeCSV(w)
	case "json":
		return t.writeJSON(w)
	}
	return t.writeParquet(w)
}

func (t *Table) writeCSV(w io.Writer) error {
	c := csv.NewWriter(w)
	record := make([]string, len(t.Columns))
	for i, column := range t.Columns {
		record[i] = column.Name
	}
	if err := c.Write(record); err != nil {
		return err
	}
	for row := range t.Rows {
		for i := range t.Columns {
			record[i] = Plain(t.Cell(row, i))
		}
		if err := c.Write(record); err != nil {
			return err
		}
	}
	c.Flush()
	return c.Error()
}

func (t *Table) writeJSON(w io.Writer) error {
	for row := range t.Rows {
		open := ",\n"
		if row == 0 {
			open = "[\n"
		}
		line, err := object(len(t.Columns), func(i int) (string, any) { return t.Columns[i].Name, plainJSON(t.Cell(row, i)) })
		if err != nil {
			return err
		}
		if _, err := fmt.Fprintf(w, "%s%s", open, line); err != nil {
			return err
		}
	}
	closing := "\n]\n"
	if t.Rows == 0 {
		closing = "[]\n"
	}
	_, err := io.WriteString(w, closing)
	return err
}

// plainJSON returns what stands for a value in JSON.
func plainJSON(v any) any {
	switch v := v.(type) {
	case float64:
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return nonFinite(v)
		}
	case time.Time:
		return ShortTime(v)
	}
	return v
}

// groupRows is how many rows a row group of a Parquet file has.
const groupRows = 1 << 16

func (t *Table) writeParquet(w io.Writer) error {
	pw := parquet.NewGenericWriter[any](w, t.schema(), parquet.Compression(&parquet.Zstd), parquet.CreatedBy("optcache", "1", ""))
	values := make([]parquet.Value, 0, min(t.Rows, groupRows))
	for lo := 0; lo < t.Rows; lo += groupRows {
		for i, c := range pw.ColumnWriters() {
			values = values[:0]
			for row := lo; row < min(lo+groupRows, t.Rows); row++ {
				values = append(values, parquetValue(t.Cell(row, i)))
			}
			if _, err := c.WriteRowValues(values); err != nil {
				return err
			}
		}
		if err := pw.Flush(); err != nil {
			return err
		}
	}
	return pw.Close()
}

// schema is made from a struct type because one made from a parquet.Group sorts its
// columns by name.
func (t *Table) schema() *parquet.Schema {
	fields := make([]reflect.StructField, len(t.Columns))
	for i, c := range t.Columns {
		f := reflect.StructField{Name: fmt.Sprint("Column", i), Tag: reflect.StructTag(fmt.Sprintf("parquet:%q", c.Name))}
		switch c.Kind {
		case Whole:
			f.Type = reflect.TypeFor[int64]()
		case Real:
			f.Type = reflect.TypeFor[float64]()
		case Text:
			f.Type = reflect.TypeFor[string]()
		case Moment:
			f.Type, f.Tag = reflect.TypeFor[int64](), reflect.StructTag(fmt.Sprintf("parquet:%q", c.Name+",timestamp(nanosecond)"))
		}
		fields[i] = f
	}
	return parquet.SchemaOf(reflect.New(reflect.StructOf(fields)).Interface())
}

func parquetValue(v any) parquet.Value {
	switch v := v.(type) {
	case int64:
		return parquet.Int64Value(v)
	case float64:
		return parquet.DoubleValue(v)
	case time.Time:
		return parquet.Int64Value(v.UnixNano())
	}
	return parquet.ByteArrayValue([]byte(fmt.Sprint(v)))
}
