package bars

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/leanovate/gopter"
	"github.com/leanovate/gopter/gen"
	"github.com/leanovate/gopter/prop"

	"github.com/bmadventure/optcache/cachekit/market"
)

// shape says which random rows to make.
type shape struct {
	Assets, Bars int
	Gaps         float64 // share of the bars that are missing
	Order        string
	Fresh        bool // whether every row has a copy of the symbol of its own
	Seed         uint64
}

func (s shape) rows() []market.Bar {
	rng := rand.New(rand.NewPCG(s.Seed, 1))
	var rows []market.Bar
	for a := range s.Assets {
		symbol := fmt.Sprintf("S%03d", a)
		for d := range s.Bars {
			if rng.Float64() < s.Gaps {
				continue
			}
			if s.Fresh {
				symbol = strings.Clone(symbol)
			}
			rows = append(rows, market.Bar{
				Symbol: symbol,
				Time:   time.Date(2020, 1, 1+d, 0, 0, 0, 0, time.UTC),
				Open:   rng.Float64(), High: rng.Float64(), Low: rng.Float64(), Close: rng.Float64(), Volume: rng.Float64(),
			})
		}
	}
	switch s.Order {
	case "date":
		slices.SortStableFunc(rows, func(a, b market.Bar) int { return a.Time.Compare(b.Time) })
	case "descending":
		slices.Reverse(rows)
	case "random":
		rng.Shuffle(len(rows), func(i, j int) { rows[i], rows[j] = rows[j], rows[i] })
	}
	return rows
}

var orders = []string{"asset", "date", "descending", "random"}

func genShape() gopter.Gen {
	return gen.Struct(reflect.TypeFor[shape](), map[string]gopter.Gen{
		"Assets": gen.IntRange(0, 6),
		"Bars":   gen.IntRange(0, 12),
		"Gaps":   gen.OneConstOf(0.0, 0.3, 0.9),
		"Order":  gen.OneConstOf("asset", "date", "descending", "random"),
		"Fresh":  gen.Bool(),
		"Seed":   gen.UInt64(),
	})
}

// grouped is the definition of grouping: a stable sort by symbol.
func grouped(rows []market.Bar) []market.Bar {
	rows = slices.Clone(rows)
	slices.SortStableFunc(rows, func(a, b market.Bar) int { return strings.Compare(a.Symbol, b.Symbol) })
	return rows
}

// check compares b with the definition; "" if it is that.
func check(rows []market.Bar, b *Bars) string {
	want := grouped(rows)
	if !slices.Equal(want, b.Rows()) { // cmp.Diff is slow on long lists that are equal
		return gocmp.Diff(want, b.Rows())
	}
	if b.Len() != len(rows) {
		return fmt.Sprintf("%d rows, want %d", b.Len(), len(rows))
	}
	n := 0
	for i, symbol := range b.Keys() {
		g := b.Group(i)
		if lo, hi := b.Bounds(i); g.Symbol != symbol || lo != n || hi-lo != len(g.Time) || hi == lo {
			return fmt.Sprintf("group %d is %s, rows %d to %d", i, g.Symbol, lo, hi)
		}
		for j, at := range g.Time {
			w := want[n]
			if got := (market.Bar{Symbol: symbol, Time: time.Unix(0, at).UTC(), Open: g.Open[j], High: g.High[j], Low: g.Low[j], Close: g.Close[j], Volume: g.Volume[j]}); got != w {
				return gocmp.Diff(w, got)
			}
			n++
		}
		if found, ok := b.Lookup(symbol); !ok || !reflect.DeepEqual(found, g) {
			return "Lookup of " + symbol
		}
	}
	if _, ok := b.Lookup("nobody"); ok {
		return "Lookup finds nobody"
	}
	return ""
}

// columnsOf returns rows as columns.
func columnsOf(rows []market.Bar) (keys []string, c BarColumns) {
	for _, r := range rows {
		keys = append(keys, r.Symbol)
		c.Time, c.Open, c.High = append(c.Time, r.Time.UnixNano()), append(c.Open, r.Open), append(c.High, r.High)
		c.Low, c.Close, c.Volume = append(c.Low, r.Low), append(c.Close, r.Close), append(c.Volume, r.Volume)
	}
	return keys, c
}

// builders are all ways from rows to Bars. Regrouped bars are made in the memory of others.
var builders = map[string]func(rows []market.Bar) (*Bars, error){
	"rows": GroupBars,
	"sequence": func(rows []market.Bar) (*Bars, error) {
		return GroupBarSeq(slices.Values(rows))
	},
	"columns": func(rows []market.Bar) (*Bars, error) {
		keys, columns := columnsOf(rows)
		return GroupBarColumns(keys, columns)
	},
	"groups": func(rows []market.Bar) (*Bars, error) {
		keys, columns := columnsOf(grouped(rows))
		offsets := []int{0}
		for i := range keys {
			if i == len(keys)-1 || keys[i] != keys[i+1] {
				offsets = append(offsets, i+1)
			}
		}
		return NewBars(slices.Compact(keys), offsets, columns)
	},
	"regrouped": func(rows []market.Bar) (*Bars, error) {
		b, err := GroupBars(shape{Assets: 2, Bars: 8, Order: "date"}.rows())
		if err != nil {
			return nil, err
		}
		return b, b.Regroup(rows)
	},
}

func TestGroupingIsAStableSortBySymbol(t *testing.T) {
	for name, build := range builders {
		params := gopter.DefaultTestParametersWithSeed(1)
		params.MinSuccessfulTests = 200
		properties := gopter.NewProperties(params)
		properties.Property("bars made of "+name, prop.ForAll(func(s shape) string {
			rows := s.rows()
			b, err := build(rows)
			if err != nil {
				return err.Error()
			}
			return check(rows, b)
		}, genShape()))
		properties.TestingRun(t)
	}
}

// Several goroutines take part from a size on that the property never reaches.
func TestGroupingOfManyRows(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(4))
	for _, order := range orders {
		rows := shape{Assets: 40, Bars: 5000, Gaps: 0.01, Order: order, Seed: 3}.rows()
		for _, name := range []string{"rows", "columns"} {
			b, err := builders[name](rows)
			if err != nil {
				t.Fatal(err)
			}
			if d := check(rows, b); d != "" {
				t.Errorf("%s, %s: %s", order, name, d)
			}
		}
	}
}

func TestTimesThatWouldNotComeBackAreRefused(t *testing.T) {
	day := time.Date(2020, 1, 2, 0, 0, 0, 0, time.UTC)
	far := market.Bar{Symbol: "A", Time: time.Date(2263, 1, 1, 0, 0, 0, 0, time.UTC)}
	many := shape{Assets: 30, Bars: 6000, Order: "random", Seed: 1}.rows()
	many[170_001], many[90_000] = far, market.Bar{Symbol: "A"}
	for _, c := range []struct {
		rows []market.Bar
		want string
	}{
		{[]market.Bar{{Symbol: "A", Time: day.In(time.FixedZone("EST", -5*3600))}}, "row 0: field Time: time 2020-01-01 19:00:00 -0500 EST is not in UTC: convert it with Time.UTC"},
		{[]market.Bar{{Symbol: "A", Time: day}, {Symbol: "A"}}, "row 1: field Time: time 0001-01-01 00:00:00 +0000 UTC is outside the years 1678 to 2261"},
		{[]market.Bar{{Symbol: "A", Time: day}, {Symbol: "B", Time: day}, far}, "row 2: field Time: time 2263"},
		{many, "row 90000: field Time: time 0001"},
	} {
		for _, name := range []string{"rows", "sequence", "regrouped"} {
			if _, err := builders[name](c.rows); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%s: got %v, want %q", name, err, c.want)
			}
		}
	}
	b := new(Bars)
	if err := b.Regroup(many); err == nil || b.Len() != 0 || b.Keys() != nil || b.Rows() == nil {
		t.Errorf("after an error there are %d rows in the groups %v", b.Len(), b.Keys())
	}
}

func TestColumnsThatDoNotFitAreRefused(t *testing.T) {
	_, err := GroupBarColumns([]string{"A", "B"}, BarColumns{Time: []int64{1, 2}, Low: []float64{1}})
	if err == nil || !strings.Contains(err.Error(), "column Low has 1 elements for 2 rows") {
		t.Error(err)
	}
	_, err = NewBars([]string{"B", "A"}, []int{0, 1, 2}, BarColumns{})
	if err == nil || !strings.Contains(err.Error(), "sort the groups by key") {
		t.Error(err)
	}
}

func TestFieldsThatAreLeftOutAreZero(t *testing.T) {
	b, err := GroupBarColumns([]string{"B", "A", "B"}, BarColumns{Close: []float64{1, 2, 3}})
	if err != nil {
		t.Fatal(err)
	}
	g, _ := b.Lookup("B")
	if g.Open != nil || g.Time != nil || !slices.Equal(g.Close, []float64{1, 3}) {
		t.Errorf("%+v", g)
	}
	if rows := b.Rows(); rows[0] != (market.Bar{Symbol: "A", Close: 2}) {
		t.Errorf("%+v", rows)
	}
}

// What goes in may be changed afterwards.
func TestBarsShareNothingWithRows(t *testing.T) {
	rows := shape{Assets: 3, Bars: 4, Order: "date", Seed: 5}.rows()
	keys, columns := columnsOf(rows)
	want := grouped(rows)
	a, errA := GroupBars(rows)
	b, errB := GroupBarColumns(keys, columns)
	if err := cmp.Or(errA, errB); err != nil {
		t.Fatal(err)
	}
	clear(rows)
	clear(keys)
	clear(columns.Open)
	clear(columns.Time)
	if !slices.Equal(want, a.Rows()) || !slices.Equal(want, b.Rows()) {
		t.Error("changed with what they were made of")
	}
}

func TestGroupAllocatesNothing(t *testing.T) {
	b, err := GroupBars(shape{Assets: 50, Bars: 252, Order: "date", Seed: 1}.rows())
	if err != nil {
		t.Fatal(err)
	}
	var n int
	if allocs := testing.AllocsPerRun(100, func() {
		for i := range b.Keys() {
			n += len(b.Group(i).Close)
		}
		g, _ := b.Lookup("S007")
		n += len(g.Time) + int(b.SizeBytes())
	}); allocs != 0 {
		t.Errorf("%v allocations", allocs)
	}
}

// The original's figure: grouped bars take at most 0.80 of the bytes of the rows.
func TestSizeIsTheHeapAndBelowThatOfTheRows(t *testing.T) {
	for _, size := range sizes {
		for _, order := range orders {
			rows := shape{Assets: size.assets, Bars: size.bars / 10, Order: order, Fresh: true, Seed: 1}.rows()
			var before, after runtime.MemStats
			runtime.GC()
			runtime.GC()
			runtime.ReadMemStats(&before)
			b, err := GroupBars(rows)
			if err != nil {
				t.Fatal(err)
			}
			runtime.GC()
			runtime.GC()
			runtime.ReadMemStats(&after)
			grown := float64(after.HeapAlloc) - float64(before.HeapAlloc)
			if d := float64(b.SizeBytes())/grown - 1; d < -0.01 || d > 0.01 {
				t.Errorf("%d rows, %s: SizeBytes %d, the heap grew by %.0f", len(rows), order, b.SizeBytes(), grown)
			}
			if ratio := float64(b.SizeBytes()) / float64(cap(rows)*80); ratio > 0.80 {
				t.Errorf("%d rows: %.2f of the bytes of the rows", len(rows), ratio)
			}
			runtime.KeepAlive(rows)
			runtime.KeepAlive(b)
		}
	}
}
