package cachekit

import (
	"context"
	"fmt"
	"math/rand/v2"
	"runtime"
	"sync/atomic"
	"testing"
	"unsafe"

	"github.com/bmadventure/optcache/policy"
)

func TestAllocations(t *testing.T) {
	for _, p := range policies {
		if p.name != "lru" && p.name != "sieve" {
			continue
		}
		t.Run(p.name, func(t *testing.T) {
			const n = 1000
			words := mustNew(t, Options[uint64, uint64]{MaxEntries: n, Policy: p.make()})
			names := mustNew(t, Options[string, string]{MaxEntries: n, Policy: p.make()})
			news := mustNew(t, Options[string, string]{MaxEntries: n, Policy: p.make()})
			structs := mustNew(t, Options[[4]int32, [3]int]{MaxEntries: n, Policy: p.make()})
			keys := make([]string, 4*n)
			for i := range keys {
				keys[i] = fmt.Sprint("key", i)
				words.Set(uint64(i), 0)
				names.Set(keys[i], "")
				news.Set(keys[i], "")
				structs.Set([4]int32{int32(i)}, [3]int{})
			}
			ctx := t.Context()
			never := func(context.Context, string) (string, error) { panic("loads") }
			i := 0
			for what, test := range map[string]struct {
				want float64
				do   func()
			}{
				"hit":                    {0, func() { words.Lookup(3999); names.Get(ctx, keys[3999], never); structs.Lookup([4]int32{3999}) }},
				"miss":                   {0, func() { words.Lookup(1 << 60); names.Lookup("no such key"); structs.Peek([4]int32{-1}) }},
				"set new":                {1, func() { i++; news.Set(keys[i%len(keys)], "value") }},
				"set replacing":          {1, func() { structs.Set([4]int32{3999}, [3]int{1, 2, 3}) }},
				"set replacing one word": {0, func() { words.Set(3999, 7) }},
				"delete, absent":         {0, func() { words.Delete(1 << 60) }},
			} {
				// The runtime's own allocations and growth of the table come to a few in thousands.
				if got := testing.AllocsPerRun(5000, test.do); got > test.want {
					t.Errorf("%s: %v allocations, want %v", what, got, test.want)
				}
			}
		})
	}
}

// TestBytesAnEntry holds what the cache says that it holds against the heap.
func TestBytesAnEntry(t *testing.T) {
	if got := unsafe.Sizeof(entry[uint64, uint64]{}); got != 64 {
		t.Errorf("an entry of two words takes %d bytes, one cache line is 64", got)
	}
	if underRace {
		t.Skip("the race detector multiplies memory and time")
	}
	const n = 1 << 20
	heap := func() int64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.GC()
		runtime.ReadMemStats(&m)
		return int64(m.HeapAlloc)
	}
	before := heap()
	c := mustNew(t, Options[uint64, uint64]{Policy: policy.NewS3FIFO(), MaxEntries: n})
	for i := range uint64(n) {
		c.Set(i, i)
	}
	grown, said := heap()-before, c.Stats().Bytes
	t.Logf("heap %.1f bytes an entry beyond key and value, accounted %.1f", float64(grown)/n-16, float64(said)/n-16)
	if perEntry := float64(grown)/n - 16; perEntry > 64 {
		t.Errorf("an entry costs %.1f bytes beyond key and value, want at most 64", perEntry)
	}
	if float64(said) < .93*float64(grown) || float64(said) > 1.01*float64(grown) {
		t.Errorf("the heap grew by %d bytes, %d are accounted", grown, said)
	}
	runtime.KeepAlive(c)
}

// The benchmarks read and write 65,536 entries by skewed keys. Reads find every
// key in a cache that is 90 % full, and are to be held against the same reads of a
// Go map without a lock, in the same run; the mixes have keys for twice the capacity.
const benchEntries = 1 << 16

func zipfKeys(n uint64) []uint64 {
	z := rand.NewZipf(rand.New(rand.NewPCG(1, 2)), 1.01, 1, n-1)
	keys := make([]uint64, 1<<20)
	for i := range keys {
		keys[i] = z.Uint64()
	}
	return keys
}

var (
	goroutine atomic.Uint64
	sink      atomic.Uint64
)

// parallel calls do with the keys, from as many goroutines as there are cores.
func parallel(b *testing.B, keys []uint64, do func(i, key uint64) uint64) {
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		var sum uint64
		for i := goroutine.Add(1) * 244_939; pb.Next(); i++ {
			sum += do(i, keys[i%uint64(len(keys))])
		}
		sink.Add(sum)
	})
}

func BenchmarkReads(b *testing.B) {
	const n = benchEntries * 9 / 10
	keys := zipfKeys(n)
	b.Run("GoMap", func(b *testing.B) {
		m := make(map[uint64]uint64)
		for i := range uint64(n) {
			m[i] = i
		}
		parallel(b, keys, func(_, key uint64) uint64 { return m[key] })
	})
	for _, p := range policies {
		for _, disable := range []bool{true, false} {
			b.Run(fmt.Sprintf("%s/stats=%v", p.name, !disable), func(b *testing.B) {
				c := mustNew(b, Options[uint64, uint64]{MaxEntries: benchEntries, Policy: p.make(), DisableStats: disable})
				for i := range uint64(n) {
					c.Set(i, i)
				}
				parallel(b, keys, func(_, key uint64) uint64 { v, _ := c.Lookup(key); return v })
			})
		}
	}
}

func BenchmarkMix(b *testing.B) {
	keys := zipfKeys(2 * benchEntries)
	for _, writes := range []uint64{25, 50, 100} {
		for _, p := range policies {
			b.Run(fmt.Sprintf("writes=%d/%s", writes, p.name), func(b *testing.B) {
				c := mustNew(b, Options[uint64, uint64]{MaxEntries: benchEntries, Policy: p.make(), DisableStats: true})
				for i := range uint64(2 * benchEntries) {
					c.Set(i, i)
				}
				parallel(b, keys, func(i, key uint64) uint64 {
					if i*0x9e3779b97f4a7c15>>32%100 < writes {
						c.Set(key, i)
						return 0
					}
					v, _ := c.Lookup(key)
					return v
				})
			})
		}
	}
}

func BenchmarkGetThroughLoader(b *testing.B) {
	keys := zipfKeys(2 * benchEntries)
	c := mustNew(b, Options[uint64, uint64]{MaxEntries: benchEntries, DisableStats: true})
	ctx := b.Context()
	load := func(_ context.Context, key uint64) (uint64, error) { return key, nil }
	parallel(b, keys, func(_, key uint64) uint64 { v, _ := c.Get(ctx, key, load); return v })
}
