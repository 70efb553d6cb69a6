package ingest

import (
	"cmp"
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"sort"
	"time"

	"github.com/bmadventure/optcache/cachekit/ingest/internal/files"
	"github.com/bmadventure/optcache/cachekit/internal/bar"
)

// A part is the rows of one asset in one of its files.
type part struct {
	*rowGroup
	of *table
}

// checkDated refuses files that would be joined into one asset for the dates in their names, while their bars are of
// other dates: ES_202312 and ES_202403 are two contracts more often than two months of one asset. Where each shares
// bars with the one before, equal in every value, they are downloads of one asset at different dates.
func (in *input) checkDated(symbol string, parts []part) error {
	parts = slices.Clone(parts)
	slices.SortStableFunc(parts, func(a, b part) int { return cmp.Compare(a.times[0], b.times[0]) })
	odd := slices.IndexFunc(parts, func(p part) bool { return p.strays() })
	if len(parts) < 2 || odd < 0 || slices.ContainsFunc(parts, func(p part) bool { return p.of.date == "" || p.of.symbols }) {
		return nil
	}
	for i, p := range parts[1:] {
		same, err := sharesBars(parts[i].rowGroup, p.rowGroup)
		if err != nil {
			return err
		}
		if same {
			continue
		}
		p := parts[odd]
		p.of.refuse(0, "", "", fmt.Sprintf("its name says %s of %q, and its bars are of %s to %s: if this and %s are two assets, "+
			"such as contracts of two months, put each into a folder of its own, such as symbol=%s; "+
			"if they are one, put them into symbol=%s together", p.of.date, symbol, bar.FormatTime(in.frequency, p.times[0]),
			bar.FormatTime(in.frequency, p.times[len(p.times)-1]), filepath.Base(parts[other(i, odd)].of.path),
			stem(p.of.path), cmp.Or(symbol, "NAME")))
		return nil
	}
	return nil
}

// other returns which of the parts i and i+1 to name beside the one at odd.
func other(i, odd int) int {
	if i == odd {
		return i + 1
	}
	return i
}

// stem returns the name of a file without its endings.
func stem(path string) string {
	name := filepath.Base(path)
	if dot := slices.Index([]byte(name), '.'); dot > 0 {
		name = name[:dot]
	}
	return name
}

// strays reports whether most bars are of other dates than the name of the file says, give or take the day that zones
// move them.
func (p part) strays() bool {
	from, to, ok := files.Period(p.of.date)
	if !ok {
		return false
	}
	at := func(t time.Time) int {
		return sort.Search(len(p.times), func(i int) bool { return p.times[i] >= t.UnixNano() })
	}
	inside := at(to.AddDate(0, 0, 1)) - at(from.AddDate(0, 0, -1))
	return 2*inside < len(p.times)
}

// sharesBars reports whether two groups have bars of the same times, and all these are equal.
func sharesBars(a, b *rowGroup) (bool, error) {
	if a.times[len(a.times)-1] < b.times[0] {
		return false, nil
	}
	if err := cmp.Or(a.load(), b.load()); err != nil {
		return false, err
	}
	shared := 0
	for i, j := 0, 0; i < len(a.times) && j < len(b.times); {
		switch {
		case a.times[i] < b.times[j]:
			i++
		case a.times[i] > b.times[j]:
			j++
		default:
			for f := range bar.NumFields {
				if x, y := a.columns[f], b.columns[f]; x != nil && y != nil && math.Float64bits(x[i]) != math.Float64bits(y[j]) {
					return false, nil
				}
			}
			i, j, shared = i+1, j+1, shared+1
		}
	}
	return shared > 0, nil
}
