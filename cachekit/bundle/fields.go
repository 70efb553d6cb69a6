package bundle

import (
	"fmt"
	"strings"

	"github.com/bmadventure/optcache/cachekit/internal/bar"
)

// Fields is a set of the numeric columns of a bundle. The times of the bars are
// not in it: they are always read.
type Fields uint8

// The columns a bundle may have. Open to Close are in every bundle; the others only
// where the source had them.
const (
	Open     Fields = 1 << iota // first price of the bar
	High                        // highest price
	Low                         // lowest price
	Close                       // last price
	Volume                      // units traded; NaN where that is not known
	Dividend                    // cash paid per unit on this date, 0 on most
	Split                       // units that one unit became on this date, 1 on most
)

const (
	// OHLC is the four columns that every bundle has.
	OHLC = Open | High | Low | Close

	// OHLCV is the columns that most bundles have: indices and currencies have no volume.
	OHLCV = Open | High | Low | Close | Volume

	allFields = OHLCV | Dividend | Split
)

// Has reports whether every field of g is in f.
func (f Fields) Has(g Fields) bool { return f&g == g }

// Names returns the lower-case column names of f in the order of the constants.
func (f Fields) Names() []string {
	var names []string
	for i, name := range bar.Names {
		if f.Has(1 << i) {
			names = append(names, name)
		}
	}
	return names
}

// String returns the names of f joined by commas.
func (f Fields) String() string { return strings.Join(f.Names(), ",") }

// ParseFields is the inverse of [Fields.String].
func ParseFields(s string) (Fields, error) {
	var f Fields
	for name := range strings.SplitSeq(s, ",") {
		bit, ok := fieldNamed(strings.TrimSpace(name))
		if !ok {
			return 0, fmt.Errorf("field %q: must be one of %s", name, allFields)
		}
		f |= bit
	}
	return f, nil
}

func fieldNamed(name string) (Fields, bool) {
	for i, n := range bar.Names {
		if n == name {
			return 1 << i, true
		}
	}
	return 0, false
}
