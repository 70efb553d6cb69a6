package ingest

import (
	"cmp"
	"fmt"
	"maps"
	"path/filepath"
	"slices"

	"github.com/bmadventure/optcache/cachekit/bundle"
	"github.com/bmadventure/optcache/cachekit/ingest/internal/files"
	"github.com/bmadventure/optcache/cachekit/internal/bar"
)

// assets joins the tables into the rows of each asset, in the order of the symbols.
func (in *input) assets() ([]*assetRows, error) {
	in.leaveOut()
	in.skipUnpriced()
	if err := in.understand(); err != nil && !in.anyProblem() {
		return nil, err
	}
	in.checkSymbols()
	var all problems
	bySymbol := make(map[string][]part)
	for _, t := range in.tables {
		for _, g := range t.groups {
			if err := in.checkRepeated(g, t); err != nil {
				return nil, err
			}
			if len(g.times) > 0 {
				bySymbol[g.symbol] = append(bySymbol[g.symbol], part{g, t})
			}
		}
	}
	for symbol, parts := range bySymbol {
		if err := in.checkDated(symbol, parts); err != nil {
			return nil, err
		}
	}
	for _, t := range in.tables {
		all.Merge(t.List)
	}
	if all.Any() {
		return nil, all.err()
	}
	if len(bySymbol) == 0 {
		return nil, inputProblem(bundle.Problem{File: in.dir, Message: in.nothingMessage()})
	}
	var assets []*assetRows
	symbols := slices.Sorted(maps.Keys(bySymbol))
	for _, pair := range files.Alike(symbols) {
		in.warnings = append(in.warnings, fmt.Sprintf("the symbols %q and %q differ only in %s: rename one if they are one asset",
			pair[0], pair[1], files.Difference(pair)))
	}
	for _, symbol := range symbols {
		groups, err := join(bySymbol[symbol])
		if err != nil {
			return nil, err
		}
		assets = append(assets, newAssetRows(groups))
	}
	return assets, in.checkJoined(assets)
}

// leaveOut leaves files out that hold no bars, as a list of symbols beside them does.
func (in *input) leaveOut() {
	if !slices.ContainsFunc(in.tables, func(t *table) bool { return !t.noBars }) {
		return
	}
	in.tables = slices.DeleteFunc(in.tables, func(t *table) bool {
		if t.noBars {
			in.ignored = append(in.ignored, in.shown(t.path))
			in.warnings = append(in.warnings, in.shown(t.path)+": it was left out: "+t.about)
		}
		return t.noBars
	})
	slices.Sort(in.ignored)
}

// nothingMessage says why no asset is left.
func (in *input) nothingMessage() string {
	if len(in.skipped) > 0 {
		return "no asset is left: each has a price of zero or below"
	}
	return "no row has a price: check the columns"
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
// file that has the symbol of another and is no part of the same asset.
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
			if ok && !mine[symbol] && !t.joins(other) {
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

// joins reports whether two files of one symbol may be parts of one asset: of the same format, and either both with a
// column of symbols, or both in Hive folders that name it, or, by their names, of different dates, or in different
// folders. Parquet files are parts always.
func (t *table) joins(other *table) bool {
	if t.rows != other.rows {
		return false
	}
	apart := t.date != other.date || filepath.Dir(t.path) != filepath.Dir(other.path)
	return t.rows || t.symbols && other.symbols || t.named && other.named || apart
}

// join brings the groups of one asset into the order of time. Those that overlap become one, in memory.
func join(parts []part) ([]*rowGroup, error) {
	groups := make([]*rowGroup, len(parts))
	for i, p := range parts {
		groups[i] = p.rowGroup
	}
	slices.SortStableFunc(groups, func(a, b *rowGroup) int { return cmp.Compare(a.times[0], b.times[0]) })
	apart := true
	for i, g := range groups[1:] {
		before := groups[i].times
		apart = apart && before[len(before)-1] < g.times[0]
	}
	if apart {
		return groups, nil
	}
	all := &rowGroup{symbol: groups[0].symbol}
	for _, g := range groups {
		if err := g.load(); err != nil {
			return nil, err
		}
		all.appendRows(g)
	}
	_, err := all.dropRepeated()
	return []*rowGroup{all}, err
}

// appendRows appends the times and values of other. A column that only some files have gets the value that says
// nothing in the rows of the others.
func (g *rowGroup) appendRows(other *rowGroup) {
	before, after := len(g.times), len(g.times)+len(other.times)
	g.times = append(g.times, other.times...)
	g.hasVolume = g.hasVolume || other.hasVolume
	for f, from := range other.columns {
		if from == nil && g.columns[f] == nil {
			continue
		}
		to := bar.Pad(g.columns[f], before, f)
		g.columns[f] = bar.Pad(append(to, from...), after, f)
	}
}

// checkJoined refuses two different rows for one time, which those of several files can still be.
func (in *input) checkJoined(assets []*assetRows) error {
	var all problems
	for _, a := range assets {
		for _, g := range a.groups {
			for j := 1; j < len(g.times); j++ {
				if g.times[j] == g.times[j-1] {
					all.Add(bundle.Problem{File: in.dir, Column: "time", Value: bar.FormatTime(in.frequency, g.times[j]),
						Message: fmt.Sprintf("asset %q has two different rows for this time: remove the wrong one", a.symbol)})
				}
			}
		}
	}
	return all.err()
}
