package when

import (
	"strconv"
	"strings"
	"time"

	"github.com/bmadventure/optcache/cachekit/internal/bar"
)

// A Time is a moment as it was written.
type Time struct {
	Wall     int64  // what the clock on the wall said, in Unix nanoseconds as if that were UTC
	Offset   int32  // seconds of that wall east of UTC
	Known    bool   // whether the text says the offset, or is an epoch
	DateOnly bool   // whether it says no time of day
	Zone     string // name of a zone that is written behind it, such as US/Eastern, or ""
}

// message says what a time may look like.
const message = "it is not a date: write it like 2012-01-03, 2012-01-03 09:31:00 or 2012-01-03T09:31:00Z, or say how " +
	"it is written with --date-format"

// A kind is how a column writes times.
type kind uint8

const (
	civil   kind = iota // for people: see [Format.civil]
	compact             // digits alone: 20200302, 202003020931, 20200302093100 and thousandths
	epoch               // since 1970, in a unit
	excel               // days since 1899-12-30
	layout              // as was asked for
)

// A Format reads the times of one column. It is not for concurrent use.
type Format struct {
	kind   kind
	unit   int64 // of an epoch, in nanoseconds
	layout string

	dayFirst bool // of two numbers of which both could be the month
	chosen   bool // whether the order was asked for
	order    order
}

// An order is what the numbers of a file prove: the lines of the first that is above 12 in either place.
type order struct {
	ambiguous           bool // some date was read by its order
	first, second       int  // lines; 0 is none
	firstText, lastText string
}

// Parse reads a time; line is its place in the file, for what it proves. wrong says why it is none.
func (f *Format) Parse(text string, line int) (t Time, wrong string) {
	switch f.kind {
	case compact:
		if t, ok := parseCompact(text); ok {
			return t, ""
		}
		return f.civil(text, line)
	case epoch:
		return f.parseEpoch(text)
	case excel:
		return parseExcel(text)
	case layout:
		return f.parseLayout(text)
	}
	return f.civil(text, line)
}

// Again reports whether the file must be read again with the other order of day and month, which its numbers proved
// after some dates had been read. It is to be asked at the end of the file; the format is then set to the other order.
func (f *Format) Again() bool {
	if f.chosen || !f.order.ambiguous {
		return false
	}
	proved := f.order.first > 0 && f.order.second == 0
	if proved == f.dayFirst || f.order.first == 0 && f.order.second == 0 {
		return false
	}
	f.dayFirst, f.order = proved, order{}
	return true
}

// Doubt says what keeps the order of day and month from being known, at the end of a file, with the line and the text
// that show it; "" if nothing does.
func (f *Format) Doubt() (line int, text, message string) {
	o := f.order
	switch {
	case f.chosen || !o.ambiguous || (o.first > 0) != (o.second > 0):
		return 0, "", ""
	case o.first > 0:
		return max(o.first, o.second), o.lastText, "its second number is above 12, and the first one of another line is: " +
			"the file has dates by day first and by month first"
	}
	return 0, o.firstText, "whether the day or the month comes first cannot be told, as no number of the file is above " +
		"12: give --date-format dd/mm/yyyy or --date-format mm/dd/yyyy"
}

// parseCompact reads 8, 12, 14 or 17 digits.
func parseCompact(text string) (t Time, ok bool) {
	n := len(text)
	if n != 8 && n != 12 && n != 14 && n != 17 || digits(text) != n {
		return t, false
	}
	t.DateOnly = n == 8
	day, ok := dateOf(number(text[:4]), number(text[4:6]), number(text[6:8]))
	if !ok {
		return t, false
	}
	clock, rest, ok := clockOf(text[8:])
	if n > 8 && (!ok || rest != "") {
		return t, false
	}
	return t.at(day, clock)
}

// at puts a date and a time of day together; it reports whether nanoseconds can say it.
func (t Time) at(day, clock int64) (Time, bool) {
	const most = bar.MaxTime/bar.Day - 1
	if day > most || day < -most {
		return t, false
	}
	t.Wall = day*bar.Day + clock
	return t, true
}

func (f *Format) parseEpoch(text string) (t Time, wrong string) {
	whole, fraction, _ := strings.Cut(text, ".")
	v, err := strconv.ParseInt(whole, 10, 64)
	if err != nil || digits(fraction) != len(fraction) || len(fraction) > 18 || strings.HasPrefix(text, "+") {
		return t, message
	}
	if v > bar.MaxTime/f.unit || v < bar.MinTime/f.unit {
		return t, bar.RangeMessage
	}
	part := int64(0)
	for unit := f.unit / 10; fraction != ""; unit, fraction = unit/10, fraction[1:] {
		if unit == 0 && fraction[0] != '0' {
			return t, "it is finer than a nanosecond: shorten the fraction"
		}
		part += int64(fraction[0]-'0') * unit
	}
	if strings.HasPrefix(whole, "-") {
		part = -part
	}
	t.Wall, t.Known = v*f.unit+part, true
	return t, ""
}

// excelEpoch is day 0 of spreadsheets, in days since 1970, for dates after February 1900.
const excelEpoch = -25569

func parseExcel(text string) (t Time, wrong string) {
	v, err := strconv.ParseFloat(text, 64)
	if err != nil || v < 61 || v > 80_000 {
		return t, message
	}
	day := int64(v)
	seconds := int64((v-float64(day))*86400 + 0.5) // a spreadsheet has no more than that of a day
	t.Wall = (day+excelEpoch)*bar.Day + seconds*int64(time.Second)
	t.DateOnly = seconds == 0
	return t, ""
}

func (f *Format) parseLayout(text string) (t Time, wrong string) {
	at, err := time.Parse(f.layout, text)
	if err != nil {
		return t, "it is not written as --date-format says: correct it or the flag"
	}
	_, offset := at.Zone()
	if s := at.Unix(); s < bar.MinSecond+86400 || s > bar.MaxSecond-86400 {
		return t, bar.RangeMessage
	}
	t.Wall, t.Offset = at.UnixNano()+int64(offset)*int64(time.Second), int32(offset)
	t.Known = strings.Contains(f.layout, "Z07") || strings.Contains(f.layout, "-07")
	t.DateOnly = !strings.Contains(f.layout, "15") && !strings.Contains(f.layout, "03")
	return t, ""
}

// dateOf returns a date in days since 1970, and whether there is one.
func dateOf(year, month, day int) (days int64, ok bool) {
	if month < 1 || month > 12 || day < 1 || day > daysIn(year, month) || year < 1600 || year > 2300 {
		return 0, false
	}
	// Days since the first of March of the year 0, in cycles of 400 years.
	y, m := int64(year), int64(month)
	if m <= 2 {
		y--
		m += 12
	}
	return 365*y + y/4 - y/100 + y/400 + (153*(m-3)+2)/5 + int64(day) - 1 - 719468, true
}

func daysIn(year, month int) int {
	switch month {
	case 4, 6, 9, 11:
		return 30
	case 2:
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	}
	return 31
}

// digits returns how many digits s begins with.
func digits(s string) int {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return i
		}
	}
	return len(s)
}

// number returns the value of digits.
func number(s string) int {
	n := 0
	for i := range len(s) {
		n = 10*n + int(s[i]-'0')
	}
	return n
}
