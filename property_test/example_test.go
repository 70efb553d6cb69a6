package propertytest_test

import (
	"context"
	"sync"
	"testing"

	"github.com/bmadventure/optcache/property_test"
)

// A bounded is a cache as one writes it in five minutes.
type bounded struct {
	load     propertytest.Loader[string, []int]
	capacity int

	mu     sync.Mutex
	values map[string][]int
}

func (b *bounded) Get(ctx context.Context, key string) ([]int, error) {
	b.mu.Lock()
	v, ok := b.values[key]
	b.mu.Unlock()
	if ok {
		return v, nil
	}
	v, err := b.load(ctx, key)
	if err != nil {
		return nil, err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
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

// boundedSuite is all that the suite must know of it.
var boundedSuite = propertytest.Suite[string, []int]{
	New: func(capacity int, load propertytest.Loader[string, []int]) propertytest.Cache[string, []int] {
		return &bounded{capacity: capacity, load: load, values: map[string][]int{}}
	},
	Keys: []string{"", "a", "b", "ab"},
	Value: func(key string, version int) []int {
		v := []int{version}
		for _, b := range []byte(key) {
			v = append(v, int(b))
		}
		return v
	},
	Skip: map[string]string{
		"once":    "two callers who miss at the same time both load",
		"waiters": "for the same reason",
	},
}

func ExampleRun() {
	var t *testing.T // of your test function
	propertytest.Run(t, boundedSuite)
}

// TestExample holds the example to what it says.
func TestExample(t *testing.T) { propertytest.Run(t, boundedSuite) }
