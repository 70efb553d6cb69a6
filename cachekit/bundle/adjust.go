package bundle

import (
	"fmt"
	"math"
	"time"

	"github.com/bmadventure/optcache/cachekit/internal/bar"
)

// Adjust says for which corporate actions earlier bars are adjusted in reading. What is stored stays raw.
type Adjust uint8

const (
	// AdjustNone leaves bars as they are.
	AdjustNone Adjust = iota

	// AdjustSplits divides the prices before each split by its ratio, and multiplies the volumes by it.
	AdjustSplits

	// AdjustAll adjusts for splits, and multiplies the prices before each dividend by 1 - D/close, the
	// close of the bar before it, as CRSP does.
	AdjustAll
)

// String returns "none", "splits" or "all".
func (a Adjust) String() string {
	return nameOf(int(a), "Adjust", "none", "splits", "all")
}

// ParseAdjust is the inverse of [Adjust.String].
func ParseAdjust(s string) (Adjust, error) {
	for a := AdjustNone; a <= AdjustAll; a++ {
		if s == a.String() {
			return a, nil
		}
	}
	return 0, fmt.Errorf("adjust %q: must be none, splits or all", bar.Clip(s))
}

// Prices says how the prices of a bundle with splits are to be taken.
type Prices uint8

const (
	// DetectPrices decides for each asset, over all its splits together, whether its prices fall as they say.
	DetectPrices Prices = iota

	// RawPrices are as they were paid: every split is applied.
	RawPrices

	// SplitAdjustedPrices are adjusted already, though the splits are still there: none is applied.
	SplitAdjustedPrices
)

// String returns "detect", "raw" or "split-adjusted".
func (p Prices) String() string {
	return nameOf(int(p), "Prices", "detect", "raw", "split-adjusted")
}

// ParsePrices is the inverse of [Prices.String].
func ParsePrices(s string) (Prices, error) {
	for p := DetectPrices; p <= SplitAdjustedPrices; p++ {
		if s == p.String() {
			return p, nil
		}
	}
	return 0, fmt.Errorf("prices %q: must be detect, raw or split-adjusted", bar.Clip(s))
}

func nameOf(i int, kind string, names ...string) string {
	if i >= len(names) {
		return fmt.Sprintf("%s(%d)", kind, i)
	}
	return names[i]
}

// An Adjustment is what was decided for one asset, over all its bars and not only those of the window.
type Adjustment struct {
	Symbol            string
	Splits, Dividends int // that the asset has; a split of 1, of 0 or that is not a number is none

	// Prices is how its prices were taken: raw, where its splits were applied, or split-adjusted, where not.
	// It is detect where there was nothing to decide: no split after the first bar.
	Prices Prices
}

// splitRatio returns how many shares one became, 1 where there was no split.
func splitRatio(x float64) float64 {
	if !(x > 0) || math.IsInf(x, 1) {
		return 1
	}
	return x
}

// dividendOf returns a dividend, 0 where there was none.
func dividendOf(x float64) float64 {
	if !(x > 0) || math.IsInf(x, 1) {
		return 0
	}
	return x
}

// A logSum is the sum of |log x| over numbers x > 0, which is kept as the product of the x above 1 and of 1/x
// of those below: it needs no logarithm, whose last bit is not the same on every machine, and never overflows.
type logSum struct {
	fraction float64 // in [0.5, 1), or 0 for an empty sum
	exponent int
}

// distance returns x or 1/x, whichever is above 1: the exponential of |log x|.
func distance(x float64) float64 { return max(x, 1/x) }

// add adds |log x|, given distance(x).
func (s *logSum) add(x float64) {
	if s.fraction == 0 {
		s.fraction, s.exponent = 0.5, 1
	}
	f, e := math.Frexp(x)
	f, carry := math.Frexp(float64(s.fraction * f))
	s.fraction, s.exponent = f, s.exponent+e+carry
}

func (s *logSum) less(other *logSum) bool {
	if s.exponent != other.exponent {
		return s.exponent < other.exponent
	}
	return s.fraction < other.fraction
}

// move tells how far the price moves at bar t, to the open or to the close, from 1/ratio and from 1: whichever of
// the two is the nearer. It is not ok where a price is not above zero.
func (g *Group) move(t int, ratio float64) (fromSplit, fromOne float64, ok bool) {
	before := g.Close[t-1]
	fromSplit, fromOne = math.Inf(1), math.Inf(1)
	for _, column := range [2][]float64{g.Open, g.Close} {
		if column == nil {
			continue
		}
		m := column[t] / before
		if !(before > 0 && m > 0) || math.IsInf(m, 1) || math.IsInf(m*ratio, 1) || m*ratio == 0 {
			return 0, 0, false
		}
		fromSplit, fromOne = min(fromSplit, distance(m*ratio)), min(fromOne, distance(m))
	}
	return fromSplit, fromOne, true
}

// isRaw decides whether the prices of an asset fall as its splits say: whether its moves are nearer to 1/ratio than
// to 1, all splits together, by the sum of the distances of their logarithms. decided is false without a split to go
// by.
func (g *Group) isRaw() (raw, decided bool) {
	var split, one logSum
	if g.Close == nil {
		return false, false
	}
	for t := 1; t < len(g.Split); t++ {
		ratio := splitRatio(g.Split[t])
		if ratio == 1 {
			continue
		}
		if fromSplit, fromOne, ok := g.move(t, ratio); ok {
			split.add(fromSplit)
			one.add(fromOne)
			decided = true
		}
	}
	return split.less(&one), decided
}

// prices decides how the prices of an asset are to be taken.
func (g *Group) prices(asked Prices) Prices {
	raw, decided := g.isRaw()
	switch {
	case asked != DetectPrices:
		return asked
	case !decided:
		return DetectPrices
	case raw:
		return RawPrices
	}
	return SplitAdjustedPrices
}

// adjust adjusts all bars of an asset in place. Dividend and split columns stay as they are.
//
// Factors are multiplied up from the last bar to the first, a split before a dividend of the same bar, and every
// product is rounded: a price becomes price / ratios * dividends, a volume volume * ratios. Ratios of splits are
// whole numbers mostly, whose products are exact. A dividend is per share as shares are on its date, so where a raw
// price is split on that date too, one share of the close before had ratio times as much.
func (g *Group) adjust(how Adjust, asked Prices) (Adjustment, error) {
	a := Adjustment{Prices: g.prices(asked)}
	ratios, dividends := 1.0, 1.0
	for t := len(g.Times) - 1; t >= 0; t-- {
		g.scale(t, ratios, dividends)
		ratio := 1.0
		if g.Split != nil {
			ratio = splitRatio(g.Split[t])
		}
		if ratio != 1 {
			a.Splits++
		}
		if a.Prices != RawPrices {
			ratio = 1
		}
		ratios = float64(ratios * ratio)
		if g.Dividend == nil || g.Close == nil || dividendOf(g.Dividend[t]) == 0 {
			continue
		}
		a.Dividends++
		if how != AdjustAll || t == 0 {
			continue
		}
		factor := 1 - float64(dividendOf(g.Dividend[t])*ratio)/g.Close[t-1]
		if !(factor > 0 && factor <= 1) {
			return a, fmt.Errorf("asset %q: the dividend of %g on %s is not below the close of %g before it: correct one "+
				"of the two, or adjust for splits only", bar.Clip(g.Asset.Symbol), g.Dividend[t],
				time.Unix(0, g.Times[t]).UTC().Format(time.DateOnly), g.Close[t-1])
		}
		dividends = float64(dividends * factor)
	}
	if !(ratios > 0) || math.IsInf(ratios, 1) || !(dividends > 0) {
		return a, fmt.Errorf("asset %q: the product of its splits and dividends is out of range: correct their columns",
			bar.Clip(g.Asset.Symbol))
	}
	return a, nil
}

// scale applies the factors of all that came after bar t to it.
func (g *Group) scale(t int, ratios, dividends float64) {
	for _, column := range [...][]float64{g.Open, g.High, g.Low, g.Close} {
		if column == nil {
			continue
		}
		if ratios != 1 {
			column[t] /= ratios
		}
		if dividends != 1 {
			column[t] *= dividends
		}
	}
	if g.Volume != nil && ratios != 1 {
		g.Volume[t] *= ratios
	}
}

// A SplitSuspect is a bar whose price moves as if the asset was split, and was not adjusted for.
type SplitSuspect struct {
	Symbol string
	Time   int64   // Unix nanoseconds, UTC
	Ratio  float64 // new shares for an old one
	HasRow bool    // whether the bundle has the split
}

// usualRatios are the splits that are told by their size alone, and their inverses. 3:2 is not among them:
// a price that loses a third in a night has crashed as often as not.
var usualRatios = [...]float64{2, 3, 4, 5, 6, 7, 8, 10, 15, 20, 25, 30, 40, 50, 100}

// SplitSuspects returns at most so many bars, by asset and time, at which a price moves by a split that is not in
// the prices: as a split of the bundle says, where the prices of the asset were found to be raw, or, without a split,
// by the size of a usual one. It is for bars that were not adjusted, and returns none for others. It needs the
// column of closes; Split tells which have a row, and Open makes those without the surer.
//
// A jump without a row must be one between two sessions, to 2 % of a usual ratio at the open and to 5 % at
// the close: a price that crashes seldom stops so near to a simple fraction, and goes on moving.
func (b *Bars) SplitSuspects(most int) []SplitSuspect {
	var found []SplitSuspect
	if b.adjusted != nil {
		return nil
	}
	for i := range b.assets {
		g := b.Group(i)
		if g.Close == nil {
			return nil
		}
		raw, _ := g.isRaw()
		c := newSessionCursor(b.sessions)
		for t, at := range g.Times {
			if len(found) >= most {
				return found
			}
			begins := c.begins(at)
			if t == 0 {
				continue
			}
			if ratio, row := g.suspect(t, raw, begins); ratio != 1 {
				found = append(found, SplitSuspect{g.Asset.Symbol, at, ratio, row})
			}
		}
	}
	return found
}

// suspect returns the split by which the price seems to move at bar t, 1 for none, and whether there is one
// in the bundle; raw says whether the splits of the asset are in its prices.
func (g *Group) suspect(t int, raw, begins bool) (ratio float64, row bool) {
	if g.Split != nil {
		if ratio = splitRatio(g.Split[t]); ratio != 1 {
			fromSplit, fromOne, ok := g.move(t, ratio)
			if raw && ok && fromSplit < fromOne {
				return ratio, true
			}
			return 1, false
		}
	}
	before := g.Close[t-1]
	if !begins || !(before > 0 && g.Close[t] > 0) {
		return 1, false
	}
	fall := before / g.Close[t]
	if fall < 1.9 && fall > 1/1.9 { // nearly all bars
		return 1, false
	}
	for _, usual := range usualRatios {
		if fall < 1 {
			usual = 1 / usual
		}
		if distance(fall/usual) < 1.05 && (g.Open == nil || distance(before/g.Open[t]/usual) < 1.02) {
			return usual, false
		}
	}
	return 1, false
}
