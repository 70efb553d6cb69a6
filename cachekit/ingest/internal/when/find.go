package when

import (
	"strings"
	"time"
)

// Find returns the format of a column, whose first cells are given, empty ones left out. asked is what --date-format
// says, or "": dd/mm/yyyy and mm/dd/yyyy, a layout as package time or strftime has it.
func Find(cells []string, asked string) (*Format, string) {
	if asked != "" {
		return askedFor(asked)
	}
	f := new(Format)
	if len(cells) == 0 || !all(cells, isNumber) {
		return f, ""
	}
	if all(cells, func(s string) bool { _, ok := parseCompact(s); return ok && plausible(s) }) {
		f.kind = compact
		return f, ""
	}
	if all(cells, func(s string) bool { _, wrong := parseExcel(s); return wrong == "" && len(whole(s)) == 5 }) {
		f.kind = excel
		return f, ""
	}
	if all(cells, func(s string) bool { return digits(s) == len(s) && len(s) == 4 }) {
		f.kind, f.layout = layout, "2006"
		return f, ""
	}
	f.kind = epoch
	switch n := longest(cells); {
	case n <= 6:
		return nil, "these numbers are no dates: write them like 2012-01-03, or say how they are written with --date-format"
	case n <= 11:
		f.unit = int64(time.Second)
	case n <= 14:
		f.unit = int64(time.Millisecond)
	case n <= 17:
		f.unit = int64(time.Microsecond)
	default:
		f.unit = 1
	}
	return f, ""
}

func all(cells []string, is func(string) bool) bool {
	for _, c := range cells {
		if !is(c) {
			return false
		}
	}
	return true
}

// isNumber reports whether s is digits, with a fraction and a minus at most.
func isNumber(s string) bool {
	s = strings.TrimPrefix(s, "-")
	a, b, _ := strings.Cut(s, ".")
	return a != "" && digits(a) == len(a) && digits(b) == len(b)
}

// plausible reports whether digits that may be a date are more likely that than seconds since 1970.
func plausible(s string) bool { return number(s[:4]) >= 1800 && number(s[:4]) < 2200 }

func whole(s string) string {
	a, _, _ := strings.Cut(strings.TrimPrefix(s, "-"), ".")
	return a
}

func longest(cells []string) int {
	n := 0
	for _, c := range cells {
		n = max(n, len(whole(c)))
	}
	return n
}

// askedFor returns the format that a person asked for.
func askedFor(asked string) (*Format, string) {
	lower := strings.ToLower(asked)
	plain := strings.NewReplacer("/", "", "-", "", ".", "", " ", "").Replace(lower)
	switch plain {
	case "dmy", "ddmmyyyy", "dmyyyy", "ddmmyy", "dayfirst":
		return &Format{dayFirst: true, chosen: true}, ""
	case "mdy", "mmddyyyy", "mdyyyy", "mmddyy", "monthfirst":
		return &Format{chosen: true}, ""
	}
	f := &Format{kind: layout, layout: asked}
	switch {
	case strings.Contains(asked, "%"):
		f.layout = strftime.Replace(asked)
		if strings.Contains(f.layout, "%") {
			return nil, "--date-format has a code that is not known: use %Y %y %m %d %b %B %H %I %p %M %S %f %z"
		}
	case strings.Contains(lower, "yy"):
		f.layout = words(asked)
	}
	const probe = "2006 06 01 02 Jan"
	if !strings.ContainsAny(f.layout, probe[:1]) || strings.Contains(strings.ToLower(f.layout), "yy") {
		return nil, "--date-format is not understood: give dd/mm/yyyy, %d/%m/%Y %H:%M or 02/01/2006 15:04"
	}
	return f, ""
}

var strftime = strings.NewReplacer("%Y", "2006", "%y", "06", "%m", "01", "%d", "02", "%b", "Jan", "%B", "January",
	"%H", "15", "%I", "03", "%p", "PM", "%M", "04", "%S", "05", "%f", "000000", "%z", "-0700", "%T", "15:04:05",
	"%F", "2006-01-02", "%a", "Mon", "%A", "Monday", "%Z", "MST", "%j", "002", "%%", "%")

// words turns yyyy-mm-dd hh:mm:ss into a layout: mm behind hours is minutes.
func words(s string) string {
	s = strings.NewReplacer("YYYY", "2006", "yyyy", "2006", "YY", "06", "yy", "06", "DD", "02", "dd", "02", "HH", "15",
		"hh", "15", "SS", "05", "ss", "05", "MMM", "Jan", "mmm", "Jan").Replace(s)
	before, after, timed := strings.Cut(s, "15")
	month := strings.NewReplacer("MM", "01", "mm", "01")
	if !timed {
		return month.Replace(s)
	}
	return month.Replace(before) + "15" + strings.NewReplacer("MM", "04", "mm", "04").Replace(after)
}
