package rt

import (
	"strings"

	"github.com/bmadventure/optcache/sizing"
)

// Texts gives each distinct text of a column one copy, side by side in one piece
// of memory, so that the column keeps nothing else alive. at returns where the text
// of row i is, 0 <= i < n. Texts returns the heap that they take, in bytes.
func Texts[T ~string](n int, at func(i int) *T) int64 {
	starts := make(map[T]int)
	var all strings.Builder
	last := T("")
	for i := range n {
		if text := *at(i); text != last {
			last = text
			if _, ok := starts[text]; !ok {
				starts[text] = all.Len()
				all.WriteString(string(text))
			}
		}
	}
	memory := strings.Clone(all.String()) // without room to spare
	for i := range n {
		if text := at(i); *text != "" {
			start := starts[*text]
			*text = T(memory[start : start+len(*text)])
		}
	}
	return sizing.String(memory)
}

// Flatten gives the elements of a column of slices one piece of memory of their
// own, which it returns. at returns where the slice of row i is, 0 <= i < n. A nil
// slice stays nil, an empty one empty.
func Flatten[S ~[]E, E any](n int, at func(i int) *S) []E {
	total := 0
	for i := range n {
		total += len(*at(i))
	}
	all := make([]E, 0, total)
	for i := range n {
		s := at(i)
		if *s == nil {
			continue
		}
		start := len(all)
		all = append(all, *s...)
		*s = S(all[start:len(all):len(all)])
	}
	return all
}
