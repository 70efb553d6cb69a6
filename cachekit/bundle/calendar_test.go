package bundle

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"
	_ "time/tzdata"

	"github.com/bmadventure/optcache/cachekit/market"
)

// dates returns every date from from to to, both included, that keep takes.
func dates(from, to string, keep func(time.Time) bool) (days []time.Time) {
	first, _ := time.Parse(time.DateOnly, from)
	last, _ := time.Parse(time.DateOnly, to)
	for d := first; !d.After(last); d = d.AddDate(0, 0, 1) {
		if keep(d) {
			days = append(days, d)
		}
	}
	return days
}

func weekday(d time.Time) bool { return d.Weekday() != time.Saturday && d.Weekday() != time.Sunday }

// every returns n times from a date on, a step after each other.
func every(from string, n, years, months, days int) (times []time.Time) {
	first, _ := time.Parse(time.DateOnly, from)
	for i := range n {
		times = append(times, first.AddDate(i*years, i*months, i*days))
	}
	return times
}

// within the day: bars of so many minutes from open to close on each date, in a zone.
func intraday(zone string, days []time.Time, open, close, step int) (times []time.Time) {
	place, err := time.LoadLocation(zone)
	if err != nil {
		panic(err)
	}
	for _, d := range days {
		for m := open; m < close; m += step {
			times = append(times, time.Date(d.Year(), d.Month(), d.Day(), 0, m, 0, 0, place).UTC())
		}
	}
	return times
}

// seriesAt returns bars of an asset at these times.
func seriesAt(symbol string, times []time.Time) Series {
	s := Series{Symbol: symbol}
	for i, t := range times {
		p := 100 + float64(i%7)
		s.Times = append(s.Times, t.UnixNano())
		s.Open, s.High, s.Low, s.Close = append(s.Open, p), append(s.High, p), append(s.Low, p), append(s.Close, p)
		s.Volume = append(s.Volume, 1)
	}
	return s
}

func TestBarsAYear(t *testing.T) {
	diwali := func(d time.Time) bool { return weekday(d) || d.Format(time.DateOnly) == "2016-10-30" }
	sixDays := func(d time.Time) bool { return d.Weekday() != time.Sunday }
	gulf := func(d time.Time) bool { return d.Weekday() != time.Friday && d.Weekday() != time.Saturday }
	all := func(time.Time) bool { return true }
	years := func(keep func(time.Time) bool) []time.Time { return dates("2015-01-01", "2018-12-31", keep) }
	const year = 365.2425
	for _, c := range []struct {
		name      string
		frequency market.Frequency
		assets    [][]time.Time
		query     Query
		want      float64 // 0: worked out from the times
		why       string
	}{
		{"five weekdays", market.Daily, [][]time.Time{years(weekday)},
			Query{}, 252, "252 (sessions on five weekdays or fewer)"},
		{"seven", market.Daily, [][]time.Time{years(all)}, Query{}, 365, "365 (sessions on seven weekdays)"},
		{"a week of seven", market.Daily, [][]time.Time{dates("2020-01-01", "2020-01-09", all)}, Query{}, 365, "seven"},
		{"Sunday to Thursday", market.Daily, [][]time.Time{years(gulf)}, Query{}, 252, "five"},
		{"a Sunday for Diwali", market.Daily, [][]time.Time{years(diwali)}, Query{}, 252, "five"},
		{"that Sunday in a quarter", market.Daily, [][]time.Time{dates("2016-09-01", "2016-12-01", diwali)},
			Query{}, 252, "five"},
		// 2015-01-01 to 2018-12-31 has 1461 days, 209 of them Sundays.
		{"six days a week", market.Daily, [][]time.Time{years(sixDays)}, Query{}, 1251. / 1460 * year, "6 weekdays"},
		{"stocks and coins", market.Daily, [][]time.Time{years(weekday), years(all)},
			Query{}, 1460. / 1460 * year, "calendar year"},
		{"stocks for long, then coins", market.Daily,
			[][]time.Time{dates("2001-01-01", "2018-12-31", weekday), dates("2016-01-01", "2018-12-31", all)},
			Query{}, 0, "calendar year"},
		{"coins with a hole", market.Daily, [][]time.Time{years(all), append(dates("2016-01-01", "2016-03-01", all),
			dates("2016-04-01", "2016-06-01", all)...)}, Query{}, 365, "seven"},
		{"weekly", market.Weekly, [][]time.Time{every("2010-01-01", 300, 0, 0, 7)}, Query{}, 52, "frequency"},
		{"weekly that says daily", market.Daily, [][]time.Time{every("2010-01-01", 300, 0, 0, 7)},
			Query{}, 52, "distance"},
		{"weekly that says minute", market.Minute, [][]time.Time{every("2010-01-01", 300, 0, 0, 7)},
			Query{}, 52, "distance"},
		{"monthly that says daily", market.Daily, [][]time.Time{every("2010-01-01", 60, 0, 1, 0)},
			Query{}, 12, "distance"},
		{"quarterly that says daily", market.Daily, [][]time.Time{every("2010-01-01", 30, 0, 3, 0)},
			Query{}, 4, "distance"},
		{"yearly that says daily", market.Daily, [][]time.Time{every("1990-01-01", 30, 1, 0, 0)},
			Query{}, 1, "distance"},
		{"monthly", market.Monthly, [][]time.Time{every("2010-01-01", 2, 0, 1, 0)}, Query{}, 12, "frequency"},
		{"quarterly", market.Quarterly, [][]time.Time{every("2010-01-01", 2, 0, 3, 0)}, Query{}, 4, "frequency"},
		{"yearly", market.Yearly, [][]time.Time{every("2010-01-01", 2, 1, 0, 0)}, Query{}, 1, "frequency"},
		{"every other week", market.Daily, [][]time.Time{every("2010-01-01", 100, 0, 0, 14)},
			Query{}, year / 14, "calendar year"},
		{"daily that says minute", market.Minute, [][]time.Time{intraday("America/New_York", years(weekday), 960, 961, 1)},
			Query{TimeZone: "America/New_York"}, 252, "five"},
		{"5 minutes that say minute", market.Minute,
			[][]time.Time{intraday("America/New_York", dates("2017-01-01", "2017-06-30", weekday), 570, 960, 5)},
			Query{}, 252 * 78, "252 sessions on five weekdays or fewer x 78 bars"},
		{"hours of coins", 60 * market.Minute, [][]time.Time{intraday("UTC", years(all), 0, 1440, 60)},
			Query{}, 365 * 24, "seven weekdays x 24 bars"},
		{"the reader says", market.Daily, [][]time.Time{years(weekday)},
			Query{PeriodsPerYear: 260.5}, 260.5, "260.50 (as asked for)"},
		{"a single bar", market.Daily, [][]time.Time{every("2010-01-01", 1, 0, 0, 1)}, Query{}, 252, "252"},
	} {
		var series []Series
		for i, times := range c.assets {
			series = append(series, seriesAt(fmt.Sprintf("A%d", i), times))
		}
		s, v := written(t, c.frequency, series)
		b, err := opened(t, s, v).Read(t.Context(), c.query)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		want := c.want
		if want == 0 { // by the definition
			n := len(b.Timeline())
			want = float64(n-1) / (float64(b.Timeline()[n-1]-b.Timeline()[0]) / 86400e9) * year
		}
		if got := b.PeriodsPerYear(); math.Abs(got-want) > 1e-9*want {
			t.Errorf("%s: %v bars a year, want %v", c.name, got, want)
		}
		if got := b.Calendar().String(); !strings.Contains(got, c.why) {
			t.Errorf("%s: %s, want %s", c.name, got, c.why)
		}
	}
}

// Sessions of 23 hours over a change of the clocks: New York's from 18:00 to 17:00, Sunday's evening being Monday's.
func TestSessionsThatCrossMidnight(t *testing.T) {
	newYork, err := time.LoadLocation("America/New_York")
	if err != nil {
		t.Fatal(err)
	}
	var times []time.Time
	var want []int // where sessions begin
	days := dates("2024-02-26", "2024-03-22", weekday)
	for _, d := range days { // clocks go forward on 2024-03-10
		want = append(want, len(times))
		open := time.Date(d.Year(), d.Month(), d.Day()-1, 18, 0, 0, 0, newYork)
		closes := time.Date(d.Year(), d.Month(), d.Day(), 17, 0, 0, 0, newYork)
		for at := open; at.Before(closes); at = at.Add(30 * time.Minute) {
			times = append(times, at.UTC())
		}
	}
	s, v := written(t, 30*market.Minute, []Series{seriesAt("ES", times)})
	b := opened(t, s, v)
	bars, err := b.Read(t.Context(), Query{TimeZone: "America/New_York", Session: "18:00-17:00"})
	if err != nil {
		t.Fatal(err)
	}
	if got := bars.AppendSessionStarts(nil); fmt.Sprint(got) != fmt.Sprint(want) || bars.Sessions() != len(days) {
		t.Errorf("%d sessions at %v, want %d at %v", bars.Sessions(), got, len(days), want)
	}
	if got, want := bars.PeriodsPerYear(), 252.*46; got != want {
		t.Errorf("%v bars a year, want %v", got, want)
	}
	byDate, err := b.Read(t.Context(), Query{})
	if err != nil {
		t.Fatal(err)
	}
	if byDate.Sessions() == len(days) {
		t.Error("dates in UTC give as many sessions: the test shows nothing")
	}
}

// A cursor tells what asking for the date of each time by the clock on the wall tells.
func TestSessionCursorAgreesWithTheClock(t *testing.T) {
	for _, zone := range []string{"UTC", "America/New_York", "Asia/Kolkata", "America/Sao_Paulo",
		"Australia/Lord_Howe", "Pacific/Apia"} {
		for _, hours := range []string{"", "18:00-17:00", "09:30-16:00", "17:00-17:00", "22:15-21:00"} {
			rule, err := newSessionRule(zone, hours)
			if err != nil {
				t.Fatal(err)
			}
			place, err := time.LoadLocation(zone)
			if err != nil {
				t.Fatal(err)
			}
			r := rand.New(rand.NewPCG(7, 9))
			c := newSessionCursor(rule)
			last, at := "", time.Date(1960, 1, 1, 0, 0, 0, 0, time.UTC)
			for range 20000 {
				at = at.Add(time.Duration(r.Int64N(int64(40 * time.Hour))))
				local := at.In(place)
				date := time.Date(local.Year(), local.Month(), local.Day(), 0, 0, 0, 0, time.UTC)
				if open, _, _ := strings.Cut(hours, "-"); open > "16:00" && local.Format("15:04") >= open {
					date = date.AddDate(0, 0, 1)
				}
				name := date.Format(time.DateOnly)
				if got, want := c.begins(at.UnixNano()), name > last; got != want {
					t.Fatalf("%s %s: a session begins at %s: %t, want %t", zone, hours, local, got, want)
				}
				last = max(last, name)
			}
		}
	}
}

func TestWrongDecisionsAreRefused(t *testing.T) {
	s, v := written(t, market.Daily, walk(1, 5))
	b := opened(t, s, v)
	for want, q := range map[string]Query{
		"bars a year":           {PeriodsPerYear: -1},
		"NaN bars a year":       {PeriodsPerYear: math.NaN()},
		"+Inf bars a year":      {PeriodsPerYear: math.Inf(1)},
		`time zone "Mars"`:      {TimeZone: "Mars"},
		`time zone "Local"`:     {TimeZone: "Local"},
		`session "18-17"`:       {Session: "18-17"},
		`session "18:00"`:       {Session: "18:00"},
		`session "25:00-17:00"`: {Session: "25:00-17:00"},
		"no such adjustment":    {Adjust: 3},
	} {
		if _, err := b.Read(t.Context(), q); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("read: %v, want %s", err, want)
		}
		if _, err := b.Key(q); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("key: %v, want %s", err, want)
		}
	}
}

// Whatever a reader decides is in the key, and no two decisions share one.
func TestDecisionsAreInTheKey(t *testing.T) {
	series := walk(2, 30)
	for i := range series {
		series[i].Split, series[i].Dividend = make([]float64, 30), make([]float64, 30)
	}
	s, v := written(t, market.Daily, series)
	b := opened(t, s, v)
	seen := map[BarsKey]string{}
	for _, symbols := range [][]string{nil, {}} {
		if symbols != nil {
			symbols = []string{series[0].Symbol}
		}
		for _, q := range []Query{
			{}, {PeriodsPerYear: 252}, {PeriodsPerYear: 365}, {TimeZone: "UTC"}, {TimeZone: "Asia/Tokyo"},
			{Session: "18:00-17:00"}, {Session: "17:00-16:00"}, {TimeZone: "Asia/Tokyo", Session: "18:00-17:00"},
			{Adjust: AdjustSplits}, {Adjust: AdjustAll}, {Adjust: AdjustSplits, Prices: RawPrices},
			{Adjust: AdjustSplits, Prices: SplitAdjustedPrices},
		} {
			q.Symbols = symbols
			name := fmt.Sprintf("%+v", q)
			k := key(t, b, q)
			if other, ok := seen[k]; ok {
				t.Errorf("%s has the key of %s", name, other)
			}
			seen[k] = name
			if again := key(t, b, q); again != k {
				t.Errorf("%s: another key when asked again", name)
			}
		}
	}
	if key(t, b, Query{Prices: RawPrices}) != key(t, b, Query{}) {
		t.Error("prices that nobody adjusts have another key")
	}
}
