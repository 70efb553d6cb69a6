package clock

import (
	"time"

	"github.com/bmadventure/optcache/cachekit/internal/bar"
)

// Bounds on what a survey remembers: times of day, and spacings between bars.
const (
	maxTimesOfDay = 8
	maxSpacings   = 1 << 10
)

// A Survey is what the times of one asset tell about themselves. The zero value has seen none. It is not for
// concurrent use.
type Survey struct {
	bars     int
	dates    int // dates on the wall that have a bar
	last     int64
	lastDate int64

	instants bool  // whether every offset was known and none but UTC
	written  bool  // whether some offset other than UTC was written
	least    int32 // of the offsets, in seconds
	most     int32
	weekdays uint8 // of the dates on the wall: bit 0 is Sunday
	next     uint8 // the same where a bar at [firstLate] or later belongs to the date that follows
	midnight int   // bars at midnight on the wall
	clocks   []timeOfDay
	odd      stray // a bar that is not at midnight

	days     map[int64]int // spacings of a day and longer, in days between dates, and how often each occurs
	spacings map[int64]int // spacings within a date, in nanoseconds
	zones    []bool        // for each of exchanges: whether every bar is at midnight there
}

// A timeOfDay is one that bars have, and how many.
type timeOfDay struct {
	at   int64 // nanoseconds after midnight on the wall
	bars int
}

// A stray is a bar whose time is not like those of the others.
type stray struct {
	row  int
	wall int64
}

// Add adds the next bar in the order of time. wall is what the clock on the wall said, in Unix nanoseconds as if that
// were UTC; offset is how many seconds east of UTC that wall is, and known whether the file says so. row is the line
// or row of the file, for messages.
func (s *Survey) Add(wall int64, offset int32, known bool, row int) {
	date, clock := floorDay(wall)
	if s.bars == 0 {
		s.instants = true
		s.days, s.spacings = make(map[int64]int), make(map[int64]int)
		s.zones = make([]bool, len(exchanges()))
		for i := range s.zones {
			s.zones[i] = true
		}
	}
	s.instants = s.instants && known && offset == 0
	s.written = s.written || known && offset != 0
	if s.bars == 0 {
		s.least, s.most = offset, offset
	}
	s.least, s.most = min(s.least, offset), max(s.most, offset)
	switch {
	case s.bars == 0 || date != s.lastDate:
		if s.bars > 0 {
			count(s.days, date-s.lastDate)
		}
		s.dates++
		s.weekdays |= 1 << weekday(date)
		if clock >= firstLate {
			s.next |= 1 << weekday(date+1)
		} else {
			s.next |= 1 << weekday(date)
		}
	default:
		count(s.spacings, wall-s.last)
	}
	if clock == 0 {
		s.midnight++
	} else {
		s.odd = stray{row, wall}
	}
	s.addClock(clock)
	if s.instants && len(s.clocks) <= 2 {
		for i, zone := range exchanges() {
			s.zones[i] = s.zones[i] && isMidnight(zone, wall)
		}
	}
	s.bars, s.last, s.lastDate = s.bars+1, wall, date
}

func (s *Survey) addClock(at int64) {
	for i := range s.clocks {
		if s.clocks[i].at == at {
			s.clocks[i].bars++
			return
		}
	}
	if len(s.clocks) < maxTimesOfDay {
		s.clocks = append(s.clocks, timeOfDay{at, 1})
	}
}

// Bars returns how many bars were added.
func (s *Survey) Bars() int { return s.bars }

// Offset returns what the offsets that were written were: "UTC", an offset such as "-05:00", or "offsets" of several.
func (s *Survey) Offset() string {
	switch {
	case s.instants:
		return "UTC"
	case s.most != s.least:
		return "offsets"
	}
	return time.Unix(0, 0).In(time.FixedZone("", int(s.most))).Format("-07:00")
}

// Naive reports whether no offset was known: the times are of a clock on some wall.
func (s *Survey) Naive() bool { return !s.instants && !s.written }

// Timed reports whether a bar has a time of day other than midnight.
func (s *Survey) Timed() bool { return s.midnight < s.bars }

// count adds one to a key of a map that is kept small.
func count(m map[int64]int, key int64) {
	if _, ok := m[key]; ok || len(m) < maxSpacings {
		m[key]++
	}
}

// floorDay cuts a time into days since 1970 and nanoseconds of the day.
func floorDay(t int64) (day, clock int64) {
	day, clock = t/bar.Day, t%bar.Day
	if clock < 0 {
		return day - 1, clock + bar.Day
	}
	return day, clock
}

// weekday returns the weekday of a day since 1970, which began on a Thursday.
func weekday(day int64) time.Weekday { return time.Weekday(((day+4)%7 + 7) % 7) }
