package ingest

import (
	"fmt"
	"math"

	"github.com/bmadventure/optcache/cachekit/bundle"
	"github.com/bmadventure/optcache/cachekit/internal/bar"
)

// rounding is by how much of a price an open or a close may lie outside low to high and still be there by rounding:
// four units in the last place of a float32, which is what many files were made from.
const rounding = 4.0 / (1 << 24)

// tallies count what was done to the rows of a file.
type tallies struct {
	repeated int // rows that were there before, equal in every value
	halted   int // rows without any price, left out
	clamped  int // opens and closes outside low to high by rounding, moved there
}

// settle makes of the values of a row of g, NaN where it has none, those of a bar. It reports whether there is one; a
// message says what is wrong, and with which field.
func (t *table) settle(g *rowGroup, line int, values *[bar.NumFields]float64) (ok bool, field int, wrong string) {
	missing := 0
	for f := bar.Open; f <= bar.Close; f++ {
		if math.IsNaN(values[f]) {
			field = f
			missing++
		}
	}
	if missing == 4 {
		t.halted++ // no trade, or a market that was closed
		return false, 0, ""
	}
	for f := bar.Open; f <= bar.Close; f++ {
		if t.crsp {
			values[f] = math.Abs(values[f])
		}
		if values[f] <= 0 {
			if g.unpriced = t.skipAssets; g.unpriced {
				return false, f, ""
			}
			return false, f, priceMessage(values[f])
		}
	}
	if missing > 0 {
		return false, field, "there is no value: fill it in or remove the row"
	}
	if math.IsNaN(values[bar.Dividend]) {
		values[bar.Dividend] = 0
	}
	if s := values[bar.Split]; s == 0 || math.IsNaN(s) { // as Yahoo has it on days without one
		values[bar.Split] = 1
	}
	switch {
	case values[bar.Split] < 0:
		return false, bar.Split, "a split is how many units one became, such as 2 or 0.1: correct it"
	case values[bar.Dividend] < 0:
		return false, bar.Dividend, "a dividend is not negative: correct it"
	}
	t.clamp(values)
	if t.badRows == ClampBadRows {
		t.force(g.symbol, line, values)
	}
	if f, wrong := bar.CheckValues(values); wrong != "" {
		return false, f, wrong
	}
	return true, 0, ""
}

// force moves an open or a close that is outside low to high to the nearer of the two, by whatever it is.
func (t *table) force(symbol string, line int, values *[bar.NumFields]float64) {
	low, high := values[bar.Low], values[bar.High]
	if high < low {
		return
	}
	for _, f := range []int{bar.Open, bar.Close} {
		if v := min(max(values[f], low), high); v != values[f] {
			t.moved = noted(t.moved, symbol, bundle.Problem{Line: line, Column: bar.Names[f], Value: bar.FormatFloat(values[f])})
			values[f] = v
		}
	}
}

// priceMessage says what a price of zero or below may be.
func priceMessage(v float64) string {
	if v == 0 {
		return "a price of zero is no price that returns can be computed from: correct it, or leave the asset out with " +
			"--skip-assets"
	}
	return "a negative price: returns cannot be computed from it (crude oil was there in April 2020; CRSP marks the " +
		"average of bid and ask of a day without a trade by a minus sign: give --crsp for its files): correct it, or leave the " +
		"asset out with --skip-assets"
}

// clamp moves an open or a close that is outside low to high by rounding to the nearer of the two.
func (c *tallies) clamp(values *[bar.NumFields]float64) {
	low, high := values[bar.Low], values[bar.High]
	if high < low {
		return
	}
	for _, f := range []int{bar.Open, bar.Close} {
		v := values[f]
		switch tolerance := v * rounding; {
		case v > high && v-high <= tolerance:
			values[f] = high
			c.clamped++
		case v < low && low-v <= tolerance:
			values[f] = low
			c.clamped++
		}
	}
}

// String lists what was done, "" if nothing was.
func (c tallies) String() string {
	text := ""
	for _, part := range []struct {
		n    int
		what string
	}{
		{c.repeated, "rows that were there twice"}, {c.halted, "rows without prices left out"},
		{c.clamped, "prices moved into low to high by a rounding"},
	} {
		if part.n > 0 {
			if text != "" {
				text += ", "
			}
			text += fmt.Sprintf("%d %s", part.n, part.what)
		}
	}
	return text
}
