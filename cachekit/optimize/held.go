package optimize

import (
	"context"
	"sync"

	"github.com/bmadventure/optcache/cachekit/bundle"
)

// held is what a sweep holds for its life, and a search from batch to batch.
type held[P any] struct {
	bars     *bundle.Bars // of the view; nil before trials run, and with caching off: each reads them
	own      bool         // bars are not in the cache
	unpin    func()       // gives the bars in the cache up; may be nil
	cached   bool         // derived series come from the cache
	workload Workload     // so far
	batches  int          // counted so far
	tally    tally        // of the series that these read
	before   int64        // requests for series in earlier sweeps

	spareMu sync.Mutex
	spare   []*batchWorker[P] // whose buffers are used again; guarded by spareMu
}

// seat returns the worker for a batch.
func (h *held[P]) seat() *batchWorker[P] {
	h.spareMu.Lock()
	defer h.spareMu.Unlock()
	last := len(h.spare) - 1
	if last < 0 {
		return new(batchWorker[P])
	}
	w := h.spare[last]
	h.spare = h.spare[:last]
	return w
}

// unseat takes the worker of a batch back.
func (h *held[P]) unseat(w *batchWorker[P]) {
	h.spareMu.Lock()
	defer h.spareMu.Unlock()
	h.spare = append(h.spare, w)
}

// hold reads the bars. They are pinned in the cache, so that no series takes their
// room; if they do not fit, or are asked for once only, the sweep has them itself.
func (h *held[P]) hold(ctx context.Context, v *View, trials int, o Options) (err error) {
	if h.bars != nil {
		return nil
	}
	before := v.asks(asked{bars: 1})
	h.before = before.series
	if trials == 1 && before.bars == 0 && !o.AlwaysCache {
		h.workload.Bars.Bypassed, h.own = true, true
		h.bars, err = v.loadBars(ctx, v.key)
		return err
	}
	if h.bars, err = v.Bars(ctx); err != nil {
		return err
	}
	unpin, ok := v.pin.workspace.bars.Pin(v.key)
	h.unpin, h.own = unpin, !ok
	return nil
}

// room returns how many bytes the cache of series has for them.
func (h *held[P]) room(v *View) int64 {
	return max(0, v.pin.workspace.budget.Limit()-h.bars.SizeBytes())
}

// count counts what the batches of a schedule will ask for, and decides whether it is worth
// its cost to keep series. What a search has begun to keep it goes on with.
func (h *held[P]) count(v *View, f *schedule, trials int, o Options) {
	h.batches += len(f.starts) - 1
	h.tally.add(f)
	v.asks(asked{series: f.requests(h.bars)})
	d := &h.workload
	planned := d.Series.Planned
	d.Trials += trials
	d.Bars = needOfBars(h.bars, h.batches, d.Bars.Bypassed)
	d.Series = h.tally.need(h.bars, h.room(v), h.before)
	h.cached = h.cached || !d.Series.Bypassed || o.AlwaysCache
	d.Series.Bypassed, d.Series.Planned = !h.cached, planned
}

// release gives up the bars.
func (h *held[P]) release() {
	if h.unpin != nil {
		h.unpin()
	}
}
