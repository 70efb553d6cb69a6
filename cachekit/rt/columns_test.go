package rt

import (
	"math"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/bmadventure/optcache/sizing"
)

func TestColumnsReuseMemory(t *testing.T) {
	for _, n := range []int{0, 1, 10, 1000} {
		old := RawColumn[float64](nil, 500)
		if len(old) != 500 {
			t.Fatalf("%d elements, want 500", len(old))
		}
		c := RawColumn(old, n)
		if len(c) != n {
			t.Errorf("%d elements, want %d", len(c), n)
		}
		if n > 0 && (&c[0] == &old[0]) != (n <= cap(old)) {
			t.Errorf("%d elements in the room of %d: same memory %v", n, cap(old), &c[0] == &old[0])
		}
		if texts := Column([]string(nil), n); len(texts) != n || texts == nil {
			t.Errorf("%d texts, want %d", len(texts), n)
		}
	}
}

// Raw memory must be counted as any other.
func TestRawColumnsAreSizedAsTheRuntimeRounds(t *testing.T) {
	heap := func() int64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.GC() // what the first one found is swept now
		runtime.ReadMemStats(&m)
		return int64(m.HeapAlloc)
	}
	const columns = 64     // so that what the runtime and the test itself hold matters little
	const noise = 16 << 10 // of the runtime, in bytes
	for _, n := range []int{1000, 12_600, 100_003} {
		held := make([][]float64, columns)
		before := heap()
		var size int64
		for i := range held {
			held[i] = RawColumn[float64](nil, n)
			size += sizing.Slice(held[i])
		}
		grown := heap() - before
		runtime.KeepAlive(held)
		if size < grown-grown/100-noise || size > grown+grown/100+noise {
			t.Errorf("%d columns of %d elements: counted as %d bytes, the heap grew by %d", columns, n, size, grown)
		}
	}
}

func TestTextsAreOwnAndEqual(t *testing.T) {
	big := strings.Repeat("x", 1000) + "abc"
	column := []string{"abc", big[1000:], "", "abcd", "abc", ""}
	want := slices.Clone(column)
	if size := Texts(len(column), func(i int) *string { return &column[i] }); size != sizing.String("abcabcd") {
		t.Errorf("counted as %d bytes", size)
	}
	if !slices.Equal(want, column) {
		t.Errorf("%q became %q", want, column)
	}
	if addressOf(column[0]) != addressOf(column[1]) || addressOf(column[1]) == addressOf(big[1000:]) {
		t.Error("equal texts are not one, or not the column's own")
	}
}

func TestFlattenKeepsNilAndEmpty(t *testing.T) {
	column := [][]int{nil, {}, {1, 2}, nil, {3}}
	theirs := column[2]
	all := Flatten(len(column), func(i int) *[]int { return &column[i] })
	if !slices.Equal(all, []int{1, 2, 3}) || cap(all) != 3 {
		t.Errorf("elements %v", all)
	}
	if column[0] != nil || column[1] == nil || len(column[1]) != 0 || column[3] != nil || !slices.Equal(column[2], []int{1, 2}) {
		t.Errorf("became %v", column)
	}
	theirs[0] = 9
	if column[2][0] != 1 || cap(column[2]) != 2 {
		t.Error("shares memory with what it was made of, or with its neighbour")
	}
}

func TestUnixNanoKeepsOrRefuses(t *testing.T) {
	zone := time.FixedZone("UTC", 0)
	for _, ns := range []int64{math.MinInt64 + 2e9, -1, 0, 1, math.MaxInt64 - 2e9} {
		want := time.Unix(0, ns).UTC()
		got, ok := UnixNano(want)
		if !ok || Time(got) != want {
			t.Errorf("%s does not come back equal", want)
		}
		if _, ok := UnixNano(want.In(zone)); ok {
			t.Errorf("%s in another zone is taken", want)
		}
	}
	for _, c := range []struct {
		t    time.Time
		want string
	}{
		{time.Time{}, "outside the years"},
		{time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC), "outside the years"},
		{time.Date(1677, 1, 1, 0, 0, 0, 0, time.UTC), "outside the years"},
		{time.Unix(0, 0).In(zone), "not in UTC"},
	} {
		if _, ok := UnixNano(c.t); ok || !strings.Contains(TimeError(c.t).Error(), c.want) {
			t.Errorf("%s: taken %v, %v", c.t, ok, TimeError(c.t))
		}
	}
}

func TestCompareBoolOrdersFalseFirst(t *testing.T) {
	for _, c := range []struct {
		a, b bool
		want int
	}{{false, false, 0}, {false, true, -1}, {true, false, 1}, {true, true, 0}} {
		if got := CompareBool(c.a, c.b); got != c.want {
			t.Errorf("CompareBool(%v, %v) = %d", c.a, c.b, got)
		}
	}
}
