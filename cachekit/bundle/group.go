package bundle

import (
	"fmt"
	"slices"
	"time"

	"github.com/bmadventure/optcache/cachekit/internal/bar"
	"github.com/bmadventure/optcache/cachekit/market"
	"github.com/bmadventure/optcache/generated/bars"
)

// GroupRows groups rows by symbol. Rows may come in any order; those that come
// sorted by symbol and time are grouped fastest.
//
// It refuses, naming the row, a time that Bars could not give back equal (not
// UTC, or outside the years 1678 to 2261), and two bars of one asset at one time.
func GroupRows(frequency market.Frequency, rows []market.Bar) (*Bars, error) {
	grouped, err := bars.GroupBars(rows)
	if err == nil {
		err = orderTimes(grouped)
	}
	if err != nil {
		return nil, fmt.Errorf("group %d rows by asset: %w", len(rows), err)
	}
	assets := make([]market.Asset, len(grouped.Keys()))
	for i, symbol := range grouped.Keys() {
		assets[i] = newAsset(symbol)
	}
	return newBars(frequency, assets, grouped, nil, nil, reader{}), nil
}

// orderTimes brings the bars of every asset into the order of time.
func orderTimes(b *bars.Bars) error {
	var rows []market.Bar
	for i, symbol := range b.Keys() {
		if bar.Ascending(b.Group(i).Time) {
			continue
		}
		if rows == nil {
			rows = b.Rows()
		}
		lo, hi := b.Bounds(i)
		group := rows[lo:hi]
		slices.SortFunc(group, func(a, b market.Bar) int { return a.Time.Compare(b.Time) })
		for j := 1; j < len(group); j++ {
			if group[j].Time.Equal(group[j-1].Time) {
				return fmt.Errorf("asset %q has two bars at %s: remove one", symbol, group[j].Time.Format(time.RFC3339Nano))
			}
		}
	}
	if rows == nil {
		return nil
	}
	return b.Regroup(rows)
}
