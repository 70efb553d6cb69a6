package backtest

import (
	"math"
	"sync"

	"github.com/bmadventure/optcache/cachekit/bundle"
)

// Sums and extremes of rolling windows are put together from two parts, the end
// of one block of as many bars as the window has and the beginning of the next
// (van Herk 1992, Gil and Werman 1993). That takes three operations a bar
// whatever the length, subtracts nothing, and so never carries an error or a
// large price out of one window into the next.
//
// The ends of a block are computed from its last bar to its first and stored in
// dst where their windows end; the beginnings are joined to them on the way up.

func fillSMA(dst []float64, g bundle.Group, length int) {
	if !warmUp(dst, length-1) {
		return
	}
	x, n := g.Close, float64(length)
	for block := 0; block+length <= len(x); block += length {
		ends := dst[block+length-1:]
		end := 0.0
		for i := length - 1; i >= 0; i-- {
			end += x[block+i]
			if i < len(ends) {
				ends[i] = end
			}
		}
		ends[0] /= n
		begin := 0.0
		for i := 1; i < min(length, len(ends)); i++ {
			begin += x[block+length-1+i]
			ends[i] = (ends[i] + begin) / n
		}
	}
}

func fillHighest(dst []float64, g bundle.Group, length int) { extremes(dst, g.High, length, true) }

func fillLowest(dst []float64, g bundle.Group, length int) { extremes(dst, g.Low, length, false) }

// extremes fills dst with the highest or the lowest of the last length elements.
func extremes(dst, x []float64, length int, highest bool) {
	if !warmUp(dst, length-1) {
		return
	}
	further := func(a, b float64) float64 { return min(a, b) }
	if highest {
		further = func(a, b float64) float64 { return max(a, b) }
	}
	for block := 0; block+length <= len(x); block += length {
		ends := dst[block+length-1:]
		end := x[block+length-1]
		for i := length - 1; i >= 0; i-- {
			end = further(end, x[block+i])
			if i < len(ends) {
				ends[i] = end
			}
		}
		if len(ends) == 1 {
			return
		}
		begin := x[block+length]
		for i := 1; i < min(length, len(ends)); i++ {
			begin = further(begin, x[block+length-1+i])
			ends[i] = further(ends[i], begin)
		}
	}
}

// A spread is the mean of n numbers and the sum of their squared distances from it.
type spread struct{ n, mean, squares float64 }

// add returns s with one number more (Welford 1962).
func (s spread) add(x float64) spread {
	n := s.n + 1
	d := x - s.mean
	mean := s.mean + d/n
	return spread{n, mean, s.squares + float64(d*(x-mean))}
}

// join returns the spread of the numbers of both (Chan, Golub and LeVeque 1979).
func (s spread) join(t spread) spread {
	n, d := s.n+t.n, t.mean-s.mean
	return spread{n, s.mean + float64(d*(t.n/n)), s.squares + (t.squares + float64(float64(d*d)*(s.n*t.n/n)))}
}

// spreads keeps the room for the ends of a block between calls.
var spreads = sync.Pool{New: func() any { return new([]spread) }}

func fillStdDev(dst []float64, g bundle.Group, length int) {
	if !warmUp(dst, length-1) {
		return
	}
	room := spreads.Get().(*[]spread)
	defer spreads.Put(room)
	if cap(*room) < length {
		*room = make([]spread, length)
	}
	ends, x := (*room)[:length], g.Close
	for block := 0; block+length <= len(x); block += length {
		var end, begin spread
		for i := length - 1; i >= 0; i-- {
			end = end.add(x[block+i])
			ends[i] = end
		}
		out := dst[block+length-1:]
		out[0] = math.Sqrt(end.squares / (end.n - 1))
		for i := 1; i < min(length, len(out)); i++ {
			begin = begin.add(x[block+length-1+i])
			all := ends[i].join(begin)
			out[i] = math.Sqrt(all.squares / (all.n - 1))
		}
	}
}
