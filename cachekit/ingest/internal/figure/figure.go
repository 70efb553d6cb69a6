// Package figure reads numbers as files of bars have them: with a decimal point or a decimal comma, with thousands
// marked or not, in thousands and millions (1.23M), with a currency or a percent sign. Every number that is read is the
// float64 nearest to what is written. A [Format] is found from the cells of a file and holds for all of it.
package figure

import (
	"errors"
	"math"
	"strconv"
	"strings"
)

// A Format says how a file writes numbers. The zero value is a decimal point.
type Format struct {
	Comma bool // whether the decimals follow a comma, and dots mark thousands
}

// Find returns how numbers are written in cells. In a file of semicolons, tabs or pipes a comma that may be either is
// taken for the decimals, as the delimiter is not a comma so that it can be; in a file of commas it marks thousands.
func Find(cells []string, delimiter byte) Format {
	points, commas, doubtful := 0, 0, 0
	for _, c := range cells {
		c = bare(c)
		point, comma := strings.LastIndexByte(c, '.'), strings.LastIndexByte(c, ',')
		switch {
		case point >= 0 && comma >= 0:
			if point > comma {
				points++
			} else {
				commas++
			}
		case point >= 0 && strings.Count(c, ".") > 1:
			commas++
		case comma >= 0 && strings.Count(c, ",") > 1:
			points++
		case point >= 0 && len(c)-point-1 != 3:
			points++
		case comma >= 0 && len(c)-comma-1 != 3:
			commas++
		case comma >= 0:
			doubtful++
		}
	}
	if commas == 0 && points == 0 {
		return Format{Comma: doubtful > 0 && delimiter != ','}
	}
	return Format{Comma: commas > points}
}

// missing are what files write where there is no number.
var missing = map[string]bool{
	"": true, "nan": true, "-nan": true, "null": true, "none": true, "n/a": true, "na": true, "#n/a": true, "#na": true,
	"<na>": true, "nat": true, "-": true, "--": true, "---": true, ".": true, "nil": true, "\u2014": true, "\u2013": true,
	"#div/0!": true, "#value!": true, "?": true,
}

// Missing reports whether a cell says that there is no number.
func Missing(text string) bool {
	return len(text) == 0 || len(text) < 9 && missing[strings.ToLower(strings.TrimSpace(text))]
}

// Message says that a cell is no number.
const message = "it is not a number: write it like 1234.5"

// Parse returns the number that is written, NaN where the cell says that there is none. wrong says why it cannot be
// read.
func (f Format) Parse(text string) (v float64, wrong string) {
	decimal := byte('.')
	if f.Comma {
		decimal = ','
	}
	if v, ok := short(text, decimal); ok {
		return v, ""
	}
	if !f.Comma && plain(text) {
		return parse(text)
	}
	if Missing(text) {
		return math.NaN(), ""
	}
	s, negative, power := text, false, 0
	s = strings.TrimSpace(s)
	if len(s) > 2 && s[0] == '(' && s[len(s)-1] == ')' { // as accountants write what is lost
		s, negative = s[1:len(s)-1], true
	}
	s = bare(s)
	if n := len(s); n > 1 {
		switch s[n-1] {
		case 'K', 'k':
			power = 3
		case 'M', 'm':
			power = 6
		case 'B', 'b':
			power = 9
		case 'T', 't':
			power = 12
		}
		if power > 0 {
			s = strings.TrimSpace(s[:n-1])
		}
	}
	s, ok := f.ungrouped(s)
	if !ok {
		s, ok = f.marked(s)
	}
	if !ok || !plain(s) || negative && s[0] == '-' {
		return 0, message
	}
	if negative {
		s = "-" + s
	}
	if power > 0 {
		if strings.ContainsAny(s, "eE") {
			return 0, message
		}
		s += "e" + strconv.Itoa(power)
	}
	return parse(s)
}

// tens are the powers of ten that a float64 holds exactly.
var tens = [...]float64{
	1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18,
}

// short reads a number of at most 18 digits, with a decimal sign perhaps, as nearly all prices are. Where the digits without
// that sign are below 2^53 they and the power of ten are exact, so that their quotient is the nearest float64 (Clinger,
// How to Read Floating Point Numbers Accurately, 1990). It is not ok for all other numbers.
func short(s string, decimal byte) (v float64, ok bool) {
	const most = 18 // digits that an uint64 holds for certain
	rest := s
	if len(rest) > 0 && rest[0] == '-' {
		rest = rest[1:]
	}
	if len(rest) > most+1 {
		return 0, false
	}
	var m uint64
	digits, point := 0, -1
	for i := range len(rest) {
		switch c := rest[i] - '0'; {
		case c <= 9:
			m = 10*m + uint64(c)
			digits++
		case rest[i] == decimal && point < 0:
			point = i
		default:
			return 0, false
		}
	}
	if digits == 0 || digits > most || m >= 1<<53 {
		return 0, false
	}
	v = float64(m)
	if point >= 0 {
		v /= tens[len(rest)-1-point]
	}
	if len(rest) < len(s) {
		v = -v
	}
	return v, true
}

// plain reports whether s has nothing in it but digits, signs, a point and an exponent.
func plain(s string) bool {
	if s == "" || s[0] == 'e' || s[0] == 'E' {
		return false
	}
	digit := false
	for i := range len(s) {
		switch c := s[i]; {
		case '0' <= c && c <= '9':
			digit = true
		case c == '.' || c == '-' || c == '+' || c == 'e' || c == 'E':
		default:
			return false
		}
	}
	return digit
}

// parse reads a plain number.
func parse(s string) (v float64, wrong string) {
	v, err := strconv.ParseFloat(s, 64)
	switch {
	case errors.Is(err, strconv.ErrRange):
		return 0, "the number is too large: correct it"
	case err != nil:
		return 0, message
	case v == 0 && !zero(s):
		return 0, "the number is too small: correct it"
	}
	return v, ""
}

// zero reports whether the digits before an exponent are all 0.
func zero(s string) bool {
	for i := range len(s) {
		switch c := s[i]; {
		case '1' <= c && c <= '9':
			return false
		case c == 'e' || c == 'E':
			return true
		}
	}
	return true
}

// signs are what stands before or behind a number and does not change it.
const signs = "$€£¥₹₩₿%'\" \u00a0\u202f\t"

// bare takes currencies, percent signs, quotes and blanks from both ends.
func bare(s string) string {
	s = strings.Trim(s, signs)
	if len(s) > 1 && (s[0] == '-' || s[0] == '+') {
		if rest := strings.TrimLeft(s[1:], signs); len(rest) < len(s)-1 {
			return s[:1] + rest
		}
	}
	return s
}

// marked takes marks away that stand at odd places before a decimal sign, as in 3,99.90: with that behind them they can
// be nothing else.
func (f Format) marked(s string) (string, bool) {
	decimal, mark := ".", ","
	if f.Comma {
		decimal, mark = ",", "."
	}
	whole, fraction, cut := strings.Cut(s, decimal)
	if !cut || strings.Contains(fraction, mark) || strings.HasPrefix(whole, mark) || strings.Contains(whole, mark+mark) {
		return s, false
	}
	return strings.ReplaceAll(whole, mark, "") + "." + fraction, true
}

// ungrouped takes the marks of thousands away and writes a decimal point; marks that do not stand before groups of
// three digits are not ok.
func (f Format) ungrouped(s string) (string, bool) {
	decimal, mark := ".", ","
	if f.Comma {
		decimal, mark = ",", "."
	}
	whole, fraction, cut := strings.Cut(s, decimal)
	for _, m := range []string{mark, " ", "\u00a0", "\u202f", "\u2009", "'", "\u2019"} {
		if !strings.Contains(whole, m) {
			continue
		}
		groups := strings.Split(whole, m)
		for i, g := range groups {
			digits := strings.TrimLeft(g, "+-")
			if i > 0 && len(g) != 3 && !(len(g) == 2 && i < len(groups)-1) || i == 0 && (digits == "" || len(digits) > 3) {
				return s, false // lakhs and crores have groups of two before the last of three
			}
		}
		whole = strings.Join(groups, "")
		break
	}
	if strings.Contains(fraction, decimal) || strings.Contains(fraction, mark) {
		return s, false
	}
	if cut {
		return whole + "." + fraction, true
	}
	return whole, true
}
