package bar

import "math"

// Positions of the fields among the columns.
const (
	Open = iota
	High
	Low
	Close
	Volume
	Dividend
	Split

	NumFields // how many there are
)

// Names are the fields as columns are called.
var Names = [NumFields]string{"open", "high", "low", "close", "volume", "dividend", "split"}

// Pad appends to c, up to n values, what a field has where nothing happened.
func Pad(c []float64, n, field int) []float64 {
	for len(c) < n {
		c = append(c, Neutral(field))
	}
	return c
}

// Neutral returns the value of a field that says nothing: a split of one for
// one, no dividend, a volume that is not known.
func Neutral(field int) float64 {
	switch field {
	case Split:
		return 1
	case Volume:
		return math.NaN()
	}
	return 0
}
