package backtest

import "github.com/bmadventure/optcache/cachekit/bundle"

// The indicators of this file look back at all bars before, ever more faintly.

func fillEMA(dst []float64, g bundle.Group, length int) {
	if !warmUp(dst, length-1) {
		return
	}
	x := g.Close
	average := 0.0
	for _, v := range x[:length] {
		average += v
	}
	average /= float64(length)
	dst[length-1] = average
	weight := 2 / float64(length+1)
	for i := length; i < len(x); i++ {
		average += float64(weight * (x[i] - average))
		dst[i] = average
	}
}

// A wilder is Wilder's smoothing: the mean of the first length values, then each
// value moves it by 1/length of the distance.
type wilder struct{ length, seen, average float64 }

func (w *wilder) add(x float64) {
	if w.seen++; w.seen < w.length {
		w.average += x
		return
	}
	if w.seen == w.length {
		w.average = (w.average + x) / w.length
		return
	}
	w.average += (x - w.average) / w.length
}

func fillRSI(dst []float64, g bundle.Group, length int) {
	if !warmUp(dst, length) {
		return
	}
	up, down := wilder{length: float64(length)}, wilder{length: float64(length)}
	for i := 1; i < len(dst); i++ {
		change := g.Close[i] - g.Close[i-1]
		up.add(max(change, 0))
		down.add(max(-change, 0))
		if i < length {
			continue
		}
		dst[i] = 50
		if moves := up.average + down.average; moves > 0 {
			dst[i] = float64(100 * (up.average / moves))
		}
	}
}

func fillATR(dst []float64, g bundle.Group, length int) {
	if !warmUp(dst, length) {
		return
	}
	average := wilder{length: float64(length)}
	for i := 1; i < len(dst); i++ {
		before := g.Close[i-1]
		average.add(max(g.High[i], before) - min(g.Low[i], before))
		if i >= length {
			dst[i] = average.average
		}
	}
}
