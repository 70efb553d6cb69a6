package optimize

import (
	"iter"
	"sync"
	"sync/atomic"

	"github.com/bmadventure/optcache/cachekit/bundle"
)

// A keyPlan tells the cache of derived series, whose policy wants to know, which keys the
// workers of a sweep ask for next. Several workers go through as many neighbouring batches
// side by side, so it takes the keys of these asset by asset. It looks
// a bounded way ahead, and again when half of that has come.
type keyPlan struct {
	view     *View
	bars     *bundle.Bars
	schedule *schedule
	workers  int

	mu    sync.Mutex
	again atomic.Int64 // the batch with which it tells again; written under mu
}

// lookahead is how many requests are told at a time, some 3 MB of plan: a multiple of
// what a cache holds, so that nothing which is told later would have stayed.
const lookahead = 1 << 18

// newKeyPlan returns nil if the policy does not want to know, or somebody else tells.
func newKeyPlan(view *View, bars *bundle.Bars, f *schedule, workers int) *keyPlan {
	w := view.pin.workspace
	if !w.planned.CompareAndSwap(false, true) {
		return nil
	}
	t := &keyPlan{view: view, bars: bars, schedule: f, workers: workers}
	if !t.tell(0) {
		w.planned.Store(false)
		return nil
	}
	return t
}

// close ends the plan: nobody knows what comes next.
func (t *keyPlan) close() {
	if t == nil {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.again.Store(int64(len(t.schedule.starts))) // no batch has that number
	w := t.view.pin.workspace
	w.series.Expect(func(func(seriesKey) bool) {})
	w.planned.Store(false)
}

// begins is called when a batch begins.
func (t *keyPlan) begins(batch int) {
	if t == nil || int64(batch) < t.again.Load() || !t.mu.TryLock() {
		return
	}
	defer t.mu.Unlock()
	if int64(batch) >= t.again.Load() && int(t.again.Load()) < len(t.schedule.starts) {
		t.tell(max(0, batch-t.workers+1)) // others are not done with the ones before
	}
}

// tell tells what comes from a batch on, and reports whether the policy wants to know. mu is held,
// or t not shared yet.
func (t *keyPlan) tell(batch int) bool {
	last := batch
	t.again.Store(int64(len(t.schedule.starts)))
	ok := t.view.pin.workspace.series.Expect(t.keys(batch, &last))
	if last < len(t.schedule.starts)-1 {
		t.again.Store(int64(batch + (last-batch+1)/2))
	}
	return ok
}

// keys returns the keys that are asked for from a batch on, as far as it looks ahead, and
// then sets end to the batch before which it ends.
func (t *keyPlan) keys(batch int, end *int) iter.Seq[seriesKey] {
	return func(yield func(seriesKey) bool) {
		batches := len(t.schedule.starts) - 1
		told := 0
		for ; batch < batches && told < lookahead; batch = *end {
			*end = min(batch+t.workers, batches)
			for _, asset := range t.bars.Assets() {
				for b := batch; b < *end; b++ {
					for _, n := range t.schedule.batch(b) {
						key, err := t.view.seriesKey(asset.Symbol, t.schedule.series[n])
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
