package sheet

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/bmadventure/optcache/cachekit/internal/bar"
)

// Options override what a file says of itself.
type Options struct {
	Delimiter byte // 0 finds it
	NoHeader  bool // rows begin with the first line that is one
}

// A Sheet is a table of text. Its members say what was found out when it was opened, and [Sheet.Read] gives its rows.
// It must not be used by several goroutines at once.
type Sheet struct {
	Header     []string // names of the columns without blanks around them; nil for none
	HeaderLine int      // 0 for none
	Tickers    []string // of each column where the header says it, "" for the index; nil for none
	Columns    int      // that every record has
	Encoding   string   // "UTF-8", "UTF-16 LE", "UTF-16 BE" or "Windows-1252"
	Delimiter  byte
	Skipped    Skipped // complete when Read has returned io.EOF
	NoNewline  bool    // the last line had no end, so its last value may be cut; known when Read has returned io.EOF

	lines  *lines
	layout layout
	fields []string
	rows   int

	ahead *read // what comes next, where it was read already
}

// Skipped counts lines that are no rows.
type Skipped struct {
	Titles   int // above the header
	Comments int
	Headers  int    // that are repeated between rows
	Footers  int    // below the last row
	Footer   string // the first of them, clipped
}

// A read is what Read returns.
type read struct {
	record []string
	line   int
	err    error
}

// errSampleEnd ends the sample of a file.
var errSampleEnd = errors.New("the sample ends")

// Open reads the beginning of a file and finds out how it is written. Its errors are of type [*Error]: an empty file,
// a file without rows, and what is no table of text are told as such.
func Open(r io.Reader, o Options) (*Sheet, error) {
	buffered := bufio.NewReaderSize(r, blockSize)
	start, err := buffered.Peek(blockSize)
	if len(start) == 0 && errors.Is(err, io.EOF) {
		return nil, whole("the file is empty: give it a header and rows")
	}
	if message := foreign(start); message != "" {
		return nil, whole(message)
	}
	text, encoding := decode(buffered, start)
	s := &Sheet{Encoding: encoding, lines: newLines(text)}
	if err := s.survey(o); err != nil {
		return nil, err
	}
	s.ahead = s.next()
	if ends(s.ahead.err) {
		return nil, s.ahead.err
	}
	if s.Columns == 1 && s.ahead.err == nil && strings.Count(s.ahead.record[0], ",") > 1 && s.lines.quoted {
		return nil, &Error{Line: s.ahead.line, Value: bar.Clip(s.ahead.record[0]), Fatal: true,
			Message: "each line is in quotes as a whole: remove the quotes around the lines, or export the file again"}
	}
	return s, nil
}

func (s *Sheet) survey(o Options) error {
	l := s.lines
	more, err := l.fill()
	if err != nil {
		return err
	}
	if !more || strings.TrimSpace(l.block) == "" && errors.Is(l.err, io.EOF) {
		return whole("the file is empty: give it a header and rows")
	}
	if message := foreignText(l.block); message != "" {
		return whole(message)
	}
	if l.nul {
		return whole("there are NUL bytes: the file is not text, or is damaged; copy or convert it again")
	}
	s.layout = survey(l, o)
	s.Header, s.HeaderLine, s.Tickers = s.layout.header, s.layout.headerLine, s.layout.tickers
	s.Delimiter, s.Columns, s.Skipped.Titles = s.layout.delimiter, s.layout.width, s.layout.titles
	return nil
}

// Read returns the next record and the line that it begins at. The record has Columns fields, as they stand in the
// file without their quotes. The slice is used again by the next Read; its strings may be kept, but hold the memory of
// their neighbours, so what is kept for long is better cloned. After the last record the error is io.EOF. After an
// [*Error] that is not Fatal, Read goes on with the next line.
func (s *Sheet) Read() (record []string, line int, err error) {
	if r := s.ahead; r != nil {
		if !ends(r.err) {
			s.ahead = nil
		}
		return r.record, r.line, r.err
	}
	if record, line, err = s.read(); err == nil && s.isRow(record) {
		s.rows++
		return record[:s.Columns], line, nil
	}
	r := s.settle(record, line, err)
	if ends(r.err) {
		s.ahead = r
	}
	return r.record, r.line, r.err
}

// ends says whether nothing can be read after an error.
func ends(err error) bool {
	var e *Error
	return err != nil && (!errors.As(err, &e) || e.Fatal)
}

func (s *Sheet) next() *read {
	record, line, err := s.Read()
	return &read{record, line, err}
}

// read returns the next record of any width that is no comment, not blank and not above the first row.
func (s *Sheet) read() ([]string, int, error) {
	for {
		text, err := s.lines.next()
		if err != nil {
			return nil, s.lines.number, err
		}
		line := s.lines.number
		if text == "" {
			continue
		}
		if isComment(text, s.Delimiter) {
			if line != s.HeaderLine {
				s.Skipped.Comments++
			}
			continue
		}
		if line < s.layout.first {
			continue
		}
		s.fields, err = s.lines.split(s.fields[:0], text, s.Delimiter)
		return s.fields, line, err
	}
}

// isRow says whether a record has the fields of a row. Those that may be something else are looked at again.
func (s *Sheet) isRow(record []string) bool {
	n := s.Columns
	return len(record) == n && (n == 1 || record[1] != "" || record[n-1] != "") &&
		(len(s.layout.heads) == 0 || record[0] != s.layout.heads[0][0])
}

// settle finds out what a record is that does not look like a row.
func (s *Sheet) settle(record []string, line int, err error) *read {
	var footers, first = 0, &Error{}
	for {
		kind := s.kind(record, line, err)
		switch kind.what {
		case isBlank, isHead:
			if kind.what == isHead { // of a second export behind the first, which may have had its own last line
				s.Skipped.Headers++
				s.Skipped.Footers += footers
				footers = 0
			}
		case isFooter:
			if footers++; footers == 1 {
				first = &Error{Line: line, Value: bar.Clip(strings.TrimSpace(record[0])),
					Message: "this line is no row, but rows follow: remove it, or make it a comment with #"}
				s.Skipped.Footer = first.Value
			}
		case isEnd:
			return s.finish(line, err, footers)
		default:
			return s.afterFooter(kind.read, footers, first)
		}
		record, line, err = s.read()
	}
}

// afterFooter returns a row, or the error of a line before it that then was no footer.
func (s *Sheet) afterFooter(r *read, footers int, first *Error) *read {
	above := s.rows == 0
	if r.err == nil {
		s.rows++
	}
	if footers == 0 {
		return r
	}
	if s.Skipped.Footers == 0 {
		s.Skipped.Footer = ""
	}
	if above {
		s.Skipped.Titles += footers
		return r
	}
	s.ahead = r
	return &read{line: first.Line, err: first}
}

// finish returns how a file ends.
func (s *Sheet) finish(line int, err error, footers int) *read {
	s.NoNewline = s.lines.open
	s.Skipped.Footers += footers
	if s.rows > 0 || !errors.Is(err, io.EOF) {
		return &read{line: line, err: err}
	}
	if s.Header != nil && (len(s.Header) > 1 || footers > 0) {
		return &read{err: &Error{Line: s.HeaderLine, Fatal: true,
			Message: "there is a header but no row: add rows, or leave the file out"}}
	}
	text := s.Skipped.Footer
	if s.Header != nil {
		text = bar.Clip(s.Header[0])
	}
	return &read{err: &Error{Value: text, Fatal: true,
		Message: "this is text and no table: it may be a provider's message; download the data again"}}
}

type what int

const (
	isData what = iota
	isBlank
	isHead
	isFooter
	isEnd
)

type kind struct {
	what what
	read *read // of isData
}

func (s *Sheet) kind(record []string, line int, err error) kind {
	switch {
	case ends(err):
		return kind{what: isEnd}
	case err != nil:
		return kind{isData, &read{line: line, err: err}}
	case filled(record) == 0 || isRuler(record):
		return kind{what: isBlank}
	case slices.ContainsFunc(s.layout.heads, func(h []string) bool { return slices.Equal(h, record) }):
		return kind{what: isHead}
	}
	for len(record) > s.Columns && strings.TrimSpace(record[len(record)-1]) == "" {
		record = record[:len(record)-1]
	}
	if (len(record) != s.Columns || s.Columns > 1 && filled(record) == 1) && looksLikeText(record) {
		return kind{what: isFooter}
	}
	if len(record) == s.Columns {
		return kind{isData, &read{record: record, line: line}}
	}
	return kind{isData, &read{line: line, err: s.wrongWidth(record, line)}}
}

// wrongWidth says why a row may have more or fewer fields than there are columns.
func (s *Sheet) wrongWidth(record []string, line int) error {
	e := &Error{Line: line}
	counts := fmt.Sprintf("there are %d fields, but the header has %d", len(record), s.Columns)
	if s.Header == nil {
		counts = fmt.Sprintf("there are %d fields, but other rows have %d", len(record), s.Columns)
	}
	switch {
	case len(record) < s.Columns && s.lines.open:
		e.Message = counts + " and the file ends here without a newline: the file looks cut off: copy it again"
	case len(record) > s.Columns && s.Delimiter == ',' && splitNumbers(record):
		e.Message = counts + ": a number seems to hold a comma (1,234.5 or 1234,5) without quotes around it:" +
			" export with quotes, or with a semicolon between columns"
	default:
		e.Message = counts + ": add or remove some"
	}
	return e
}

// splitNumbers says whether two fields side by side may be one number with a comma.
func splitNumbers(record []string) bool {
	for i, right := range record[1:] {
		left := strings.TrimLeft(strings.TrimSpace(record[i]), "$€£¥-")
		if left == "" || strings.Trim(left, "0123456789") != "" {
			continue
		}
		if whole, _, _ := strings.Cut(right, "."); whole != "" && strings.Trim(whole, "0123456789") == "" {
			return true
		}
	}
	return false
}
