package main

import (
	"bytes"
	"fmt"
	"strings"
)

// A Mutant is a package with one edit.
type Mutant struct {
	File string `json:"file"` // its name in the folder of the package
	Line int    `json:"line"`
	Kind string `json:"kind"` // what was done
	From string `json:"from"` // the line as it was
	To   string `json:"to"`   // the line as it is now

	edit edit
}

// An edit puts text where the bytes from start to end of a file are.
type edit struct {
	start, end int
	text       string
}

// apply returns the file with the edit made.
func (e edit) apply(source []byte) []byte {
	return bytes.Join([][]byte{source[:e.start], source[e.end:]}, []byte(e.text))
}

// newMutant describes an edit of a file. Lines that the edit joins or removes
// are kept as empty ones, so that every line after it has the same number.
func newMutant(file string, source []byte, kind string, e edit) Mutant {
	if lost := bytes.Count(source[e.start:e.end], []byte("\n")) - strings.Count(e.text, "\n"); lost > 0 {
		e.text += strings.Repeat("\n", lost)
	}
	changed := e.apply(source)
	return Mutant{
		File: file,
		Line: 1 + bytes.Count(source[:e.start], []byte("\n")),
		Kind: kind,
		From: lines(source, e.start, e.end),
		To:   lines(changed, e.start, e.start+len(e.text)),
		edit: e,
	}
}

// lines returns the lines that hold the bytes from start to end, as one.
func lines(source []byte, start, end int) string {
	from := 1 + bytes.LastIndexByte(source[:start], '\n')
	to := len(source)
	if n := bytes.IndexByte(source[end:], '\n'); n >= 0 {
		to = end + n
	}
	return strings.Join(strings.Fields(string(source[from:to])), " ")
}

// String returns a description of one line.
func (m Mutant) String() string {
	return fmt.Sprintf("%s:%d: %s: %s => %s", m.File, m.Line, m.Kind, m.From, m.To)
}
