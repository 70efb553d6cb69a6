package optimize_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"sort"
	"sync"
	"testing"
	"time"

	"github.com/leanovate/gopter"
	"github.com/leanovate/gopter/gen"
	"github.com/leanovate/gopter/prop"

	"github.com/bmadventure/optcache/cachekit/backtest"
	"github.com/bmadventure/optcache/cachekit/bundle"
	"github.com/bmadventure/optcache/cachekit/internal/testbed"
	"github.com/bmadventure/optcache/cachekit/market"
	"github.com/bmadventure/optcache/cachekit/optimize"
)

// TestTestersKeepNothingWrong: testers that go from span to span and back, with any strategy and any room for series,
// several at a time, have the equity curves that each backtest for itself has, to the last bit: over bars with gaps, of unequal
// lengths, that stand still, of a single bar.
func TestTestersKeepNothingWrong(t *testing.T) {
	parameters := gopter.DefaultTestParameters()
	parameters.MinSuccessfulTests = 120
	properties := gopter.NewProperties(parameters)
	gaps, empty := 0, 0
	properties.Property("a equity curve is that of its strategy and span alone", prop.ForAll(func(seed uint64) string {
		r := rand.New(rand.NewPCG(seed, 11))
		bars := testbed.Group(t, rowsOf(unevenSeries(r, 1+r.IntN(4), 1+r.IntN(90))))
		warmup := r.IntN(3) * 9
		s := testbed.Segments(bars, warmup)
		type question struct {
			p    rule
			span optimize.Span
			want []float64
		}
		var questions []question
		for range 2 + r.IntN(4) {
			from := r.IntN(s.Sessions())
			span := optimize.Span{From: from, To: from + 1 + r.IntN(s.Sessions()-from)}
			times, err := s.Times(span)
			if err != nil {
				return err.Error()
			}
			for range 1 + r.IntN(4) {
				p := rule{Kind: []string{"crossover", "momentum", "reversion", "breakout"}[r.IntN(4)], Short: 1 + r.IntN(4), Long: 5 + r.IntN(9), Cut: 0.25 * float64(1+r.IntN(4))}
				q := question{p: p, span: span}
				for i := range bars.Assets() {
					own, missing := alone(t, p.strategy(), bars.Group(i), times, warmup)
					gaps, empty = gaps+missing, empty+b2i(missing == len(times))
					for k := range own {
						if i == 0 {
							q.want = append(q.want, 0)
						}
						q.want[k] += own[k]
					}
				}
				for k := range q.want {
					q.want[k] /= float64(len(bars.Assets()))
				}
				questions = append(questions, q)
			}
		}
		room := int64(r.IntN(4)) * int64(r.IntN(3000))
		workers := []int{1, 8}[r.IntN(2)]
		said := make([]string, workers)
		var all sync.WaitGroup
		for w := range workers {
			all.Go(func() {
				test, r := optimize.TesterOf(s, room), rand.New(rand.NewPCG(seed, uint64(w)))
				for range 60 {
					q := questions[r.IntN(len(questions))]
					c, err := test(t.Context(), q.p.strategy(), q.span)
					if err != nil {
						said[w] = err.Error()
						return
					}
					for k, e := range c.Equity {
						if len(c.Equity) != len(q.want) || math.Float64bits(e) != math.Float64bits(q.want[k]) {
							said[w] = fmt.Sprintf("%+v over %v: %v, not %v", q.p, q.span, c.Equity, q.want)
							return
						}
					}
				}
			})
		}
		all.Wait()
		for _, s := range said {
			if s != "" {
				return s
			}
		}
		return ""
	}, gen.UInt64()))
	properties.TestingRun(t)
	if gaps == 0 || empty == 0 {
		t.Errorf("%d bars were missing, %d assets had none: this does not show what it should", gaps, empty)
	}
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

// rowsOf returns the bars of series, row by row.
func rowsOf(all []bundle.Series) (rows []market.Bar) {
	for _, s := range all {
		for i, at := range s.Times {
			rows = append(rows, market.Bar{
				Symbol: s.Symbol, Time: time.Unix(0, at).UTC(), Open: s.Open[i], High: s.High[i], Low: s.Low[i], Close: s.Close[i], Volume: s.Volume[i],
			})
		}
	}
	return rows
}

// alone returns the equity of one asset at some times, as a runner that keeps nothing has it, and at how many of
// the times the asset has no bar.
func alone(t *testing.T, s backtest.Strategy, g bundle.Group, times []int64, warmup int) (equity []float64, missing int) {
	first := sort.Search(len(g.Times), func(i int) bool { return g.Times[i] >= times[0] })
	last := sort.Search(len(g.Times), func(i int) bool { return g.Times[i] > times[len(times)-1] })
	var own []float64
	if first < last {
		from := max(0, first-warmup)
		own = make([]float64, last-first)
		cut := bundle.Group{
			Asset: g.Asset, Times: g.Times[from:last], Open: g.Open[from:last], High: g.High[from:last],
			Low: g.Low[from:last], Close: g.Close[from:last], Volume: g.Volume[from:last],
		}
		if err := new(backtest.Runner).RunFrom(t.Context(), s, cut, first-from, own); err != nil {
			t.Fatal(err)
		}
	}
	at := make(map[int64]float64)
	for i, e := range own {
		at[g.Times[first+i]] = e
	}
	now := 1.0
	for _, x := range times {
		e, ok := at[x]
		if ok {
			now = e
		} else {
			missing++
		}
		equity = append(equity, now)
	}
	return equity, missing
}
