package bundle

import (
	"cmp"
	"fmt"
	"math"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"
	"unsafe"

	"github.com/bmadventure/optcache/cachekit/market"
)

// GroupRows groups rows by symbol. Rows may come in any order; those that come
// sorted by symbol, or date by date with the symbols in the same order on every
// date, are grouped fastest.
//
// It refuses, naming the row, a time that Bars could not give back equal (not
// UTC, or outside the years 1678 to 2261), and two bars of one asset at one time.
func GroupRows(frequency market.Frequency, rows []market.Bar) (*Bars, error) {
	g := grouping{rows: rows, times: make([]int64, len(rows))}
	for f := range g.columns {
		if OHLCV.Has(1 << f) {
			g.columns[f] = make([]float64, len(rows))
		}
	}
	ascending, err := g.copySorted()
	if err == nil && !ascending {
		err = g.scatter()
	}
	if err == nil {
		err = g.orderTimes()
	}
	if err != nil {
		return nil, fmt.Errorf("group %d rows by asset: %w", len(rows), err)
	}
	return newBars(frequency, g.assets, g.offsets, g.times, g.columns), nil
}

// A grouping is the work of one call of GroupRows.
type grouping struct {
	rows    []market.Bar
	assets  []market.Asset
	offsets []int
	times   []int64
	columns [numFields][]float64
}

// A run is consecutive rows of one asset.
type run struct {
	symbol string
	start  int
}

// parallelRows is the number of rows from which a second goroutine pays.
const parallelRows = 1 << 16

// copySorted fills assets, offsets, times and columns in one pass if the rows
// come sorted by symbol. Otherwise it reports false, which it finds out within
// the first date of rows that come date by date.
func (g *grouping) copySorted() (ascending bool, err error) {
	parts := max(1, min(runtime.GOMAXPROCS(0), len(g.rows)/parallelRows))
	runs := make([][]run, parts)
	errs := make([]error, parts)
	var wg sync.WaitGroup
	for p := 1; p < parts; p++ {
		wg.Go(func() { runs[p], errs[p] = g.copyPart(len(g.rows)*p/parts, len(g.rows)*(p+1)/parts) })
	}
	runs[0], errs[0] = g.copyPart(0, len(g.rows)/parts)
	wg.Wait()

	for p := range runs {
		for _, r := range runs[p] {
			n := len(g.assets)
			if n > 0 && g.assets[n-1].Symbol == r.symbol {
				continue // the run goes on over the border of two parts
			}
			if n > 0 && g.assets[n-1].Symbol > r.symbol {
				g.assets, g.offsets = nil, nil
				return false, nil
			}
			g.assets = append(g.assets, newAsset(r.symbol))
			g.offsets = append(g.offsets, r.start)
		}
		if errs[p] != nil {
			return false, errs[p]
		}
	}
	g.offsets = append(g.offsets, len(g.rows))
	return true, nil
}

// copyPart copies the rows lo to hi to the same places in the columns and
// returns their runs. It stops after the first symbol that is below the one before.
func (g *grouping) copyPart(lo, hi int) ([]run, error) {
	var (
		runs   []run
		symbol string
		rows   = g.rows[:hi]
		times  = g.times[:hi]
		open   = g.columns[0][:hi]
		high   = g.columns[1][:hi]
		low    = g.columns[2][:hi]
		closes = g.columns[3][:hi]
		volume = g.columns[4][:hi]
	)
	for i := lo; i < hi; i++ {
		row := &rows[i]
		if !sameString(row.Symbol, symbol) || i == lo {
			runs = append(runs, run{row.Symbol, i})
			if row.Symbol < symbol {
				return runs, nil
			}
			symbol = row.Symbol
		}
		t, ok := unixNano(row.Time)
		if !ok {
			return runs, timeError(g.rows, i)
		}
		times[i] = t
		open[i], high[i], low[i], closes[i], volume[i] = row.Open, row.High, row.Low, row.Close, row.Volume
	}
	return runs, nil
}

// scatter fills assets, offsets, times and columns from rows in any order: one
// pass names the group of each row and counts, the other moves the rows.
func (g *grouping) scatter() error {
	groups, symbols, counts := nameGroups(g.rows)

	// Groups stand in the order of their symbols.
	order := make([]int32, len(symbols))
	for i := range order {
		order[i] = int32(i)
	}
	slices.SortFunc(order, func(a, b int32) int { return strings.Compare(symbols[a], symbols[b]) })
	g.assets = make([]market.Asset, len(symbols))
	g.offsets = make([]int, len(symbols)+1)
	cursor := make([]int, len(symbols))
	for i, group := range order {
		g.assets[i] = newAsset(symbols[group])
		cursor[group] = g.offsets[i]
		g.offsets[i+1] = g.offsets[i] + counts[group]
	}

	return g.move(groups, cursor)
}

// blockRows is how many rows are moved at a time: about what the second-level
// cache of a processor holds. A block is sorted by group first, so that its bars
// of one group are written next to each other; written in the order of dates,
// every value would go to a page of its own.
const blockRows = 1 << 12

// move copies every row to the place in the columns that the cursor of its
// group is at.
func (g *grouping) move(groups []int32, cursor []int) error {
	times, open, high, low, closes, volume := g.times, g.columns[0], g.columns[1], g.columns[2], g.columns[3], g.columns[4]
	order := make([]int32, min(blockRows, len(g.rows)))
	ends := make([]int32, len(cursor)+1)
	for lo := 0; lo < len(g.rows); lo += blockRows {
		hi := min(lo+blockRows, len(g.rows))
		sortBlock(order, ends, groups[lo:hi])
		for _, k := range order[:hi-lo] {
			i := lo + int(k)
			row := &g.rows[i]
			at := cursor[groups[i]]
			cursor[groups[i]]++
			t, ok := unixNano(row.Time)
			if !ok {
				return timeError(g.rows, i)
			}
			times[at] = t
			open[at], high[at], low[at], closes[at], volume[at] = row.Open, row.High, row.Low, row.Close, row.Volume
		}
	}
	return nil
}

// sortBlock fills order with the positions of groups sorted by group, those of
// one group in their order: a counting sort. ends is scratch with an element for
// every group and one more.
func sortBlock(order, ends []int32, groups []int32) {
	clear(ends)
	for _, g := range groups {
		ends[g+1]++
	}
	for g := 1; g < len(ends); g++ {
		ends[g] += ends[g-1]
	}
	for k, g := range groups {
		order[ends[g]] = int32(k)
		ends[g]++
	}
}

// nameGroups numbers the symbols in the order in which they first occur. It
// expects after one symbol the one that came after it the last time, which
// saves the look-up in a map for rows that come date by date.
func nameGroups(rows []market.Bar) (groups []int32, symbols []string, counts []int) {
	groups = make([]int32, len(rows))
	index := make(map[string]int32)
	var next []int32 // the group that followed each group, last time
	last := int32(-1)
	for i := range rows {
		symbol := rows[i].Symbol
		var group int32
		if last >= 0 && sameString(symbols[next[last]], symbol) {
			group = next[last]
		} else {
			known, ok := index[symbol]
			if !ok {
				known = int32(len(symbols))
				index[symbol] = known
				symbols, counts, next = append(symbols, symbol), append(counts, 0), append(next, known)
			}
			group = known
			if last >= 0 {
				next[last] = group
			}
		}
		groups[i] = group
		counts[group]++
		last = group
	}
	return groups, symbols, counts
}

// sameString is a == b, with the common case that both are the very same string
// decided without a call.
func sameString(a, b string) bool {
	return len(a) == len(b) && (unsafe.StringData(a) == unsafe.StringData(b) || a == b)
}

// orderTimes brings the bars of every asset into the order of time.
func (g *grouping) orderTimes() error {
	for a := range g.assets {
		lo, hi := g.offsets[a], g.offsets[a+1]
		if strictlyAscending(g.times[lo:hi]) {
			continue
		}
		if err := g.sortGroup(a); err != nil {
			return err
		}
	}
	return nil
}

func strictlyAscending(times []int64) bool {
	for i := 1; i < len(times); i++ {
		if times[i] <= times[i-1] {
			return false
		}
	}
	return true
}

func (g *grouping) sortGroup(a int) error {
	lo, hi := g.offsets[a], g.offsets[a+1]
	times := g.times[lo:hi]
	order := make([]int, len(times))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(i, j int) int { return cmp.Compare(times[i], times[j]) })
	for i := 1; i < len(order); i++ {
		if t := times[order[i]]; t == times[order[i-1]] {
			return fmt.Errorf("asset %q has two bars at %s: remove one",
				g.assets[a].Symbol, time.Unix(0, t).UTC().Format(time.RFC3339Nano))
		}
	}
	permute(times, order)
	for _, c := range g.columns {
		if c != nil {
			permute(c[lo:hi], order)
		}
	}
	return nil
}

// permute moves to each position i of s what stood at order[i].
func permute[E any](s []E, order []int) {
	old := slices.Clone(s)
	for i, from := range order {
		s[i] = old[from]
	}
}

// Seconds of the first and the last whole second that int64 nanoseconds hold.
const (
	minSecond = math.MinInt64/int64(time.Second) + 1
	maxSecond = math.MaxInt64/int64(time.Second) - 1
)

// unixNano returns t in Unix nanoseconds if [time.Unix] makes an equal time of
// it in the same location.
func unixNano(t time.Time) (int64, bool) {
	s := t.Unix()
	ok := s >= minSecond && s <= maxSecond && t.Location() == time.UTC
	return s*int64(time.Second) + int64(t.Nanosecond()), ok
}

func timeError(rows []market.Bar, i int) error {
	t := rows[i].Time
	if t.Location() != time.UTC {
		return fmt.Errorf("row %d (%s): time %s is not in UTC: convert it with Time.UTC", i, rows[i].Symbol, t)
	}
	return fmt.Errorf("row %d (%s): time %s is outside the years 1678 to 2261", i, rows[i].Symbol, t)
}
