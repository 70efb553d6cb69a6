package propertytest

import (
	"fmt"
	"iter"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/leanovate/gopter"
	"github.com/leanovate/gopter/prop"
)

// A Grouping is a way to group rows by key, such as the bars of a bundle by asset.
type Grouping[K comparable, R any] struct {
	// Group returns each key that the rows have, once, with its rows in the order in which they
	// were given. It must not keep or change rows.
	Group func(rows []R) iter.Seq2[K, []R]

	// Key returns the key of a row.
	Key func(row R) K

	// Keys are some keys that rows may have, and Row makes one of a key: serial is different for each.
	Keys []K
	Row  func(key K, serial int) R

	// Sorted is the order in which the groups come. Nil means that in which their first rows came.
	Sorted func(a, b K) int

	// Cmp and Cases are as in [Suite].
	Cmp   []cmp.Option
	Cases int
}

// Groups proves that grouping is the same as going through all rows for each key: for any rows, in
// any order, sorted by key or not, none or one.
func Groups[K comparable, R any](t *testing.T, g Grouping[K, R]) {
	t.Helper()
	failure, err := g.check(t)
	switch {
	case err != nil:
		t.Fatal(err)
	case failure != nil:
		t.Error(failure)
	}
}

// CheckGroups is [Groups] for those who want to look at the failure.
func CheckGroups[K comparable, R any](t *testing.T, g Grouping[K, R]) error {
	failure, err := g.check(t)
	if err == nil && failure != nil {
		return failure
	}
	return err
}

// A rowList is the keys of rows, by their numbers, as gopter hands them about.
type rowList []uint8

// String is short because gopter asks for it with every case.
func (rowList) String() string { return "rows" }

func (g Grouping[K, R]) check(t *testing.T) (*Failure, error) {
	if g.Group == nil || g.Key == nil || g.Row == nil || len(g.Keys) < 2 || len(g.Keys) > 255 {
		return nil, fmt.Errorf("checking the grouping: it needs Group, Key, Row and 2 to 255 Keys")
	}
	for i, k := range g.Keys {
		if g.Key(g.Row(k, i)) != k {
			return nil, fmt.Errorf("checking the grouping: the Key of a Row of key %v is %v", k, g.Key(g.Row(k, i)))
		}
	}
	e, err := fromEnvironment(g.Cases)
	if err != nil {
		return nil, err
	}
	params := gopter.DefaultTestParametersWithSeed(e.seedOf("grouping"))
	params.MinSuccessfulTests = e.cases
	result := prop.ForAll(func(rows rowList) string { return g.try(rows) }, g.generator()).Check(params)
	if result.Passed() {
		return nil, nil
	}
	if len(result.Args) == 0 {
		return nil, fmt.Errorf("running the grouping: %v: %w", result.Status, result.Error)
	}
	list := result.Args[len(result.Args)-1].Arg.(rowList)
	why := g.try(list)
	if result.Error != nil {
		why = result.Error.Error()
	}
	return &Failure{Property: "grouping", Steps: len(list), Case: result.Succeeded + 1, report: fmt.Sprintf(
		"grouping: it is the same as to go through all rows for each key; here it is not so:\n\n"+
			"    %d rows, of the keys %s (seed %d, case %d)\n\n%s\n", len(list), g.keysOf(list), e.seed, result.Succeeded+1, indent(why))}, nil
}

// keysOf writes the keys of the rows.
func (g Grouping[K, R]) keysOf(list rowList) string {
	var names []string
	for _, k := range list {
		names = append(names, fmt.Sprintf("%+v", g.Keys[k]))
	}
	return fmt.Sprintf("%q", names)
}

// A group is one group, for comparison.
type group[K comparable, R any] struct {
	Key  K
	Rows []R
}

// try groups rows and says how that differs from filtering them; "" if it does not.
func (g Grouping[K, R]) try(list rowList) string {
	make := func() []R {
		rows := []R{}
		for serial, k := range list {
			rows = append(rows, g.Row(g.Keys[k], serial))
		}
		return rows
	}
	given := make()
	var want, got []group[K, R]
	for _, row := range given {
		k := g.Key(row)
		if !slices.ContainsFunc(want, func(have group[K, R]) bool { return have.Key == k }) {
			want = append(want, group[K, R]{Key: k})
		}
	}
	if g.Sorted != nil {
		slices.SortFunc(want, func(a, b group[K, R]) int { return g.Sorted(a.Key, b.Key) })
	}
	for i := range want {
		for _, row := range given {
			if g.Key(row) == want[i].Key {
				want[i].Rows = append(want[i].Rows, row)
			}
		}
	}
	for k, rows := range g.Group(given) {
		got = append(got, group[K, R]{k, slices.Clone(rows)})
	}
	options := g.Cmp
	if options == nil {
		options = bitwise()
	}
	if diff := cmp.Diff(want, got, options...); diff != "" {
		return "the groups differ (-filtered +grouped):\n" + diff
	}
	if diff := cmp.Diff(make(), given, options...); diff != "" {
		return "grouping changed the rows that it was given (-before +after):\n" + diff
	}
	return ""
}

// generator makes rows of few or many keys, in runs or not, often sorted by key as loaders leave them.
func (g Grouping[K, R]) generator() gopter.Gen {
	return func(p *gopter.GenParameters) *gopter.GenResult {
		r := rand.New(rand.NewPCG(p.Rng.Uint64(), 0))
		list := rowList{}
		keys := 1 + r.IntN(len(g.Keys))
		for range r.IntN(2 + p.MaxSize) {
			k := uint8(r.IntN(keys))
			if len(list) > 0 && r.IntN(3) == 0 {
				k = list[len(list)-1]
			}
			list = append(list, k)
		}
		if r.IntN(3) == 0 {
			slices.Sort(list)
		}
		return gopter.NewGenResult(list, shrinkRows)
	}
}

func shrinkRows(v any) gopter.Shrink {
	list := v.(rowList)
	var simpler []rowList
	for run := len(list); run > 0; run /= 2 {
		for from := 0; from+run <= len(list); from += run {
			simpler = append(simpler, slices.Concat(rowList{}, list[:from], list[from+run:]))
		}
	}
	for i, k := range list {
		if k > 0 {
			lower := slices.Clone(list)
			lower[i]--
			simpler = append(simpler, lower)
		}
	}
	return func() (any, bool) {
		if len(simpler) == 0 {
			return nil, false
		}
		next := simpler[0]
		simpler = simpler[1:]
		return next, true
	}
}
