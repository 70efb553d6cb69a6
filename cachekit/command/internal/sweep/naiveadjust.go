package sweep

import (
	"math"

	"github.com/bmadventure/optcache/cachekit/bundle"
)

// adjust adjusts the bars of one asset as the definition says, bar by bar: a price is divided by the product of
// the splits after it and multiplied by the product of 1 - D/close of the dividends after it, the last first.
func adjust(rows []naiveRow, how bundle.Adjust, prices bundle.Prices) {
	if how == bundle.AdjustNone {
		return
	}
	splits := prices == bundle.RawPrices || prices == bundle.DetectPrices && pricesFall(rows)
	type event struct {
		at              int
		split, dividend float64
	}
	var events []event // the last first
	for i := len(rows) - 1; i > 0; i-- {
		e := event{i, 1, 1}
		if s := rows[i].split; splits && s > 0 {
			e.split = s
		}
		if d := rows[i].dividend; how == bundle.AdjustAll && d > 0 {
			e.dividend = 1 - float64(d*e.split)/rows[i-1].close
		}
		if e.split != 1 || e.dividend != 1 {
			events = append(events, e)
		}
	}
	for i := range rows {
		shares, factor := 1.0, 1.0
		for _, e := range events {
			if e.at > i {
				shares, factor = float64(shares*e.split), float64(factor*e.dividend)
			}
		}
		r := &rows[i].bar
		for _, price := range []*float64{&r.open, &r.high, &r.low, &r.close} {
			*price = *price / shares * factor
		}
		r.volume *= shares
	}
}

// pricesFall reports whether the prices of an asset move at its splits as these say rather than not at all.
func pricesFall(rows []naiveRow) bool {
	fromSplit, fromOne := 0.0, 0.0
	for i := 1; i < len(rows); i++ {
		s, before := rows[i].split, rows[i-1].close
		if !(s > 0) || s == 1 || !(before > 0 && rows[i].open > 0 && rows[i].close > 0) {
			continue
		}
		toOpen, toClose := math.Log(rows[i].open/before), math.Log(rows[i].close/before)
		fromSplit += min(math.Abs(toOpen+math.Log(s)), math.Abs(toClose+math.Log(s)))
		fromOne += min(math.Abs(toOpen), math.Abs(toClose))
	}
	return fromSplit < fromOne
}
