package cachekit

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
	"unsafe"

	"github.com/bmadventure/optcache/cachekit/rt"
	"github.com/bmadventure/optcache/internal/keyhash"
	"github.com/bmadventure/optcache/internal/mark"
	"github.com/bmadventure/optcache/policy"
	"github.com/bmadventure/optcache/sizing"
)

type named struct {
	name string
	n    int
}

func newTexted(t *testing.T, change func(*Options[named, *int])) *Cache[named, *int] {
	t.Helper()
	o := Options[named, *int]{Name: "texted", Size: func(k named, _ *int) int64 { return sizing.String(k.name) }}
	o.Hooks.Text = func(k *named) *string { return &k.name }
	if change != nil {
		change(&o)
	}
	return mustNew(t, o)
}

// TestTextLiesWithItsEntry: a short text is copied, and charged no more than the entry
// takes of the heap; a long one stays where it is, and is charged.
func TestTextLiesWithItsEntry(t *testing.T) {
	line := strings.Repeat("a line of a file, ", 1000)
	value := new(int)
	for n := range 40 {
		c := newTexted(t, nil)
		k := named{line[7 : 7+n], n}
		c.Set(k, value)
		if v, ok := c.Lookup(named{strings.Clone(k.name), n}); !ok || v != value {
			t.Fatalf("%d bytes: Lookup = %v, %v", n, v, ok)
		}
		e := c.find(&k, c.hashOf(&k))
		if e.key != k {
			t.Fatalf("%d bytes: the key became %+v", n, e.key)
		}
		at, inside := uintptr(unsafe.Pointer(unsafe.StringData(e.key.name))), uintptr(unsafe.Pointer(e))
		moved := at >= inside && at+uintptr(n) <= inside+unsafe.Sizeof(texted[named, *int]{})
		if n > 0 && moved != (n <= textBytes) {
			t.Errorf("%d bytes: with the entry: %v", n, moved)
		}
		want := sizing.Pointer(new(texted[named, *int]))
		if n > textBytes {
			want += sizing.String(k.name)
		}
		if e.Size != want {
			t.Errorf("%d bytes: charged %d, want %d", n, e.Size, want)
		}
		for key := range c.All() {
			if key != k || n > 0 && unsafe.StringData(key.name) == unsafe.StringData(e.key.name) {
				t.Errorf("%d bytes: All yields %+v, or the entry's own text", n, key)
			}
		}
		validate(t, c)
	}
}

// TestTextOfExtendedEntries: they know more, and their texts stay where they are.
func TestTextOfExtendedEntries(t *testing.T) {
	var left []string
	c := newTexted(t, func(o *Options[named, *int]) {
		o.MaxEntries, o.Policy = 2, policy.NewFIFO()
		o.OnRemoval = func(k named, _ *int, _ Removal) { left = append(left, k.name) }
	})
	for i := range 5 {
		c.Set(named{fmt.Sprint("key ", i), i}, nil)
	}
	if got := strings.Join(left, ", "); got != "key 0, key 1, key 2" {
		t.Errorf("left: %s", got)
	}
	validate(t, c)
}

// TestKeysAreNotKept: a key that is cut from a long line does not keep that.
func TestKeysAreNotKept(t *testing.T) {
	c := newTexted(t, nil)
	line := new([1 << 20]byte)
	gone := make(chan struct{})
	runtime.AddCleanup(line, func(gone chan struct{}) { close(gone) }, gone)
	copy(line[:], "AAPL,2026-01-02,1,2,3")
	k := named{unsafe.String(&line[0], 4), 1}
	c.Set(k, nil)
	k, line = named{}, nil
	for range 100 {
		runtime.GC()
		select {
		case <-gone:
			if _, ok := c.Lookup(named{"AAPL", 1}); !ok {
				t.Error("the key is not found")
			}
			return
		default:
			runtime.Gosched()
		}
	}
	t.Error("the line is kept")
}

// TestHashOfIntegers: emitted look-ups hash an integer key as the engine does.
func TestHashOfIntegers(t *testing.T) {
	for _, x := range []uint64{0, 1, 1 << 63, ^uint64(0), 0x0123456789abcdef} {
		if a, b := hashWord(x, 42), keyhash.Uint64(x, 42); a != b {
			t.Errorf("%#x hashes to %#x and %#x", x, a, b)
		}
	}
}

// TestReaderSeesEntries: package rt, which cannot import this one, has the layout of entries for itself.
func TestReaderSeesEntries(t *testing.T) {
	var ours entry[named, *int]
	var theirs rt.Entry[named, int]
	if unsafe.Offsetof(ours.key) != unsafe.Offsetof(theirs.Key) || unsafe.Offsetof(ours.value) != unsafe.Offsetof(theirs.Value) {
		t.Errorf("key and value lie at %d and %d, package rt looks at %d and %d",
			unsafe.Offsetof(ours.key), unsafe.Offsetof(ours.value), unsafe.Offsetof(theirs.Key), unsafe.Offsetof(theirs.Value))
	}
}

// TestFrontsSeeEntries: packages table and mark, which know no entry but by its hash, have the
// layout of those that lend their marks for themselves.
func TestFrontsSeeEntries(t *testing.T) {
	if unsafe.Sizeof(uintptr(0)) != 8 {
		t.Skip("no cache has fronts where a pointer is not 8 bytes")
	}
	var e lending[uint64, *int]
	for _, part := range []struct {
		name     string
		at, want uintptr
	}{
		{"key", unsafe.Offsetof(e.key), mark.KeyAt},
		{"value", unsafe.Offsetof(e.value), mark.ValueAt},
		{"word", unsafe.Offsetof(e.word), mark.WordAt},
	} {
		if part.at != part.want {
			t.Errorf("the %s lies at %d, package mark has %d", part.name, part.at, part.want)
		}
	}
	mark.Of(&e.Hash).Hit()
	if e.Mark() != 1 {
		t.Error("package mark looks for the mark in another place")
	}
}
