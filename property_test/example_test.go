package propertytest_test

import (
	"context"
	"sync"
	"testing"

	"github.com/bmadventure/optcache/property_test"
)

// A bounded is a cache as one writes it in ten minutes. It holds its lock for as long as it
// loads, which the property waiters tells.
type bounded struct {
	mu       sync.Mutex
	capacity int
	load     propertytest.Loader[string, int]
	values   map[string]int
}

func (b *bounded) Get(ctx context.Context, key string) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if v, ok := b.values[key]; ok {
		return v, nil
	}
	v, err := b.load(ctx, key)
	if err != nil {
		return 0, err
	}
	for other := range b.values {
		if len(b.values) < b.capacity {
			break
		}
		delete(b.values, other)
	}
	b.values[key] = v
	return v, nil
}

func (b *bounded) Len() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.values)
}

func ExampleRun() {
	var t *testing.T // of your test function
	propertytest.Run(t, propertytest.Suite[string, int]{
		New: func(capacity int, load propertytest.Loader[string, int]) propertytest.Cache[string, int] {
			return &bounded{capacity: capacity, load: load, values: map[string]int{}}
		},
		Keys: []string{"", "a", "b", "ab"},
		Value: func(key string, version int) int {
			return 1 + 1000*len(key) + 10*version + int((key + "\x00")[0])*100_000
		},
	})
}
