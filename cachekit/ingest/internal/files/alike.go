package files

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// Alike returns the pairs of symbols that differ only in case or in Unicode form (é as one character or as two), and
// so may be one asset under two names. Both symbols of a pair are as they were given, the lesser one first, and each
// is paired with the first of its kind; pairs are sorted.
func Alike(symbols []string) [][2]string {
	sorted := slices.Clone(symbols)
	slices.Sort(sorted)
	var pairs [][2]string
	first := make(map[string]string, len(sorted))
	fold := cases.Fold()
	for _, s := range slices.Compact(sorted) {
		key := norm.NFC.String(fold.String(norm.NFC.String(s)))
		if of, ok := first[key]; ok {
			pairs = append(pairs, [2]string{of, s})
			continue
		}
		first[key] = s
	}
	slices.SortFunc(pairs, func(a, b [2]string) int {
		return cmp.Or(cmp.Compare(a[0], b[0]), cmp.Compare(a[1], b[1]))
	})
	return pairs
}

// Difference says in what two symbols of a pair of [Alike] differ: "case" or "Unicode form".
func Difference(pair [2]string) string {
	if norm.NFC.String(pair[0]) == norm.NFC.String(pair[1]) {
		return "Unicode form"
	}
	return "case"
}

// alike refuses files whose symbols are alike.
func (l *Listing) alike() {
	paths := make(map[string]string, len(l.Files))
	var symbols []string
	for _, f := range l.Files {
		if _, ok := paths[f.Symbol]; !ok {
			paths[f.Symbol] = f.Path
			symbols = append(symbols, f.Symbol)
		}
	}
	for _, pair := range Alike(symbols) {
		format := "its symbol %q differs from %q of %s only in %s"
		if Difference(pair) != "case" {
			format = strings.ReplaceAll(format, "%q", "%+q") // or they would look the same
		}
		l.refuse(paths[pair[1]], fmt.Sprintf(format, pair[1], pair[0], paths[pair[0]], Difference(pair))+
			": move one of the two to another place if they are one asset, and rename one if they are two")
	}
}
