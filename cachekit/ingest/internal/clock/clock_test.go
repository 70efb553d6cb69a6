package clock

import (
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/bmadventure/optcache/cachekit/market"
)

// surveyed returns the survey of times, whose walls and offsets are those of their zones.
func surveyed(times []time.Time, known bool) *Survey {
	var s Survey
	for i, t := range times {
		_, offset := t.Zone()
		s.Add(t.UnixNano()+int64(offset)*1e9, int32(offset), known, i+2)
	}
	return &s
}

// sessions returns n bars, one on each weekday from Monday the 6th of January 2020 on, at a time of day in a zone.
func sessions(t *testing.T, n int, zone string, hour, minute int) []time.Time {
	loc := location(t, zone)
	var times []time.Time
	for day := time.Date(2020, 1, 6, hour, minute, 0, 0, loc); len(times) < n; day = day.AddDate(0, 0, 1) {
		if wd := day.Weekday(); wd != time.Saturday && wd != time.Sunday {
			times = append(times, day)
		}
	}
	return times
}

func location(t *testing.T, name string) *time.Location {
	t.Helper()
	loc, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return loc
}

// every returns n times with a spacing.
func every(n int, first time.Time, spacing func(time.Time) time.Time) []time.Time {
	var times []time.Time
	for t := first; len(times) < n; t = spacing(t) {
		times = append(times, t)
	}
	return times
}

func after(d time.Duration) func(time.Time) time.Time {
	return func(t time.Time) time.Time { return t.Add(d) }
}

func months(n int) func(time.Time) time.Time {
	return func(t time.Time) time.Time { return t.AddDate(0, n, 0) }
}

func TestFrequencyFollowsFromTheSpacing(t *testing.T) {
	first := time.Date(2020, 1, 6, 0, 0, 0, 0, time.UTC)
	open := first.Add(9*time.Hour + 30*time.Minute)
	for name, c := range map[string]struct {
		times []time.Time
		want  market.Frequency
	}{
		"dates":          {sessions(t, 30, "UTC", 0, 0), market.Daily},
		"closes":         {sessions(t, 30, "UTC", 16, 0), market.Daily},
		"opens at 05:00": {sessions(t, 300, "America/New_York", 0, 0), market.Daily},
		"seven days":     {every(20, first, after(24*time.Hour)), market.Daily},
		"weeks":          {every(20, first, after(7*24*time.Hour)), market.Weekly},
		"months":         {every(20, first, months(1)), market.Monthly},
		"quarters":       {every(20, first, months(3)), market.Quarterly},
		"years":          {every(5, first, months(12)), market.Yearly},
		"two bars":       {every(2, first, after(7*24*time.Hour)), 0},
		"three bars":     {every(3, first, after(7*24*time.Hour)), market.Weekly},
		"one bar":        {every(1, open, after(time.Hour)), 0},
		"minutes":        {every(200, open, after(time.Minute)), market.Minute},
		"two minutes":    {every(2, open, after(time.Minute)), market.Minute},
		"five minutes":   {every(200, open, after(5*time.Minute)), 5 * market.Minute},
		"hours":          {every(200, open, after(time.Hour)), 60 * market.Minute},
		"four hours":     {every(60, first, after(4*time.Hour)), 240 * market.Minute},
		"seconds":        {every(200, open, after(time.Second)), market.Frequency(time.Second)},
	} {
		if got := surveyed(c.times, false).Frequency(); got != c.want {
			t.Errorf("%s: got %s, want %s", name, got, c.want)
		}
	}
}

func TestFrequencyOfBarsWithGaps(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, spacing := range []time.Duration{time.Second, time.Minute, 15 * time.Minute, time.Hour} {
		var times []time.Time
		for at := time.Date(2021, 3, 1, 9, 0, 0, 0, time.UTC); len(times) < 500; at = at.Add(spacing) {
			if r.IntN(3) > 0 && at.Hour() >= 8 && at.Hour() < 20 {
				times = append(times, at)
			}
		}
		if got := surveyed(times, false).Frequency(); got != market.Frequency(spacing) {
			t.Errorf("got %s, want %s", got, spacing)
		}
	}
}

func TestStrayTime(t *testing.T) {
	times := sessions(t, 12, "UTC", 0, 0)
	times[11] = times[11].Add(15*time.Hour + 59*time.Minute)
	s := surveyed(times, false)
	row, wall, found := s.Stray()
	if !found || row != 13 || wall != times[11].UnixNano() || s.Frequency() != market.Daily {
		t.Errorf("got row %d, %s, %t, frequency %s", row, time.Unix(0, wall).UTC(), found, s.Frequency())
	}
	for name, times := range map[string][]time.Time{
		"dates": sessions(t, 12, "UTC", 0, 0), "closes": sessions(t, 12, "UTC", 16, 0),
		"minutes": every(100, times[0], after(time.Minute)),
	} {
		if _, _, found := surveyed(times, false).Stray(); found {
			t.Errorf("%s: a stray is found", name)
		}
	}
	halfDays := sessions(t, 200, "UTC", 16, 0)
	halfDays[50] = halfDays[50].Add(-3 * time.Hour)
	if _, _, found := surveyed(halfDays, false).Stray(); found {
		t.Error("a close at 13:00 among closes at 16:00 is a stray")
	}
}

// TestDatesOfMidnights writes the midnights of exchanges in UTC, as many libraries do, and wants their dates back.
func TestDatesOfMidnights(t *testing.T) {
	for _, zone := range append([]string{"America/New_York", "America/Sao_Paulo", "America/Chicago", "UTC"}, exchangeZones...) {
		for _, n := range []int{5, 10, 300} {
			want := sessions(t, n, zone, 0, 0)
			var utc []time.Time
			for _, at := range want {
				utc = append(utc, at.UTC())
			}
			s := surveyed(utc, true)
			if row, _, found := s.Stray(); found {
				t.Fatalf("%s: row %d is a stray", zone, row)
			}
			d, wrong := s.Dates()
			if wrong != "" {
				t.Fatalf("%s: %s", zone, wrong)
			}
			for i, at := range utc {
				got := time.Unix(0, d.Of(at.UnixNano(), 0, true)).UTC().Format(time.DateOnly)
				if got != want[i].Format(time.DateOnly) {
					t.Fatalf("%s, %d bars: %s is dated %s, want %s", zone, n, at, got, want[i].Format(time.DateOnly))
				}
			}
		}
	}
}

func TestDatesThatAreWritten(t *testing.T) {
	for name, times := range map[string][]time.Time{
		"Tokyo with its offset":    sessions(t, 30, "Asia/Tokyo", 0, 0),
		"New York with its offset": sessions(t, 300, "America/New_York", 0, 0),
		"closes in UTC":            sessions(t, 30, "UTC", 16, 0),
		"closes of New York":       sessions(t, 30, "America/New_York", 16, 0),
		"late closes in UTC":       sessions(t, 30, "UTC", 23, 0),
	} {
		s := surveyed(times, true)
		d, wrong := s.Dates()
		if wrong != "" {
			t.Errorf("%s: %s", name, wrong)
			continue
		}
		for _, at := range times {
			_, offset := at.Zone()
			got := d.Of(at.UnixNano()+int64(offset)*1e9, int32(offset), true)
			if text := time.Unix(0, got).UTC().Format(time.DateOnly); text != at.Format(time.DateOnly) {
				t.Errorf("%s: %s is dated %s", name, at, text)
				break
			}
		}
	}
}

func TestDatesThatMayBeTwo(t *testing.T) {
	week := every(20, time.Date(2020, 1, 6, 23, 0, 0, 0, time.UTC), after(24*time.Hour))
	for name, times := range map[string][]time.Time{"seven days": week, "three days": week[:3]} {
		if d, wrong := surveyed(times, true).Dates(); !strings.Contains(wrong, "--timezone Europe/Berlin") {
			t.Errorf("%s: got %v, %q", name, d, wrong)
		}
	}
}

// TestLocalIsTheInverse walks through a year, half an hour at a time, in zones with and without daylight saving.
func TestLocalIsTheInverse(t *testing.T) {
	for _, zone := range []string{"America/New_York", "Europe/Berlin", "Australia/Sydney", "Asia/Tokyo", "Asia/Kolkata",
		"Australia/Lord_Howe", "UTC"} {
		l := Local{Zone: location(t, zone)}
		for at := time.Date(2021, 1, 1, 0, 0, 0, 0, time.UTC); at.Year() < 2022; at = at.Add(30 * time.Minute) {
			_, offset := at.In(l.Zone).Zone()
			got, wrong := l.Instant(at.UnixNano() + int64(offset)*1e9)
			if wrong != "" || got != at.UnixNano() {
				t.Fatalf("%s: %s comes back as %s %s", zone, at, time.Unix(0, got).UTC(), wrong)
			}
		}
	}
}

func TestHoursThatNeverWere(t *testing.T) {
	wall := time.Date(2021, 3, 14, 2, 30, 0, 0, time.UTC).UnixNano()
	l := Local{Zone: location(t, "America/New_York")}
	if _, wrong := l.Instant(wall); !strings.Contains(wrong, "America/New_York skipped") {
		t.Errorf("got %q", wrong)
	}
	if at, wrong := new(Local).Instant(wall); at != wall || wrong != "" {
		t.Errorf("without a zone: %d, %q", at, wrong)
	}
}

func TestRepeats(t *testing.T) {
	for text, want := range map[string]bool{
		"2020-11-01 01:00": true, "2020-11-01 01:30": true, "2020-10-25 02:30": true,
		"2020-11-01 03:30": false, "2020-07-01 01:00": false, "2020-11-01 12:00": false,
	} {
		at, err := time.Parse("2006-01-02 15:04", text)
		if err != nil {
			t.Fatal(err)
		}
		if got := Repeats(at.UnixNano()); got != want {
			t.Errorf("%s: got %t", text, got)
		}
	}
}

func BenchmarkSurvey(b *testing.B) {
	var s Survey
	first := time.Date(2020, 1, 6, 9, 30, 0, 0, time.UTC).UnixNano()
	for i := range b.N {
		s.Add(first+int64(i)*int64(time.Minute), 0, true, i)
	}
}

func BenchmarkLocal(b *testing.B) {
	zone, err := time.LoadLocation("America/New_York")
	if err != nil {
		b.Fatal(err)
	}
	l := Local{Zone: zone}
	first := time.Date(2020, 1, 6, 9, 30, 0, 0, time.UTC).UnixNano()
	for i := range b.N {
		l.Instant(first + int64(i%500_000)*int64(time.Minute))
	}
}
