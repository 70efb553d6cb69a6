package gen

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"github.com/bmadventure/optcache/internal/gen/load"
)

// Diff returns how the files on disk differ from what they should be, in unified
// form; "" if they do not.
func (r *Result) Diff() (string, error) {
	var b strings.Builder
	for _, f := range r.Files {
		old, err := os.ReadFile(f.Path)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return "", fmt.Errorf("comparing with %s: %w", f.Path, err)
		}
		if err == nil && string(old) == string(f.Content) {
			continue
		}
		name := load.Relative(f.Path)
		from := name
		if err != nil {
			from = os.DevNull
		}
		fmt.Fprintf(&b, "--- %s\n+++ %s\n", from, name)
		writeHunks(&b, lines(string(old)), lines(string(f.Content)))
	}
	return b.String(), nil
}

// lines cuts a text after each line's end.
func lines(s string) []string {
	var list []string
	for line := range strings.Lines(s) {
		list = append(list, line)
	}
	return list
}

const context3 = 3 // lines shown around a change

// An edit is one line of a comparison: ' ' in both, '-' only in the old text, '+'
// only in the new one; and how many lines of each came before it.
type edit struct {
	kind     byte
	line     string
	old, new int
}

// compare returns the lines of both texts in one order. It keeps what both begin
// and end with, and in between a longest common subsequence, unless that would take too
// long.
func compare(a, b []string) []edit {
	head := 0
	for head < len(a) && head < len(b) && a[head] == b[head] {
		head++
	}
	tail := 0
	for tail < len(a)-head && tail < len(b)-head && a[len(a)-1-tail] == b[len(b)-1-tail] {
		tail++
	}
	var all []edit
	i, j := 0, 0
	add := func(kind byte, line string) {
		all = append(all, edit{kind, line, i, j})
		if kind != '+' {
			i++
		}
		if kind != '-' {
			j++
		}
	}
	for _, line := range a[:head] {
		add(' ', line)
	}
	midA, midB := a[head:len(a)-tail], b[head:len(b)-tail]
	longest := common(midA, midB)
	x, y := 0, 0
	for x < len(midA) || y < len(midB) {
		switch {
		case x < len(midA) && y < len(midB) && midA[x] == midB[y]:
			add(' ', midA[x])
			x, y = x+1, y+1
		case x < len(midA) && (y == len(midB) || longest == nil || longest[x+1][y] >= longest[x][y+1]):
			add('-', midA[x])
			x++
		default:
			add('+', midB[y])
			y++
		}
	}
	for _, line := range a[len(a)-tail:] {
		add(' ', line)
	}
	return all
}

// common returns, for each x and y, how many lines a[x:] and b[y:] have in common in
// one order; nil if there are too many lines to tell.
func common(a, b []string) [][]int32 {
	if len(a)*len(b) > 1<<24 {
		return nil
	}
	longest := make([][]int32, len(a)+1)
	for x := range longest {
		longest[x] = make([]int32, len(b)+1)
	}
	for x := len(a) - 1; x >= 0; x-- {
		for y := len(b) - 1; y >= 0; y-- {
			if a[x] == b[y] {
				longest[x][y] = longest[x+1][y+1] + 1
			} else {
				longest[x][y] = max(longest[x+1][y], longest[x][y+1])
			}
		}
	}
	return longest
}

// writeHunks writes the changes, each with some lines around it.
func writeHunks(b *strings.Builder, old, new []string) {
	all := compare(old, new)
	for i := 0; i < len(all); i++ {
		if all[i].kind == ' ' {
			continue
		}
		from, last := max(0, i-context3), i
		for j := i; j < len(all) && j <= last+2*context3; j++ {
			if all[j].kind != ' ' {
				last = j
			}
		}
		to := min(len(all), last+1+context3)
		writeHunk(b, all[from:to])
		i = to - 1
	}
}

func writeHunk(b *strings.Builder, hunk []edit) {
	var old, new int
	for _, e := range hunk {
		if e.kind != '+' {
			old++
		}
		if e.kind != '-' {
			new++
		}
	}
	fmt.Fprintf(b, "@@ -%s +%s @@\n", span(hunk[0].old, old), span(hunk[0].new, new))
	for _, e := range hunk {
		b.WriteByte(e.kind)
		b.WriteString(e.line)
		if !strings.HasSuffix(e.line, "\n") {
			b.WriteString("\n\\ No newline at end of file\n")
		}
	}
}

// span returns where a hunk lies: lines count from 1, but a span of none has the
// number of the line before it.
func span(before, n int) string {
	if n == 0 {
		return fmt.Sprintf("%d,0", before)
	}
	return fmt.Sprintf("%d,%d", before+1, n)
}
