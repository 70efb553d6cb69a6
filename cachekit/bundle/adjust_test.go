package bundle

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/bmadventure/optcache/cachekit/market"
)

// smooth returns an asset whose price moves by less than 2 % a day, without splits or dividends.
func smooth(symbol string, bars int, r *rand.Rand) Series {
	s := seriesAt(symbol, every("2018-01-01", bars, 0, 0, 1))
	price := 50.0
	for i := range s.Times {
		open := price
		price *= 0.99 + 0.02*r.Float64()
		s.Open[i], s.Close[i] = open, price
		s.High[i], s.Low[i] = max(open, price)*1.001, min(open, price)*0.999
		s.Volume[i] = 1000 * float64(1+r.IntN(9))
	}
	s.Dividend, s.Split = make([]float64, bars), slices.Repeat([]float64{1}, bars)
	return s
}

// split makes the bars of s raw before a bar: multiplied back by a split there.
func (s *Series) split(at int, ratio float64) {
	s.Split[at] = ratio
	for i := range at {
		for _, c := range [][]float64{s.Open, s.High, s.Low, s.Close} {
			c[i] *= ratio
		}
		s.Volume[i] /= ratio
	}
}

// naively adjusts a copy of raw bars by the definition: each bar by the product over all that came after it.
func naively(s Series, splits, dividends bool) Series {
	out := s.clone()
	for i := range s.Times {
		shares, factor := 1.0, 1.0
		for t := i + 1; t < len(s.Times); t++ {
			ratio := 1.0
			if splits && s.Split[t] > 0 {
				ratio = s.Split[t]
			}
			shares *= ratio
			if dividends && s.Dividend[t] > 0 {
				factor *= 1 - s.Dividend[t]*ratio/s.Close[t-1]
			}
		}
		for _, c := range [][]float64{out.Open, out.High, out.Low, out.Close} {
			c[i] = c[i] / shares * factor
		}
		out.Volume[i] *= shares
	}
	return out
}

func (s Series) clone() Series {
	for _, c := range s.columns() {
		*c = slices.Clone(*c)
	}
	s.Times = slices.Clone(s.Times)
	return s
}

// nearBars says where bars are not those of want to a few units in the last place, in the fields and the window.
func nearBars(bars *Bars, want []Series, fields Fields, w Window) string {
	if bars.Fields() != fields && len(bars.Assets()) > 0 {
		return fmt.Sprintf("fields %s, want %s", bars.Fields(), fields)
	}
	for _, s := range want {
		var kept []int
		for i, t := range s.Times {
			if at := time.Unix(0, t); (w.From.IsZero() || !at.Before(w.From)) && (w.To.IsZero() || at.Before(w.To)) {
				kept = append(kept, i)
			}
		}
		g, _ := bars.Lookup(s.Symbol)
		if len(g.Times) != len(kept) {
			return fmt.Sprintf("%s: %d bars, want %d", s.Symbol, len(g.Times), len(kept))
		}
		for _, c := range []struct {
			field     Fields
			got, want []float64
		}{{Open, g.Open, s.Open}, {High, g.High, s.High}, {Low, g.Low, s.Low}, {Close, g.Close, s.Close},
			{Volume, g.Volume, s.Volume}, {Dividend, g.Dividend, s.Dividend}, {Split, g.Split, s.Split}} {
			if !fields.Has(c.field) {
				continue
			}
			for j, i := range kept {
				if math.Abs(c.got[j]-c.want[i]) > 1e-12*math.Abs(c.want[i]) || g.Times[j] != s.Times[i] {
					return fmt.Sprintf("%s %s, bar %d: %v, want %v", s.Symbol, c.field, i, c.got[j], c.want[i])
				}
			}
		}
	}
	return ""
}

// The splits and the dividend of the issue on raw bars that were made by multiplying back.
func TestAdjustedBars(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, ratio := range []float64{2, 7, 0.1, 1.5} {
		was := smooth("A", 40, r)
		raw := was.clone()
		raw.split(20, ratio)
		was.Split[20] = ratio
		s, v := written(t, market.Daily, []Series{raw})
		bars, err := opened(t, s, v).Read(t.Context(), Query{Adjust: AdjustSplits})
		if err != nil {
			t.Fatal(err)
		}
		if d := nearBars(bars, []Series{was}, bars.Fields(), Window{}); d != "" {
			t.Errorf("split of %g: %s", ratio, d)
		}
		if got := bars.Adjusted()[0]; got != (Adjustment{"A", 1, 0, RawPrices}) {
			t.Errorf("split of %g: %+v", ratio, got)
		}
	}
	// Closes 100, 100 | 98, 98 with a dividend of 2: what was 100 is 100 * (1 - 2/100); and 2 of a share that
	// was split 2:1 on that day were 4 of one share of 100 before: 100 / 2 * (1 - 4/100).
	for _, c := range []struct {
		split, close, all, splits float64
	}{{1, 98, 98, 100}, {2, 48, 48, 50}, {0, 98, 98, 100}} {
		a := seriesAt("A", every("2020-01-01", 4, 0, 0, 1))
		a.Split, a.Dividend = []float64{1, 1, c.split, 1}, []float64{0, 0, 2, 0}
		for i, close := range []float64{100, 100, c.close, c.close} {
			a.Open[i], a.High[i], a.Low[i], a.Close[i] = close, close, close, close
		}
		s, v := written(t, market.Daily, []Series{a})
		for how, want := range map[Adjust]float64{AdjustNone: 100, AdjustSplits: c.splits, AdjustAll: c.all} {
			bars, err := opened(t, s, v).Read(t.Context(), Query{Adjust: how, Fields: Close})
			if err != nil {
				t.Fatal(err)
			}
			if got := bars.Group(0).Close; got[0] != want || got[1] != want || got[3] != c.close {
				t.Errorf("split %g, adjust %s: closes %v, want %v first", c.split, how, got, want)
			}
		}
	}
}

// Bars that are adjusted already come out as they are, and as the raw ones do; who says otherwise is believed.
func TestAdjustedPricesStay(t *testing.T) {
	properties(t, 40, func(sample sample) string {
		r := rand.New(rand.NewPCG(uint64(len(sample.Series)), uint64(rand.Uint32())))
		was := smooth("A", 60+r.IntN(60), r)
		raw := was.clone()
		for range 1 + r.IntN(3) {
			at, ratio := 1+r.IntN(len(was.Times)-1), []float64{2, 3, 0.1, 7, 1.5}[r.IntN(5)]
			if raw.Split[at] == 1 {
				raw.split(at, ratio)
				was.Split[at] = ratio
			}
		}
		was.Split[0], raw.Split[0] = 4, 4 // changes nothing: no bar is before it
		read := func(s Series, q Query) *Bars {
			store, v := written(t, market.Daily, []Series{s})
			bars, err := opened(t, store, v).Read(t.Context(), q)
			if err != nil {
				t.Fatal(err)
			}
			return bars
		}
		stay := read(was, Query{Adjust: AdjustSplits})
		if stay.Adjusted()[0].Prices != SplitAdjustedPrices {
			return fmt.Sprintf("%+v", stay.Adjusted())
		}
		if d := compareBars(stay, []Series{was}, stay.Fields(), always); d != "" {
			return d
		}
		if d := nearBars(read(raw, Query{Adjust: AdjustSplits}), []Series{was}, stay.Fields(), Window{}); d != "" {
			return "raw: " + d
		}
		kept := read(raw, Query{Adjust: AdjustSplits, Prices: SplitAdjustedPrices})
		if d := compareBars(kept, []Series{raw}, stay.Fields(), always); d != "" {
			return "raw bars that are said to be adjusted: " + d
		}
		twice := read(was, Query{Adjust: AdjustSplits, Prices: RawPrices})
		if d := nearBars(twice, []Series{naively(was, true, false)}, stay.Fields(), Window{}); d != "" {
			return "adjusted bars that are said to be raw: " + d
		}
		return ""
	})
}

// Whatever the window, the fields and the assets: what is read is cut out of all bars, adjusted by the definition.
func TestAdjustedBarsAgreeWithTheDefinition(t *testing.T) {
	properties(t, 60, func(sample) string {
		seed := rand.Uint64()
		r := rand.New(rand.NewPCG(seed, 1))
		var raw, splits, all []Series
		for i := range 1 + r.IntN(3) {
			s := smooth(fmt.Sprintf("A%d", i), 300+r.IntN(500), r)
			for range 1 + r.IntN(4) {
				if at := 1 + r.IntN(len(s.Times)-1); s.Split[at] == 1 {
					s.split(at, []float64{2, 3, 0.2, 20}[r.IntN(4)])
				}
				s.Split[0] = []float64{0, 1, 3}[r.IntN(3)]
			}
			for range r.IntN(5) {
				at := 1 + r.IntN(len(s.Times)-1)
				s.Dividend[at] = s.Close[at] * 0.03 * r.Float64()
			}
			raw, splits, all = append(raw, s), append(splits, naively(s, true, false)), append(all, naively(s, true, true))
		}
		store, v := written(t, market.Daily, raw)
		b := opened(t, store, v)
		for range 8 {
			q := Query{Adjust: Adjust(1 + r.IntN(2)), Fields: Fields(1 + r.IntN(int(allFields)))}
			if from := r.IntN(900); from > 100 {
				q.Window.From = time.Date(2018, 1, 1+from, 0, 0, 0, 0, time.UTC)
			}
			if to := r.IntN(900); to > 100 {
				q.Window.To = time.Date(2018, 1, 1+to, 0, 0, 0, 0, time.UTC)
			}
			if q.Window.To.Before(q.Window.From) {
				q.Window.To = time.Time{}
			}
			want := splits
			if q.Adjust == AdjustAll {
				want = all
			}
			if r.IntN(2) == 0 {
				q.Symbols, want = []string{"A0"}, want[:1]
			}
			bars, err := b.Read(t.Context(), q)
			if err != nil {
				return fmt.Sprintf("seed %d: %v", seed, err)
			}
			if d := nearBars(bars, want, q.Fields, q.Window); d != "" {
				return fmt.Sprintf("seed %d, %+v: %s", seed, q, d)
			}
			if q.Symbols != nil && len(bars.Assets()) > 1 {
				return "more assets than were asked for"
			}
		}
		return ""
	})
}

// A bar outside the window by which bars in it are adjusted is in their key, and in that of no others.
func TestKeysOfAdjustedBarsCoverWhatIsRead(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	two := []Series{smooth("A", 500, r), smooth("B", 500, r)}
	two[0].split(400, 2)
	early := Query{Symbols: []string{"A"}, Fields: Open, Window: Window{To: time.Date(2018, 3, 1, 0, 0, 0, 0, time.UTC)}}
	keys := func(series []Series) (adjusted, plain BarsKey) {
		s, v := written(t, market.Daily, series)
		b := opened(t, s, v)
		q := early
		q.Adjust = AdjustSplits
		return key(t, b, q), key(t, b, early)
	}
	adjusted, plain := keys(two)
	changed := []Series{two[0].clone(), two[1].clone()}
	changed[1].Split[400] = 3
	if a, p := keys(changed); a != adjusted || p != plain {
		t.Error("a split of another asset changes a key")
	}
	changed[0].Split[450] = 1.0001
	if a, p := keys(changed); a == adjusted || p != plain {
		t.Errorf("a split after the window: the key of adjusted bars changed: %t; of others: %t", a != adjusted, p != plain)
	}
}

func TestDividendsThatCannotBeAreRefused(t *testing.T) {
	s := smooth("A", 10, rand.New(rand.NewPCG(5, 6)))
	s.Dividend[5] = 70
	store, v := written(t, market.Daily, []Series{s})
	b := opened(t, store, v)
	_, err := b.Read(t.Context(), Query{Adjust: AdjustAll})
	want := `asset "A": the dividend of 70 on 2018-01-06 is not below the close`
	if err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("%v", err)
	}
	if _, err := b.Read(t.Context(), Query{Adjust: AdjustSplits}); err != nil {
		t.Errorf("splits only: %v", err)
	}
}

func TestSplitSuspects(t *testing.T) {
	r := rand.New(rand.NewPCG(8, 9))
	named := smooth("A", 60, r)
	named.split(20, 7)
	unnamed := smooth("B", 60, r)
	unnamed.split(30, 2)
	unnamed.Split[30] = 1
	reverse := smooth("C", 60, r)
	reverse.split(10, 0.1)
	reverse.Split[10] = 1
	crashes := smooth("D", 60, r)
	crashes.split(10, 1.7) // a price that loses 41 % in a night
	crashes.split(40, 2.15)
	crashes.Split[10], crashes.Split[40] = 1, 1
	done := smooth("E", 60, r)
	done.Split[20] = 2
	store, v := written(t, market.Daily, []Series{named, unnamed, reverse, crashes, done})
	b := opened(t, store, v)
	read := func(q Query) *Bars {
		bars, err := b.Read(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		return bars
	}
	want := []SplitSuspect{
		{"A", named.Times[20], 7, true}, {"B", unnamed.Times[30], 2, false}, {"C", reverse.Times[10], 0.1, false},
	}
	if got := read(Query{}).SplitSuspects(10); !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if got := read(Query{}).SplitSuspects(1); !slices.Equal(got, want[:1]) {
		t.Errorf("at most one: got %v", got)
	}
	if got := read(Query{Adjust: AdjustSplits}).SplitSuspects(10); len(got) != 0 {
		t.Errorf("adjusted: got %v", got)
	}
}

// The sum of logarithms that takes none is in the order of the one that does.
func TestLogSum(t *testing.T) {
	r := rand.New(rand.NewPCG(10, 11))
	for range 1000 {
		var a, b logSum
		x, y := 0.0, 0.0
		for range 1 + r.IntN(400) {
			p, q := math.Exp(100*r.NormFloat64()), math.Exp(100*r.NormFloat64())
			a.add(distance(p))
			b.add(distance(q))
			x, y = x+math.Abs(math.Log(p)), y+math.Abs(math.Log(q))
		}
		if math.Abs(x-y) > 1e-9*x && a.less(&b) != (x < y) {
			t.Fatalf("sums %v and %v: less is %t", x, y, a.less(&b))
		}
	}
	if empty := (logSum{}); empty.less(&empty) {
		t.Error("an empty sum is below itself")
	}
}
