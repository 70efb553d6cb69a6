package ingest

import (
	"errors"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/bmadventure/optcache/cachekit/internal/bar"
)

func parseNumber(text string) (v float64, wrong string) {
	switch text {
	case "", "NaN", "nan", "null", "None", "N/A", "NA", "-":
		return math.NaN(), ""
	}
	if strings.ContainsAny(text, "_xXpPiI") { // 1_0, 0x1p-2 and inf are numbers of a program, not of a price file
		return 0, "it is not a number: write it like 1234.5"
	}
	v, err := strconv.ParseFloat(text, 64)
	switch {
	case errors.Is(err, strconv.ErrRange):
		return 0, "the number is too large: correct it"
	case err != nil:
		return 0, "it is not a number: write it like 1234.5"
	}
	if mantissa, _, _ := strings.Cut(strings.ToLower(text), "e"); v == 0 && strings.ContainsAny(mantissa, "123456789") {
		return 0, "the number is too small: correct it"
	}
	return v, ""
}

const timeMessage = "it is not a date: write it like 2012-01-03, 2012-01-03 09:31:00 or 2012-01-03T09:31:00Z"

// parseTime reads a time and returns it in Unix nanoseconds, with the seconds
// east of UTC in which it was written, and whether those are known.
func parseTime(text string) (at int64, offset int, known bool, wrong string) {
	layout := time.DateOnly
	if len(text) > len(layout) {
		if text[10] != 'T' && text[10] != ' ' {
			return 0, 0, false, timeMessage
		}
		layout = "2006-01-02" + text[10:11] + "15:04:05"
		if strings.TrimLeft(text[11:], "0123456789:.") != "" {
			layout += "Z07:00"
			known = true
		}
	}
	if _, fraction, ok := strings.Cut(text, "."); ok && digits(fraction) > 9 {
		return 0, 0, false, "it is finer than a nanosecond: shorten the fraction to 9 digits"
	}
	t, err := time.Parse(layout, text)
	if err != nil {
		return 0, 0, false, timeMessage
	}
	_, offset = t.Zone()
	for _, s := range []int64{t.Unix(), t.Unix() + int64(offset)} {
		if s < bar.MinSecond || s > bar.MaxSecond {
			return 0, 0, false, bar.RangeMessage
		}
	}
	return t.UnixNano(), offset, known, ""
}

// digits returns how many digits s begins with.
func digits(s string) int { return len(s) - len(strings.TrimLeft(s, "0123456789")) }
