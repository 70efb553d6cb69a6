package assets_test

import (
	"fmt"
	"runtime"
	"testing"

	"github.com/bmadventure/optcache/cachekit/market"
	"github.com/bmadventure/optcache/generated/assets"
	"github.com/bmadventure/optcache/generated/internal/sample"
)

// TestSizeIsHeap holds what generated lists say that they hold against the heap.
func TestSizeIsHeap(t *testing.T) {
	if underRace {
		t.Skip("the race detector multiplies memory")
	}
	rows := orders(100)
	symbols := make([]market.Asset, 100)
	for i := range symbols {
		symbols[i] = market.Asset{ID: uint64(i), Symbol: fmt.Sprintf("SYMBOL-%d", i)}
	}
	for name, build := range map[string]func() interface{ SizeBytes() int64 }{
		"assets": func() interface{ SizeBytes() int64 } { return assets.NewAssetList(symbols) },
		"orders": func() interface{ SizeBytes() int64 } { return sample.NewOrders(rows) },
		"empty":  func() interface{ SizeBytes() int64 } { return assets.NewAssetList(nil) },
	} {
		const n = 2000
		lists := make([]interface{ SizeBytes() int64 }, n)
		before := heap()
		var said int64
		for i := range lists {
			lists[i] = build()
			said += lists[i].SizeBytes()
		}
		grown := heap() - before
		if ratio := float64(said) / float64(grown); ratio < .99 || ratio > 1.01 {
			t.Errorf("%s: the heap grew by %d bytes, the lists say %d", name, grown, said)
		}
		runtime.KeepAlive(lists)
	}
}

// heap returns the bytes of heap in use.
func heap() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
