package bar

import (
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/bmadventure/optcache/cachekit/market"
)

func TestNeutralValuesSayNothing(t *testing.T) {
	if got := Pad([]float64{7}, 3, Split); !slices.Equal(got, []float64{7, 1, 1}) {
		t.Errorf("splits: %v", got)
	}
	if got := Pad(nil, 2, Dividend); !slices.Equal(got, []float64{0, 0}) {
		t.Errorf("dividends: %v", got)
	}
	if got := Pad([]float64{1, 2}, 1, Split); len(got) != 2 {
		t.Errorf("a column that is long enough: %v", got)
	}
}

func TestCheckTime(t *testing.T) {
	for _, c := range []struct {
		at            int64
		daily, minute string
	}{
		{0, "", ""},
		{-Day, "", ""},
		{1, "time of day", ""},
		{MinTime, "time of day", ""},
		{MaxTime, "time of day", ""},
		{MinTime - 1, "1678 to 2261", "1678 to 2261"},
		{MaxTime + 1, "1678 to 2261", "1678 to 2261"},
		{math.MinInt64, "1678 to 2261", "1678 to 2261"},
		{math.MaxInt64, "1678 to 2261", "1678 to 2261"},
	} {
		for frequency, want := range map[market.Frequency]string{market.Daily: c.daily, market.Minute: c.minute} {
			if got := CheckTime(frequency, c.at); !strings.Contains(got, want) || (got == "") != (want == "") {
				t.Errorf("%s bar at %d: %q, want %q", frequency, c.at, got, want)
			}
		}
	}
}

// Every time that a bar may have can be written, and is read as it was.
func TestTimesAreReadAsWritten(t *testing.T) {
	for _, at := range []int64{MinTime, MinTime + 1, -1, 0, 1, Day, MaxTime} {
		text := FormatTime(market.Minute, at)
		got, err := time.Parse(TimeLayout(market.Minute), text)
		if err != nil || got.UnixNano() != at {
			t.Errorf("%d: written as %s, read as %d, %v", at, text, got.UnixNano(), err)
		}
	}
	if got := FormatTime(market.Daily, 400*Day); got != "1971-02-05" {
		t.Errorf("a date: %s", got)
	}
}

func TestAscending(t *testing.T) {
	for want, lists := range map[bool][][]int64{
		true:  {nil, {1}, {1, 2, 9}, {math.MinInt64, math.MaxInt64}},
		false: {{1, 1}, {2, 1}, {1, 2, 2}, {1, 3, 2}},
	} {
		for _, times := range lists {
			if Ascending(times) != want {
				t.Errorf("%v", times)
			}
		}
	}
}

func TestCheckValues(t *testing.T) {
	good := [NumFields]float64{Open: 2, High: 3, Low: 1, Close: 3, Volume: 0, Split: 1}
	if f, wrong := CheckValues(&good); wrong != "" {
		t.Errorf("field %d: %s", f, wrong)
	}
	good[Volume] = math.NaN()
	if f, wrong := CheckValues(&good); wrong != "" {
		t.Errorf("a volume that is not known: field %d: %s", f, wrong)
	}
	good[Volume] = 0
	for _, c := range []struct {
		change, at int
		to         float64
		want       string
	}{
		{Open, Open, 4, "the open is outside low 1 to high 3"},
		{Open, Open, 0.5, "the open is outside"},
		{Close, Close, 3.5, "the close is outside"},
		{High, High, 0.5, "the high is below the low of 1"},
		{Low, High, 5, "the high is below the low of 5"},
		{Volume, Volume, -1, "the volume is negative"},
		{Volume, Volume, math.Inf(1), "not a finite number"},
		{Split, Split, math.NaN(), "not a finite number"},
		{Split, Split, -2, "how many units one unit became"},
		{Dividend, Dividend, -0.25, "the dividend is negative"},
		{Dividend, Dividend, math.Inf(-1), "not a finite number"},
	} {
		values := good
		values[c.change] = c.to
		if f, wrong := CheckValues(&values); f != c.at || !strings.Contains(wrong, c.want) {
			t.Errorf("%s %g: %s: %q, want %q", Names[c.change], c.to, Names[f], wrong, c.want)
		}
	}
}

func TestClipKeepsWholeCharacters(t *testing.T) {
	for text, want := range map[string]string{
		"":                             "",
		strings.Repeat("a", 60):        strings.Repeat("a", 60),
		strings.Repeat("a", 61):        strings.Repeat("a", 60) + "...",
		strings.Repeat("a", 59) + "株x": strings.Repeat("a", 59) + "...",
		strings.Repeat("\x80", 61):     "...",
	} {
		if got := Clip(text); got != want {
			t.Errorf("%q: %q", text, got)
		}
	}
}
