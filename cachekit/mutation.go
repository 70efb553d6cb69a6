package cachekit

import "fmt"

// A guard finds values that a caller changed. Values are shared, so they are
// read-only; a strategy that writes into the bars it was given changes the results of
// every later trial.
type guard[K comparable, V any] struct {
	fingerprint func(V) uint64 // nil: no guard
	report      func(K)        // nil: panic
	name        string         // of the cache
}

// check reports x if its value is not what it was when it came.
func (g *guard[K, V]) check(x *extended[K, V]) {
	if g.fingerprint(x.value) == x.fingerprint {
		return
	}
	if g.report == nil {
		panic(fmt.Sprintf("cache %q: the value of key %v was changed after it was cached: cached values are shared, change a copy", g.name, x.key))
	}
	g.report(x.key)
}
