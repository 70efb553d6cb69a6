package ingest

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bmadventure/optcache/cachekit/bundle"
	"github.com/bmadventure/optcache/cachekit/market"
)

// barsAt returns a CSV file with a bar at each of these times.
func barsAt(times ...string) string {
	var b strings.Builder
	b.WriteString(header1)
	for i, at := range times {
		fmt.Fprintf(&b, "%s,%d,%d,%d,%d,100\n", at, 10+i, 12+i, 9+i, 11+i)
	}
	return b.String()
}

// each returns n times that begin with first and lie so many days, or a duration, apart.
func each(n int, layout string, first time.Time, days int, d time.Duration) []string {
	var times []string
	for i := range n {
		times = append(times, first.AddDate(0, 0, i*days).Add(time.Duration(i)*d).Format(layout))
	}
	return times
}

// readTimes ingests one file and returns the times of its bars, as RFC 3339, with what was reported.
func readTimes(t *testing.T, options Options, text string) ([]string, *Report) {
	t.Helper()
	s := emptyStore(t)
	r, err := Dir(t.Context(), s, "b", folder(t, map[string]string{"A.csv": text}), options)
	if err != nil {
		t.Fatal(err)
	}
	bars, err := opened(t, s, r.Version).Read(t.Context(), bundle.Query{})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, at := range bars.Group(0).Times {
		got = append(got, time.Unix(0, at).UTC().Format(time.RFC3339))
	}
	return got, r
}

var monday = time.Date(2021, 1, 4, 0, 0, 0, 0, time.UTC)

func TestFrequencyIsFoundOut(t *testing.T) {
	for want, times := range map[market.Frequency][]string{
		market.Daily:       each(5, "2006-01-02 15:04:05", monday.Add(16*time.Hour), 1, 0),
		market.Weekly:      each(20, time.DateOnly, monday, 7, 0),
		market.Monthly:     each(20, time.DateOnly, monday, 30, 0),
		market.Quarterly:   each(9, time.DateOnly, monday, 91, 0),
		market.Yearly:      each(5, time.DateOnly, monday, 365, 0),
		market.Minute:      each(5, "2006-01-02 15:04:05", monday, 0, time.Minute),
		15 * market.Minute: each(50, "2006-01-02T15:04:05Z", monday, 0, 15*time.Minute),
		60 * market.Minute: each(50, "2006-01-02T15:04:05-07:00", monday, 0, time.Hour),
	} {
		if _, r := readTimes(t, Options{}, barsAt(times...)); r.Frequency != want {
			t.Errorf("got %s, want %s", r.Frequency, want)
		}
	}
}

func TestFilesThatDifferInFrequency(t *testing.T) {
	daily := barsAt(each(12, time.DateOnly, monday, 1, 0)...)
	for name, other := range map[string]struct{ text, want string }{
		"weeks":   {barsAt(each(12, time.DateOnly, monday, 7, 0)...), "weekly bars in"},
		"minutes": {barsAt(each(12, "2006-01-02 15:04:05", monday, 0, time.Minute)...), "minute bars in"},
	} {
		s := emptyStore(t)
		_, err := Dir(t.Context(), s, "b", folder(t, map[string]string{"A.csv": daily, "C.csv": daily, "B.csv": other.text}), Options{})
		refused(t, name, s, err, "the files differ in frequency: daily bars in")
		refused(t, name, s, err, other.want)
		refused(t, name, s, err, "A.csv and 1 more")
	}
}

// TestRareTrades puts an asset with few trades beside one with a bar each minute.
func TestRareTrades(t *testing.T) {
	r, err := Dir(t.Context(), emptyStore(t), "b", folder(t, map[string]string{
		"A.csv": barsAt(each(100, "2006-01-02 15:04:05", monday, 0, time.Minute)...),
		"B.csv": barsAt("2021-01-04 00:03:00", "2021-01-04 00:10:00", "2021-01-04 00:12:00", "2021-01-04 00:40:00"),
	}), Options{})
	if err != nil || r.Frequency != market.Minute {
		t.Errorf("%+v, %v", r, err)
	}
}

func TestDatesInTheirZone(t *testing.T) {
	want := []string{"2021-01-04T00:00:00Z", "2021-01-05T00:00:00Z", "2021-01-06T00:00:00Z", "2021-01-07T00:00:00Z",
		"2021-01-08T00:00:00Z"}
	for name, c := range map[string]struct {
		options Options
		first   time.Time
	}{
		"midnight in Berlin":               {Options{}, monday.Add(-time.Hour)},
		"midnight in Tokyo":                {Options{}, monday.Add(-9 * time.Hour)},
		"midnight in Chicago":              {Options{}, monday.Add(6 * time.Hour)},
		"a close":                          {Options{}, monday.Add(22 * time.Hour)},
		"midnight in Berlin, as was given": {Options{TimeZone: "Europe/Berlin"}, monday.Add(-time.Hour)},
		"evenings, as was given":           {Options{TimeZone: "UTC"}, monday.Add(23 * time.Hour)},
	} {
		got, r := readTimes(t, c.options, barsAt(each(5, "2006-01-02T15:04:05Z", c.first, 1, 0)...))
		if d := cmp.Diff(want, got); d != "" || r.Frequency != market.Daily {
			t.Errorf("%s: %s bars\n%s", name, r.Frequency, d)
		}
	}
	s := emptyStore(t)
	_, err := Dir(t.Context(), s, "b", folder(t, map[string]string{
		"A.csv": barsAt(each(14, "2006-01-02T15:04:05Z", monday.Add(23*time.Hour), 1, 0)...)}), Options{})
	refused(t, "seven days a week", s, err, "give --timezone Europe/Berlin if")
}

func TestWallClocksInAZone(t *testing.T) {
	text := barsAt("2021-11-05 09:30:00", "2021-11-05 09:31:00", "2021-11-08 09:30:00", "2021-11-08 09:31:00")
	got, _ := readTimes(t, Options{TimeZone: "America/New_York"}, text)
	want := []string{"2021-11-05T13:30:00Z", "2021-11-05T13:31:00Z", "2021-11-08T14:30:00Z", "2021-11-08T14:31:00Z"}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	got, _ = readTimes(t, Options{TimeZone: "America/New_York", StampedAtEnd: true}, text)
	want = []string{"2021-11-05T13:29:00Z", "2021-11-05T13:30:00Z", "2021-11-08T14:29:00Z", "2021-11-08T14:30:00Z"}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	s := emptyStore(t)
	_, err := Dir(t.Context(), s, "b", folder(t, map[string]string{"A.csv": text}), Options{TimeZone: "Mars/Olympus"})
	refused(t, "no zone", s, err, "there is no such time zone")
}

func TestHoursThatOccurTwice(t *testing.T) {
	text := barsAt("2021-11-07 00:30:00", "2021-11-07 01:00:00", "2021-11-07 01:30:00", "2021-11-07 01:00:00",
		"2021-11-07 01:30:00", "2021-11-07 02:00:00")
	s := emptyStore(t)
	_, err := Dir(t.Context(), s, "b", folder(t, map[string]string{"A.csv": text}), Options{})
	refused(t, "no zone", s, err, "the hour that the clocks repeat when daylight saving ends")
	want := []string{"2021-11-07T04:30:00Z", "2021-11-07T05:00:00Z", "2021-11-07T05:30:00Z", "2021-11-07T06:00:00Z",
		"2021-11-07T06:30:00Z", "2021-11-07T07:00:00Z"}
	got, _ := readTimes(t, Options{TimeZone: "America/New_York"}, text)
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	lines := strings.SplitAfter(text, "\n")
	newest := lines[0]
	for i := len(lines) - 1; i > 0; i-- {
		newest += lines[i]
	}
	if got, _ = readTimes(t, Options{TimeZone: "America/New_York"}, newest); !cmp.Equal(want, got) {
		t.Error(cmp.Diff(want, got))
	}
}
