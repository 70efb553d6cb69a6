package bundle

import (
	"math"
	"sort"
	"time"

	"github.com/bmadventure/optcache/cachekit/internal/bar"
	"github.com/bmadventure/optcache/cachekit/market"
)

// A span is the bars lo to hi of a series, which fall into one partition.
type span struct {
	partition string
	lo, hi    int
}

// partitionOf returns the name of the partition of a time, and the first time
// after it: the year of bars of a day and longer, the month of bars within the day, in UTC.
func partitionOf(frequency market.Frequency, t int64) (name string, end int64) {
	at := time.Unix(0, t).UTC()
	layout, next := "2006", time.Date(at.Year()+1, 1, 1, 0, 0, 0, 0, time.UTC)
	if frequency.Intraday() {
		layout, next = "2006-01", time.Date(at.Year(), at.Month()+1, 1, 0, 0, 0, 0, time.UTC)
	}
	if next.Unix() > bar.MaxSecond {
		return at.Format(layout), math.MaxInt64
	}
	return at.Format(layout), next.UnixNano()
}

// partitions cuts ascending times where one partition ends and the next begins.
func partitions(frequency market.Frequency, times []int64) []span {
	var spans []span
	for lo := 0; lo < len(times); {
		name, end := partitionOf(frequency, times[lo])
		hi := lo + sort.Search(len(times)-lo, func(i int) bool { return times[lo+i] >= end })
		if end == math.MaxInt64 { // the last partition that int64 nanoseconds reach holds its end too
			hi = len(times)
		}
		spans = append(spans, span{partition: name, lo: lo, hi: hi})
		lo = hi
	}
	return spans
}
