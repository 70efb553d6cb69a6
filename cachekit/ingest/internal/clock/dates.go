package clock

import (
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/bmadventure/optcache/cachekit/internal/bar"
)

// exchangeZones are zones of exchanges that lie east of Greenwich, one for each clock and its rule of daylight saving:
// midnight there is the day before in UTC. West of it midnight is the same date in UTC.
var exchangeZones = []string{
	"Europe/London", "Europe/Berlin", "Europe/Athens", "Europe/Istanbul", "Europe/Moscow", "Asia/Jerusalem",
	"Africa/Lagos", "Africa/Johannesburg", "Africa/Cairo", "Asia/Riyadh", "Asia/Dubai", "Asia/Karachi",
	"Asia/Kolkata", "Asia/Dhaka", "Asia/Jakarta", "Asia/Shanghai", "Asia/Tokyo", "Australia/Sydney",
	"Australia/Brisbane", "Pacific/Auckland",
}

// firstLate is the earliest time of day in UTC that is midnight east of Greenwich: in New Zealand's summer.
const firstLate = 11 * int64(time.Hour)

// exchanges returns the exchange zones that this machine knows.
var exchanges = sync.OnceValue(func() []*time.Location {
	var zones []*time.Location
	for _, name := range exchangeZones {
		if zone, err := time.LoadLocation(name); err == nil {
			zones = append(zones, zone)
		}
	}
	return zones
})

// isMidnight reports whether a day begins in a zone at a time, in Unix nanoseconds.
func isMidnight(zone *time.Location, at int64) bool {
	t := time.Unix(0, at).In(zone)
	return t.Hour() == 0 && t.Minute() == 0 && t.Second() == 0 && t.Nanosecond() == 0
}

// Dates says how the bars of a file get their dates.
type Dates struct {
	Zone  *time.Location // the date is that of the instant there; nil: the date on the wall
	Found bool           // whether the zone follows from the bars alone
}

// The weekdays Monday to Friday as a set.
const workdays = 1<<time.Monday | 1<<time.Tuesday | 1<<time.Wednesday | 1<<time.Thursday | 1<<time.Friday

// Dates finds out the dates of bars of a day and longer. An offset that was written has the date beside it; a bar of
// a wall clock has the date on the wall. Only instants in UTC may be midnight of an exchange farther east, and then
// have the date that follows: so it is where the bars lie on Sundays to Thursdays, which makes them those of Mondays
// to Fridays, or where they move with the daylight saving of one exchange. Where both dates may be meant, wrong says so.
func (s *Survey) Dates() (d Dates, wrong string) {
	if !s.instants || !s.Timed() {
		return Dates{}, ""
	}
	late := slices.ContainsFunc(s.clocks, func(c timeOfDay) bool { return c.at >= firstLate })
	if len(s.clocks) > 2 || !late { // no exchange's midnight, or that of one in the Americas: the date is the same
		return Dates{}, ""
	}
	zone := s.zone()
	if zone == nil || s.weekdays&^workdays == 0 && s.next&^workdays != 0 {
		return Dates{}, "" // Fridays would be Saturdays
	}
	if s.next&^workdays == 0 && s.weekdays&^workdays != 0 || len(s.clocks) == 2 {
		return Dates{Zone: zone, Found: true}, ""
	}
	return Dates{}, fmt.Sprintf("every bar is at the same hour in UTC, which is midnight in %s: give --timezone %s if "+
		"bars have the date of that midnight, or --timezone UTC if they have the date that is written", zone, zone)
}

// zone returns the first exchange whose midnight all bars are at, or nil.
func (s *Survey) zone() *time.Location {
	for i, fits := range s.zones {
		if fits {
			return exchanges()[i]
		}
	}
	return nil
}

// Of returns the date of a bar as midnight in UTC, in Unix nanoseconds. wall and offset are as [Survey.Add] has them.
func (d Dates) Of(wall int64, offset int32, known bool) int64 {
	if d.Zone != nil && known {
		t := time.Unix(0, wall-int64(offset)*int64(time.Second)).In(d.Zone)
		wall = time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.UTC).UnixNano()
	}
	day, _ := floorDay(wall)
	return day * bar.Day
}
