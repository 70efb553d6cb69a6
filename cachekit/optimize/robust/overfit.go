package robust

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/bits"

	"github.com/bmadventure/optcache/cachekit/optimize"
	"github.com/bmadventure/optcache/internal/mean"
	"github.com/bmadventure/optcache/internal/normal"
)

// A DeflatedSharpe tells whether the best Sharpe ratio of many trials is more than
// the best of as many lucky ones.
type DeflatedSharpe struct {
	Trials   int     // that were made, those that failed included
	Sharpe   float64 // of the best, for one period, not a year
	Expected float64 // the best that so many trials without skill are expected to have

	// Probability is that of the true Sharpe ratio being above Expected, from 0 to
	// 1, given the length, skewness and kurtosis of the returns.
	Probability float64
}

// DeflatedSharpeRatio returns the deflated Sharpe ratio of the trial with these returns (Bailey
// and López de Prado, The Deflated Sharpe Ratio, Journal of Portfolio Management
// 40, 2014, equations 1 and 2). sharpes are the Sharpe ratios of all trials of the
// search, for one period and not for a year, NaN for those that failed: their
// number is the number of trials, and their variance says how much trials differ.
func DeflatedSharpeRatio(returns, sharpes []float64) (DeflatedSharpe, error) {
	d := DeflatedSharpe{Trials: len(sharpes), Expected: math.NaN(), Probability: math.NaN()}
	m := mean.Of(returns)
	d.Sharpe = mean.Ratio(m, mean.Deviation(returns, m))
	if len(returns) < 3 || math.IsNaN(d.Sharpe) || math.IsInf(d.Sharpe, 0) {
		return d, fmt.Errorf("deflate a Sharpe ratio: %d returns with a ratio of %v: there must be at least 3 that are not all the same", len(returns), d.Sharpe)
	}
	var known []float64
	for _, s := range sharpes {
		if s-s == 0 {
			known = append(known, s)
		}
	}
	if len(known) == 0 {
		return d, errors.New("deflate a Sharpe ratio: there are no Sharpe ratios of trials: give those of all trials of the search")
	}
	d.Expected = 0
	if len(known) > 1 {
		d.Expected = float64(mean.Deviation(known, mean.Of(known)) * expectedMaximum(len(sharpes)))
	}
	skewness, kurtosis := moments(returns, m)
	d.Probability = probabilistic(d.Sharpe, d.Expected, len(returns), skewness, kurtosis)
	if math.IsNaN(d.Probability) {
		return d, fmt.Errorf("deflate a Sharpe ratio: %v with skewness %v and kurtosis %v: the formula holds for smaller ones only", d.Sharpe, skewness, kurtosis)
	}
	return d, nil
}

// probabilistic returns the probability that the true Sharpe ratio is above a
// threshold, given that estimated from n returns.
func probabilistic(sharpe, threshold float64, n int, skewness, kurtosis float64) float64 {
	spread := 1 - float64(skewness*sharpe) + float64((kurtosis-1)/4*float64(sharpe*sharpe))
	if !(spread > 0) {
		return math.NaN()
	}
	return normal.CDF(float64((sharpe-threshold)*math.Sqrt(float64(n-1))) / math.Sqrt(spread))
}

// expectedMaximum returns, to a good approximation, the expected largest of n
// standard normal numbers.
func expectedMaximum(n int) float64 {
	if n < 2 {
		return 0
	}
	const euler = 0.57721566490153286
	return float64((1-euler)*-normal.Quantile(1/float64(n))) + float64(euler*-normal.Quantile(1/(float64(n)*math.E)))
}

// moments returns the skewness and the kurtosis, which is 3 for a normal
// distribution.
func moments(x []float64, mean float64) (skewness, kurtosis float64) {
	var m2, m3, m4 float64
	for _, v := range x {
		d := v - mean
		square := float64(d * d)
		m2 += square
		m3 += float64(square * d)
		m4 += float64(square * square)
	}
	n := float64(len(x))
	m2, m3, m4 = m2/n, m3/n, m4/n
	return m3 / (m2 * math.Sqrt(m2)), m4 / (m2 * m2)
}

// An Overfitting tells how likely it is that the trial which a search finds best is
// below the median of its trials afterwards.
type Overfitting struct {
	Trials int
	Splits int // ways to divide the time into two halves

	// Probability is that of backtest overfitting (PBO), from 0 to 1: the share of
	// the splits in which the best trial of one half is not above the median of
	// all trials in the other. A search among trials without skill has about 0.5.
	Probability float64

	// ProbabilityOfLoss is the share of the splits in which the best trial of one half has a
	// negative mean return in the other.
	ProbabilityOfLoss float64

	// Slope is how much the Sharpe ratio in the other half grows with that in the
	// half that chose, by least squares over the splits: below 0, the better it
	// looks the worse it does.
	Slope float64
}

// DefaultBlocks is the number of blocks that the authors of CSCV use.
const DefaultBlocks = 16

// MeasureOverfitting returns the probability of backtest overfitting by
// combinatorially symmetric cross-validation (Bailey, Borwein, López de Prado and
// Zhu, The Probability of Backtest Overfitting, Journal of Computational Finance
// 20, 2017): the time is cut into an even number of blocks, and every half of the
// blocks chooses the trial with the highest Sharpe ratio and is judged by the
// other half.
//
// returns[i] are those of trial i at the same times for all trials; all trials of
// the search must be there, or the answer is too good. Where the blocks cannot be
// equal the oldest returns are left out. A trial that never changes has a Sharpe
// ratio of 0; of equal trials the first is best. The outcome does not depend on
// Options.Workers.
func MeasureOverfitting(ctx context.Context, returns [][]float64, blocks int, o optimize.Options) (Overfitting, error) {
	if err := checkReturns(returns, blocks); err != nil {
		return Overfitting{}, fmt.Errorf("measure overfitting: %w", err)
	}
	c := sumBlocks(returns, blocks)
	splits := halves(blocks)
	const chunk = 64
	chunks, err := collect(ctx, (len(splits)+chunk-1)/chunk, o, func() optimize.Worker[int, []judgement] {
		chosen, other := make([]float64, len(returns)), make([]float64, len(returns))
		return func(_ context.Context, i int) ([]judgement, error) {
			var all []judgement
			for _, half := range splits[i*chunk : min((i+1)*chunk, len(splits))] {
				all = append(all, c.judge(half, chosen, other))
			}
			return all, nil
		}
	})
	if err != nil {
		return Overfitting{}, fmt.Errorf("measure overfitting: %w", err)
	}
	var all []judgement
	for _, c := range chunks {
		all = append(all, c...)
	}
	return conclude(len(returns), all), nil
}

func checkReturns(returns [][]float64, blocks int) error {
	switch {
	case blocks < 2 || blocks > 20 || blocks%2 != 0:
		return fmt.Errorf("%d blocks: must be an even number from 2 to 20", blocks)
	case len(returns) < 2:
		return fmt.Errorf("%d trials: there must be at least 2", len(returns))
	case len(returns[0]) < 2*blocks:
		return fmt.Errorf("%d returns in %d blocks: there must be at least 2 in each", len(returns[0]), blocks)
	}
	for i, x := range returns {
		if len(x) != len(returns[0]) {
			return fmt.Errorf("trial %d has %d returns and trial 0 has %d: all must have the same times", i, len(x), len(returns[0]))
		}
		for j, r := range x {
			if r-r != 0 {
				return fmt.Errorf("trial %d: return %d is %v: all must be finite", i, j, r)
			}
		}
	}
	return nil
}

// blockSums are what the Sharpe ratio over a set of blocks is made of.
type blockSums struct {
	blocks, size  int
	means         []float64 // of the trials
	sums, squares []float64 // of the returns less that mean; the blocks of a trial side by side
}

func sumBlocks(returns [][]float64, blocks int) *blockSums {
	size := len(returns[0]) / blocks
	b := &blockSums{blocks: blocks, size: size}
	for _, x := range returns {
		x = x[len(x)-size*blocks:]
		m := mean.Of(x)
		b.means = append(b.means, m)
		for k := range blocks {
			var sum, squares float64
			for _, r := range x[k*size : (k+1)*size] {
				sum += r - m
				squares += float64((r - m) * (r - m))
			}
			b.sums, b.squares = append(b.sums, sum), append(b.squares, squares)
		}
	}
	return b
}

// halves returns every choice of half of the blocks, as bits, ascending.
func halves(blocks int) []uint {
	var all []uint
	for set := range uint(1) << blocks {
		if bits.OnesCount(set) == blocks/2 {
			all = append(all, set)
		}
	}
	return all
}

// A judgement is what became of the best trial of a half.
type judgement struct {
	chosen, other float64 // its Sharpe ratios
	below         bool    // not above the median in the other half
	lost          bool
}

// judge chooses by one half and judges by the other.
func (b *blockSums) judge(half uint, chosen, other []float64) judgement {
	best := 0
	for i := range chosen {
		chosen[i], _ = b.sharpe(i, half)
		if chosen[i] > chosen[best] {
			best = i
		}
	}
	var sum float64
	for i := range other {
		s, total := b.sharpe(i, ^half)
		if other[i] = s; i == best {
			sum = total
		}
	}
	lower, equal := 0, 0
	for _, s := range other {
		switch {
		case s < other[best]:
			lower++
		case s == other[best]:
			equal++
		}
	}
	// The rank among n is lower + (equal+1)/2, and n+1 halved is the median's.
	return judgement{chosen[best], other[best], 2*lower+equal <= len(other), sum < 0}
}

// sharpe returns the Sharpe ratio of a trial over a set of blocks and the sum of
// its returns there.
func (b *blockSums) sharpe(trial int, set uint) (sharpe, total float64) {
	var sum, squares float64
	for k := range b.blocks {
		if set>>k&1 != 0 {
			sum += b.sums[trial*b.blocks+k]
			squares += b.squares[trial*b.blocks+k]
		}
	}
	n := float64(b.blocks / 2 * b.size)
	gain := float64(n * b.means[trial])
	total = sum + gain
	const rounding = 1e-12 // what is left of a difference of equals
	if math.Abs(total) <= float64(rounding*(math.Abs(sum)+math.Abs(gain))) {
		total = 0
	}
	deviations := squares - float64(sum*sum)/n
	switch {
	case total == 0:
		return 0, 0
	case !(deviations > float64(rounding*squares)):
		return math.Inf(int(math.Copysign(1, total))), total
	}
	return total / n / math.Sqrt(deviations/(n-1)), total
}

func conclude(trials int, all []judgement) Overfitting {
	r := Overfitting{Trials: trials, Splits: len(all), Slope: math.NaN()}
	var below, lost int
	var x, y []float64
	for _, j := range all {
		if j.below {
			below++
		}
		if j.lost {
			lost++
		}
		if !math.IsInf(j.chosen, 0) && !math.IsInf(j.other, 0) {
			x, y = append(x, j.chosen), append(y, j.other)
		}
	}
	r.Probability = float64(below) / float64(len(all))
	r.ProbabilityOfLoss = float64(lost) / float64(len(all))
	mx, my := mean.Of(x), mean.Of(y)
	var xy, xx float64
	for i := range x {
		xy += float64((x[i] - mx) * (y[i] - my))
		xx += float64((x[i] - mx) * (x[i] - mx))
	}
	if xx > 0 {
		r.Slope = xy / xx
	}
	return r
}
