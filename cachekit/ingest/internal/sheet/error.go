package sheet

import "fmt"

// An Error says what is wrong with a file of text, and where.
type Error struct {
	Line    int    // of the file, from 1 on; 0 is the whole file
	Column  string // the name of the column, or ""
	Value   string // what stands there, clipped
	Message string // what is wrong and what to do
	Fatal   bool   // no row can be read after it
	Err     error  // why the reader failed, or nil
}

func (e *Error) Error() string {
	text := e.Message
	if e.Value != "" {
		text = fmt.Sprintf("%q: %s", e.Value, text)
	}
	if e.Column != "" {
		text = "column " + e.Column + ": " + text
	}
	if e.Line > 0 {
		text = fmt.Sprintf("line %d: %s", e.Line, text)
	}
	return text
}

func (e *Error) Unwrap() error { return e.Err }

func whole(message string) *Error { return &Error{Message: message, Fatal: true} }
