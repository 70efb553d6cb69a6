package main

import (
	"encoding/csv"
	"fmt"
	"io"
	"math"
	"reflect"
	"time"

	"github.com/parquet-go/parquet-go"
)

// A table is results in rows, for other programs: as CSV, as a JSON array with an
// object for each row, or as Parquet, with the same columns in the same order.
// NaN and infinities are "NaN", "+Inf" and "-Inf" in CSV and JSON.
type table struct {
	columns []column
	rows    int
	cell    func(row, column int) any // int64, float64, string or time.Time, as the column's kind says
}

// A column is a name and the kind of its values.
type column struct {
	name string
	kind columnKind
}

// col returns a column.
func col(name string, kind columnKind) column { return column{name, kind} }

type columnKind uint8

const (
	whole  columnKind = iota // int64
	real                     // float64
	text                     // string
	moment                   // time.Time, in UTC
)

// tableForms are the forms of a table, as --format takes them.
var tableForms = []string{"csv", "json", "parquet"}

// write writes the table in one of its forms.
func (t *table) write(w io.Writer, form string) error {
	switch form {
	case "csv":
		return t.writeCSV(w)
	case "json":
		return t.writeJSON(w)
	}
	return t.writeParquet(w)
}

func (t *table) writeCSV(w io.Writer) error {
	c := csv.NewWriter(w)
	record := make([]string, len(t.columns))
	for i, column := range t.columns {
		record[i] = column.name
	}
	if err := c.Write(record); err != nil {
		return err
	}
	for row := range t.rows {
		for i := range t.columns {
			record[i] = plainText(t.cell(row, i))
		}
		if err := c.Write(record); err != nil {
			return err
		}
	}
	c.Flush()
	return c.Error()
}

func (t *table) writeJSON(w io.Writer) error {
	for row := range t.rows {
		open := ",\n"
		if row == 0 {
			open = "[\n"
		}
		line, err := object(len(t.columns), func(i int) (string, any) { return t.columns[i].name, plainJSON(t.cell(row, i)) })
		if err != nil {
			return err
		}
		if _, err := fmt.Fprintf(w, "%s%s", open, line); err != nil {
			return err
		}
	}
	closing := "\n]\n"
	if t.rows == 0 {
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
		return shortTime(v)
	}
	return v
}

// groupRows is how many rows a row group of a Parquet file has.
const groupRows = 1 << 16

func (t *table) writeParquet(w io.Writer) error {
	pw := parquet.NewGenericWriter[any](w, t.schema(), parquet.Compression(&parquet.Zstd), parquet.CreatedBy("optcache", "1", ""))
	values := make([]parquet.Value, 0, min(t.rows, groupRows))
	for lo := 0; lo < t.rows; lo += groupRows {
		for i, c := range pw.ColumnWriters() {
			values = values[:0]
			for row := lo; row < min(lo+groupRows, t.rows); row++ {
				values = append(values, parquetValue(t.cell(row, i)))
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
func (t *table) schema() *parquet.Schema {
	fields := make([]reflect.StructField, len(t.columns))
	for i, c := range t.columns {
		f := reflect.StructField{Name: fmt.Sprint("Column", i), Tag: reflect.StructTag(fmt.Sprintf("parquet:%q", c.name))}
		switch c.kind {
		case whole:
			f.Type = reflect.TypeFor[int64]()
		case real:
			f.Type = reflect.TypeFor[float64]()
		case text:
			f.Type = reflect.TypeFor[string]()
		case moment:
			f.Type, f.Tag = reflect.TypeFor[int64](), reflect.StructTag(fmt.Sprintf("parquet:%q", c.name+",timestamp(nanosecond)"))
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
