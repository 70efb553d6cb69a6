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

	"github.com/bmadventure/optcache/cachekit/ingest/internal/pages"
	"github.com/bmadventure/optcache/cachekit/ingest/internal/when"
	"github.com/bmadventure/optcache/cachekit/internal/bar"
)

// readParquet reads a file of any program. What it holds is checked column by
// column; the library is not trusted with footers that do not hold together.
func (t *table) readParquet(ctx context.Context, f *os.File, times *when.Format) (again *when.Format) {
	defer func() {
		if r := recover(); r != nil { // the library panics on some files that are no Parquet
			t.groups, again = nil, nil
			t.refuse(0, "", "", fmt.Sprintf("the file cannot be read as Parquet (%v): write it again", r))
		}
	}()
	again, err := t.readParquetFile(ctx, f, times)
	var wrong *pages.Error
	switch {
	case err == nil || ctx.Err() != nil:
	case errors.As(err, &wrong):
		t.refuse(0, "", "", err.Error())
	default:
		t.refuse(0, "", "", "the file cannot be read as Parquet ("+cause(err)+"): write it again")
	}
	return again
}

func (t *table) readParquetFile(ctx context.Context, f *os.File, times *when.Format) (again *when.Format, err error) {
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	safe, err := pages.Open(ctx, f, info.Size(), t.maxExpansion)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, safe.Close()) }()
	file, err := parquet.OpenFile(safe, safe.Size, parquet.SkipPageIndex(true), parquet.SkipBloomFilters(true))
	if err != nil {
		return nil, err
	}
	p := parquetRows{table: t, groups: make(map[string]*rowGroup), times: times}
	if !p.findColumns(file.Schema(), safe.Meta.KeyValueMetadata) {
		return nil, nil
	}
	for _, g := range file.RowGroups() {
		if g.NumRows() == 0 {
			continue
		}
		if err := p.readGroup(ctx, g); err != nil || t.fault != nil {
			return nil, err
		}
	}
	if p.row == 0 {
		t.refuse(0, "", "", "there is no row: add rows or remove the file")
	}
	return p.finish(), nil
}

// finish tells what was found out when all was read; it returns the format of times if the file must be read again.
func (p *parquetRows) finish() *when.Format {
	if p.rounded > 0 {
		p.doubts = append(p.doubts, fmt.Sprintf("%d whole numbers are beyond what a float64 counts, and were rounded to the "+
			"nearest", p.rounded))
	}
	if p.times == nil {
		return nil
	}
	if p.times.Again() {
		return p.times
	}
	if line, text, doubt := p.times.Doubt(); doubt != "" {
		p.refuse(line, p.time, bar.Clip(text), doubt)
	}
	return nil
}

// A parquetRows reads the rows of a Parquet file.
type parquetRows struct {
	*table
	header  header
	stamp   func(parquet.Value) (int64, bool) // Unix nanoseconds of a value of the time column
	times   *when.Format                      // of times that are text, or numbers whose unit is found out; nil otherwise
	zone    string                            // of the column of times, or ""
	groups  map[string]*rowGroup
	rounded int  // whole numbers that no float64 is equal to
	known   bool // whether times are instants in UTC rather than those of a wall
	row     int  // rows read
}

// findColumns finds the columns by name, and checks their types.
func (p *parquetRows) findColumns(schema *parquet.Schema, meta []format.KeyValue) bool {
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
			ok = p.checkType(bar.Names[f], leaf(column), isNumber, "double, float, an integer or a decimal") && ok
		}
	}
	p.stamp = stampOf(leaf(h.time).Node.Type())
	if l, ok := annotation(leaf(h.time).Node.Type()).(*format.TimestampType); ok {
		p.known = l.IsAdjustedToUTC
	}
	if p.stamp != nil && leaf(h.time).Node.Type().Kind() == parquet.Int96 {
		p.known = true
	}
	if p.known {
		p.zone = zoneOfColumn(meta, names[h.time])
	}
	isStamp := func(t parquet.Type) bool { return p.stamp != nil || isTimeText(t) }
	return p.checkType(p.time, leaf(h.time), isStamp, "DATE, TIMESTAMP, text or an epoch") && ok
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

// A block is the rows of one row group, column by column.
type block struct {
	offsets []int32 // of times that are text; nil otherwise
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
	b.symbols[i].known, b.symbols[i].zone = p.known, p.zone
	offset := 0
	if b.offsets != nil {
		offset = int(b.offsets[i])
	}
	b.symbols[i].append(b.times[i], offset, line, &b.bars[i], &p.header)
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
	p.badRow("", p.row+i+1, column, "", "there is no value: fill it in or remove the row")
	b.bad[i] = true
}

// errLengths is for row groups whose columns have different numbers of values.
var errLengths = errors.New("its columns are not of equal length")

func (p *parquetRows) readTimes(ctx context.Context, column parquet.ColumnChunk, b *block) error {
	if p.stamp == nil {
		return p.readTexts(ctx, column, b)
	}
	err := readValues(ctx, column, func(i int, v parquet.Value) {
		t := int64(0)
		if i >= len(b.bad) {
			// told below
		} else if v.IsNull() {
			p.addNull(i, p.time, b)
		} else if at, ok := p.stamp(v); !ok {
			p.badRow("", p.row+i+1, p.time, v.String(), bar.RangeMessage)
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

// readTexts reads times that are written as text or as numbers.
func (p *parquetRows) readTexts(ctx context.Context, column parquet.ColumnChunk, b *block) error {
	var texts []string
	err := readValues(ctx, column, func(i int, v parquet.Value) {
		text := ""
		if !v.IsNull() {
			text = textOf(v)
		}
		texts = append(texts, text)
	})
	if err != nil {
		return err
	}
	if len(texts) != len(b.symbols) {
		return errLengths
	}
	if !p.findTimes(texts) {
		b.times, b.bad = make([]int64, len(texts)), slices.Repeat([]bool{true}, len(texts))
		return nil
	}
	b.offsets = make([]int32, len(texts))
	for i, text := range texts {
		at, wrong := p.times.Parse(text, p.row+i+1)
		switch {
		case text == "":
			p.addNull(i, p.time, b)
		case wrong != "":
			p.badRow("", p.row+i+1, p.time, bar.Clip(text), wrong)
			b.bad[i] = true
		}
		p.known = p.known || at.Known
		b.offsets[i] = at.Offset
		b.times = append(b.times, at.Wall-int64(at.Offset)*1e9)
	}
	return nil
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
			p.rounded++
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
