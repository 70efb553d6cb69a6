package sizing

import (
	"math"
	"runtime"
	"runtime/metrics"
	"slices"
	"testing"
)

// The runtime publishes its size classes as the buckets of a histogram: a bucket
// ends one byte above the largest object of its class.
func TestClassesAreThoseOfTheRunningRuntime(t *testing.T) {
	sample := []metrics.Sample{{Name: "/gc/heap/allocs-by-size:bytes"}}
	metrics.Read(sample)
	if sample[0].Value.Kind() != metrics.KindFloat64Histogram {
		t.Fatalf("runtime %s does not publish %s", runtime.Version(), sample[0].Name)
	}
	var want []uint16
	for _, b := range sample[0].Value.Float64Histogram().Buckets {
		if b > 1 && b <= classMax+1 {
			want = append(want, uint16(b-1))
		}
	}
	if !slices.Equal(sizeClasses[:], want) {
		t.Errorf("runtime %s has the size classes\n%v, the table has\n%v", runtime.Version(), want, sizeClasses)
	}
}

// append gives a grown slice all of the allocation, so its capacity shows how
// the runtime rounded.
func TestAllocRoundsAsAppendDoes(t *testing.T) {
	for n := int64(1); n < 80<<10; n += 1 + n/4096*7 {
		if got, want := Alloc(n), int64(cap(append([]byte(nil), make([]byte, n)...))); got != want {
			t.Fatalf("Alloc(%d) = %d, the runtime takes %d", n, got, want)
		}
	}
}

func TestPointersAddAHeader(t *testing.T) {
	for n := 1; n < 10<<10; n++ {
		grown := append([]*int(nil), make([]*int, n)...)
		held := int64(cap(grown)) * 8
		want := held
		if held > headerMin && held <= classMax-headerSize {
			want += headerSize
		}
		if got := Slice(grown); got != want || got != scannedAlloc(int64(n)*8) {
			t.Fatalf("Slice of %d pointers, capacity %d = %d, scannedAlloc %d, want %d", n, cap(grown), got, scannedAlloc(int64(n)*8), want)
		}
	}
}

func TestAllocAtTheEdges(t *testing.T) {
	for _, c := range []struct{ n, want int64 }{
		{math.MinInt64, 0}, {-1, 0}, {0, 0}, {1, 8}, {8, 8}, {9, 16}, {1024, 1024}, {1025, 1152},
		{32768, 32768}, {32769, 40960}, {40960, 40960}, {40961, 49152}, {math.MaxInt64, math.MaxInt64 - pageSize + 1},
	} {
		if got := Alloc(c.n); got != c.want {
			t.Errorf("Alloc(%d) = %d, want %d", c.n, got, c.want)
		}
	}
}

func TestSizersDoNotAllocate(t *testing.T) {
	type row struct {
		Name  string
		Price float64
	}
	rows, cols := make([]row, 100), [][]float64{make([]float64, 9), make([]float64, 9)}
	names := Elements(String)
	list := []string{"AAPL", "IBM"}
	if n := testing.AllocsPerRun(100, func() {
		sink += Slice(rows) + Slice(cols[0]) + Columns(cols...) + Views(cols[0], cols) + names(list) + Pointer(&rows[0])
	}); n != 0 {
		t.Errorf("sizing allocates %v times", n)
	}
}

var sink int64

func BenchmarkSlice(b *testing.B) {
	type row struct{ Open, Close float64 }
	floats, rows := make([]float64, 2520), make([]row, 100)
	b.Run("floats", func(b *testing.B) {
		for b.Loop() {
			sink += Slice(floats)
		}
	})
	b.Run("structs", func(b *testing.B) {
		for b.Loop() {
			sink += Slice(rows)
		}
	})
}
