package optimize

import (
	"context"
	"errors"

	"github.com/bmadventure/optcache/cachekit/backtest"
)

// A memo is where the results of trials on the bars of a view are kept: in the
// workspace, in a journal, or both. Nil keeps nothing.
type memo struct {
	view    *View
	cache   *resultCache // nil: not in the workspace
	journal *Journal     // nil: not in a journal
}

// newMemo returns the memo that the options ask for, nil if they ask for none.
func newMemo(view *View, o Options) *memo {
	m := &memo{view: view, journal: o.Journal}
	if o.Memo {
		m.cache = view.pin.workspace.results
	}
	if m.cache == nil && m.journal == nil {
		return nil
	}
	return m
}

// An unkept error says that the result of a trial could not be kept, or looked up. The
// trial did not fail: whoever runs it stops, so that what is not kept is run again when
// that is mended.
type unkept struct{ error }

func (e unkept) Unwrap() error { return e.error }

func isUnkept(err error) bool { return errors.As(err, new(unkept)) }

// lookup returns the result of a strategy's trial if it is kept.
func (m *memo) lookup(s backtest.Strategy) (k trialKey, result backtest.Metrics, ok bool, err error) {
	if k, err = keyOf(m.view.key, s); err != nil {
		return k, result, false, unkept{err}
	}
	if m.cache != nil {
		if result, ok = m.cache.Lookup(k); ok {
			return k, result, true, m.record(trialResult{k, result})
		}
	}
	if m.journal == nil {
		return k, result, false, nil
	}
	value, err := m.journal.lookup(kindMetrics, k)
	if result, ok = decodeMetrics(value); ok && m.cache != nil {
		m.cache.Set(k, result)
	}
	return k, result, ok, err
}

// A trialResult is what a trial that succeeded is recorded as.
type trialResult struct {
	key     trialKey
	metrics backtest.Metrics
}

// record keeps results.
func (m *memo) record(results ...trialResult) error {
	if m.cache != nil {
		for _, r := range results {
			m.cache.Set(r.key, r.metrics)
		}
	}
	if m.journal == nil {
		return nil
	}
	findings := make([]finding, len(results))
	for i, r := range results {
		findings[i] = finding{r.key, encodeMetrics(r.metrics)}
	}
	return m.journal.record(kindMetrics, findings...)
}

// Recorded returns a worker that takes the result of a trial from where the
// options keep it ([Options.Journal], [Options.Memo]), and else runs worker and keeps what it
// returns. strategy makes the strategy that worker backtests on all bars of the view. A
// result that cannot be kept ends the run, as [Options] says.
//
// It is for [RunSearch]: a search that learns proposes the same trials when it is told
// the same values, so it goes on where it was. [Sweep] does the same by itself.
func Recorded[P any](view *View, strategy func(P) backtest.Strategy, worker Worker[P, backtest.Metrics], o Options) Worker[P, backtest.Metrics] {
	memo := newMemo(view, o)
	if memo == nil {
		return worker
	}
	return func(ctx context.Context, p P) (backtest.Metrics, error) {
		key, result, ok, err := memo.lookup(strategy(p))
		if ok || err != nil {
			return result, err
		}
		if result, err = worker(ctx, p); err != nil {
			return result, err
		}
		return result, memo.record(trialResult{key, result})
	}
}
