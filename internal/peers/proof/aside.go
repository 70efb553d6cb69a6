// Package proof runs the property suite on the caches of others, and README.md tells what it
// found. Each file that bears a library's name is the adapter that shows it to the suite.
package proof

import (
	"context"
	"time"

	"github.com/bmadventure/optcache/property_test"
)

// What all are shown with: short lists of numbers by name.
type (
	cache  = propertytest.Cache[string, []int]
	loader = propertytest.Loader[string, []int]
)

// weight is the bytes of a value's numbers.
func weight(v []int) int64 { return int64(8 * len(v)) }

// heaviest is the weight of the heaviest value of the suite, and so what one of capacity stands for
// where caches are bounded by weight.
const heaviest = 24

// A manner is how a cache is set up. The zero value is one bounded by entries.
type manner struct {
	weighed bool          // bounded by weight
	life    time.Duration // of values after they came; 0 is for ever
}

// room is the bound that stands for a capacity.
func (m manner) room(capacity int) int {
	if m.weighed {
		return heaviest * capacity
	}
	return capacity
}

// cost is what a value costs of the room.
func (m manner) cost(v []int) int64 {
	if m.weighed {
		return weight(v)
	}
	return 1
}

// An aside is a cache that knows no loads, and what its users write around it: look, and if there
// is nothing, load and store.
type aside struct {
	look  func(key string) ([]int, bool)
	store func(key string, v []int)
	load  loader
}

func (a aside) Get(ctx context.Context, key string) ([]int, error) {
	if v, ok := a.look(key); ok {
		return v, nil
	}
	v, err := a.load(ctx, key)
	if err == nil {
		a.store(key, v)
	}
	return v, err
}
