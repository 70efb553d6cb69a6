package groupedtimes

import (
	"time"
	when "time"
)

type Day = time.Time

type Session struct {
	Open, Close time.Time
}

//optcache:grouped by=ID cache=EventsCache
type Event struct {
	ID       int
	At       when.Time
	Day      Day
	Exactly  time.Time `optcache:"whole"`
	For      time.Duration
	Sessions []Session
	Days     [2]time.Time
}
