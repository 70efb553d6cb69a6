package ingest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"slices"
	"strings"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/format"

	"github.com/bmadventure/optcache/cachekit/internal/bar"
	"github.com/bmadventure/optcache/cachekit/internal/footer"
)

// readParquet reads a file of any program. What it holds is checked column by
// column; the library is not trusted with footers that do not hold together.
func (t *table) readParquet(ctx context.Context, f *os.File) {
	defer func() {
		if r := recover(); r != nil { // the library panics on some files that are no Parquet
			t.groups = nil
			t.refuse(0, "", "", fmt.Sprintf("the file cannot be read as Parquet (%v): write it again", r))
		}
	}()
	if err := t.readParquetFile(ctx, f); err != nil && ctx.Err() == nil {
		t.refuse(0, "", "", "the file cannot be read as Parquet ("+cause(err)+"): write it again")
	}
}

func (t *table) readParquetFile(ctx context.Context, f *os.File) error {
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if info.Size() == 0 {
		t.refuse(0, "", "", "the file is empty: write it again or remove it")
		return nil
	}
	if err := footer.Check(f, info.Size()); err != nil {
		return err
	}
	file, err := parquet.OpenFile(f, info.Size(), parquet.SkipPageIndex(true), parquet.SkipBloomFilters(true))
	if err != nil {
		return err
	}
	p := parquetRows{table: t, groups: make(map[string]*rowGroup)}
	if !p.findColumns(file.Schema()) {
		return nil
	}
	for _, g := range file.RowGroups() {
		if err := p.readGroup(ctx, g); err != nil {
			return err
		}
	}
	if p.row == 0 {
		t.refuse(0, "", "", "there is no row: add rows or remove the file")
	}
	return nil
}

// A parquetRows reads the rows of a Parquet file.
type parquetRows struct {
	*table
	header header
	symbol string                            // where no column has one: the file's name
	stamp  func(parquet.Value) (int64, bool) // Unix nanoseconds of a value of the time column
	groups map[string]*rowGroup
	known  bool // whether times are instants in UTC rather than those of a wall
	row    int  // rows read
}

// findColumns finds the columns by name, and checks their types.
func (p *parquetRows) findColumns(schema *parquet.Schema) bool {
	var names []string
	for _, path := range schema.Columns() {
		name := path[0]
		if len(path) > 1 {
			name = "\x00" // part of a nested column: none of ours
		}
		names = append(names, name)
	}
	h, ok := p.readHeader(names, 0)
	p.ignored = withoutNested(p.ignored, schema)
	if !ok {
		return false
	}
	p.header = h
	leaf := func(column int) parquet.LeafColumn {
		l, _ := schema.Lookup(schema.Columns()[column]...)
		return l
	}
	ok = h.symbol < 0 || p.checkType(names[h.symbol], leaf(h.symbol), isText, "text")
	for f, column := range h.fields {
		if column >= 0 {
			ok = p.checkType(bar.Names[f], leaf(column), isNumber, "double, float or an integer") && ok
		}
	}
	p.stamp = stampOf(leaf(h.time).Node.Type())
	if l, ok := annotation(leaf(h.time).Node.Type()).(*format.TimestampType); ok {
		p.known = l.IsAdjustedToUTC
	}
	isStamp := func(parquet.Type) bool { return p.stamp != nil }
	return p.checkType(p.time, leaf(h.time), isStamp, "DATE or TIMESTAMP") && ok
}

func (p *parquetRows) checkType(name string, leaf parquet.LeafColumn, fits func(parquet.Type) bool, want string) bool {
	if !leaf.Node.Repeated() && leaf.MaxRepetitionLevel == 0 && leaf.Node.Leaf() && fits(leaf.Node.Type()) {
		return true
	}
	p.refuse(0, name, leaf.Node.String(), "a column of this type is not taken: write it as "+want)
	return false
}

// withoutNested replaces the marks of nested columns by their names.
func withoutNested(ignored []string, schema *parquet.Schema) []string {
	var names []string
	for _, name := range ignored {
		if name != "\x00" {
			names = append(names, name)
		}
	}
	for _, path := range schema.Columns() {
		if len(path) > 1 {
			names = append(names, path[0])
		}
	}
	return names
}

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

func isNumber(t parquet.Type) bool {
	switch annotation(t).(type) {
	case nil, *format.IntType:
		switch t.Kind() {
		case parquet.Float, parquet.Double, parquet.Int32, parquet.Int64:
			return true
		}
	}
	return false // a DECIMAL, say, is an integer that does not mean one
}

// numberOf returns the function that makes a float64 of a value of type t. It
// reports whether that is exact.
func numberOf(t parquet.Type) func(parquet.Value) (float64, bool) {
	integer, _ := annotation(t).(*format.IntType)
	unsigned := integer != nil && !integer.IsSigned
	switch t.Kind() {
	case parquet.Float:
		return func(v parquet.Value) (float64, bool) { return float64(v.Float()), true }
	case parquet.Double:
		return func(v parquet.Value) (float64, bool) { return v.Double(), true }
	case parquet.Int32:
		if unsigned {
			return func(v parquet.Value) (float64, bool) { return float64(v.Uint32()), true }
		}
		return func(v parquet.Value) (float64, bool) { return float64(v.Int32()), true }
	}
	const exact = 1 << 53
	if unsigned {
		return func(v parquet.Value) (float64, bool) { return float64(v.Uint64()), v.Uint64() <= exact }
	}
	return func(v parquet.Value) (float64, bool) {
		return float64(v.Int64()), v.Int64() <= exact && v.Int64() >= -exact
	}
}

// stampOf returns the function that makes Unix nanoseconds of a value of type t,
// or nil if it has no times. It reports whether they are in range.
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
	return nil
}

// A block is the rows of one row group, column by column.
type block struct {
	symbols []*rowGroup
	times   []int64
	bars    [][bar.NumFields]float64
	bad     []bool // rows that have a problem
}

// readGroup reads a row group and hands its rows to the groups of their assets.
func (p *parquetRows) readGroup(ctx context.Context, g parquet.RowGroup) error {
	var b block
	columns := g.ColumnChunks()
	if p.header.symbol < 0 {
		p.nameRows(int(g.NumRows()), &b)
	} else if err := p.readSymbols(ctx, columns[p.header.symbol], &b); err != nil {
		return err
	}
	if err := p.readTimes(ctx, columns[p.header.time], &b); err != nil {
		return err
	}
	b.bars = make([][bar.NumFields]float64, len(b.times))
	for i := range b.bars {
		b.bars[i][bar.Split] = bar.Neutral(bar.Split)
	}
	for f, column := range p.header.fields {
		if column >= 0 {
			if err := p.readField(ctx, columns[column], f, &b); err != nil {
				return err
			}
		}
	}
	for i := range b.times {
		p.addRow(i, &b)
	}
	p.row += len(b.times)
	if err := p.settleRows(len(b.times)); err != nil {
		p.fault = err
	}
	return nil
}

func (p *parquetRows) addRow(i int, b *block) {
	if b.bad[i] {
		return
	}
	line := p.row + i + 1
	written := b.bars[i]
	ok, f, wrong := p.settle(b.symbols[i], line, &b.bars[i])
	if wrong != "" {
		p.badRow(b.symbols[i].symbol, line, bar.Names[f], bar.FormatFloat(written[f]), wrong)
	}
	if !ok {
		return
	}
	b.symbols[i].known = p.known
	b.symbols[i].append(b.times[i], 0, line, &b.bars[i], &p.header)
}

// nameRows gives n rows the symbol of their file.
func (p *parquetRows) nameRows(n int, b *block) {
	g := p.group(p.table.symbol)
	b.symbols, b.bad = slices.Repeat([]*rowGroup{g}, n), make([]bool, n)
}

func (p *parquetRows) readSymbols(ctx context.Context, column parquet.ColumnChunk, b *block) error {
	last, group := []byte(nil), (*rowGroup)(nil)
	return readValues(ctx, column, func(i int, v parquet.Value) {
		b.bad = append(b.bad, false)
		if v.IsNull() {
			p.addNull(i, "symbol", b)
		} else if text := v.ByteArray(); group == nil || string(text) != string(last) {
			group = p.group(strings.TrimSpace(string(text)))
			last = append(last[:0], text...)
		}
		b.symbols = append(b.symbols, group)
	})
}

// group returns the rows of an asset.
func (p *parquetRows) group(symbol string) *rowGroup {
	g, ok := p.groups[symbol]
	if !ok {
		g = &rowGroup{symbol: symbol}
		p.groups[symbol] = g
		p.table.groups = append(p.table.groups, g)
	}
	return g
}

func (p *parquetRows) addNull(i int, column string, b *block) {
	p.refuse(p.row+i+1, column, "", "there is no value: fill it in or remove the row")
	b.bad[i] = true
}

// errLengths is for row groups whose columns have different numbers of values.
var errLengths = errors.New("its columns are not of equal length")

func (p *parquetRows) readTimes(ctx context.Context, column parquet.ColumnChunk, b *block) error {
	err := readValues(ctx, column, func(i int, v parquet.Value) {
		t := int64(0)
		if i >= len(b.bad) {
			// told below
		} else if v.IsNull() {
			p.addNull(i, p.time, b)
		} else if at, ok := p.stamp(v); !ok {
			p.refuse(p.row+i+1, p.time, v.String(), bar.RangeMessage)
			b.bad[i] = true
		} else {
			t = at
		}
		b.times = append(b.times, t)
	})
	if err == nil && len(b.times) != len(b.symbols) {
		err = errLengths
	}
	return err
}

func (p *parquetRows) readField(ctx context.Context, column parquet.ColumnChunk, f int, b *block) error {
	number := numberOf(column.Type())
	n := 0
	err := readValues(ctx, column, func(i int, v parquet.Value) {
		if n++; i >= len(b.bars) {
			return
		}
		if v.IsNull() {
			b.bars[i][f] = math.NaN()
			return
		}
		value, exact := number(v)
		if !exact {
			p.refuse(p.row+i+1, bar.Names[f], v.String(), "no float64 is equal to it: correct it")
			b.bad[i] = true
		}
		b.bars[i][f] = value
	})
	if err == nil && n != len(b.bars) {
		err = errLengths
	}
	return err
}

// readValues calls each for all values of a column in one row group.
func readValues(ctx context.Context, column parquet.ColumnChunk, each func(i int, v parquet.Value)) error {
	pages := column.Pages()
	defer pages.Close()
	values := make([]parquet.Value, 1024)
	n := 0
	for {
		page, err := pages.ReadPage()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		for reader := page.Values(); ; {
			got, err := reader.ReadValues(values)
			for _, v := range values[:got] {
				each(n, v)
				n++
			}
			if errors.Is(err, io.EOF) {
				break
			}
			if err == nil && got == 0 {
				err = io.ErrNoProgress
			}
			if err = errors.Join(err, ctx.Err()); err != nil {
				return err
			}
		}
		parquet.Release(page)
	}
}
