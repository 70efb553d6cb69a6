package optimize

import (
	"context"

	"github.com/bmadventure/optcache/cachekit/backtest"
	"github.com/bmadventure/optcache/cachekit/bundle"
)

// spanSeries are the derived series of the span that a tester was asked for last, so that its
// trials compute each once. They belong to one worker, and are kept beside it and not in
// the cache of a workspace: a window is short, and to look a series up there takes as long as
// to compute it.
type spanSeries struct {
	span    Span
	asset   int // at hand
	columns map[assetSeries][]float64
	rooms   [][]float64 // of the columns, and those that the span before had more
	bytes   int64       // of the rooms
	most    int64       // that these may be
	spare   [][]float64 // for series that there is no room for
	spared  int         // of these that the trial at hand has on the asset at hand
}

// An assetSeries is a series of the asset of that number.
type assetSeries struct {
	asset int
	backtest.Series
}

// maxSpanSeries is how many bytes of series a tester keeps.
const maxSpanSeries = 16 << 20

// begin says which bars the series are asked for next.
func (c *spanSeries) begin(span Span, asset int) {
	if c.columns == nil {
		c.columns = make(map[assetSeries][]float64)
	}
	if span != c.span {
		clear(c.columns)
		c.span = span
	}
	c.asset, c.spared = asset, 0
}

// column is for [backtest.Runner.Series].
func (c *spanSeries) column(_ context.Context, g bundle.Group, s backtest.Series) ([]float64, error) {
	key := assetSeries{c.asset, s}
	if column, ok := c.columns[key]; ok {
		return column, nil
	}
	column, keep := c.room(len(g.Times))
	if err := s.Fill(column, g); err != nil {
		return nil, err
	}
	if keep {
		c.columns[key] = column
	}
	return column, nil
}

// room returns room for n values, and whether they may stay there for the trials that
// come.
func (c *spanSeries) room(n int) (column []float64, keep bool) {
	at := len(c.columns)
	if at == len(c.rooms) {
		c.rooms = append(c.rooms, nil)
	}
	if more := 8 * int64(n-cap(c.rooms[at])); more > 0 {
		if c.bytes+more > c.most {
			return c.spareRoom(n), false
		}
		c.rooms[at] = make([]float64, n)
		c.bytes += more
	}
	return c.rooms[at][:n], true
}

// spareRoom returns room that lasts until the next asset.
func (c *spanSeries) spareRoom(n int) []float64 {
	if c.spared == len(c.spare) {
		c.spare = append(c.spare, nil)
	}
	if cap(c.spare[c.spared]) < n {
		c.spare[c.spared] = make([]float64, n)
	}
	c.spared++
	return c.spare[c.spared-1][:n]
}
