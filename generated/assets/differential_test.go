package assets

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"
	"github.com/leanovate/gopter"
	"github.com/leanovate/gopter/gen"
	"github.com/leanovate/gopter/prop"

	"github.com/bmadventure/optcache/cachekit"
	"github.com/bmadventure/optcache/cachekit/market"
	"github.com/bmadventure/optcache/cachekit/rt"
	"github.com/bmadventure/optcache/policy"
	"github.com/bmadventure/optcache/sizing"
)

type (
	options = cachekit.Options[market.ListKey, *AssetList]
	generic = cachekit.Cache[market.ListKey, *AssetList]
)

// genericSize is the size of an entry as a user of the generic cache would have
// it found, from what the parts of the value are.
func genericSize(key market.ListKey, l *AssetList) int64 {
	seen := make(map[string]bool)
	text := 0
	for a := range l.All() {
		if !seen[a.Symbol] {
			seen[a.Symbol] = true
			text += len(a.Symbol)
		}
	}
	return sizing.String(key.Bundle) + sizing.Pointer(l) + sizing.Slice(l.rows) + l.index.SizeBytes() + sizing.Alloc(int64(text))
}

// TestGenericAndGeneratedAgree replays random operations on the generated cache
// and on a generic one: answers, statistics and sizes are the same after each. Where
// the bytes of the hash table matter too, the generic cache borrows the generated
// hash, for the table's growth depends on the hashes.
func TestGenericAndGeneratedAgree(t *testing.T) {
	for _, name := range []string{"fifo", "lru", "clock", "sieve", "s3fifo", "arc", "lirs", "clocklirs", "wtinylfu", "adaptive"} {
		for _, bound := range []struct {
			name    string
			options options
		}{
			{"entries", options{MaxEntries: 4}},
			{"bytes", options{MaxBytes: 6 << 10}},
			{"versions", options{MaxEntries: 5, Version: func(k market.ListKey) [32]byte { return k.Version }}},
		} {
			t.Run(name+"/"+bound.name, func(t *testing.T) {
				t.Parallel()
				parameters := gopter.DefaultTestParametersWithSeed(1)
				parameters.MinSuccessfulTests = 20
				properties := gopter.NewProperties(parameters)
				properties.Property("generic and generated agree", prop.ForAll(func(steps []uint32) string {
					o := bound.options
					o.Seed, o.RemovalHistory = 7, 8
					return replay(t, name, o, steps)
				}, gen.SliceOfN(200, gen.UInt32())))
				synctest.Test(t, func(t *testing.T) { properties.TestingRun(t) })
			})
		}
	}
}

// A world is what loaders read.
type world struct{ lists map[market.ListKey]int }

func (w world) load(_ context.Context, key market.ListKey) (*AssetList, error) {
	n := w.lists[key]
	if n%11 == 10 {
		return nil, errors.New("no such list")
	}
	rows := make([]market.Asset, 3*(n%11))
	for i := range rows {
		rows[i] = market.Asset{ID: uint64(i), Symbol: fmt.Sprintf("%s-%d", key.Bundle, i%5)}
	}
	return NewAssetList(rows), nil
}

// replay does the steps on both caches, and says where they differ.
func replay(t *testing.T, policyName string, o options, steps []uint32) string {
	w := world{make(map[market.ListKey]int)}
	withPolicy := func(o options) options {
		p, err := policy.ByName(policyName)
		if err != nil {
			t.Fatal(err)
		}
		o.Policy = p
		return o
	}
	one, err := NewAssetListCache(withPolicy(o), w.load)
	if err != nil {
		t.Fatal(err)
	}
	plain := withPolicy(o)
	plain.Size = genericSize
	plain.Hooks = rt.Hooks[market.ListKey]{Hash: hashListKey}
	other, err := cachekit.New(plain)
	if err != nil {
		t.Fatal(err)
	}
	for i, step := range steps {
		key := market.ListKey{Bundle: "bundle " + string(rune('a'+step>>8%3)), Version: [32]byte{31: byte(step >> 12 % 4)}}
		a, b := apply(one.Cache, one.Get, w, key, step), apply(other, func(ctx context.Context, key market.ListKey) (*AssetList, error) {
			return other.Get(ctx, key, w.load)
		}, w, key, step)
		if step%16 == 0 {
			w.lists[key]++
		}
		if !reflect.DeepEqual(a, b) {
			return fmt.Sprintf("step %d: generated %v, generic %v", i, a, b)
		}
		s, r := one.Stats(), other.Stats()
		s.TotalLoadTime, r.TotalLoadTime = 0, 0 // measured
		if s != r {
			return fmt.Sprintf("step %d: statistics (-generic +generated)\n%s", i, cmp.Diff(r, s))
		}
		if one.Len() != other.Len() {
			return fmt.Sprintf("step %d: %d entries, generic %d", i, one.Len(), other.Len())
		}
	}
	return ""
}

// apply does one step and returns all that it answered.
func apply(c *generic, get func(context.Context, market.ListKey) (*AssetList, error), w world, key market.ListKey, step uint32) (answer []any) {
	switch step % 16 {
	case 0: // the data change
		return []any{c.Delete(key)}
	case 1:
		v, _ := w.load(context.Background(), key)
		return []any{v != nil && c.Set(key, v)}
	case 2:
		v, ok := c.Lookup(key)
		return []any{v, ok}
	case 3:
		v, ok := c.Peek(key)
		d, left := c.LastRemoval(key)
		return []any{v, ok, d.Cause, d.Size, left}
	case 4:
		if step>>16%8 == 0 {
			c.Clear()
		}
		return nil
	case 5:
		c.Retire(key.Version)
		synctest.Wait() // until the bytes are back
		return nil
	case 6:
		held := make(map[market.ListKey]*AssetList)
		for k, v := range c.All() {
			held[k] = v
		}
		return []any{held}
	}
	v, err := get(context.Background(), key)
	return []any{v, err}
}
