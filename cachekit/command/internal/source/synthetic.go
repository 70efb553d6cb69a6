package source

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"time"

	"github.com/bmadventure/optcache/cachekit/bundle"
)

// syntheticName is the name of the bundle of one kind of synthetic bars: what
// they are follows from it.
func syntheticName(assets, bars int, seed uint64) string {
	return fmt.Sprintf("synthetic-%dx%d-%d", assets, bars, seed)
}

// Synthetic makes daily bars of random walks that share the moves of a market.
// They follow from the seed alone, on every machine: only additions,
// multiplications and a generator with a specified output are used, and every
// product is rounded before it is added.
func Synthetic(ctx context.Context, assets, bars int, seed uint64) ([]bundle.Series, error) {
	times := weekdays(time.Date(2015, 1, 2, 0, 0, 0, 0, time.UTC), bars)
	market := make([]float64, bars)
	w := RandomWalk{rand.New(rand.NewPCG(seed, 0))}
	for i := range market {
		market[i] = 0.0003 + w.Step(0.02)
	}
	all := make([]bundle.Series, assets)
	for i := range all {
		if err := ctx.Err(); err != nil {
			return nil, fmt.Errorf("making a synthetic bundle: %d of %d assets were done: %w", i, assets, err)
		}
		w := RandomWalk{rand.New(rand.NewPCG(seed, uint64(i)+1))}
		all[i] = w.asset(fmt.Sprintf("SYN%04d", i+1), times, market)
	}
	return all, nil
}

// A RandomWalk makes random moves.
type RandomWalk struct{ *rand.Rand }

// Step returns a move by up to size in either direction, mostly by less.
func (w RandomWalk) Step(size float64) float64 {
	return float64(size * (w.Float64() + w.Float64() - 1))
}

// asset makes the bars of one asset: the market's moves, more or less of them,
// and its own, with a slow trend among them.
func (w RandomWalk) asset(symbol string, times []int64, market []float64) bundle.Series {
	s := bundle.Series{Symbol: symbol, Times: times}
	price := 20 + float64(180*w.Float64())
	beta := 0.5 + w.Float64()
	swing := 0.01 + float64(0.02*w.Float64()) // of a session, as a fraction of the price
	trend := 0.0
	for i := range times {
		trend = float64(0.98*trend) + w.Step(swing/25)
		open := cents(price * (1 + w.Step(swing/2)))
		last := cents(open * (1 + float64(beta*market[i]) + trend + w.Step(swing)))
		high := cents(max(open, last) * (1 + math.Abs(w.Step(swing/2))))
		low := cents(min(open, last) * (1 - math.Abs(w.Step(swing/2))))
		s.Open, s.Close = append(s.Open, open), append(s.Close, last)
		s.High, s.Low = append(s.High, max(high, open, last)), append(s.Low, min(low, open, last))
		s.Volume = append(s.Volume, float64(100*w.IntN(100_000)))
		price = last
	}
	return s
}

// cents rounds a price to hundredths, to at least one.
func cents(price float64) float64 { return max(1, math.Round(price*100)) / 100 }

// weekdays returns n dates from the first on, Saturdays and Sundays left out.
func weekdays(first time.Time, n int) []int64 {
	times := make([]int64, 0, n)
	for day := first; len(times) < n; day = day.AddDate(0, 0, 1) {
		if wd := day.Weekday(); wd != time.Saturday && wd != time.Sunday {
			times = append(times, day.UnixNano())
		}
	}
	return times
}
