package files

import (
	"strings"
	"time"
)

// layouts are how the dates are written that symbolOf takes off a name, and how long each is.
var layouts = []struct {
	layout              string
	years, months, days int
}{
	{time.DateOnly, 0, 0, 1}, {"2006_01_02", 0, 0, 1}, {"20060102", 0, 0, 1}, {"02.01.2006", 0, 0, 1},
	{"2006-01", 0, 1, 0}, {"2006_01", 0, 1, 0}, {"200601", 0, 1, 0},
	{"2006", 1, 0, 0},
}

// Period returns the time that the [File.Date] of a file names, from its first moment to the one after its last, in
// UTC: a day, a month, a year, or all from one to another. It is false where there is no such date.
func Period(date string) (from, to time.Time, ok bool) {
	if first, last, isRange := strings.Cut(date, " to "); isRange {
		from, _, ok = Period(first)
		_, to, last := Period(last)
		return from, to, ok && last && from.Before(to)
	}
	for _, l := range layouts {
		if t, err := time.Parse(l.layout, date); err == nil {
			return t, t.AddDate(l.years, l.months, l.days), true
		}
	}
	return from, to, false
}
