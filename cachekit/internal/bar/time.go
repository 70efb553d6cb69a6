package bar

import (
	"fmt"
	"math"
	"time"

	"github.com/bmadventure/optcache/cachekit/market"
)

// Day is a day in nanoseconds.
const Day = int64(24 * time.Hour)

// MinSecond and MaxSecond are the first and the last whole second, in Unix seconds, that nanoseconds in
// int64 hold from beginning to end.
const (
	MinSecond = math.MinInt64/int64(time.Second) + 1
	MaxSecond = math.MaxInt64/int64(time.Second) - 1
)

// MinTime and MaxTime are the first and the last time of a bar, in Unix nanoseconds.
const (
	MinTime = MinSecond * int64(time.Second)
	MaxTime = MaxSecond*int64(time.Second) + int64(time.Second) - 1
)

// RangeMessage says that a time is not between [MinTime] and [MaxTime].
const RangeMessage = "it is outside the years 1678 to 2261, which is all that nanoseconds in 64 bits can say: " +
	"remove the row"

// CheckTime says what is wrong with the time of a bar, or "".
func CheckTime(frequency market.Frequency, t int64) string {
	if t < MinTime || t > MaxTime {
		return RangeMessage
	}
	if !frequency.Intraday() && t%Day != 0 {
		return "a " + frequency.String() + " bar has no time of day: give its date, or the frequency that the bars have"
	}
	return ""
}

// OrderMessage says that a time is not after the one before it, which is at
// that line.
func OrderMessage(same bool, before string, line int) string {
	if same {
		return fmt.Sprintf("it occurs twice, here and in line %d: remove one of them", line)
	}
	return fmt.Sprintf("it comes after %s of line %d: sort the rows by time", before, line)
}

// Ascending reports whether each time is after the one before it.
func Ascending(times []int64) bool {
	for i := 1; i < len(times); i++ {
		if times[i] <= times[i-1] {
			return false
		}
	}
	return true
}

// TimeLayout is how times are written: the dates of bars of a day and longer, or RFC 3339.
func TimeLayout(frequency market.Frequency) string {
	if frequency.Intraday() {
		return time.RFC3339Nano
	}
	return time.DateOnly
}

// AppendTime appends a time as [TimeLayout] has it, in UTC.
func AppendTime(b []byte, frequency market.Frequency, t int64) []byte {
	return time.Unix(0, t).UTC().AppendFormat(b, TimeLayout(frequency))
}

// FormatTime returns what [AppendTime] appends.
func FormatTime(frequency market.Frequency, t int64) string {
	return string(AppendTime(nil, frequency, t))
}
