package bundle

import "github.com/bmadventure/optcache/generated/assets"

// An AssetList is the assets of a version, in the order of their symbols.
type AssetList = assets.AssetList

// List returns the assets as a list that does not keep the bundle in memory.
func (b *Bundle) List() *AssetList { return assets.NewAssetList(b.manifest.assets) }
