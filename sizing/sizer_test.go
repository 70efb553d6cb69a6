package sizing_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"testing"

	"github.com/bmadventure/optcache/sizing"
)

type bar [6]float64

type namedBar struct {
	Symbol string
	Bar    bar
}

// heapGrowth returns what build returns and the bytes of live heap it added.
func heapGrowth[T any](build func() T) (T, int64) {
	live := func() int64 {
		runtime.GC()
		runtime.GC() // the second sweeps what the first found dead
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return int64(m.HeapAlloc)
	}
	before := live()
	v := build()
	return v, live() - before
}

// check fails if the sum is more than 1 % off the real growth of the heap.
func check[T any](t *testing.T, build func() T, size sizing.Sizer[T]) {
	t.Helper()
	v, real := heapGrowth(build)
	got := size(v)
	runtime.KeepAlive(v)
	off := 100 * (float64(got) - float64(real)) / float64(real)
	t.Logf("real %d bytes, counted %d: %+.2f %%", real, got, off)
	if math.Abs(off) > 1 {
		t.Errorf("counted %d bytes, the heap grew by %d: %+.2f %%, must be within 1 %%", got, real, off)
	}
}

// lengths returns the lengths of n groups, as uneven as listings and delistings
// make them.
func lengths(n int) []int {
	rng := rand.New(rand.NewPCG(1, 2))
	s := make([]int, n)
	for i := range s {
		s[i] = 20 + rng.IntN(480)
	}
	return s
}

func grow[E any](n int, next func() E) []E {
	var s []E
	for range n {
		s = append(s, next())
	}
	return s
}

func TestSumsAreWithinOnePercentOfRealHeap(t *testing.T) {
	groupLengths := lengths(1000)
	t.Run("groups of exact length", func(t *testing.T) {
		check(t, func() [][]bar {
			groups := make([][]bar, 0, len(groupLengths))
			for _, n := range groupLengths {
				groups = append(groups, make([]bar, n))
			}
			return groups
		}, sizing.Elements(sizing.Slice[bar]))
	})
	t.Run("groups grown by append", func(t *testing.T) {
		check(t, func() (groups [][]bar) {
			for _, n := range groupLengths {
				groups = append(groups, grow(n, func() bar { return bar{} }))
			}
			return groups
		}, sizing.Elements(sizing.Slice[bar]))
	})
	t.Run("groups of rows with pointers", func(t *testing.T) {
		check(t, func() (groups [][]namedBar) {
			for _, n := range groupLengths {
				groups = append(groups, make([]namedBar, n/8))
			}
			return groups
		}, sizing.Elements(sizing.Slice[namedBar]))
	})
	t.Run("groups of pointers", func(t *testing.T) {
		check(t, func() (groups [][]*namedBar) {
			for _, n := range groupLengths {
				groups = append(groups, grow(n, func() *namedBar { return new(namedBar) }))
			}
			return groups
		}, sizing.Elements(sizing.Elements(sizing.Pointer[namedBar])))
	})
	t.Run("column sets", func(t *testing.T) {
		check(t, func() [][6][]float64 {
			assets := make([][6][]float64, 200)
			for a := range assets {
				for c := range assets[a] {
					assets[a][c] = make([]float64, 2520)
				}
			}
			return assets
		}, sizing.Elements(func(set [6][]float64) int64 { return sizing.Columns(set[:]...) }))
	})
	t.Run("column sets cut from one array", func(t *testing.T) {
		check(t, func() [][][]float64 {
			assets := make([][][]float64, 200)
			for a := range assets {
				block := make([]float64, 6*2520)
				assets[a] = [][]float64{block}
				for c := range 5 {
					assets[a] = append(assets[a], block[c*2520:(c+1)*2520])
				}
			}
			return assets
		}, sizing.Elements(func(set [][]float64) int64 { return sizing.Slice(set) + sizing.Columns(set...) }))
	})
	t.Run("names", func(t *testing.T) {
		check(t, func() []string {
			return grow(50_000, func() string { return fmt.Sprintf("instrument-%d", rand.Uint64()) })
		}, sizing.Elements(sizing.String))
	})
	t.Run("fixed size", func(t *testing.T) {
		check(t, func() []bar { return make([]bar, 100_000) }, sizing.Elements(sizing.Inline[bar]))
	})
	t.Run("allocated one by one", func(t *testing.T) {
		check(t, func() []*[80]string {
			return grow(2000, func() *[80]string { return new([80]string) })
		}, sizing.Elements(sizing.Pointer[[80]string]))
	})
	t.Run("few views that pin a large array", func(t *testing.T) {
		check(t, func() pinned {
			owner := make([]bar, 100_000)
			p := pinned{owner: owner}
			for i := range 10 {
				p.groups = append(p.groups, owner[i*10_000:i*10_000+10:i*10_000+10])
			}
			return p
		}, func(p pinned) int64 { return sizing.Views(p.owner, p.groups) })
	})
	t.Run("views of which some were cloned", func(t *testing.T) {
		check(t, func() pinned {
			owner := make([]bar, 10_000)
			return pinned{owner, [][]bar{owner[:10:10], make([]bar, 5000), owner[9_990:]}}
		}, func(p pinned) int64 { return sizing.Views(p.owner, p.groups) })
	})
}

type pinned struct {
	owner  []bar
	groups [][]bar
}

// A view shows nothing of the array before it: this is why the owner pays.
func TestAViewAloneIsNotChargedForItsOwner(t *testing.T) {
	owner := make([]bar, 100_000)
	if got := sizing.Slice(owner[99_990:]); got != sizing.Alloc(10*48) {
		t.Errorf("the last 10 bars count %d bytes, want %d", got, sizing.Alloc(480))
	}
	if got, want := sizing.Slice(owner[:10]), sizing.Slice(owner); got != want {
		t.Errorf("the first 10 bars with their capacity count %d bytes, want all %d", got, want)
	}
}

func TestColumnsChargesEachArrayOnce(t *testing.T) {
	a, b := make([]float64, 1000), make([]float64, 500)
	whole := sizing.Slice(a) + sizing.Slice(b)
	for name, columns := range map[string][][]float64{
		"twice":          {a, a, b, b, b},
		"part first":     {a[500:], a, b},
		"part last":      {a, b, b[10:20:20], a[:1:1]},
		"nil among them": {nil, a, nil, b[:0], a[1000:]},
	} {
		if got := sizing.Columns(columns...); got != whole {
			t.Errorf("%s: %d bytes, want %d", name, got, whole)
		}
	}
}

func TestNothingHoldsNothing(t *testing.T) {
	for name, got := range map[string]int64{
		"string": sizing.String(""), "slice": sizing.Slice[int](nil), "pointer": sizing.Pointer[int](nil),
		"empty structs": sizing.Slice(make([]struct{}, 9)), "columns": sizing.Columns[int](),
		"views": sizing.Views[int](nil, nil), "elements": sizing.Elements(sizing.String)(nil),
		"a number": sizing.Inline(7), "an empty array of pointers": sizing.Slice(make([][0]*int, 1000)),
	} {
		if got != 0 {
			t.Errorf("%s: %d bytes, want 0", name, got)
		}
	}
}

func ExampleElements() {
	// A cached value: the symbols of a bundle, and a column for each.
	type universe struct {
		symbols []string
		closes  [][]float64
	}
	strings, columns := sizing.Elements(sizing.String), sizing.Elements(sizing.Slice[float64])
	var size sizing.Sizer[universe] = func(u universe) int64 { return strings(u.symbols) + columns(u.closes) }

	fmt.Println(size(universe{[]string{"KO", "MSFT"}, [][]float64{make([]float64, 252), make([]float64, 252)}}))
	// Output: 4192
}
