package bundle

import (
	"context"
	"fmt"

	"github.com/bmadventure/optcache/cachekit/internal/bar"
	"github.com/bmadventure/optcache/cachekit/market"
)

// Rows is the bars of one asset on their way into a store, which need not be in memory: a store reads them twice,
// piece by piece, and must find the same both times. A [*Series] is Rows. Methods may be called concurrently.
type Rows interface {
	// Describe returns the symbol, the columns ([OHLC] at least) and how many bars there are.
	Describe() (symbol string, fields Fields, bars int)

	// Read appends the bars lo to hi, in the order of time, to the times and to the columns of into that Describe
	// names. It leaves the others as they are, and keeps none of the memory.
	Read(ctx context.Context, lo, hi int, into *Series) error
}

// readRows appends the bars lo to hi of r to s.
func readRows(ctx context.Context, r Rows, lo, hi int, s *Series) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	symbol, fields, _ := r.Describe()
	before := len(s.Times)
	if err := r.Read(ctx, lo, hi, s); err != nil {
		return fmt.Errorf("read bars %d to %d of %q: %w", lo, hi, symbol, err)
	}
	for f, c := range s.columns() {
		if fields.Has(1<<f) && len(*c) != before+hi-lo || len(s.Times) != before+hi-lo {
			return fmt.Errorf("read bars %d to %d of %q: the column %s has %d values after %d: Rows must append one for "+
				"each bar", lo, hi, symbol, bar.Names[f], len(*c), before)
		}
	}
	return nil
}

// A rowCheck holds the bars of one asset, as they come, against the rules.
type rowCheck struct {
	frequency     market.Frequency
	symbol        string
	line          int   // how many bars it saw
	last          int64 // the time of the last of them
	times, values problems
}

// check looks at the bars of s from lo on.
func (c *rowCheck) check(s *Series, lo int) {
	for i := lo; i < len(s.Times); i++ {
		c.line++
		c.time(s.Times[i])
		values := s.at(i)
		if f, wrong := bar.CheckValues(&values); wrong != "" {
			c.values.Add(Problem{File: c.symbol, Line: c.line, Column: bar.Names[f],
				Value: bar.FormatFloat(values[f]), Message: wrong})
		}
	}
}

func (c *rowCheck) time(t int64) {
	if wrong := bar.CheckTime(c.frequency, t); wrong != "" {
		c.times.Add(Problem{File: c.symbol, Line: c.line, Column: "time", Value: bar.FormatTime(market.Minute, t),
			Message: wrong})
	}
	if c.line > 1 && t <= c.last {
		c.times.Add(Problem{File: c.symbol, Line: c.line, Column: "time", Value: bar.FormatTime(c.frequency, t),
			Message: bar.OrderMessage(t == c.last, bar.FormatTime(c.frequency, c.last), c.line-1)})
	}
	c.last = t
}

func (c *rowCheck) failed() bool { return c.times.Any() || c.values.Any() }
