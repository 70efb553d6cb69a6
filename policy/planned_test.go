package policy_test

import (
	"math/rand/v2"
	"testing"

	"github.com/bmadventure/optcache/internal/simulate"
	"github.com/bmadventure/optcache/policy"
	"github.com/bmadventure/optcache/policy/policytest"
)

func TestPlannedKeepsTheContract(t *testing.T) {
	policytest.Run(t, policy.NewPlanned)
	policytest.Run(t, func() policy.Policy {
		p := policy.NewPlanned()
		r := rand.New(rand.NewPCG(1, 2))
		plan := make([]uint64, 1000)
		for i := range plan {
			plan[i] = r.Uint64N(64)
		}
		p.(policy.Planner).Expect(plan)
		return p
	})
}

// plannedHits returns what a policy that knows the plan hits of requests of one byte each.
func plannedHits(plan []uint64, requests []uint64, capacity int) (hits int) {
	p := policy.NewPlanned()
	p.Resize(int64(capacity))
	p.(policy.Planner).Expect(plan)
	held := make(map[uint64]*policy.Entry)
	for _, key := range requests {
		if e := held[key]; e != nil {
			hits++
			p.Use([]*policy.Entry{e})
			continue
		}
		e := &policy.Entry{Hash: key, Size: 1}
		if len(held) == capacity {
			victims, admit := p.Victims(nil, e, 1)
			if !admit {
				continue
			}
			for _, v := range victims {
				p.Remove(v, policy.Evicted)
				delete(held, v.Hash)
			}
		}
		held[key] = e
		p.Add(e)
	}
	return hits
}

// TestPlannedIsOptimal: on random plans, loops, and scans it hits what Belady's algorithm hits.
func TestPlannedIsOptimal(t *testing.T) {
	for seed := range uint64(300) {
		r := rand.New(rand.NewPCG(seed, 3))
		keys, capacity := 1+r.Uint64N(40), 1+r.IntN(20)
		plan := make([]uint64, 1+r.IntN(600))
		for i := range plan {
			switch seed % 3 {
			case 0:
				plan[i] = r.Uint64N(keys)
			case 1:
				plan[i] = uint64(i) % keys
			default:
				plan[i] = r.Uint64N(1 + r.Uint64N(keys))
			}
		}
		requests := make([]simulate.Request, len(plan))
		for i, key := range plan {
			requests[i] = simulate.Request{Key: key, Size: 1}
		}
		want := simulate.Belady(requests, int64(capacity)).Hits
		if got := plannedHits(plan, plan, capacity); got != int(want) {
			t.Fatalf("seed %d: %d keys, room for %d, %d requests: %d hits, the optimum is %d", seed, keys, capacity, len(plan), got, want)
		}
	}
}

// TestPlannedOutOfOrder: requests of four goroutines that share a loop come in
// another order than planned; the hits stay near the optimum, where LRU has none.
func TestPlannedOutOfOrder(t *testing.T) {
	const keys, capacity, rounds = 200, 100, 20
	var plan []uint64
	for range rounds {
		for k := range uint64(keys) {
			plan = append(plan, k)
		}
	}
	r := rand.New(rand.NewPCG(4, 4))
	shuffled := append([]uint64(nil), plan...)
	for i := 0; i+16 <= len(shuffled); i += 16 {
		r.Shuffle(16, func(a, b int) { shuffled[i+a], shuffled[i+b] = shuffled[i+b], shuffled[i+a] })
	}
	best := plannedHits(plan, plan, capacity)
	if got := plannedHits(plan, shuffled, capacity); got < best*9/10 {
		t.Errorf("%d hits out of order, %d in order", got, best)
	}
	lost := append([]uint64(nil), plan...)
	for i := 0; i < len(lost); i += 10 {
		lost[i] = 1 << 40 // the request that was planned does not come
	}
	if got := plannedHits(plan, lost, capacity); got < best*8/10*9/10 {
		t.Errorf("%d hits where a tenth of the requests does not come, %d in order", got, best)
	}
}

// A wavering policy is told a plan, another or none at every fifth newcomer.
type wavering struct {
	policy.Policy
	r     *rand.Rand
	comes int
}

func (w *wavering) Add(e *policy.Entry) {
	w.Policy.Add(e)
	if w.comes++; w.comes%5 != 0 {
		return
	}
	plan := make([]uint64, w.r.IntN(3)*w.r.IntN(100))
	for i := range plan {
		plan[i] = policytest.Hash(w.r.Uint64N(64))
	}
	w.Policy.(policy.Planner).Expect(plan)
}

// TestPlansComeAndGo: entries pass from one rule to the other and none is lost.
func TestPlansComeAndGo(t *testing.T) {
	policytest.Run(t, func() policy.Policy {
		return &wavering{Policy: policy.NewPlanned(), r: rand.New(rand.NewPCG(5, 6))}
	})
}

// TestWithoutAPlan: what hits are is as without the policy for plans, before the first plan and after the last.
func TestWithoutAPlan(t *testing.T) {
	hits := func(p policy.Policy) (n int) {
		c := policytest.NewCache(p, 50)
		for i := range uint64(5000) {
			if c.Request(i%70, 1) {
				n++
			}
		}
		return n
	}
	want := hits(policy.NewClockLIRS())
	if want == 0 {
		t.Fatal("nothing is hit of the loop")
	}
	if got := hits(policy.NewPlanned()); got != want {
		t.Errorf("%d hits without a plan, %d without the policy", got, want)
	}
	p := policy.NewPlanned()
	p.(policy.Planner).Expect([]uint64{1, 2, 3})
	p.(policy.Planner).Expect(nil)
	if got := hits(p); got != want {
		t.Errorf("%d hits after a plan, %d without the policy", got, want)
	}
}
