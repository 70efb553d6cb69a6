package clock

import (
	"fmt"
	"math"
	"time"
)

// A Local turns the wall clocks of one asset in one file into instants. It is given them in the order of time. The
// zero value takes the wall for UTC.
type Local struct {
	Zone *time.Location

	begun bool
	last  int64 // the instant before
	// The offset of the last wall, and the walls for which it is the only one: offsets are looked up at their edges alone.
	offset     int64
	from, till int64
}

// GapMessage says that a wall clock never showed a time.
const gapMessage = "the clocks of %s skipped this time when daylight saving began: correct it, or give the zone that " +
	"the file is in with --timezone"

// Instant returns the instant of a wall clock, in Unix nanoseconds both. A wall that occurs twice at the end of
// daylight saving is the first that comes after the instant before it. wrong says that it never occurred.
func (l *Local) Instant(wall int64) (at int64, wrong string) {
	if l.Zone == nil {
		return wall, ""
	}
	if l.begun && l.from <= wall && wall < l.till {
		at = wall - l.offset
	} else if at, wrong = l.lookUp(wall); wrong != "" {
		return 0, wrong
	}
	l.begun, l.last = true, at
	return at, ""
}

// lookUp finds the instants at which the wall showed a time: with the offset of the day before and of the day after.
func (l *Local) lookUp(wall int64) (at int64, wrong string) {
	const day, second = int64(24 * time.Hour), int64(time.Second)
	early, late := l.offsetAt(wall-day), l.offsetAt(wall+day)
	first, again := wall-early*second, wall-late*second
	firstOK, againOK := l.offsetAt(first) == early, l.offsetAt(again) == late
	if early == late {
		l.offset, l.from, l.till = early*second, wall, wall+day-day/8
		if l.offsetAt(l.till+day) != early { // a change comes within two days
			l.till = wall + 1
		}
		return first, ""
	}
	l.from, l.till = math.MaxInt64, math.MinInt64
	switch {
	case !firstOK && !againOK:
		return 0, fmt.Sprintf(gapMessage, l.Zone)
	case !againOK:
		return first, ""
	case !firstOK:
		return again, ""
	}
	if l.begun && first <= l.last {
		return again, ""
	}
	return first, ""
}

// offsetAt returns the seconds east of UTC at an instant.
func (l *Local) offsetAt(at int64) int64 {
	_, offset := time.Unix(0, at).In(l.Zone).Zone()
	return int64(offset)
}

// Repeats reports whether a wall clock, in Unix nanoseconds, showed the same hour twice in some exchange's zone or in
// New York, Chicago or Sao Paulo: what goes back by an hour there is no mistake, but the end of daylight saving.
func Repeats(wall int64) bool {
	const hour, day = int64(time.Hour), int64(24 * time.Hour)
	t := time.Unix(0, wall).UTC()
	if t.Hour() > 3 {
		return false
	}
	for _, zone := range append(savingZones(), exchanges()...) {
		l := Local{Zone: zone}
		early, late := l.offsetAt(wall-day), l.offsetAt(wall+day)
		if early > late && l.offsetAt(wall-early*1e9) == early && l.offsetAt(wall-late*1e9) == late &&
			(early-late)*1e9 <= 2*hour {
			return true
		}
	}
	return false
}

// savingZones are zones west of Greenwich that have or had daylight saving.
func savingZones() []*time.Location {
	var zones []*time.Location
	for _, name := range []string{"America/New_York", "America/Sao_Paulo"} {
		if zone, err := time.LoadLocation(name); err == nil {
			zones = append(zones, zone)
		}
	}
	return zones
}
