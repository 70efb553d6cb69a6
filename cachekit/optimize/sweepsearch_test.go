package optimize_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/bmadventure/optcache/cachekit"
	"github.com/bmadventure/optcache/cachekit/backtest"
	"github.com/bmadventure/optcache/cachekit/bundle"
	"github.com/bmadventure/optcache/cachekit/internal/testbed"
	"github.com/bmadventure/optcache/cachekit/optimize"
	"github.com/bmadventure/optcache/cachekit/search"
)

// TestSweepSearchIsRunSearch: a search that is swept proposes the trials, and has the outcomes, that it has when each
// trial runs for itself; of trials that fail and of objectives that panic or are no numbers too.
func TestSweepSearchIsRunSearch(t *testing.T) {
	store := testbed.OpenStore(t)
	testbed.Put(t, store, "b", unevenSeries(rand.New(rand.NewPCG(4, 4)), 4, 80))
	space, err := search.NewSpace(
		search.Int("fast", 0, 9, 1, func(p *backtest.Crossover) *int { return &p.Fast }), // 0 is not valid
		search.Int("slow", 5, 30, 1, func(p *backtest.Crossover) *int { return &p.Slow }),
	)
	if err != nil {
		t.Fatal(err)
	}
	objective := func(m backtest.Metrics) float64 {
		if m.Trades == 3 {
			panic("three trades")
		}
		return m.Sharpe // NaN where nothing was traded
	}
	panics, invalid := 0, 0
	for seed := range uint64(6) {
		searches := map[string]func() (search.Search[backtest.Crossover], error){
			"grid": func() (search.Search[backtest.Crossover], error) {
				g, err := search.NewGrid(space, 40)
				return search.Enumerate(g), err
			},
			"random": func() (search.Search[backtest.Crossover], error) {
				return search.NewRandom(space, 40, search.Options{Seed: seed})
			},
			"bayesian": func() (search.Search[backtest.Crossover], error) {
				return search.NewBayesian(space, 40, search.Options{Seed: seed})
			},
			"genetic": func() (search.Search[backtest.Crossover], error) {
				return search.NewGenetic(space, 40, search.Options{Seed: seed, Batch: 7})
			},
		}
		for name, search := range searches {
			for _, config := range []cachekit.Config{testbed.Off, {}, {CacheSizeGB: 1e-5}} {
				v := testbed.View(t, testbed.Pin(t, testbed.Workspace(t, config, store), "b"), bundle.Query{Fields: bundle.OHLCV})
				s, err := search()
				if err != nil {
					t.Fatal(err)
				}
				want, err := optimize.RunSearch(t.Context(), s, func() optimize.Worker[backtest.Crossover, backtest.Metrics] {
					var r backtest.Runner
					return func(ctx context.Context, c backtest.Crossover) (backtest.Metrics, error) {
						bars, err := v.Bars(ctx)
						if err != nil {
							return backtest.Metrics{}, err
						}
						return r.Run(ctx, bars, c, nil)
					}
				}, objective, optimize.Options{})
				if err != nil {
					t.Fatal(err)
				}
				for _, o := range want {
					if p := (*optimize.PanicError)(nil); errors.As(o.Err, &p) {
						panics++
					} else if o.Err != nil {
						invalid++
					}
				}
				if s, err = search(); err != nil {
					t.Fatal(err)
				}
				last, trials := 0, 0
				got, err := optimize.SweepSearch(t.Context(), v, s, asStrategy, objective, optimize.Options{
					Workers: 1 + int(seed), AlwaysCache: seed%2 == 0,
					Workload: func(d optimize.Workload) { trials = d.Trials },
					Progress: func(done, total int) {
						if done < last || total != 40 {
							t.Errorf("%d of %d trials are done, after %d", done, total, last)
						}
						last = done
					},
				})
				if err != nil {
					t.Fatal(err)
				}
				if d := sameOutcomes(withoutStacks(want), withoutStacks(got)); d != "" {
					t.Errorf("%s, seed %d: %s", name, seed, d)
				}
				if last != 40 || trials != 40 && !config.DisableCaching {
					t.Errorf("%s, seed %d: %d trials are done, %d told", name, seed, last, trials)
				}
			}
		}
	}
	if panics == 0 || invalid == 0 {
		t.Errorf("%d objectives panicked, %d trials were not valid: this does not show what it should", panics, invalid)
	}
}

// withoutStacks shortens the errors of panics to what was panicked with.
func withoutStacks(out []optimize.Outcome[backtest.Crossover, backtest.Metrics]) []optimize.Outcome[backtest.Crossover, backtest.Metrics] {
	for i, o := range out {
		if p := (*optimize.PanicError)(nil); errors.As(o.Err, &p) {
			before, _, _ := strings.Cut(o.Err.Error(), "panic:")
			out[i].Err = fmt.Errorf("%s panic: %v", before, p.Value)
		}
	}
	return out
}

// A search that proposes too little, or numbers wrongly, or is cut off, says so.
func TestSweepSearchThatEnds(t *testing.T) {
	store := testbed.OpenStore(t)
	testbed.Put(t, store, "b", randomSeries(1, 2, 50))
	v := testbed.View(t, testbed.Pin(t, testbed.Workspace(t, cachekit.Config{}, store), "b"), bundle.Query{Fields: bundle.OHLCV})
	sharpe := func(m backtest.Metrics) float64 { return m.Sharpe }
	for what, s := range map[string]search.Search[backtest.Crossover]{
		"proposed only 2 of its 3 trials": &stubborn{n: 3, proposes: 2},
		"numbered trial 1 as 2":           &stubborn{n: 3, proposes: 3, step: 2},
		"no such trial":                   &stubborn{n: 3, proposes: 3, refuses: errors.New("no such trial")},
	} {
		out, err := optimize.SweepSearch(t.Context(), v, s, asStrategy, sharpe, optimize.Options{})
		if err == nil || !strings.Contains(err.Error(), what) || len(out) != 3 {
			t.Errorf("%d outcomes, %v; want %q", len(out), err, what)
		}
	}
	ctx, stop := context.WithCancel(t.Context())
	stop()
	out, err := optimize.SweepSearch(ctx, v, &stubborn{n: 3, proposes: 3}, asStrategy, sharpe, optimize.Options{})
	if !errors.Is(err, context.Canceled) || len(out) != 3 || !errors.Is(out[2].Err, context.Canceled) {
		t.Errorf("after the end of the context: %v, %v", out, err)
	}
}

// A stubborn search proposes one trial at a time.
type stubborn struct {
	n, proposes, step int
	asked, told       int
	refuses           error
}

func (s *stubborn) Len() int { return s.n }

func (s *stubborn) Ask() (t search.Trial[backtest.Crossover], ok bool) {
	if s.asked > s.told || s.asked == s.proposes {
		return t, false
	}
	s.asked++
	return search.Trial[backtest.Crossover]{Number: (s.asked - 1) * max(1, s.step), Params: backtest.Crossover{Fast: s.asked, Slow: 9}}, true
}

func (s *stubborn) Tell(int, float64) error {
	s.told++
	return s.refuses
}

// TestASearchSaysWhatItDoesWithout: a search reads its bars once, whatever room there is; it keeps series from the batch on
// where that is worth its cost, counted over all trials so far; and it has the planned policy told what comes. It
// decides the same each time.
func TestASearchSaysWhatItDoesWithout(t *testing.T) {
	store := testbed.OpenStore(t)
	testbed.Put(t, store, "small", testbed.DenseSeries(3, 100))
	testbed.Put(t, store, "large", testbed.DenseSeries(4, 6000))
	space, err := search.NewSpace(
		search.Int("fast", 2, 13, 1, func(p *backtest.Crossover) *int { return &p.Fast }),
		search.Int("slow", 30, 41, 1, func(p *backtest.Crossover) *int { return &p.Slow }),
	)
	if err != nil {
		t.Fatal(err)
	}
	const trials = 120
	for _, c := range []struct {
		name, bundle  string
		room          float64 // in bytes; 0: enough
		kept, planned bool
	}{
		{"short", "small", 0, false, false},
		{"worth while", "large", 0, true, false},
		{"room for most", "large", 4.6e6, true, true},
		{"no room for bars", "large", 100, false, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			run := func(config cachekit.Config) ([]optimize.Workload, []optimize.CacheStats, []optimize.Outcome[backtest.Crossover, backtest.Metrics]) {
				w := testbed.Workspace(t, config, store)
				p := testbed.Pin(t, w, c.bundle)
				defer p.Close()
				search, err := search.NewBayesian(space, trials, search.Options{Seed: 3, Batch: 12})
				if err != nil {
					t.Fatal(err)
				}
				var told []optimize.Workload
				out, err := optimize.SweepSearch(t.Context(), testbed.View(t, p, bundle.Query{Fields: bundle.Open | bundle.Close}), search, asStrategy,
					func(m backtest.Metrics) float64 { return m.Sharpe },
					optimize.Options{Workers: 2, Workload: func(d optimize.Workload) { told = append(told, d) }})
				if err != nil {
					t.Fatal(err)
				}
				return told, w.Stats(), out
			}
			config := cachekit.Config{CacheSizeGB: c.room / (1 << 30)}
			told, stats, out := run(config)
			if len(told) != trials/12 {
				t.Fatalf("told %d times", len(told))
			}
			kept, before := false, int64(0)
			for i, d := range told {
				if d.Trials != 12*(i+1) || d.Series.Requests <= before || d.Series.Distinct > 24*4 || kept && d.Series.Bypassed {
					t.Errorf("batch %d: %+v after %d requests", i, d, before)
				}
				before = d.Series.Requests
				if kept = !d.Series.Bypassed; kept && i == 0 {
					t.Error("series are kept from the first batch on, before one was asked for again")
				}
			}
			last := told[len(told)-1]
			if kept != c.kept || last.Series.Planned != c.planned || (last.Bypassed() == "") != kept {
				t.Errorf("%+v: %q", last, last.Bypassed())
			}
			if asked := stats[2].Hits + stats[2].Misses; (asked > 0) != kept || kept && stats[2].Hits == 0 || int64(asked) >= last.Series.Requests {
				t.Errorf("%d requests for series, %d hits: %+v", asked, stats[2].Hits, last)
			}
			if stats[1].Misses != 1 {
				t.Errorf("the bars were read %d times", stats[1].Misses)
			}
			if again, _, _ := run(config); fmt.Sprint(again) != fmt.Sprint(told) {
				t.Errorf("decided otherwise the next time: %+v, %+v", told, again)
			}
			if _, _, plain := run(testbed.Off); sameOutcomes(out, plain) != "" {
				t.Error(sameOutcomes(out, plain))
			}
		})
	}
}

// Series that a search has begun to keep stay of use to it when it looks elsewhere for a while.
func TestASearchGoesOnKeeping(t *testing.T) {
	store := testbed.OpenStore(t)
	testbed.Put(t, store, "b", testbed.DenseSeries(1, 6000))
	v := testbed.View(t, testbed.Pin(t, testbed.Workspace(t, cachekit.Config{}, store), "b"), bundle.Query{Fields: bundle.Open | bundle.Close})
	same, apart := make([]backtest.Crossover, 60), make([]backtest.Crossover, 400)
	for i := range same {
		same[i] = backtest.Crossover{Fast: 10, Slow: 50, CostBps: float64(i)}
	}
	for i := range apart {
		apart[i] = backtest.Crossover{Fast: 100 + i, Slow: 1000 + i}
	}
	var told []optimize.Workload
	_, err := optimize.SweepSearch(t.Context(), v, &scripted{rounds: [][]backtest.Crossover{same, apart, same}}, asStrategy,
		func(m backtest.Metrics) float64 { return m.Sharpe },
		optimize.Options{Workers: 1, Workload: func(d optimize.Workload) { told = append(told, d) }})
	if err != nil {
		t.Fatal(err)
	}
	for i, d := range told {
		if d.Series.Bypassed {
			t.Errorf("round %d does without: %+v", i, d)
		}
	}
	if worth := told[1].Series; worth.Saves > worth.Costs {
		t.Errorf("the second round is worth its cost: this does not show what it should: %+v", worth)
	}
}

// A scripted search proposes one round after the other.
type scripted struct {
	rounds       [][]backtest.Crossover
	number, open int
}

func (s *scripted) Len() (n int) {
	for _, r := range s.rounds {
		n += len(r)
	}
	return n + s.number
}

func (s *scripted) Ask() (t search.Trial[backtest.Crossover], ok bool) {
	if len(s.rounds) == 0 {
		return t, false
	}
	if len(s.rounds[0]) == 0 {
		if s.open > 0 {
			return t, false
		}
		s.rounds = s.rounds[1:]
		return s.Ask()
	}
	t = search.Trial[backtest.Crossover]{Number: s.number, Params: s.rounds[0][0]}
	s.rounds[0] = s.rounds[0][1:]
	s.number++
	s.open++
	return t, true
}

func (s *scripted) Tell(int, float64) error {
	s.open--
	return nil
}
