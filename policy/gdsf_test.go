package policy

import (
	"math/rand/v2"
	"testing"
)

// TestGDSFValues compares the victims of GDSF with a search through all entries.
func TestGDSFValues(t *testing.T) {
	type known struct{ uses, value float64 }
	for seed := range uint64(50) {
		random := rand.New(rand.NewPCG(seed, 0))
		p, all, floor := NewGDSF(), map[*Entry]known{}, 0.0
		value := func(e *Entry, uses float64) float64 {
			return floor + float64(uses*float64(max(e.Cost, 1)))/float64(e.Size)
		}
		for i := range uint64(500) {
			e := &Entry{Hash: i, Size: 1 + random.Int64N(1000), Cost: random.Uint32N(100_000)}
			p.Add(e)
			all[e] = known{1, value(e, 1)}
			for e, k := range all { // the order changes nothing: each is used by itself
				if e.Hash%7 == i%7 {
					p.Use([]*Entry{e})
					all[e] = known{k.uses + 1, value(e, k.uses+1)}
				}
			}
			if random.IntN(3) > 0 {
				continue
			}
			victims, _ := p.Victims(nil, nil, random.Int64N(3000))
			highest := 0.0
			for _, v := range victims {
				highest = max(highest, all[v].value)
				p.Remove(v, Evicted)
				delete(all, v)
			}
			floor = max(floor, highest)
			for e, k := range all {
				if k.value < highest {
					t.Fatalf("an entry of value %v was evicted while entry %d of value %v stayed", highest, e.Hash, k.value)
				}
			}
		}
	}
}

// TestGDSFKeepsDear checks what the policy is for: of entries used alike, those
// stay that took long to load for their size.
func TestGDSFKeepsDear(t *testing.T) {
	p := NewGDSF()
	cheap, dear := &Entry{Hash: 1, Size: 10, Cost: 5}, &Entry{Hash: 2, Size: 1000, Cost: 50_000}
	p.Add(cheap)
	p.Add(dear)
	if victims, _ := p.Victims(nil, nil, 1); len(victims) != 1 || victims[0] != cheap {
		t.Fatal("the entry that costs 50 microseconds a byte leaves before the one that costs half of one")
	}
}
