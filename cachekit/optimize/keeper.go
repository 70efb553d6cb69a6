package optimize

import (
	"errors"

	"github.com/bmadventure/optcache/cachekit"
)

// A keeper keeps results of one kind: in a cache, in a journal, or both.
type keeper[R any] struct {
	cache   *cachekit.Cache[trialKey, R] // nil: not in a workspace
	journal *Journal                     // nil: not in a journal
	kind    byte                         // in the journal
	encode  func(R) []byte
	decode  func([]byte) (R, bool) // false for what encode did not make
	own     func(R) R              // a copy that shares nothing: what is kept is nobody else's to change
}

// itself is the copy of a value that refers to nothing.
func itself[R any](result R) R { return result }

// A kept result is what a trial that succeeded is recorded as.
type kept[R any] struct {
	key    trialKey
	result R
}

// An unkept error says that the result of a trial could not be kept, or looked up. The
// trial did not fail: whoever runs it stops, so that what is not kept is run again when
// that is mended.
type unkept struct{ error }

func (e unkept) Unwrap() error { return e.error }

func isUnkept(err error) bool { return errors.As(err, new(unkept)) }

// of returns the result of a trial: the one that is kept, or that of run, which it keeps.
func (k *keeper[R]) of(key trialKey, run func() (R, error)) (R, error) {
	result, ok, err := k.lookup(key)
	if ok || err != nil {
		return result, err
	}
	if result, err = run(); err != nil {
		return result, err
	}
	return result, k.record(kept[R]{key, result})
}

// lookup returns what is kept under a key.
func (k *keeper[R]) lookup(key trialKey) (result R, ok bool, err error) {
	if k.cache != nil {
		if result, ok = k.cache.Lookup(key); ok {
			return k.own(result), true, k.write(kept[R]{key, result})
		}
	}
	if k.journal == nil {
		return result, false, nil
	}
	value, err := k.journal.lookup(k.kind, key)
	if result, ok = k.decode(value); ok && k.cache != nil {
		k.cache.Set(key, k.own(result))
	}
	return result, ok, err
}

// record keeps results.
func (k *keeper[R]) record(results ...kept[R]) error {
	if k.cache != nil {
		for _, r := range results {
			k.cache.Set(r.key, k.own(r.result))
		}
	}
	return k.write(results...)
}

// write writes results to the journal, if there is one.
func (k *keeper[R]) write(results ...kept[R]) error {
	if k.journal == nil {
		return nil
	}
	findings := make([]finding, len(results))
	for i, r := range results {
		findings[i] = finding{r.key, k.encode(r.result)}
	}
	return k.journal.record(k.kind, findings...)
}
