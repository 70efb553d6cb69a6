package bundle

import (
	"context"
	"fmt"

	"github.com/bmadventure/optcache/cachekit/internal/bar"
)

// A Series is the bars of one asset on their way into a store. Open to Close
// are as long as Times; Volume, Dividend and Split are too, or nil. A volume that
// is not known is NaN. [Store.Write] reads the slices and keeps none of them.
type Series struct {
	Symbol string
	Times  []int64 // Unix nanoseconds, ascending; midnight UTC for bars of a day and longer

	Open, High, Low, Close, Volume, Dividend, Split []float64
}

// columns returns the columns in the order of the fields.
func (s *Series) columns() [bar.NumFields]*[]float64 {
	return [bar.NumFields]*[]float64{&s.Open, &s.High, &s.Low, &s.Close, &s.Volume, &s.Dividend, &s.Split}
}

// Describe returns what s has; see [Rows].
func (s *Series) Describe() (symbol string, fields Fields, bars int) {
	fields = OHLC
	for f, c := range s.columns() {
		if *c != nil {
			fields |= 1 << f
		}
	}
	return s.Symbol, fields, len(s.Times)
}

// Read appends the bars lo to hi of s; see [Rows].
func (s *Series) Read(_ context.Context, lo, hi int, into *Series) error {
	into.Times = append(into.Times, s.Times[lo:hi]...)
	columns := s.columns()
	for f, to := range into.columns() {
		if *columns[f] != nil {
			*to = append(*to, (*columns[f])[lo:hi]...)
		}
	}
	return nil
}

// checkLengths says which column has not one value for each bar.
func (s *Series) checkLengths() (p Problem, wrong bool) {
	for f, c := range s.columns() {
		if len(*c) != len(s.Times) && (*c != nil || OHLC.Has(1<<f)) {
			return Problem{File: s.Symbol, Column: bar.Names[f],
				Message: fmt.Sprintf("it has %d values for %d bars: give one for each", len(*c), len(s.Times))}, true
		}
	}
	return Problem{}, false
}

// at returns the values of bar i, with those that say nothing where s has no column.
func (s *Series) at(i int) (values [bar.NumFields]float64) {
	for f, c := range s.columns() {
		values[f] = bar.Neutral(f)
		if *c != nil {
			values[f] = (*c)[i]
		}
	}
	return values
}

// empty takes all bars away and keeps the memory.
func (s *Series) empty() { s.drop(len(s.Times)) }

// drop takes the first n bars away and keeps the memory.
func (s *Series) drop(n int) {
	s.Times = append(s.Times[:0], s.Times[n:]...)
	for _, c := range s.columns() {
		if len(*c) >= n {
			*c = append((*c)[:0], (*c)[n:]...)
		}
	}
}

// slice returns the bars lo to hi, in the memory of s.
func (s *Series) slice(lo, hi int) Series {
	part := *s
	part.Times = s.Times[lo:hi]
	for _, c := range part.columns() {
		if len(*c) >= hi {
			*c = (*c)[lo:hi]
		}
	}
	return part
}

// fill gives s a value in each of the fields for every bar, and a volume that is not known the one NaN that is stored.
func (s *Series) fill(fields Fields) {
	for f, c := range s.columns() {
		if fields.Has(1 << f) {
			*c = bar.Pad(*c, len(s.Times), f)
		}
	}
	for i, v := range s.Volume {
		if v != v {
			s.Volume[i] = bar.Neutral(bar.Volume)
		}
	}
}
