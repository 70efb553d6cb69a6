package few

import (
	"slices"
	"testing"
)

// upTo returns the list of lo to hi-1.
func upTo(lo, hi int) (l List[int]) {
	for i := lo; i < hi; i++ {
		l.Add(i)
	}
	return l
}

func TestTheFirstAreKeptAndTheRestIsCounted(t *testing.T) {
	for _, n := range []int{0, 1, Most - 1, Most, Most + 1, 3 * Most} {
		l := upTo(0, n)
		if l.Len() != n || l.Any() != (n > 0) || len(l.First) != min(n, Most) || l.More != max(0, n-Most) {
			t.Errorf("%d: %+v", n, l)
		}
		for i, v := range l.First {
			if v != i {
				t.Errorf("%d: %d is at %d", n, v, i)
			}
		}
	}
}

// A list of lists, merged in order, is what one list of all would be.
func TestMergedListsAreOne(t *testing.T) {
	for _, n := range []int{0, 3, Most, 2 * Most} {
		for _, m := range []int{0, 3, Most, 2 * Most} {
			got, want := upTo(0, n), upTo(0, n+m)
			got.Merge(upTo(n, n+m))
			if !slices.Equal(got.First, want.First) || got.More != want.More {
				t.Errorf("%d and %d: got %+v, want %+v", n, m, got, want)
			}
		}
	}
}
