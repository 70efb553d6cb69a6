package propertytest_test

import (
	"errors"
	"iter"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/bmadventure/optcache/cachekit/market"
	"github.com/bmadventure/optcache/generated/bars"
	"github.com/bmadventure/optcache/property_test"
)

type row struct {
	Key    string
	Serial int
}

// byKey groups rows as they should be.
func byKey(rows []row) iter.Seq2[string, []row] {
	var keys []string
	groups := map[string][]row{}
	for _, r := range rows {
		if groups[r.Key] == nil {
			keys = append(keys, r.Key)
		}
		groups[r.Key] = append(groups[r.Key], r)
	}
	return func(yield func(string, []row) bool) {
		for _, k := range keys {
			if !yield(k, groups[k]) {
				return
			}
		}
	}
}

// brokenGroups are ways in which groupings go wrong.
var brokenGroups = map[string]func([]row) iter.Seq2[string, []row]{
	"only neighbours are grouped": func(rows []row) iter.Seq2[string, []row] {
		return func(yield func(string, []row) bool) {
			for from := 0; from < len(rows); {
				to := from
				for to < len(rows) && rows[to].Key == rows[from].Key {
					to++
				}
				if !yield(rows[from].Key, rows[from:to]) {
					return
				}
				from = to
			}
		}
	},
	"the groups come in any order": func(rows []row) iter.Seq2[string, []row] {
		groups := maps.Collect(byKey(rows))
		return func(yield func(string, []row) bool) {
			for _, k := range slices.Sorted(maps.Keys(groups)) {
				if !yield(k, groups[k]) {
					return
				}
			}
		}
	},
	"the last row is lost": func(rows []row) iter.Seq2[string, []row] { return byKey(rows[:max(0, len(rows)-1)]) },
	"rows lose their order": func(rows []row) iter.Seq2[string, []row] {
		return func(yield func(string, []row) bool) {
			for k, group := range byKey(rows) {
				if len(group) > 2 {
					group[0], group[1] = group[1], group[0]
				}
				if !yield(k, group) {
					return
				}
			}
		}
	},
	"the rows that are given are sorted": func(rows []row) iter.Seq2[string, []row] {
		groups := byKey(slices.Clone(rows))
		slices.SortStableFunc(rows, func(a, b row) int { return len(a.Key) - len(b.Key) })
		return groups
	},
	"groups share their ends": func(rows []row) iter.Seq2[string, []row] {
		return func(yield func(string, []row) bool) {
			var all []row
			for k, group := range byKey(rows) {
				all = append(all, group...)
				if !yield(k, all[max(0, len(all)-len(group)-len(group)/4):]) {
					return
				}
			}
		}
	},
}

func grouping(group func([]row) iter.Seq2[string, []row]) propertytest.Grouping[string, row] {
	return propertytest.Grouping[string, row]{
		Group: group,
		Key:   func(r row) string { return r.Key },
		Keys:  []string{"c", "bb", "", "a", "b"},
		Row:   func(key string, serial int) row { return row{key, serial} },
	}
}

func TestGroups(t *testing.T) {
	propertytest.Groups(t, grouping(byKey))
	for name, broken := range brokenGroups {
		t.Run(name, func(t *testing.T) {
			var f *propertytest.Failure
			if err := propertytest.CheckGroups(t, grouping(broken)); !errors.As(err, &f) {
				t.Fatalf("nothing is noticed: %v", err)
			} else if f.Steps > 8 {
				t.Errorf("%d rows to show it:\n%v", f.Steps, f)
			}
		})
	}
}

// TestGroupedBars: the generated container of bars is its rows, filtered.
func TestGroupedBars(t *testing.T) {
	propertytest.Groups(t, propertytest.Grouping[string, market.Bar]{
		Group: func(rows []market.Bar) iter.Seq2[string, []market.Bar] {
			return func(yield func(string, []market.Bar) bool) {
				b, err := bars.GroupBars(rows)
				if err != nil {
					t.Error(err)
					return
				}
				all := b.Rows()
				for i, k := range b.Keys() {
					lo, hi := b.Bounds(i)
					if !yield(k, all[lo:hi]) {
						return
					}
				}
			}
		},
		Key:    func(b market.Bar) string { return b.Symbol },
		Sorted: strings.Compare,
		Keys:   []string{"SPY", "QQQ", "A", "AA", ""},
		Row: func(symbol string, serial int) market.Bar {
			return market.Bar{Symbol: symbol, Time: time.Unix(int64(serial), 0).UTC(), Open: float64(serial), Volume: 1 / float64(1+serial)}
		},
	})
}
