package optimize

import (
	"iter"
	"sync"
	"sync/atomic"

	"github.com/bmadventure/optcache/cachekit/bundle"
)

// A foreteller tells the cache of derived series, whose policy wants to know, which keys the
// workers of a sweep ask for next. Several workers go through as many neighbouring batches
// side by side, so it takes the keys of these asset by asset. It looks
// a bounded way ahead, and again when half of that has come.
type foreteller struct {
	view     *View
	bars     *bundle.Bars
	forecast *forecast
	workers  int

	mu    sync.Mutex
	again atomic.Int64 // the batch with which it tells again; written under mu
}

// lookahead is how many requests are told at a time, some 3 MB of plan: a multiple of
// what a cache holds, so that nothing which is told later would have stayed.
const lookahead = 1 << 18

// newForeteller returns nil if the policy does not want to know, or somebody else tells.
func newForeteller(view *View, bars *bundle.Bars, f *forecast, workers int) *foreteller {
	w := view.pin.workspace
	if !w.foretold.CompareAndSwap(false, true) {
		return nil
	}
	t := &foreteller{view: view, bars: bars, forecast: f, workers: workers}
	if !t.tell(0) {
		w.foretold.Store(false)
		return nil
	}
	return t
}

// close ends the plan: nobody knows what comes next.
func (t *foreteller) close() {
	if t == nil {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.again.Store(int64(len(t.forecast.starts))) // no batch has that number
	w := t.view.pin.workspace
	w.series.Expect(func(func(seriesKey) bool) {})
	w.foretold.Store(false)
}

// begins is called when a batch begins.
func (t *foreteller) begins(batch int) {
	if t == nil || int64(batch) < t.again.Load() || !t.mu.TryLock() {
		return
	}
	defer t.mu.Unlock()
	if int64(batch) >= t.again.Load() && int(t.again.Load()) < len(t.forecast.starts) {
		t.tell(max(0, batch-t.workers+1)) // others are not done with the ones before
	}
}

// tell tells what comes from a batch on, and reports whether the policy wants to know. mu is held,
// or t not shared yet.
func (t *foreteller) tell(batch int) bool {
	last := batch
	t.again.Store(int64(len(t.forecast.starts)))
	ok := t.view.pin.workspace.series.Expect(t.keys(batch, &last))
	if last < len(t.forecast.starts)-1 {
		t.again.Store(int64(batch + (last-batch+1)/2))
	}
	return ok
}

// keys returns the keys that are asked for from a batch on, as far as it looks ahead, and
// then sets end to the batch before which it ends.
func (t *foreteller) keys(batch int, end *int) iter.Seq[seriesKey] {
	return func(yield func(seriesKey) bool) {
		batches := len(t.forecast.starts) - 1
		told := 0
		for ; batch < batches && told < lookahead; batch = *end {
			*end = min(batch+t.workers, batches)
			for _, asset := range t.bars.Assets() {
				for b := batch; b < *end; b++ {
					for _, n := range t.forecast.batch(b) {
						key, err := t.view.seriesKey(asset.Symbol, t.forecast.series[n])
						if err != nil {
							continue // the trials will say so
						}
						if told++; !yield(key) {
							return
						}
					}
				}
			}
		}
	}
}
