package sweep

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/bmadventure/optcache/cachekit/market"
)

// sessionNamer returns what names the session of a time by its date, as a person does who looks at a clock in
// the zone: after the opening of a market that closes on the next day it is that day's session.
func (n *naive) sessionNamer(frequency market.Frequency) (func(t int64) time.Time, error) {
	zone, hours := "UTC", "00:00-24:00"
	if frequency.Intraday() && n.query.TimeZone != "" {
		zone = n.query.TimeZone
	}
	if frequency.Intraday() && n.query.Session != "" {
		hours = n.query.Session
	}
	place, err := time.LoadLocation(zone)
	if err != nil {
		return nil, fmt.Errorf("read bars naively: %w", err)
	}
	opens, closes, _ := strings.Cut(hours, "-")
	overnight := opens >= closes && opens != "00:00"
	return func(t int64) time.Time {
		local := time.Unix(0, t).In(place)
		date := time.Date(local.Year(), local.Month(), local.Day(), 0, 0, 0, 0, time.UTC)
		if overnight && local.Format("15:04") >= opens {
			date = date.AddDate(0, 0, 1)
		}
		return date
	}, nil
}

// periodsPerYear returns how many points of the timeline a year has, as [bundle.Bars.Calendar] defines it.
func (n *naive) periodsPerYear(frequency market.Frequency) (float64, error) {
	if n.query.PeriodsPerYear > 0 {
		return n.query.PeriodsPerYear, nil
	}
	named := map[market.Frequency]float64{market.Weekly: 52, market.Monthly: 12, market.Quarterly: 4, market.Yearly: 1}
	if year, ok := named[frequency]; ok {
		return year, nil
	}
	sessionOf, err := n.sessionNamer(frequency)
	if err != nil {
		return 0, err
	}
	all, own := make(map[int64]bool), make(map[string][]int64)
	for _, r := range n.rows {
		all[r.time] = true
		own[r.symbol] = append(own[r.symbol], r.time)
	}
	times := slices.Sorted(maps.Keys(all))
	dates := datesOf(times, sessionOf)
	if len(dates) == len(times) && len(times) >= 4 {
		if year := yearByDistance(times); year != 0 {
			return year, nil
		}
	}
	switch days := weekdays(dates); {
	case len(days) <= 5:
		return 252 * float64(len(times)) / float64(len(dates)), nil
	case len(days) == 7 && alwaysOpen(dates):
		for _, mine := range own {
			if fiveOfSeven(mine, times, sessionOf) {
				return pointsPerYear(times), nil
			}
		}
		return 365 * float64(len(times)) / float64(len(dates)), nil
	}
	return pointsPerYear(times), nil
}

func datesOf(times []int64, sessionOf func(int64) time.Time) map[time.Time]bool {
	dates := make(map[time.Time]bool)
	for _, t := range times {
		dates[sessionOf(t)] = true
	}
	return dates
}

// weekdays counts the sessions of each weekday that is not there by exception.
func weekdays(dates map[time.Time]bool) map[time.Weekday]int {
	counts := make(map[time.Weekday]int)
	for d := range dates {
		counts[d.Weekday()]++
	}
	maps.DeleteFunc(counts, func(_ time.Weekday, n int) bool {
		return len(dates) >= 20 && (n == 1 || n <= len(dates)/100)
	})
	return counts
}

// alwaysOpen reports whether no weekday has a fifth fewer sessions than a seventh, give or take one.
func alwaysOpen(dates map[time.Time]bool) bool {
	for _, n := range weekdays(dates) {
		if float64(n+1) < 0.8*float64(len(dates))/7 {
			return false
		}
	}
	return true
}

// fiveOfSeven reports whether an asset leaves points of the timeline out, and weekdays with them.
func fiveOfSeven(mine, timeline []int64, sessionOf func(int64) time.Time) bool {
	first, last := slices.Min(mine), slices.Max(mine)
	between := 0
	for _, t := range timeline {
		if first <= t && t <= last {
			between++
		}
	}
	dates := datesOf(mine, sessionOf)
	return between > len(mine) && len(dates) >= 20 && len(weekdays(dates)) < 7
}

// yearByDistance returns bars a year where the distance between bars says it, 0 where it is some days.
func yearByDistance(times []int64) float64 {
	var days []float64
	for i := 1; i < len(times); i++ {
		days = append(days, math.Round((float64(times[i])-float64(times[i-1]))/float64(24*time.Hour)))
	}
	slices.Sort(days)
	switch median := days[(len(days)-1)/2]; {
	case median <= 5:
		return 0
	case median <= 9:
		return 52
	case 26 <= median && median <= 35:
		return 12
	case 85 <= median && median <= 98:
		return 4
	case 350 <= median && median <= 380:
		return 1
	}
	return pointsPerYear(times)
}

// pointsPerYear returns the points that a year of 365.2425 days has, the first of which is its beginning.
func pointsPerYear(times []int64) float64 {
	if len(times) < 2 {
		return 252
	}
	const year = 365.2425 * float64(24*time.Hour)
	first, last := times[0], times[len(times)-1]
	return float64(len(times)-1) / (float64(last) - float64(first)) * year
}
