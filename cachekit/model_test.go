package cachekit

import (
	"errors"
	"math/rand/v2"
	"testing"
	"testing/synctest"

	"context"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bmadventure/optcache/policy"
	"github.com/bmadventure/optcache/sizing"
)

// policies are all policies that a cache may have, fresh ones each time.
var policies = []struct {
	name string
	make func() policy.Policy
}{
	{"lru", policy.NewLRU},
	{"fifo", policy.NewFIFO},
	{"clock", policy.NewCLOCK},
	{"sieve", policy.NewSIEVE},
	{"s3fifo", policy.NewS3FIFO},
	{"lirs", policy.NewLIRS},
	{"arc", policy.NewARC},
	{"wtinylfu", policy.NewWTinyLFU},
	{"gdsf", policy.NewGDSF},
	{"adaptive", policy.NewAdaptive},
}

// A tape is a source of choices that fuzzing can change one at a time.
type tape struct{ data []byte }

func (t *tape) more() bool { return len(t.data) > 0 }

func (t *tape) next(n int) int {
	if len(t.data) == 0 {
		return 0
	}
	b := t.data[0]
	t.data = t.data[1:]
	return int(b) % n
}

// A value says what it is, so that no two are alike.
type value struct {
	key, serial int
	bytes       int64
}

// FuzzModel plays any sequence of operations on a cache with any options, and
// compares it after each with a map that is told of every removal. The cache
// must hold what the map holds, no more and no less, and be sound. Inputs are long and
// interesting ones many, so cut their minimization short:
//
//	go test -fuzz Model -fuzzminimizetime 10x ./cachekit
func FuzzModel(f *testing.F) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 40 {
		data := make([]byte, 400)
		for i := range data {
			data[i] = byte(r.Uint32())
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		synctest.Test(t, func(t *testing.T) { playModel(t, &tape{data}) })
	})
}

func playModel(t *testing.T, tape *tape) {
	chosen := policies[tape.next(len(policies))]
	budget := sizing.NewBudget(int64(500 + 100*tape.next(100)))
	model := map[int]value{}
	o := Options[int, value]{
		Name:   chosen.name,
		Budget: budget,
		Size:   func(_ int, v value) int64 { return v.bytes },
		Policy: watch(t, chosen.make()),
		Seed:   1,
	}
	o.OnRemoval = func(key int, v value, d Removal) {
		if have, ok := model[key]; !ok || have != v {
			t.Errorf("told that %v left (%v), the model holds %v", v, d.Cause, have)
		}
		delete(model, key)
	}
	if tape.next(3) == 0 {
		o.MaxEntries = 1 + tape.next(20)
	}
	if tape.next(2) == 0 {
		o.Version = func(key int) [32]byte { return [32]byte{byte(key % 3)} }
	}
	if tape.next(4) == 0 {
		o.ExpireAfterWrite = time.Duration(1+tape.next(20)) * time.Second
	}
	if tape.next(4) == 0 {
		o.ExpireAfterAccess = time.Duration(1+tape.next(20)) * time.Second
	}
	if tape.next(3) == 0 {
		o.Hooks.Hash = func(key *int, _ uint64) uint64 { return uint64(*key % 5) } // keys collide
	}
	c := mustNew(t, o)
	var releases []func()
	failed := errors.New("no such bars")
	for serial := 1; tape.more(); serial++ {
		key := tape.next(40)
		v := value{key, serial, int64(tape.next(200) * tape.next(10))}
		switch tape.next(12) {
		case 0, 1, 2:
			kept := c.Set(key, v)
			if old, ok := model[key]; ok {
				t.Errorf("not told that %v left when its key was set", old)
			}
			if kept {
				model[key] = v
			}
		case 3, 4, 5:
			have, ok := model[key]
			ok = ok && !expired(c, key)
			got, err := c.Get(t.Context(), key, func(context.Context, int) (value, error) {
				if v.bytes%7 == 3 {
					return value{}, failed
				}
				return v, nil
			})
			switch {
			case ok && (got != have || err != nil):
				t.Fatalf("Get(%d) = %v, %v; the cache holds %v", key, got, err, have)
			case !ok && err == nil && got != v, err != nil && err != failed:
				t.Fatalf("Get(%d) = %v, %v; loaded %v", key, got, err, v)
			case !ok && err == nil:
				if _, kept := c.Peek(key); kept {
					model[key] = v
				}
			}
		case 6:
			if got, ok := c.Lookup(key); ok && got != model[key] {
				t.Fatalf("Lookup(%d) = %v; the model holds %v", key, got, model[key])
			}
		case 7:
			_, had := model[key]
			had = had && !expired(c, key)
			if c.Delete(key) != had {
				t.Fatalf("Delete(%d) = %v", key, !had)
			}
		case 8:
			if release, ok := c.Pin(key); ok {
				releases = append(releases, release)
			}
		case 9:
			if len(releases) > 0 {
				releases[0]()
				releases = releases[1:]
			}
		case 10:
			switch tape.next(4) {
			case 0:
				c.Clear()
			case 1:
				c.Retire([32]byte{byte(key % 3)})
				synctest.Wait()
			case 2:
				if err := budget.Resize(int64(500 + 100*tape.next(100))); err != nil && len(releases) == 0 {
					t.Fatal(err)
				}
			}
		case 11:
			time.Sleep(time.Duration(tape.next(10)) * time.Second)
		}
		synctest.Wait()
		validate(t, c)
		held := map[int]value{}
		c.mu.Lock()
		for i := range c.table.Shards {
			for _, p := range c.table.AppendShard(nil, i) {
				e := fromHash[int, value](p)
				held[e.key] = e.value
			}
		}
		c.mu.Unlock()
		if diff := cmp.Diff(model, held, cmp.AllowUnexported(value{})); diff != "" {
			t.Fatalf("step %d (-model +cache):\n%s", serial, diff)
		}
	}
	for _, release := range releases {
		release()
	}
	c.Clear()
	validate(t, c)
	if budget.Used() != 0 {
		t.Errorf("an empty cache holds %d bytes", budget.Used())
	}
}

// expired reports whether the entry of key, which the cache holds, may no longer
// be served.
func expired[K comparable, V any](c *Cache[K, V], key K) bool {
	_, ok := c.Peek(key)
	return !ok
}
