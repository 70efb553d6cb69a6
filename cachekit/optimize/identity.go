package optimize

import (
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/bmadventure/optcache/cachekit/bundle"
	"github.com/bmadventure/optcache/cachekit/optimize/record"
)

// digestBytes is how much of an asset's digest an identity keeps. It tells a changed asset from
// one that is the same to a person; the version, all of which is kept, decides.
const digestBytes = 8

// Identity says which bars the trials of a view may read: the bundle, its version with a digest of each
// asset, and the symbols, the window and the decisions of the query where it has them. It is what the
// [record.Identity] of a run over the view begins with. It reads no bars.
func (v *View) Identity() (record.Identity, error) {
	b, q := v.pin.bundle, v.query
	symbols := q.Symbols
	if symbols == nil {
		for _, a := range b.Assets() {
			symbols = append(symbols, a.Symbol)
		}
	}
	digests := make(map[string]string, len(symbols))
	for _, s := range symbols {
		of := bundle.Query{Symbols: []string{s}, Window: q.Window, Adjust: q.Adjust, Prices: q.Prices}
		key, err := b.Key(of)
		if err != nil {
			return nil, fmt.Errorf("identify the bars of %s: %w", s, err)
		}
		digests[s] = hex.EncodeToString(key.Digest[:digestBytes])
	}
	id := record.Identity{{Name: "bundle", Value: b.Name()}, {Name: "version", Value: b.Version().String(), Assets: digests}}
	if q.Symbols != nil {
		id = append(id, record.IdentityLine{Name: "assets", Value: strings.Join(slices.Sorted(maps.Keys(digests)), ",")})
	}
	if w := q.Window; !w.From.IsZero() || !w.To.IsZero() {
		id = append(id, record.IdentityLine{Name: "window", Value: end(w.From) + " to " + end(w.To)})
	}
	return append(id, decisions(q)...), nil
}

// decisions names what a query decides beside which bars it reads, where it does.
func decisions(q bundle.Query) (lines []record.IdentityLine) {
	add := func(name, value string, decided bool) {
		if decided {
			lines = append(lines, record.IdentityLine{Name: name, Value: value})
		}
	}
	add("bars a year", strconv.FormatFloat(q.PeriodsPerYear, 'g', -1, 64), q.PeriodsPerYear != 0)
	add("time zone", q.TimeZone, q.TimeZone != "")
	add("session", q.Session, q.Session != "")
	add("adjust", q.Adjust.String(), q.Adjust != bundle.AdjustNone)
	add("prices", q.Prices.String(), q.Adjust != bundle.AdjustNone && q.Prices != bundle.DetectPrices)
	return lines
}

// end names the end of a window.
func end(t time.Time) string {
	if t.IsZero() {
		return "any time"
	}
	return t.UTC().Format(time.RFC3339Nano)
}
