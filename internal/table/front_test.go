package table

import (
	"math/rand/v2"
	"testing"
	"unsafe"

	"github.com/bmadventure/optcache/internal/mark"
)

// A lending entry is laid out as package mark says.
type lending struct {
	hash  uint64
	head  [5]uint64
	key   uint64
	value unsafe.Pointer
	word  *mark.Word
}

// TestFrontsSayWhatBucketsDo: after every change each slot of a front has tag, key and value of the
// entry in its bucket, to which the entry lends its mark, and entries that left lend none.
func TestFrontsSayWhatBucketsDo(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 4))
	table := New(4, exact)
	table.Fronted()
	var in []*lending
	for step := range 4000 {
		e := &lending{hash: r.Uint64(), key: r.Uint64(), value: unsafe.Pointer(new(int))}
		switch i := 0; {
		case len(in) > 0 && step%1000 > 700: // nearly empty it from time to time
			i = r.IntN(len(in))
			table.Remove(&in[i].hash)
			table.Shrink(in[i].hash)
			if in[i].word != nil {
				t.Fatalf("step %d: what left still lends its mark", step)
			}
			in[i] = in[len(in)-1]
			in = in[:len(in)-1]
		case len(in) > 0 && step%3 == 0:
			i = r.IntN(len(in))
			e.hash, e.key = in[i].hash, in[i].key
			table.Replace(&in[i].hash, &e.hash)
			in[i] = e
		default:
			add(t, table, &e.hash)
			in = append(in, e)
		}
		if step%50 == 0 || step%1000 > 900 {
			checkFronts(t, table, len(in))
		}
	}
}

func checkFronts(t *testing.T, table *Table, want int) {
	t.Helper()
	seen := 0
	for i := range table.Shards {
		s, published := table.shard(i), &table.Fronts[i]
		if s == nil {
			if uint32(published.Size) != 0 || published.First != unsafe.Pointer(&noFront) {
				t.Fatal("an empty shard has fronts")
			}
			continue
		}
		if int(uint32(published.Size)) != len(s.Buckets) || published.First != unsafe.Pointer(&s.fronts[0]) {
			t.Fatal("what is published is not the shard's")
		}
		for b := range s.Buckets {
			front := &s.fronts[b]
			if front.Tags != s.Buckets[b].meta()&(OnePassed-1) {
				t.Fatalf("tags %#x, the bucket has %#x", front.Tags, s.Buckets[b].meta())
			}
			for j, slot := range front.Slots {
				e := (*lending)(unsafe.Pointer(s.Buckets[b].slot(j)))
				switch {
				case e == nil && slot.Value != nil:
					t.Fatal("the value of an empty slot is kept")
				case e == nil:
					continue
				case slot.Key != e.key || slot.Value != e.value || e.word != &front.Word:
					t.Fatal("a slot is not its entry's")
				}
				seen++
			}
		}
	}
	if seen != want {
		t.Fatalf("%d entries in fronts, want %d", seen, want)
	}
}
