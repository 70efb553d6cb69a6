package bundle

import "testing"

// Names that a terminal would obey are quoted in problems, others stand as they are.
func TestProblemsQuoteNames(t *testing.T) {
	for _, c := range []struct {
		p    Problem
		want string
	}{
		{Problem{File: "data/Überbörse A.csv", Line: 3, Column: "close", Value: "x", Message: "wrong"}, `data/Überbörse A.csv:3: close: "x": wrong`},
		{Problem{File: "a\x1b[2J.csv", Line: 1, Message: "wrong"}, `"a\x1b[2J.csv":1: wrong`},
		{Problem{File: "a\nb.csv", Column: "x\x07", Message: "wrong"}, `"a\nb.csv": "x\a": wrong`},
		{Problem{File: "bad\xff.csv", Message: "wrong"}, `"bad\xff.csv": wrong`},
	} {
		if got := c.p.String(); got != c.want {
			t.Errorf("%s, want %s", got, c.want)
		}
	}
}
