package cachekit

import (
	"errors"
	"fmt"
	"time"

	"github.com/bmadventure/optcache/cachekit/rt"
	"github.com/bmadventure/optcache/policy"
	"github.com/bmadventure/optcache/sizing"
)

// DefaultMaxBytes is the limit of a cache that is given none: 2.0 GB, a GB being
// 2^30 bytes.
const DefaultMaxBytes = 2 << 30

// Options say what a [Cache] holds and how. The zero value is a cache of
// [DefaultMaxBytes] for values that refer to no memory of their own. Functions
// in it are called under no lock, and concurrently unless they say otherwise.
//
// An entry takes 48 bytes beyond key and value, and the table 10 to 16. Version,
// ExpireAfterWrite, ExpireAfterAccess, OnRemoval, RemovalHistory and Fingerprint need room in
// the entry: the first of them costs 32 bytes more an entry, the others nothing. In a generated
// cache whose key has one text an entry has room for 24 bytes of it instead.
type Options[K comparable, V any] struct {
	// Name names the cache in its statistics and errors.
	Name string

	// Budget is the hard limit that the cache shares with others. Nil means a
	// budget of its own of MaxBytes.
	Budget *sizing.Budget

	// MaxBytes is the hard limit in bytes of a cache with a budget of its own.
	// 0 means DefaultMaxBytes. With Budget it must be 0.
	MaxBytes int64

	// MaxEntries bounds the number of entries too. 0 means no bound.
	MaxEntries int

	// Size returns the bytes of heap that key and value refer to: see package
	// sizing. The words of key and value themselves, the entry around them and
	// the table are added by the cache. Nil means that they refer to nothing.
	// It is called once for each value that comes.
	Size func(key K, value V) int64

	// Policy decides who leaves when the cache is full. Nil means
	// [policy.NewAdaptive]. A policy serves one cache only.
	Policy policy.Policy

	// Version tells which version of its data a key belongs to: the content
	// hash of a bundle, say. It must return the same for the same key. Nil means
	// that [Cache.Retire] finds nothing.
	Version func(key K) [32]byte

	// ExpireAfterWrite is how long a value is served after it came, and
	// ExpireAfterAccess how long after it was last asked for, give or take a
	// hundredth. 0 means for ever. What has expired is never served; its bytes come
	// back when its key is asked for, or while other values come.
	ExpireAfterWrite, ExpireAfterAccess time.Duration

	// OnRemoval is told of every entry that left, whatever the cause, in the order
	// in which they left. It is called under no lock, by whoever uses the cache,
	// never concurrently with itself, and may use the cache. While it runs
	// others do not wait for it: what leaves meanwhile is told by the one that is
	// telling already.
	OnRemoval func(key K, value V, d Removal)

	// RemovalHistory is how many of the last removals [Cache.LastRemoval] remembers. 0
	// means none.
	RemovalHistory int

	// OnEvict is the name that OnRemoval had.
	//
	// Deprecated: use OnRemoval.
	OnEvict func(key K, value V, d Removal)

	// Departures is the name that RemovalHistory had.
	//
	// Deprecated: use RemovalHistory.
	Departures int

	// Fingerprint returns a digest of a value. It is meant for tests: the cache
	// compares the digest of each value that Get and Lookup hand out with what it was
	// when the value came, and calls OnMutation with the key if a caller has changed it.
	// A nil OnMutation means a panic that names the key.
	Fingerprint func(value V) uint64
	OnMutation  func(key K)

	// DisableStats turns off the count of hits and misses, which costs a hit
	// some 5 ns.
	DisableStats bool

	// Seed makes the cache repeatable if it is not 0: hashes depend on it alone
	// and each hit reaches the policy at once, under the lock, so that the same calls
	// in the same order evict the same entries. It is meant for tests and
	// simulations; with a policy that needs the order of hits it makes them slow.
	Seed uint64

	// Hooks are for generated code.
	Hooks rt.Hooks[K]
}

// rename moves what is set under deprecated names to the present ones.
func (o *Options[K, V]) rename() error {
	if o.OnEvict != nil && o.OnRemoval != nil || o.Departures != 0 && o.RemovalHistory != 0 {
		return fmt.Errorf("making cache %q: an option is set under its deprecated name too: leave out OnEvict and Departures", o.Name)
	}
	if o.OnEvict != nil {
		o.OnRemoval = o.OnEvict
	}
	if o.Departures != 0 {
		o.RemovalHistory = o.Departures
	}
	return nil
}

// validate returns an error that names all that is wrong with o.
func (o *Options[K, V]) validate() error {
	var errs []error
	fail := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	if o.Budget != nil && o.MaxBytes != 0 {
		fail("both Budget and MaxBytes are set: the limit of a shared budget is the budget's own, leave MaxBytes 0")
	}
	if o.MaxBytes < 0 {
		fail("option MaxBytes is %d: must be positive, or 0 for %d", o.MaxBytes, int64(DefaultMaxBytes))
	}
	if o.MaxEntries < 0 {
		fail("option MaxEntries is %d: must be positive, or 0 for no bound", o.MaxEntries)
	}
	if o.ExpireAfterWrite < 0 || o.ExpireAfterAccess < 0 {
		fail("options ExpireAfterWrite and ExpireAfterAccess are %v and %v: must be positive, or 0 for never", o.ExpireAfterWrite, o.ExpireAfterAccess)
	}
	if o.RemovalHistory < 0 {
		fail("option RemovalHistory is %d: must be positive, or 0 for none", o.RemovalHistory)
	}
	if o.OnMutation != nil && o.Fingerprint == nil {
		fail("option OnMutation is set without Fingerprint: nothing would find a mutation, set both")
	}
	if o.Hooks.Equal != nil && o.Hooks.Hash == nil {
		fail("option Hooks has Equal without Hash: keys that are equal must hash alike, set both")
	}
	if len(errs) > 0 {
		return fmt.Errorf("making cache %q: %w", o.Name, errors.Join(errs...))
	}
	return nil
}
