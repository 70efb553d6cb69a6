package model

import (
	"cmp"
	"errors"
	"fmt"
	"go/token"
	"slices"
)

// An Error is one thing that the user has to change, and where.
type Error struct {
	Pos  token.Position
	Text string
}

func (e *Error) Error() string {
	if e.Pos.Filename == "" {
		return e.Text
	}
	return fmt.Sprintf("%s:%d:%d: %s", e.Pos.Filename, e.Pos.Line, e.Pos.Column, e.Text)
}

// Errors collects errors. The zero value is ready.
type Errors struct{ all []*Error }

// Errorf adds an error.
func (e *Errors) Errorf(pos token.Position, format string, args ...any) {
	e.all = append(e.all, &Error{pos, fmt.Sprintf(format, args...)})
}

// Len returns the number of errors.
func (e *Errors) Len() int { return len(e.all) }

// Err returns all errors joined, sorted by position, each once; nil if there are none.
func (e *Errors) Err() error {
	slices.SortStableFunc(e.all, func(a, b *Error) int {
		return cmp.Or(
			cmp.Compare(a.Pos.Filename, b.Pos.Filename),
			cmp.Compare(a.Pos.Line, b.Pos.Line),
			cmp.Compare(a.Pos.Column, b.Pos.Column),
			cmp.Compare(a.Text, b.Text))
	})
	var joined []error
	for i, err := range e.all {
		if i == 0 || *err != *e.all[i-1] {
			joined = append(joined, err)
		}
	}
	return errors.Join(joined...)
}
