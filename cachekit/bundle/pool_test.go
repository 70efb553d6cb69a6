package bundle

import (
	"errors"
	"io/fs"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/bmadventure/optcache/cachekit/market"
)

// many returns a store with n bundles of one bar each, and their versions.
func many(t *testing.T, n int) (s *Store, names []string, versions []Version) {
	t.Helper()
	s = emptyStore(t)
	for i := range n {
		series := walk(1, 1)
		series[0].Volume[0] = float64(i)
		name := string(rune('a' + i))
		r, err := s.Write(t.Context(), name, market.Daily, series)
		if err != nil {
			t.Fatal(err)
		}
		names, versions = append(names, name), append(versions, r.Version)
	}
	return s, names, versions
}

func TestPoolLetsTheLeastRecentlyUsedGo(t *testing.T) {
	s, names, versions := many(t, 3)
	p := NewPool(s, 2)
	open := func(i int) *Bundle {
		t.Helper()
		b, err := p.Open(names[i], versions[i])
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	a := open(0)
	open(1).Close()
	open(0).Close() // so that 1 is the one used least recently
	open(2).Close()
	open(0).Close()
	if got, want := p.Stats(), (PoolStats{Hits: 2, Misses: 3, Evictions: 1, Open: 2, Size: 2}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	open(1).Close()
	open(2).Close() // a leaves, but is still in use
	if _, err := a.Read(t.Context(), Query{}); err != nil {
		t.Errorf("a bundle that left the pool while it is in use: %v", err)
	}
	content := a.content
	a.Close()
	a.Close()
	if n := content.refs.Load(); n != 0 {
		t.Errorf("after the last Close there are %d references", n)
	}
	if _, err := a.Read(t.Context(), Query{}); !errors.Is(err, fs.ErrClosed) {
		t.Errorf("read after close: %v", err)
	}
}

func TestPoolOpensOnce(t *testing.T) {
	s, names, versions := many(t, 1)
	p := NewPool(s, 1)
	var wg sync.WaitGroup
	handles := make([]*Bundle, 100)
	for i := range handles {
		wg.Go(func() {
			b, err := p.Open(names[0], versions[0])
			if err != nil {
				t.Error(err)
			}
			handles[i] = b
		})
	}
	wg.Wait()
	if got, want := p.Stats(), (PoolStats{Hits: 99, Misses: 1, Open: 1, Size: 1}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	content := handles[0].content
	for _, b := range handles {
		if b.content != content {
			t.Error("it was opened more than once")
		}
		b.Close()
	}
	if n := content.refs.Load(); n != 1 {
		t.Errorf("%d references beside the one of the pool", n-1)
	}
	p.Close()
	if n := content.refs.Load(); n != 0 {
		t.Errorf("after Close %d references", n)
	}
	if _, err := p.Open(names[0], versions[0]); !errors.Is(err, fs.ErrClosed) {
		t.Errorf("open after close: %v", err)
	}
}

func TestPoolTriesAgainAfterAFailure(t *testing.T) {
	s := emptyStore(t)
	p := NewPool(s, 1)
	d, err := newDataset(t.Context(), market.Daily, small())
	if err != nil {
		t.Fatal(err)
	}
	v := versionOf(d.manifest.encode())
	if _, err := p.Open("b", v); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v", err)
	}
	if _, err := s.Write(t.Context(), "b", market.Daily, small()); err != nil {
		t.Fatal(err)
	}
	b, err := p.Open("b", v)
	if err != nil {
		t.Fatal(err)
	}
	b.Close()
	if got, want := p.Stats(), (PoolStats{Misses: 2, Failures: 1, Open: 1, Size: 1}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestPoolOfSizeZeroKeepsNothingOpen(t *testing.T) {
	s, names, versions := many(t, 1)
	p := NewPool(s, -1)
	b, err := p.Open(names[0], versions[0])
	if err != nil {
		t.Fatal(err)
	}
	if n := b.refs.Load(); n != 1 {
		t.Errorf("%d references", n)
	}
	if _, err := b.Read(t.Context(), Query{}); err != nil {
		t.Error(err)
	}
	b.Close()
}

// TestPoolUnderLoad opens, reads, closes and clears at random from many
// goroutines; in the end nothing is open.
func TestPoolUnderLoad(t *testing.T) {
	s, names, versions := many(t, 5)
	p := NewPool(s, 2)
	var mu sync.Mutex
	seen := make(map[*content]bool)
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			r := rand.New(rand.NewPCG(uint64(g), 1))
			for range 100 {
				i := r.IntN(len(names))
				b, err := p.Open(names[i], versions[i])
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				seen[b.content] = true
				mu.Unlock()
				bars, err := b.Read(t.Context(), Query{Fields: Volume})
				if err != nil || bars.Group(0).Volume[0] != float64(i) {
					t.Errorf("bundle %d: %v", i, err)
				}
				b.Close()
				if r.IntN(20) == 0 {
					p.Clear()
				}
			}
		})
	}
	wg.Wait()
	if open := p.Stats().Open; open > 2 {
		t.Errorf("%d are open", open)
	}
	p.Close()
	for c := range seen {
		if n := c.refs.Load(); n != 0 {
			t.Errorf("%d references are left", n)
		}
	}
}
