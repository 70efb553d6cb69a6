package backtest

import (
	"errors"
	"fmt"
	"math"

	"github.com/bmadventure/optcache/cachekit/bundle"
)

// An Indicator computes a series from the bars of one asset and a length. The
// package's own are variables; [NewIndicator] makes more. It may be used
// concurrently.
type Indicator struct {
	name    string
	fields  bundle.Fields
	least   int // smallest length
	compute func(dst []float64, g bundle.Group, length int)
}

// The indicators. Each has a value for every bar, the bar itself included; those
// before the first full window are NaN. A window that moves is summed in an order
// that follows from its place counted from the asset's first bar, never by adding
// and subtracting, so no error adds up over the bars.
var (
	// SMA is the mean of the last length closes.
	SMA = newIndicator("sma", bundle.Close, 1, fillSMA)

	// EMA is the exponential moving average with the weight 2/(length+1), which
	// starts as the mean of the first length closes.
	EMA = newIndicator("ema", bundle.Close, 1, fillEMA)

	// StdDev is the standard deviation of the last length closes, with length-1
	// in the denominator; length is at least 2. It is exactly 0 where they are equal.
	StdDev = newIndicator("stddev", bundle.Close, 2, fillStdDev)

	// Highest is the highest high of the last length bars.
	Highest = newIndicator("highest", bundle.High, 1, fillHighest)

	// Lowest is the lowest low of the last length bars.
	Lowest = newIndicator("lowest", bundle.Low, 1, fillLowest)

	// RSI is Wilder's relative strength index, 0 to 100 (New Concepts in Technical
	// Trading Systems, 1978): 100*up/(up+down) of the smoothed rises and falls of
	// the close, which start as the means of the first length changes. It is 50
	// where the close never moved.
	RSI = newIndicator("rsi", bundle.Close, 1, fillRSI)

	// ATR is Wilder's average true range, smoothed as in RSI; the first bar has no
	// true range. It is computed from high, low and the close before.
	ATR = newIndicator("atr", bundle.High|bundle.Low|bundle.Close, 1, fillATR)

	// Returns is the close divided by the close length bars before, less 1.
	Returns = newIndicator("returns", bundle.Close, 1, fillReturns)
)

// NewIndicator returns an indicator of the user's. The name identifies it in
// caches, so it must change whenever compute does: "hull/2". compute fills dst,
// which is as long as g.Times, with a value for every bar; it is a pure function
// of those columns of g that fields has, and of length, and element i follows
// from the bars up to i alone. It must not keep dst.
//
// NewIndicator panics if the name is empty or compute is nil.
func NewIndicator(name string, fields bundle.Fields, compute func(dst []float64, g bundle.Group, length int)) *Indicator {
	if name == "" || compute == nil {
		panic("backtest: NewIndicator: an indicator needs a name and a function")
	}
	// No name of ours has this form, so that none can be taken.
	return newIndicator("custom:"+name, fields, 1, compute)
}

func newIndicator(name string, fields bundle.Fields, least int, compute func(dst []float64, g bundle.Group, length int)) *Indicator {
	return &Indicator{name, fields, least, compute}
}

// Name returns the name that identifies the indicator.
func (n *Indicator) Name() string { return n.name }

// Fields returns the columns that the indicator reads.
func (n *Indicator) Fields() bundle.Fields { return n.fields }

// A Series is an indicator with its length in bars. Series may be compared.
type Series struct {
	Indicator *Indicator
	Length    int
}

// String returns the name of the indicator with its length, such as "sma(20)".
func (s Series) String() string {
	if s.Indicator == nil {
		return fmt.Sprintf("nothing(%d)", s.Length)
	}
	return fmt.Sprintf("%s(%d)", s.Indicator.name, s.Length)
}

// Fill computes the series of an asset into dst, which is as long as g.Times.
// It fails if the length is out of range or a column is missing.
func (s Series) Fill(dst []float64, g bundle.Group) error {
	switch {
	case s.Indicator == nil:
		return errors.New("compute a series: it has no indicator: take SMA or another")
	case s.Length < s.Indicator.least:
		return fmt.Errorf("compute %v: the length must be at least %d", s, s.Indicator.least)
	}
	if missing := s.Indicator.fields &^ columnsOf(g); missing != 0 {
		return fmt.Errorf("compute %v on %s: the bars were read without %s: read it too", s, g.Asset.Symbol, missing)
	}
	s.Indicator.compute(dst, g, s.Length)
	return nil
}

// columnsOf returns the columns that g has.
func columnsOf(g bundle.Group) (f bundle.Fields) {
	for i, c := range [...][]float64{g.Open, g.High, g.Low, g.Close, g.Volume, g.Dividend, g.Split} {
		if c != nil {
			f |= bundle.Open << i
		}
	}
	return f
}

// warmUp sets the elements of dst before the first full window to NaN and
// returns whether there are others.
func warmUp(dst []float64, n int) bool {
	for i := range dst[:min(n, len(dst))] {
		dst[i] = math.NaN()
	}
	return n < len(dst)
}

func fillReturns(dst []float64, g bundle.Group, length int) {
	if !warmUp(dst, length) {
		return
	}
	closes, before := g.Close[length:], g.Close
	for i, x := range closes {
		dst[length+i] = x/before[i] - 1
	}
}
