package propertytest_test

import (
	"context"
	"encoding/binary"
	"hash/fnv"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/bmadventure/optcache/cachekit"
	"github.com/bmadventure/optcache/cachekit/market"
	"github.com/bmadventure/optcache/generated/assets"
	"github.com/bmadventure/optcache/generated/bars"
	"github.com/bmadventure/optcache/property_test"
	"github.com/bmadventure/optcache/sizing"
)

// A kind is a cache of ours: the generic one with some types, or one that was generated.
type kind[K comparable, V any] struct {
	name    string
	keys    []K
	value   func(key K, version int) V
	large   func(bytes int64, key K, version int) V // refers to more than so many bytes
	size    func(key K, value V) int64              // of the heap that they refer to
	version func(key K) [32]byte
	half    func(key K) int // of two caches, the one that the key goes to
	digest  func(value V) uint64
	change  func(value V) // as a careless reader does; nil if values cannot be changed
	open    func(o cachekit.Options[K, V], load propertytest.Loader[K, V]) (*cachekit.Cache[K, V], getter[K, V], error)
}

type getter[K comparable, V any] = func(context.Context, K) (V, error)

// A listKey is a key like those of lists and bars: most of its fields are equal most of
// the time.
type listKey struct {
	Bundle   string
	Version  [32]byte
	Window   int
	Adjusted bool
}

var generic = kind[listKey, []float64]{
	name: "generic",
	keys: []listKey{
		{"spy", [32]byte{1}, 120, false},
		{"spy1", [32]byte{1}, 20, false},
		{"spy", [32]byte{2}, 120, false},
		{"spy", [32]byte{1}, 121, true},
		{"qqq", [32]byte{31: 1}, 21, false},
		{"", [32]byte{}, 0, false},
	},
	value: numbers,
	large: func(bytes int64, k listKey, version int) []float64 {
		return append(numbers(k, version), make([]float64, bytes/8)...)
	},
	size:    heapOf,
	version: func(k listKey) [32]byte { return k.Version },
	half:    func(k listKey) int { return k.Window & 1 },
	digest: func(v []float64) uint64 {
		h := fnv.New64a()
		for _, x := range v {
			h.Write(binary.LittleEndian.AppendUint64(nil, math.Float64bits(x)))
		}
		return h.Sum64()
	},
	change: func(v []float64) { v[len(v)-1]++ },
	open: func(o cachekit.Options[listKey, []float64], load propertytest.Loader[listKey, []float64]) (*cachekit.Cache[listKey, []float64], getter[listKey, []float64], error) {
		o.Size = heapOf
		c, err := cachekit.New(o)
		return c, func(ctx context.Context, k listKey) ([]float64, error) { return c.Get(ctx, k, load) }, err
	},
}

func heapOf(k listKey, v []float64) int64 { return sizing.String(k.Bundle) + sizing.Slice(v) }

// numbers is a list of 8 to 16 numbers that no two keys and versions share.
func numbers(k listKey, version int) []float64 {
	v := make([]float64, 16-uint(len(k.Bundle)+k.Window+3*version+int(k.Version[0]))%9)
	v[0] = float64(version)
	v[1] = float64(k.Version[0]) + 1000*float64(k.Version[31])
	v[2] = float64(k.Window)
	for i := range len(k.Bundle) {
		v[3] = float64(v[3]*256) + float64(k.Bundle[i])
	}
	if k.Adjusted {
		v[4] = math.Copysign(0, -1)
	}
	return v
}

type (
	lists       = cachekit.Cache[market.ListKey, *assets.AssetList]
	listOptions = cachekit.Options[market.ListKey, *assets.AssetList]
	listLoader  = propertytest.Loader[market.ListKey, *assets.AssetList]
)

var assetLists = kind[market.ListKey, *assets.AssetList]{
	name: "assets",
	keys: []market.ListKey{
		{Bundle: "spy", Version: [32]byte{1}}, {Bundle: "spy", Version: [32]byte{2}}, {Bundle: "spy1", Version: [32]byte{1}},
		{Bundle: "", Version: [32]byte{31: 1}}, {Bundle: "spy", Version: [32]byte{1, 31: 1}},
	},
	value: func(k market.ListKey, version int) *assets.AssetList {
		return assets.NewAssetList(assetsOf(k, version, 1+version%3))
	},
	large: func(bytes int64, k market.ListKey, version int) *assets.AssetList {
		rows := assetsOf(k, version, 3)
		rows[2].Symbol += strings.Repeat("x", int(bytes)) // one long text takes less time than many short ones
		return assets.NewAssetList(rows)
	},
	size: func(k market.ListKey, l *assets.AssetList) int64 {
		bytes := sizing.String(k.Bundle)
		if l != nil {
			bytes += l.SizeBytes()
		}
		return bytes
	},
	version: func(k market.ListKey) [32]byte { return k.Version },
	half:    func(k market.ListKey) int { return int(k.Version[0] & 1) },
	open: func(o listOptions, load listLoader) (*lists, getter[market.ListKey, *assets.AssetList], error) {
		c, err := assets.NewAssetListCache(o, load)
		if err != nil {
			return nil, nil, err
		}
		return c.Cache, c.Get, nil
	},
}

// assetsOf are assets that no two keys and versions share.
func assetsOf(k market.ListKey, version, n int) []market.Asset {
	rows := make([]market.Asset, n)
	for i := range rows {
		rows[i] = market.Asset{ID: binary.LittleEndian.Uint64(k.Version[24:]), Symbol: k.Bundle + "/" + strconv.Itoa(version<<16|i<<8|int(k.Version[0]))}
	}
	return rows
}

type (
	grouped        = cachekit.Cache[market.BarsKey, *bars.Bars]
	groupedOptions = cachekit.Options[market.BarsKey, *bars.Bars]
	groupedLoader  = propertytest.Loader[market.BarsKey, *bars.Bars]
)

var groupedBars = kind[market.BarsKey, *bars.Bars]{
	name: "bars",
	keys: []market.BarsKey{
		{Digest: [32]byte{1}}, {Digest: [32]byte{2}}, {Digest: [32]byte{8: 1}}, {Digest: [32]byte{31: 1}}, {},
	},
	value: func(k market.BarsKey, version int) *bars.Bars { return barsOf(k, version, 1+version%3) },
	large: func(bytes int64, k market.BarsKey, version int) *bars.Bars {
		return barsOf(k, version, 3+int(bytes/40))
	},
	size: func(_ market.BarsKey, b *bars.Bars) int64 {
		if b == nil {
			return 0
		}
		return b.SizeBytes()
	},
	version: func(k market.BarsKey) [32]byte { return k.Digest },
	half:    func(k market.BarsKey) int { return int(k.Digest[0] & 1) },
	digest: func(b *bars.Bars) uint64 {
		if b == nil {
			return 0
		}
		return math.Float64bits(b.Columns().Close[0])
	},
	change: func(b *bars.Bars) { b.Columns().Close[0]++ },
	open: func(o groupedOptions, load groupedLoader) (*grouped, getter[market.BarsKey, *bars.Bars], error) {
		c, err := bars.NewBarsCache(o, load)
		if err != nil {
			return nil, nil, err
		}
		return c.Cache, c.Get, nil
	},
}

// barsOf are grouped bars that no two keys and versions share.
func barsOf(k market.BarsKey, version, n int) *bars.Bars {
	rows := make([]market.Bar, n)
	for i := range rows {
		rows[i] = market.Bar{
			Symbol: "A", Time: time.Unix(int64(i), 0).UTC(), Close: float64(version),
			Open: float64(k.Digest[0]), High: float64(k.Digest[8]), Low: float64(k.Digest[31]),
		}
	}
	b, err := bars.GroupBars(rows)
	if err != nil {
		panic(err)
	}
	return b
}

// words are values of one word by keys of one word, for which the cache has paths of their own. A
// value below 0 is its size.
var words = kind[uint64, int64]{
	name:    "words",
	keys:    []uint64{0, 1, 2, 1 << 32, 1 << 63},
	value:   func(k uint64, version int) int64 { return int64(mixed(k, version) >> 1) },
	large:   func(bytes int64, k uint64, version int) int64 { return -bytes - 1 - int64(mixed(k, version)>>50) },
	size:    func(_ uint64, v int64) int64 { return max(0, -v) },
	version: func(k uint64) [32]byte { return [32]byte{byte(k)} },
	half:    func(k uint64) int { return int(k & 1) },
	open: func(o cachekit.Options[uint64, int64], load propertytest.Loader[uint64, int64]) (*cachekit.Cache[uint64, int64], getter[uint64, int64], error) {
		o.Size = func(_ uint64, v int64) int64 { return max(0, -v) }
		c, err := cachekit.New(o)
		return c, func(ctx context.Context, k uint64) (int64, error) { return c.Get(ctx, k, load) }, err
	},
}

// mixed spreads a key and a version over a word: the finalizer of SplitMix64.
func mixed(k uint64, version int) uint64 {
	x := k*31 + uint64(version) + 1
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}
