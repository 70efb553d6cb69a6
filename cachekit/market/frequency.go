package market

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Frequency says how much time one bar covers. A positive one is the span of a bar within the day, in nanoseconds as
// [time.Duration] has them: Frequency(5*time.Minute). Those of a day and longer follow the calendar and are the
// negative constants: their bars carry a date and no time of day.
type Frequency int64

const (
	Daily     Frequency = -1 - iota // one bar a session
	Weekly                          // one bar a week
	Monthly                         // one bar a month
	Quarterly                       // one bar a quarter
	Yearly                          // one bar a year
)

// Minute is one bar a minute.
const Minute = Frequency(time.Minute)

// calendar names the frequencies that follow the calendar, by their negatives.
var calendar = [...]string{-Daily: "daily", -Weekly: "weekly", -Monthly: "monthly",
	-Quarterly: "quarterly", -Yearly: "yearly"}

// units are the spans that have a name, the longest first, with what follows a count of them.
var units = []struct {
	span         Frequency
	name, suffix string
}{
	{Frequency(time.Hour), "hour", "h"},
	{Minute, "minute", "min"},
	{Frequency(time.Second), "second", "s"},
}

// Valid reports whether f is one of the constants or a span shorter than a day.
func (f Frequency) Valid() bool {
	return Yearly <= f && f <= Daily || 0 < f && f < Frequency(24*time.Hour)
}

// Intraday reports whether bars have a time of day: whether f is a span within the day.
func (f Frequency) Intraday() bool { return f > 0 }

// String returns "daily" to "yearly", "hour", "minute", "second", or a count of those: "4h", "5min", "30s".
func (f Frequency) String() string {
	if !f.Valid() {
		return fmt.Sprintf("Frequency(%d)", int64(f))
	}
	if f < 0 {
		return calendar[-f]
	}
	for _, u := range units {
		if f == u.span {
			return u.name
		}
		if f%u.span == 0 {
			return strconv.FormatInt(int64(f/u.span), 10) + u.suffix
		}
	}
	return strconv.FormatInt(int64(f), 10) + "ns"
}

// synonyms are other words for a frequency, as data providers and libraries write them.
var synonyms = map[string]Frequency{
	"day": Daily, "1d": Daily, "week": Weekly, "1w": Weekly, "1wk": Weekly, "month": Monthly, "1mo": Monthly,
	"quarter": Quarterly, "1q": Quarterly, "year": Yearly, "1y": Yearly, "annual": Yearly, "hourly": 60 * Minute,
}

// ParseFrequency is the inverse of [Frequency.String]. It takes 1d, 1w, 1mo, 1q, 1y, and durations such as 5m, 1h
// and 90s too.
func ParseFrequency(s string) (Frequency, error) {
	for i, name := range calendar {
		if i > 0 && s == name {
			return Frequency(-i), nil
		}
	}
	if f, ok := synonyms[s]; ok {
		return f, nil
	}
	for _, u := range units {
		if s == u.name {
			return u.span, nil
		}
	}
	text := s
	if n, ok := strings.CutSuffix(s, "min"); ok {
		text = n + "m"
	}
	if d, err := time.ParseDuration(text); err == nil && Frequency(d).Valid() && d > 0 {
		return Frequency(d), nil
	}
	return 0, fmt.Errorf("frequency %q: must be daily, weekly, monthly, quarterly, yearly, hour, minute, second "+
		"or a span within the day such as 5min, 4h or 30s", s)
}
