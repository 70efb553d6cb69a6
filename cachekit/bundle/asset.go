package bundle

import (
	"crypto/sha256"
	"encoding/binary"

	"github.com/bmadventure/optcache/cachekit/market"
)

// newAsset returns the asset with that symbol. Its ID is the first 52 bits of
// the SHA-256 of the symbol: no history and no neighbour can change it.
func newAsset(symbol string) market.Asset {
	sum := sha256.Sum256([]byte(symbol))
	return market.Asset{ID: binary.BigEndian.Uint64(sum[:8]) >> 12, Symbol: symbol}
}
