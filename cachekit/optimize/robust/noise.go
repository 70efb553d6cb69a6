package robust

import (
	"context"
	"errors"
	"fmt"
	"math"

	"github.com/bmadventure/optcache/cachekit/backtest"
	"github.com/bmadventure/optcache/cachekit/bundle"
	"github.com/bmadventure/optcache/cachekit/optimize"
	"github.com/bmadventure/optcache/internal/elementary"
	"github.com/bmadventure/optcache/internal/mean"
	"github.com/bmadventure/optcache/internal/stream"
)

// Noise asks whether a strategy lives on the exact prices that happened. It runs
// it on bars whose prices are a little off and compares.
//
// All prices of a bar are multiplied by one factor, so that a high stays the
// highest; volumes stay as they are. The noisy bars exist for one run alone and
// are never in a cache.
type Noise struct {
	// StdDev is the standard deviation of the logarithm of the factors, above 0 and
	// at most 0.5. 0 means 0.01. Factors are 1 on average.
	StdDev float64

	// Bootstrap takes the factors from the asset's own history instead: a bar gets
	// the close of one bar divided by the close before it, less what the asset
	// gained on average. StdDev then does not matter.
	Bootstrap bool

	// MonteCarlo has the number of samples, the seed, the confidence and the
	// direction. Its BlockSize does not matter.
	MonteCarlo MonteCarlo
}

// A NoiseResult is the outcome of [Noise.Test].
type NoiseResult struct {
	// Distribution is that of the objective on noisy bars. Its PValue is the
	// probability that noise does at least as well as the bars that happened.
	Distribution

	// Degradation is how much worse the objective is on noisy bars on average, as
	// a share of its value without noise: 0.3 means that 30 % is lost. Negative
	// means that noise helps, NaN that the value without noise is 0.
	Degradation float64

	// Worst is the value that all but a twentieth of the samples reach.
	Worst float64
}

// Test runs the strategy over a span of noisy bars, once a sample. The outcome does
// not depend on Options.Workers.
func (n Noise) Test(ctx context.Context, s *optimize.Segments, strategy backtest.Strategy, span optimize.Span, objective func(backtest.Performance) float64, o optimize.Options) (NoiseResult, error) {
	r, err := n.test(ctx, s, strategy, span, objective, o)
	if err != nil {
		return r, fmt.Errorf("test %v with noise: %w", strategy, err)
	}
	return r, nil
}

func (n *Noise) test(ctx context.Context, s *optimize.Segments, strategy backtest.Strategy, span optimize.Span, objective func(backtest.Performance) float64, o optimize.Options) (r NoiseResult, err error) {
	if n.StdDev == 0 {
		n.StdDev = 0.01
	}
	if !(n.StdDev > 0 && n.StdDev <= 0.5) {
		return r, fmt.Errorf("standard deviation %v: must be above 0 and at most 0.5", n.StdDev)
	}
	curve, err := s.Backtester()(ctx, strategy, span)
	if err != nil {
		return r, err
	}
	statistic := func(returns []float64) float64 { return objective(backtest.Measure(returns, s.PeriodsPerYear())) }
	if r.Distribution, err = n.MonteCarlo.begin(curve.Returns(), statistic); err != nil {
		return r, err
	}
	values, err := collect(ctx, n.MonteCarlo.Samples, o, func() optimize.Worker[int, float64] {
		return func(ctx context.Context, sample int) (float64, error) {
			c, err := n.infuse(s, sample).Backtester()(ctx, strategy, span)
			if err != nil {
				return 0, err
			}
			return statistic(c.Returns()), nil
		}
	})
	if err != nil {
		return r, err
	}
	n.MonteCarlo.describe(&r.Distribution, values)
	r.PValue = n.MonteCarlo.pValue(r.Observed, values)
	if r.Failed == r.Samples {
		return r, errors.New("the objective is not a number for any sample")
	}
	worse := r.Observed - r.Mean
	if n.MonteCarlo.Minimize {
		worse = -worse
	}
	r.Degradation = math.NaN()
	if r.Observed != 0 {
		r.Degradation = mean.Ratio(worse, math.Abs(r.Observed))
	}
	r.Worst = n.worst(values)
	return r, nil
}

// worst returns the twentieth part of the values on the bad side.
func (n *Noise) worst(values []float64) float64 {
	d := Distribution{}
	m := MonteCarlo{Confidence: 0.9}
	m.describe(&d, values)
	if n.MonteCarlo.Minimize {
		return d.High
	}
	return d.Low
}

// infuse returns the segments with the noise of one sample.
func (n *Noise) infuse(s *optimize.Segments, sample int) *optimize.Segments {
	return s.Transform(func(asset int, g bundle.Group) bundle.Group { return n.scale(g, n.factors(g, asset, sample)) })
}

// factors returns a factor for each bar of asset number i.
func (n *Noise) factors(g bundle.Group, i, sample int) []float64 {
	r := stream.New(n.MonteCarlo.Seed, stream.ForNoise+uint64(i)<<8, uint64(sample))
	factors := make([]float64, len(g.Times))
	if n.Bootstrap {
		changes := changes(g.Close)
		for j := range factors {
			factors[j] = 1
			if len(changes) > 0 {
				factors[j] = changes[r.IntN(len(changes))]
			}
		}
		return factors
	}
	for j := range factors {
		factors[j] = elementary.Exp(float64(n.StdDev*stream.Normal(r)) - float64(n.StdDev*n.StdDev)/2)
	}
	return factors
}

// changes returns each price divided by the one before it and by what these
// quotients are on average.
func changes(prices []float64) []float64 {
	var all []float64
	for i := 1; i < len(prices); i++ {
		all = append(all, prices[i]/prices[i-1])
	}
	average := mean.Of(all)
	for i := range all {
		all[i] /= average
	}
	return all
}

// scale returns a copy of the asset with the prices multiplied.
func (n *Noise) scale(g bundle.Group, factors []float64) bundle.Group {
	for _, c := range []*[]float64{&g.Open, &g.High, &g.Low, &g.Close} {
		if *c == nil {
			continue
		}
		scaled := make([]float64, len(*c))
		for i, v := range *c {
			scaled[i] = v * factors[i]
		}
		*c = scaled
	}
	return g
}
