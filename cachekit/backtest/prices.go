package backtest

import (
	"fmt"
	"math"
	"time"

	"github.com/bmadventure/optcache/cachekit/bundle"
)

// checkPrices returns an error for the first bar whose open or close is no price.
func checkPrices(s Strategy, g bundle.Group) error {
	if len(g.Close) != len(g.Times) || len(g.Open) != len(g.Times) {
		return fmt.Errorf("%v on %s: the bars were read without open or close: read both fields", s, g.Asset.Symbol)
	}
	opens := g.Open[:len(g.Close)]
	if allPrices(g.Close, opens) {
		return nil
	}
	for i, x := range g.Close {
		if !isPrice(x) {
			return priceError(s, g, i, "close", x)
		}
		if !isPrice(opens[i]) {
			return priceError(s, g, i, "open", opens[i])
		}
	}
	return nil
}

// allPrices reports whether all numbers of two columns of one length are prices. It looks
// for the largest bits without a branch, which takes half as long as to ask each number.
func allPrices(a, b []float64) bool {
	var inA, inB uint64
	b = b[:len(a)]
	for i, x := range a {
		inA = max(inA, math.Float64bits(x)-1)
		inB = max(inB, math.Float64bits(b[i])-1)
	}
	return max(inA, inB) < infinite-1
}

// infinite is the bits of +Inf. Positive finite numbers have the bits 1 to those below.
const infinite = 0x7FF << 52

// isPrice reports whether x is positive and finite.
func isPrice(x float64) bool { return math.Float64bits(x)-1 < infinite-1 }

// priceError says which price of which bar is wrong.
func priceError(s Strategy, g bundle.Group, bar int, field string, price float64) error {
	return fmt.Errorf("%v on %s: %s of the bar at %s is %v: must be a positive number: correct the source and ingest it again",
		s, g.Asset.Symbol, field, time.Unix(0, g.Times[bar]).UTC().Format(time.RFC3339), price)
}
