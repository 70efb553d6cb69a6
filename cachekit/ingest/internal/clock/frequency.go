package clock

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/bmadventure/optcache/cachekit/market"
)

// spans says which spacing in days, at the median, a frequency has: a month has 28 to 31 days, and the last session of
// one may come some days before its end.
var spans = []struct {
	least, most int64
	frequency   market.Frequency
}{
	{1, 4, market.Daily},
	{5, 10, market.Weekly},
	{25, 35, market.Monthly},
	{80, 100, market.Quarterly},
	{350, 380, market.Yearly},
}

// Frequency returns how much time a bar covers, as the spacing of the bars says: bars that have a date to themselves
// follow the calendar, whatever their time of day, others lie within the day. It is 0 where one bar or two say nothing.
func (s *Survey) Frequency() market.Frequency {
	switch {
	case s.bars < 2:
		return 0
	case s.isCalendar():
		gap := median(s.days)
		if s.bars == 2 && gap > spans[0].most {
			return 0 // one gap is no rule
		}
		for _, span := range spans {
			if span.least <= gap && gap <= span.most {
				return span.frequency
			}
		}
		return market.Daily // with gaps, or now and then
	}
	return market.Frequency(spacing(s.spacings))
}

// isCalendar reports whether bars have a date to themselves. A bar too many, among twenty and more, is a stray, which
// [Survey.Stray] names, or a mistake that is told as a bar that occurs twice: it makes no minutes of days.
func (s *Survey) isCalendar() bool {
	extra := s.bars - s.dates
	return extra == 0 || 20*extra < s.bars
}

// Stray returns a bar with a time of day among bars of a day and longer that are at midnight, and its row.
func (s *Survey) Stray() (row int, wall int64, found bool) {
	timed := s.bars - s.midnight
	if !s.isCalendar() || timed == 0 || timed > s.midnight || len(s.clocks) == 2 && s.instants && s.zone() != nil {
		return 0, 0, false
	}
	return s.odd.row, s.odd.wall, true
}

// StrayMessage says that a bar has a time of day where the others of its file have none.
func StrayMessage(f market.Frequency) string {
	return fmt.Sprintf("the other %s bars of the file have no time of day: correct this one", f)
}

// Fits reports whether the bars may have another frequency within the day than [Survey.Frequency] says: they are few
// or come irregularly, and all lie on its grid, as the bars of an asset that is rarely traded do.
func (s *Survey) Fits(f market.Frequency) bool {
	if s.bars < 3 {
		return true
	}
	all, most := 0, 0
	for gap, n := range s.spacings {
		if gap%int64(f) != 0 {
			return false
		}
		all += n
		most = max(most, n)
	}
	return 2*most < all
}

// median returns the middle of all spacings.
func median(counts map[int64]int) int64 {
	half := 0
	for _, n := range counts {
		half += n
	}
	half = (half + 1) / 2
	for _, gap := range slices.Sorted(maps.Keys(counts)) {
		if half -= counts[gap]; half <= 0 {
			return gap
		}
	}
	return 1
}

// spacing returns the spacing within the day that occurs most, the shortest of several; where no spacing is common
// (trades, or bars of equal volume), the minute or the longest part of it that all of them are multiples of, down to
// the second.
func spacing(counts map[int64]int) int64 {
	const second = int64(time.Second)
	all, most, best := 0, 0, int64(0)
	for _, gap := range slices.Sorted(maps.Keys(counts)) {
		all += counts[gap]
		if gap > 0 && counts[gap] > most {
			most, best = counts[gap], gap
		}
	}
	if 4*most >= all && (best < second || best%second == 0) {
		return best
	}
	unit := 60 * second
	for gap := range counts {
		for gap > 0 {
			unit, gap = gap, unit%gap
		}
	}
	return max(unit, second)
}
