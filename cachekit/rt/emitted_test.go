package rt_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/leanovate/gopter"
	"github.com/leanovate/gopter/gen"
	"github.com/leanovate/gopter/prop"

	"github.com/bmadventure/optcache/cachekit/rt"
)

// Texts that are equal hash alike wherever their bytes lie, and no two of these do.
func TestHashText(t *testing.T) {
	const seed = 1 << 40
	seen := make(map[uint64]string)
	add := func(s string) {
		h := rt.HashText(seed, s)
		if h != rt.HashText(seed, strings.Clone(s)) {
			t.Errorf("%q hashes differently in another place", s)
		}
		if other, ok := seen[h]; ok && other != s {
			t.Errorf("%q and %q have one hash", s, other)
		}
		seen[h] = s
	}
	for n := range 40 {
		add(strings.Repeat("a", n))
		for at := range n {
			text := []byte(strings.Repeat("a", n))
			text[at] = 'b'
			add(string(text))
		}
	}
	for i := range 100_000 {
		add(fmt.Sprintf("window-%05d", i))
	}
}

// An index finds each element, also where all hashes are equal, and nothing else.
func TestIndex(t *testing.T) {
	for n := range 50 {
		for _, spread := range []uint64{0, 1, 0x9e3779b97f4a7c15} {
			x := rt.NewIndex(n, func(i int) uint64 { return uint64(i) * spread })
			for i := -3; i < n+3; i++ {
				slot := x.Slot(uint64(i) * spread)
				for x.At(slot) >= 0 && x.At(slot) != i {
					slot = x.Next(slot)
				}
				if want := 0 <= i && i < n; (x.At(slot) == i && i >= 0) != want {
					t.Errorf("%d elements with hashes %d apart: element %d found: %v", n, spread, i, !want)
				}
			}
		}
	}
}

func TestStrings(t *testing.T) {
	properties := gopter.NewProperties(gopter.DefaultTestParametersWithSeed(1))
	properties.Property("what was added comes back, each text once", prop.ForAll(
		func(texts []string) bool {
			var s rt.Strings
			distinct := make(map[string]bool)
			bytes := 0
			for _, text := range append(texts, texts...) {
				s.Add(text)
				if !distinct[text] {
					distinct[text], bytes = true, bytes+len(text)
				}
			}
			if s.Join() < int64(bytes) {
				return false
			}
			for _, text := range texts {
				if s.Of(text) != text {
					return false
				}
			}
			return true
		}, gen.SliceOf(gen.AnyString())))
	properties.TestingRun(t)
}

// The position of each value of an axis is found, and nothing beside the axis.
func TestFloatAxis(t *testing.T) {
	const lo, hi, step, n = 0.01, 0.1, 0.01, 10
	for i := range uint64(n) {
		x := rt.FloatAt(lo, hi, step, i)
		if j, ok := rt.FloatIndex(lo, hi, step, n, x); !ok || i != j || x < lo || x > hi {
			t.Errorf("value %d, %v, is found at %d, %v", i, x, j, ok)
		}
	}
	zero := 0.0
	for _, x := range []float64{0, 0.015, 0.11, -1, 1e300, zero / zero, 1 / zero} {
		if i, ok := rt.FloatIndex(lo, hi, step, n, x); ok {
			t.Errorf("%v is found at %d", x, i)
		}
	}
}

// Slices are copied without room to spare; nil stays nil.
func TestCloneSlice(t *testing.T) {
	if rt.CloneSlice([]int(nil)) != nil {
		t.Error("nil became something")
	}
	if c := rt.CloneSlice(make([]int, 0, 9)); c == nil || cap(c) != 0 {
		t.Errorf("an empty slice became %v of capacity %d", c, cap(c))
	}
	s := append(make([]int, 0, 9), 1, 2)
	c := rt.CloneSlice(s)
	s[0] = 7
	if len(c) != 2 || cap(c) != 2 || c[0] != 1 {
		t.Errorf("copy %v of capacity %d", c, cap(c))
	}
}

// Equal numbers hash alike, the two zeros too.
func TestHashNumbers(t *testing.T) {
	zero := 0.0
	if rt.HashFloat64(1, zero) != rt.HashFloat64(1, -zero) || rt.HashFloat64(1, 1) == rt.HashFloat64(1, 2) {
		t.Error("floats")
	}
	if rt.HashBool(1, true) == rt.HashBool(1, false) {
		t.Error("bools")
	}
	if got := fmt.Sprint(rt.Steps[int8](-100, 50, 5)); got != "[-100 -50 0 50 100]" {
		t.Errorf("steps %s", got)
	}
	if got := rt.AppendBool(rt.AppendFloat(rt.AppendText(nil, "ab"), 0), true); string(got) != "\x02ab\x08\x00\x00\x00\x00\x00\x00\x00\x00\x01\x01" {
		t.Errorf("key %q", got)
	}
}
