package main

import (
	"bufio"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"strconv"
	"time"

	"github.com/parquet-go/parquet-go"

	"github.com/bmadventure/optcache/cachekit/backtest"
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

// plainText writes a value so that reading it gives the same bits.
func plainText(v any) string {
	switch v := v.(type) {
	case int64:
		return strconv.FormatInt(v, 10)
	case float64:
		return strconv.FormatFloat(v, 'g', -1, 64)
	case time.Time:
		return shortTime(v)
	}
	return fmt.Sprint(v)
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

// replaceFile writes a file that appears whole or not at all.
func replaceFile(name string, write func(io.Writer) error) (err error) {
	f, err := os.CreateTemp(filepath.Dir(name), ".optcache-*")
	if err != nil {
		return fmt.Errorf("write %s: %w", name, withoutPath(err))
	}
	defer func() {
		if err != nil {
			os.Remove(f.Name())
			err = fmt.Errorf("write %s: %w", name, withoutPath(err))
		}
	}()
	buffered := bufio.NewWriterSize(f, 1<<16)
	err = write(buffered)
	if err == nil {
		err = buffered.Flush()
	}
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	if err = os.Chmod(f.Name(), 0o644); err != nil {
		return err
	}
	return os.Rename(f.Name(), name)
}

// withoutPath returns what the system says, without the name of a file that nobody asked for.
func withoutPath(err error) error {
	if path := new(fs.PathError); errors.As(err, &path) {
		return path.Err
	}
	return err
}

// readJSON reads a file that writeJSON wrote.
func readJSON(name string, v any) error {
	raw, err := os.ReadFile(name)
	if err == nil {
		err = json.Unmarshal(raw, v)
	}
	if err != nil {
		return fmt.Errorf("read %s: %w", name, err)
	}
	return nil
}

// trialTable is the results of trials: number, parameters, metrics, error.
func (j *job[S]) trialTable(out outcomes[S]) *table {
	columns := []column{{"trial", whole}}
	for _, p := range j.family.axes {
		columns = append(columns, p.column())
	}
	metrics := metricColumns()
	params := len(columns)
	columns = append(columns, metrics...)
	columns = append(columns, column{"error", text})
	return &table{columns, len(out), func(row, i int) any {
		o := &out[row]
		switch {
		case i == 0:
			return int64(row)
		case i < params:
			return j.family.axes[i-1].value(o.Params)
		case i == len(columns)-1:
			if o.Err != nil {
				return o.Err.Error()
			}
			return ""
		}
		return metricCell(backtest.Metric(i-params), o.Result, o.Err)
	}}
}

func (p parameter[S]) column() column {
	if p.whole != nil {
		return column{p.name, whole}
	}
	return column{p.name, real}
}

func (p parameter[S]) value(s S) any {
	if p.whole != nil {
		return int64(*p.whole(&s))
	}
	return *p.real(&s)
}

// metricColumns are the metrics in the order of their constants.
func metricColumns() []column {
	var columns []column
	for m := range (backtest.Metrics{}).All() {
		c := column{m.String(), real}
		if m == backtest.Trades {
			c.kind = whole
		}
		columns = append(columns, c)
	}
	return columns
}

// metricCell returns a metric of a trial: NaN, or no trades, if it failed.
func metricCell(m backtest.Metric, all backtest.Metrics, err error) any {
	switch {
	case m == backtest.Trades && err != nil:
		return int64(0)
	case m == backtest.Trades:
		return int64(all.Trades)
	case err != nil:
		return math.NaN()
	}
	return all.Value(m)
}
