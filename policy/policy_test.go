package policy_test

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"unsafe"

	"github.com/bmadventure/optcache/policy"
	"github.com/bmadventure/optcache/policy/policytest"
)

// constructors has every policy of the package by the word that chooses it.
var constructors = map[string]func() policy.Policy{
	"adaptive":  policy.NewAdaptive,
	"arc":       policy.NewARC,
	"clock":     policy.NewCLOCK,
	"clocklirs": policy.NewClockLIRS,
	"fifo":      policy.NewFIFO,
	"gdsf":      policy.NewGDSF,
	"lirs":      policy.NewLIRS,
	"lru":       policy.NewLRU,
	"s3fifo":    policy.NewS3FIFO,
	"sieve":     policy.NewSIEVE,
	"wtinylfu":  policy.NewWTinyLFU,
}

// everyPolicy runs a test for each policy, in the order of their names.
func everyPolicy(t *testing.T, test func(t *testing.T, newPolicy func() policy.Policy)) {
	for _, name := range slices.Sorted(maps.Keys(constructors)) {
		t.Run(name, func(t *testing.T) { test(t, constructors[name]) })
	}
}

func TestContract(t *testing.T) {
	everyPolicy(t, policytest.Run)
}

func TestEntrySize(t *testing.T) {
	if size := unsafe.Sizeof(policy.Entry{}); size > 48 {
		t.Fatalf("an Entry heads every cache entry and has %d bytes, want at most 48", size)
	}
}

func TestMark(t *testing.T) {
	var e policy.Entry
	for hits := range uint32(6) {
		if want := min(hits, policy.MaxMark); e.Mark() != want {
			t.Fatalf("mark after %d hits is %d, want %d", hits, e.Mark(), want)
		}
		e.Hit()
	}
	e.SetMark(1)
	if e.Mark() != 1 {
		t.Fatalf("mark is %d after SetMark(1)", e.Mark())
	}
}

func TestOrdered(t *testing.T) {
	marksOnly := []string{"clock", "clocklirs", "fifo", "s3fifo", "sieve"}
	for name, newPolicy := range constructors {
		if want := !slices.Contains(marksOnly, name); newPolicy().Ordered() != want {
			t.Errorf("%s: Ordered is %v, want %v", name, !want, want)
		}
	}
}

func TestByName(t *testing.T) {
	for name, newPolicy := range constructors {
		p, err := policy.ByName(name)
		if err != nil {
			t.Errorf("ByName(%q): %v", name, err)
		} else if p.Ordered() != newPolicy().Ordered() {
			t.Errorf("ByName(%q) gives another policy", name)
		}
	}
	_, err := policy.ByName("mru")
	if err == nil {
		t.Fatal("ByName accepts a name that it does not know")
	}
	if !strings.HasPrefix(err.Error(), `choosing cache policy "mru":`) {
		t.Errorf("the error does not say what was asked for: %v", err)
	}
	for name := range constructors {
		if !strings.Contains(err.Error(), name) {
			t.Errorf("the error for an unknown name does not offer %q: %v", name, err)
		}
	}
}

// TestHitsMeanwhile looks for victims while other goroutines hit without a pause:
// the search must end all the same.
func TestHitsMeanwhile(t *testing.T) {
	everyPolicy(t, func(t *testing.T, newPolicy func() policy.Policy) {
		p := newPolicy()
		entries := make([]policy.Entry, 50)
		p.Resize(int64(len(entries)))
		for i := range entries {
			entries[i] = policy.Entry{Hash: policytest.Hash(uint64(i)), Size: 1}
			p.Add(&entries[i])
		}
		stop, stopped := make(chan struct{}), make(chan struct{})
		go func() {
			defer close(stopped)
			for {
				select {
				case <-stop:
					return
				default:
					for i := range entries {
						entries[i].Hit()
					}
				}
			}
		}()
		for range 200 {
			victims, _ := p.Victims(nil, nil, 10)
			for _, v := range victims {
				p.Remove(v, policy.Deleted)
			}
			for _, v := range victims {
				p.Add(v)
			}
		}
		close(stop)
		<-stopped
	})
}

// TestReplacedStaysHot sets one key over and over while it stays in the cache: its
// policy must keep what it knows of it.
func TestReplacedStaysHot(t *testing.T) {
	everyPolicy(t, func(t *testing.T, newPolicy func() policy.Policy) {
		if name := t.Name(); strings.HasSuffix(name, "/fifo") {
			t.Skip("FIFO knows nothing of an entry but when it came")
		}
		const capacity = 200
		c := policytest.NewCache(newPolicy(), capacity)
		misses := 0
		for i := range uint64(20_000) {
			// Ten hot keys that change their size, and a scan.
			if !c.Request(i%10, 1+int64(i/10%3)) && i > 2_000 {
				misses++
			}
			c.Request(1_000+i, 1)
		}
		if misses > 200 {
			t.Errorf("%d of 18,000 requests for ten hot keys missed, want at most 200", misses)
		}
	})
}
