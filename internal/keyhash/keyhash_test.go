package keyhash

import (
	"fmt"
	"math"
	"math/bits"
	"math/rand/v2"
	"testing"
	"time"
	"unsafe"
)

// same checks that equal keys hash alike, with one seed, and that the seed matters.
func same[K comparable](t *testing.T, a, b K) {
	t.Helper()
	if a != b {
		t.Fatalf("%v and %v are not equal", a, b)
	}
	if For[K]()(&a, 1) != For[K]()(&b, 1) {
		t.Errorf("%T: %v and %v are equal and hash differently", a, a, b)
	}
	if For[K]()(&a, 1) == For[K]()(&a, 2) {
		t.Errorf("%T: the seed does not matter", a)
	}
}

// differ checks that all keys hash differently.
func differ[K comparable](t *testing.T, keys ...K) {
	t.Helper()
	hash, seen := For[K](), map[uint64]K{}
	for _, k := range keys {
		if other, ok := seen[hash(&k, 7)]; ok {
			t.Errorf("%T: %v and %v hash alike", k, k, other)
		}
		seen[hash(&k, 7)] = k
	}
}

type padded struct {
	a int8
	b int64
	c int16
	_ int16
	s string
}

// dirty returns a padded key with rubbish in the bytes that == ignores.
func dirty(rubbish byte) padded {
	var p padded
	raw := unsafe.Slice((*byte)(unsafe.Pointer(&p)), unsafe.Offsetof(p.s))
	for i := range raw {
		raw[i] = rubbish
	}
	p.a, p.b, p.c, p.s = 1, 2, 3, "four"
	return p
}

func TestEqualKeysHashAlike(t *testing.T) {
	same(t, 5, 5)
	same(t, "abc", string([]byte("abc")))
	same(t, math.Copysign(0, -1), 0)
	same(t, float32(math.Copysign(0, -1)), 0)
	same(t, complex(math.Copysign(0, -1), 0), complex(0, math.Copysign(0, -1)))
	same(t, complex64(complex(math.Copysign(0, -1), 0)), 0)
	same(t, dirty(0xaa), dirty(0x55))
	same(t, [2]padded{dirty(1), dirty(2)}, [2]padded{dirty(3), dirty(4)})
	same[any](t, dirty(0xaa), dirty(0x55))
	same[any](t, nil, nil)
	same(t, struct{ v any }{[2]any{1, "x"}}, struct{ v any }{[2]any{1, "x"}})
	when := time.Now()
	same(t, when, when)
	same(t, &when, &when)
	same(t, [0]int{}, [0]int{})
}

func TestUnequalKeysHashDifferently(t *testing.T) {
	differ(t, 0, 1, 2, -1, math.MaxInt, math.MinInt)
	differ(t, true, false)
	differ[int8](t, 0, 1, -1)
	differ[uint16](t, 0, 1, 256)
	differ[int32](t, 0, 1, -1)
	differ(t, 0, 1.5, math.Inf(1), math.Inf(-1))
	differ(t, 1+2i, 2+1i, 1, 2i)
	differ(t, [2]string{"ab", "c"}, [2]string{"a", "bc"}, [2]string{"", "abc"}, [2]string{})
	differ(t, struct{ a, b string }{"x", ""}, struct{ a, b string }{"", "x"})
	differ[any](t, nil, 1, int8(1), "1", 1.0, [1]int{1}, struct{}{})
	var texts []string
	for n := range 100 {
		text := make([]byte, n)
		texts = append(texts, string(text))
		for i := range text {
			text[i] = 1
			texts = append(texts, string(text))
			text[i] = 0
		}
	}
	differ(t, texts...)
}

func TestUncomparablePanics(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("a key that cannot be compared was hashed")
		}
	}()
	key := any([]int{1})
	For[any]()(&key, 1)
}

func TestInteger(t *testing.T) {
	type id uint64
	for _, test := range []struct {
		name      string
		got, want uintptr
	}{
		{"id", Integer[id](), 8}, {"int32", Integer[int32](), 4}, {"pointer", Integer[*int](), 8},
		{"float64", Integer[float64](), 0}, {"string", Integer[string](), 0},
		{"[8]byte", Integer[[8]byte](), 0}, {"struct", Integer[struct{ a int }](), 8}, {"two fields", Integer[struct{ a, b int }](), 0}, {"blank field", Integer[struct{ _ int }](), 0},
	} {
		if test.got != test.want {
			t.Errorf("Integer[%s] = %d, want %d", test.name, test.got, test.want)
		}
	}
}

// TestSpread hashes keys with patterns and checks that the bits that a table uses,
// at both ends of the hash, are spread as evenly as chance would.
func TestSpread(t *testing.T) {
	const n, cells = 1 << 16, 1 << 8
	patterns := map[string]func(i uint64) uint64{
		"sequence":      func(i uint64) uint64 { return i },
		"stride 4096":   func(i uint64) uint64 { return i << 12 },
		"high bits":     func(i uint64) uint64 { return i << 48 },
		"negative":      func(i uint64) uint64 { return -i },
		"bits reversed": bits.Reverse64,
	}
	asText := For[string]()
	for name, key := range patterns {
		for what, hash := range map[string]func(uint64) uint64{
			"integer": func(x uint64) uint64 { return Uint64(x, 0x1234_5678_9abc_def0) },
			"string":  func(x uint64) uint64 { s := fmt.Sprint(x); return asText(&s, 99) },
		} {
			var low, high [cells]float64
			for i := range uint64(n) {
				h := hash(key(i))
				low[h%cells]++
				high[h>>56]++
			}
			for end, counts := range map[string][cells]float64{"low": low, "high": high} {
				// The statistic is chi-squared with 255 degrees of freedom for a random
				// function: 255 on average, above 400 once in 10^8 times. A
				// multiplication spreads sequences more evenly still.
				chi := 0.0
				for _, c := range counts {
					d := c - n/cells
					chi += float64(d*d) / (n / cells)
				}
				if chi > 400 {
					t.Errorf("%s of %s, %s bits: chi-squared %.0f", what, name, end, chi)
				}
			}
		}
	}
}

// TestAvalanche flips one bit of a long key and expects half the bits of the hash to flip.
func TestAvalanche(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	for _, n := range []int{1, 3, 8, 15, 16, 17, 32, 33, 100} {
		flips, tries := 0, 2000
		for range tries {
			b := make([]byte, n)
			for i := range b {
				b[i] = byte(r.Uint32())
			}
			before := Bytes(b, 3)
			b[r.IntN(n)] ^= 1 << r.IntN(8)
			flips += bits.OnesCount64(before ^ Bytes(b, 3))
		}
		if mean := float64(flips) / float64(tries); mean < 30 || mean > 34 {
			t.Errorf("%d bytes: %.1f bits of 64 flip", n, mean)
		}
	}
}

func BenchmarkHash(b *testing.B) {
	b.Run("uint64", func(b *testing.B) {
		h := uint64(0)
		for b.Loop() {
			h = Uint64(h, 1)
		}
	})
	type slice struct {
		leaf     [32]byte
		from, to int64
	}
	hash, key := For[slice](), slice{leaf: [32]byte{1}, from: 1}
	b.Run("struct of 48 bytes", func(b *testing.B) {
		for b.Loop() {
			key.to = int64(hash(&key, 1))
		}
	})
	text := "AAPL/2019-01-02/close"
	b.Run("string of 21 bytes", func(b *testing.B) {
		h := uint64(0)
		for b.Loop() {
			h = String(text, h)
		}
	})
}
