package sweep

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
	_ "time/tzdata"

	"github.com/bmadventure/optcache/cachekit/bundle"
	"github.com/bmadventure/optcache/cachekit/command/internal/console"
	"github.com/bmadventure/optcache/cachekit/command/internal/source"
	"github.com/bmadventure/optcache/cachekit/internal/testbed"
	"github.com/bmadventure/optcache/cachekit/internal/testbed/random"
	"github.com/bmadventure/optcache/cachekit/market"
)

// A history is when the bars of an asset are.
type history struct {
	step  time.Duration
	holes int            // one bar in so many is missing
	days  []time.Weekday // nil for all
}

// histories are markets that a year counts differently for.
var histories = map[market.Frequency][]history{
	market.Daily: {
		{24 * time.Hour, 0, []time.Weekday{1, 2, 3, 4, 5}}, {24 * time.Hour, 40, nil}, {24 * time.Hour, 0, nil},
		{24 * time.Hour, 0, []time.Weekday{0, 1, 2, 3, 4, 5}}, {7 * 24 * time.Hour, 9, nil}, {30 * 24 * time.Hour, 0, nil},
		{14 * 24 * time.Hour, 0, nil}, {91 * 24 * time.Hour, 0, nil}, {365 * 24 * time.Hour, 0, nil},
	},
	60 * market.Minute: {
		{time.Hour, 0, []time.Weekday{1, 2, 3, 4, 5}}, {time.Hour, 7, nil},
		{5 * time.Hour, 0, []time.Weekday{0, 1, 2, 3, 4, 5}},
		{24 * time.Hour, 0, []time.Weekday{1, 2, 3, 4, 5}},
	},
	market.Weekly: {{7 * 24 * time.Hour, 0, nil}},
}

// series returns bars of a history whose prices fall at its splits, mostly.
func (h history) series(symbol string, bars int, r *rand.Rand) bundle.Series {
	s := bundle.Series{Symbol: symbol}
	price, raw := 20.0, r.IntN(3) > 0
	at := time.Date(2012, 1, 1+r.IntN(60), 0, 0, 0, 0, time.UTC)
	for ; bars > 0 && at.Year() < 2100; at = at.Add(h.step) {
		if h.days != nil && !slices.Contains(h.days, at.Weekday()) || h.holes > 0 && r.IntN(h.holes) == 0 {
			continue
		}
		bars--
		split, dividend := 1.0, 0.0
		switch r.IntN(80) {
		case 0:
			split = []float64{2, 3, 0.1, 1.5, 0}[r.IntN(5)]
		case 1:
			dividend = price * 0.05 * r.Float64()
		}
		if raw && split > 0 {
			price /= split
		}
		open := price
		price *= 0.97 + 0.06*r.Float64()
		s.Times = append(s.Times, at.UnixNano())
		s.Open, s.Close = append(s.Open, open), append(s.Close, price)
		s.High, s.Low = append(s.High, max(open, price)), append(s.Low, min(open, price))
		s.Volume = append(s.Volume, float64(r.IntN(1000)))
		s.Dividend, s.Split = append(s.Dividend, dividend), append(s.Split, split)
	}
	return s
}

// decision returns what a reader may decide.
func decision(r *rand.Rand) bundle.Query {
	q := bundle.Query{
		TimeZone: []string{"", "UTC", "America/New_York", "Asia/Tokyo", "America/Sao_Paulo"}[r.IntN(5)],
		Session:  []string{"", "", "18:00-17:00", "09:30-16:00", "17:00-17:00"}[r.IntN(5)],
		Adjust:   bundle.Adjust(r.IntN(3)), Prices: bundle.Prices(r.IntN(3)),
	}
	if r.IntN(6) == 0 {
		q.PeriodsPerYear = 200 + 100*r.Float64()
	}
	return q
}

// The naive path, which shares no code with the one that is checked, has the same bars and the same year, bit for
// bit, whatever the frequency, the zone, the sessions and the adjustment.
func TestNaiveAgreesWithReading(t *testing.T) {
	testbed.Property(t, 20, func(seed uint64) string {
		r := rand.New(rand.NewPCG(seed, 3))
		frequency := []market.Frequency{market.Daily, 60 * market.Minute, market.Weekly}[r.IntN(3)]
		kinds := histories[frequency]
		var all []bundle.Series
		for i := range 1 + r.IntN(2) {
			all = append(all, kinds[r.IntN(len(kinds))].series(fmt.Sprintf("A%d", i), 1+r.IntN(300), r))
		}
		if r.IntN(3) == 0 { // a bundle without the columns
			for i := range all {
				all[i].Dividend, all[i].Split = nil, nil
			}
		}
		store := testbed.OpenStore(t)
		written, err := store.Write(t.Context(), "b", frequency, all)
		if err != nil {
			return fmt.Sprintf("seed %d: %v", seed, err)
		}
		b, err := store.Open("b", written.Version)
		if err != nil {
			return err.Error()
		}
		defer b.Close()
		env := &console.Env{Ctx: t.Context(), Store: store}
		for range 4 {
			q := decision(r)
			bars, err := b.Read(t.Context(), q)
			if err != nil {
				return fmt.Sprintf("seed %d, %+v: %v", seed, q, err)
			}
			n, err := openNaive(env, source.Source{Bundle: "b", Version: written.Version}, q)
			if err != nil {
				return fmt.Sprintf("seed %d, %+v: %v", seed, q, err)
			}
			if n.periods != bars.PeriodsPerYear() {
				return fmt.Sprintf("seed %d, %+v: %v bars a year naively, %v", seed, q, n.periods, bars.Calendar())
			}
			for i, a := range bars.Assets() {
				if d := differ(n.filter(a.Symbol), bars.Group(i)); d != "" {
					return fmt.Sprintf("seed %d, %+v, %s: %s", seed, q, a.Symbol, d)
				}
			}
		}
		return ""
	})
}

// differ says which column of an asset is another on the two paths.
func differ(naive, read bundle.Group) string {
	if !slices.Equal(naive.Times, read.Times) {
		return "other times"
	}
	for name, c := range map[string][2][]float64{
		"open": {naive.Open, read.Open}, "high": {naive.High, read.High}, "low": {naive.Low, read.Low},
		"close": {naive.Close, read.Close}, "volume": {naive.Volume, read.Volume},
	} {
		if !random.SameBits(c[0], c[1]) {
			return "another " + name
		}
	}
	return ""
}
