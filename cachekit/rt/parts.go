package rt

import (
	"runtime"
	"sync"
)

// partRows is the number of rows for which another goroutine pays.
const partRows = 1 << 16

// Parts returns into how many parts [EachPart] cuts n rows.
func Parts(n int) int { return max(1, min(runtime.GOMAXPROCS(0), n/partRows)) }

// EachPart cuts n rows into parts and calls work for the rows lo to hi of each,
// concurrently. It returns when all calls have returned.
func EachPart(parts, n int, work func(part, lo, hi int)) {
	var wg sync.WaitGroup
	for p := 1; p < parts; p++ {
		wg.Go(func() { work(p, n*p/parts, n*(p+1)/parts) })
	}
	work(0, 0, n/parts)
	wg.Wait()
}
