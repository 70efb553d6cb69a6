package cachekit

import (
	"testing"

	"github.com/bmadventure/optcache/policy"
)

// A witness is a policy that checks what its cache tells another.
type witness struct {
	policy.Policy
	t     testing.TB
	holds map[*policy.Entry]bool
}

func watch(t testing.TB, p policy.Policy) *witness {
	return &witness{Policy: p, t: t, holds: map[*policy.Entry]bool{}}
}

func (w *witness) Add(e *policy.Entry) {
	if w.holds[e] {
		w.t.Error("an entry was added twice to the policy")
	}
	w.holds[e] = true
	w.Policy.Add(e)
}

func (w *witness) Use(entries []*policy.Entry) {
	for _, e := range entries {
		if !w.holds[e] {
			w.t.Error("the policy was told of a hit of an entry that it does not hold")
		}
	}
	w.Policy.Use(entries)
}

func (w *witness) Remove(e *policy.Entry, why policy.Reason) {
	if !w.holds[e] {
		w.t.Error("an entry was removed from the policy that was not in it")
	}
	delete(w.holds, e)
	w.Policy.Remove(e, why)
}

// validate fails unless c, which nobody uses meanwhile, is sound: what table,
// policy, pins, versions, statistics and budget say of it agrees.
func validate[K comparable, V any](t testing.TB, c *Cache[K, V]) {
	t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	var entries []*uint64
	for i := range c.table.Shards {
		entries = c.table.AppendShard(entries, i)
	}
	if len(entries) != c.table.Len() {
		t.Fatalf("the table counts %d entries and holds %d", c.table.Len(), len(entries))
	}
	if c.maxEntries > 0 && len(entries) > c.maxEntries {
		t.Fatalf("%d entries, at most %d allowed", len(entries), c.maxEntries)
	}
	var resident, pinned, inTable int64
	users := map[*version]int{}
	for _, p := range entries {
		e := fromHash[K, V](p)
		if got := c.find(&e.key, e.Hash); got != e {
			t.Fatalf("key %v is in the table and not found there", e.key)
		}
		if e.Hash != c.hashOf(&e.key) {
			t.Fatalf("key %v has hash %#x, entry says %#x", e.key, c.hashOf(&e.key), e.Hash)
		}
		inTable += e.Size
		if !c.isPinned(e) {
			resident += e.Size
		}
		if c.versionOf != nil {
			users[extend(e).version]++
		}
		if w, ok := c.policy.(*witness); ok && w.holds[&e.Entry] == c.isPinned(e) {
			t.Fatalf("key %v: pinned is %v, held by the policy is %v", e.key, c.isPinned(e), w.holds[&e.Entry])
		}
	}
	if w, ok := c.policy.(*witness); ok && len(w.holds) > len(entries) {
		t.Fatalf("the policy holds %d entries, the table %d", len(w.holds), len(entries))
	}
	held := inTable + c.table.Bytes()
	for head, p := range c.pins {
		pinned += head.Size
		if p.holders <= 0 {
			t.Fatalf("a pin with %d holders", p.holders)
		}
		if p.gone == c.table.Contains(&head.Hash) {
			t.Fatalf("a pinned entry: gone is %v and in the table is %v", p.gone, !p.gone)
		}
		if p.gone {
			held += head.Size
		}
	}
	if resident != c.resident || pinned != c.pinned {
		t.Fatalf("resident %d, pinned %d bytes; want %d, %d", c.resident, c.pinned, resident, pinned)
	}
	if c.resident > c.told {
		t.Fatalf("%d bytes in a policy that was told %d", c.resident, c.told)
	}
	if held != c.share.Held() {
		t.Fatalf("holds %d bytes, reserved %d", held, c.share.Held())
	}
	if c.shrunk != 0 {
		t.Fatalf("%d bytes of the table were given back to nobody", c.shrunk)
	}
	for hash, f := range c.flights {
		for ; f != nil; f = f.next {
			if f.hash != hash {
				t.Fatalf("a load of hash %#x among those of %#x", f.hash, hash)
			}
			if f.version != nil {
				users[f.version]++
			}
		}
	}
	for v, n := range users {
		if v.users < n {
			t.Fatalf("a version counts %d users and has %d", v.users, n)
		}
	}
	for id, v := range c.versions {
		if v.id != id || v.users == 0 || v.retired.Load() {
			t.Fatalf("version %x is listed with %d users, retired %v", id[:4], v.users, v.retired.Load())
		}
	}
	if b := c.share.Budget(); b.Used() > b.Limit() {
		t.Fatalf("%d bytes used of %d", b.Used(), b.Limit())
	}
}
