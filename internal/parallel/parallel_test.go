package parallel

import (
	"context"
	"errors"
	"runtime"
	"sync/atomic"
	"testing"
	"time"
)

func TestEveryNumberIsWorkedOnOnce(t *testing.T) {
	for _, n := range []int{0, 1, 7, 1000} {
		for _, workers := range []int{0, 1, 2, 100} {
			times := make([]atomic.Int32, n)
			var began atomic.Int32
			err := ForEach(t.Context(), n, workers, func() func(int) error {
				began.Add(1)
				return func(i int) error { times[i].Add(1); return nil }
			})
			if err != nil {
				t.Fatal(err)
			}
			for i := range times {
				if got := times[i].Load(); got != 1 {
					t.Errorf("%d of %d, %d workers: worked on %d times", i, n, workers, got)
				}
			}
			if most := max(1, min(n, workers, runtime.GOMAXPROCS(0))); int(began.Load()) != most {
				t.Errorf("%d, %d workers: %d goroutines, want %d", n, workers, began.Load(), most)
			}
		}
	}
}

// The error is that of the lowest number, however late it comes.
func TestTheErrorIsTheLowest(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(4))
	first, later := errors.New("first"), errors.New("later")
	for range 20 {
		err := ForEach(t.Context(), 100, 4, func() func(int) error {
			return func(i int) error {
				switch {
				case i == 2:
					time.Sleep(time.Millisecond)
					return first
				case i > 2:
					return later
				}
				return nil
			}
		})
		if err != first {
			t.Fatalf("got %v", err)
		}
	}
}

func TestNothingBeginsOnceCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	var worked atomic.Int32
	err := ForEach(ctx, 1000, 1, func() func(int) error {
		return func(i int) error {
			if worked.Add(1) == 3 {
				cancel()
			}
			return nil
		}
	})
	if !errors.Is(err, context.Canceled) || worked.Load() != 3 {
		t.Errorf("%d worked on, %v", worked.Load(), err)
	}
}
