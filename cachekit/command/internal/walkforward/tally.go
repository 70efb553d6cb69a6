package walkforward

import (
	"sync"
	"sync/atomic"

	"github.com/bmadventure/optcache/cachekit/optimize"
	"github.com/bmadventure/optcache/cachekit/optimize/walk"
)

// A windowTally counts what a walk-forward really runs: backtests, each of one set of parameters
// over one window, and the windows that at least one ran over. It may be used concurrently.
type windowTally struct {
	backtests atomic.Int64
	windows   sync.Map // optimize.Span to nothing
}

// ran counts one backtest.
func (t *windowTally) ran(over optimize.Span) {
	t.backtests.Add(1)
	t.windows.LoadOrStore(over, struct{}{})
}

// windowsRan returns how many windows at least one backtest ran over.
func (t *windowTally) windowsRan() (n int) {
	for range t.windows.Range {
		n++
	}
	return n
}

// windowsOf counts the windows of folds, those of equal sessions once.
func windowsOf(folds []walk.Fold) int {
	all := make(map[optimize.Span]struct{})
	for _, f := range folds {
		for _, s := range []optimize.Span{f.Train, f.Validation, f.Test} {
			if s.Len() > 0 {
				all[s] = struct{}{}
			}
		}
	}
	return len(all)
}
