package optimize

import (
	"context"
	"encoding/binary"
	"sync"

	"github.com/bmadventure/optcache/cachekit"
	"github.com/bmadventure/optcache/cachekit/backtest"
	"github.com/bmadventure/optcache/cachekit/bundle"
	"github.com/bmadventure/optcache/cachekit/rt"
	"github.com/bmadventure/optcache/sizing"
)

// A seriesKey is the key of a derived series of one asset: the leaves that it is
// computed from, the window, the frequency and the adjustment (all in Bars), the indicator and its
// length. A correction to one asset leaves the series of the others valid, and a
// series of closes serves whoever reads other columns beside them.
type seriesKey struct {
	Bars      bundle.BarsKey
	Indicator string
	Length    int
}

// newSeriesCache returns the cache of derived series. If config names no policy it has the
// planned one, for a [Sweep] knows what its trials will ask for.
func newSeriesCache(config cachekit.Config, budget *sizing.Budget) (*cachekit.Cache[seriesKey, []float64], error) {
	if config.Policy == "" {
		config.Policy = "planned"
	}
	p, err := config.NewPolicy()
	if err != nil {
		return nil, err
	}
	return cachekit.New(cachekit.Options[seriesKey, []float64]{
		Name:    "derived series",
		Policy:  p,
		Budget:  budget,
		Size:    func(_ seriesKey, column []float64) int64 { return sizing.Slice(column) },
		Version: func(k seriesKey) [32]byte { return k.Bars.Digest },
		Hooks:   rt.Hooks[seriesKey]{Hash: hashSeries},
	})
}

// hashSeries hashes all of a key but what the digest says already.
func hashSeries(k *seriesKey, seed uint64) uint64 {
	return rt.HashString(rt.HashUint64(hashDigest(&k.Bars.Digest, seed), uint64(k.Length)), k.Indicator)
}

// hashDigest takes a hash from one that is there already.
func hashDigest(digest *[32]byte, seed uint64) uint64 {
	return rt.HashUint64(seed, binary.LittleEndian.Uint64(digest[:]))
}

// sameDigest is *a == *b, in line.
func sameDigest(a, b *[32]byte) bool {
	return (binary.LittleEndian.Uint64(a[0:])^binary.LittleEndian.Uint64(b[0:]))|
		(binary.LittleEndian.Uint64(a[8:])^binary.LittleEndian.Uint64(b[8:]))|
		(binary.LittleEndian.Uint64(a[16:])^binary.LittleEndian.Uint64(b[16:]))|
		(binary.LittleEndian.Uint64(a[24:])^binary.LittleEndian.Uint64(b[24:])) == 0
}

// Series returns the source of derived series for the runners of a sweep
// ([backtest.Runner.Series]): each is computed once for all trials and workers
// and kept in the cache of the workspace. With caching off it is nil, so that a
// runner computes what each of its trials needs.
//
// The groups that it is asked for must be those of the view's bars.
func (v *View) Series() func(ctx context.Context, g bundle.Group, s backtest.Series) ([]float64, error) {
	if v.pin.workspace.series == nil {
		return nil
	}
	return v.column
}

// column returns a derived series from the cache.
func (v *View) column(ctx context.Context, g bundle.Group, s backtest.Series) ([]float64, error) {
	if s.Indicator == nil {
		return nil, s.Fill(nil, g) // says what is wrong
	}
	key, err := v.seriesKey(g.Asset.Symbol, s)
	if err != nil {
		return nil, err
	}
	r := requests.Get().(*seriesRequest)
	r.group, r.series = g, s
	column, err := v.pin.workspace.series.Get(ctx, key, r.load)
	if err == nil { // else a load that nobody waits for may still read r
		r.group = bundle.Group{}
		requests.Put(r)
	}
	return column, err
}

// seriesKey returns the key of a series of one asset.
func (v *View) seriesKey(symbol string, s backtest.Series) (seriesKey, error) {
	bars, err := v.assetKey(symbol, s.Indicator.Fields())
	return seriesKey{Bars: bars, Indicator: s.Indicator.Name(), Length: s.Length}, err
}

// A seriesRequest is what a load needs beside the key. Requests are used again, so
// that a hit allocates nothing.
type seriesRequest struct {
	group  bundle.Group
	series backtest.Series
	load   func(context.Context, seriesKey) ([]float64, error)
}

var requests = sync.Pool{New: func() any {
	r := new(seriesRequest)
	r.load = r.compute
	return r
}}

func (r *seriesRequest) compute(context.Context, seriesKey) ([]float64, error) {
	column := make([]float64, len(r.group.Times))
	return column, r.series.Fill(column, r.group)
}

// An assetFields names the columns that a series is computed from.
type assetFields struct {
	symbol string
	fields bundle.Fields
}

// assetKey returns the key of those columns of one asset in the view's window.
// It remembers it, for a sweep asks for it in every batch.
func (v *View) assetKey(symbol string, fields bundle.Fields) (bundle.BarsKey, error) {
	at := assetFields{symbol, fields}
	v.keysMu.RLock()
	key, ok := v.keys[at]
	v.keysMu.RUnlock()
	if ok {
		return key, nil
	}
	q := bundle.Query{ // what else the view's query decides changes no column
		Symbols: []string{symbol}, Fields: fields, Window: v.query.Window, Adjust: v.query.Adjust, Prices: v.query.Prices,
	}
	key, err := v.pin.bundle.Key(q)
	if err != nil {
		return bundle.BarsKey{}, err
	}
	v.pin.workspace.note(v.pin.key, key)
	v.keysMu.Lock()
	defer v.keysMu.Unlock()
	if v.keys == nil {
		v.keys = make(map[assetFields]bundle.BarsKey)
	}
	v.keys[at] = key
	return key, nil
}
