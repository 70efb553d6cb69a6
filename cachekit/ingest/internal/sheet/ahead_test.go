package sheet

import (
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
)

// What is read ahead is what Read returns, in its order, errors too.
func TestAheadIsRead(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	for round := range 60 {
		var b strings.Builder
		columns := 2 + r.IntN(5)
		if round%10 == 0 {
			columns = 3000
		}
		b.WriteString("name" + strings.Repeat(",other", columns-1) + "\n")
		for i := range r.IntN(5000 / columns * 5) {
			n := columns
			switch r.IntN(400) {
			case 0:
				n++ // an error that is not the end
			case 1:
				b.WriteString("# a comment\n")
			}
			fmt.Fprintf(&b, "%d%s\n", i, strings.Repeat(",1.5", n-1))
		}
		b.WriteString("0" + strings.Repeat(",1", columns-1) + "\n")
		open := func() *Sheet {
			var in io.Reader = strings.NewReader(b.String())
			if round%3 == 0 {
				in = io.MultiReader(in, iotest.ErrReader(errors.New("the disk is gone")))
			}
			s, err := Open(in, Options{})
			if err != nil {
				t.Fatal(err)
			}
			return s
		}
		s := open()
		ahead := open()
		for range r.IntN(100) { // some are read before
			_, _, err := s.Read()
			if _, _, other := ahead.Read(); ends(err) || (err == nil) != (other == nil) {
				break
			}
		}
		a := ahead.Ahead()
		ended := false
		for batch := a.Next(); batch != nil; batch = a.Next() {
			for i, line := range batch.Lines {
				record, want, err := s.Read()
				if err != nil || line != want || !slices.Equal(record, batch.Record(i)) {
					t.Fatalf("round %d: line %d is %d, %v", round, want, line, err)
				}
			}
			if batch.Err == nil {
				continue
			}
			_, line, err := s.Read()
			if fmt.Sprint(err) != fmt.Sprint(batch.Err) || line != batch.Line {
				t.Fatalf("round %d: %v at %d, want %v at %d", round, batch.Err, batch.Line, err, line)
			}
			ended = ends(err)
		}
		a.Close()
		if !ended || ahead.Skipped != s.Skipped || ahead.NoNewline != s.NoNewline {
			t.Fatalf("round %d: %v, %+v, want %+v", round, ended, ahead.Skipped, s.Skipped)
		}
	}
}

// Closing early ends the reading, whatever was read.
func TestAheadIsClosed(t *testing.T) {
	for n := range 6 {
		s, err := Open(strings.NewReader("a,b\n"+strings.Repeat("1,2\n", 10_000)), Options{})
		if err != nil {
			t.Fatal(err)
		}
		a := s.Ahead()
		for range n {
			a.Next()
		}
		a.Close()
		if _, _, err := s.Read(); err != nil && !errors.Is(err, io.EOF) {
			t.Error(err)
		}
	}
}
