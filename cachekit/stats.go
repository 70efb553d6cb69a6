package cachekit

import (
	"fmt"
	"time"
)

// Stats is what a cache did since it was made, and what it holds.
type Stats struct {
	Name string

	// Every call of [Cache.Get] and [Cache.Lookup] is a hit or a miss, exactly.
	// One that waits for another's load is a miss.
	Hits, Misses uint64

	// Loads counts the loads that ended, LoadErrors those of them that failed,
	// and TotalLoadTime is what all of them took together.
	Loads, LoadErrors uint64
	TotalLoadTime     time.Duration

	// Evictions counts the entries that left, by cause.
	Evictions Evictions

	// Refused counts values that the policy would not admit, Uncached those
	// that found no room: too large, or all else was pinned. Both were handed
	// to their callers.
	Refused, Uncached uint64

	Entries int   // entries held
	Bytes   int64 // bytes held: entries, table, pinned values
	Pinned  int64 // bytes of Bytes that cannot be evicted until a pin is released
	Budget  int64 // limit in bytes, of all caches that share it
	Used    int64 // bytes held by all caches that share the budget
}

// Evictions counts the entries that left a cache, by cause. (Caffeine and otter call all of them removals, and
// evictions those that the policy chose: Capacity and Expired.)
type Evictions struct {
	Capacity uint64 // made room for others
	Replaced uint64 // their key was set again
	Deleted  uint64 // Delete
	Cleared  uint64 // Clear
	Retired  uint64 // Retire of their version
	Expired  uint64 // grew too old
}

// Total returns the sum over all causes.
func (e Evictions) Total() uint64 {
	return e.Capacity + e.Replaced + e.Deleted + e.Cleared + e.Retired + e.Expired
}

// HitRate returns the share of look-ups that hit, 0 to 1; 0 if there were none.
func (s Stats) HitRate() float64 {
	if s.Hits+s.Misses == 0 {
		return 0
	}
	return float64(s.Hits) / float64(s.Hits+s.Misses)
}

// MemoryUse returns the share of the budget that is in use, by all caches that
// share it, 0 to 1.
func (s Stats) MemoryUse() float64 {
	if s.Budget <= 0 {
		return 0
	}
	return float64(s.Used) / float64(s.Budget)
}

// TimeSaved estimates the time that hits saved: hits times the mean time of a
// load. It is no measurement: what was hit may have been cheaper or dearer to
// load than the mean.
func (s Stats) TimeSaved() time.Duration {
	if s.Loads == 0 {
		return 0
	}
	return time.Duration(float64(s.Hits) * (float64(s.TotalLoadTime) / float64(s.Loads)))
}

// Bands tell from which hit rate on, 0 to 1, a cache does well.
type Bands struct {
	Excellent float64 // above this: excellent
	Good      float64 // from this on: good; below: poor
}

// The bands of the guide.
var (
	AssetListBands = Bands{Excellent: .80, Good: .50}
	BarsBands      = Bands{Excellent: .90, Good: .70}
)

// rate names the band that a hit rate lies in.
func (b Bands) rate(hitRate float64) string {
	switch {
	case hitRate > b.Excellent:
		return "excellent"
	case hitRate >= b.Good:
		return "good"
	}
	return "poor"
}

// Memory bands of the guide: shares of the budget in use. Between healthyUse and
// fullUse the guide is silent; we call it high.
const (
	lowUse     = .50
	healthyUse = .80
	fullUse    = .90
)

// Advice judges hit rate and memory use in one line and says what to change.
func (s Stats) Advice(b Bands) string {
	if s.Hits+s.Misses == 0 {
		return "no requests yet"
	}
	rate, use := b.rate(s.HitRate()), s.MemoryUse()
	return fmt.Sprintf("hit rate %.1f %%: %s; memory %.1f %%: %s; %s",
		100*s.HitRate(), rate, 100*use, nameUse(use), s.remedy(rate, use))
}

func nameUse(use float64) string {
	switch {
	case use < lowUse:
		return "under-used"
	case use <= healthyUse:
		return "healthy"
	case use <= fullUse:
		return "high"
	}
	return "near the limit"
}

// remedy says what to change.
func (s Stats) remedy(rate string, use float64) string {
	switch {
	case rate != "poor" && use < lowUse:
		return "nothing to change, the budget could be smaller"
	case rate != "poor":
		return "nothing to change"
	case s.Uncached > s.Evictions.Capacity && s.Uncached > 0:
		return "most values find no room: enlarge the budget or make the values smaller"
	case s.Evictions.Capacity > 0:
		return "entries leave before they are asked for again: enlarge the budget or the number of entries"
	case s.Evictions.Total() > 0:
		return "entries are deleted or grow too old before they are asked for again: invalidate less"
	}
	return "few requests repeat so far: more memory would not help, reuse keys or let it run longer"
}
