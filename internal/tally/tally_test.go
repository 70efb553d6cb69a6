package tally

import (
	"runtime"
	"sync"
	"testing"
)

// TestSumIsExact counts on goroutines that come and go, whose stacks grow and
// shrink under them, and that the runtime preempts, and demands every count.
func TestSumIsExact(t *testing.T) {
	const goroutines, rounds = 200, 3000
	tally := New()
	stop := make(chan struct{})
	var collector sync.WaitGroup
	collector.Go(func() { // shrinks stacks
		for {
			select {
			case <-stop:
				return
			default:
				runtime.GC()
			}
		}
	})
	var done sync.WaitGroup
	for g := range goroutines {
		done.Go(func() {
			for i := range rounds {
				tally.Hit()
				if i%50 == g%50 {
					deep(tally, i%20)
				}
				if i%100 == 0 {
					runtime.Gosched()
				}
			}
		})
	}
	done.Wait()
	close(stop)
	collector.Wait()
	want := uint64(goroutines * rounds)
	for g := range goroutines {
		for i := range rounds {
			if i%50 == g%50 {
				want += uint64(i%20) + 1
			}
		}
	}
	if hits, _, _ := tally.Sum(); hits != want {
		t.Errorf("%d hits were counted of %d", hits, want)
	}
}

// deep counts depth+1 hits on a stack that grows by some kilobytes each.
func deep(tally *Tally, depth int) byte {
	var frame [3 << 10]byte
	frame[depth] = 1
	tally.Hit()
	if depth > 0 {
		frame[0] = deep(tally, depth-1)
	}
	return frame[depth]
}

// TestCellsAreSucceeded has goroutines count one after the other: the later ones
// must come to own cells too, and there is a bound on how many are ever made.
func TestCellsAreSucceeded(t *testing.T) {
	tally := New()
	const goroutines, rounds = 100, 10_000
	for range goroutines {
		var alone sync.WaitGroup
		var frames sync.WaitGroup
		frames.Add(1)
		alone.Go(func() {
			for range rounds {
				tally.Hit()
			}
			frames.Done()
		})
		alone.Wait()
	}
	var beside uint64
	for i := range tally.stripes {
		beside += tally.stripes[i].hits
	}
	if beside > goroutines*4*patience {
		t.Errorf("%d of %d hits were counted beside the cells", beside, goroutines*rounds)
	}
	if hits, _, _ := tally.Sum(); hits != goroutines*rounds {
		t.Errorf("%d hits were counted of %d", hits, goroutines*rounds)
	}
	if n := tally.cells.Load(); n > maxCells {
		t.Errorf("%d cells", n)
	}
}

func BenchmarkHit(b *testing.B) {
	b.Run("Hit", func(b *testing.B) {
		t := New()
		for b.Loop() {
			t.Hit()
		}
	})
	b.Run("Miss", func(b *testing.B) { // an atomic addition
		t := New()
		for b.Loop() {
			t.Miss()
		}
	})
}
