package bundle

import (
	"fmt"
	"math"
	"strings"
	"sync"
	"time"

	"github.com/bmadventure/optcache/cachekit/internal/bar"
	"github.com/bmadventure/optcache/cachekit/market"
)

// A Calendar says how many bars make a year, and how that was decided. See [Bars.Calendar].
type Calendar struct {
	Sessions       int     // on the timeline
	Weekdays       int     // on which there are sessions; stray ones do not count
	BarsPerSession float64 // points of the timeline a session, on average
	PeriodsPerYear float64 // points of the timeline a year

	reason  reason
	daysDue float64 // sessions a year by the weekdays; 0 if they do not say
}

// A reason is what decided how many bars make a year.
type reason uint8

const (
	byQuery     reason = iota // the reader said so
	byFrequency               // weeks, months, quarters, years
	bySpacing                 // likewise, but only the distance between the bars says so
	byWeekdays                // five weekdays or seven
	byPoints                  // anything else: the points of the timeline that a calendar year has
	byDefault                 // too few bars to tell
)

// String says how many bars make a year and why, such as "365 (sessions on seven weekdays)".
func (c Calendar) String() string {
	return fmt.Sprintf("%s (%s)", number(c.PeriodsPerYear), c.Reason())
}

// number writes a count to a hundredth, and a whole one without.
func number(x float64) string {
	return strings.TrimSuffix(fmt.Sprintf("%.2f", x), ".00")
}

// Reason says what decided it, such as "sessions on seven weekdays".
func (c Calendar) Reason() string {
	switch c.reason {
	case byQuery:
		return "as asked for"
	case byFrequency:
		return "by the frequency"
	case bySpacing:
		return "by the distance between bars"
	case byPoints:
		return fmt.Sprintf("points of the timeline in a calendar year; sessions on %d weekdays", c.Weekdays)
	case byDefault:
		return "too few bars to tell"
	}
	on := "five weekdays or fewer"
	if c.daysDue == sevenDays {
		on = "seven weekdays"
	}
	if c.BarsPerSession == 1 {
		return "sessions on " + on
	}
	return fmt.Sprintf("%g sessions on %s x %s bars", c.daysDue, on, number(c.BarsPerSession))
}

// Sessions a year of a market that is open on five weekdays, and on seven.
const (
	fiveDays  = 252.0
	sevenDays = 365.0

	yearNanos = 365.2425 * float64(bar.Day) // a calendar year
)

// A reader is what a query decides about the bars beside which they are, checked.
type reader struct {
	sessions sessionRule
	periods  float64 // a year; 0: from the data
}

// A sessionRule says of which session a bar is: the date of its wall clock in a zone after some
// time was added to it, so that a session that opens in the evening has the date of the next day.
type sessionRule struct {
	zone  *time.Location // nil is UTC
	shift int64          // nanoseconds; below a day
}

// zones are the time zones that were asked for: a trial without a cache asks again.
var zones sync.Map // of string to *time.Location

// loadZone returns the time zone of that name, nil for UTC.
func loadZone(name string) (*time.Location, error) {
	if name == "" || name == "UTC" {
		return nil, nil
	}
	if zone, ok := zones.Load(name); ok {
		return zone.(*time.Location), nil
	}
	zone, err := time.LoadLocation(name)
	if err != nil || name == "Local" { // Local is another zone on each machine
		return nil, fmt.Errorf("time zone %q: must be a name of the IANA database such as America/New_York or UTC",
			bar.Clip(name))
	}
	zones.Store(name, zone)
	return zone, nil
}

// newSessionRule returns the rule of a time zone and of opening hours such as 18:00-17:00, which
// are those of the zone. Either may be empty.
func newSessionRule(zone, hours string) (r sessionRule, err error) {
	if r.zone, err = loadZone(zone); err != nil || hours == "" {
		return r, err
	}
	from, to, ok := strings.Cut(hours, "-")
	opens, okFrom := clock(from)
	closes, okTo := clock(to)
	if !ok || !okFrom || !okTo || opens == bar.Day {
		return r, fmt.Errorf("session %q: must be when it opens and closes, such as 18:00-17:00", bar.Clip(hours))
	}
	if opens >= closes && opens > 0 { // it crosses midnight: what follows the opening is of the next date
		r.shift = bar.Day - opens
	}
	return r, nil
}

// clock parses a time of day, 00:00 to 24:00, into nanoseconds.
func clock(s string) (int64, bool) {
	if s == "24:00" {
		return bar.Day, true
	}
	at, err := time.Parse("15:04", s)
	return int64(at.Hour()*60+at.Minute()) * int64(time.Minute), err == nil && len(s) == len("15:04")
}

// at returns the date of the session that a bar at t is of, in days since 1970, and a later time
// before which all bars are of it too.
func (r sessionRule) at(t int64) (date, until int64) {
	wall, until := t+r.shift, int64(math.MaxInt64)
	if r.zone != nil {
		local := time.Unix(0, t).In(r.zone)
		_, offset := local.Zone()
		wall += int64(offset) * int64(time.Second)
		if _, end := local.ZoneBounds(); !end.IsZero() {
			until = clampNano(end)
		}
	}
	date = wall / bar.Day
	into := wall - date*bar.Day
	if into < 0 {
		date, into = date-1, into+bar.Day
	}
	if left := bar.Day - into; t < math.MaxInt64-left { // else it ends beyond what int64 nanoseconds reach
		until = min(until, t+left)
	}
	return date, until
}

// A sessionCursor goes through ascending times and tells where sessions begin. Most times cost it
// one comparison.
type sessionCursor struct {
	rule        sessionRule
	date, until int64
}

func newSessionCursor(rule sessionRule) sessionCursor {
	return sessionCursor{rule: rule, date: math.MinInt64, until: math.MinInt64}
}

// begins reports whether a session begins with the bar at t.
func (c *sessionCursor) begins(t int64) bool {
	if t < c.until {
		return false
	}
	date, until := c.rule.at(t)
	began := date > c.date // a clock that is put back begins no session
	c.date, c.until = max(date, c.date), until
	return began
}

// thursday is the weekday on which 1970 began, and weeks enough that no date is negative.
const thursday = int64(time.Thursday) + 7*1e6

// weekdayCounts counts sessions by weekday, Sunday first.
type weekdayCounts [7]int

// count counts the sessions of ascending times.
func (w *weekdayCounts) count(rule sessionRule, times []int64) (sessions int) {
	c := newSessionCursor(rule)
	for _, t := range times {
		if !c.begins(t) {
			continue
		}
		sessions++
		w[uint64(c.date+thursday)%7]++
	}
	return sessions
}

// weekdays returns on how many weekdays there are sessions. A stray session makes no weekday: of
// twenty sessions, four weeks, a weekday that is one of the market's has three or four, so one is a stray;
// of many, as many as one in a hundred. An exchange that opens on a Saturday or for Diwali once or twice
// a year stays below that (two of 250), and a sixth day that was given up in the middle of a history
// is above it for as long as it matters: New York's Saturdays until 1952 are 5 % of all its sessions until 2024.
func (w *weekdayCounts) weekdays(sessions int) int {
	stray := 0
	if sessions >= 20 {
		stray = max(1, sessions/100)
	}
	n := 0
	for _, count := range w {
		if count > stray {
			n++
		}
	}
	return n
}

// even reports whether all weekdays have about as many sessions, so that it is one market that is
// always open and not a five-day market for some years, to which one of seven days came.
func (w *weekdayCounts) even(sessions int) bool {
	for _, count := range w {
		if float64(count+1) < 0.8*float64(sessions)/7 {
			return false
		}
	}
	return true
}

// decide returns how many bars of b make a year.
func (b *Bars) decide(r reader) Calendar {
	var on weekdayCounts
	c := Calendar{Sessions: on.count(r.sessions, b.timeline)}
	c.Weekdays = on.weekdays(c.Sessions)
	if c.Sessions > 0 {
		c.BarsPerSession = float64(len(b.timeline)) / float64(c.Sessions)
	}
	if r.periods > 0 {
		c.PeriodsPerYear, c.reason = r.periods, byQuery
		return c
	}
	frequency := b.frequency
	c.reason = byFrequency
	if c.Sessions == len(b.timeline) && (frequency == market.Daily || frequency.Intraday()) {
		frequency, c.reason = spacing(b.timeline), bySpacing
	}
	switch frequency {
	case market.Weekly:
		c.PeriodsPerYear = 52
	case market.Monthly:
		c.PeriodsPerYear = 12
	case market.Quarterly:
		c.PeriodsPerYear = 4
	case market.Yearly:
		c.PeriodsPerYear = 1
	case 0:
		c.PeriodsPerYear, c.reason = perCalendarYear(b.timeline), byPoints
	default:
		b.decideByWeekdays(&c, &on, r.sessions)
	}
	return c
}

// decideByWeekdays completes c for bars of a day or less.
func (b *Bars) decideByWeekdays(c *Calendar, on *weekdayCounts, rule sessionRule) {
	c.reason = byWeekdays
	switch {
	case c.Sessions == 0:
		c.PeriodsPerYear, c.reason = fiveDays, byDefault
		return
	case c.Weekdays <= 5:
		c.daysDue = fiveDays
	case c.Weekdays == 7 && on.even(c.Sessions) && !b.mixed(rule):
		c.daysDue = sevenDays
	default:
		c.PeriodsPerYear, c.reason = perCalendarYear(b.timeline), byPoints
		return
	}
	c.PeriodsPerYear = c.daysDue * float64(len(b.timeline)) / float64(c.Sessions)
}

// mixed reports whether some asset on a timeline of seven weekdays is of a market of fewer. Only one
// that has gaps can be, so that the others cost nothing.
func (b *Bars) mixed(rule sessionRule) bool {
	for i, gaps := range b.gapped {
		if !gaps {
			continue
		}
		var on weekdayCounts
		if n := on.count(rule, b.rows.Group(i).Time); n >= 20 && on.weekdays(n) < 7 {
			return true
		}
	}
	return false
}

// spacing returns the frequency of bars of which no session has two, by the median of the distances
// between them: bundles of old say daily for weekly bars. Daily is also for bars that are too few
// to tell, and 0 for another distance.
func spacing(timeline []int64) market.Frequency {
	// Holidays move the bar of a week by a day or two, weekends that of a month or a quarter by as many.
	classes := [...]struct {
		below     uint64 // nanoseconds, and at least as many as the class before
		frequency market.Frequency
	}{
		{upTo(5), market.Daily}, {upTo(9), market.Weekly}, {upTo(25), 0}, {upTo(35), market.Monthly}, {upTo(84), 0},
		{upTo(98), market.Quarterly}, {upTo(349), 0}, {upTo(380), market.Yearly}, {math.MaxUint64, 0},
	}
	const enough = 4 // bars: one gap in a short window does not make it weekly
	if len(timeline) < enough {
		return market.Daily
	}
	var counts [len(classes)]int
	for i, t := range timeline[1:] {
		distance, k := uint64(t)-uint64(timeline[i]), 0 // unsigned, as 292 years overflow an int64
		for distance >= classes[k].below {
			k++
		}
		counts[k]++
	}
	below := 0
	for k, n := range counts {
		if below += n; 2*below >= len(timeline)-1 {
			return classes[k].frequency
		}
	}
	return 0 // not reached
}

// upTo returns the nanoseconds below which a distance rounds to so many days or fewer.
func upTo(days uint64) uint64 { return days*uint64(bar.Day) + uint64(bar.Day)/2 }

// perCalendarYear returns how many points a year of 365.2425 days has. The first is where the count
// begins, so that n points have n-1 distances between the first and the last.
func perCalendarYear(timeline []int64) float64 {
	if len(timeline) < 2 {
		return fiveDays
	}
	first, last := timeline[0], timeline[len(timeline)-1]
	return float64(len(timeline)-1) / (float64(last) - float64(first)) * yearNanos
}
