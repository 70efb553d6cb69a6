package ingest

import (
	"fmt"
	"slices"
	"strings"

	"github.com/bmadventure/optcache/cachekit/bundle"
	"github.com/bmadventure/optcache/cachekit/internal/bar"
)

// timeNames are the names that the column of times may have.
var timeNames = []string{"date", "timestamp", "datetime", "time", "day"}

// A header says which column of a file holds what; -1 is no column.
type header struct {
	symbol, time int
	fields       [bar.NumFields]int
}

// readHeader finds the columns by their names. It adds a problem for each that
// is missing or there twice, and notes those that are not known.
func (t *table) readHeader(names []string, line int) (header, bool) {
	h := header{symbol: -1, time: -1}
	for f := range h.fields {
		h.fields[f] = -1
	}
	before := t.Len()
	for i, name := range names {
		slot := h.slot(name, t.rows)
		switch {
		case slot == nil:
			t.ignored = append(t.ignored, strings.TrimSpace(name))
		case *slot >= 0:
			t.refuse(line, strings.TrimSpace(name), "",
				fmt.Sprintf("column %d holds what column %d (%s) holds: remove or rename one of them",
					i+1, *slot+1, strings.TrimSpace(names[*slot])))
		default:
			*slot = i
		}
	}
	if h.time < 0 {
		t.refuse(line, "date", "", "the column is missing: add it (or timestamp, datetime, time, day)")
	} else {
		t.time = strings.TrimSpace(names[h.time])
	}
	if t.rows && h.symbol < 0 {
		t.refuse(0, "symbol", "", "the column is missing: add it")
	}
	for f, name := range bar.Names {
		if h.fields[f] < 0 && bundle.OHLCV.Has(1<<f) {
			t.refuse(line, name, "", "the column is missing: add it")
		}
	}
	return h, t.Len() == before
}

// slot returns where the position of a column of that name is kept.
func (h *header) slot(name string, symbols bool) *int {
	name = strings.ToLower(strings.TrimSpace(name))
	if f := slices.Index(bar.Names[:], name); f >= 0 {
		return &h.fields[f]
	}
	if slices.Contains(timeNames, name) {
		return &h.time
	}
	if symbols && name == "symbol" {
		return &h.symbol
	}
	return nil
}
