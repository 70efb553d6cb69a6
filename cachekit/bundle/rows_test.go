package bundle

import (
	"context"
	"fmt"
	"math"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/bmadventure/optcache/cachekit/internal/bar"
	"github.com/bmadventure/optcache/cachekit/market"
)

// generated is Rows that are nowhere: bar i follows from i.
type generated struct {
	symbol string
	bars   int
	span   time.Duration
	peak   *atomic.Uint64 // of the heap, looked at as bars are read
}

func (g generated) Describe() (string, Fields, int) { return g.symbol, OHLCV, g.bars }

func (g generated) Read(_ context.Context, lo, hi int, into *Series) error {
	origin := time.Date(2010, 1, 1, 0, 0, 0, 0, time.UTC).UnixNano()
	for i := lo; i < hi; i++ {
		price := 100 + math.Round(1000*math.Sin(float64(i)))/100
		into.Times = append(into.Times, origin+int64(i)*int64(g.span))
		into.Open, into.Close = append(into.Open, price), append(into.Close, price+0.25)
		into.High, into.Low = append(into.High, price+1), append(into.Low, price-1)
		into.Volume = append(into.Volume, float64(i%1000))
	}
	if g.peak != nil {
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		g.peak.Store(max(g.peak.Load(), m.HeapAlloc))
	}
	return nil
}

// inMemory returns the same bars as a series.
func (g generated) inMemory(t testing.TB) Series {
	s := Series{Symbol: g.symbol}
	if err := g.Read(t.Context(), 0, g.bars, &s); err != nil {
		t.Fatal(err)
	}
	return s
}

func TestRowsMakeTheVersionOfTheirSeries(t *testing.T) {
	for _, c := range []struct {
		frequency market.Frequency
		span      time.Duration
		bars      int
	}{
		{market.Daily, 24 * time.Hour, 1}, {market.Daily, 24 * time.Hour, chunk}, {market.Minute, time.Minute, chunk + 1},
		{market.Minute, time.Minute, 12*chunk - 1}, {60 * market.Minute, time.Hour, 3 * chunk},
	} {
		var rows []Rows
		var series []Series
		for i := range 3 {
			g := generated{symbol: strings.Repeat("S", bar.MaxSymbol-1) + fmt.Sprint(i), bars: c.bars, span: c.span}
			rows, series = append(rows, g), append(series, g.inMemory(t))
		}
		_, want := written(t, c.frequency, series)
		s, err := OpenStore(t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		r, err := s.WriteRows(t.Context(), "b", Facts{Frequency: c.frequency}, rows, WriteOptions{})
		if err != nil || r.Version != want || r.Bars != int64(3*c.bars) {
			t.Fatalf("%s, %d bars: %+v, %v", c.frequency, c.bars, r, err)
		}
		bars, err := opened(t, s, r.Version).Read(t.Context(), Query{})
		if err != nil {
			t.Fatal(err)
		}
		if wrong := compareBars(bars, series, OHLCV, always); wrong != "" {
			t.Errorf("%s, %d bars: %s", c.frequency, c.bars, wrong)
		}
	}
}

// fickle is Rows that change between two readings, or append too little.
type fickle struct {
	generated
	reads *atomic.Int64
	short bool
}

func (f fickle) Read(ctx context.Context, lo, hi int, into *Series) error {
	err := f.generated.Read(ctx, lo, hi, into)
	if f.short {
		into.Low = into.Low[1:]
	} else if f.reads.Add(1) > 1 {
		into.Open[0] += 0.125
	}
	return err
}

func TestRowsThatChangeAreRefused(t *testing.T) {
	for _, short := range []bool{false, true} {
		s, err := OpenStore(t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		rows := fickle{generated{symbol: "S", bars: 100, span: 24 * time.Hour}, new(atomic.Int64), short}
		if _, err := s.WriteRows(t.Context(), "b", Facts{Frequency: market.Daily}, []Rows{rows}, WriteOptions{}); err == nil {
			t.Errorf("short %t: taken", short)
		}
		if names, err := s.names(); err != nil || len(names) > 0 {
			t.Errorf("short %t: left %v, %v", short, names, err)
		}
	}
}

// The bars of one partition are in memory at a time, on each goroutine: not all.
func TestWriteHoldsAPartition(t *testing.T) {
	const bars = 2_000_000 // 96 MB in memory, 2 MB a month
	var peak atomic.Uint64
	s, err := OpenStore(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	runtime.GC()
	var before runtime.MemStats
	runtime.ReadMemStats(&before)
	rows := []Rows{generated{"S", bars, time.Minute, &peak}}
	if _, err := s.WriteRows(t.Context(), "b", Facts{Frequency: market.Minute}, rows, WriteOptions{}); err != nil {
		t.Fatal(err)
	}
	if grown := int64(peak.Load() - before.HeapAlloc); grown > bars*int64(bar.NumFields)*8 {
		t.Errorf("the heap grew by %d MB", grown>>20)
	}
}
