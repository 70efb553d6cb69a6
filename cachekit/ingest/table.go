package ingest

import (
	"cmp"
	"math"
	"slices"

	"github.com/bmadventure/optcache/cachekit/bundle"
	"github.com/bmadventure/optcache/cachekit/ingest/internal/clock"
	"github.com/bmadventure/optcache/cachekit/internal/bar"
	"github.com/bmadventure/optcache/internal/few"
)

// A table is what one file holds: rows of one or many assets, as they are in
// the file.
type table struct {
	path         string
	symbol       string // of the asset whose file it is, where no column has one
	date         string // that was taken off the file\'s name, or ""
	named        bool   // whether a folder says the symbol
	spool        *spool
	format       string            // as people call it
	zone         string            // of its times, as a [FileReport] has it
	skipAssets   bool              // whether assets with prices of zero or below are left out
	wanted       map[string]string // names of columns that were given, by field
	badRows      BadRows
	crsp         bool     // whether a minus before a price is a mark
	columns      []string // names of the columns of files without a header, that were given
	dateFormat   string   // that was given
	maxExpansion int64    // that was given
	doubts       []string // what may be other than it looks
	noBars       bool     // whether the header has neither times nor prices, as that of a list of symbols
	about        string   // what it has instead
	symbols      bool     // whether a column has them
	rows         bool     // whether lines are rows of a Parquet file, which may come in any order
	time         string   // name of the column of times
	ignored      []string
	groups       []*rowGroup
	fault        error // of the machine: the spool cannot be written
	tallies
	left, moved map[string]*skip      // by symbol: rows left out; rows with a price moved by more than a rounding
	kinds       map[kindOfProblem]int // where each is among the first problems
	problems
}

// refuse adds what is wrong with the file: with one line of it unless line is 0, with one column unless that is "",
// and with one value unless that is "".
func (t *table) refuse(line int, column, value, message string) {
	kind := kindOfProblem{column, message}
	if line > 0 {
		if at, again := t.kinds[kind]; again {
			t.First[at].Also++
			return
		}
		if t.kinds == nil {
			t.kinds = make(map[kindOfProblem]int)
		}
		if len(t.First) < few.Most {
			t.kinds[kind] = len(t.First)
		}
	}
	t.Add(bundle.Problem{File: t.path, Line: line, Column: column, Value: value, Message: message})
}

// A kindOfProblem is what problems of several lines have in common: they are told once, with a count.
type kindOfProblem struct{ column, message string }

// A rowGroup is the rows of one asset in one file.
type rowGroup struct {
	symbol  string
	times   []int64                  // Unix nanoseconds; the last of them until all are read
	past    [][]int64                // times before these, until all are read
	columns [bar.NumFields][]float64 // nil where the file has no such column; those of the bars from spilled on
	lines   runs                     // of each bar; the row in a Parquet file
	offsets runs                     // seconds east of UTC in which each time was written; empty if all are 0
	known   bool                     // whether the file says the offsets; times are those of a wall otherwise
	zone    string                   // IANA name of the zone that the times are in, or ""
	survey  *clock.Survey

	unpriced  bool // whether a price is zero or below and the asset is to be left out for it
	hasVolume bool // whether some bar has one

	spool   *spool
	spilled int // bars whose values are in the pieces
	pieces  []piece
}

// timesAtOnce is how many times of a long file stand in one piece while it is read: growing a slice of all would copy
// them again and again.
const timesAtOnce = 1 << 16

// count returns how many bars were appended.
func (g *rowGroup) count() int {
	n := len(g.times)
	for _, p := range g.past {
		n += len(p)
	}
	return n
}

// append adds a bar to the group.
func (g *rowGroup) append(at int64, offset, line int, values *[bar.NumFields]float64, h *header) {
	g.offsets.append(int32(offset))
	g.hasVolume = g.hasVolume || h.fields[bar.Volume] >= 0 && !math.IsNaN(values[bar.Volume])
	if len(g.times) == cap(g.times) && len(g.times) >= timesAtOnce {
		g.past = append(g.past, g.times)
		g.times = make([]int64, 0, timesAtOnce)
	}
	g.times = append(g.times, at)
	g.lines.step = 1
	g.lines.append(int32(line))
	for f, column := range h.fields {
		if column >= 0 {
			g.columns[f] = append(g.columns[f], values[f])
		}
	}
}

// wallClock returns the time of bar i as it was written, as if it were in UTC.
func (g *rowGroup) wallClock(i int) int64 {
	return g.times[i] + int64(g.offsets.of(i))*1e9
}

// offset returns the offset in which the time of bar i was written.
func (g *rowGroup) offset(i int) int32 { return g.offsets.of(i) }

// line returns the line of bar i, or its row.
func (g *rowGroup) line(i int) int { return int(g.lines.of(i)) }

// same reports whether two bars have the same values, bit for bit.
func (g *rowGroup) same(i, j int) bool {
	for _, c := range g.columns {
		if c != nil && math.Float64bits(c[i]) != math.Float64bits(c[j]) {
			return false
		}
	}
	return true
}

// finish gives back the room that rows to come would have had.
func (t *table) finish() error {
	for _, g := range t.groups {
		if g.spilled > 0 {
			if err := t.spool.spill(g); err != nil {
				return err
			}
			for f, c := range g.columns {
				if c != nil {
					g.columns[f] = []float64{}
				}
			}
		}
		if len(g.past) > 0 {
			g.times, g.past = slices.Concat(append(g.past, g.times)...), nil
		}
		g.times = t.spool.share(g.times)
	}
	return nil
}

// settleRows keeps the values of a table in memory, or moves them out where too many wait there already.
func (t *table) settleRows(added int) error {
	if t.spool.bars.Add(int64(added)) <= t.spool.most {
		return nil
	}
	for _, g := range t.groups {
		if err := t.spool.spill(g); err != nil {
			return err
		}
	}
	return nil
}

// dropRepeated brings the rows into the order of time and removes those that are there twice, equal in every value;
// it returns how many.
func (g *rowGroup) dropRepeated() (int, error) {
	if bar.Ascending(g.times) {
		return 0, nil
	}
	if err := g.load(); err != nil {
		return 0, err
	}
	g.sort()
	var kept []int
	for i := range g.times {
		if n := len(kept); n > 0 && g.times[i] == g.times[kept[n-1]] && g.same(i, kept[n-1]) {
			continue
		}
		kept = append(kept, i)
	}
	dropped := len(g.times) - len(kept)
	if dropped > 0 {
		g.permute(kept)
	}
	return dropped, nil
}

// sort brings the rows into the order of time. Rows of one time keep theirs.
func (g *rowGroup) sort() {
	order := make([]int, len(g.times))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(i, j int) int { return cmp.Compare(g.times[i], g.times[j]) })
	g.permute(order)
}

// permute leaves the bars that stood at order, in that order.
func (g *rowGroup) permute(order []int) {
	g.times, g.lines, g.offsets = permuted(g.times, order), g.lines.permuted(order), g.offsets.permuted(order)
	for f, c := range g.columns {
		g.columns[f] = permuted(c, order)
	}
}

// permuted returns some elements of s in an order; nil stays nil.
func permuted[E any](s []E, order []int) []E {
	if s == nil {
		return nil
	}
	out := make([]E, len(order))
	for i, from := range order {
		out[i] = s[from]
	}
	return out
}
