package policytest

import (
	"strings"
	"testing"

	"github.com/bmadventure/optcache/policy"
)

// broken is LRU with one thing wrong with it.
type broken struct {
	policy.Policy
	calls   int
	victims func(b *broken, victims []*policy.Entry, newcomer *policy.Entry, need int64) ([]*policy.Entry, bool)
	remove  func(b *broken, e *policy.Entry, why policy.Reason)
}

func (b *broken) Victims(victims []*policy.Entry, newcomer *policy.Entry, need int64) ([]*policy.Entry, bool) {
	b.calls++
	if b.victims != nil {
		return b.victims(b, victims, newcomer, need)
	}
	return b.Policy.Victims(victims, newcomer, need)
}

func (b *broken) Remove(e *policy.Entry, why policy.Reason) {
	if b.remove != nil {
		b.remove(b, e, why)
		return
	}
	b.Policy.Remove(e, why)
}

var made int // policies that differ from one to the next look at it

var cases = map[string]struct {
	want   string
	policy broken
}{
	"twice": {"does not hold", broken{victims: func(b *broken, v []*policy.Entry, n *policy.Entry, need int64) ([]*policy.Entry, bool) {
		v, ok := b.Policy.Victims(v, n, need)
		return append(v, v[len(v)-1]), ok
	}}},
	"too little": {"needed", broken{victims: func(b *broken, v []*policy.Entry, n *policy.Entry, need int64) ([]*policy.Entry, bool) {
		return b.Policy.Victims(v, n, need/2)
	}}},
	"loses": {"append to victims", broken{victims: func(b *broken, v []*policy.Entry, n *policy.Entry, need int64) ([]*policy.Entry, bool) {
		return b.Policy.Victims(nil, n, need)
	}}},
	"refuses nobody": {"no newcomer", broken{victims: func(b *broken, v []*policy.Entry, n *policy.Entry, need int64) ([]*policy.Entry, bool) {
		return v, n != nil
	}}},
	"refuses with victims": {"refuses a newcomer and nominates", broken{victims: func(b *broken, v []*policy.Entry, n *policy.Entry, need int64) ([]*policy.Entry, bool) {
		v, ok := b.Policy.Victims(v, n, need)
		return v, ok && n == nil
	}}},
	"keeps who left": {"does not hold", broken{remove: func(b *broken, e *policy.Entry, why policy.Reason) {
		if why != policy.Deleted {
			b.Policy.Remove(e, why)
		}
	}}},
	"keeps the pinned": {"pinned", broken{remove: func(b *broken, e *policy.Entry, why policy.Reason) {
		if why != policy.Pinned {
			b.Policy.Remove(e, why)
		}
	}}},
	"panics": {"panics", broken{victims: func(b *broken, v []*policy.Entry, n *policy.Entry, need int64) ([]*policy.Entry, bool) {
		if b.calls > 3 {
			panic("oh")
		}
		return b.Policy.Victims(v, n, need)
	}}},
	"differs": {"happens again", broken{victims: func(b *broken, v []*policy.Entry, n *policy.Entry, need int64) ([]*policy.Entry, bool) {
		return b.Policy.Victims(v, n, need+int64(made%2)*10)
	}}},
}

func TestCheckFinds(t *testing.T) {
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			err := Check(func() policy.Policy {
				made++
				b := c.policy
				b.Policy = policy.NewLRU()
				return &b
			})
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Fatalf("Check of a policy with a known fault says %v, want something with %q", err, c.want)
			}
		})
	}
}

// forgetful loses every tenth entry.
type forgetful struct {
	policy.Policy
	added int
	lost  map[*policy.Entry]bool
}

func (f *forgetful) Add(e *policy.Entry) {
	if f.added++; f.added%10 == 0 {
		f.lost[e] = true
		return
	}
	f.Policy.Add(e)
}

func (f *forgetful) Use(entries []*policy.Entry) {
	for _, e := range entries {
		if !f.lost[e] {
			f.Policy.Use([]*policy.Entry{e})
		}
	}
}

func (f *forgetful) Remove(e *policy.Entry, why policy.Reason) {
	if !f.lost[e] {
		f.Policy.Remove(e, why)
	}
}

func TestCheckFindsForgotten(t *testing.T) {
	err := Check(func() policy.Policy {
		return &forgetful{Policy: policy.NewLRU(), lost: make(map[*policy.Entry]bool)}
	})
	if err == nil || !strings.Contains(err.Error(), "forgot") {
		t.Fatalf("Check of a policy that forgets says %v", err)
	}
	// Ten requests, a size and an eviction are all it takes.
	if lines := strings.Count(err.Error(), "\n"); lines > 14 {
		t.Errorf("the sequence has %d lines, want a shortened one:\n%v", lines, err)
	}
}

func TestHardBound(t *testing.T) {
	c := NewCache(policy.NewLRU(), 100)
	for i := range uint64(10_000) {
		c.Request(Hash(i)%500, 1+int64(i%37))
		if c.used > 100 {
			t.Fatalf("after %d requests %d bytes are in use, want at most 100", i, c.used)
		}
	}
}
