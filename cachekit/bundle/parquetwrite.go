package bundle

import (
	"context"
	"fmt"
	"io"
	"reflect"

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
func (d *dataset) writeParquet(ctx context.Context, w io.Writer, partition int) error {
	m := d.manifest
	largest, longest := 0, 0 // bars, bytes of a symbol
	for at, p := range m.parts {
		if p.partition == partition {
			largest, longest = max(largest, p.rows), max(longest, len(m.assets[m.owner(at)].Symbol))
		}
	}
	options := []parquet.WriterOption{
		parquetSchema(m.frequency, m.fields),
		parquet.Compression(&parquet.Uncompressed),
		parquet.PageBufferSize(largest*(16+longest) + 1<<10), // never reached: one page a column
		parquet.CreatedBy("optcache", "1", ""),
	}
	for _, name := range m.fields.Names() {
		options = append(options, parquet.SkipPageBounds(name)) // bounds of symbol and time help readers to skip; these only cost
	}
	pw := parquet.NewGenericWriter[any](w, options...)
	values := make([]parquet.Value, 0, min(largest, valuesAtOnce))
	var s Series
	for at, p := range m.parts {
		if p.partition != partition {
			continue
		}
		var err error
		if s, err = d.bars(ctx, at, s); err != nil {
			return err
		}
		s.Symbol = m.assets[m.owner(at)].Symbol
		if err := d.writeGroup(pw, &s, values); err != nil {
			return err
		}
	}
	return pw.Close()
}

// valuesAtOnce is how many values are handed to the writer at once: a value takes 24 bytes.
const valuesAtOnce = 1 << 12

// writeGroup writes the row group of one asset. values is scratch.
func (d *dataset) writeGroup(pw *parquet.GenericWriter[any], s *Series, values []parquet.Value) error {
	writers := pw.ColumnWriters()
	write := func(column int, value func(i int) parquet.Value) error {
		for lo := 0; lo < len(s.Times); lo += valuesAtOnce {
			values = values[:0]
			for i := lo; i < min(lo+valuesAtOnce, len(s.Times)); i++ {
				values = append(values, value(i))
			}
			if _, err := writers[column].WriteRowValues(values); err != nil {
				return err
			}
		}
		return nil
	}
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
	for f, c := range s.columns() {
		if !d.manifest.fields.Has(1 << f) {
			continue
		}
		if err := write(column, func(i int) parquet.Value { return parquet.DoubleValue((*c)[i]) }); err != nil {
			return err
		}
		column++
	}
	return pw.Flush()
}
