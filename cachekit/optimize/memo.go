package optimize

import (
	"context"

	"github.com/bmadventure/optcache/cachekit/backtest"
	"github.com/bmadventure/optcache/cachekit/optimize/internal/keep"
	"github.com/bmadventure/optcache/cachekit/optimize/record"
)

// A memo is where the results of trials on the bars of a view are kept: in the
// workspace, in a journal, or both. Nil keeps nothing.
type memo struct {
	view *View
	keep.Keeper[backtest.Metrics]
}

// newMemo returns the memo that the options ask for, nil if they ask for none.
func newMemo(view *View, o Options) *memo {
	m := &memo{view, keep.Keeper[backtest.Metrics]{Codec: keep.Metrics, Journal: o.Journal}}
	if results := view.pin.workspace.results; o.Memo && results != nil {
		m.Cache = results.Trials
	}
	if m.Cache == nil && m.Journal == nil {
		return nil
	}
	return m
}

// key returns the key of a strategy's trial.
func (m *memo) key(s backtest.Strategy) (record.Key, error) {
	k, err := m.view.trials.Key(m.view.key.Digest, s)
	if err != nil {
		return k, record.KeepError{Err: err}
	}
	return k, nil
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
		key, err := memo.key(strategy(p))
		if err != nil {
			return backtest.Metrics{}, err
		}
		return memo.Of(key, func() (backtest.Metrics, error) { return worker(ctx, p) })
	}
}
