package ingest

import (
	"fmt"

	"github.com/bmadventure/optcache/cachekit/bundle"
)

// BadRows says what becomes of rows that cannot be bars as they are.
type BadRows uint8

const (
	FailBadRows  BadRows = iota // refuse the files, and name the rows
	SkipBadRows                 // leave such rows out
	ClampBadRows                // move opens and closes that are outside low to high there; refuse what else is wrong
)

// String returns "fail", "skip" or "clamp".
func (b BadRows) String() string {
	switch b {
	case FailBadRows:
		return "fail"
	case SkipBadRows:
		return "skip"
	case ClampBadRows:
		return "clamp"
	}
	return fmt.Sprintf("BadRows(%d)", uint8(b))
}

// ParseBadRows is the inverse of [BadRows.String].
func ParseBadRows(s string) (BadRows, error) {
	for b := range ClampBadRows + 1 {
		if s == b.String() {
			return b, nil
		}
	}
	return 0, fmt.Errorf("bad rows %q: must be fail, skip or clamp", s)
}

// A skip is the rows of one asset in one file that were left out, or whose prices were moved by more than a rounding.
type skip struct {
	rows     int
	lastLine int
	first    bundle.Problem
}

// badRow adds what is wrong with a row of an asset, or notes that the row is left out.
func (t *table) badRow(symbol string, line int, column, value, message string) {
	if t.badRows != SkipBadRows {
		t.refuse(line, column, value, message)
		return
	}
	t.left = noted(t.left, symbol, bundle.Problem{File: t.path, Line: line, Column: column, Value: value, Message: message})
}

// noted counts a row once, whatever number of problems it has.
func noted(all map[string]*skip, symbol string, p bundle.Problem) map[string]*skip {
	if all == nil {
		all = make(map[string]*skip)
	}
	s := all[symbol]
	if s == nil {
		s = &skip{first: p}
		all[symbol] = s
	}
	if p.Line != s.lastLine {
		s.rows, s.lastLine = s.rows+1, p.Line
	}
	return all
}

// Kinds of notes on rows.
const (
	noteLeft  = "row left out"
	noteMoved = "price moved into low to high"
)

// notes says of a file what is not in the bundle as it was there.
func (t *table) notes() (notes []bundle.Note) {
	for kind, all := range map[string]map[string]*skip{noteLeft: t.left, noteMoved: t.moved} {
		for symbol, s := range all {
			p := s.first
			notes = append(notes, bundle.Note{
				Kind: kind, Symbol: symbol, Count: s.rows, Example: fmt.Sprintf("line %d: %s %s", p.Line, p.Column, p.Value),
			})
		}
	}
	return notes
}

// total returns how many rows all skips are.
func total(all map[string]*skip) (rows int) {
	for _, s := range all {
		rows += s.rows
	}
	return rows
}
