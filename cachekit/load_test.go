package cachekit

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// A slowLoad loads each key in a second of the bubble's time, and counts.
type slowLoad struct {
	begun, cancelled atomic.Int64
	value            atomic.Int64
}

func (l *slowLoad) load(ctx context.Context, key int) (int, error) {
	l.begun.Add(1)
	value := l.value.Load() // what a loader reads first it returns, however late
	select {
	case <-ctx.Done():
		l.cancelled.Add(1)
		return 0, ctx.Err()
	case <-time.After(time.Second):
		return key*100 + int(value), nil
	}
}

func TestThousandCallersLoadOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := mustNew(t, Options[int, int]{})
		var l slowLoad
		var callers sync.WaitGroup
		for range 1000 {
			callers.Go(func() {
				if v, err := c.Get(t.Context(), 7, l.load); v != 700 || err != nil {
					t.Errorf("Get = %d, %v", v, err)
				}
			})
		}
		callers.Wait()
		s := c.Stats()
		if l.begun.Load() != 1 || s.Loads != 1 || s.Hits+s.Misses != 1000 {
			t.Errorf("%d loads, statistics %+v", l.begun.Load(), s)
		}
		if s.TotalLoadTime != time.Second || s.TimeSaved() != time.Duration(s.Hits)*time.Second {
			t.Errorf("load time %v, saved %v", s.TotalLoadTime, s.TimeSaved())
		}
		validate(t, c)
	})
}

// TestThousandCallersLoadOnceForReal is the same with real threads and a load
// that returns at once, so that callers come while it lands.
func TestThousandCallersLoadOnceForReal(t *testing.T) {
	c := mustNew(t, Options[int, int]{})
	for key := range 20 {
		var loads atomic.Int64
		var callers sync.WaitGroup
		for range 1000 {
			callers.Go(func() {
				c.Get(t.Context(), key, func(context.Context, int) (int, error) { return int(loads.Add(1)), nil })
			})
		}
		callers.Wait()
		if loads.Load() != 1 {
			t.Errorf("key %d was loaded %d times", key, loads.Load())
		}
	}
	if s := c.Stats(); s.Hits+s.Misses != 20_000 || s.Loads != 20 {
		t.Errorf("statistics %+v", s)
	}
}

func TestCallerLeavesAndLoadGoesOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := mustNew(t, Options[int, int]{})
		var l slowLoad
		first, leave := context.WithCancel(t.Context())
		var callers sync.WaitGroup
		callers.Go(func() {
			if _, err := c.Get(first, 1, l.load); !errors.Is(err, context.Canceled) {
				t.Errorf("the caller that left got %v", err)
			}
		})
		synctest.Wait()
		callers.Go(func() {
			if v, err := c.Get(t.Context(), 1, l.load); v != 100 || err != nil {
				t.Errorf("the caller that stayed got %d, %v", v, err)
			}
		})
		synctest.Wait()
		leave()
		callers.Wait()
		if l.begun.Load() != 1 || l.cancelled.Load() != 0 {
			t.Errorf("%d loads, %d cancelled", l.begun.Load(), l.cancelled.Load())
		}
	})
}

func TestLoadIsCancelledWhenNobodyWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := mustNew(t, Options[int, int]{})
		var l slowLoad
		ctx, leave := context.WithTimeout(t.Context(), time.Second/2)
		defer leave()
		var callers sync.WaitGroup
		for range 3 {
			callers.Go(func() {
				if _, err := c.Get(ctx, 1, l.load); !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("got %v", err)
				}
			})
		}
		callers.Wait()
		synctest.Wait()
		if l.cancelled.Load() != 1 {
			t.Error("nobody waits and the load goes on")
		}
		// Who comes now must not get the cancelled load's error.
		if v, err := c.Get(t.Context(), 1, l.load); v != 100 || err != nil {
			t.Errorf("the next caller got %d, %v", v, err)
		}
		if _, err := c.Get(ctx, 2, l.load); !errors.Is(err, context.DeadlineExceeded) || l.begun.Load() != 2 {
			t.Errorf("a caller that may not wait got %v, %d loads", err, l.begun.Load())
		}
		validate(t, c)
	})
}

func TestLoadSeesValuesOfFirstContext(t *testing.T) {
	type name struct{}
	c := mustNew(t, Options[int, any]{})
	got, _ := c.Get(context.WithValue(t.Context(), name{}, "sweep 3"), 1,
		func(ctx context.Context, _ int) (any, error) { return ctx.Value(name{}), nil })
	if got != "sweep 3" {
		t.Errorf("the load saw %v", got)
	}
}

func TestErrorsAreNotCached(t *testing.T) {
	c := mustNew(t, Options[int, int]{})
	failed := errors.New("disk on fire")
	for i := range 3 {
		_, err := c.Get(t.Context(), 1, func(context.Context, int) (int, error) { return 5, failed })
		if err != failed {
			t.Errorf("Get %d: %v", i, err)
		}
	}
	if s := c.Stats(); s.Loads != 3 || s.LoadErrors != 3 || s.Entries != 0 {
		t.Errorf("statistics %+v", s)
	}
}

func TestPanicAndGoexitReachEveryWaiter(t *testing.T) {
	cause := errors.New("index out of bars")
	ends := map[string]func(){
		"panic with an error": func() { panic(cause) },
		"panic":               func() { panic("bad bar") },
		"Goexit":              runtime.Goexit,
	}
	for name, end := range ends {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := mustNew(t, Options[int, int]{})
				var callers sync.WaitGroup
				for range 5 {
					callers.Go(func() {
						_, err := c.Get(t.Context(), 42, func(context.Context, int) (int, error) {
							time.Sleep(time.Second)
							end()
							return 1, nil
						})
						if err == nil || !strings.Contains(err.Error(), "load_test.go") || !strings.Contains(err.Error(), "key 42") {
							t.Errorf("the error has no stack or key: %v", err)
						}
						if name == "panic with an error" && !errors.Is(err, cause) {
							t.Errorf("%v is not %v", err, cause)
						}
					})
				}
				callers.Wait()
				if s := c.Stats(); s.Loads != 1 || s.LoadErrors != 1 || s.Entries != 0 {
					t.Errorf("statistics %+v", s)
				}
				if v, err := c.Get(t.Context(), 42, func(context.Context, int) (int, error) { return 9, nil }); v != 9 || err != nil {
					t.Errorf("the next Get returned %d, %v", v, err)
				}
				validate(t, c)
			})
		})
	}
}

// TestPanicOfSize has a user's function other than the load panic while a value lands.
func TestPanicOfSize(t *testing.T) {
	c := mustNew(t, Options[int, int]{Size: func(int, int) int64 { panic("no size") }})
	_, err := c.Get(t.Context(), 1, func(context.Context, int) (int, error) { return 1, nil })
	if err == nil || !strings.Contains(err.Error(), "no size") {
		t.Errorf("Get = %v", err)
	}
	validate(t, c)
}

// TestInvalidationDuringLoad invalidates a key while it loads, in every way. The
// load must not fill the cache, and who asks after the invalidation must not get
// its value, which was read before.
func TestInvalidationDuringLoad(t *testing.T) {
	version := [32]byte{3}
	invalidations := map[string]func(c *Cache[int, int]){
		"Delete": func(c *Cache[int, int]) { c.Delete(1) },
		"Set":    func(c *Cache[int, int]) { c.Set(1, 5); c.Delete(1) },
		"Clear":  func(c *Cache[int, int]) { c.Clear() },
		"Retire": func(c *Cache[int, int]) { c.Retire(version) },
	}
	for name, invalidate := range invalidations {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := mustNew(t, Options[int, int]{Version: func(int) [32]byte { return version }})
				var l slowLoad
				var callers sync.WaitGroup
				callers.Go(func() {
					if v, err := c.Get(t.Context(), 1, l.load); v != 100 || err != nil {
						t.Errorf("the caller from before got %d, %v", v, err)
					}
				})
				time.Sleep(time.Second / 2)
				invalidate(c)
				l.value.Store(1)
				callers.Go(func() {
					if v, err := c.Get(t.Context(), 1, l.load); v != 101 || err != nil {
						t.Errorf("the caller from after got %d, %v", v, err)
					}
				})
				time.Sleep(3 * time.Second / 4)
				if v, ok := c.Peek(1); ok {
					t.Errorf("the load from before filled the cache with %d", v)
				}
				callers.Wait()
				if v, ok := c.Peek(1); v != 101 || !ok {
					t.Errorf("the cache holds %d, %v", v, ok)
				}
				validate(t, c)
			})
		})
	}
}

// TestSetDuringLoadWins: the load that lands later must not replace what was set.
func TestSetDuringLoadWins(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := mustNew(t, Options[int, int]{})
		var l slowLoad
		go c.Get(t.Context(), 1, l.load)
		synctest.Wait()
		c.Set(1, 5)
		time.Sleep(2 * time.Second)
		if v, _ := c.Peek(1); v != 5 {
			t.Errorf("the cache holds %d, 5 was set while the load was under way", v)
		}
	})
}

// TestSlowLoadsHinderNobody: hits, sets and other loads go on while loads run.
func TestSlowLoadsHinderNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := mustNew(t, Options[int, int]{})
		var l slowLoad
		c.Set(-1, 1)
		start := time.Now()
		var callers sync.WaitGroup
		for key := range 100 {
			callers.Go(func() { c.Get(t.Context(), key, l.load) })
		}
		synctest.Wait()
		if _, ok := c.Lookup(-1); !ok || !c.Set(-2, 2) || !c.Delete(-2) || c.Len() != 1 {
			t.Error("the cache does not work while loads run")
		}
		callers.Wait()
		if took := time.Since(start); took != time.Second {
			t.Errorf("100 loads of a second took %v", took)
		}
	})
}

// TestLoadUsesCache: a load may ask for other keys.
func TestLoadUsesCache(t *testing.T) {
	c := mustNew(t, Options[int, int]{})
	var fibonacci func(ctx context.Context, n int) (int, error)
	fibonacci = func(ctx context.Context, n int) (int, error) {
		if n < 2 {
			return n, nil
		}
		a, err := c.Get(ctx, n-1, fibonacci)
		if err != nil {
			return 0, err
		}
		b, err := c.Get(ctx, n-2, fibonacci)
		return a + b, err
	}
	if v, err := c.Get(t.Context(), 60, fibonacci); v != 1548008755920 || err != nil {
		t.Errorf("Get = %d, %v", v, err)
	}
}
