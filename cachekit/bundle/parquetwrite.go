package bundle

import (
	"fmt"
	"io"
	"reflect"
	"slices"

	"github.com/parquet-go/parquet-go"

	"github.com/bmadventure/optcache/cachekit/internal/bar"
	"github.com/bmadventure/optcache/cachekit/market"
)

// fileName returns the name of the file that holds a partition.
func fileName(partition string) string { return "bars-" + partition + ".parquet" }

// parquetSchema describes the files of a bundle. It is made from a struct type
// because a schema made from a parquet.Group sorts its columns by name.
func parquetSchema(frequency market.Frequency, fields Fields) *parquet.Schema {
	columns := []reflect.StructField{
		{Name: "Symbol", Type: reflect.TypeFor[string](), Tag: `parquet:"symbol,plain"`},
		{Name: "Time", Type: reflect.TypeFor[int32](), Tag: `parquet:"date,date,plain"`},
	}
	if frequency.Intraday() {
		columns[1].Type = reflect.TypeFor[int64]()
		columns[1].Tag = `parquet:"timestamp,timestamp(nanosecond),plain"`
	}
	for i, name := range fields.Names() {
		columns = append(columns, reflect.StructField{
			Name: fmt.Sprint("Field", i), Type: reflect.TypeFor[float64](),
			Tag: reflect.StructTag(`parquet:"` + name + `,plain"`),
		})
	}
	return parquet.SchemaOf(reflect.New(reflect.StructOf(columns)).Interface())
}

// writeParquet writes one partition: a row group for each asset that has bars
// in it, in which every column is one plain, uncompressed page.
func (d *dataset) writeParquet(w io.Writer, partition int) error {
	m := d.manifest
	largest := 0
	for _, p := range m.parts {
		if p.partition == partition {
			largest = max(largest, p.rows)
		}
	}
	options := []parquet.WriterOption{
		parquetSchema(m.frequency, m.fields),
		parquet.Compression(&parquet.Uncompressed),
		parquet.PageBufferSize(largest*(8+bar.MaxSymbol) + 1<<10), // never reached: one page a column
		parquet.CreatedBy("optcache", "1", ""),
	}
	for _, name := range m.fields.Names() {
		options = append(options, parquet.SkipPageBounds(name)) // bounds of symbol and time help readers to skip; these only cost
	}
	pw := parquet.NewGenericWriter[any](w, options...)
	values := make([]parquet.Value, 0, largest)
	for i := range m.assets {
		start, parts := m.partsOf(i)
		at := slices.IndexFunc(parts, func(p part) bool { return p.partition == partition })
		if at < 0 {
			continue
		}
		if err := d.writeGroup(pw, i, d.spans[start+at], values); err != nil {
			return err
		}
	}
	return pw.Close()
}

// writeGroup writes the row group of one asset. values is scratch.
func (d *dataset) writeGroup(pw *parquet.GenericWriter[any], asset int, at span, values []parquet.Value) error {
	writers := pw.ColumnWriters()
	write := func(column int, value func(i int) parquet.Value) error {
		values = values[:0]
		for i := at.lo; i < at.hi; i++ {
			values = append(values, value(i))
		}
		_, err := writers[column].WriteRowValues(values)
		return err
	}
	s := &d.series[asset]
	symbol := parquet.ByteArrayValue([]byte(s.Symbol))
	if err := write(0, func(int) parquet.Value { return symbol }); err != nil {
		return err
	}
	stamp := func(i int) parquet.Value { return parquet.Int32Value(int32(s.Times[i] / bar.Day)) }
	if d.manifest.frequency.Intraday() {
		stamp = func(i int) parquet.Value { return parquet.Int64Value(s.Times[i]) }
	}
	if err := write(1, stamp); err != nil {
		return err
	}
	column := 2
	for f := range bar.NumFields {
		if !d.manifest.fields.Has(1 << f) {
			continue
		}
		c := d.column(asset, f)
		if err := write(column, func(i int) parquet.Value { return parquet.DoubleValue(c[i]) }); err != nil {
			return err
		}
		column++
	}
	return pw.Flush()
}
