package when

import (
	"strings"
	"time"

	"github.com/bmadventure/optcache/cachekit/internal/bar"
)

// civil reads a time that is written for people: a date, a time of day if there is one, an offset or a zone.
func (f *Format) civil(text string, line int) (t Time, wrong string) {
	if t, ok := fast(text); ok {
		return t, ""
	}
	if len(text) > 19 {
		if t, ok := fast(text[:19]); ok && text[19] != '.' && text[19] != ',' && digits(text[19:]) == 0 {
			if wrong = t.zone(strings.TrimSpace(text[19:])); wrong == "" && outside(t.Wall-int64(t.Offset)*int64(time.Second)) {
				wrong = bar.RangeMessage
			}
			if wrong != message {
				return t, wrong
			}
		}
	}
	text = strings.TrimSpace(text)
	day, rest, wrong := f.date(text, line)
	if wrong != "" {
		return t, wrong
	}
	clock := int64(0)
	rest = strings.TrimLeft(rest, " \u00a0")
	switch {
	case rest == "":
		t.DateOnly = true
	case rest[0] == 'Z' || rest[0] == 'z' || rest[0] == '+' || isZoneWord(rest):
		t.DateOnly = true
	default:
		rest = strings.TrimLeft(rest, "Tt,;_ -")
		var ok bool
		if clock, rest, ok = clockOf(rest); !ok {
			if strings.Contains(text, ".") && digits(after(text, ".")) > 9 {
				return t, "it is finer than a nanosecond: shorten the fraction to 9 digits"
			}
			return t, message
		}
	}
	if wrong := t.zone(strings.TrimSpace(rest)); wrong != "" {
		return t, wrong
	}
	t, ok := t.at(day, clock)
	if !ok || outside(t.Wall) || outside(t.Wall-int64(t.Offset)*int64(time.Second)) {
		return t, bar.RangeMessage
	}
	return t, ""
}

func outside(at int64) bool { return at < bar.MinTime || at > bar.MaxTime }

func after(s, mark string) string {
	_, rest, _ := strings.Cut(s, mark)
	return rest
}

// fast reads 2012-01-03 and 2012-01-03 09:31:00, which most files have.
func fast(s string) (t Time, ok bool) {
	if len(s) != 10 && len(s) != 19 || s[4] != '-' || s[7] != '-' {
		return t, false
	}
	y, m, d := four(s), two(s[5:]), two(s[8:])
	day, ok := dateOf(y, m, d)
	if !ok || y < 0 || m < 0 || d < 0 {
		return t, false
	}
	if len(s) == 10 {
		t.DateOnly = true
		return t.at(day, 0)
	}
	if s[10] != ' ' && s[10] != 'T' || s[13] != ':' || s[16] != ':' {
		return t, false
	}
	h, min, sec := two(s[11:]), two(s[14:]), two(s[17:])
	if h < 0 || min < 0 || sec < 0 || h > 23 || min > 59 || sec > 59 || y < 1680 || y > 2260 {
		return t, false
	}
	return t.at(day, int64(h*3600+min*60+sec)*int64(time.Second))
}

// two returns the value of two digits, or a number below 0.
func two(s string) int {
	a, b := int(s[0])-'0', int(s[1])-'0'
	if uint(a) > 9 || uint(b) > 9 {
		return -1
	}
	return 10*a + b
}

func four(s string) int {
	a, b := two(s), two(s[2:])
	if a < 0 || b < 0 {
		return -1
	}
	return 100*a + b
}

// date reads a date in any of its forms and returns what follows it.
func (f *Format) date(s string, line int) (day int64, rest, wrong string) {
	s = withoutWeekday(s)
	n := digits(s)
	switch {
	case n == 0:
		return monthDayYear(s)
	case n == 8 && (len(s) == 8 || !isSign(s[8]) || s[8] == '-' && len(s) > 11):
		return dateOrWrong(number(s[:4]), number(s[4:6]), number(s[6:8]), s[8:])
	case n == 4:
		return yearFirst(s)
	case n > 2 || n == len(s):
		return 0, "", message
	}
	return f.yearLast(s, line)
}

func isSign(c byte) bool { return c == '-' || c == '/' || c == '.' }

// dateOrWrong returns a date, or says that there is no such.
func dateOrWrong(year, month, day int, rest string) (int64, string, string) {
	if year < 1600 || year > 2300 {
		return 0, "", bar.RangeMessage
	}
	days, ok := dateOf(year, month, day)
	if !ok {
		return 0, "", "it is not a date: there is no such day: correct it"
	}
	return days, rest, ""
}

// withoutWeekday takes the name of a weekday away.
func withoutWeekday(s string) string {
	if s == "" || !isLetter(s[0]) {
		return s
	}
	for _, name := range weekdays {
		for _, form := range []string{name, name[:3]} {
			if len(s) > len(form) && strings.EqualFold(s[:len(form)], form) && !isLetter(s[len(form)]) {
				return strings.TrimLeft(s[len(form):], ", ")
			}
		}
	}
	return s
}

var weekdays = []string{"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"}

func isLetter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }

// yearFirst reads 2020-03-02, 2020/3/2, 2020.03.02, 2020-Mar-02, and a month or a quarter alone, which is its first day.
func yearFirst(s string) (int64, string, string) {
	year, rest := number(s[:4]), s[4:]
	if q := strings.TrimLeft(rest, "- "); len(q) == 2 && (q[0] == 'Q' || q[0] == 'q') && '1' <= q[1] && q[1] <= '4' {
		return dateOrWrong(year, 3*int(q[1]-'0')-2, 1, "")
	}
	if rest == "" || !isSign(rest[0]) {
		return 0, "", message
	}
	sign := rest[0]
	month, rest, ok := monthOf(rest[1:])
	if !ok {
		return 0, "", message
	}
	if rest == "" && sign == '-' {
		return dateOrWrong(year, month, 1, "")
	}
	if rest == "" || rest[0] != sign {
		return 0, "", message
	}
	n := digits(rest[1:])
	if n == 0 || n > 2 {
		return 0, "", message
	}
	return dateOrWrong(year, month, number(rest[1:1+n]), rest[1+n:])
}

// monthOf reads the number or the name of a month.
func monthOf(s string) (month int, rest string, ok bool) {
	if n := digits(s); n == 1 || n == 2 {
		return number(s[:n]), s[n:], true
	}
	n := 0
	for n < len(s) && isLetter(s[n]) {
		n++
	}
	for m := time.January; m <= time.December; m++ {
		name := m.String()
		if n >= 3 && n <= len(name) && strings.EqualFold(s[:n], name[:n]) || strings.EqualFold(s[:n], "sept") && m == time.September {
			return int(m), strings.TrimPrefix(s[n:], "."), true
		}
	}
	return 0, s, false
}

// monthDayYear reads Mar 02, 2020 and March 2 2020.
func monthDayYear(s string) (int64, string, string) {
	month, rest, ok := monthOf(s)
	if !ok {
		return 0, "", message
	}
	rest = strings.TrimLeft(rest, " -/")
	n := digits(rest)
	if n == 4 { // a month alone
		return dateOrWrong(number(rest[:4]), month, 1, rest[4:])
	}
	if n == 0 || n > 2 {
		return 0, "", message
	}
	day, rest := number(rest[:n]), strings.TrimLeft(rest[n:], ", -/")
	if n = digits(rest); n != 4 && n != 2 {
		return 0, "", message
	}
	return dateOrWrong(fullYear(rest[:n]), month, day, rest[n:])
}

// fullYear returns the year of four digits, or of two: 69 to 99 are of the last century, as C and Go have it.
func fullYear(s string) int {
	y := number(s)
	switch {
	case len(s) == 4:
		return y
	case y >= 69:
		return 1900 + y
	}
	return 2000 + y
}

// yearLast reads 02.03.2020, 02-Mar-2020, 2 Mar 2020, 02Mar2020, and 03/02/2020 by the order of day and month.
func (f *Format) yearLast(s string, line int) (int64, string, string) {
	n := digits(s)
	first, rest := number(s[:n]), s[n:]
	sign := rest[0]
	if isSign(sign) || sign == ' ' {
		rest = rest[1:]
	}
	named := digits(rest) == 0
	second, rest, ok := monthOf(rest)
	if !ok || !named && !isSign(sign) {
		return 0, "", message
	}
	rest = strings.TrimLeft(rest, " -/.,")
	n = digits(rest)
	if n != 4 && n != 2 || n == len(rest)-1 && !isLetter(rest[n]) {
		return 0, "", message
	}
	year, rest := fullYear(rest[:n]), rest[n:]
	if named || sign == '.' {
		return dateOrWrong(year, second, first, rest)
	}
	f.prove(first, second, line, s)
	if f.byDay(first, second) {
		first, second = second, first
	}
	return dateOrWrong(year, first, second, rest)
}

// byDay reports whether the first of two numbers is the day.
func (f *Format) byDay(first, second int) bool {
	switch {
	case f.chosen:
		return f.dayFirst
	case first > 12:
		return true
	case second > 12:
		return false
	}
	return f.dayFirst
}

// prove notes what the order of two numbers shows.
func (f *Format) prove(first, second, line int, text string) {
	o := &f.order
	if !o.ambiguous {
		o.ambiguous, o.firstText = true, text
	}
	switch {
	case first > 12 && o.first == 0:
		o.first, o.lastText = line, text
	case second > 12 && o.second == 0:
		o.second, o.lastText = line, text
	}
}

// clockOf reads a time of day: 9:31, 09:31:00.25, 0931, 093100, 9:31:00 AM. rest is what follows.
func clockOf(s string) (clock int64, rest string, ok bool) {
	n := digits(s)
	var h, min, sec int
	switch {
	case (n == 1 || n == 2) && len(s) > n && (s[n] == ':' || s[n] == '.' && len(s) > n+2 && digits(s[n+1:]) == 2):
		colon := s[n]
		h, s = number(s[:n]), s[n+1:]
		if digits(s) != 2 {
			return 0, s, false
		}
		min, s = number(s[:2]), s[2:]
		if len(s) > 0 && s[0] == colon {
			if digits(s[1:]) != 2 {
				return 0, s, false
			}
			sec, s = number(s[1:3]), s[3:]
		}
	case n == 4:
		h, min, s = number(s[:2]), number(s[2:4]), s[4:]
	case n == 6 || n == 9:
		h, min, sec, s = number(s[:2]), number(s[2:4]), number(s[4:6]), s[6:]
		if n == 9 {
			s = "." + s
		}
	case n == 5 || n == 3: // 93100: the zero in front was lost
		return clockOf("0" + s)
	default:
		return 0, s, false
	}
	fraction := int64(0)
	if len(s) > 1 && (s[0] == '.' || s[0] == ',') {
		n := digits(s[1:])
		if n == 0 || n > 9 {
			return 0, s, false
		}
		fraction = int64(number(s[1 : 1+n]))
		for range 9 - n {
			fraction *= 10
		}
		s = s[1+n:]
	}
	h, s = halfDay(h, s)
	if h > 23 || min > 59 || sec > 59 {
		return 0, s, false
	}
	return int64(h*3600+min*60+sec)*int64(time.Second) + fraction, s, true
}

// halfDay reads AM or PM behind an hour; an hour that they cannot have becomes one that no day has.
func halfDay(h int, s string) (int, string) {
	word := strings.ToLower(strings.ReplaceAll(strings.TrimLeft(s, " \u00a0\u202f"), ".", ""))
	if !strings.HasPrefix(word, "am") && !strings.HasPrefix(word, "pm") {
		return h, s
	}
	if h < 1 || h > 12 {
		return 99, s
	}
	h %= 12
	if word[0] == 'p' {
		h += 12
	}
	return h, word[2:]
}

// isZoneWord reports whether s begins with a word for a zone and not with a time.
func isZoneWord(s string) bool { return isLetter(s[0]) && s[0]|0x20 != 't' }

// zone reads what follows a time: an offset, UTC, or the name of a zone.
func (t *Time) zone(s string) (wrong string) {
	s = strings.Trim(s, "[]() ")
	for _, word := range []string{"UTC", "GMT", "Z"} {
		if len(s) >= len(word) && strings.EqualFold(s[:len(word)], word) {
			s = strings.TrimSpace(s[len(word):])
			t.Known = true
			break
		}
	}
	switch {
	case s == "":
		return ""
	case s[0] == '+' || s[0] == '-':
		if len(s) == 6 && s[3] == ':' && digits(s[1:]) == 2 && digits(s[4:]) == 2 {
			return t.offset(s[0] == '-', s[1:3]+s[4:])
		}
		return t.offset(s[0] == '-', strings.ReplaceAll(s[1:], ":", ""))
	case strings.HasPrefix(s, "\u2212"):
		return t.offset(true, strings.ReplaceAll(s[len("\u2212"):], ":", ""))
	}
	if _, err := time.LoadLocation(s); err == nil && strings.Contains(s, "/") {
		t.Zone = s
		return ""
	}
	if isLetter(s[0]) {
		return "what zone " + bar.Clip(s) + " is cannot be told: take it away and give the zone with --timezone, such as " +
			"America/New_York"
	}
	return message
}

// offset reads hours, hours and minutes, or those and seconds.
func (t *Time) offset(west bool, s string) (wrong string) {
	if n := len(s); digits(s) != n || n != 1 && n != 2 && n != 4 && n != 6 {
		return message
	}
	hours := min(len(s), 2)
	h, m, sec := number(s[:hours]), 0, 0
	if len(s) >= 4 {
		m = number(s[2:4])
	}
	if len(s) == 6 {
		sec = number(s[4:6])
	}
	if h > 18 || m > 59 || sec > 59 {
		return "there is no such offset from UTC: correct it"
	}
	t.Offset, t.Known = int32(h*3600+m*60+sec), true
	if west {
		t.Offset = -t.Offset
	}
	return ""
}
