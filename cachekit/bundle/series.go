package bundle

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"runtime"
	"slices"
	"strconv"
	"time"

	"github.com/bmadventure/optcache/cachekit/market"
	"github.com/bmadventure/optcache/internal/parallel"
)

// A Series is the bars of one asset on their way into a store. Open to Volume
// are as long as Times; Dividend and Split are too, or nil. [Store.Write] reads
// the slices and keeps none of them.
type Series struct {
	Symbol string
	Times  []int64 // Unix nanoseconds, ascending; midnight UTC for daily bars

	Open, High, Low, Close, Volume, Dividend, Split []float64
}

// Positions of the fields among the columns.
const (
	openField = iota
	highField
	lowField
	closeField
	volumeField
	dividendField
	splitField
)

// columns returns the columns in the order of the fields.
func (s *Series) columns() [numFields]*[]float64 {
	return [numFields]*[]float64{&s.Open, &s.High, &s.Low, &s.Close, &s.Volume, &s.Dividend, &s.Split}
}

// check adds to p what is wrong with s.
func (s *Series) check(frequency market.Frequency, p *problems) {
	if wrong := checkSymbol(s.Symbol); wrong != "" {
		p.Add(Problem{File: clip(s.Symbol), Column: "symbol", Value: clip(s.Symbol), Message: "it " + wrong + ": rename the asset"})
		return
	}
	if len(s.Times) == 0 {
		p.Add(Problem{File: s.Symbol, Message: "there are no bars: add some or leave the asset out"})
	}
	for f, c := range s.columns() {
		if len(*c) != len(s.Times) && (*c != nil || OHLCV.Has(1<<f)) {
			p.Add(Problem{File: s.Symbol, Column: fieldNames[f],
				Message: fmt.Sprintf("it has %d values for %d bars: give one for each", len(*c), len(s.Times))})
			return
		}
	}
	for i, t := range s.Times {
		if wrong := checkTime(frequency, t); wrong != "" {
			p.Add(Problem{File: s.Symbol, Line: i + 1, Column: "time", Value: formatTime(market.Minute, t), Message: wrong})
		}
		if i > 0 && t <= s.Times[i-1] {
			p.Add(Problem{File: s.Symbol, Line: i + 1, Column: "time", Value: formatTime(frequency, t),
				Message: orderMessage(t == s.Times[i-1], formatTime(frequency, s.Times[i-1]), i)})
		}
	}
	for i := range s.Times {
		s.checkBar(i, p)
	}
}

func (s *Series) checkBar(i int, p *problems) {
	bar := [numFields]float64{splitField: 1}
	for f, c := range s.columns() {
		if *c != nil {
			bar[f] = (*c)[i]
		}
	}
	if f, wrong := checkValues(&bar); wrong != "" {
		p.Add(Problem{File: s.Symbol, Line: i + 1, Column: fieldNames[f], Value: formatFloat(bar[f]), Message: wrong})
	}
}

func formatFloat(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }

// Seconds of the first and the last whole second that int64 nanoseconds hold.
const (
	minSecond = math.MinInt64/int64(time.Second) + 1
	maxSecond = math.MaxInt64/int64(time.Second) - 1
)

// Times that a bundle takes, in Unix nanoseconds.
const (
	minTime = minSecond * int64(time.Second)
	maxTime = maxSecond*int64(time.Second) + int64(time.Second) - 1
)

const rangeMessage = "it is outside the years 1678 to 2261, which is all that nanoseconds in 64 bits can say: remove the row"

// checkTime says what is wrong with the time of a bar, or "".
func checkTime(frequency market.Frequency, t int64) string {
	if t < minTime || t > maxTime {
		return rangeMessage
	}
	if frequency == market.Daily && t%day != 0 {
		return "a daily bar has no time of day: remove it, or ingest the data as minute bars"
	}
	return ""
}

// orderMessage says that a time is not after the one before it, which is at
// that line.
func orderMessage(same bool, before string, line int) string {
	if same {
		return fmt.Sprintf("it occurs twice, here and in line %d: remove one of them", line)
	}
	return fmt.Sprintf("it comes after %s of line %d: sort the rows by time", before, line)
}

// checkValues says what is wrong with the values of one bar, in the order of the
// fields, and with which field.
func checkValues(bar *[numFields]float64) (field int, wrong string) {
	for f, v := range bar {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return f, "it is not a finite number: correct it or remove the row"
		}
	}
	switch {
	case bar[highField] < bar[lowField]:
		return highField, "the high is below the low of " + formatFloat(bar[lowField]) + ": correct one of them"
	case bar[openField] > bar[highField] || bar[openField] < bar[lowField]:
		return openField, outside("open", bar[lowField], bar[highField])
	case bar[closeField] > bar[highField] || bar[closeField] < bar[lowField]:
		return closeField, outside("close", bar[lowField], bar[highField])
	case bar[volumeField] < 0:
		return volumeField, "the volume is negative: correct it"
	}
	return 0, ""
}

func outside(name string, low, high float64) string {
	return fmt.Sprintf("the %s is outside low %s to high %s: correct one of them", name, formatFloat(low), formatFloat(high))
}

// A dataset is everything that goes into one version: checked, in order, hashed.
type dataset struct {
	manifest *manifest
	series   []Series // in the order of their symbols
	spans    []span   // the bars of each part of the manifest
	missing  [numFields][]float64
}

// newDataset checks series and computes the leaves. It does not keep the order
// of series, nor change the slice.
func newDataset(ctx context.Context, frequency market.Frequency, series []Series) (*dataset, error) {
	if frequency != market.Daily && frequency != market.Minute {
		return nil, inputProblem(Problem{Value: frequency.String(), Message: "the frequency must be daily or minute"})
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
	for f := range numFields {
		if OHLCV.Has(1<<f) || !d.manifest.fields.Has(1<<f) {
			continue
		}
		d.missing[f] = pad(make([]float64, 0, longest), longest, f)
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
	for f, name := range fieldNames {
		if !m.fields.Has(1 << f) {
			continue
		}
		values := littleEndian(d.column(asset, f)[where.lo:where.hi], scratch)
		*m.leaf(at, column) = h.leaf(s.Symbol, name, floatType, where.partition, rows, values)
		column++
	}
	return scratch
}
