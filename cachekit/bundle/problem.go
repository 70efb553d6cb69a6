package bundle

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/bmadventure/optcache/internal/few"
)

// An InputError says what is wrong with the data, or the name, that was given
// to be ingested: nothing was written. It is not returned for faults of the
// machine, such as a full disk.
type InputError struct {
	// Problems are the first 20, in the order of files and lines.
	Problems []Problem
	// More is how many problems there are beyond these.
	More int
}

// Error returns the problems, one a line.
func (e *InputError) Error() string {
	var b strings.Builder
	for i, p := range e.Problems {
		if i > 0 {
			b.WriteByte('\n')
		}
		b.WriteString(p.String())
	}
	if e.More > 0 {
		fmt.Fprintf(&b, "\nand %d more", e.More)
	}
	return b.String()
}

// A Problem is one thing that is wrong with input, and what to do about it.
type Problem struct {
	File    string // path of the file or folder; the symbol for bars that came from a program
	Line    int    // line of a CSV file, row of a Parquet file, bar of a series, from 1; 0 for the whole file
	Column  string // name of the column, or "" for the whole line
	Value   string // the offending text, or ""
	Message string // what is wrong and what to do

	Also int // further lines of the file with which the same is wrong
}

// String returns "file:line: column: value: message" without the parts that are
// not known.
func (p Problem) String() string {
	var b strings.Builder
	b.WriteString(plain(p.File))
	if p.Line > 0 {
		fmt.Fprintf(&b, ":%d", p.Line)
	}
	if b.Len() > 0 {
		b.WriteString(": ")
	}
	if p.Column != "" {
		b.WriteString(plain(p.Column) + ": ")
	}
	if p.Value != "" {
		fmt.Fprintf(&b, "%q: ", p.Value)
	}
	b.WriteString(p.Message)
	if p.Also > 0 {
		fmt.Fprintf(&b, " (and %d more lines like it)", p.Also)
	}
	return b.String()
}

// problems are what is wrong with some input.
type problems struct{ few.List[Problem] }

// err returns nil if there are no problems.
func (p *problems) err() error {
	if !p.Any() {
		return nil
	}
	return &InputError{Problems: p.First, More: p.More}
}

func inputProblem(p Problem) error { return &InputError{Problems: []Problem{p}} }

// plain returns a name as it is, quoted if it has anything in it that a terminal would obey, such as an escape or
// a line break.
func plain(name string) string {
	if utf8.ValidString(name) && !strings.ContainsFunc(name, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return name
	}
	return strconv.Quote(name)
}
