// Package market has the rows that the rest of optcache works on: one [Bar] of
// one asset, the [Asset] itself, and the [Frequency] of the bars.
//
// It holds plain values and nothing else, so that generated code and users can
// import it without taking a store, a cache or a backtest with it.
package market

//go:generate go run ../../gen -type ListKey -o ../../generated/assets/assets.go
//go:generate go run ../../gen -type Bar -o ../../generated/bars/bars.go

import "time"

// A Bar is what one asset did during one session (daily bars), a minute, a week: whatever its [Frequency] says. Prices are in the currency of the source, as the source has
// them; Volume is in units of the asset.
//
//optcache:grouped by=Symbol cache=BarsCache key=BarsKey
type Bar struct {
	Symbol                         string
	Time                           time.Time // start of the bar; midnight UTC of the date for bars of a day and longer
	Open, High, Low, Close, Volume float64
}

// An Asset is one traded instrument of a bundle.
type Asset struct {
	// ID is a number below 2^52 that depends on nothing but the symbol, so that
	// adding an asset to a bundle renumbers none, and that a float64 (and so
	// any JSON reader) holds exactly.
	ID uint64 `json:"id"`

	// Symbol is the name under which the source knows the asset.
	Symbol string `json:"symbol"`
}

// A ListKey is the key of the asset list of one version of a bundle.
//
//optcache:list of=Asset cache=AssetListCache
type ListKey struct {
	// Bundle is the name of the bundle.
	Bundle string

	// Version is the content hash of the bundle's data.
	Version [32]byte `optcache:"digest"`
}

// A BarsKey is the key of everything that is derived from certain bars and from
// nothing else: a digest of the bars themselves, of the window, the fields and the
// frequency.
type BarsKey struct {
	Digest [32]byte `optcache:"digest"`
}
