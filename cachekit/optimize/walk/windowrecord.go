package walk

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math"

	"github.com/bmadventure/optcache/cachekit/backtest"
	"github.com/bmadventure/optcache/cachekit/optimize"
	"github.com/bmadventure/optcache/cachekit/optimize/internal/keep"
	"github.com/bmadventure/optcache/cachekit/optimize/record"
)

// A windowRecord keeps how parameters did over windows, what a [Forward] with
// a Key found: in a journal, in a workspace, or both. A nil one keeps nothing.
type windowRecord[P any] struct {
	journal *record.Journal // nil: not in a journal
	results *keep.Caches    // nil: not in a workspace
	keyOf   func(P, optimize.Span) ([32]byte, error)
}

// newWindowRecord returns nil if nothing is to be kept, or there is no key to keep it under.
func newWindowRecord[P any](w *Forward[P], o optimize.Options) (*windowRecord[P], error) {
	if w.Key == nil {
		return nil, nil
	}
	r := &windowRecord[P]{journal: o.Journal, keyOf: w.Key}
	if o.Memo {
		workspace, err := w.Workspace, error(nil)
		if workspace == nil {
			workspace, err = optimize.Default()
		}
		if err != nil {
			return nil, fmt.Errorf("keep results in the workspace of the process: %w", err)
		}
		r.results = workspace.Results()
	}
	if r.journal == nil && r.results == nil {
		return nil, nil
	}
	return r, nil
}

// performance returns that of parameters over a span: the one that is kept, or that of
// run, which it keeps.
func (r *windowRecord[P]) performance(p P, span optimize.Span, periodsPerYear float64, run func() (backtest.Performance, error)) (backtest.Performance, error) {
	if r == nil {
		return run()
	}
	k := keep.Keeper[backtest.Performance]{Codec: keep.Performances, Journal: r.journal}
	if r.results != nil {
		k.Cache = r.results.Performances
	}
	return recorded(r, k, p, span, periodsPerYear, run)
}

// curve returns that of parameters over a span, likewise.
func (r *windowRecord[P]) curve(p P, span optimize.Span, run func() (backtest.EquityCurve, error)) (backtest.EquityCurve, error) {
	if r == nil {
		return run()
	}
	k := keep.Keeper[backtest.EquityCurve]{Codec: keep.Curves, Journal: r.journal}
	if r.results != nil {
		k.Cache = r.results.Curves
	}
	return recorded(r, k, p, span, 0, run)
}

// key returns the key of what parameters do over a span, of that kind.
func (r *windowRecord[P]) key(kind byte, p P, span optimize.Span, periodsPerYear float64) (record.Key, error) {
	of, err := r.keyOf(p, span)
	if err != nil {
		return record.Key{}, record.KeepError{Err: err}
	}
	b := append(make([]byte, 0, 64), kind)
	b = binary.LittleEndian.AppendUint64(b, math.Float64bits(periodsPerYear))
	return sha256.Sum256(append(b, of[:]...)), nil
}

func recorded[P, R any](r *windowRecord[P], k keep.Keeper[R], p P, span optimize.Span, periodsPerYear float64, run func() (R, error)) (R, error) {
	key, err := r.key(k.Kind, p, span, periodsPerYear)
	if err != nil {
		var none R
		return none, err
	}
	return k.Of(key, run)
}
