package bundle

import (
	"iter"
	"slices"
	"strings"
	"unsafe"

	"github.com/bmadventure/optcache/cachekit/market"
	"github.com/bmadventure/optcache/sizing"
)

// An AssetList is the assets of a version, by symbol. It cannot be changed, so
// that a cache may give it to many callers at once. Its methods may be called
// concurrently.
type AssetList struct{ assets []market.Asset }

// List returns the assets as a list that does not keep the bundle in memory.
func (b *Bundle) List() *AssetList { return &AssetList{slices.Clone(b.manifest.assets)} }

// Len returns the number of assets.
func (l *AssetList) Len() int { return len(l.assets) }

// At returns asset i, 0 <= i < Len().
func (l *AssetList) At(i int) market.Asset { return l.assets[i] }

// All returns the assets in the order of their symbols.
func (l *AssetList) All() iter.Seq[market.Asset] { return slices.Values(l.assets) }

// Contains reports whether there is an asset with that symbol, by a binary
// search.
func (l *AssetList) Contains(symbol string) bool {
	_, ok := slices.BinarySearchFunc(l.assets, symbol, func(a market.Asset, s string) int {
		return strings.Compare(a.Symbol, s)
	})
	return ok
}

// SizeBytes returns the heap that l holds, in bytes, with the symbols.
func (l *AssetList) SizeBytes() int64 {
	n := sizing.Alloc(int64(unsafe.Sizeof(*l))) + sizing.Slice(l.assets)
	for _, a := range l.assets {
		n += sizing.String(a.Symbol)
	}
	return n
}
