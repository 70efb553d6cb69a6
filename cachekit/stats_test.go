package cachekit

import (
	"strings"
	"sync"
	"testing"
	"time"
)

func TestCountsAreExact(t *testing.T) {
	for _, p := range policies {
		c := mustNew(t, Options[int, int]{MaxEntries: 1000, Policy: p.make()})
		for i := range 500 {
			c.Set(i, i)
		}
		var readers sync.WaitGroup
		for range 8 {
			readers.Go(func() {
				for i := range 4000 {
					c.Lookup(i % 1000)
					c.Peek(i)
				}
			})
		}
		readers.Wait()
		if s := c.Stats(); s.Hits != 16_000 || s.Misses != 16_000 || s.HitRate() != .5 {
			t.Errorf("%s: %d hits, %d misses, want 16,000 each", p.name, s.Hits, s.Misses)
		}
	}
}

func TestStatsCanBeDisabled(t *testing.T) {
	c := mustNew(t, Options[int, int]{DisableStats: true})
	c.Set(1, 1)
	c.Lookup(1)
	c.Lookup(2)
	if s := c.Stats(); s.Hits != 0 || s.Misses != 0 || s.Entries != 1 {
		t.Errorf("statistics %+v", s)
	}
}

func TestAdvice(t *testing.T) {
	const gb = 1 << 30
	for _, test := range []struct {
		s     Stats
		bands Bands
		want  []string
	}{
		{Stats{Hits: 81, Misses: 19, Budget: gb, Used: gb / 4}, AssetListBands, []string{"excellent", "under-used"}},
		{Stats{Hits: 80, Misses: 20, Budget: gb, Used: gb / 2}, AssetListBands, []string{"good", "healthy"}},
		{Stats{Hits: 81, Misses: 19, Budget: gb, Used: gb / 100 * 85}, BarsBands, []string{"good", "high"}},
		{Stats{Hits: 91, Misses: 9, Budget: gb, Used: gb / 100 * 95}, BarsBands, []string{"excellent", "near the limit", "nothing to change"}},
		{Stats{Hits: 49, Misses: 51, Budget: gb, Used: gb, Evictions: Evictions{Capacity: 9}}, AssetListBands, []string{"poor", "enlarge the budget"}},
		{Stats{Hits: 1, Misses: 51, Budget: gb, Uncached: 50}, AssetListBands, []string{"poor", "find no room"}},
		{Stats{Hits: 1, Misses: 51, Budget: gb, Evictions: Evictions{Retired: 50}}, BarsBands, []string{"poor", "invalidate less"}},
		{Stats{Hits: 1, Misses: 51, Budget: gb}, BarsBands, []string{"poor", "few requests repeat"}},
	} {
		got := test.s.Advice(test.bands)
		for _, want := range test.want {
			if !strings.Contains(got, want) {
				t.Errorf("Advice of %+v = %q, want %q in it", test.s, got, want)
			}
		}
		if strings.Contains(got, "\n") {
			t.Errorf("Advice takes more than a line: %q", got)
		}
	}
}

func TestTimeSaved(t *testing.T) {
	s := Stats{Hits: 30, Misses: 10, Loads: 10, TotalLoadTime: 20 * time.Second}
	if s.TimeSaved() != time.Minute {
		t.Errorf("TimeSaved = %v, want a minute", s.TimeSaved())
	}
	if (Stats{Hits: 3}).TimeSaved() != 0 || (Stats{}).HitRate() != 0 || (Stats{}).MemoryUse() != 0 {
		t.Error("something comes of nothing")
	}
}
