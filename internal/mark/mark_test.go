package mark

import (
	"math/rand/v2"
	"testing"
)

// An entry has what a mark of this package needs: it lies among the words.
type entry struct {
	words [WordAt / 8]uint64
	place *Word
}

// TestLentMarks: seven entries that share a Word count as if each had its mark for itself, whatever is
// lent, taken back, hit and set in turn.
func TestLentMarks(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	var w Word
	var entries, alone [7]entry
	var lent [7]bool
	for step := range 100_000 {
		i := r.IntN(7)
		m, want := Of(&entries[i].words[0]), Of(&alone[i].words[0])
		switch r.IntN(6) {
		case 0:
			if lent[i] = !lent[i]; lent[i] {
				m.Lend(&w, i)
			} else {
				w.Empty()
				m.TakeBack()
			}
		case 1:
			n := uint32(r.IntN(Max + 1))
			m.Set(n)
			want.Set(n)
		case 2:
			side := uint32(r.IntN(2)) * Side
			m.SetSide(side)
			want.SetSide(side)
		case 3:
			m.Hit()
			want.Hit()
		default:
			if !lent[i] {
				continue
			}
			if w>>i&Full == 0 {
				w.Hit(w, i)
			} else if w>>(Counts+2*i)&Max != Max {
				t.Fatalf("step %d: %#x says that slot %d is full", step, w, i)
			}
			want.Hit()
		}
		for i := range entries {
			m, want := Of(&entries[i].words[0]), Of(&alone[i].words[0])
			if lent[i] != (entries[i].place == &w) {
				t.Fatalf("step %d: what the entry has of the word is not what it was lent", step)
			}
			if m.Count() != want.Count() || m.Side() != want.Side() {
				t.Fatalf("step %d: mark %d is %d, %d; want %d, %d", step, i, m.Count(), m.Side(), want.Count(), want.Side())
			}
		}
		if a, b := w>>Emptied, w; a > 100_000 || b>>(Emptied+20) != 0 {
			t.Fatalf("step %d: the slots' marks reached what is above them: %#x", step, w)
		}
	}
}

// TestHitOfWhatWasSeen: a hit of a Word that is another by now counts nothing.
func TestHitOfWhatWasSeen(t *testing.T) {
	var w Word
	seen := w
	w.Empty()
	changed := w
	w.Hit(seen, 3)
	if w != changed {
		t.Errorf("%#x became %#x", changed, w)
	}
}
