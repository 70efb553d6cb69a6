package console

import (
	"bytes"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

// No line of a bar is wider than the terminal, however narrow that is or becomes.
func TestBarsFit(t *testing.T) {
	for _, width := range []int{200, 80, 40, 12, 3, 1, 0} {
		var screen bytes.Buffer
		now := width
		bar := newBar(&screen, 123_456, func() int { return now })
		bar.Describe("walk forward")
		for done := range 50 {
			if done == 25 {
				now = width / 2
			}
			if err := bar.Set(1 + 2000*done); err != nil {
				t.Fatal(err)
			}
			if err := bar.RenderBlank(); err != nil {
				t.Fatal(err)
			}
		}
		if err := bar.Finish(); err != nil {
			t.Fatal(err)
		}
		longest := 0
		for _, line := range strings.FieldsFunc(screen.String(), func(r rune) bool { return r == '\r' || r == '\n' }) {
			longest = max(longest, utf8.RuneCountInString(line))
		}
		if longest > max(0, width-1) || width >= 40 && longest < width/4 {
			t.Errorf("%d columns: a line of %d", width, longest)
		}
	}
}

func TestPrintable(t *testing.T) {
	for text, want := range map[string]string{
		"plain \u00fc\n\tline": "plain \u00fc\n\tline",
		"a\x1b[31mb":           `a\x1b[31mb`,
		"bad\xffbyte":          `bad\xffbyte`,
		"\a\u202e":             `\a\u202e`,
		"\ufffd":               "\ufffd",
	} {
		if got := Printable(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

// What is left of a run is told in whole seconds.
func TestLeft(t *testing.T) {
	p := &Progress{Total: 10, Done: 5, began: time.Now().Add(-10 * time.Second)}
	if left := p.left(); left < 9*time.Second || left > 12*time.Second {
		t.Error(left)
	}
}
