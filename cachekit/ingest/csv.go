package ingest

import (
	"bufio"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/bmadventure/optcache/cachekit/ingest/internal/unpack"
	"github.com/bmadventure/optcache/cachekit/internal/bar"
)

const emptyMessage = "the file is empty: give it a header and rows, or remove it"

// A csvRows reads the rows of a CSV file.
type csvRows struct {
	*table
	groups map[string]*rowGroup // by symbol
	header header
	width  int
}

func (t *table) readCSV(ctx context.Context, r io.Reader) {
	buffered := bufio.NewReaderSize(r, 1<<16)
	if mark, err := buffered.Peek(3); err == nil && string(mark) == "\ufeff" {
		buffered.Discard(len(mark))
	}
	records := csv.NewReader(buffered)
	records.FieldsPerRecord = -1
	records.ReuseRecord = true
	names, err := records.Read()
	if errors.Is(err, io.EOF) {
		t.refuse(0, "", "", emptyMessage)
		return
	}
	if err != nil {
		t.addReadError(err, 0)
		return
	}
	line, _ := records.FieldPos(0)
	h, ok := t.readHeader(names, line)
	if !ok {
		return
	}
	rows := csvRows{table: t, header: h, width: len(names), groups: make(map[string]*rowGroup)}
	for n := 0; ; n++ {
		record, err := records.Read()
		if errors.Is(err, io.EOF) {
			if err := t.settleRows(n % 1024); err != nil {
				t.fault = err
			}
			if n == 0 {
				t.refuse(line, "", "", "there is a header but no row: add rows or remove the file")
			}
			break
		}
		if err != nil {
			t.addReadError(err, line)
			break
		}
		line, _ = records.FieldPos(0)
		rows.addRow(record, line)
		if n%1024 == 1023 {
			if ctx.Err() != nil {
				return
			}
			if err := t.settleRows(1024); err != nil {
				t.fault = err
				return
			}
		}
	}
}

// addReadError adds the problem that kept a file from being read on after a
// line.
func (t *table) addReadError(err error, line int) {
	var p *csv.ParseError
	var damage *unpack.Error
	switch {
	case errors.As(err, &p):
		t.refuse(p.Line, "", "", fmt.Sprintf("%v at byte %d: correct the quotes", p.Err, p.Column))
	case errors.As(err, &damage):
		t.refuse(line, "", "", "after this line "+damage.Message)
	default:
		t.refuse(line, "", "", "after this line the file cannot be read ("+cause(err)+"): copy it again")
	}
}

// addRow reads one row, or adds what is wrong with it.
func (r *csvRows) addRow(record []string, line int) {
	if len(record) != r.width {
		r.badRow("", line, "", "",
			fmt.Sprintf("there are %d fields, but the header has %d: add or remove some", len(record), r.width))
		return
	}
	text := strings.TrimSpace(record[r.header.time])
	if r.header.clock >= 0 {
		text += " " + strings.TrimSpace(record[r.header.clock])
	}
	at, offset, known, wrong := parseTime(text)
	if wrong != "" {
		r.badRow("", line, r.time, bar.Clip(text), wrong)
	}
	g, ok := r.group(record, line)
	if !ok {
		return
	}
	values, ok := r.values(g, record, line)
	if wrong != "" || !ok {
		return
	}
	g.known = g.known || known
	g.append(at, offset, line, &values, &r.header)
}

// group returns the rows of the asset that a row is of.
func (r *csvRows) group(record []string, line int) (g *rowGroup, ok bool) {
	symbol := r.table.symbol
	if r.header.symbol >= 0 {
		if symbol = strings.TrimSpace(record[r.header.symbol]); symbol == "" {
			r.badRow("", line, "symbol", "", "there is no value: fill it in or remove the row")
			return nil, false
		}
	}
	if g, ok = r.groups[symbol]; !ok {
		g = &rowGroup{symbol: strings.Clone(symbol)}
		r.groups[g.symbol] = g
		r.table.groups = append(r.table.groups, g)
	}
	return g, true
}

// values reads the numbers of a row and checks them against each other.
func (r *csvRows) values(g *rowGroup, record []string, line int) (values [bar.NumFields]float64, ok bool) {
	values[bar.Split] = 1
	ok = true
	for f, column := range r.header.fields {
		if column < 0 {
			continue
		}
		text := strings.TrimSpace(record[column])
		v, wrong := parseNumber(text)
		if wrong != "" {
			r.badRow(g.symbol, line, bar.Names[f], bar.Clip(text), wrong)
			ok = false
		}
		values[f] = v
	}
	if !ok {
		return values, false
	}
	ok, f, wrong := r.settle(g, line, &values)
	if wrong != "" {
		r.badRow(g.symbol, line, bar.Names[f], bar.Clip(strings.TrimSpace(record[r.header.fields[f]])), wrong)
	}
	return values, ok
}
