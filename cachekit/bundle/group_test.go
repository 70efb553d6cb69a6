package bundle

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
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

// filter is the definition of a group: the rows of one symbol, by time.
func filter(rows []market.Bar, symbol string) []market.Bar {
	var out []market.Bar
	for _, r := range rows {
		if r.Symbol == symbol {
			out = append(out, r)
		}
	}
	slices.SortFunc(out, func(a, b market.Bar) int { return a.Time.Compare(b.Time) })
	return out
}

func symbolsOf(rows []market.Bar) []string {
	var out []string
	for _, r := range rows {
		if !slices.Contains(out, r.Symbol) {
			out = append(out, r.Symbol)
		}
	}
	slices.Sort(out)
	return out
}

func groupRows(g Group) []market.Bar {
	var out []market.Bar
	for i, t := range g.Times {
		out = append(out, market.Bar{Symbol: g.Asset.Symbol, Time: time.Unix(0, t).UTC(),
			Open: g.Open[i], High: g.High[i], Low: g.Low[i], Close: g.Close[i], Volume: g.Volume[i]})
	}
	return out
}

// checkGrouping compares b with what filtering the rows for each asset gives.
func checkGrouping(rows []market.Bar, b *Bars) string {
	symbols := symbolsOf(rows)
	if len(symbols) != len(b.Assets()) || b.Len() != len(rows) {
		return fmt.Sprintf("%d assets, %d bars; want %d, %d", len(b.Assets()), b.Len(), len(symbols), len(rows))
	}
	var times []int64
	for i, symbol := range symbols {
		want := filter(rows, symbol)
		if got := groupRows(b.Group(i)); !slices.Equal(want, got) { // cmp.Diff is slow on long lists that are equal
			return "group " + symbol + ": " + cmp.Diff(want, got)
		}
		g, ok := b.Lookup(symbol)
		if !ok || g.Asset != newAsset(symbol) {
			return "Lookup of " + symbol
		}
		for j, t := range g.Times {
			at := g.Start + j
			if g.Slots != nil {
				at = int(g.Slots[j])
			}
			if b.Timeline()[at] != t {
				return fmt.Sprintf("%s bar %d is not at %d of the timeline", symbol, j, at)
			}
			times = append(times, t)
		}
	}
	slices.Sort(times)
	if times = slices.Compact(times); !slices.Equal(times, b.Timeline()) {
		return cmp.Diff(times, b.Timeline())
	}
	if d := cmp.Diff(len(rows), len(b.Rows())); d != "" {
		return d
	}
	return ""
}

func TestGroupRowsEqualsFilter(t *testing.T) {
	params := gopter.DefaultTestParametersWithSeed(1)
	params.MinSuccessfulTests = 500
	properties := gopter.NewProperties(params)
	properties.Property("every group is the rows of its symbol", prop.ForAll(func(s shape) string {
		rows := s.rows()
		b, err := GroupRows(market.Daily, rows)
		if err != nil {
			return err.Error()
		}
		return checkGrouping(rows, b)
	}, genShape()))
	properties.TestingRun(t)
}

// Several goroutines take part from a size on that the property never reaches.
func TestGroupRowsLarge(t *testing.T) {
	for _, order := range orders {
		t.Run(order, func(t *testing.T) {
			rows := shape{Assets: 40, Bars: 4000, Gaps: 0.01, Order: order, Seed: 3}.rows()
			b, err := GroupRows(market.Daily, rows)
			if err != nil {
				t.Fatal(err)
			}
			if d := checkGrouping(rows, b); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestGroupRowsRefuses(t *testing.T) {
	day := time.Date(2020, 1, 2, 0, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		name string
		rows []market.Bar
		want string
	}{
		{"a bar twice", []market.Bar{{Symbol: "A", Time: day}, {Symbol: "A", Time: day}}, "two bars at 2020-01-02"},
		{"a bar twice, apart", []market.Bar{{Symbol: "A", Time: day}, {Symbol: "B", Time: day}, {Symbol: "A", Time: day}}, "two bars"},
		{"a local time", []market.Bar{{Symbol: "A", Time: day.In(time.FixedZone("EST", -5*3600))}}, "not in UTC"},
		{"the zero time", []market.Bar{{Symbol: "A"}}, "outside the years"},
		{"far future", []market.Bar{{Symbol: "A", Time: day}, {Symbol: "B", Time: day}, {Symbol: "A", Time: time.Date(2263, 1, 1, 0, 0, 0, 0, time.UTC)}}, "row 2: field Time"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := GroupRows(market.Daily, c.rows)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}

func TestGroupAllocatesNothing(t *testing.T) {
	b, err := GroupRows(market.Daily, shape{Assets: 50, Bars: 252, Order: "date", Seed: 1}.rows())
	if err != nil {
		t.Fatal(err)
	}
	var n int
	if allocs := testing.AllocsPerRun(100, func() {
		for i := range b.Assets() {
			n += len(b.Group(i).Close)
		}
		g, _ := b.Lookup("S007")
		n += len(g.Times)
	}); allocs != 0 {
		t.Errorf("%v allocations", allocs)
	}
}

func TestPeriodsPerYear(t *testing.T) {
	var rows []market.Bar
	for d := range 3 {
		for m := range 390 {
			rows = append(rows, market.Bar{Symbol: "A", Time: time.Date(1969, 12, 30+d, 9, 30+m, 0, 0, time.UTC)})
		}
	}
	minutes, err := GroupRows(market.Minute, rows)
	if err != nil {
		t.Fatal(err)
	}
	if got := minutes.PeriodsPerYear(); got != 252*390 {
		t.Errorf("minutes: %v, want 252 x 390", got)
	}
	if got := minutes.Sessions(); got != 3 {
		t.Errorf("%d sessions over the epoch, want 3", got)
	}
	daily, err := GroupRows(market.Daily, rows[:1])
	if err != nil {
		t.Fatal(err)
	}
	if got := daily.PeriodsPerYear(); got != 252 {
		t.Errorf("daily: %v, want 252", got)
	}
}
