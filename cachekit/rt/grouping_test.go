package rt

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// placesOf groups keys and returns where each row goes, by the definition and by
// a Grouping.
func placesOf(keys []string, compare func(a, b string) int, add func(*Names[string], string)) (want, got []int, groups []string) {
	g := NewGrouping(len(keys), compare, func(names *Names[string], lo, hi int) {
		for _, key := range keys[lo:hi] {
			add(names, key)
		}
	})
	got = make([]int, len(keys))
	for i := range got {
		got[i] = -1
	}
	g.Move(func() func(int, []int32, []int) {
		return func(first int, from []int32, to []int) {
			for i, row := range from {
				got[first+int(row)] = to[i]
			}
		}
	})

	var distinct []string
	for _, key := range keys {
		if !slices.Contains(distinct, key) {
			distinct = append(distinct, key)
		}
	}
	if compare != nil {
		slices.Sort(distinct)
	}
	want = make([]int, len(keys))
	n := 0
	for _, group := range distinct {
		for i, key := range keys {
			if key == group {
				want[i] = n
				n++
			}
		}
	}
	if !slices.Equal(g.Keys, distinct) {
		return nil, nil, g.Keys
	}
	return want, got, g.Keys
}

func TestGroupingIsAStableSortByGroup(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 300 {
		keys := make([]string, rng.IntN(60+rng.IntN(2)*2*manyTexts)) // of some, addresses are remembered
		for i := range keys {
			keys[i] = strings.Clone(fmt.Sprint("k", rng.IntN(1+rng.IntN(20))))
		}
		for _, compare := range []func(a, b string) int{strings.Compare, nil} {
			for _, add := range []func(*Names[string], string){(*Names[string]).Add, AddText[string]} {
				if want, got, groups := placesOf(keys, compare, add); want == nil || !slices.Equal(want, got) {
					t.Fatalf("keys %q, groups %q: rows go to\n%v, want\n%v", keys, groups, got, want)
				}
			}
		}
	}
}

// Several parts, blocks and groups of many rows, in an order that no prediction
// follows.
func TestGroupingOfManyRows(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	for _, groups := range []int{3, 700, 5 * blockRows} {
		keys := make([]int32, 3*partRows+17)
		for i := range keys {
			keys[i] = rng.Int32N(int32(groups))
		}
		g := NewGrouping(len(keys), cmp.Compare[int32], func(names *Names[int32], lo, hi int) {
			for _, key := range keys[lo:hi] {
				names.Add(key)
			}
		})
		moved := make([]int, len(keys)) // the row that goes to each place
		g.Move(func() func(int, []int32, []int) {
			return func(first int, from []int32, to []int) {
				for i, row := range from {
					moved[to[i]] = first + int(row)
				}
			}
		})
		for i := 1; i < len(moved); i++ {
			a, b := moved[i-1], moved[i]
			if keys[a] > keys[b] || keys[a] == keys[b] && a >= b {
				t.Fatalf("%d groups: place %d has row %d of group %d after row %d of group %d", groups, i, b, keys[b], a, keys[a])
			}
		}
	}
}

func TestJoinRunsRefusesWhatIsNotGrouped(t *testing.T) {
	for _, c := range []struct {
		keys          string
		sorted, apart bool // whether sorted, and whether at least each key has one run
	}{
		{"", true, true}, {"a", true, true}, {"aab", true, true}, {"bba", false, true}, {"aba", false, false}, {"abca", false, false},
	} {
		keys := strings.Split(c.keys, "")
		if c.keys == "" {
			keys = nil
		}
		for cut := range len(keys) + 1 {
			second := Runs(keys[cut:])
			for i := range second {
				second[i].Start += cut
			}
			runs := [][]Run[string]{Runs(keys[:cut]), second}
			groups, offsets, ok := JoinRuns(len(keys), runs, strings.Compare)
			if ok != c.sorted {
				t.Errorf("%q cut at %d: sorted %v", c.keys, cut, ok)
			}
			if err := CheckGroups(groups, offsets, strings.Compare); ok && err != nil {
				t.Errorf("%q cut at %d: %v", c.keys, cut, err)
			}
			if _, _, ok := JoinRuns(len(keys), runs, nil); ok != c.apart {
				t.Errorf("%q cut at %d: each key one run %v", c.keys, cut, ok)
			}
		}
	}
}

func TestCheckGroupsNamesWhatIsWrong(t *testing.T) {
	for _, c := range []struct {
		keys    []string
		offsets []int
		compare func(a, b string) int
		want    string
	}{
		{nil, nil, nil, "0 offsets for 0 keys"},
		{[]string{"a"}, []int{0}, nil, "1 offsets for 1 keys"},
		{[]string{"a"}, []int{1, 2}, nil, "from 0"},
		{[]string{"a", "b"}, []int{0, 2, 2}, nil, "group 1 (b) has the rows 2 to 2"},
		{[]string{"b", "a"}, []int{0, 1, 2}, strings.Compare, "key a comes after b"},
		{[]string{"a", "a"}, []int{0, 1, 2}, strings.Compare, "key a comes after a"},
		{[]string{"a", "b", "a"}, []int{0, 1, 2, 3}, nil, "a key occurs twice"},
	} {
		if err := CheckGroups(c.keys, c.offsets, c.compare); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q %v: %v, want %q", c.keys, c.offsets, err, c.want)
		}
	}
	if err := CheckColumn("Open", make([]int, 2), 3); err == nil || !strings.Contains(err.Error(), "column Open has 2 elements for 3 rows") {
		t.Error(err)
	}
	if err := CheckColumn("Open", []int(nil), 3); err != nil {
		t.Error(err)
	}
}

func TestEachPartCoversAllRowsOnce(t *testing.T) {
	for _, n := range []int{0, 1, partRows - 1, 2*partRows + 3} {
		for parts := 1; parts <= 3; parts++ {
			seen := make([]int32, n)
			EachPart(parts, n, func(part, lo, hi int) {
				for i := lo; i < hi; i++ {
					seen[i]++
				}
			})
			if i := slices.IndexFunc(seen, func(times int32) bool { return times != 1 }); i >= 0 {
				t.Errorf("%d rows in %d parts: row %d is in %d of them", n, parts, i, seen[i])
			}
		}
	}
}
