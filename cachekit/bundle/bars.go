package bundle

import (
	"slices"
	"strings"
	"time"

	"github.com/bmadventure/optcache/cachekit/internal/bar"
	"github.com/bmadventure/optcache/cachekit/market"
	"github.com/bmadventure/optcache/generated/bars"
	"github.com/bmadventure/optcache/sizing"
)

// Bars holds the bars of several assets, grouped by asset: the rows in a
// [bars.Bars], a structure of arrays in which every asset has a range, and what a
// bundle knows beside them. Assets are in the order of their symbols, the bars of
// an asset in the order of time.
//
// Bars are shared by everyone who asks a cache for them, so they are read-only:
// whoever wants to change a price copies the column first. All methods may be
// called concurrently.
type Bars struct {
	frequency       market.Frequency
	assets          []market.Asset
	rows            *bars.Bars
	dividend, split []float64 // nil where the field was not read
	timeline        []int64   // every time that some asset has, ascending
	starts          []int32   // position on the timeline of the first bar of each asset
	slots           []int32   // position on the timeline of every bar; nil if no asset has a gap
	gapped          []bool    // whether the asset has a gap; nil with slots
	sessions        sessionRule
	calendar        Calendar
	adjusted        []Adjustment // by asset; nil if nothing was adjusted
}

// A Group is the bars of one asset: views into [Bars], each as long as Times or
// nil where the field was not read. Its slices must not be written to.
type Group struct {
	Asset market.Asset
	Times []int64 // Unix nanoseconds, UTC, ascending

	Open, High, Low, Close, Volume, Dividend, Split []float64

	// Start is the position of the first bar on [Bars.Timeline]. Slots are the
	// positions of all bars; nil says that bar i is at Start+i.
	Start int
	Slots []int32
}

// Frequency returns how much time each bar covers.
func (b *Bars) Frequency() market.Frequency { return b.frequency }

// Assets returns the assets in the order of the groups. It must not be written to.
func (b *Bars) Assets() []market.Asset { return b.assets }

// Len returns the number of bars of all assets together.
func (b *Bars) Len() int { return b.rows.Len() }

// Fields returns the columns that were read.
func (b *Bars) Fields() Fields {
	var f Fields
	for i, c := range b.columns() {
		if c != nil {
			f |= 1 << i
		}
	}
	return f
}

// columns returns the columns in the order of the fields.
func (b *Bars) columns() [bar.NumFields][]float64 {
	c := b.rows.Columns()
	return [bar.NumFields][]float64{c.Open, c.High, c.Low, c.Close, c.Volume, b.dividend, b.split}
}

// Timeline returns every time at which some asset has a bar, in Unix
// nanoseconds, ascending. It must not be written to.
func (b *Bars) Timeline() []int64 { return b.timeline }

// Group returns the bars of asset i, 0 <= i < len(Assets()), without a copy and
// without an allocation.
func (b *Bars) Group(i int) Group {
	rows := b.rows.Group(i)
	lo, hi := b.rows.Bounds(i)
	g := Group{
		Asset: b.assets[i], Times: rows.Time,
		Open: rows.Open, High: rows.High, Low: rows.Low, Close: rows.Close, Volume: rows.Volume,
		Start: int(b.starts[i]),
	}
	if b.dividend != nil {
		g.Dividend = b.dividend[lo:hi:hi]
	}
	if b.split != nil {
		g.Split = b.split[lo:hi:hi]
	}
	if b.gapped != nil && b.gapped[i] {
		g.Slots = b.slots[lo:hi:hi]
	}
	return g
}

// Lookup returns the bars of the asset with that symbol.
func (b *Bars) Lookup(symbol string) (Group, bool) {
	i, ok := slices.BinarySearchFunc(b.assets, symbol, func(a market.Asset, s string) int {
		return strings.Compare(a.Symbol, s)
	})
	if !ok {
		return Group{}, false
	}
	return b.Group(i), true
}

// Longest returns the number of bars of the asset that has most.
func (b *Bars) Longest() int {
	longest := 0
	for i := range b.assets {
		lo, hi := b.rows.Bounds(i)
		longest = max(longest, hi-lo)
	}
	return longest
}

// Sessions returns the number of sessions on which some asset has a bar: dates in UTC, unless the
// [Query] says how sessions are counted.
func (b *Bars) Sessions() int { return b.calendar.Sessions }

// AppendSessionStarts appends to dst the position on the timeline of the first bar of each session.
func (b *Bars) AppendSessionStarts(dst []int) []int {
	c := newSessionCursor(b.sessions)
	for i, t := range b.timeline {
		if c.begins(t) {
			dst = append(dst, i)
		}
	}
	return dst
}

// PeriodsPerYear returns how many points of the timeline make a year, as [Bars.Calendar] decides.
func (b *Bars) PeriodsPerYear() float64 { return b.calendar.PeriodsPerYear }

// Calendar returns how many bars make a year and how that was decided: what [Query].PeriodsPerYear says, else
// 252 for sessions on five weekdays or fewer and 365 for all seven, times the mean number of points a
// session; 52, 12, 4 and 1 for weekly to yearly bars, also where only the distance between bars says that
// they are; and for anything else, six weekdays or assets of different markets, how many points of the
// timeline a calendar year has.
func (b *Bars) Calendar() Calendar { return b.calendar }

// Adjusted returns what was decided for each asset, in their order; nil if the bars are as they are in the
// bundle. It must not be written to.
func (b *Bars) Adjusted() []Adjustment { return b.adjusted }

// SizeBytes returns the heap that b holds, in bytes, as the runtime rounds it.
func (b *Bars) SizeBytes() int64 {
	return sizing.Pointer(b) + b.rows.SizeBytes() +
		sizing.Slice(b.assets) + sizing.Slice(b.dividend) + sizing.Slice(b.split) +
		sizing.Slice(b.timeline) + sizing.Slice(b.starts) + sizing.Slice(b.slots) + sizing.Slice(b.gapped) +
		sizing.Slice(b.adjusted)
}

// Rows returns the bars as rows, asset by asset. Fields that were not read are 0.
func (b *Bars) Rows() []market.Bar { return b.rows.Rows() }

// A Window is a half-open span of time, From <= t < To. A zero From is the
// beginning of the data, a zero To its end.
type Window struct{ From, To time.Time }
