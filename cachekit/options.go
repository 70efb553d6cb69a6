package cachekit

import (
	"errors"
	"fmt"

	"github.com/bmadventure/optcache/policy"
	"github.com/bmadventure/optcache/sizing"
)

// DefaultMaxBytes is the limit of a cache that is given none: 2.0 GB, a GB being
// 2^30 bytes.
const DefaultMaxBytes = 2 << 30

// Options say what a [Cache] holds and how. The zero value is a cache of
// [DefaultMaxBytes] for values of fixed size.
type Options[K comparable, V any] struct {
	// Name names the cache in its statistics.
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
	//
	// It must return the same for the same key and value. It is called once for
	// each value that comes, under no lock, concurrently.
	Size func(key K, value V) int64

	// Policy decides who leaves when the cache is full. Nil means
	// [policy.NewLRU]. A policy serves one cache only.
	Policy policy.Policy

	// Version tells which version of its data a key belongs to: the content
	// hash of a bundle, say. Nil means that [Cache.Retire] finds nothing. It is
	// called under no lock, concurrently.
	Version func(key K) [32]byte
}

// validate returns an error that names all that is wrong with o.
func (o *Options[K, V]) validate() error {
	var errs []error
	if o.Budget != nil && o.MaxBytes != 0 {
		errs = append(errs, errors.New("Budget and MaxBytes are both set: the limit of a shared budget is the budget's, leave MaxBytes 0"))
	}
	if o.MaxBytes < 0 {
		errs = append(errs, fmt.Errorf("MaxBytes is %d: must be positive, or 0 for %d", o.MaxBytes, int64(DefaultMaxBytes)))
	}
	if o.MaxEntries < 0 {
		errs = append(errs, fmt.Errorf("MaxEntries is %d: must be positive, or 0 for no bound", o.MaxEntries))
	}
	if len(errs) > 0 {
		return fmt.Errorf("making cache %q: %w", o.Name, errors.Join(errs...))
	}
	return nil
}
