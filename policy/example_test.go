package policy_test

import (
	"fmt"

	"github.com/bmadventure/optcache/policy"
	"github.com/bmadventure/optcache/policy/policytest"
)

// MRU evicts the entry that was used last: right for a loop that is larger than
// the cache, because what was used last is needed again last.
type MRU struct {
	oldest, newest *policy.Entry // linked by Next towards newest
}

func NewMRU() policy.Policy { return new(MRU) }

func (p *MRU) Add(e *policy.Entry) {
	e.Prev, e.Next = p.newest, nil
	if p.newest == nil {
		p.oldest = e
	} else {
		p.newest.Next = e
	}
	p.newest = e
}

func (p *MRU) Use(entries []*policy.Entry) {
	for _, e := range entries {
		p.Remove(e, policy.Replaced)
		p.Add(e)
	}
}

func (p *MRU) Remove(e *policy.Entry, _ policy.Reason) {
	if e == p.oldest {
		p.oldest = e.Next
	} else {
		e.Prev.Next = e.Next
	}
	if e == p.newest {
		p.newest = e.Prev
	} else {
		e.Next.Prev = e.Prev
	}
}

func (p *MRU) Resize(int64) {}

func (p *MRU) Victims(victims []*policy.Entry, _ *policy.Entry, need int64) ([]*policy.Entry, bool) {
	for e := p.newest; e != nil; e = e.Prev {
		victims = append(victims, e)
		if need -= e.Size; need <= 0 {
			break
		}
	}
	return victims, true
}

func (p *MRU) Ordered() bool { return true }

// A policy of one's own, checked for the contract, and run on a loop over 100
// keys in a cache that has room for 50.
func Example() {
	fmt.Println("wrong:", policytest.Check(NewMRU))

	mru, lru := policytest.NewCache(NewMRU(), 50), policytest.NewCache(policy.NewLRU(), 50)
	hits := map[string]int{}
	for i := range uint64(1000) {
		if mru.Request(i%100, 1) {
			hits["MRU"]++
		}
		if lru.Request(i%100, 1) {
			hits["LRU"]++
		}
	}
	fmt.Println("hits of 1000:", hits)
	// Output:
	// wrong: <nil>
	// hits of 1000: map[MRU:450]
}
