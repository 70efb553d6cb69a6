package bundle

import (
	"slices"

	"github.com/bmadventure/optcache/cachekit/market"
	"github.com/bmadventure/optcache/generated/bars"
)

// newBars makes Bars of rows that are grouped by symbol, the times of each asset
// ascending. It keeps the slices. Symbols of assets are taken from the rows, so that
// they keep no bundle in memory.
func newBars(frequency market.Frequency, assets []market.Asset, rows *bars.Bars, dividend, split []float64, r reader) *Bars {
	b := &Bars{
		frequency: frequency, rows: rows, dividend: dividend, split: split, sessions: r.sessions,
		assets: assets, starts: make([]int32, len(assets)),
	}
	for i, symbol := range rows.Keys() {
		assets[i].Symbol = symbol
	}
	b.timeline = union(b.assetTimes())
	for i, t := range b.assetTimes() {
		start, _ := slices.BinarySearch(b.timeline, t[0])
		b.starts[i] = int32(start)
		if !slices.Equal(b.timeline[start:min(start+len(t), len(b.timeline))], t) {
			b.addSlots(i, t, start)
		}
	}
	b.calendar = b.decide(r)
	return b
}

func (b *Bars) assetTimes() [][]int64 {
	all := make([][]int64, len(b.assets))
	for i := range all {
		all[i] = b.rows.Group(i).Time
	}
	return all
}

// addSlots notes the position of every bar of asset i, which has gaps.
func (b *Bars) addSlots(i int, times []int64, start int) {
	if b.slots == nil {
		b.slots = make([]int32, b.Len())
		b.gapped = make([]bool, len(b.assets))
	}
	b.gapped[i] = true
	lo, hi := b.rows.Bounds(i)
	slots := b.slots[lo:hi]
	at := start
	for j, t := range times {
		for b.timeline[at] != t {
			at++
		}
		slots[j] = int32(at)
	}
}

// union merges ascending lists. Most assets of a market trade on the same
// dates, so a list that the longest already contains in one piece costs one
// comparison of its elements; the others are merged two by two, so that n times
// in k lists cost at most n log k steps.
func union(lists [][]int64) []int64 {
	var base []int64
	for _, l := range lists {
		if len(l) > len(base) {
			base = l
		}
	}
	rest := [][]int64{base}
	for _, l := range lists {
		if !within(base, l) {
			rest = append(rest, l)
		}
	}
	for len(rest) > 1 {
		half := rest[:0]
		for i := 0; i < len(rest); i += 2 {
			if i+1 < len(rest) {
				half = append(half, merge(rest[i], rest[i+1]))
			} else {
				half = append(half, rest[i])
			}
		}
		rest = half
	}
	return slices.Clone(rest[0]) // exactly sized, and no view that pins the times of all assets
}

// within reports whether list occurs in base as one piece.
func within(base, list []int64) bool {
	if len(list) == 0 {
		return true
	}
	start, ok := slices.BinarySearch(base, list[0])
	return ok && start+len(list) <= len(base) && slices.Equal(base[start:start+len(list)], list)
}

// merge returns the union of two ascending lists.
func merge(a, b []int64) []int64 {
	if within(a, b) {
		return a
	}
	out := make([]int64, 0, max(len(a), len(b))+min(len(a), len(b))/8)
	for len(a) > 0 && len(b) > 0 {
		switch {
		case a[0] < b[0]:
			out, a = append(out, a[0]), a[1:]
		case a[0] > b[0]:
			out, b = append(out, b[0]), b[1:]
		default:
			out, a, b = append(out, a[0]), a[1:], b[1:]
		}
	}
	out = append(out, a...)
	return append(out, b...)
}
