package bundle

import (
	"bufio"
	"compress/gzip"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/bmadventure/optcache/cachekit/internal/bar"
)

// timeNames are the names that the column of times may have.
var timeNames = []string{"date", "timestamp", "datetime", "time", "day"}

// A header says which column of a file holds what; -1 is no column.
type header struct {
	symbol, time int
	fields       [bar.NumFields]int
}

// readHeader finds the columns by their names. It adds a problem for each that
// is missing or there twice, and notes those that are not known.
func (t *table) readHeader(names []string, line int) (header, bool) {
	h := header{symbol: -1, time: -1}
	for f := range h.fields {
		h.fields[f] = -1
	}
	before := t.Len()
	for i, name := range names {
		slot := h.slot(name, t.rows)
		switch {
		case slot == nil:
			t.ignored = append(t.ignored, strings.TrimSpace(name))
		case *slot >= 0:
			t.Add(Problem{File: t.path, Line: line, Column: strings.TrimSpace(name),
				Message: fmt.Sprintf("column %d holds what column %d (%s) holds: remove or rename one of them", i+1, *slot+1, strings.TrimSpace(names[*slot]))})
		default:
			*slot = i
		}
	}
	if h.time < 0 {
		t.Add(Problem{File: t.path, Line: line, Column: "date", Message: "the column is missing: add it (or timestamp, datetime, time, day)"})
	} else {
		t.time = strings.TrimSpace(names[h.time])
	}
	if t.rows && h.symbol < 0 {
		t.Add(Problem{File: t.path, Column: "symbol", Message: "the column is missing: add it"})
	}
	for f, name := range bar.Names {
		if h.fields[f] < 0 && OHLCV.Has(1<<f) {
			t.Add(Problem{File: t.path, Line: line, Column: name, Message: "the column is missing: add it"})
		}
	}
	return h, t.Len() == before
}

// slot returns where the position of a column of that name is kept.
func (h *header) slot(name string, symbols bool) *int {
	name = strings.ToLower(strings.TrimSpace(name))
	if f := slices.Index(bar.Names[:], name); f >= 0 {
		return &h.fields[f]
	}
	if slices.Contains(timeNames, name) {
		return &h.time
	}
	if symbols && name == "symbol" {
		return &h.symbol
	}
	return nil
}

const emptyMessage = "the file is empty: give it a header and rows, or remove it"

func (t *table) readGzip(ctx context.Context, r io.Reader, symbol string) {
	z, err := gzip.NewReader(bufio.NewReaderSize(r, 1<<16))
	if errors.Is(err, io.EOF) {
		t.Add(Problem{File: t.path, Message: emptyMessage})
		return
	}
	if err != nil {
		t.Add(Problem{File: t.path, Message: "the file is not gzip, or is cut off (" + err.Error() + "): compress it again"})
		return
	}
	t.readCSV(ctx, z, symbol)
}

// A csvRows reads the rows of a CSV file.
type csvRows struct {
	*table
	group  *rowGroup
	header header
	width  int
}

func (t *table) readCSV(ctx context.Context, r io.Reader, symbol string) {
	buffered := bufio.NewReaderSize(r, 1<<16)
	if mark, err := buffered.Peek(3); err == nil && string(mark) == "\ufeff" {
		buffered.Discard(len(mark))
	}
	records := csv.NewReader(buffered)
	records.FieldsPerRecord = -1
	records.ReuseRecord = true
	names, err := records.Read()
	if errors.Is(err, io.EOF) {
		t.Add(Problem{File: t.path, Message: emptyMessage})
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
	rows := csvRows{table: t, header: h, width: len(names), group: &rowGroup{series: Series{Symbol: symbol}}}
	for n := 0; ; n++ {
		record, err := records.Read()
		if errors.Is(err, io.EOF) {
			if n == 0 {
				t.Add(Problem{File: t.path, Line: line, Message: "there is a header but no row: add rows or remove the file"})
			}
			break
		}
		if err != nil {
			t.addReadError(err, line)
			break
		}
		line, _ = records.FieldPos(0)
		rows.addRow(record, line)
		if n%1024 == 0 && ctx.Err() != nil {
			return
		}
	}
	t.groups = []*rowGroup{rows.group}
}

// addReadError adds the problem that kept a file from being read on after a
// line.
func (t *table) addReadError(err error, line int) {
	var p *csv.ParseError
	switch {
	case errors.As(err, &p):
		t.Add(Problem{File: t.path, Line: p.Line, Message: fmt.Sprintf("%v at byte %d: correct the quotes", p.Err, p.Column)})
	case errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, gzip.ErrChecksum) || errors.Is(err, gzip.ErrHeader):
		t.Add(Problem{File: t.path, Line: line, Message: "after this line the gzip data is cut off or damaged (" + err.Error() + "): copy or compress the file again"})
	default:
		t.Add(Problem{File: t.path, Line: line, Message: "after this line the file cannot be read (" + cause(err) + "): copy or compress it again"})
	}
}

// addRow reads one row, or adds what is wrong with it.
func (r *csvRows) addRow(record []string, line int) {
	if len(record) != r.width {
		r.Add(Problem{File: r.path, Line: line,
			Message: fmt.Sprintf("there are %d fields, but the header has %d: add or remove some", len(record), r.width)})
		return
	}
	text := strings.TrimSpace(record[r.header.time])
	at, offset, wrong := parseTime(text)
	if wrong != "" {
		r.Add(Problem{File: r.path, Line: line, Column: r.time, Value: bar.Clip(text), Message: wrong})
	}
	values, ok := r.values(record, line)
	if wrong != "" || !ok {
		return
	}
	r.group.append(at, offset, line, &values, &r.header)
}

// values reads the numbers of a row and checks them against each other.
func (r *csvRows) values(record []string, line int) (values [bar.NumFields]float64, ok bool) {
	values[bar.Split] = 1
	ok = true
	for f, column := range r.header.fields {
		if column < 0 {
			continue
		}
		text := strings.TrimSpace(record[column])
		v, wrong := parseNumber(text)
		if wrong != "" {
			r.Add(Problem{File: r.path, Line: line, Column: bar.Names[f], Value: bar.Clip(text), Message: wrong})
			ok = false
		}
		values[f] = v
	}
	if !ok {
		return values, false
	}
	if f, wrong := bar.CheckValues(&values); wrong != "" {
		r.Add(Problem{File: r.path, Line: line, Column: bar.Names[f], Value: bar.Clip(strings.TrimSpace(record[r.header.fields[f]])), Message: wrong})
		return values, false
	}
	return values, true
}

// append adds a bar to the group.
func (g *rowGroup) append(at int64, offset, line int, values *[bar.NumFields]float64, h *header) {
	s := &g.series
	if offset != 0 && g.offsets == nil {
		g.offsets = make([]int32, len(s.Times), len(s.Times)+1)
	}
	if g.offsets != nil {
		g.offsets = append(g.offsets, int32(offset))
	}
	s.Times = append(s.Times, at)
	g.lines = append(g.lines, int32(line))
	for f, c := range s.columns() {
		if h.fields[f] >= 0 {
			*c = append(*c, values[f])
		}
	}
}

func parseNumber(text string) (v float64, wrong string) {
	v, err := strconv.ParseFloat(text, 64)
	switch {
	case errors.Is(err, strconv.ErrRange):
		return 0, "the number is too large: correct it"
	case text == "":
		return 0, "there is no value: fill it in or remove the row"
	case err != nil:
		return 0, "it is not a number: write it like 1234.5"
	}
	return v, ""
}

const timeMessage = "it is not a date: write it like 2012-01-03, 2012-01-03 09:31:00 or 2012-01-03T09:31:00Z"

// parseTime reads a time and returns it in Unix nanoseconds, with the seconds
// east of UTC in which it was written. Without an offset it is UTC.
func parseTime(text string) (at int64, offset int, wrong string) {
	layout := time.DateOnly
	if len(text) > len(layout) {
		if text[10] != 'T' && text[10] != ' ' {
			return 0, 0, timeMessage
		}
		layout = "2006-01-02" + text[10:11] + "15:04:05"
		if strings.TrimLeft(text[11:], "0123456789:.") != "" {
			layout += "Z07:00"
		}
	}
	if _, fraction, ok := strings.Cut(text, "."); ok && digits(fraction) > 9 {
		return 0, 0, "it is finer than a nanosecond: shorten the fraction to 9 digits"
	}
	t, err := time.Parse(layout, text)
	if err != nil {
		return 0, 0, timeMessage
	}
	_, offset = t.Zone()
	for _, s := range []int64{t.Unix(), t.Unix() + int64(offset)} {
		if s < bar.MinSecond || s > bar.MaxSecond {
			return 0, 0, bar.RangeMessage
		}
	}
	return t.UnixNano(), offset, ""
}

// digits returns how many digits s begins with.
func digits(s string) int { return len(s) - len(strings.TrimLeft(s, "0123456789")) }
