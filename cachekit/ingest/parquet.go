package ingest

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/bmadventure/optcache/cachekit/ingest/internal/pq"
	"github.com/bmadventure/optcache/cachekit/ingest/internal/when"
	"github.com/bmadventure/optcache/cachekit/internal/bar"
)

// readParquet reads a Parquet file of any program. again is not nil if it has to be read anew, as with text.
func (t *table) readParquet(ctx context.Context, f *os.File, times *when.Format) (again *when.Format) {
	again, err := t.readParquetFile(ctx, f, times)
	var wrong *pq.Error
	switch {
	case err == nil || ctx.Err() != nil:
	case errors.As(err, &wrong):
		t.refuse(int(wrong.Row), wrong.Column, "", wrong.Message)
	default:
		t.refuse(0, "", "", "the file cannot be read ("+cause(err)+"): make it readable or remove it")
	}
	return again
}

func (t *table) readParquetFile(ctx context.Context, f *os.File, times *when.Format) (again *when.Format, err error) {
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if info.Size() == 0 {
		t.refuse(0, "", "", "the file is empty: write it again or remove it")
		return nil, nil
	}
	file, err := pq.Open(f, info.Size(), pq.Limits{MaxExpansion: int(min(t.maxExpansion, math.MaxInt32))})
	if err != nil {
		return nil, err
	}
	p := parquetRows{table: t, groups: make(map[string]*rowGroup), times: times}
	if !p.findColumns(file.Columns()) {
		return nil, nil
	}
	if file.Rows() == 0 {
		t.refuse(0, "", "", "there is no row: add rows or remove the file")
		return nil, nil
	}
	if err := file.Read(ctx, p.wantedColumns(), p.addBatch); err != nil {
		if errors.Is(err, errStop) {
			return nil, nil
		}
		return nil, err
	}
	return p.finish(), nil
}

// A parquetRows reads the rows of a Parquet file.
type parquetRows struct {
	*table
	header  header
	kinds   []pq.Kind // of all columns of the file
	at      []int     // where each column of the file is in a batch; -1 if it is not asked for
	times   *when.Format
	zone    string // of the column of times, or ""
	known   bool   // whether times are instants rather than those of a wall
	groups  map[string]*rowGroup
	last    *rowGroup
	rounded int // whole numbers that no float64 is equal to
}

// findColumns finds the columns by name, and checks that they are of a kind that can be read.
func (p *parquetRows) findColumns(columns []pq.Column) bool {
	names := make([]string, len(columns))
	for i, c := range columns {
		p.kinds = append(p.kinds, c.Kind)
		if names[i] = c.Name; c.Kind == pq.Nested {
			names[i] = hiddenMark + c.Name
		}
	}
	h, ok := p.readHeader(names, 0)
	if !ok {
		return false
	}
	p.header = h
	check := func(name string, at int, want string, kinds ...pq.Kind) {
		if at < 0 {
			return
		}
		for _, k := range kinds {
			if columns[at].Kind == k {
				return
			}
		}
		p.refuse(0, name, columns[at].Type, "a column of this type is not taken: write it as "+want)
		ok = false
	}
	check("symbol", h.symbol, "text", pq.Text, pq.Integer)
	for f, at := range h.fields {
		check(bar.Names[f], at, "double, float, an integer or a decimal", pq.Number, pq.Integer)
	}
	check(p.time, h.time, "DATE, TIMESTAMP, text or an epoch", pq.Instant, pq.Wall, pq.Date, pq.Text, pq.Integer)
	p.known = columns[h.time].Kind == pq.Instant
	if zone := columns[h.time].Zone; p.known && strings.Contains(zone, "/") {
		if _, err := time.LoadLocation(zone); err == nil {
			p.zone = zone
		}
	}
	return ok
}

// wantedColumns returns the columns to read, and notes where each will be.
func (p *parquetRows) wantedColumns() (wanted []int) {
	p.at = make([]int, len(p.kinds))
	for i := range p.at {
		p.at[i] = -1
	}
	for _, column := range append([]int{p.header.symbol, p.header.time}, p.header.fields[:]...) {
		if column >= 0 && p.at[column] < 0 {
			p.at[column] = len(wanted)
			wanted = append(wanted, column)
		}
	}
	return wanted
}

// column returns the values of a column in a batch.
func (p *parquetRows) column(b *pq.Batch, column int) *pq.Values { return &b.Columns[p.at[column]] }

// errStop ends the reading after a problem that is told already.
var errStop = errors.New("stopped")

// addBatch adds some rows.
func (p *parquetRows) addBatch(b *pq.Batch) error {
	if p.times == nil && !p.hasTimes() && !p.findTimes(b) {
		return errStop
	}
	for _, column := range p.header.fields {
		if column >= 0 {
			p.rounded += p.column(b, column).Rounded
		}
	}
	for i := range b.Len {
		p.addRow(b, i)
	}
	if p.fault = p.settleRows(b.Len); p.fault != nil {
		return errStop
	}
	return nil
}

// hasTimes reports whether the values of the column of times are times by themselves.
func (p *parquetRows) hasTimes() bool {
	k := p.kinds[p.header.time]
	return k != pq.Text && k != pq.Integer
}

// findTimes finds out how times that are text or numbers are written, from the first rows.
func (p *parquetRows) findTimes(b *pq.Batch) bool {
	var sample []string
	for i := 0; i < b.Len && len(sample) < sampled; i++ {
		if text := p.text(b, p.header.time, i); text != "" {
			sample = append(sample, text)
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

// text returns a value of a column of text or integers, "" if there is none.
func (p *parquetRows) text(b *pq.Batch, column, i int) string {
	v := p.column(b, column)
	switch {
	case v.Missing[i]:
		return ""
	case p.kinds[column] == pq.Integer:
		return strconv.FormatInt(v.Ints[i], 10)
	}
	return strings.TrimSpace(v.Texts[i])
}

func (p *parquetRows) addRow(b *pq.Batch, i int) {
	line := int(b.First) + i + 1
	g := p.group(b, i, line)
	if g == nil {
		return
	}
	at, ok := p.moment(b, i, line, g.symbol)
	var values [bar.NumFields]float64
	values[bar.Split] = 1
	for f, column := range p.header.fields {
		if column >= 0 {
			values[f] = p.column(b, column).Numbers[i]
		}
	}
	if !ok {
		return
	}
	written := values
	ok, f, wrong := p.settle(g, line, &values)
	if wrong != "" {
		value := ""
		if !math.IsNaN(written[f]) {
			value = bar.FormatFloat(written[f])
		}
		p.badRow(g.symbol, line, bar.Names[f], value, wrong)
	}
	if !ok {
		return
	}
	g.known, g.zone = g.known || at.Known, p.zone
	g.append(at.Wall-int64(at.Offset)*1e9, int(at.Offset), line, &values, &p.header)
}

// moment returns the time of a row.
func (p *parquetRows) moment(b *pq.Batch, i, line int, symbol string) (at when.Time, ok bool) {
	column := p.header.time
	if p.column(b, column).Missing[i] {
		p.badRow(symbol, line, p.time, "", "there is no value: fill it in or remove the row")
		return at, false
	}
	if p.hasTimes() {
		at.Wall, at.Known = p.column(b, column).Times[i], p.known
		if wrong := bar.CheckTime(1, at.Wall); wrong != "" {
			p.badRow(symbol, line, p.time, "", wrong)
			return at, false
		}
		return at, true
	}
	text := p.text(b, column, i)
	at, wrong := p.times.Parse(text, line)
	if wrong != "" {
		p.badRow(symbol, line, p.time, bar.Clip(text), wrong)
	}
	return at, wrong == ""
}

// group returns the rows of the asset that a row is of, or nil if there is none.
func (p *parquetRows) group(b *pq.Batch, i, line int) *rowGroup {
	symbol := p.table.symbol
	if p.header.symbol >= 0 {
		symbol = p.text(b, p.header.symbol, i)
	}
	if p.last != nil && p.last.symbol == symbol {
		return p.last
	}
	g, ok := p.groups[symbol]
	if !ok {
		if symbol == "" && p.header.symbol >= 0 {
			p.badRow("", line, "symbol", "", "there is no value: fill it in or remove the row")
			return nil
		}
		if symbol == "" {
			if !p.Any() {
				p.refuse(0, "symbol", "", "the file's name says no symbol, and no column does: name the file SYMBOL.parquet, or "+
					"name the column with --map symbol=NAME")
			}
			return nil
		}
		g = &rowGroup{symbol: strings.Clone(symbol)}
		p.groups[g.symbol] = g
		p.table.groups = append(p.table.groups, g)
	}
	p.last = g
	return g
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
