package optimize

import (
	"time"

	"github.com/bmadventure/optcache/cachekit/backtest"
	"github.com/bmadventure/optcache/cachekit/bundle"
)

// What the cache of derived series costs, in nanoseconds of one processor, measured on a
// 2.5 GHz Xeon. To keep a value takes fresh memory, which the system has to hand out and the
// collector to look after, where a runner without the cache computes into memory that it
// has.
const (
	requestCost = 400  // to find the key of a series and look it up, or tell that it is not there
	missCost    = 7000 // to load an entry and make room for it
	keepCost    = 3    // each value of a series that is loaded
)

// fillCost is what a value of a series takes to compute, in nanoseconds, measured likewise.
var fillCost = map[*backtest.Indicator]float64{
	backtest.SMA: 3, backtest.EMA: 4, backtest.Returns: 1.5, backtest.StdDev: 13,
	backtest.Highest: 11, backtest.Lowest: 11, backtest.RSI: 11, backtest.ATR: 12,
}

// customCost stands for the fillCost of an indicator that is not the package's own.
const customCost = 10

// What it takes to read bars, of which the values are verified, and to group them, in nanoseconds,
// measured likewise.
const (
	readCost = 200_000 // whatever they are
	barCost  = 30      // each bar
)

// needOfBars returns what a sweep of so many batches needs of the cache of bars.
func needOfBars(bars *bundle.Bars, batches int, bypassed bool) CacheWorkload {
	n := CacheWorkload{Requests: int64(batches), Distinct: 1, Bytes: bars.SizeBytes(), Bypassed: bypassed}
	n.Saves = time.Duration((n.Requests - 1) * (readCost + barCost*int64(bars.Len())))
	n.Costs = time.Duration(n.Requests*requestCost + missCost)
	return n
}

// need returns what a sweep whose batches were counted needs of the cache of derived series, and whether it is worth
// its cost: a pure function of how often every series is asked for, of the number of bars, and of
// the room in bytes, so that the same sweep decides the same each time. A share of the series
// that has no room is computed at each request.
//
// before is how many requests there were for series of the same bars in earlier sweeps. What was
// asked for once is taken to be asked for again, so who runs small sweeps over the same
// bars again and again has their series kept in the end.
func (t *tally) need(bars *bundle.Bars, room, before int64) CacheWorkload {
	assets, values, kinds := int64(len(bars.Assets())), float64(bars.Len()), int64(len(t.series))
	n := CacheWorkload{Requests: t.requests() * assets, Distinct: kinds * assets, Bytes: kinds * seriesBytes(bars)}
	if n.Distinct == 0 {
		return n
	}
	fits := 1.0
	if n.Bytes > room {
		fits = float64(room) / float64(n.Bytes)
	}
	again := float64(before) / float64(n.Distinct)
	var saves, costs float64
	for i, count := range t.counts {
		requests := float64(count) + again
		hits := float64((requests - 1) * fits)
		fill, ok := fillCost[t.series[i].Indicator]
		if !ok {
			fill = customCost
		}
		saves += float64(hits * fill * values)
		costs += float64(requests*requestCost*float64(assets)) + float64((requests-hits)*(missCost*float64(assets)+keepCost*values))
	}
	n.Saves, n.Costs = time.Duration(saves), time.Duration(costs)
	n.Bypassed = n.Saves <= n.Costs
	return n
}
