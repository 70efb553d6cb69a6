package backtest

import "github.com/bmadventure/optcache/cachekit/bundle"

// invest adds the equity of one asset at its bars from on to the sum over all
// assets, at every time: 1 before its first bar, the last equity where it has no bar.
func invest(sum []float64, g bundle.Group, from int, equity []float64) {
	end := from + len(equity)
	if g.Slots == nil {
		traded := sum[g.Start+from : g.Start+end]
		for i, e := range equity[:len(traded)] {
			traded[i] += e
		}
	} else {
		investGapped(sum, g.Slots, from, equity)
	}
	investAround(sum, g, from, end, equity[len(equity)-1])
}

// investAround adds what an asset is worth before and after its bars, if from is
// its first or to its last, the equity at which is given.
func investAround(sum []float64, g bundle.Group, from, to int, equity float64) {
	if from == 0 {
		addAll(sum[:g.Start], 1)
	}
	if to == len(g.Times) && g.Slots == nil { // investGapped has gone on to the end
		addAll(sum[g.Start+to:], equity)
	}
}

// investGapped adds the equity at every bar and in the gap after it.
func investGapped(sum []float64, slots []int32, from int, equity []float64) {
	for i, e := range equity {
		until := len(sum)
		if from+i+1 < len(slots) {
			until = int(slots[from+i+1])
		}
		addAll(sum[slots[from+i]:until], e)
	}
}

func addAll(s []float64, x float64) {
	for i := range s {
		s[i] += x
	}
}

// measurePortfolio returns the metrics of the sum over that many assets, which
// it overwrites.
func measurePortfolio(sum []float64, assets int, all trades, periods float64) Metrics {
	for i := range sum {
		sum[i] /= float64(assets)
	}
	return measure(summarise(sum), all, periods)
}
