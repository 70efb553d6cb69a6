package pq

import (
	"bytes"
	"encoding/binary"
	"math"
	"runtime"
	"testing"
)

// encodings are all that pages may be in, and one that they may not.
var encodings = []int64{plain, plainDictionary, deltaInts, deltaLengths, deltaBytes, rleDictionary, splitBytes, 99}

// readAll reads as many of limit values as a page has, and returns how many those are.
func readAll(p page, width int, numbers bool, values *dictionary, limit int) (n int) {
	s, err := p.newSource(width, numbers, values)
	if err != nil {
		return 0
	}
	word := make([]uint64, 1)
	for ; n < limit; n++ {
		ok := numbers && s.words(word)
		if !numbers {
			_, ok = s.bytes()
		}
		if !ok {
			break
		}
	}
	return n
}

// Counts and lengths that a page cannot have are found before anything is allocated by them.
func TestBombsInPagesAllocateNothing(t *testing.T) {
	huge := binary.AppendUvarint(nil, math.MaxInt64)
	head := func(block, minis uint64) []byte {
		return append(binary.AppendUvarint(binary.AppendUvarint(nil, block), minis), huge...)
	}
	bombs := [][]byte{
		nil, huge, head(128, 4), head(math.MaxInt64, 1), head(128, math.MaxInt64), head(0, 0), head(128, 0),
		{0xff, 0xff, 0xff, 0x7f, 'x'}, {0xff, 0xff, 0xff, 0xff, 'x'}, append([]byte{33}, huge...),
		append([]byte{32}, huge...), append([]byte{0}, huge...), {128, 1, 4, 200, 1, 0, 0, 65, 65, 65, 65},
	}
	one, _ := newDictionary(make([]byte, 8), 1, 8, true)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for _, b := range bombs {
		for _, e := range encodings {
			for _, width := range []int{0, 2, 4, 8} {
				p := page{values: 1000, encoding: e, data: b}
				if n := readAll(p, width, width > 2, one, 2000); n > 1000 && e != plainDictionary && e != rleDictionary {
					t.Errorf("encoding %d, width %d: %d values of %x", e, width, n, b)
				}
			}
		}
		if _, ok := newDictionary(b, math.MaxInt32, 0, false); ok {
			t.Errorf("%x is a dictionary", b)
		}
	}
	if runtime.ReadMemStats(&after); after.TotalAlloc-before.TotalAlloc > 4<<20 {
		t.Errorf("%d bytes are allocated", after.TotalAlloc-before.TotalAlloc)
	}
}

// Packed numbers of every width are those that were packed.
func TestPackedNumbers(t *testing.T) {
	for width := range 65 {
		p := packed{bytes: bytes.Repeat([]byte{0xb5, 0x3c, 0x69}, 30), width: width}
		for bit := 0; bit+width <= 8*len(p.bytes); bit += max(width, 100) {
			want := uint64(0)
			for i := range width {
				want |= uint64(p.bytes[(bit+i)/8]>>((bit+i)%8)&1) << i
			}
			p.next = bit
			if got, ok := p.read(); !ok || got != want {
				t.Fatalf("width %d, bit %d: %x, not %x", width, bit, got, want)
			}
		}
		p.next = 8*len(p.bytes) - width + 1
		if _, ok := p.read(); ok {
			t.Errorf("width %d: a number is read from beyond the end", width)
		}
	}
}

// Whatever is in a page: it has values or not, and nothing panics.
func FuzzPage(f *testing.F) {
	f.Add([]byte{128, 1, 4, 3, 2, 0, 8, 8, 8, 8, 1, 2, 3, 4}, uint8(2), uint8(8))
	f.Add([]byte{1, 3, 0xff, 4, 1}, uint8(5), uint8(0))
	f.Add([]byte{3, 0, 0, 0, 'A', 'B', 'C'}, uint8(0), uint8(0))
	f.Fuzz(func(t *testing.T, b []byte, encoding, width uint8) {
		w := []int{0, 1, 4, 8, 12}[width%5]
		numbers := w == 4 || w == 8
		values, _ := newDictionary(b, len(b)/8, w, numbers)
		p := page{values: 500, encoding: encodings[int(encoding)%len(encodings)], data: b}
		readAll(p, w, numbers, values, 1000)
	})
}
