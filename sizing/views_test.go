package sizing_test

import (
	"math/rand/v2"
	"testing"

	"github.com/bmadventure/optcache/sizing"
)

// A cut is a slice of an array, known by the elements that it can show: from the first to its capacity.
type cut struct {
	of       int
	from, to int
}

func (c cut) within(o cut) bool { return c.of == o.of && c.from >= o.from && c.to <= o.to }

// cutter cuts slices of two arrays at random.
func cutter(r *rand.Rand) (cut, []float64) {
	c := cut{of: r.IntN(2), from: r.IntN(40)}
	c.to = c.from + 1 + r.IntN(60-c.from)
	n := r.IntN(c.to - c.from + 1)
	return c, arrays[c.of][c.from : c.from+n : c.to]
}

var arrays = [2][]float64{make([]float64, 60), make([]float64, 60)}

// TestViewsModel compares Views with what is known of slices that were cut at random: the owner's array and the
// headers once, and each view that shows something outside.
func TestViewsModel(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 3))
	for range 2000 {
		owner, ownerSlice := cutter(r)
		views := make([][]float64, r.IntN(6))
		want := sizing.Alloc(int64(owner.to-owner.from)*8) + sizing.Alloc(int64(len(views))*24)
		for i := range views {
			var c cut
			if c, views[i] = cutter(r); !c.within(owner) {
				want += sizing.Alloc(int64(c.to-c.from) * 8)
			}
		}
		if got := sizing.Views(ownerSlice, views); got != want {
			t.Fatalf("owner %+v, %d views: %d bytes, want %d", owner, len(views), got, want)
		}
	}
}

// TestColumnsModel compares Columns with a search for those that no other contains.
func TestColumnsModel(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 4))
	for range 2000 {
		cuts, columns := make([]cut, r.IntN(7)), [][]float64{}
		for i := range cuts {
			c, column := cutter(r)
			if i > 0 && r.IntN(3) == 0 { // the same once more
				c, column = cuts[0], columns[0]
			}
			cuts[i], columns = c, append(columns, column)
		}
		want := int64(0)
		for i, c := range cuts {
			counts := true
			for j, o := range cuts {
				if c.within(o) && (c != o || j < i) {
					counts = false
				}
			}
			if counts {
				want += sizing.Alloc(int64(c.to-c.from) * 8)
			}
		}
		if got := sizing.Columns(columns...); got != want {
			t.Fatalf("%+v: %d bytes, want %d", cuts, got, want)
		}
	}
}
