package bundle

import (
	"cmp"
	"context"
	"fmt"
	"runtime"
	"slices"

	"github.com/bmadventure/optcache/cachekit/internal/bar"
	"github.com/bmadventure/optcache/cachekit/market"
	"github.com/bmadventure/optcache/internal/parallel"
)

// A Series is the bars of one asset on their way into a store. Open to Volume
// are as long as Times; Dividend and Split are too, or nil. [Store.Write] reads
// the slices and keeps none of them.
type Series struct {
	Symbol string
	Times  []int64 // Unix nanoseconds, ascending; midnight UTC for bars of a day and longer

	Open, High, Low, Close, Volume, Dividend, Split []float64
}

// columns returns the columns in the order of the fields.
func (s *Series) columns() [bar.NumFields]*[]float64 {
	return [bar.NumFields]*[]float64{&s.Open, &s.High, &s.Low, &s.Close, &s.Volume, &s.Dividend, &s.Split}
}

// check adds to p what is wrong with s.
func (s *Series) check(frequency market.Frequency, p *problems) {
	if wrong := bar.CheckSymbol(s.Symbol); wrong != "" {
		p.Add(Problem{File: bar.Clip(s.Symbol), Column: "symbol", Value: bar.Clip(s.Symbol), Message: "it " + wrong + ": rename the asset"})
		return
	}
	if len(s.Times) == 0 {
		p.Add(Problem{File: s.Symbol, Message: "there are no bars: add some or leave the asset out"})
	}
	for f, c := range s.columns() {
		if len(*c) != len(s.Times) && (*c != nil || OHLCV.Has(1<<f)) {
			p.Add(Problem{File: s.Symbol, Column: bar.Names[f],
				Message: fmt.Sprintf("it has %d values for %d bars: give one for each", len(*c), len(s.Times))})
			return
		}
	}
	for i, t := range s.Times {
		if wrong := bar.CheckTime(frequency, t); wrong != "" {
			p.Add(Problem{File: s.Symbol, Line: i + 1, Column: "time", Value: bar.FormatTime(market.Minute, t), Message: wrong})
		}
		if i > 0 && t <= s.Times[i-1] {
			p.Add(Problem{File: s.Symbol, Line: i + 1, Column: "time", Value: bar.FormatTime(frequency, t),
				Message: bar.OrderMessage(t == s.Times[i-1], bar.FormatTime(frequency, s.Times[i-1]), i)})
		}
	}
	for i := range s.Times {
		s.checkBar(i, p)
	}
}

func (s *Series) checkBar(i int, p *problems) {
	values := [bar.NumFields]float64{bar.Split: 1}
	for f, c := range s.columns() {
		if *c != nil {
			values[f] = (*c)[i]
		}
	}
	if f, wrong := bar.CheckValues(&values); wrong != "" {
		p.Add(Problem{File: s.Symbol, Line: i + 1, Column: bar.Names[f], Value: bar.FormatFloat(values[f]), Message: wrong})
	}
}

// A dataset is everything that goes into one version: checked, in order, hashed.
type dataset struct {
	manifest *manifest
	series   []Series // in the order of their symbols
	spans    []span   // the bars of each part of the manifest
	missing  [bar.NumFields][]float64
}

// newDataset checks series and computes the leaves. It does not keep the order
// of series, nor change the slice.
func newDataset(ctx context.Context, frequency market.Frequency, series []Series) (*dataset, error) {
	if !frequency.Valid() {
		return nil, inputProblem(Problem{Value: frequency.String(),
			Message: "it is no frequency: give market.Daily to market.Yearly, or a span shorter than a day"})
	}
	d := &dataset{series: slices.Clone(series), manifest: &manifest{frequency: frequency, fields: OHLCV}}
	slices.SortStableFunc(d.series, func(a, b Series) int { return cmp.Compare(a.Symbol, b.Symbol) })
	if err := d.check(ctx); err != nil {
		return nil, err
	}
	d.fillMissing()
	return d, d.hash(ctx)
}

func (d *dataset) check(ctx context.Context) error {
	found := make([]problems, len(d.series))
	err := parallel.ForEach(ctx, len(d.series), runtime.GOMAXPROCS(0), func() func(int) error {
		return func(i int) error {
			d.series[i].check(d.manifest.frequency, &found[i])
			return nil
		}
	})
	if err != nil {
		return err
	}
	var all problems
	for i := range found {
		all.Merge(found[i].List)
	}
	for i, s := range d.series {
		if i > 0 && s.Symbol == d.series[i-1].Symbol {
			all.Add(Problem{File: s.Symbol, Message: "there are two series for this symbol: join them or remove one"})
		}
	}
	if len(d.series) == 0 || len(d.series) > maxAssets {
		all.Add(Problem{Message: fmt.Sprintf("there are %d assets, but a bundle has 1 to %d: split it", len(d.series), maxAssets)})
	}
	if all.Any() {
		return all.err()
	}
	return d.nameAssets()
}

func (d *dataset) nameAssets() error {
	m := d.manifest
	for i := range d.series {
		m.assets = append(m.assets, newAsset(d.series[i].Symbol))
	}
	if a, b, found := sameID(m.assets); found {
		return inputProblem(Problem{File: b, Message: fmt.Sprintf("its id is that of %q by chance: rename one of them", a)})
	}
	return nil
}

// fillMissing makes the values of optional columns for the assets that came
// without: no dividend, and a split of one for one.
func (d *dataset) fillMissing() {
	longest := 0
	for i := range d.series {
		longest = max(longest, len(d.series[i].Times))
		for f, c := range d.series[i].columns() {
			if *c != nil {
				d.manifest.fields |= 1 << f
			}
		}
	}
	for f := range bar.NumFields {
		if OHLCV.Has(1<<f) || !d.manifest.fields.Has(1<<f) {
			continue
		}
		d.missing[f] = bar.Pad(make([]float64, 0, longest), longest, f)
	}
}

// column returns the values of a field that the bundle has, for one asset.
func (d *dataset) column(asset, field int) []float64 {
	s := &d.series[asset]
	if c := *s.columns()[field]; c != nil {
		return c
	}
	return d.missing[field][:len(s.Times)]
}

// hash cuts the series into partitions and computes all leaves.
func (d *dataset) hash(ctx context.Context) error {
	m := d.manifest
	var names []string
	for i := range d.series {
		m.starts = append(m.starts, len(m.parts))
		times := d.series[i].Times
		for _, s := range partitions(m.frequency, times) {
			if s.hi-s.lo > maxRows {
				return inputProblem(Problem{File: d.series[i].Symbol, Message: fmt.Sprintf(
					"there are %d bars in %s, but at most %d fit: use a coarser frequency", s.hi-s.lo, s.partition, maxRows)})
			}
			d.spans = append(d.spans, s)
			names = append(names, s.partition)
			m.parts = append(m.parts, part{rows: s.hi - s.lo, first: times[s.lo], last: times[s.hi-1]})
		}
	}
	m.starts = append(m.starts, len(m.parts))
	m.place(names)
	m.leaves = make([]leaf, len(m.parts)*m.columns())
	return parallel.ForEach(ctx, len(d.series), runtime.GOMAXPROCS(0), func() func(int) error {
		h, scratch := newLeafHasher(), []byte(nil)
		return func(i int) error {
			for p := m.starts[i]; p < m.starts[i+1]; p++ {
				scratch = d.hashPart(h, i, p, scratch)
			}
			return nil
		}
	})
}

func (d *dataset) hashPart(h *leafHasher, asset, at int, scratch []byte) []byte {
	m, s, where := d.manifest, &d.series[asset], d.spans[at]
	rows := where.hi - where.lo
	name, dtype, _ := timeColumn(m.frequency)
	scratch = appendTimes(scratch[:0], m.frequency, s.Times[where.lo:where.hi])
	*m.leaf(at, 0) = h.leaf(s.Symbol, name, dtype, where.partition, rows, scratch)
	column := 1
	for f, name := range bar.Names {
		if !m.fields.Has(1 << f) {
			continue
		}
		values := littleEndian(d.column(asset, f)[where.lo:where.hi], scratch)
		*m.leaf(at, column) = h.leaf(s.Symbol, name, floatType, where.partition, rows, values)
		column++
	}
	return scratch
}
