package optimize_test

import (
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/bmadventure/optcache/cachekit"
	"github.com/bmadventure/optcache/cachekit/backtest"
	"github.com/bmadventure/optcache/cachekit/bundle"
	"github.com/bmadventure/optcache/cachekit/internal/testbed"
	"github.com/bmadventure/optcache/cachekit/market"
	"github.com/bmadventure/optcache/cachekit/optimize"
	"github.com/bmadventure/optcache/cachekit/optimize/walk"
	"github.com/bmadventure/optcache/cachekit/search"
)

// splitSeries makes assets that are split and pay dividends, in raw prices.
func splitSeries(assets, bars int) []bundle.Series {
	all := testbed.DenseSeries(assets, bars)
	for a := range all {
		s := &all[a]
		s.Split, s.Dividend = make([]float64, bars), make([]float64, bars)
		s.Split[bars/2+a], s.Dividend[bars/3] = 2, s.Close[bars/3]/50
		for i := range bars/2 + a {
			for _, c := range [][]float64{s.Open, s.High, s.Low, s.Close} {
				c[i] *= 2
			}
		}
	}
	return all
}

// Views that differ in nothing but what the reader decides share no result, in one workspace with all its caches,
// one memo and all; and each has those that it has without a cache.
func TestDecisionsShareNoResult(t *testing.T) {
	store := testbed.OpenStore(t)
	testbed.Put(t, store, "b", splitSeries(3, 120))
	cached := testbed.Pin(t, testbed.Workspace(t, cachekit.Config{}, store), "b")
	defer cached.Close()
	plain := testbed.Pin(t, testbed.Workspace(t, testbed.Off, store), "b")
	defer plain.Close()
	sweep := func(p *optimize.Pin, q bundle.Query, o optimize.Options) (all []backtest.Metrics) {
		strategy := func(c backtest.Crossover) backtest.Strategy { return c }
		plan := search.List[backtest.Crossover]{{Fast: 2, Slow: 5}, {Fast: 3, Slow: 9}, {Fast: 1, Slow: 4, CostBps: 2}}
		for _, out := range testbed.Must(optimize.Sweep(t.Context(), testbed.View(t, p, q), plan, strategy, o)) {
			if out.Err != nil {
				t.Fatal(out.Err)
			}
			all = append(all, out.Result)
		}
		return all
	}
	seen, names := map[string]string{}, map[string]string{}
	for range 2 { // the second time from the memo
		for _, q := range []bundle.Query{
			{}, {PeriodsPerYear: 252}, {PeriodsPerYear: 250.5}, {Adjust: bundle.AdjustSplits}, {Adjust: bundle.AdjustAll},
			{Adjust: bundle.AdjustAll, Prices: bundle.SplitAdjustedPrices}, {Adjust: bundle.AdjustAll, PeriodsPerYear: 252},
		} {
			name := fmt.Sprintf("%+v", q)
			got := fmt.Sprint(sweep(cached, q, optimize.Options{Memo: true, Workers: 2}))
			if want := fmt.Sprint(sweep(plain, q, optimize.Options{Workers: 1})); got != want {
				t.Errorf("%s: other results than without a cache", name)
			}
			if other, ok := seen[got]; ok && other != name {
				t.Errorf("%s: the results of %s", name, other)
			}
			seen[got] = name
			id := fmt.Sprint(testbed.Must(testbed.View(t, cached, q).Identity()))
			if other, ok := names[id]; ok && other != name {
				t.Errorf("%s: the identity of %s", name, other)
			}
			names[id] = name
		}
	}
}

// Windows begin and end with sessions: New York's from 18:00 to 17:00, while clocks change on the way.
func TestWindowsGoBySessions(t *testing.T) {
	newYork := testbed.Must(time.LoadLocation("America/New_York"))
	at := func(day time.Time, hour int) time.Time {
		return time.Date(day.Year(), day.Month(), day.Day(), hour, 0, 0, 0, newYork)
	}
	s, price := bundle.Series{Symbol: "ES"}, 100.0
	var days []time.Time
	first := time.Date(2024, 10, 21, 0, 0, 0, 0, time.UTC) // clocks go back on 2024-11-03
	for day := first; len(days) < 20; day = day.AddDate(0, 0, 1) {
		if day.Weekday() == time.Saturday || day.Weekday() == time.Sunday {
			continue
		}
		days = append(days, day)
		for hour := at(day.AddDate(0, 0, -1), 18); hour.Before(at(day, 17)); hour = hour.Add(time.Hour) {
			s.Times = append(s.Times, hour.UnixNano())
			price *= 1 + 0.01*math.Sin(float64(len(s.Times)))
			s.Open, s.High = append(s.Open, price), append(s.High, price)
			s.Low, s.Close = append(s.Low, price), append(s.Close, price)
			s.Volume = append(s.Volume, 1)
		}
	}
	store := testbed.OpenStore(t)
	testbed.Must(store.Write(t.Context(), "b", 60*market.Minute, []bundle.Series{s}))
	pin := testbed.Pin(t, testbed.Workspace(t, cachekit.Config{}, store), "b")
	defer pin.Close()
	view := testbed.View(t, pin, bundle.Query{TimeZone: "America/New_York", Session: "18:00-17:00"})
	segments := testbed.Segments(testbed.Must(view.Bars(t.Context())), 5)
	if segments.Sessions() != len(days) || segments.PeriodsPerYear() != 252*23 {
		t.Fatalf("%d sessions, %v bars a year; want %d and 252 x 23",
			segments.Sessions(), segments.PeriodsPerYear(), len(days))
	}
	for _, f := range testbed.Must(walk.Windows{Train: 6, Validation: 2, Test: 3, Purge: 1}.Folds(segments.Sessions())) {
		for _, span := range []optimize.Span{f.Train, f.Validation, f.Test} {
			times := testbed.Must(segments.Times(span))
			first, last := testbed.Unix(times[0]), testbed.Unix(times[len(times)-1])
			if want := at(days[span.From].AddDate(0, 0, -1), 18); !first.Equal(want) {
				t.Errorf("fold %d: sessions from %d begin at %s, want %s", f.Number, span.From, first, want)
			}
			if want := at(days[span.To-1], 16); !last.Equal(want) {
				t.Errorf("fold %d: sessions to %d end at %s, want %s", f.Number, span.To, last, want)
			}
		}
	}
}
