package backtest

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/leanovate/gopter"
	"github.com/leanovate/gopter/gen"
	"github.com/leanovate/gopter/prop"

	"github.com/bmadventure/optcache/cachekit/bundle"
	"github.com/bmadventure/optcache/cachekit/market"
)

// pairs returns n crossovers of many lengths, neighbours beside each other.
func pairs(n int) []Strategy {
	all := make([]Strategy, 0, n)
	side := 1
	for side*side < n {
		side++
	}
	for i := range n {
		all = append(all, &Crossover{Fast: 2 + i/side, Slow: 2 + side + 2*(i%side)})
	}
	return all
}

// A batch gives every trial the bits that it has alone, portfolio and assets,
// whatever else is in the batch: other strategies, other costs, in any order. The
// bars are enough for several blocks, with positions across their borders.
func TestABatchIsItsTrialsBitForBit(t *testing.T) {
	var used Runner
	trades, crossed := 0, 0
	parameters := gopter.DefaultTestParameters()
	parameters.MinSuccessfulTests = 60
	properties := gopter.NewProperties(parameters)
	properties.Property("same bits", prop.ForAll(func(s scene, trials int, memorised bool) string {
		s.Longest = 2000 + 10*s.Longest
		bars := mustGroup(t, s.frequency(), slices.Concat(s.rows()...))
		if bars.Longest() > 2*blockBars {
			crossed++
		}
		strategies := make([]Strategy, trials)
		for i := range strategies {
			other := s
			other.Rules, other.Short, other.Extra = (s.Rules+i)%4, 1+(s.Short+3*i)%40, 1+(s.Extra+7*i)%90
			strategies[i] = other.withCost(float64(i % 3))
		}
		used.Series = nil
		if memorised {
			used.Series = memory(t, bars, strategies)
		}
		results, each := make([]Metrics, trials), make([][]Metrics, trials)
		visit := func(trial, asset int, m Metrics) {
			if len(each[trial]) != asset {
				t.Errorf("asset %d of trial %d comes after %d", asset, trial, len(each[trial]))
			}
			each[trial] = append(each[trial], m)
		}
		silent := make([]Metrics, trials)
		if err := errors.Join(
			used.RunBatch(t.Context(), bars, strategies, results, visit),
			used.RunBatch(t.Context(), bars, strategies, silent, nil),
		); err != nil {
			return err.Error()
		}
		for i, s := range strategies {
			want := run(t, bars, s)
			trades += want.portfolio.Trades
			d := metricBitsDiffer(want.portfolio, results[i]) + metricBitsDiffer(want.portfolio, silent[i])
			for a, m := range want.assets {
				d += metricBitsDiffer(m, each[i][a])
			}
			if d != "" {
				return fmt.Sprintf("%v: %s", s, d)
			}
		}
		return ""
	}, scenes(), gen.IntRange(1, 9), gen.Bool()))
	properties.TestingRun(t)
	if trades < 5000 || crossed < 10 {
		t.Errorf("only %d trades, %d scenes of several blocks: the scenes are too tame", trades, crossed)
	}
}

// A table of legs answers as a look at the bars does, to the last bit, and the
// deepest fall of joined legs is that of all pairs of closes.
func TestLegsOfATableAreThoseOfTheBars(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	closes := make([]float64, 10*legBars+3)
	for i := range closes {
		closes[i] = 1 + rng.Float64()
	}
	var table legTable
	for from := 0; from < len(closes); from += 4 * legBars {
		table.fill(closes, from, min(from+4*legBars, len(closes)))
		for x := max(from, 1); x < min(from+4*legBars, len(closes)); x++ {
			begin := x / legBars * legBars
			if begin > 0 && table.begins[x-from] != scan(closes, begin, x+1) && x+1 != legEnd(x) {
				t.Errorf("the leg of bars %d to %d is %+v, want %+v", begin, x, table.begins[x-from], scan(closes, begin, x+1))
			}
			if end := legEnd(x); end <= len(closes) && table.ends[x-from] != scan(closes, x, end) {
				t.Errorf("the leg of bars %d to %d is %+v, want %+v", x, end-1, table.ends[x-from], scan(closes, x, end))
			}
		}
	}
	for range 100 {
		x := 1 + rng.IntN(len(closes)-1)
		y := x + 1 + rng.IntN(len(closes)-x)
		l := scan(closes, x, min(y, legEnd(x)))
		for next := legEnd(x); next < y; next = legEnd(next) {
			l = l.then(scan(closes, next, min(y, legEnd(next))))
		}
		fall := 1.0
		for i := x; i < y; i++ {
			for k := i; k < y; k++ {
				fall = min(fall, closes[k]/closes[i])
			}
		}
		if want := (extent{math.Float64bits(slices.Max(closes[x:y])), math.Float64bits(slices.Min(closes[x:y])), math.Float64bits(fall)}); l.extent != want {
			t.Errorf("bars %d to %d: %+v, want a fall of %v", x, y-1, l, fall)
		}
	}
}

func TestBatchErrors(t *testing.T) {
	two := mustGroup(t, market.Daily, append(bars("A", 1, 1, 2, 2), bars("B", 1, 1, 2, 2)...))
	good, bad := Crossover{Fast: 1, Slow: 2}, Crossover{Fast: 2, Slow: 1}
	var r Runner
	for _, c := range []struct {
		says       string
		bars       *bundle.Bars
		strategies []Strategy
		results    int
	}{
		{"slow window 1", two, []Strategy{good, bad}, 2},
		{"as many results", two, []Strategy{good, good}, 1},
		{"no bars", mustGroup(t, market.Daily, nil), []Strategy{good}, 1},
		{"open of the bar", mustGroup(t, market.Daily, bars("A", 1, 1, -2, 2)), []Strategy{good}, 1},
	} {
		err := r.RunBatch(t.Context(), c.bars, c.strategies, make([]Metrics, c.results), nil)
		if err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("error %v, want one that says %q", err, c.says)
		}
	}
	if err := r.RunBatch(t.Context(), two, nil, nil, nil); err != nil {
		t.Errorf("an empty batch: %v", err)
	}
	stop := errors.New("the user pressed Ctrl-C")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(stop)
	if err := r.RunBatch(ctx, two, []Strategy{good}, make([]Metrics, 1), nil); !errors.Is(err, stop) {
		t.Errorf("cancelled: %v", err)
	}
	r.Series = func(context.Context, bundle.Group, Series) ([]float64, error) { return []float64{1}, nil }
	if _, err := r.Run(t.Context(), two, good, nil); err == nil || !strings.Contains(err.Error(), "1 values for 2 bars") {
		t.Errorf("a column of another length: %v", err)
	}
	r.Series = func(context.Context, bundle.Group, Series) ([]float64, error) { return nil, stop }
	if err := r.RunBatch(t.Context(), two, []Strategy{good}, make([]Metrics, 1), nil); !errors.Is(err, stop) {
		t.Errorf("a column that fails: %v", err)
	}
}

func TestABatchAllocatesNothing(t *testing.T) {
	rows := randomWalks(3, 2*blockBars+100)
	gapped := mustGroup(t, market.Daily, append(rows[:100:100], rows[110:]...))
	one := mustGroup(t, market.Daily, rows[:2*blockBars])
	strategies, results := pairs(20), make([]Metrics, 20)
	var r Runner
	if n := testing.AllocsPerRun(5, func() {
		if err := errors.Join(
			r.RunBatch(context.Background(), gapped, strategies, results, nil),
			r.RunBatch(context.Background(), one, strategies, results, nil),
		); err != nil {
			t.Fatal(err)
		}
	}); n > 4 { // those of errors.Join and of two batches, whatever the trials
		t.Errorf("40 trials allocate %v times", n)
	}
}

// BenchmarkBatch reports bar evaluations a second on one core: one bar of one
// asset in one trial, with all metrics of the portfolio.
func BenchmarkBatch(b *testing.B) {
	for _, size := range []struct{ assets, bars, trials int }{{1, 200_000, 256}, {500, 2520, 25}} {
		rows := randomWalks(size.assets, size.bars)
		for i := range rows {
			rows[i].Time = epoch.Add(time.Duration(i%size.bars) * time.Minute)
		}
		bars := mustGroup(b, market.Minute, rows)
		strategies, results := pairs(size.trials), make([]Metrics, size.trials)
		for _, each := range []bool{false, true} {
			visit := func(int, int, Metrics) {}
			name := fmt.Sprintf("%dx%d/%d-trials/every-asset", size.assets, size.bars, size.trials)
			if !each {
				visit, name = nil, fmt.Sprintf("%dx%d/%d-trials", size.assets, size.bars, size.trials)
			}
			b.Run(name, func(b *testing.B) {
				r := Runner{Series: memory(b, bars, strategies)}
				b.ReportAllocs()
				for b.Loop() {
					if err := r.RunBatch(context.Background(), bars, strategies, results, visit); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(float64(b.N)*float64(bars.Len()*size.trials)/b.Elapsed().Seconds()/1e6, "Mbars/s")
			})
		}
	}
}

// memory is a source of columns that computed them all before.
func memory(tb testing.TB, bars *bundle.Bars, strategies []Strategy) func(context.Context, bundle.Group, Series) ([]float64, error) {
	type key struct {
		symbol string
		series Series
	}
	columns := make(map[key][]float64)
	var series []Series
	for _, s := range strategies {
		series = s.Series(series)
	}
	for _, s := range series {
		for i := range bars.Assets() {
			g := bars.Group(i)
			if _, ok := columns[key{g.Asset.Symbol, s}]; ok {
				continue
			}
			column := make([]float64, len(g.Times))
			if err := s.Fill(column, g); err != nil {
				tb.Fatal(err)
			}
			columns[key{g.Asset.Symbol, s}] = column
		}
	}
	return func(_ context.Context, g bundle.Group, s Series) ([]float64, error) {
		return columns[key{g.Asset.Symbol, s}], nil
	}
}
