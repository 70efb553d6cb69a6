package optimize

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"github.com/bmadventure/optcache/cachekit/backtest"
	"github.com/bmadventure/optcache/cachekit/bundle"
	"github.com/bmadventure/optcache/cachekit/optimize/internal/trialkey"
)

// Segments are bars that are run in parts: spans of sessions. They are views of
// the bars, without copies, so all spans of a walk-forward share one set of bars.
//
// Before a span an asset runs over its Warmup bars that come before, as many as
// it has, so that indicators do not start cold. The account of a span begins in cash:
// what the strategy would hold by then, had it traded the bars before, is bought at the
// open of the asset's first bar in the span, at its cost. What was won or lost before
// does not count, and no span begins with a position that nobody paid for. At the end
// of a span a position counts at the last close, as at the end of a backtest.
// Segments do not change and may be used concurrently.
type Segments struct {
	groups   []bundle.Group
	timeline []int64
	starts   []int // position on the timeline of the first bar of each session, and its length
	periods  float64
	warmup   int
	digests  sync.Map // of Span to func() [32]byte: what a span reads, hashed once
	trials   trialkey.Keyer
}

// NewSegments divides bars into their sessions: dates in UTC, or what their [bundle.Query] says
// that sessions are. It fails if there are no bars or warmup is negative.
func NewSegments(bars *bundle.Bars, warmup int) (*Segments, error) {
	if warmup < 0 {
		return nil, fmt.Errorf("divide bars into sessions: %d bars to warm up: must be 0 or more", warmup)
	}
	s := &Segments{timeline: bars.Timeline(), periods: bars.PeriodsPerYear(), warmup: warmup}
	if len(s.timeline) == 0 {
		return nil, fmt.Errorf("divide bars into sessions: there are no bars: choose assets and a window that have some")
	}
	for i := range bars.Assets() {
		s.groups = append(s.groups, bars.Group(i))
	}
	s.starts = append(bars.AppendSessionStarts(nil), len(s.timeline))
	return s, nil
}

// Transform returns segments whose bars are those that change makes of the bars of each asset: for
// trials on bars that did not happen. change must not write to the columns that it is given, but may return
// them; the times stay as they are. Nothing of them is ever cached.
func (s *Segments) Transform(change func(asset int, g bundle.Group) bundle.Group) *Segments {
	t := &Segments{
		groups: make([]bundle.Group, len(s.groups)), timeline: s.timeline, starts: s.starts, periods: s.periods, warmup: s.warmup,
	} // and no digests: those are of other bars
	for i, g := range s.groups {
		t.groups[i] = change(i, g)
	}
	return t
}

// Sessions returns the number of sessions.
func (s *Segments) Sessions() int { return len(s.starts) - 1 }

// PeriodsPerYear returns how many bars make a year, see [bundle.Bars.PeriodsPerYear].
func (s *Segments) PeriodsPerYear() float64 { return s.periods }

// A Span is a stretch of sessions, From included and To not, counted from 0.
type Span struct{ From, To int }

// Len returns the number of sessions.
func (s Span) Len() int { return s.To - s.From }

// Times returns the times of the bars in a span. It must not be written to.
func (s *Segments) Times(span Span) ([]int64, error) {
	if span.From < 0 || span.To > s.Sessions() || span.From >= span.To {
		return nil, fmt.Errorf("sessions %d to %d: must be a stretch of the %d sessions that there are", span.From, span.To, s.Sessions())
	}
	return s.timeline[s.starts[span.From]:s.starts[span.To]], nil
}

// A Backtester runs one set of parameters over a span of sessions. It belongs to one
// worker; what it returns may be overwritten by the next run. It must be a pure
// function of the parameters and the span.
type Backtester[P any] func(ctx context.Context, p P, span Span) (backtest.EquityCurve, error)

// Backtester returns a tester of strategies: the equity curve of the portfolio in which every
// asset has an equal part of the capital, as in [backtest.Runner.Run]. It keeps the
// derived series of the span that it was asked for last, up to 16 MB of them, so trials over
// one span are the quicker the more series they share.
func (s *Segments) Backtester() Backtester[backtest.Strategy] { return s.tester(maxSpanSeries) }

// tester returns one that keeps at most so many bytes of series.
func (s *Segments) tester(most int64) Backtester[backtest.Strategy] {
	series := spanSeries{most: most}
	r := backtest.Runner{Series: series.column}
	var own, all []float64
	var at Span
	var stretches []stretch // of at
	return func(ctx context.Context, strategy backtest.Strategy, span Span) (backtest.EquityCurve, error) {
		times, err := s.Times(span)
		if err != nil {
			return backtest.EquityCurve{}, fmt.Errorf("run %v over a span: %w", strategy, err)
		}
		if len(stretches) == 0 || span != at {
			stretches, at = s.stretches(stretches[:0], times), span
		}
		all = slices.Grow(all[:0], len(times))[:len(times)]
		clear(all)
		for i := range stretches {
			if err := ctx.Err(); err != nil {
				return backtest.EquityCurve{}, err
			}
			x := &stretches[i]
			series.begin(span, i)
			if len(x.bars.Times) == 0 {
				addFlat(all, 1)
				continue
			}
			n := len(x.bars.Times) - x.warm
			own = slices.Grow(own[:0], n)[:n]
			if err := r.RunFrom(ctx, strategy, x.bars, x.warm, own); err != nil {
				return backtest.EquityCurve{}, err
			}
			x.add(all, times, own)
		}
		for i := range all {
			all[i] /= float64(len(s.groups))
		}
		return backtest.EquityCurve{Times: times, Equity: all}, nil
	}
}

// A stretch is the bars of one asset that a tester reads of a span.
type stretch struct {
	bars  bundle.Group // those that warm up come first
	warm  int          // as many
	start int          // place of the first bar after these among the times of the span; -1: there are gaps
}

// stretches appends those of all assets, given the times of a span.
func (s *Segments) stretches(dst []stretch, times []int64) []stretch {
	for _, g := range s.groups {
		first, last, warm := s.within(g, times)
		x := stretch{bars: part(g, first-warm, last), warm: warm, start: -1}
		if first < last {
			start, _ := slices.BinarySearch(times, g.Times[first])
			if end := start + last - first; end <= len(times) && times[end-1] == g.Times[last-1] {
				x.start = start // all times of an asset are among those of the span
			}
		}
		dst = append(dst, x)
	}
	return dst
}

// add adds the equity at the bars of an asset to the sum over all assets.
func (x *stretch) add(sum []float64, times []int64, equity []float64) {
	if x.start < 0 {
		addPart(sum, times, x.bars.Times[x.warm:], equity)
		return
	}
	addFlat(sum[:x.start], 1)
	held := sum[x.start:][:len(equity)]
	for i, e := range equity {
		held[i] += e
	}
	addFlat(sum[x.start+len(equity):], equity[len(equity)-1])
}

// part returns a view of some bars of an asset.
func part(g bundle.Group, from, to int) bundle.Group {
	cut := func(c []float64) []float64 {
		if c == nil {
			return nil
		}
		return c[from:to:to]
	}
	return bundle.Group{
		Asset: g.Asset, Times: g.Times[from:to:to],
		Open: cut(g.Open), High: cut(g.High), Low: cut(g.Low), Close: cut(g.Close), Volume: cut(g.Volume),
		Dividend: cut(g.Dividend), Split: cut(g.Split),
	}
}

// addPart adds the equity of one asset to the sum over all assets: 1 before its
// first bar, the last equity where it has no bar.
func addPart(sum []float64, times, own []int64, equity []float64) {
	last, next := 1.0, 0
	for i, t := range times {
		if next < len(own) && own[next] == t {
			last = equity[next]
			next++
		}
		sum[i] += last
	}
}

func addFlat(sum []float64, x float64) {
	for i := range sum {
		sum[i] += x
	}
}
