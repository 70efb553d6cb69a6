package sheet

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/bmadventure/optcache/cachekit/internal/bar"
)

// splitPlain appends the fields of a line without a quote.
func splitPlain(fields []string, line string, delimiter byte) []string {
	for {
		n := strings.IndexByte(line, delimiter)
		if n < 0 {
			return append(fields, line)
		}
		fields = append(fields, line[:n])
		line = line[n+1:]
	}
}

// splitQuoted appends the fields of a line with quotes. open says that the line ends within quotes; wrong is what is
// wrong with them. Blanks before and after the quotes of a field are no part of it, as several exports write them.
func splitQuoted(fields []string, line string, delimiter byte) (_ []string, open bool, wrong string) {
	for {
		start := strings.TrimLeft(line, " ")
		if start == "" || start[0] != '"' {
			field, rest, more := strings.Cut(line, string(rune(delimiter)))
			if strings.IndexByte(field, '"') >= 0 {
				return fields, false, "there is a quote within a field that has none around it: correct the quotes"
			}
			if fields = append(fields, field); !more {
				return fields, false, ""
			}
			line = rest
			continue
		}
		field, rest, closed := unquote(start[1:])
		if !closed {
			return fields, true, ""
		}
		fields = append(fields, field)
		rest = strings.TrimLeft(rest, " ")
		if rest == "" {
			return fields, false, ""
		}
		if rest[0] != delimiter {
			return fields, false, "there is text after the closing quote of a field: correct the quotes"
		}
		line = rest[1:]
	}
}

// unquote returns what stands before the closing quote, and the rest of the line.
func unquote(text string) (field, rest string, closed bool) {
	n := strings.IndexByte(text, '"')
	if n < 0 {
		return "", "", false
	}
	if n+1 == len(text) || text[n+1] != '"' {
		return text[:n], text[n+1:], true
	}
	var b strings.Builder
	for {
		b.WriteString(text[:n])
		text = text[n+1:]
		if text == "" || text[0] != '"' {
			return b.String(), text, true
		}
		b.WriteByte('"')
		text = text[1:]
		if n = strings.IndexByte(text, '"'); n < 0 {
			return "", "", false
		}
	}
}

// split returns the fields of the record that begins with a line, reading on where quotes span lines. It appends them
// to fields.
func (l *lines) split(fields []string, line string, delimiter byte) ([]string, error) {
	at := l.number
	if len(line) >= maxColumns && strings.Count(line, string(rune(delimiter))) >= maxColumns {
		return fields, &Error{Line: at, Fatal: true,
			Message: fmt.Sprintf("there are more than %d columns: this is no table of bars", maxColumns)}
	}
	if !l.quoted || strings.IndexByte(line, '"') < 0 {
		return splitPlain(fields, line, delimiter), nil
	}
	all, open, wrong := splitQuoted(fields, line, delimiter)
	if open {
		joined, err := l.join(line)
		if err != nil {
			return fields, err
		}
		if all, open, wrong = splitQuoted(fields, joined, delimiter); open {
			wrong = "a quote is not closed: correct the quotes"
		}
	}
	if wrong != "" {
		return fields, &Error{Line: at, Value: bar.Clip(line), Message: wrong}
	}
	return all, nil
}

// join appends lines to one that ends within quotes until they are closed. It counts quotes rather than split again,
// so that its time goes with the length.
func (l *lines) join(line string) (string, error) {
	at := l.number
	var b strings.Builder
	b.WriteString(line)
	for {
		next, err := l.next()
		if err != nil {
			if errors.Is(err, io.EOF) {
				return "", &Error{Line: at, Fatal: true, Value: bar.Clip(line),
					Message: "a quote is not closed before the file ends: correct the quotes, or copy the file again"}
			}
			return "", err
		}
		if b.Len()+1+len(next) > maxLine {
			return "", tooLong(at)
		}
		b.WriteByte('\n')
		b.WriteString(next)
		if strings.Count(next, `"`)%2 == 1 {
			return b.String(), nil
		}
	}
}
