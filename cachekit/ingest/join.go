package ingest

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/bmadventure/optcache/cachekit/bundle"
	"github.com/bmadventure/optcache/cachekit/internal/bar"
	"github.com/bmadventure/optcache/cachekit/market"
)

// series joins the tables into one series for each asset.
func (in *input) series() ([]bundle.Series, error) {
	in.findFrequency()
	in.checkSymbols()
	var all problems
	bySymbol := make(map[string][]*rowGroup)
	for _, t := range in.tables {
		for _, g := range t.groups {
			if in.frequency == market.Daily {
				g.toDates(t)
			}
			if !t.rows {
				g.checkOrder(in.frequency, t)
			}
			bySymbol[g.symbol] = append(bySymbol[g.symbol], g)
		}
		all.Merge(t.List)
	}
	if all.Any() {
		return nil, all.err()
	}
	series := make([]bundle.Series, 0, len(bySymbol))
	for _, groups := range bySymbol {
		series = append(series, join(groups))
	}
	return series, in.checkRepeated(series)
}

// findFrequency decides about bars whose frequency was not given.
func (in *input) findFrequency() {
	if in.frequency != 0 {
		return
	}
	in.frequency = market.Daily
	for _, t := range in.tables {
		for _, g := range t.groups {
			for i := range g.times {
				if g.wallClock(i)%bar.Day != 0 {
					in.frequency = market.Minute
					return
				}
			}
		}
	}
}

// toDates makes dates of the times of daily bars: midnight as it was written,
// wherever that was.
func (g *rowGroup) toDates(t *table) {
	for i := range g.times {
		at := g.wallClock(i)
		if wrong := bar.CheckTime(market.Daily, at); wrong != "" {
			t.refuse(int(g.lines[i]), t.time, bar.FormatTime(market.Minute, at), wrong)
		}
		g.times[i] = at
	}
	g.offsets = nil
}

// checkOrder adds a problem for every row of a CSV file that is not after the
// one before it.
func (g *rowGroup) checkOrder(frequency market.Frequency, t *table) {
	times := g.times
	for i := 1; i < len(times); i++ {
		if times[i] <= times[i-1] {
			t.refuse(int(g.lines[i]), t.time, bar.FormatTime(frequency, times[i]),
				bar.OrderMessage(times[i] == times[i-1], bar.FormatTime(frequency, times[i-1]), int(g.lines[i-1])))
		}
	}
}

// checkSymbols adds a problem for every symbol that cannot be one, and for every
// file that has the symbol of another, unless both are Parquet.
func (in *input) checkSymbols() {
	seen := make(map[string]*table)
	for _, t := range in.tables {
		mine := make(map[string]bool)
		for _, g := range t.groups {
			symbol := g.symbol
			if wrong := bar.CheckSymbol(symbol); wrong != "" {
				t.refuse(0, "symbol", bar.Clip(symbol), "the symbol "+wrong+": rename it")
			}
			other, ok := seen[symbol]
			if ok && !mine[symbol] && !(t.rows && other.rows) {
				t.refuse(0, "symbol", bar.Clip(symbol),
					"this symbol is in "+other.path+" too: remove one of the files")
			}
			if !ok {
				seen[symbol] = t
			}
			mine[symbol] = true
		}
	}
}

// join makes one series of the rows of one asset, in the order of time.
func join(groups []*rowGroup) bundle.Series {
	all := groups[0]
	if len(groups) > 1 {
		all = &rowGroup{symbol: groups[0].symbol}
		for _, g := range groups {
			all.appendRows(g)
		}
	}
	all.sort()
	c := &all.columns
	return bundle.Series{
		Symbol: all.symbol, Times: all.times,
		Open: c[bar.Open], High: c[bar.High], Low: c[bar.Low], Close: c[bar.Close], Volume: c[bar.Volume],
		Dividend: c[bar.Dividend], Split: c[bar.Split],
	}
}

// appendRows appends the times and values of other. A column that only some files have gets the value that says
// nothing in the rows of the others.
func (g *rowGroup) appendRows(other *rowGroup) {
	before, after := len(g.times), len(g.times)+len(other.times)
	g.times = append(g.times, other.times...)
	for f, from := range other.columns {
		if from == nil && g.columns[f] == nil {
			continue
		}
		to := bar.Pad(g.columns[f], before, f)
		g.columns[f] = bar.Pad(append(to, from...), after, f)
	}
}

// sort brings the rows into the order of time. Lines and offsets have served by then and stay as they are.
func (g *rowGroup) sort() {
	if bar.Ascending(g.times) {
		return
	}
	order := make([]int, len(g.times))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(i, j int) int { return cmp.Compare(g.times[i], g.times[j]) })
	permute(g.times, order)
	for _, c := range g.columns {
		if c != nil {
			permute(c, order)
		}
	}
}

// checkRepeated refuses two rows for one time, which only Parquet files can
// still have.
func (in *input) checkRepeated(series []bundle.Series) error {
	slices.SortFunc(series, func(a, b bundle.Series) int { return strings.Compare(a.Symbol, b.Symbol) })
	var all problems
	for i := range series {
		times := series[i].Times
		for j := 1; j < len(times); j++ {
			if times[j] == times[j-1] {
				all.Add(bundle.Problem{File: in.dir, Column: "time", Value: bar.FormatTime(in.frequency, times[j]),
					Message: fmt.Sprintf("asset %q has two rows for this time: remove one of them", series[i].Symbol)})
			}
		}
	}
	return all.err()
}

// permute moves to each position i of s what stood at order[i].
func permute[E any](s []E, order []int) {
	old := slices.Clone(s)
	for i, from := range order {
		s[i] = old[from]
	}
}
