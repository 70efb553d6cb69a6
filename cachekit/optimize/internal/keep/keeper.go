// Package keep keeps the results of trials: in the caches of a workspace, in a journal, or both.
package keep

import (
	"errors"

	"github.com/bmadventure/optcache/cachekit"
	"github.com/bmadventure/optcache/cachekit/backtest"
	"github.com/bmadventure/optcache/cachekit/optimize/record"
)

// A Keeper keeps results of one kind: in a cache, in a journal, or both.
type Keeper[R any] struct {
	Codec[R]
	Cache   *cachekit.Cache[record.Key, R] // nil: not in a workspace
	Journal *record.Journal                // nil: not in a journal
}

// A Kept result is what a trial that succeeded is recorded as.
type Kept[R any] struct {
	Key    record.Key
	Result R
}

// Failed reports whether an error says that a result could not be kept, or looked up.
func Failed(err error) bool { return errors.As(err, new(record.KeepError)) }

// Of returns the result of a trial: the one that is kept, or that of run, which it keeps.
func (k *Keeper[R]) Of(key record.Key, run func() (R, error)) (R, error) {
	result, ok, err := k.Lookup(key)
	if ok || err != nil {
		return result, err
	}
	if result, err = run(); err != nil {
		return result, err
	}
	return result, k.Record(Kept[R]{key, result})
}

// Lookup returns what is kept under a key.
func (k *Keeper[R]) Lookup(key record.Key) (result R, ok bool, err error) {
	if k.Cache != nil {
		if result, ok = k.Cache.Lookup(key); ok {
			return k.own(result), true, k.write(Kept[R]{key, result})
		}
	}
	if k.Journal == nil {
		return result, false, nil
	}
	value, err := k.Journal.Lookup(k.Kind, key)
	if result, ok = k.decode(value); ok && k.Cache != nil {
		k.Cache.Set(key, k.own(result))
	}
	return result, ok, err
}

// Record keeps results.
func (k *Keeper[R]) Record(results ...Kept[R]) error {
	if k.Cache != nil {
		for _, r := range results {
			k.Cache.Set(r.Key, k.own(r.Result))
		}
	}
	return k.write(results...)
}

// write writes results to the journal, if there is one.
func (k *Keeper[R]) write(results ...Kept[R]) error {
	if k.Journal == nil {
		return nil
	}
	entries := make([]record.Entry, len(results))
	for i, r := range results {
		entries[i] = record.Entry{Key: r.Key, Value: k.encode(r.Result)}
	}
	return k.Journal.Record(k.Kind, entries...)
}

// Caches are where a workspace keeps results, within the budget of all its caches.
type Caches struct {
	Trials       *cachekit.Cache[record.Key, backtest.Metrics]
	Performances *cachekit.Cache[record.Key, backtest.Performance] // of walk-forwards, over windows
	Curves       *cachekit.Cache[record.Key, backtest.EquityCurve] // likewise
}
