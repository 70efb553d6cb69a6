package ingest

import (
	"github.com/bmadventure/optcache/cachekit/bundle"
	"github.com/bmadventure/optcache/cachekit/internal/bar"
)

// A table is what one file holds: rows of one or many assets, as they are in
// the file.
type table struct {
	path    string
	rows    bool   // whether lines are rows of a Parquet file, which may come in any order
	time    string // name of the column of times
	ignored []string
	groups  []*rowGroup
	problems
}

// refuse adds what is wrong with the file: with one line of it unless line is 0, with one column unless that is "",
// and with one value unless that is "".
func (t *table) refuse(line int, column, value, message string) {
	t.Add(bundle.Problem{File: t.path, Line: line, Column: column, Value: value, Message: message})
}

// A rowGroup is the rows of one asset in one file.
type rowGroup struct {
	symbol  string
	times   []int64                  // Unix nanoseconds
	columns [bar.NumFields][]float64 // as long as times, or nil where the file has no such column
	lines   []int32                  // of each bar; the row in a Parquet file
	offsets []int32                  // seconds east of UTC in which each time was written; nil if all are 0
}

// append adds a bar to the group.
func (g *rowGroup) append(at int64, offset, line int, values *[bar.NumFields]float64, h *header) {
	if offset != 0 && g.offsets == nil {
		g.offsets = make([]int32, len(g.times), len(g.times)+1)
	}
	if g.offsets != nil {
		g.offsets = append(g.offsets, int32(offset))
	}
	g.times = append(g.times, at)
	g.lines = append(g.lines, int32(line))
	for f, column := range h.fields {
		if column >= 0 {
			g.columns[f] = append(g.columns[f], values[f])
		}
	}
}

// wallClock returns the time of bar i as it was written, as if it were in UTC.
func (g *rowGroup) wallClock(i int) int64 {
	if g.offsets == nil {
		return g.times[i]
	}
	return g.times[i] + int64(g.offsets[i])*1e9
}
