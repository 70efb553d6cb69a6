package cachekit

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bmadventure/optcache/policy"
)

// TestRemovals lets entries leave in every way and checks what is told.
func TestRemovals(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var told []Removal
		c := mustNew(t, Options[int, int]{
			MaxEntries: 2, Policy: policy.NewLRU(), RemovalHistory: 10, ExpireAfterWrite: time.Hour,
			Version:   func(key int) [32]byte { return [32]byte{byte(key)} },
			OnRemoval: func(_, _ int, d Removal) { told = append(told, d) },
		})
		expect := func(key int, want RemovalCause, age, loadTime time.Duration) {
			t.Helper()
			if len(told) == 0 {
				t.Fatalf("%v: nothing was told", want)
			}
			d := told[len(told)-1]
			if d.Cause != want || d.Age != age || d.LoadTime != loadTime || d.Size != c.entryBytes || !d.Time.Equal(time.Now()) {
				t.Errorf("told %v (%v old), want %v, %v old, loaded in %v", d, d.Age, want, age, loadTime)
			}
			if why, ok := c.LastRemoval(key); !ok || why != d {
				t.Errorf("Why(%d) = %v, %v; told %v", key, why, ok, d)
			}
			if !strings.Contains(d.String(), want.String()) {
				t.Errorf("%q does not say %q", d, want)
			}
		}
		c.Get(t.Context(), 1, func(context.Context, int) (int, error) { time.Sleep(3 * time.Second); return 1, nil })
		time.Sleep(time.Second)
		c.Set(1, 2)
		expect(1, CauseReplaced, time.Second, 3*time.Second)
		c.Set(2, 2)
		c.Set(3, 3)
		expect(1, CauseCapacity, 0, 0)
		c.Delete(3)
		expect(3, CauseDeleted, 0, 0)
		time.Sleep(time.Minute)
		c.Retire([32]byte{2})
		synctest.Wait()
		expect(2, CauseRetired, time.Minute, 0)
		c.Set(4, 4)
		c.Clear()
		expect(4, CauseCleared, 0, 0)
		c.Set(5, 5)
		time.Sleep(time.Hour)
		c.Get(t.Context(), 5, func(context.Context, int) (int, error) { return 6, nil })
		expect(5, CauseExpired, time.Hour, 0)
		if _, ok := c.LastRemoval(99); ok {
			t.Error("Why knows of a key that never was")
		}
		if s := c.Stats(); uint64(len(told)) != s.Evictions.Total() {
			t.Errorf("told of %d, counted %d", len(told), s.Evictions.Total())
		}
		validate(t, c)
	})
}

func TestWhyForgets(t *testing.T) {
	c := mustNew(t, Options[int, int]{RemovalHistory: 3})
	for i := range 5 {
		c.Set(i, i)
		c.Delete(i)
	}
	for i := range 5 {
		if _, ok := c.LastRemoval(i); ok != (i >= 2) {
			t.Errorf("Why(%d) = %v", i, ok)
		}
	}
	c = mustNew(t, Options[int, int]{})
	c.Set(1, 1)
	c.Delete(1)
	if _, ok := c.LastRemoval(1); ok {
		t.Error("Why knows more than it was asked to remember")
	}
}

// TestOnEvictIsNeverConcurrent also checks that everything is told, in an order
// that is right for each key.
func TestOnEvictIsNeverConcurrent(t *testing.T) {
	var running, told atomic.Int64
	last := map[int]int{} // not guarded: OnRemoval is never concurrent
	c := mustNew(t, Options[int, int]{MaxEntries: 50, OnRemoval: func(key, value int, d Removal) {
		if running.Add(1) != 1 {
			t.Error("OnRemoval runs twice at a time")
		}
		if key < 1000 && value < last[key] {
			t.Errorf("key %d: value %d is told after %d", key, value, last[key])
		}
		last[key] = value
		told.Add(1)
		running.Add(-1)
	}})
	var writers sync.WaitGroup
	for g := range 8 {
		writers.Go(func() {
			for i := range 2000 {
				c.Set(g*100+i%20, i)
			}
		})
	}
	writers.Wait()
	c.Clear()
	s := c.Stats()
	if uint64(told.Load()) != s.Evictions.Total() {
		t.Errorf("told of %d removals, counted %d", told.Load(), s.Evictions.Total())
	}
	// The adaptive policy may turn to one that refuses newcomers.
	if came := 16_000 - s.Refused - s.Uncached; came != s.Evictions.Total() {
		t.Errorf("%d entries came, %d left", came, s.Evictions.Total())
	}
}

// TestPanicOfOnEvict: what a panic of the listener keeps from being told is told by the next who changes the cache, each
// removal once and in order, and those that came during the panic after the others.
func TestPanicOfOnEvict(t *testing.T) {
	for at := range 4 { // of those that leave together
		t.Run(strconv.Itoa(at), func(t *testing.T) { panicOfOnEvict(t, at) })
	}
}

func panicOfOnEvict(t *testing.T, at int) {
	const late = 100
	var told []int
	var c *Cache[int, int]
	c = mustNew(t, Options[int, int]{
		Policy: policy.NewFIFO(), MaxBytes: 10_000,
		Size: func(key, _ int) int64 {
			if key == late {
				return 8_000 // most of the others leave for it at once
			}
			return 1_000
		},
		OnRemoval: func(key, _ int, _ Removal) {
			if told = append(told, key); len(told) == at+1 {
				c.Delete(late)
				panic("listener")
			}
		},
	})
	for i := range 5 {
		c.Set(i, i)
	}
	func() {
		defer func() {
			if recover() != "listener" {
				t.Error("the panic was lost")
			}
		}()
		c.Set(late, late)
	}()
	c.Delete(4)
	if want := []int{0, 1, 2, 3, late, 4}; !slices.Equal(told, want) || c.Len() != 0 {
		t.Errorf("told of %v, not %v; %d entries are left", told, want, c.Len())
	}
	validate(t, c)
}

// TestListenerThatChangesTheCache: what leaves while the listener is told is told before the call that began it returns.
func TestListenerThatChangesTheCache(t *testing.T) {
	var told []int
	var c *Cache[int, int]
	c = mustNew(t, Options[int, int]{OnRemoval: func(key, _ int, _ Removal) {
		told = append(told, key)
		c.Delete(key + 1)
	}})
	for i := range 5 {
		c.Set(i, i)
	}
	c.Delete(0)
	if want := []int{0, 1, 2, 3, 4}; !slices.Equal(told, want) {
		t.Errorf("told of %v, not %v", told, want)
	}
}
