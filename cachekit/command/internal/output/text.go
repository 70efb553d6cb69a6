package output

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/bmadventure/optcache/cachekit/market"
)

// Duration shows nanoseconds with three digits.
func Duration(ns float64) string {
	d := time.Duration(ns)
	switch {
	case ns < 1000:
		return Figure(ns) + " ns"
	case d < time.Millisecond:
		return Figure(ns/1e3) + " µs"
	case d < time.Second:
		return Figure(ns/1e6) + " ms"
	}
	return Figure(ns/1e9) + " s"
}

// Bytes shows bytes with three digits; a KB is 2^10 bytes.
func Bytes(n float64) string {
	for _, unit := range []string{"B", "KB", "MB"} {
		if n < 1024 {
			return Figure(n) + " " + unit
		}
		n /= 1024
	}
	return Figure(n) + " GB"
}

// Shown shows the value of a parameter with at most six digits.
func Shown(v any) string {
	if x, ok := v.(float64); ok {
		return strconv.FormatFloat(x, 'g', 6, 64)
	}
	return fmt.Sprint(v)
}

// Fixed is a number that %.4f shows with four digits behind the point, unless it has so many before it that no
// table could hold them: then it is shown by a power of ten.
type Fixed float64

// Format implements [fmt.Formatter].
func (x Fixed) Format(f fmt.State, verb rune) {
	if v := float64(x); math.Abs(v) >= 1e7 && !math.IsInf(v, 0) {
		verb = 'e'
	}
	fmt.Fprintf(f, fmt.FormatString(f, verb), float64(x))
}

// Figure shows three digits of a number, all of those before the point.
func Figure(v float64) string {
	switch {
	case v >= 1e9 && !math.IsInf(v, 0):
		return strconv.FormatFloat(v, 'e', 2, 64)
	case v >= 100:
		return strconv.FormatFloat(v, 'f', 0, 64)
	case v >= 10:
		return strconv.FormatFloat(v, 'f', 1, 64)
	}
	return strconv.FormatFloat(v, 'f', 2, 64)
}

// Count returns a number with what it counts, one of which has no plural: 1 trial, 2 trials.
func Count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// OneOf lists words as "a, b or c".
func OneOf(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:len(words)-1], ", ") + " or " + words[len(words)-1]
}

// Thousands writes a number with commas.
func Thousands(n int) string {
	text := strconv.Itoa(n)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}

// ShortTime leaves out a time of day of midnight.
func ShortTime(t time.Time) string {
	return strings.TrimSuffix(t.Format("2006-01-02T15:04:05.999999999Z07:00"), "T00:00:00Z")
}

// Layout is how the times of bars are shown.
func Layout(f market.Frequency) string {
	if f.Intraday() {
		return time.DateTime
	}
	return time.DateOnly
}

// AreResults begins a sentence on some results.
func AreResults(n int) string {
	if n == 1 {
		return "1 result is"
	}
	return fmt.Sprintf("%d results are", n)
}

// Plain writes a value so that reading it gives the same bits.
func Plain(v any) string {
	switch v := v.(type) {
	case int64:
		return strconv.FormatInt(v, 10)
	case float64:
		return strconv.FormatFloat(v, 'g', -1, 64)
	case time.Time:
		return ShortTime(v)
	}
	return fmt.Sprint(v)
}

// Seconds shows a duration in seconds.
func Seconds(s float64) string { return Duration(s * 1e9) }

// Share returns part over all, 0 if there is nothing at all.
func Share(part, all float64) float64 {
	if all == 0 {
		return 0
	}
	return part / all
}
