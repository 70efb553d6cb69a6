package optimize_test

import (
	"strings"
	"testing"

	"github.com/bmadventure/optcache/cachekit/backtest"
	"github.com/bmadventure/optcache/cachekit/internal/testbed"
	"github.com/bmadventure/optcache/cachekit/optimize"
)

// What a key names is all that a equity curve follows from.
func TestSegmentsKey(t *testing.T) {
	key := func(s *optimize.Segments, p backtest.Crossover, span optimize.Span) [32]byte {
		return testbed.Must(s.Key(p, span))
	}
	p, span := backtest.Crossover{Fast: 2, Slow: 5}, optimize.Span{From: 20, To: 30}
	rows := testbed.Rising(60)
	base := testbed.Segments(testbed.Group(t, rows), 3)
	want := key(base, p, span)
	if key(testbed.Segments(testbed.Group(t, rows), 3), p, span) != want || key(testbed.Segments(testbed.Group(t, rows[:40]), 3), p, span) != want {
		t.Error("the same bars have another key")
	}
	if key(base, backtest.Crossover{Fast: 2, Slow: 6}, span) == want || key(base, backtest.Crossover{Fast: 2, Slow: 5, CostBps: 1}, span) == want {
		t.Error("another strategy has the same key")
	}
	if key(base, p, optimize.Span{From: 20, To: 31}) == want || key(testbed.Segments(testbed.Group(t, rows), 2), p, span) == want {
		t.Error("another window has the same key")
	}
	for i := range rows {
		changed := append(rows[:0:0], rows...)
		changed[i].Volume++
		if same := key(testbed.Segments(testbed.Group(t, changed), 3), p, span) == want; same != (i < 17 || i >= 30) {
			t.Errorf("another volume at bar %d: the same key is %t", i, same)
		}
	}
	other := append(rows[:0:0], rows...)
	for _, r := range rows[18:20] { // an asset that ends before the span still has its part of the account
		r.Symbol = "ZZ"
		other = append(other, r)
	}
	if key(testbed.Segments(testbed.Group(t, other), 3), p, span) == want {
		t.Error("one more asset has the same key")
	}
	if _, err := base.Key(p, optimize.Span{From: 50, To: 61}); err == nil {
		t.Error("a span that there is not has a key")
	}
	if _, err := base.Key(closure{p, func() {}}, span); err == nil || !strings.Contains(err.Error(), "field f") {
		t.Errorf("a strategy with a function: %v", err)
	}
}
