// Package few keeps the first few of what may be many, and the number of the rest: enough to tell somebody
// what is wrong with a file, whatever is in it.
package few

// Most is how many a [List] keeps.
const Most = 20

// A List keeps the first [Most] of what was added to it. The zero List is empty.
type List[E any] struct {
	First []E
	More  int // how many there are beyond First
}

// Add adds one at the end.
func (l *List[E]) Add(e E) {
	if len(l.First) == Most {
		l.More++
		return
	}
	l.First = append(l.First, e)
}

// Merge adds all of another list, kept or not.
func (l *List[E]) Merge(other List[E]) {
	for _, e := range other.First {
		l.Add(e)
	}
	l.More += other.More
}

// Any reports whether something was added.
func (l *List[E]) Any() bool { return len(l.First) > 0 }

// Len returns how many were added.
func (l *List[E]) Len() int { return len(l.First) + l.More }
