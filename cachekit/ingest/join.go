package ingest

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/bmadventure/optcache/cachekit/bundle"
	"github.com/bmadventure/optcache/cachekit/internal/bar"
)

// series joins the tables into one series for each asset.
func (in *input) series() ([]bundle.Series, error) {
	in.skipUnpriced()
	if err := in.understand(); err != nil && !in.anyProblem() {
		return nil, err
	}
	in.checkSymbols()
	var all problems
	bySymbol := make(map[string][]*rowGroup)
	for _, t := range in.tables {
		for _, g := range t.groups {
			in.checkRepeated(g, t)
			bySymbol[g.symbol] = append(bySymbol[g.symbol], g)
		}
		all.Merge(t.List)
	}
	if all.Any() {
		return nil, all.err()
	}
	if len(bySymbol) == 0 {
		return nil, inputProblem(bundle.Problem{File: in.dir, Message: "no asset is left: each has a price of zero or below"})
	}
	series := make([]bundle.Series, 0, len(bySymbol))
	for _, groups := range bySymbol {
		series = append(series, join(groups))
	}
	return series, in.checkJoined(series)
}

// skipUnpriced leaves assets out that have a price of zero or below in some file.
func (in *input) skipUnpriced() {
	for _, t := range in.tables {
		for _, g := range t.groups {
			if g.unpriced && !slices.Contains(in.skipped, g.symbol) {
				in.skipped = append(in.skipped, g.symbol)
			}
		}
	}
	slices.Sort(in.skipped)
	for _, t := range in.tables {
		t.groups = slices.DeleteFunc(t.groups, func(g *rowGroup) bool { return slices.Contains(in.skipped, g.symbol) })
	}
}

// anyProblem reports whether a file has one.
func (in *input) anyProblem() bool {
	return slices.ContainsFunc(in.tables, func(t *table) bool { return t.Any() })
}

// checkSymbols adds a problem for every symbol that cannot be one, and for every
// file that has the symbol of another, unless both are Parquet or have a column of symbols.
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
			if ok && !mine[symbol] && !(t.rows && other.rows) && !(t.symbols && other.symbols) {
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
	all.dropRepeated()
	if v := all.columns[bar.Volume]; v != nil && !slices.ContainsFunc(v, func(x float64) bool { return !math.IsNaN(x) }) {
		all.columns[bar.Volume] = nil // an index or a currency, whose volume nobody knows
	}
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

// checkJoined refuses two different rows for one time, which those of several
// Parquet files can still be.
func (in *input) checkJoined(series []bundle.Series) error {
	slices.SortFunc(series, func(a, b bundle.Series) int { return strings.Compare(a.Symbol, b.Symbol) })
	var all problems
	for i := range series {
		times := series[i].Times
		for j := 1; j < len(times); j++ {
			if times[j] == times[j-1] {
				all.Add(bundle.Problem{File: in.dir, Column: "time", Value: bar.FormatTime(in.frequency, times[j]),
					Message: fmt.Sprintf("asset %q has two different rows for this time: remove the wrong one", series[i].Symbol)})
			}
		}
	}
	return all.err()
}
