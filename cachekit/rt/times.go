package rt

import (
	"fmt"
	"math"
	"time"
)

// Seconds of the first and the last whole second that int64 nanoseconds hold.
const (
	minSecond = math.MinInt64/int64(time.Second) + 1
	maxSecond = math.MaxInt64/int64(time.Second) - 1
)

// UnixNano returns t in Unix nanoseconds, and whether [Time] makes an equal time
// in the same location of them: whether t is in UTC and in the years 1678 to
// 2261. A monotonic clock reading is left out, as [time.Time.Round] does.
func UnixNano(t time.Time) (int64, bool) {
	s := t.Unix()
	return s*1e9 + int64(t.Nanosecond()), s >= minSecond && s <= maxSecond && t.Location() == time.UTC
}

// Time is the inverse of [UnixNano].
func Time(ns int64) time.Time { return time.Unix(0, ns).UTC() }

// TimeError says why [UnixNano] refuses t, and what to change.
func TimeError(t time.Time) error {
	if t.Location() != time.UTC {
		return fmt.Errorf("time %s is not in UTC: convert it with Time.UTC", t)
	}
	return fmt.Errorf("time %s is outside the years 1678 to 2261", t)
}
