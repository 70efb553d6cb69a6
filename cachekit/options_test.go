package cachekit

import (
	"strings"
	"testing"

	"github.com/bmadventure/optcache/sizing"
)

func TestNewRefusesContradictions(t *testing.T) {
	for want, o := range map[string]Options[int, int]{
		"MaxBytes":         {Name: "bars", MaxBytes: -1},
		"Budget":           {Name: "bars", MaxBytes: 1, Budget: sizing.NewBudget(1)},
		"MaxEntries":       {Name: "bars", MaxEntries: -1},
		"ExpireAfterWrite": {Name: "bars", ExpireAfterWrite: -1},
		"RemovalHistory":   {Name: "bars", RemovalHistory: -1},
		"OnMutation":       {Name: "bars", OnMutation: func(int) {}},
	} {
		_, err := New(o)
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), `"bars"`) {
			t.Errorf("New with a wrong %s: %v", want, err)
		}
	}
	o := Options[int, int]{MaxBytes: -1, MaxEntries: -1}
	o.Hooks.Equal = func(a, b *int) bool { return *a == *b }
	if _, err := New(o); strings.Count(err.Error(), "option ") != 3 {
		t.Errorf("not all three are named: %v", err)
	}
}

func TestZeroOptions(t *testing.T) {
	c := mustNew(t, Options[string, []byte]{})
	if s := c.Stats(); s.Budget != 2<<30 || s.Bytes != 0 || s.Advice(BarsBands) != "no requests yet" {
		t.Errorf("statistics %+v", s)
	}
}

// TestHooks uses an equality that is coarser than ==.
func TestHooks(t *testing.T) {
	o := Options[string, int]{}
	o.Hooks.Hash = func(key *string, seed uint64) uint64 { return seed + uint64(len(strings.ToLower(*key))) }
	o.Hooks.Equal = func(a, b *string) bool { return strings.EqualFold(*a, *b) }
	c := mustNew(t, o)
	c.Set("AAPL", 1)
	c.Set("MSFT", 2)
	c.Set("aapl", 3)
	for key, want := range map[string]int{"Aapl": 3, "msft": 2} {
		if v, ok := c.Lookup(key); v != want || !ok {
			t.Errorf("Lookup(%q) = %d, %v", key, v, ok)
		}
	}
	if !c.Delete("AaPl") || c.Len() != 1 {
		t.Errorf("%d entries", c.Len())
	}
	validate(t, c)
}

// TestSeedRepeats plays the same operations on two caches of one seed, and on one
// of another.
func TestSeedRepeats(t *testing.T) {
	for _, p := range policies {
		play := func(seed uint64) (left []int) {
			c := mustNew(t, Options[int, int]{
				MaxEntries: 50, Policy: p.make(), Seed: seed,
				OnRemoval: func(key, _ int, _ Removal) { left = append(left, key) },
			})
			x := uint64(1)
			for range 5000 {
				x = x*6364136223846793005 + 1442695040888963407
				key := int(x >> 33 % 40 * (x >> 50 % 4))
				if _, ok := c.Lookup(key); !ok {
					c.Set(key, key)
				}
			}
			return left
		}
		a, b := play(7), play(7)
		if len(a) == 0 || len(a) != len(b) {
			t.Fatalf("%s: %d and %d entries left", p.name, len(a), len(b))
		}
		for i := range a {
			if a[i] != b[i] {
				t.Fatalf("%s: removal %d differs", p.name, i)
			}
		}
	}
}
