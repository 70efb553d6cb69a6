package policy_test

import (
	"maps"
	"slices"
	"testing"

	"github.com/bmadventure/optcache/internal/simulate"
	"github.com/bmadventure/optcache/policy"
	"github.com/bmadventure/optcache/policy/policytest"
)

// BenchmarkMiss measures what a policy does for a newcomer to a full cache: it
// nominates a victim, lets it go and takes the newcomer. Keys are zipf(1.01) over
// twice the capacity; the hits between two misses, about four, are marked and in
// the figure, because that is where the policies that read marks pay for them.
func BenchmarkMiss(b *testing.B) {
	const capacity = 65_536
	keys := simulate.Zipf(2*capacity, 1.01, 1<<20, 1)
	for _, name := range slices.Sorted(maps.Keys(constructors)) {
		b.Run(name, func(b *testing.B) {
			p := constructors[name]()
			p.Resize(capacity)
			entries := make([]policy.Entry, 2*capacity)
			in := make([]bool, len(entries))
			held := 0
			var victims []*policy.Entry
			ask := func(key uint64) (missed bool) {
				e := &entries[key]
				if in[key] {
					e.Hit()
					return false
				}
				e.Hash, e.Size, e.State = policytest.Hash(key), 1, 0
				e.Cost = uint32(key) // who it is, when it leaves
				e.SetMark(0)
				if held == capacity {
					admit := false
					if victims, admit = p.Victims(victims[:0], e, 1); !admit {
						return true
					}
					for _, v := range victims {
						p.Remove(v, policy.Evicted)
						in[v.Cost] = false
						held--
					}
				}
				p.Add(e)
				in[key] = true
				held++
				return true
			}
			for _, q := range keys {
				ask(q.Key)
			}
			b.ReportAllocs()
			b.ResetTimer()
			for i, at := 0, 0; i < b.N; at++ {
				if ask(keys[at%len(keys)].Key) {
					i++
				}
			}
		})
	}
}

// BenchmarkUse measures what a policy that is told of hits does for one, in
// batches of 16.
func BenchmarkUse(b *testing.B) {
	const capacity = 65_536
	keys := simulate.Zipf(capacity, 1.01, 1<<20, 1)
	for _, name := range slices.Sorted(maps.Keys(constructors)) {
		p := constructors[name]()
		if !p.Ordered() {
			continue
		}
		b.Run(name, func(b *testing.B) {
			p.Resize(capacity)
			entries := make([]policy.Entry, capacity)
			for i := range entries {
				entries[i].Hash, entries[i].Size = policytest.Hash(uint64(i)), 1
				p.Add(&entries[i])
			}
			used := make([]*policy.Entry, len(keys))
			for i, q := range keys {
				used[i] = &entries[q.Key]
			}
			b.ReportAllocs()
			b.ResetTimer()
			for i := 0; i < b.N; i += 16 {
				at := i % len(used)
				p.Use(used[at : at+16])
			}
		})
	}
}
