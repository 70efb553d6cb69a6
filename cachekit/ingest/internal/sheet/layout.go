package sheet

import (
	"slices"
	"strconv"
	"strings"
)

// A line of the sample.
type sampled struct {
	text   string
	number int
	fields []string
}

// A layout is what the beginning of a file says of its columns.
type layout struct {
	delimiter  byte
	header     []string // trimmed; nil for none
	tickers    []string
	heads      [][]string // the lines of the header as they stand, for those that are repeated
	headerLine int
	first      int // number of the first line below the header and what is above it
	titles     int
	width      int
}

const sampleLines = 200

// survey finds out how a file is laid out by the lines that it begins with.
func survey(l *lines, o Options) layout {
	sample := *l
	sample.r, sample.err, sample.buf = nil, errSampleEnd, nil
	var texts []sampled
	var out layout
	for len(texts) < sampleLines {
		text, err := sample.next()
		if err != nil {
			break
		}
		if d := directive(text); d != 0 && len(texts) == 0 {
			out.delimiter = d
		}
		if strings.TrimSpace(text) != "" && (directive(text) == 0 || len(texts) > 0) {
			texts = append(texts, sampled{text: text, number: sample.number})
		}
	}
	if o.Delimiter != 0 {
		out.delimiter = o.Delimiter
	} else if out.delimiter == 0 {
		out.delimiter = findDelimiter(texts)
	}
	for i := range texts {
		texts[i].fields, _, _ = splitQuoted(nil, texts[i].text, out.delimiter)
	}
	out.findHeader(texts, o.NoHeader)
	return out
}

// directive returns the delimiter of a line such as "sep=;", which Excel reads and writes; 0 if it is none.
func directive(line string) byte {
	line = strings.Trim(line, `" `)
	if len(line) == 5 && strings.EqualFold(line[:4], "sep=") {
		return line[4]
	}
	return 0
}

// findDelimiter returns the delimiter by which most lines have the same number of fields. The comma comes last: a
// file with another delimiter may have one in every number.
func findDelimiter(sample []sampled) byte {
	best, most := byte(','), 0
	for _, d := range []byte("\t;|,") {
		counts := make(map[int]int)
		for _, line := range sample {
			if isComment(line.text, 0) {
				continue
			}
			if fields, _, _ := splitQuoted(nil, line.text, d); len(fields) > 1 {
				counts[len(fields)]++
			}
		}
		agree := 0
		for _, n := range counts {
			agree = max(agree, n)
		}
		if agree*10 > most*11 {
			best, most = d, agree
		}
	}
	return best
}

// isComment says whether a line is a comment. With a semicolon as delimiter a line may begin with an empty field.
func isComment(line string, delimiter byte) bool {
	if line == "" {
		return false
	}
	switch line[0] {
	case '#':
		return !startsWithAny(line, "#N/A", "#VALUE!", "#REF!", "#NAME?", "#DIV/0!", "#NUM!", "#NULL!")
	case '/':
		return strings.HasPrefix(line, "//")
	case '%':
		return true
	case ';':
		return delimiter != ';'
	}
	return false
}

// findHeader finds the line that names the columns, and how many there are.
func (y *layout) findHeader(sample []sampled, none bool) {
	body := slices.DeleteFunc(slices.Clone(sample), func(l sampled) bool {
		return isComment(l.text, y.delimiter) || filled(l.fields) == 0
	})
	usual := usualWidth(body)
	at := slices.IndexFunc(body, func(l sampled) bool { // a title may have the commas of a row behind it
		return len(l.fields) == usual && (filled(l.fields) >= min(usual, 2) || looksLikeRow(l.fields))
	})
	if at < 0 {
		y.width, y.first = usual, 1
		return
	}
	if !looksLikeRow(body[at].fields) && !none && !isCount(body[at].fields) {
		y.take(body, at, usual)
		return
	}
	y.first, y.titles = body[at].number, at
	if isCount(body[at].fields) && at+1 < len(body) {
		y.first, y.titles = body[at+1].number, at+1
	}
	y.width = withoutTail(body[at:], usual)
	if none {
		return
	}
	if at > 0 && filled(body[at-1].fields) > 1 && filled(body[at-1].fields) >= usual/2 {
		if last := body[at-1].fields; !looksLikeRow(last) {
			y.take(body, at-1, usual)
		}
		return
	}
	if names := commented(sample, body[at].number, y.delimiter, y.width); names != nil {
		y.header, y.headerLine = trimmed(names.fields), names.number
		y.titles = at
	}
}

// take takes the header that begins at a line.
func (y *layout) take(body []sampled, at, usual int) {
	y.titles, y.headerLine = at, body[at].number
	y.header = trimmed(body[at].fields)
	y.heads = [][]string{body[at].fields}
	y.first = y.headerLine + 1
	rows := body[at+1:]
	y.stack(rows)
	width := withoutTail(body[at:], max(usual, len(y.header)))
	switch {
	case len(y.header) == usual-1 && width == usual && namesPrice(y.header[0]) &&
		!slices.ContainsFunc(rows, wider(usual)):
		y.header = slices.Insert(y.header, 0, "") // R writes no name for the column of row names
	case len(y.header) > width && strings.Join(y.header[width:], "") == "":
		y.header = y.header[:width]
	}
	y.width = len(y.header)
	if y.tickers != nil {
		y.tickers = append(y.tickers, make([]string, y.width)...)[:y.width]
	}
}

func wider(n int) func(sampled) bool { return func(l sampled) bool { return len(l.fields) > n } }

// stack reads the further lines of a header that pandas writes for columns with two names, as yfinance gives them:
// one line of fields, one of tickers, in either order, and perhaps one that names the index alone.
func (y *layout) stack(rows []sampled) {
	if len(rows) == 0 || len(y.header) < 2 || looksLikeRow(rows[0].fields) {
		return
	}
	second := trimmed(rows[0].fields)
	switch {
	case len(second) != len(y.header):
		return
	case isTickers(y.header, second):
		y.header, second = second, y.header
	case !isTickers(second, y.header):
		return
	}
	y.tickers, y.header = slices.Clone(second), slices.Clone(y.header)
	y.heads = append(y.heads, rows[0].fields)
	y.first = rows[0].number + 1
	index := ""
	for _, name := range []string{y.tickers[0], y.header[0]} {
		if isLevel(name) {
			continue
		}
		index = name
	}
	if len(rows) > 1 && filled(rows[1].fields) == 1 && rows[1].fields[0] != "" && !looksLikeRow(rows[1].fields) {
		index = strings.TrimSpace(rows[1].fields[0])
		y.heads = append(y.heads, rows[1].fields)
		y.first = rows[1].number + 1
	}
	if index == "" {
		index = "Date"
	}
	y.tickers[0], y.header[0] = "", index
}

// isLevel says whether a name is that of a level of columns, not of the index.
func isLevel(name string) bool {
	return slices.Contains([]string{"", "price", "ticker", "tickers", "symbol", "symbols", "attributes"},
		strings.ToLower(name))
}

// isTickers says whether one line of a header has tickers and the other the names of fields.
func isTickers(tickers, fields []string) bool {
	if !isLevel(tickers[0]) && !isLevel(fields[0]) || countFields(tickers) > 0 {
		return false
	}
	known, all := countFields(fields), filled(fields[1:])
	return known > 0 && 2*known >= all && filled(tickers[1:]) == all && !slices.ContainsFunc(tickers[1:], isValue)
}

// isValue says whether a cell is a value or the word for a missing one, and so no ticker.
func isValue(cell string) bool {
	return looksLikeNumber(cell) || slices.Contains([]string{"nan", "null", "none", "n/a", "#n/a", "-", "--", "."},
		strings.ToLower(cell))
}

func countFields(names []string) int {
	n := 0
	for _, name := range names[1:] {
		switch strings.ToLower(name) {
		case "open", "high", "low", "close", "adj close", "volume", "capital gains", "dividends", "stock splits":
			n++
		}
	}
	return n
}

// usualWidth returns the number of fields that most lines have, without those of one field where others have more.
func usualWidth(body []sampled) int {
	counts := make(map[int]int)
	for _, l := range body {
		counts[len(l.fields)]++
	}
	if len(counts) > 1 {
		delete(counts, 1)
	}
	best := 0
	for width, n := range counts {
		if n > counts[best] || n == counts[best] && width > best {
			best = width
		}
	}
	return best
}

// withoutTail returns a number of columns without those at the end in which no line has a thing: a comma at the end of
// each row is none.
func withoutTail(body []sampled, width int) int {
	for ; width > 1; width-- {
		if slices.ContainsFunc(body, func(l sampled) bool {
			return len(l.fields) >= width && strings.TrimSpace(l.fields[width-1]) != ""
		}) {
			break
		}
	}
	return width
}

// commented returns the header that stands in a comment right above the first row.
func commented(sample []sampled, before int, delimiter byte, width int) *sampled {
	at := slices.IndexFunc(sample, func(l sampled) bool { return l.number == before }) - 1
	if at < 0 || !isComment(sample[at].text, delimiter) {
		return nil
	}
	l := sample[at]
	l.fields, _, _ = splitQuoted(nil, strings.TrimLeft(l.text, "#/%; "), delimiter)
	if width < 2 || len(l.fields) != width || looksLikeRow(l.fields) {
		return nil
	}
	return &l
}

// isCount says whether a record is 0, 1, 2, ...: pandas writes that where columns have no names.
func isCount(record []string) bool {
	if len(record) > 2 && record[0] == "" {
		record = record[1:]
	}
	for i, cell := range record {
		if cell != strconv.Itoa(i) {
			return false
		}
	}
	return len(record) > 1
}

// namesPrice says whether a name is that of a price, also after a ticker and a point: such a column is not the first
// that a table of bars has.
func namesPrice(name string) bool {
	name = strings.ToLower(name[strings.LastIndexByte(name, '.')+1:])
	return slices.Contains([]string{"open", "high", "low", "close", "adj close", "adjusted", "price", "last"}, name)
}

func trimmed(record []string) []string {
	out := make([]string, len(record))
	for i, cell := range record {
		out[i] = strings.Trim(strings.TrimSpace(cell), "\ufeff")
	}
	return out
}
