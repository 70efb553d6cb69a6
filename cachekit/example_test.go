package cachekit_test

import (
	"context"
	"fmt"

	"github.com/bmadventure/optcache/cachekit"
	"github.com/bmadventure/optcache/sizing"
)

// Two caches share 64 MB. Bars are loaded once, and are gone as soon as the
// version of the data that they come from is retired.
func Example() {
	type key struct {
		version [32]byte
		symbol  string
	}
	budget := sizing.NewBudget(64 << 20)
	closes, err := cachekit.New(cachekit.Options[key, []float64]{
		Name:    "closes",
		Budget:  budget,
		Size:    func(k key, v []float64) int64 { return sizing.String(k.symbol) + sizing.Slice(v) },
		Version: func(k key) [32]byte { return k.version },
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	load := func(_ context.Context, k key) ([]float64, error) {
		fmt.Println("loading", k.symbol)
		return []float64{101.5, 102.25, 99}, nil
	}
	aapl := key{version: [32]byte{1}, symbol: "AAPL"}
	for range 3 {
		v, err := closes.Get(context.Background(), aapl, load)
		fmt.Println(v, err)
	}
	closes.Retire(aapl.version)
	_, held := closes.Peek(aapl)
	s := closes.Stats()
	fmt.Println(held, s.Hits, s.Misses, s.HitRate() > .6)
	// Output:
	// loading AAPL
	// [101.5 102.25 99] <nil>
	// [101.5 102.25 99] <nil>
	// [101.5 102.25 99] <nil>
	// false 2 1 true
}
