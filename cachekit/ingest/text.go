package ingest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"

	"github.com/bmadventure/optcache/cachekit/ingest/internal/figure"
	"github.com/bmadventure/optcache/cachekit/ingest/internal/sheet"
	"github.com/bmadventure/optcache/cachekit/ingest/internal/unpack"
	"github.com/bmadventure/optcache/cachekit/ingest/internal/when"
	"github.com/bmadventure/optcache/cachekit/internal/bar"
)

// sampled is how many rows of a file are looked at before its first is read, to find out how it is written.
const sampled = 200

// A textRows reads the rows of a file of text.
type textRows struct {
	*table
	sheet   *sheet.Sheet
	groups  map[string]*rowGroup // by symbol
	headers []header             // one; where tickers stand side by side, one of each
	times   *when.Format
	numbers figure.Format
	scale   float64 // by which prices are divided; 0 for none
}

// readText reads a file of text. again is not nil if it has to be read anew: a number that was found late says that day
// and month stand in the other order than was supposed.
func (t *table) readText(ctx context.Context, r io.Reader, times *when.Format) (again *when.Format) {
	s, err := sheet.Open(r, sheet.Options{NoHeader: len(t.columns) > 0})
	if err != nil {
		t.noBars, t.about = isNotes(t.path), strings.TrimSuffix(err.Error(), "\n")
		t.addReadError(err)
		return nil
	}
	rows := textRows{table: t, sheet: s, groups: make(map[string]*rowGroup)}
	sample, over := rows.sample()
	if over || !rows.findColumns(sample) || !rows.findForms(sample, times) || !rows.readRows(ctx, sample) {
		return nil
	}
	rows.tell()
	if rows.times.Again() {
		return rows.times
	}
	if line, text, doubt := rows.times.Doubt(); doubt != "" {
		t.refuse(line, t.time, bar.Clip(text), doubt)
	}
	return nil
}

// isNotes reports whether a file may be one for people beside those of bars, by its ending.
func isNotes(path string) bool {
	switch strings.ToLower(filepath.Ext(path)) {
	case ".txt", ".dat", ".data", ".asc", ".prn":
		return true
	}
	return false
}

// readRows reads all rows, those of the sample first. It reports whether it came to the end.
func (r *textRows) readRows(ctx context.Context, sample []sampleRow) bool {
	const (
		often = 1024      // rows between two looks at the context and the memory
		few   = 16 * 1024 // rows that are read before reading ahead is worth a goroutine
	)
	for _, row := range sample {
		r.addRow(row.record, row.line)
	}
	if r.fault = r.settleRows(len(sample)); r.fault != nil {
		return false
	}
	for rows := 0; rows < few; {
		n, ended, over := 0, false, false
		for ; n < often && !ended && !over; n++ {
			record, line, err := r.sheet.Read()
			if err == nil {
				r.addRow(record, line)
			} else if ended = errors.Is(err, io.EOF); !ended {
				over = r.addReadError(err)
			}
		}
		rows += n
		if r.fault = r.settleRows(n); r.fault != nil || over || ctx.Err() != nil {
			return false
		}
		if ended {
			return true
		}
	}
	return r.readAhead(ctx)
}

// readAhead reads the rest of the rows, while they are divided into fields beside.
func (r *textRows) readAhead(ctx context.Context) bool {
	ahead := r.sheet.Ahead()
	defer ahead.Close()
	for b := ahead.Next(); b != nil; b = ahead.Next() {
		for i, line := range b.Lines {
			r.addRow(b.Record(i), line)
		}
		if r.fault = r.settleRows(len(b.Lines)); r.fault != nil || ctx.Err() != nil {
			return false
		}
		if b.Err != nil && !errors.Is(b.Err, io.EOF) && r.addReadError(b.Err) {
			return false
		}
	}
	return true
}

// A sampleRow is a row that was read before its turn.
type sampleRow struct {
	record []string
	line   int
}

// sample returns the first rows. over says that nothing more can be read.
func (r *textRows) sample() (rows []sampleRow, over bool) {
	for len(rows) < sampled {
		record, line, err := r.sheet.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			if r.addReadError(err) {
				return rows, true
			}
			continue
		}
		rows = append(rows, sampleRow{slices.Clone(record), line}) // its strings hold a block of the file, for a while
	}
	return rows, false
}

// addReadError adds what keeps a line or all that follows from being read; it reports whether nothing more can be.
func (t *table) addReadError(err error) (over bool) {
	var wrong *sheet.Error
	var damage *unpack.Error
	switch {
	case errors.As(err, &damage):
		line := 0
		if errors.As(err, &wrong) {
			line = wrong.Line
		}
		t.refuse(line, "", "", damage.Message)
		return true
	case errors.As(err, &wrong) && !wrong.Fatal:
		t.badRow("", wrong.Line, wrong.Column, wrong.Value, wrong.Message)
		return false
	case errors.As(err, &wrong):
		t.refuse(wrong.Line, wrong.Column, wrong.Value, wrong.Message)
		return true
	}
	t.refuse(0, "", "", "the file cannot be read ("+cause(err)+"): make it readable or remove it")
	return true
}

// cells returns the cells of a column in the rows of a sample, those left out that say nothing. second is a column
// whose cell belongs to it, or -1.
func cells(rows []sampleRow, column, second int) (all []string) {
	for _, row := range rows {
		text := strings.TrimSpace(row.record[column])
		if figure.Missing(text) {
			continue
		}
		if second >= 0 {
			text += " " + strings.TrimSpace(row.record[second])
		}
		all = append(all, text)
	}
	return all
}

// findColumns finds out which column is which: by the header, by the names that were given, or by their values.
func (r *textRows) findColumns(sample []sampleRow) bool {
	names, line := slices.Clone(r.sheet.Header), r.sheet.HeaderLine
	for i, name := range names {
		names[i] = strings.Clone(name) // what is kept of it must not keep the block that it was read from
	}
	if len(r.columns) > 0 {
		if names, line = r.columns, 0; len(names) != r.sheet.Columns {
			r.refuse(0, "", "", fmt.Sprintf("--columns names %d columns, but the file has %d: name all, - for one to leave out",
				len(names), r.sheet.Columns))
			return false
		}
	}
	if r.sheet.Tickers != nil && names != nil {
		return r.findTickers(names, line)
	}
	if names != nil {
		h, ok := r.readHeader(r.better(names, sample), line)
		r.headers = []header{h}
		return ok
	}
	h, ok := r.guess(sample)
	r.headers = []header{h}
	if !ok {
		first := ""
		if len(sample) > 0 {
			first = strings.Join(sample[0].record, string(rune(r.sheet.Delimiter)))
		}
		r.refuse(1, "", bar.Clip(first), "there is no header line, and which column is which does not follow from the "+
			"values: give --columns time,open,high,low,close,volume, with - for a column to leave out")
	}
	return ok
}

// better hides all columns of times but one where a file has several: that whose values differ most stays, as another
// may be the moment of the download.
func (r *textRows) better(written []string, sample []sampleRow) []string {
	if r.wanted["date"] != "" {
		return written
	}
	var all []int
	for i, name := range written {
		if isTimeName(plainName(name)) && !isClockOf(written, i) {
			all = append(all, i)
		}
	}
	if len(all) < 2 {
		return written
	}
	best, most := -1, -1
	for _, i := range all {
		distinct := make(map[string]bool)
		for _, c := range cells(sample, i, -1) {
			distinct[c] = true
		}
		if len(distinct) > most {
			best, most = i, len(distinct)
		}
	}
	shown := append([]string(nil), written...)
	for _, i := range all {
		if i != best && plainName(written[i]) != plainName(written[best]) {
			shown[i] = hiddenMark + written[i]
		}
	}
	return shown
}

// findTickers finds the columns of every ticker where they stand side by side.
func (r *textRows) findTickers(written []string, line int) bool {
	used := make([]bool, len(written))
	seen := make(map[string]bool)
	for _, ticker := range r.sheet.Tickers {
		if ticker == "" || seen[ticker] {
			continue
		}
		seen[ticker] = true
		mine := make([]string, len(written))
		for i, name := range written {
			if mine[i] = name; r.sheet.Tickers[i] != ticker && r.sheet.Tickers[i] != "" {
				mine[i] = hiddenMark + name
			}
		}
		h, ok := r.readHeader(mine, line)
		if !ok {
			return false
		}
		h.ticker = ticker
		for i := range written {
			used[i] = used[i] || i == h.time || i == h.clock || h.has(i)
		}
		r.headers = append(r.headers, h)
	}
	r.ignored = nil
	for i, name := range written {
		if !used[i] {
			r.ignored = append(r.ignored, strings.TrimSpace(name))
		}
	}
	r.symbols = true
	return len(r.headers) > 0
}

// findForms finds out how times and numbers are written. times is what an earlier reading found, or nil.
func (r *textRows) findForms(sample []sampleRow, times *when.Format) bool {
	h := r.headers[0]
	if r.times = times; times == nil {
		var wrong string
		if r.times, wrong = when.Find(cells(sample, h.time, h.clock), r.dateFormat); wrong != "" {
			line, text := r.sheet.HeaderLine+1, ""
			if len(sample) > 0 {
				line, text = sample[0].line, strings.TrimSpace(sample[0].record[h.time])
			}
			r.refuse(line, r.time, bar.Clip(text), wrong)
			return false
		}
	}
	var numbers []string
	for _, h := range r.headers {
		for _, column := range h.fields {
			if column >= 0 {
				numbers = append(numbers, cells(sample, column, -1)...)
			}
		}
	}
	r.numbers = figure.Find(numbers, r.sheet.Delimiter)
	return true
}

// addRow reads one row, or adds what is wrong with it.
func (r *textRows) addRow(record []string, line int) {
	for i := range r.headers {
		r.addBar(&r.headers[i], record, line)
	}
}

func (r *textRows) addBar(h *header, record []string, line int) {
	g, ok := r.group(h, record, line)
	if !ok {
		return
	}
	text := record[h.time]
	if h.clock >= 0 {
		text = strings.TrimSpace(text) + " " + strings.TrimSpace(record[h.clock])
	}
	at, wrong := r.times.Parse(text, line)
	if wrong != "" {
		r.badRow(g.symbol, line, r.time, bar.Clip(strings.TrimSpace(text)), wrong)
	}
	values, ok := r.values(h, g, record, line)
	if wrong != "" || !ok {
		return
	}
	if at.Zone != "" && at.Zone != g.zone {
		if g.zone != "" {
			r.refuse(line, r.time, bar.Clip(text), "its zone differs from "+g.zone+" of lines before: write all in one zone")
			return
		}
		g.zone = strings.Clone(at.Zone)
	}
	g.known = g.known || at.Known
	g.append(at.Wall-int64(at.Offset)*1e9, int(at.Offset), line, &values, h)
}

// group returns the rows of the asset that a row is of.
func (r *textRows) group(h *header, record []string, line int) (g *rowGroup, ok bool) {
	symbol := r.table.symbol
	if h.ticker != "" {
		symbol = h.ticker
	}
	if h.symbol >= 0 {
		if symbol = strings.TrimSpace(record[h.symbol]); symbol == "" {
			r.badRow("", line, "symbol", "", "there is no value: fill it in or remove the row")
			return nil, false
		}
	}
	if g, ok = r.groups[symbol]; ok {
		return g, true
	}
	if symbol == "" {
		if !r.Any() {
			r.refuse(0, "symbol", "", "the file's name says no symbol, and no column does: name the file SYMBOL.csv, or name "+
				"the column with --map symbol=NAME")
		}
		return nil, false
	}
	g = &rowGroup{symbol: strings.Clone(symbol)}
	r.groups[g.symbol] = g
	r.table.groups = append(r.table.groups, g)
	return g, true
}

// values reads the numbers of a row and checks them against each other.
func (r *textRows) values(h *header, g *rowGroup, record []string, line int) (v [bar.NumFields]float64, ok bool) {
	v[bar.Split] = 1
	ok = true
	for f, column := range h.fields {
		if column < 0 {
			continue
		}
		var wrong string
		v[f], wrong = r.numbers.Parse(record[column])
		if wrong != "" && f == bar.Split {
			v[f], wrong = splitOf(record[column])
		}
		if wrong != "" {
			r.badRow(g.symbol, line, bar.Names[f], bar.Clip(strings.TrimSpace(record[column])), wrong)
			ok = false
		}
		if r.scale != 0 && f <= bar.Close {
			v[f] /= r.scale
		}
	}
	if !ok {
		return v, false
	}
	ok, f, wrong := r.settle(g, line, &v)
	if wrong != "" {
		text := ""
		if column := h.fields[f]; column >= 0 {
			text = bar.Clip(strings.TrimSpace(record[column]))
		}
		r.badRow(g.symbol, line, bar.Names[f], text, wrong)
	}
	return v, ok
}

// splitOf reads a split that is written as a ratio: 4:1, 3/2, 4 for 1.
func splitOf(text string) (v float64, wrong string) {
	for _, sign := range []string{":", "/", " for ", "-for-"} {
		a, b, ok := strings.Cut(text, sign)
		if !ok {
			continue
		}
		x, wrongA := figure.Format{}.Parse(strings.TrimSpace(a))
		y, wrongB := figure.Format{}.Parse(strings.TrimSpace(b))
		if wrongA == "" && wrongB == "" && x > 0 && y > 0 {
			return x / y, ""
		}
	}
	return 0, "a split is how many units one became, such as 2, 0.1 or 4:1: correct it"
}

// delimiters are what people call those other than the comma.
var delimiters = map[byte]string{';': "semicolons", '\t': "tabs", '|': "pipes"}

// tell notes what was found out about the file when all of it was read.
func (r *textRows) tell() {
	s := r.sheet
	parts := []string{r.format}
	if name := delimiters[s.Delimiter]; name != "" {
		parts = append(parts, name)
	}
	if r.numbers.Comma {
		parts = append(parts, "decimal comma")
	}
	if s.Encoding != "UTF-8" {
		parts = append(parts, s.Encoding)
	}
	if s.Header == nil {
		parts = append(parts, "no header")
	}
	if r.scale != 0 {
		parts = append(parts, fmt.Sprintf("prices / %v", r.scale))
	}
	r.format = strings.Join(parts, ", ")
	if s.NoNewline {
		r.doubts = append(r.doubts, "the last line has no end: its last number may be cut off: compare it with the source")
	}
	if s.Skipped.Footer != "" {
		r.doubts = append(r.doubts, fmt.Sprintf("the last line is no row and was left out: %q", s.Skipped.Footer))
	}
}
