package assets_test

import (
	"context"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"

	"github.com/bmadventure/optcache/cachekit"
	"github.com/bmadventure/optcache/cachekit/market"
	"github.com/bmadventure/optcache/generated/assets"
	"github.com/bmadventure/optcache/generated/internal/sample"
	"github.com/bmadventure/optcache/policy"
	"github.com/bmadventure/optcache/sizing"
)

// BenchmarkHit asks for keys that are all held, in random order, on one goroutine:
// of a plain Go map without a lock, and of the generated caches. The keys that are
// asked for have string bytes of their own.
func BenchmarkHit(b *testing.B) {
	for _, n := range []int{1024, 65536} {
		b.Run(fmt.Sprintf("text+digest/%d", n), func(b *testing.B) { benchmarkTextHits(b, n) })
		b.Run(fmt.Sprintf("integer/%d", n), func(b *testing.B) { benchmarkIntegerHits(b, n) })
	}
}

func listKey(i int) market.ListKey {
	k := market.ListKey{Bundle: fmt.Sprintf("bundle-%05d", i%100)}
	r := rand.NewChaCha8([32]byte{byte(i), byte(i >> 8), byte(i >> 16)})
	for at := 0; at < len(k.Version); at += 8 {
		binary.LittleEndian.PutUint64(k.Version[at:], r.Uint64())
	}
	return k
}

func benchmarkTextHits(b *testing.B, n int) {
	list := assets.NewAssetList(nil)
	load := func(context.Context, market.ListKey) (*assets.AssetList, error) { return list, nil }
	asked := make([]market.ListKey, n)
	for i, j := range rand.New(rand.NewPCG(1, 2)).Perm(n) {
		asked[i] = listKey(j)
		asked[i].Bundle = strings.Clone(asked[i].Bundle)
	}
	b.Run("GoMap", func(b *testing.B) {
		m := make(map[market.ListKey]*assets.AssetList)
		for i := range n {
			m[listKey(i)] = list
		}
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			if m[asked[i&(n-1)]] == nil {
				b.Fatal("a miss")
			}
		}
	})
	for _, stats := range []bool{false, true} {
		b.Run(fmt.Sprintf("Generated/stats=%v", stats), func(b *testing.B) {
			c, err := assets.NewAssetListCache(cachekit.Options[market.ListKey, *assets.AssetList]{Policy: policy.NewS3FIFO(), DisableStats: !stats}, load)
			if err != nil {
				b.Fatal(err)
			}
			for i := range n {
				c.Set(listKey(i), list)
			}
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				if v, _ := c.Lookup(asked[i&(n-1)]); v == nil {
					b.Fatal("a miss")
				}
			}
		})
	}
}

func benchmarkIntegerHits(b *testing.B, n int) {
	list := sample.NewOrders(nil)
	load := func(context.Context, sample.ID) (*sample.Orders, error) { return list, nil }
	asked := make([]uint64, n)
	for i, j := range rand.New(rand.NewPCG(1, 2)).Perm(n) {
		asked[i] = uint64(j)
	}
	b.Run("GoMap", func(b *testing.B) {
		m := make(map[uint64]*sample.Orders)
		for i := range uint64(n) {
			m[i] = list
		}
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			if m[asked[i&(n-1)]] == nil {
				b.Fatal("a miss")
			}
		}
	})
	for _, stats := range []bool{false, true} {
		b.Run(fmt.Sprintf("Generated/stats=%v", stats), func(b *testing.B) {
			c, err := sample.NewOrdersCache(cachekit.Options[sample.ID, *sample.Orders]{Policy: policy.NewS3FIFO(), DisableStats: !stats}, load)
			if err != nil {
				b.Fatal(err)
			}
			for i := range uint64(n) {
				c.Set(sample.ID{N: i}, list)
			}
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				if v, _ := c.Lookup(sample.ID{N: asked[i&(n-1)]}); v == nil {
					b.Fatal("a miss")
				}
			}
		})
	}
}

// orders returns n orders, each of whose strings and slices has memory of its own.
func orders(n int) []sample.Order {
	list := make([]sample.Order, n)
	for i := range list {
		list[i] = sample.Order{
			ID: uint64(i), Symbol: fmt.Sprintf("SYMBOL-%d", i), Venue: sample.Venue(fmt.Sprintf("venue-%d", i%7)),
			Fills: make([]sample.Fill, i%5), Tags: []string{fmt.Sprint("tag", i), "common"},
		}
	}
	return list
}

// BenchmarkSize finds the bytes of a value of 100 rows: as the generated list knows
// them, and by reflection over the same rows.
func BenchmarkSize(b *testing.B) {
	rows := orders(100)
	list := sample.NewOrders(rows)
	var bytes int64
	b.Run("Generated", func(b *testing.B) {
		for b.Loop() {
			bytes += list.SizeBytes()
		}
	})
	b.Run("Reflection", func(b *testing.B) {
		for b.Loop() {
			bytes += reflected(reflect.ValueOf(rows))
		}
	})
	if bytes == 0 {
		b.Error("no bytes")
	}
}

// reflected returns the heap that a value refers to, in bytes, by reflection.
func reflected(v reflect.Value) (bytes int64) {
	switch v.Kind() {
	case reflect.String:
		return sizing.Alloc(int64(v.Len()))
	case reflect.Slice:
		bytes = sizing.Alloc(int64(v.Cap()) * int64(v.Type().Elem().Size()))
		for i := range v.Len() {
			bytes += reflected(v.Index(i))
		}
	case reflect.Array:
		for i := range v.Len() {
			bytes += reflected(v.Index(i))
		}
	case reflect.Struct:
		for i := range v.NumField() {
			bytes += reflected(v.Field(i))
		}
	}
	return bytes
}
