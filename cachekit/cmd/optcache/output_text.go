package main

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/bmadventure/optcache/cachekit/market"
)

// duration shows nanoseconds with three digits.
func duration(ns float64) string {
	d := time.Duration(ns)
	switch {
	case ns < 1000:
		return figure(ns) + " ns"
	case d < time.Millisecond:
		return figure(ns/1e3) + " µs"
	case d < time.Second:
		return figure(ns/1e6) + " ms"
	}
	return figure(ns/1e9) + " s"
}

// bytesText shows bytes with three digits; a KB is 2^10 bytes.
func bytesText(n float64) string {
	for _, unit := range []string{"B", "KB", "MB"} {
		if n < 1024 {
			return figure(n) + " " + unit
		}
		n /= 1024
	}
	return figure(n) + " GB"
}

// shown shows the value of a parameter with at most six digits.
func shown(v any) string {
	if x, ok := v.(float64); ok {
		return strconv.FormatFloat(x, 'g', 6, 64)
	}
	return fmt.Sprint(v)
}

// figure shows three digits of a number, all of those before the point.
func figure(v float64) string {
	switch {
	case v >= 100:
		return strconv.FormatFloat(v, 'f', 0, 64)
	case v >= 10:
		return strconv.FormatFloat(v, 'f', 1, 64)
	}
	return strconv.FormatFloat(v, 'f', 2, 64)
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// oneOf lists words as "a, b or c".
func oneOf(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:len(words)-1], ", ") + " or " + words[len(words)-1]
}

// thousands writes a number with commas.
func thousands(n int) string {
	text := strconv.Itoa(n)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}

// shortTime leaves out a time of day of midnight.
func shortTime(t time.Time) string {
	return strings.TrimSuffix(t.Format("2006-01-02T15:04:05.999999999Z07:00"), "T00:00:00Z")
}

// layout is how the times of bars are shown.
func layout(f market.Frequency) string {
	if f == market.Minute {
		return time.DateTime
	}
	return time.DateOnly
}

func areResults(n int) string {
	if n == 1 {
		return "1 result is"
	}
	return fmt.Sprintf("%d results are", n)
}

// plainText writes a value so that reading it gives the same bits.
func plainText(v any) string {
	switch v := v.(type) {
	case int64:
		return strconv.FormatInt(v, 10)
	case float64:
		return strconv.FormatFloat(v, 'g', -1, 64)
	case time.Time:
		return shortTime(v)
	}
	return fmt.Sprint(v)
}
