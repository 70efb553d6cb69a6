package bundle

import (
	"cmp"
	"context"
	"fmt"
	"runtime"
	"slices"
	"strings"

	"github.com/bmadventure/optcache/cachekit/internal/bar"
	"github.com/bmadventure/optcache/cachekit/market"
	"github.com/bmadventure/optcache/internal/parallel"
)

// A dataset is everything that goes into one version: checked, in order, hashed. It holds no bars but knows where
// they are.
type dataset struct {
	manifest *manifest
	sources  []source // the bars of each part of the manifest
	base     *content // the version that new bars join; nil if they join none
	replace  bool     // whether new bars may differ from those of base
}

// A source is where the bars of a part come from: rows, a part of the base, or both.
type source struct {
	span
	rows Rows // nil if there are no new bars
	kept int  // part of the base; -1 if there is none
}

// A gathered is what is known of one asset after its bars went by.
type gathered struct {
	symbol   string
	rows     Rows // nil if no new bars came
	base     int  // position among the assets of the base; -1 if it is new
	parts    []part
	sources  []source
	leaves   []leaf
	problems problems
}

// newDataset checks series and computes the leaves. It does not keep the order
// of series, nor change the slice.
func newDataset(ctx context.Context, frequency market.Frequency, series []Series) (*dataset, error) {
	return gather(ctx, Facts{Frequency: frequency}, rowsOf(series), nil, false)
}

func rowsOf(series []Series) []Rows {
	rows := make([]Rows, len(series))
	for i := range series {
		rows[i] = &series[i]
	}
	return rows
}

// gather is newDataset for rows, which join those of base if it is not nil.
func gather(ctx context.Context, facts Facts, rows []Rows, base *content, replace bool) (*dataset, error) {
	var all problems
	facts = facts.canonical(&all)
	if all.Any() {
		return nil, all.err()
	}
	d := &dataset{base: base, replace: replace, manifest: &manifest{frequency: facts.Frequency, fields: OHLC,
		timeZone: facts.TimeZone, session: facts.Session, notes: facts.Notes}}
	assets := d.assets(rows)
	err := parallel.ForEach(ctx, len(assets), runtime.GOMAXPROCS(0), func() func(int) error {
		g := gathering{dataset: d, hasher: newLeafHasher()}
		return func(i int) error { return g.asset(ctx, &assets[i]) }
	})
	if err != nil {
		return nil, err
	}
	for i := range assets {
		all.Merge(assets[i].problems.List)
	}
	for i, a := range assets {
		if i > 0 && a.symbol == assets[i-1].symbol {
			all.Add(Problem{File: a.symbol, Message: "there are two series for this symbol: join them or remove one"})
		}
	}
	if len(assets) == 0 || len(assets) > maxAssets {
		all.Add(Problem{Message: fmt.Sprintf(
			"there are %d assets, but a bundle has 1 to %d: split it", len(assets), maxAssets)})
	}
	if all.Any() {
		return nil, all.err()
	}
	return d, d.assemble(assets)
}

// assets returns what is to be gathered, by symbol, and finds out which columns there are.
func (d *dataset) assets(rows []Rows) []gathered {
	assets := make([]gathered, 0, len(rows))
	for _, r := range rows {
		symbol, fields, _ := r.Describe()
		d.manifest.fields |= fields
		assets = append(assets, gathered{symbol: symbol, rows: r, base: -1})
	}
	byName := func(a, b gathered) int { return cmp.Compare(a.symbol, b.symbol) }
	slices.SortStableFunc(assets, byName)
	if d.base == nil {
		return assets
	}
	d.manifest.fields |= d.base.manifest.fields
	fresh := assets
	for i, a := range d.base.manifest.assets {
		at, ok := slices.BinarySearchFunc(fresh, a.Symbol, func(g gathered, s string) int { return cmp.Compare(g.symbol, s) })
		if ok {
			fresh[at].base = i
			continue
		}
		assets = append(assets, gathered{symbol: a.Symbol, base: i})
	}
	// What was found above is in fresh, which assets may have left behind as it grew.
	copy(assets, fresh)
	slices.SortStableFunc(assets, byName)
	return assets
}

// assemble makes the manifest of the assets.
func (d *dataset) assemble(assets []gathered) error {
	m := d.manifest
	var names []string
	for _, a := range assets {
		m.assets = append(m.assets, newAsset(a.symbol))
		m.starts = append(m.starts, len(m.parts))
		m.parts, m.leaves = append(m.parts, a.parts...), append(m.leaves, a.leaves...)
		d.sources = append(d.sources, a.sources...)
	}
	for _, s := range d.sources {
		names = append(names, s.partition)
	}
	m.starts = append(m.starts, len(m.parts))
	m.place(names)
	if a, b, found := sameID(m.assets); found {
		return inputProblem(Problem{File: b, Message: fmt.Sprintf("its id is that of %q by chance: rename one of them", a)})
	}
	return nil
}

// A gathering takes in assets one after the other; each goroutine has its own.
type gathering struct {
	*dataset
	hasher  *leafHasher
	scratch []byte
	read    Series // bars whose partition has not come to an end
	joined  Series
}

// chunk is how many bars are read at once: some 500 KB.
const chunk = 1 << 13

func (g *gathering) asset(ctx context.Context, a *gathered) error {
	if wrong := bar.CheckSymbol(a.symbol); wrong != "" {
		a.problems.Add(Problem{File: bar.Clip(a.symbol), Column: "symbol",
			Value: bar.Clip(a.symbol), Message: "it " + wrong + ": rename the asset"})
		return nil
	}
	kept := g.keptParts(a)
	if a.rows != nil {
		var err error
		if kept, err = g.newParts(ctx, a, kept); err != nil {
			return err
		}
	}
	for _, at := range kept {
		g.keep(a, at)
	}
	return nil
}

// keptParts returns the parts of the base that the asset has there.
func (g *gathering) keptParts(a *gathered) []int {
	if a.base < 0 {
		return nil
	}
	start, parts := g.base.manifest.partsOf(a.base)
	kept := make([]int, len(parts))
	for i := range kept {
		kept[i] = start + i
	}
	return kept
}

// newParts reads the new bars of an asset once, checks them and adds a part for each partition, those of kept that
// come before or join them too. It returns the rest of kept.
func (g *gathering) newParts(ctx context.Context, a *gathered, kept []int) ([]int, error) {
	_, fields, bars := a.rows.Describe()
	c := rowCheck{frequency: g.manifest.frequency, symbol: a.symbol}
	if bars == 0 {
		a.problems.Add(Problem{File: a.symbol, Message: "there are no bars: add some or leave the asset out"})
	}
	if s, ok := a.rows.(*Series); ok {
		if p, wrong := s.checkLengths(); wrong {
			a.problems.Add(p)
			return nil, nil
		}
	}
	g.read = g.read.only(fields)
	for lo, from := 0, 0; lo < bars; lo += chunk {
		before, hi := len(g.read.Times), min(lo+chunk, bars)
		if err := readRows(ctx, a.rows, lo, hi, &g.read); err != nil {
			return nil, err
		}
		c.check(&g.read, before)
		if c.failed() {
			g.read.empty()
			continue
		}
		done := 0
		for _, s := range partitions(c.frequency, g.read.Times) {
			if s.hi == len(g.read.Times) && hi < bars {
				break // more of it may follow
			}
			s.partition, done = strings.Clone(s.partition), s.hi
			var err error
			from := source{span{s.partition, from + s.lo, from + s.hi}, a.rows, -1}
			if kept, err = g.add(ctx, a, kept, from, g.read.slice(s.lo, s.hi)); err != nil {
				return nil, err
			}
		}
		g.read.drop(done)
		from += done
	}
	a.problems.Merge(c.times.List)
	a.problems.Merge(c.values.List)
	return kept, nil
}

// only returns s without bars, with memory for the columns that fields names and no others.
func (s Series) only(fields Fields) Series {
	s.empty()
	for f, c := range s.columns() {
		if !fields.Has(1 << f) {
			*c = nil
		}
	}
	return s
}

// add adds new bars, which are all of one partition, as a part of the asset.
func (g *gathering) add(ctx context.Context, a *gathered, kept []int, s source, bars Series) ([]int, error) {
	rows := s.hi - s.lo
	if rows > maxRows {
		a.problems.Add(Problem{File: a.symbol, Message: fmt.Sprintf(
			"there are %d bars in %s, but at most %d fit: use a coarser frequency", rows, s.partition, maxRows)})
		return kept, nil
	}
	for len(kept) > 0 && g.partition(kept[0]) < s.partition {
		g.keep(a, kept[0])
		kept = kept[1:]
	}
	if len(kept) > 0 && g.partition(kept[0]) == s.partition {
		s.kept, kept = kept[0], kept[1:]
		_, has, _ := a.rows.Describe()
		old, err := g.keptSeries(ctx, s.kept)
		if err != nil {
			return nil, err
		}
		if !g.replace {
			g.compare(a, old, &bars, has&g.base.manifest.fields, s.lo)
		}
		g.joined = join(old, &bars, has, g.manifest.fields)
		bars = g.joined
	} else {
		// fill may write behind the slice, where the next partition is.
		bars = bars.clipped()
		bars.fill(g.manifest.fields)
	}
	a.parts = append(a.parts, part{rows: len(bars.Times), first: bars.Times[0], last: bars.Times[len(bars.Times)-1]})
	a.sources = append(a.sources, s)
	g.hashPart(a, s.partition, &bars)
	return kept, nil
}

func (s Series) clipped() Series {
	for _, c := range s.columns() {
		*c = slices.Clip(*c)
	}
	return s
}

func (g *gathering) partition(kept int) string {
	m := g.base.manifest
	return m.partitions[m.parts[kept].partition]
}

// keep adds a part of the base as it is. Its bars are not read.
func (g *gathering) keep(a *gathered, kept int) {
	m := g.base.manifest
	p, name := m.parts[kept], g.partition(kept)
	a.parts = append(a.parts, part{rows: p.rows, first: p.first, last: p.last})
	a.sources = append(a.sources, source{span{partition: name}, nil, kept})
	a.leaves = append(a.leaves, *m.leaf(kept, 0))
	for f, column := range bar.Names {
		field := Fields(1) << f
		switch {
		case m.fields.Has(field):
			a.leaves = append(a.leaves, *m.leaf(kept, m.columnOf(field)))
		case g.manifest.fields.Has(field):
			values := littleEndian(bar.Pad(nil, p.rows, f), nil)
			a.leaves = append(a.leaves, g.hasher.leaf(a.symbol, column, floatType, name, p.rows, values))
		}
	}
}

// compare adds to the problems of a where new bars say something else than old ones of the same time. line is that of
// the first new bar, from 0.
func (g *gathering) compare(a *gathered, old, new *Series, fields Fields, line int) {
	oldColumns, newColumns := old.columns(), new.columns()
	for j, t := range new.Times {
		i, ok := slices.BinarySearch(old.Times, t)
		for f := range bar.NumFields {
			if !ok || !fields.Has(1<<f) {
				continue
			}
			was, is := (*oldColumns[f])[i], (*newColumns[f])[j]
			if was == is || was != was && is != is {
				continue
			}
			a.problems.Add(Problem{File: a.symbol, Line: line + j + 1, Column: bar.Names[f], Value: bar.FormatFloat(is),
				Message: fmt.Sprintf("at %s the bundle has %s: correct the new bars, "+
					"or give --replace to let them replace those of the bundle",
					bar.FormatTime(g.manifest.frequency, t), bar.FormatFloat(was))})
		}
	}
}

// join returns the bars of both in the order of time. Where both have one, new says the fields that it has.
func join(old, new *Series, has, fields Fields) Series {
	var out Series
	for i, j := 0, 0; i < len(old.Times) || j < len(new.Times); {
		var values [bar.NumFields]float64
		switch {
		case j == len(new.Times) || i < len(old.Times) && old.Times[i] < new.Times[j]:
			out.Times, values = append(out.Times, old.Times[i]), old.at(i)
			i++
		case i == len(old.Times) || new.Times[j] < old.Times[i]:
			out.Times, values = append(out.Times, new.Times[j]), new.at(j)
			j++
		default:
			values = old.at(i)
			for f, v := range new.at(j) {
				if has.Has(1 << f) {
					values[f] = v
				}
			}
			out.Times = append(out.Times, new.Times[j])
			i, j = i+1, j+1
		}
		for f, c := range out.columns() {
			if fields.Has(1 << f) {
				*c = append(*c, values[f])
			}
		}
	}
	out.fill(fields)
	return out
}

func (g *gathering) hashPart(a *gathered, partition string, s *Series) {
	m, rows := g.manifest, len(s.Times)
	name, dtype, _ := timeColumn(m.frequency)
	g.scratch = appendTimes(g.scratch[:0], m.frequency, s.Times)
	a.leaves = append(a.leaves, g.hasher.leaf(a.symbol, name, dtype, partition, rows, g.scratch))
	for f, c := range s.columns() {
		if m.fields.Has(1 << f) {
			g.scratch = g.scratch[:0]
			values := littleEndian(*c, g.scratch)
			a.leaves = append(a.leaves, g.hasher.leaf(a.symbol, bar.Names[f], floatType, partition, rows, values))
		}
	}
}

// keptSeries reads the bars of a part of the base.
func (d *dataset) keptSeries(ctx context.Context, kept int) (*Series, error) {
	b := Bundle{content: d.base}
	p, err := b.readPart(ctx, kept, d.base.manifest.fields)
	if err != nil {
		return nil, fmt.Errorf("read the bars that new ones join: %w", err)
	}
	s := &Series{Times: p.times}
	for f, c := range s.columns() {
		*c = p.columns[f]
	}
	return s, nil
}

// bars returns the bars of a part once more. It may use the memory of scratch.
func (d *dataset) bars(ctx context.Context, at int, scratch Series) (Series, error) {
	s := d.sources[at]
	bars := scratch.only(0)
	has := Fields(0)
	if s.rows != nil {
		_, has, _ = s.rows.Describe()
		bars = scratch.only(has)
		if err := readRows(ctx, s.rows, s.lo, s.hi, &bars); err != nil {
			return bars, err
		}
	}
	if s.kept >= 0 {
		old, err := d.keptSeries(ctx, s.kept)
		if err != nil {
			return bars, err
		}
		bars = join(old, &bars, has, d.manifest.fields)
	}
	bars.fill(d.manifest.fields)
	if want := d.manifest.parts[at].rows; len(bars.Times) != want {
		return bars, fmt.Errorf("there are %d bars in %s now, but were %d: Rows must not change while they are written",
			len(bars.Times), s.partition, want)
	}
	return bars, nil
}
