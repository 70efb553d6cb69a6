package files

import (
	"fmt"
	"net/url"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// symbolKeys are the Hive folders that name an asset.
var symbolKeys = []string{"symbol", "ticker", "instrument"}

func isSymbolKey(key string) bool { return slices.Contains(symbolKeys, key) }

// noValue is how Hive writes a value that is missing.
const noValue = "__HIVE_DEFAULT_PARTITION__"

var hiveFolder = regexp.MustCompile(`^([A-Za-z_][A-Za-z0-9_]*)=(.*)$`)

// hive divides the name of a Hive folder, such as symbol=BRK%2FB, into its key and its value.
func hive(folder string) (key, value string, ok bool) {
	m := hiveFolder.FindStringSubmatch(folder)
	if m == nil {
		return "", "", false
	}
	value = m[2]
	if decoded, err := url.PathUnescape(value); err == nil {
		value = decoded
	}
	if value == noValue {
		value = ""
	}
	return strings.ToLower(m[1]), value, true
}

var (
	// trailingDate is a day or a month at the end of a name, behind a separator or from the beginning on.
	trailingDate = regexp.MustCompile(`^(?:(.*)[-_ ])?(\d{4}-\d{2}-\d{2}|\d{4}_\d{2}_\d{2}|\d{8}|` +
		`\d{4}-\d{2}|\d{4}_\d{2}|\d{6}|\d{2}\.\d{2}\.\d{4})$`)
	trailingYear = regexp.MustCompile(`^(.*)[-_ ](\d{4})$`)
	// leadingDay is a day before all else: what follows it may be an asset, or a word such as trade.
	leadingDay = regexp.MustCompile(`^(\d{4}-\d{2}-\d{2}|\d{4}_\d{2}_\d{2}|\d{8})[-_ ]`)
	digits     = regexp.MustCompile(`^(\d{4}|\d{6})$`)
	// partName is how writers of data sets call their parts: Spark and pyarrow, Dask, DuckDB.
	partName = regexp.MustCompile(`^(?:part[-._]?\d+(?:[-._].*)?|data_\d+|[0-9a-f]{32}-\d+)$`)
)

// dateOf divides a name into its rest and the day or month at its end, which is "" if there is none.
func dateOf(name string) (rest, date string) {
	if name == "" || name[len(name)-1] < '0' || name[len(name)-1] > '9' {
		return name, ""
	}
	m := trailingDate.FindStringSubmatch(name)
	if m == nil || !isDate(m[2]) {
		return name, ""
	}
	return m[1], m[2]
}

// isDate reports whether digits name a year from 1800 to 2199, a month, and a day if there is one.
func isDate(s string) bool {
	plain := strings.NewReplacer("-", "", "_", "").Replace(s)
	if strings.Contains(s, ".") {
		plain = s[6:] + s[3:5] + s[:2]
	}
	n := func(from, to int) int {
		v, _ := strconv.Atoi(plain[from:to])
		return v
	}
	return isYear(plain[:4]) && (len(plain) < 6 || 1 <= n(4, 6) && n(4, 6) <= 12) &&
		(len(plain) < 8 || 1 <= n(6, 8) && n(6, 8) <= 31)
}

func isYear(s string) bool {
	y, err := strconv.Atoi(s)
	return err == nil && 1800 <= y && y < 2200
}

// symbolOf returns the symbol that a name gives by itself, and the date that was taken off.
func symbolOf(name string) (symbol, date string) {
	stem, _ := split(name)
	symbol, _ = original(strings.TrimSpace(stem))
	if digits.MatchString(symbol) { // what they are depends on their neighbours: see symbols
		return symbol, ""
	}
	if partName.MatchString(symbol) {
		return "", ""
	}
	if m := leadingDay.FindStringSubmatch(symbol); m != nil && isDate(m[1]) {
		return "", m[1]
	}
	rest, date := dateOf(symbol)
	if first, from := dateOf(rest); from != "" {
		rest, date = first, from+" to "+date
	}
	return strings.TrimSpace(rest), date
}

// symbols says for each file of which asset it is, where no folder said it.
func (l *Listing) symbols() {
	byName := make([]bool, len(l.Files))
	years := map[string]int{}      // files by what is before a year
	assets := map[[2]string]bool{} // folders, and counts of digits, with a name that is no date
	for i := range l.Files {
		f := &l.Files[i]
		if byName[i] = f.Symbol == "" && f.Format != Other; !byName[i] {
			continue
		}
		f.Symbol, f.Date = symbolOf(filepath.Base(f.Path))
		if m := trailingYear.FindStringSubmatch(f.Symbol); m != nil && isYear(m[2]) {
			years[m[1]]++
		}
		if digits.MatchString(f.Symbol) && !isDate(f.Symbol) {
			assets[digitsOf(f)] = true
		}
	}
	for i := range l.Files {
		f := &l.Files[i]
		if !byName[i] {
			continue
		}
		if digits.MatchString(f.Symbol) && !assets[digitsOf(f)] {
			f.Symbol, f.Date = "", f.Symbol
		}
		if m := trailingYear.FindStringSubmatch(f.Symbol); m != nil && isYear(m[2]) && years[m[1]] > 1 {
			f.Symbol, f.Date = m[1], strings.TrimSpace(m[2]+" "+f.Date)
		}
	}
}

// digitsOf is the company in which a name of digits is judged: those of its length in its folder.
func digitsOf(f *File) [2]string {
	return [2]string{filepath.Dir(f.Path), strconv.Itoa(len(f.Symbol))}
}

// copyMarks are what browsers and desktops put around the name of a second copy.
var copyMarks = []*regexp.Regexp{
	regexp.MustCompile(`^(.+?) ?\(\d{1,3}\)$`),
	regexp.MustCompile(`(?i)^(.+?) ?\((?:another )?(?:copy|kopie|copie|copia)(?: \d+)?\)$`),
	regexp.MustCompile(`(?i)^(.+?) (?:- )?(?:copy|kopie|copie|copia)(?: \d+| ?\(\d+\))?$`),
	regexp.MustCompile(`(?i)^(?:copy|kopie|copie|copia) (?:of|von|de|di) (.+)$`),
}

// original returns the name that a copy was made of, and whether there was the mark of a copy.
func original(stem string) (string, bool) {
	if lower := strings.ToLower(stem); !strings.HasSuffix(lower, ")") && !strings.Contains(lower, "cop") &&
		!strings.Contains(lower, "kopie") {
		return stem, false // as nearly all are, without the cost of the patterns
	}
	marked := false
	for range 3 { // a copy of a copy
		for _, mark := range copyMarks {
			if m := mark.FindStringSubmatch(stem); m != nil {
				stem, marked = strings.TrimSpace(m[1]), true
			}
		}
	}
	return stem, marked
}

// copies finds what browsers and desktops call a second copy of a file: beside the original it is a problem, since
// both would be assets or parts of one; alone it is the file, under its own name.
func (l *Listing) copies() {
	stems := map[string]int{} // files without a mark, by folder and stem
	for i, f := range l.Files {
		if stem, marked := markless(f.Path); !marked && f.Format != Other {
			stems[stem] = i
		}
	}
	for i, f := range l.Files {
		stem, marked := markless(f.Path)
		if !marked || f.Format == Other {
			continue
		}
		if of, ok := stems[stem]; ok {
			l.refuse(f.Path, fmt.Sprintf("this looks like a copy of %s, and one asset cannot be there twice: "+
				"move the one that is out of date to another place", filepath.Base(l.Files[of].Path)))
			continue
		}
		stems[stem] = i
		if f.Symbol != "" {
			l.warn(f.Path, fmt.Sprintf("this looks like the copy of a file that is not here; it is taken as %q", f.Symbol))
		}
	}
}

// markless returns a path without its endings and without the mark of a copy, and whether it had one.
func markless(path string) (string, bool) {
	dir, name := filepath.Split(path)
	stem, _ := split(name)
	of, marked := original(strings.TrimSpace(stem))
	return dir + of, marked
}
