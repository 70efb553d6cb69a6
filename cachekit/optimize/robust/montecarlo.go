package robust

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/bmadventure/optcache/cachekit/backtest"
	"github.com/bmadventure/optcache/cachekit/optimize"
	"github.com/bmadventure/optcache/internal/elementary"
	"github.com/bmadventure/optcache/internal/mean"
	"github.com/bmadventure/optcache/internal/stream"
)

// A Statistic is a number that returns tell. It must not keep nor change them, and
// may be called concurrently.
type Statistic func(returns []float64) float64

// StatisticOf returns a metric as a statistic. Those that need the trades are
// always NaN, see [backtest.Performance.Value].
func StatisticOf(m backtest.Metric, periodsPerYear float64) Statistic {
	return func(returns []float64) float64 { return backtest.Measure(returns, periodsPerYear).Value(m) }
}

// A MonteCarlo asks how much of a result is luck. It makes many other paths from
// the returns of an account and compares. The zero value is a good choice.
type MonteCarlo struct {
	Samples    int     // paths that are made. 0 means 1,000
	Seed       uint64  // chooses them
	BlockSize  float64 // mean length of a block of the bootstrap, in returns. 0 means the cube root of their number
	Confidence float64 // of the interval, above 0 and below 1. 0 means 0.95
	Minimize   bool    // smaller values of the statistic are better
}

// A Distribution is the values of a statistic over the paths that were made.
type Distribution struct {
	Observed float64 // value of the returns themselves

	Samples int // paths that were made
	Failed  int // of these, for which the statistic is NaN; the rest is about the others

	Mean, StdDev, Median float64
	Low, High            float64 // bounds of the confidence interval: percentiles

	// PValue is the probability that luck alone does at least as well as what was
	// observed: (1+b)/(1+n) if b of n paths without skill did. It is never 0.
	// (Davison and Hinkley, Bootstrap Methods and their Application, 1997, 4.2.)
	PValue float64
}

// ErrOrderInvariant is the error of a permutation of returns for a statistic that
// does not depend on their order: the test could tell nothing.
var ErrOrderInvariant = errors.New("the order of the returns does not change it: use the bootstrap, or a metric such as max_drawdown")

// Bootstrap estimates how far the statistic may be off, by paths that are drawn
// from the returns in blocks of random length, so that what follows on what is
// kept: the stationary bootstrap (Politis and Romano, Journal of the American
// Statistical Association 89, 1994).
//
// For the p-value it draws as many more from the returns less their mean: paths
// as rough as this one but with no edge. The outcome does not depend on
// Options.Workers.
func (m MonteCarlo) Bootstrap(ctx context.Context, returns []float64, statistic Statistic, o optimize.Options) (Distribution, error) {
	d, err := m.begin(returns, statistic)
	if err != nil {
		return d, fmt.Errorf("bootstrap: %w", err)
	}
	block := m.BlockSize
	if block == 0 {
		block = max(1, math.Floor(elementary.Exp(elementary.Log(float64(len(returns)))/3)+0.5))
	}
	edge := mean.Of(returns)
	values, err := m.sample(ctx, len(returns), statistic, o, stream.ForSample, func(r *rand.Rand, path []float64) {
		resample(r, path, returns, block)
	})
	if err != nil {
		return d, fmt.Errorf("bootstrap: %w", err)
	}
	null, err := m.sample(ctx, len(returns), statistic, o, stream.ForNull, func(r *rand.Rand, path []float64) {
		resample(r, path, returns, block)
		for i := range path {
			path[i] -= edge
		}
	})
	if err != nil {
		return d, fmt.Errorf("bootstrap: %w", err)
	}
	m.describe(&d, values)
	d.PValue = m.pValue(d.Observed, null)
	return d, nil
}

// Permute asks whether the order of the returns matters, by paths that have the
// same returns in another order. The p-value is the probability that chance orders
// them at least as well. It fails with [ErrOrderInvariant] for a statistic that
// order cannot change, such as a Sharpe ratio. The outcome does not depend on
// Options.Workers.
func (m MonteCarlo) Permute(ctx context.Context, returns []float64, statistic Statistic, o optimize.Options) (Distribution, error) {
	d, err := m.begin(returns, statistic)
	if err == nil {
		err = m.invariant(returns, statistic, d.Observed)
	}
	if err != nil {
		return d, fmt.Errorf("permute the returns: %w", err)
	}
	values, err := m.sample(ctx, len(returns), statistic, o, stream.ForShuffle, func(r *rand.Rand, path []float64) {
		shuffle(r, path, returns)
	})
	if err != nil {
		return d, fmt.Errorf("permute the returns: %w", err)
	}
	m.describe(&d, values)
	d.PValue = m.pValue(d.Observed, values)
	return d, nil
}

// maxSamples bounds the samples of one test: a value takes 8 bytes.
const maxSamples = 1 << 32

// begin checks the options and measures the returns themselves.
func (m *MonteCarlo) begin(returns []float64, statistic Statistic) (Distribution, error) {
	if m.Samples == 0 {
		m.Samples = 1000
	}
	if m.Confidence == 0 {
		m.Confidence = 0.95
	}
	switch {
	case m.Samples < 0 || m.Samples > maxSamples:
		return Distribution{}, fmt.Errorf("%d samples: must be from 1 to 2^32, or 0 for 1,000", m.Samples)
	case !(m.Confidence > 0 && m.Confidence < 1):
		return Distribution{}, fmt.Errorf("confidence %v: must be above 0 and below 1", m.Confidence)
	case m.BlockSize != 0 && !(m.BlockSize >= 1) || math.IsInf(m.BlockSize, 0):
		return Distribution{}, fmt.Errorf("blocks of %v returns: must be at least 1, or 0 for a good length", m.BlockSize)
	case len(returns) < 2:
		return Distribution{}, fmt.Errorf("%d returns: there must be at least 2", len(returns))
	}
	for i, r := range returns {
		if r-r != 0 {
			return Distribution{}, fmt.Errorf("return %d is %v: all must be finite", i, r)
		}
	}
	d := Distribution{Observed: statistic(slices.Clone(returns))}
	if math.IsNaN(d.Observed) {
		return d, errors.New("the statistic of the returns is not a number")
	}
	return d, nil
}

// invariant returns ErrOrderInvariant if the statistic stays as it was, but for
// rounding, when the returns are sorted, reversed and shuffled.
func (m *MonteCarlo) invariant(returns []float64, statistic Statistic, observed float64) error {
	path := slices.Clone(returns)
	differs := func() bool {
		v := statistic(slices.Clone(path))
		return !(math.Abs(v-observed) <= 1e-12+float64(1e-9*math.Abs(observed))) && v != observed
	}
	slices.Sort(path)
	if differs() {
		return nil
	}
	slices.Reverse(path)
	if differs() {
		return nil
	}
	for i := range uint64(16) {
		shuffle(stream.New(m.Seed, stream.ForProbe, i), path, returns)
		if differs() {
			return nil
		}
	}
	return ErrOrderInvariant
}

// sample makes the paths and returns their statistics in order.
func (m *MonteCarlo) sample(ctx context.Context, n int, statistic Statistic, o optimize.Options, purpose uint64, fill func(r *rand.Rand, path []float64)) ([]float64, error) {
	return collect(ctx, m.Samples, o, func() optimize.Worker[int, float64] {
		path := make([]float64, n)
		return func(_ context.Context, i int) (float64, error) {
			fill(stream.New(m.Seed, purpose, uint64(i)), path)
			return statistic(path), nil
		}
	})
}

// counting is the plan of the numbers below n.
type counting int

func (c counting) Len() int     { return int(c) }
func (c counting) At(i int) int { return i }

// collect runs n pieces of work and returns their results in order, or the first
// error.
func collect[R any](ctx context.Context, n int, o optimize.Options, newWorker func() optimize.Worker[int, R]) ([]R, error) {
	outcomes, err := optimize.Run(ctx, counting(n), newWorker, o)
	if err != nil {
		return nil, err
	}
	results := make([]R, n)
	for i, out := range outcomes {
		if out.Err != nil {
			return nil, out.Err
		}
		results[i] = out.Result
	}
	return results, nil
}

// resample fills path with blocks of the returns, which follow on in a circle.
// A block ends after each return with a probability of one in the mean length.
func resample(r *rand.Rand, path, returns []float64, block float64) {
	at := 0
	for i := range path {
		if at++; i == 0 || at == len(returns) {
			at = 0
		}
		if i == 0 || r.Float64() < 1/block {
			at = r.IntN(len(returns))
		}
		path[i] = returns[at]
	}
}

// shuffle fills path with the returns in random order.
func shuffle(r *rand.Rand, path, returns []float64) {
	copy(path, returns)
	r.Shuffle(len(path), func(i, j int) { path[i], path[j] = path[j], path[i] })
}

// describe fills in what the values of the samples say.
func (m *MonteCarlo) describe(d *Distribution, values []float64) {
	d.Samples = len(values)
	sorted := make([]float64, 0, len(values))
	for _, v := range values {
		if !math.IsNaN(v) {
			sorted = append(sorted, v)
		}
	}
	d.Failed = len(values) - len(sorted)
	d.Mean = mean.Of(sorted)
	d.StdDev = mean.Deviation(sorted, d.Mean)
	slices.Sort(sorted)
	tail := (1 - m.Confidence) / 2
	d.Low, d.Median, d.High = percentile(sorted, tail), percentile(sorted, 0.5), percentile(sorted, 1-tail)
}

// percentile returns the value below which a share of the sorted numbers lies, on
// the straight line between its neighbours; NaN without numbers.
func percentile(sorted []float64, share float64) float64 {
	if len(sorted) == 0 {
		return math.NaN()
	}
	at := share * float64(len(sorted)-1)
	i := min(int(at), len(sorted)-1)
	j := min(i+1, len(sorted)-1)
	if sorted[i] == sorted[j] { // infinities among them
		return sorted[i]
	}
	return sorted[i] + float64((at-float64(i))*(sorted[j]-sorted[i]))
}

// pValue is (1+b)/(1+n), where b of the n values that are numbers are as good as
// what was observed.
func (m *MonteCarlo) pValue(observed float64, values []float64) float64 {
	b, n := 0, 0
	for _, v := range values {
		switch {
		case math.IsNaN(v):
			continue
		case m.Minimize && v <= observed, !m.Minimize && v >= observed:
			b++
		}
		n++
	}
	return float64(1+b) / float64(1+n)
}
