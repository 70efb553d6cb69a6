// Package parallel does independent pieces of work on several goroutines, so that what comes out, and which
// error, does not depend on them.
package parallel

import (
	"context"
	"runtime"
	"sync"
	"sync/atomic"
)

// ForEach calls work for 0 to n-1 on up to workers goroutines, and no more than GOMAXPROCS, each of which
// calls newWork once for a function, and scratch memory, of its own. It returns
// the error of the lowest i that has one, so that the outcome does not depend on
// the goroutines, or the error of ctx.
func ForEach(ctx context.Context, n, workers int, newWork func() func(i int) error) error {
	workers = max(1, min(workers, n, runtime.GOMAXPROCS(0)))
	var (
		next   atomic.Int64
		mu     sync.Mutex
		failed = n // guarded by mu
		first  error
	)
	loop := func() {
		work := newWork()
		for {
			i := int(next.Add(1)) - 1
			if i >= n || ctx.Err() != nil {
				return
			}
			if err := work(i); err != nil {
				mu.Lock()
				if i < failed {
					failed, first = i, err
				}
				mu.Unlock()
				next.Store(int64(n)) // all below i have begun already
				return
			}
		}
	}
	var wg sync.WaitGroup
	for range workers - 1 {
		wg.Go(loop)
	}
	loop()
	wg.Wait()
	if first != nil {
		return first
	}
	return ctx.Err()
}
