package sheet

import (
	"slices"
	"strings"
	"unicode"
)

// timeWords are what stands in letters in a date or a time of day.
var timeWords = strings.Fields("t z utc gmt am pm a m p est edt cst cdt mst mdt pst pdt cet cest bst jst" +
	" us eastern central america new york chicago europe london berlin asia tokyo q w st nd rd th" +
	" jan feb mar apr may jun jul aug sep sept oct nov dec january february march april june july august september" +
	" october november december mon tue wed thu fri sat sun monday tuesday wednesday thursday friday saturday sunday")

// looksLikeNumber says whether a cell may be a number in some convention.
func looksLikeNumber(cell string) bool {
	cell = strings.Trim(strings.TrimSpace(cell), "$€£¥%+-()")
	if n := len(cell); n > 1 && strings.IndexByte("KMBTkmbt", cell[n-1]) >= 0 {
		cell = cell[:n-1]
	}
	if n := strings.LastIndexByte(cell, '-'); n >= 0 && (n == 0 || cell[n-1]|0x20 != 'e') {
		return false
	}
	return hasDigit(cell) && strings.IndexFunc(cell, func(r rune) bool {
		return !isDigit(r) && !strings.ContainsRune(".,'’ \u00a0\u2009\u202feE+-", r)
	}) < 0
}

// looksLikeTime says whether a cell may be a date or a time of day.
func looksLikeTime(cell string) bool {
	if !hasDigit(cell) || len(cell) > 64 {
		return false
	}
	if strings.IndexFunc(cell, func(r rune) bool {
		return !isDigit(r) && !unicode.IsLetter(r) && !strings.ContainsRune(" -/.,:+_\u00a0", r)
	}) >= 0 {
		return false
	}
	words := strings.FieldsFunc(strings.ToLower(cell), func(r rune) bool { return !unicode.IsLetter(r) })
	for _, word := range words {
		if !slices.Contains(timeWords, word) {
			return false
		}
	}
	return len(words) > 0 || strings.ContainsAny(cell, "-/.:") || len(strings.TrimSpace(cell)) >= 8
}

// looksLikeRow says whether one of the cells is a date and nothing else, or most of those that hold something are
// numbers or times; half of them where the first is. A header may have some numbers, such as tickers of Tokyo.
func looksLikeRow(record []string) bool {
	filled, data := 0, 0
	for _, cell := range record {
		if cell = strings.TrimSpace(cell); cell == "" {
			continue
		}
		filled++
		number, time := looksLikeNumber(cell), looksLikeTime(cell)
		if time && !number {
			return true
		}
		if number || time {
			data++
		}
	}
	return 2*data > filled || data > 0 && 2*data == filled && looksLikeNumber(record[0])
}

// looksLikeText says whether a record is a line of prose, such as the name of a provider below the rows.
func looksLikeText(record []string) bool {
	if slices.ContainsFunc(record, func(cell string) bool { return looksLikeTime(strings.TrimSpace(cell)) }) {
		return false
	}
	first := strings.TrimSpace(record[0])
	if !strings.ContainsFunc(first, unicode.IsLetter) {
		return false
	}
	return filled(record) == 1 || strings.ContainsAny(first, " :")
}

// isRuler says whether a record is a line that is drawn below a header, or the byte by which DOS ended a text.
func isRuler(record []string) bool {
	for _, cell := range record {
		if cell = strings.TrimSpace(cell); cell != "\x1a" && (len(cell) < 3 || strings.Trim(cell, "-=+") != "") {
			return false
		}
	}
	return true
}

func filled(record []string) int {
	n := 0
	for _, cell := range record {
		if strings.TrimSpace(cell) != "" {
			n++
		}
	}
	return n
}

func hasDigit(s string) bool { return strings.ContainsFunc(s, isDigit) }

func isDigit(r rune) bool { return '0' <= r && r <= '9' }
