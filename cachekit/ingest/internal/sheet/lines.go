package sheet

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
)

const (
	blockSize  = 64 << 10 // bytes; also what is looked at to find out what wrote a file
	maxLine    = 1 << 20  // bytes, of a record with all its lines
	maxColumns = 10_000
)

// lines reads a file line by line. Lines are parts of a string that holds a whole block, so that there is no
// allocation for each.
type lines struct {
	r      io.Reader
	buf    []byte // read, and not yet part of a block
	block  string // whole lines, and at the end of the file what is left
	end    byte   // of a line: '\n', or '\r' where a file has no other
	number int    // of the line that was read last, from 1 on
	err    error  // of r, told after the lines before it

	quoted, invalid, nul bool // whether the block has a quote, bytes that are not UTF-8, a NUL
	open                 bool // whether the last line had no end
}

func newLines(r io.Reader) *lines { return &lines{r: r, buf: make([]byte, 0, blockSize), end: '\n'} }

// fill reads the next block. It returns false at the end of the file.
func (l *lines) fill() (bool, error) {
	for {
		l.read()
		if l.number == 0 && l.block == "" {
			l.end = lineEnd(l.buf)
		}
		n := bytes.LastIndexByte(l.buf, l.end)
		switch {
		case errors.Is(l.err, io.EOF):
			l.take(len(l.buf))
			return l.block != "", nil
		case n >= 0:
			l.take(n + 1)
			return true, nil
		case l.err != nil:
			return false, l.failed()
		case len(l.buf) > maxLine:
			return false, tooLong(l.number + 1)
		}
		l.buf = slices.Grow(l.buf, len(l.buf))
	}
}

func (l *lines) failed() *Error {
	e := &Error{Line: l.number, Fatal: true, Err: l.err,
		Message: "the file cannot be read (" + l.err.Error() + "): copy it again"}
	if l.number > 0 {
		e.Message = "after this line " + e.Message
	}
	return e
}

// read fills the buffer as far as the file goes.
func (l *lines) read() {
	for empty := 0; l.err == nil && len(l.buf) < cap(l.buf); {
		n, err := l.r.Read(l.buf[len(l.buf):cap(l.buf)])
		l.buf, l.err = l.buf[:len(l.buf)+n], err
		if empty++; n > 0 {
			empty = 0
		} else if empty > 100 {
			l.err = cmp.Or(err, io.ErrNoProgress)
		}
	}
}

// take makes a block of the first n bytes of the buffer.
func (l *lines) take(n int) {
	l.block = string(l.buf[:n])
	l.buf = append(l.buf[:0], l.buf[n:]...)
	l.quoted = strings.IndexByte(l.block, '"') >= 0
	l.nul = strings.IndexByte(l.block, 0) >= 0
	l.invalid = !utf8.ValidString(l.block)
}

// next returns the next line without its end; io.EOF after the last one.
func (l *lines) next() (string, error) {
	if l.block == "" {
		if ok, err := l.fill(); err != nil {
			return "", err
		} else if !ok {
			return "", io.EOF
		}
	}
	line := l.block
	if n := strings.IndexByte(l.block, l.end); n >= 0 {
		line, l.block = l.block[:n], l.block[n+1:]
	} else {
		l.block, l.open = "", true
	}
	l.number++
	if len(line) > maxLine {
		return "", tooLong(l.number)
	}
	for line != "" && line[len(line)-1] == '\r' {
		line = line[:len(line)-1]
	}
	if l.nul && strings.IndexByte(line, 0) >= 0 {
		return "", &Error{Line: l.number, Fatal: true,
			Message: "there are NUL bytes: the file is not text, or was not written to its end; copy it again"}
	}
	if l.invalid && !utf8.ValidString(line) {
		// A name far down in a file that began as plain ASCII.
		return charmap.Windows1252.NewDecoder().String(line)
	}
	return line, nil
}

func tooLong(line int) *Error {
	return &Error{Line: line, Fatal: true, Message: fmt.Sprintf(
		"the line, or what stands between two quotes, is longer than %d bytes: this is no table of bars, or a quote"+
			" is not closed", maxLine)}
}

// lineEnd returns the byte that ends the lines of a file that begins so.
func lineEnd(sample []byte) byte {
	if bytes.IndexByte(sample, '\n') < 0 && bytes.IndexByte(sample, '\r') >= 0 {
		return '\r'
	}
	return '\n'
}
