package cachekit

import (
	"context"
	"testing"
)

func mustNew[K comparable, V any](t testing.TB, o Options[K, V]) *Cache[K, V] {
	t.Helper()
	c, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestGetLoadsOnceAndKeeps(t *testing.T) {
	c := mustNew(t, Options[int, string]{Name: "names"})
	loads := 0
	load := func(context.Context, int) (string, error) { loads++; return "seven", nil }
	for range 3 {
		if v, err := c.Get(t.Context(), 7, load); v != "seven" || err != nil {
			t.Fatalf("Get = %q, %v", v, err)
		}
	}
	if s := c.Stats(); loads != 1 || s.Hits != 2 || s.Misses != 1 || s.Loads != 1 {
		t.Errorf("%d loads, statistics %+v; want 1 load, 2 hits, 1 miss", loads, s)
	}
}

func TestEvictsWithinBytes(t *testing.T) {
	c := mustNew(t, Options[int, int]{MaxBytes: 10000})
	for i := range 1000 {
		c.Set(i, i)
		if s := c.Stats(); s.Bytes > 10000 || s.Used > 10000 {
			t.Fatalf("after %d sets: %d bytes of 10000", i, s.Bytes)
		}
	}
	if _, ok := c.Peek(999); !ok {
		t.Error("the newest entry is not held")
	}
	if s := c.Stats(); s.Evictions.Capacity == 0 || s.Entries < 50 {
		t.Errorf("statistics %+v", s)
	}
}
