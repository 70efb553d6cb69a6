package optimize

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"

	"github.com/bmadventure/optcache/cachekit"
	"github.com/bmadventure/optcache/cachekit/bundle"
	"github.com/bmadventure/optcache/cachekit/optimize/internal/keep"
	"github.com/bmadventure/optcache/cachekit/optimize/internal/trialkey"
	"github.com/bmadventure/optcache/generated/assets"
	"github.com/bmadventure/optcache/sizing"
)

// A Workspace is what the trials of any number of sweeps share: the pool of open
// bundles and the caches, with one budget. Its methods may be called
// concurrently. There is one for the process, [Default], for those who need no other.
type Workspace struct {
	store  *bundle.Store
	budget *sizing.Budget         // nil: caching is off
	pool   *bundle.Pool           // nil: pooling is off
	lists  *assets.AssetListCache // nil: caching is off
	bars   *barsCache             // nil: caching is off

	series  *cachekit.Cache[seriesKey, []float64] // nil: caching is off
	planned atomic.Bool                           // a sweep tells series what it will be asked for

	results *keep.Caches // nil: caching is off

	mu       sync.Mutex
	versions map[bundle.ListKey]*version // pinned, and those that were and are still current; guarded by mu
}

// A version is what the pins of one version have in common.
type version struct {
	pins int                       // not closed
	keys map[bundle.BarsKey]*asked // of the bars that its views and their series read
}

// asked is how often earlier sweeps asked for bars and for their derived series.
type asked struct{ bars, series int64 }

// NewWorkspace returns a workspace over the bundles of a store. It fails if
// config does not validate.
func NewWorkspace(config cachekit.Config, store *bundle.Store) (*Workspace, error) {
	if err := config.Validate(); err != nil {
		return nil, fmt.Errorf("make a workspace: %w", err)
	}
	w := &Workspace{store: store, versions: make(map[bundle.ListKey]*version)}
	if n := config.PoolSize(); n > 0 {
		w.pool = bundle.NewPool(store, n)
	}
	if config.DisableCaching {
		return w, nil
	}
	budget := sizing.NewBudget(config.CacheBytes())
	w.budget = budget
	var errs [4]error
	w.lists, errs[0] = w.newListCache(config, budget)
	w.bars, errs[1] = newBarsCache(config, budget)
	w.series, errs[2] = newSeriesCache(config, budget)
	w.results, errs[3] = newResultCaches(config, budget)
	if err := errors.Join(errs[:]...); err != nil {
		return nil, fmt.Errorf("make a workspace: %w", err)
	}
	return w, nil
}

// Results returns the caches of results, nil with caching off. It is for the packages beneath this one.
func (w *Workspace) Results() *keep.Caches { return w.results }

// newListCache returns the cache of asset lists, with the policy that config names.
func (w *Workspace) newListCache(config cachekit.Config, budget *sizing.Budget) (*assets.AssetListCache, error) {
	p, err := config.NewPolicy()
	if err != nil {
		return nil, err
	}
	return assets.NewAssetListCache(cachekit.Options[bundle.ListKey, *bundle.AssetList]{
		Name:       "asset lists",
		Budget:     budget,
		MaxEntries: config.AssetLists(),
		Policy:     p,
		Version:    func(k bundle.ListKey) [32]byte { return k.Version },
	}, w.loadList)
}

// loadList lists the assets of a version, from the store.
func (w *Workspace) loadList(_ context.Context, key bundle.ListKey) (*bundle.AssetList, error) {
	b, err := w.open(key)
	if err != nil {
		return nil, err
	}
	defer b.Close()
	return b.List(), nil
}

// newCache returns a cache with the policy that config names.
func newCache[K comparable, V any](config cachekit.Config, o cachekit.Options[K, V]) (*cachekit.Cache[K, V], error) {
	p, err := config.NewPolicy()
	if err != nil {
		return nil, err
	}
	o.Policy = p
	return cachekit.New(o)
}

// Default returns the workspace of the process, which is made at the first call:
// configured by the environment ([cachekit.ConfigFromEnv]), over the store
// that [DefaultStoreDir] names.
var Default = sync.OnceValues(func() (*Workspace, error) {
	config, err := cachekit.ConfigFromEnv()
	if err != nil {
		return nil, err
	}
	dir, err := DefaultStoreDir()
	if err != nil {
		return nil, err
	}
	store, err := bundle.OpenStore(dir)
	if err != nil {
		return nil, err
	}
	return NewWorkspace(config, store)
})

// DefaultStoreDir returns the directory of the bundles: the value of the
// variable OPTCACHE_STORE, or optcache/bundles in the user's cache directory.
func DefaultStoreDir() (string, error) {
	if dir := os.Getenv("OPTCACHE_STORE"); dir != "" {
		return dir, nil
	}
	dir, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("find the store of bundles: %w: set OPTCACHE_STORE", err)
	}
	return filepath.Join(dir, "optcache", "bundles"), nil
}

// Stats returns the statistics of the caches, each with the bands that the guide
// judges its hit rate by; none if caching is off.
func (w *Workspace) Stats() []CacheStats {
	if w.lists == nil {
		return nil
	}
	return append([]CacheStats{
		{w.lists.Stats(), cachekit.AssetListBands},
		{w.bars.Stats(), cachekit.BarsBands},
		{w.series.Stats(), cachekit.BarsBands},
	}, resultStats(w.results)...)
}

// CacheStats are the statistics of one cache of a workspace.
type CacheStats struct {
	cachekit.Stats
	Bands cachekit.Bands
}

// Clear empties the caches and closes the bundles of the pool that nobody
// reads. Statistics go on.
func (w *Workspace) Clear() {
	if w.pool != nil {
		w.pool.Clear()
	}
	if w.lists != nil {
		w.lists.Clear()
		w.bars.Clear()
		w.series.Clear()
		clearResults(w.results)
	}
}

// Close is Clear, after which the workspace must not be used. Pins are closed
// before. The workspace of the process need not be closed.
func (w *Workspace) Close() error {
	w.Clear()
	if w.pool != nil {
		return w.pool.Close()
	}
	return nil
}

// open opens a version, from the pool if there is one.
func (w *Workspace) open(key bundle.ListKey) (*bundle.Bundle, error) {
	if w.pool != nil {
		return w.pool.Open(key.Bundle, key.Version)
	}
	return w.store.Open(key.Bundle, key.Version)
}

// A Pin holds one version of a bundle for a sweep: nobody removes its files, and
// whatever is ingested meanwhile, its trials read this version. Its methods may
// be called concurrently.
type Pin struct {
	workspace *Workspace
	bundle    *bundle.Bundle
	key       bundle.ListKey
	close     func() error
}

// Pin pins the current version of the named bundle. The caller closes the pin.
func (w *Workspace) Pin(name string) (*Pin, error) {
	v, err := w.store.Current(name)
	if err != nil {
		return nil, err
	}
	p, err := w.PinVersion(name, v)
	if err == nil {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.retireOld(name, v)
	}
	return p, err
}

// PinVersion pins a version of the named bundle that need not be the current one.
func (w *Workspace) PinVersion(name string, v bundle.Version) (*Pin, error) {
	key := bundle.ListKey{Bundle: name, Version: v}
	b, err := w.open(key)
	if err != nil {
		return nil, err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.versions[key] == nil {
		w.versions[key] = &version{keys: make(map[bundle.BarsKey]*asked)}
	}
	w.versions[key].pins++
	p := &Pin{workspace: w, bundle: b, key: key}
	p.close = sync.OnceValue(p.release)
	return p, nil
}

// Close gives the version up. If it was the last pin of a version that is not
// the current one any more, what the caches hold of it alone is given up too.
func (p *Pin) Close() error { return p.close() }

func (p *Pin) release() error {
	p.workspace.unpin(p.key)
	return p.bundle.Close()
}

func (w *Workspace) unpin(key bundle.ListKey) {
	current, err := w.store.Current(key.Bundle)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.versions[key].pins--
	if err == nil {
		w.retireOld(key.Bundle, current)
	}
}

// retireOld gives up what the caches hold of versions of a bundle that are
// neither current nor pinned. The caller holds w.mu.
func (w *Workspace) retireOld(name string, current bundle.Version) {
	for key, v := range w.versions {
		if key.Bundle != name || key.Version == current || v.pins > 0 {
			continue
		}
		delete(w.versions, key)
		if w.lists == nil {
			continue
		}
		w.lists.Retire(key.Version)
		for k := range v.keys {
			if !w.reads(k) {
				w.bars.Retire(k.Digest)
				w.series.Retire(k.Digest)
			}
		}
	}
}

// reads reports whether a version that was not retired has a view of the same
// bars: those of assets that did not change serve both. The caller holds w.mu.
func (w *Workspace) reads(key bundle.BarsKey) bool {
	for _, v := range w.versions {
		if _, ok := v.keys[key]; ok {
			return true
		}
	}
	return false
}

// Bundle returns the open bundle, for what needs no cache. It must not be closed.
func (p *Pin) Bundle() *bundle.Bundle { return p.bundle }

// Assets returns the assets of the version. It must not be written to.
func (p *Pin) Assets(ctx context.Context) (*bundle.AssetList, error) {
	if lists := p.workspace.lists; lists != nil {
		return lists.Get(ctx, p.key)
	}
	return p.workspace.loadList(ctx, p.key)
}

// A View is a query of a pinned version. It holds no bars: it asks the cache for
// them, or the store. Its methods may be called concurrently.
type View struct {
	pin      *Pin
	query    bundle.Query
	key      bundle.BarsKey
	loadBars func(context.Context, bundle.BarsKey) (*bundle.Bars, error)
	trials   trialkey.Keyer

	keysMu sync.RWMutex
	keys   map[assetFields]bundle.BarsKey // guarded by keysMu
}

// View prepares a query: it computes the key of its bars, once for all trials,
// and reads none. It fails for symbols and fields that the version does not have.
func (p *Pin) View(q bundle.Query) (*View, error) {
	key, err := p.bundle.Key(q)
	if err != nil {
		return nil, err
	}
	w := p.workspace
	w.note(p.key, key)
	v := &View{pin: p, query: q, key: key}
	v.loadBars = func(ctx context.Context, _ bundle.BarsKey) (*bundle.Bars, error) {
		b, err := w.open(p.key)
		if err != nil {
			return nil, err
		}
		defer b.Close()
		return b.Read(ctx, q)
	}
	return v, nil
}

// Query returns the query of the view. Its symbols must not be written to.
func (v *View) Query() bundle.Query { return v.query }

// note remembers that a view of the version, or a series of it, reads those bars.
func (w *Workspace) note(version bundle.ListKey, key bundle.BarsKey) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if v := w.versions[version]; v != nil && v.keys[key] == nil { // nil after Close
		v.keys[key] = new(asked)
	}
}

// asks returns how often earlier sweeps asked for what a view reads, and adds what the one
// at hand will ask for.
func (v *View) asks(now asked) (before asked) {
	w := v.pin.workspace
	w.mu.Lock()
	defer w.mu.Unlock()
	version := w.versions[v.pin.key]
	if version == nil || version.keys[v.key] == nil { // after Close
		return before
	}
	a := version.keys[v.key]
	before = *a
	a.bars, a.series = a.bars+now.bars, a.series+now.series
	return before
}

// Bars returns the bars of the query, grouped by asset. They are shared: they
// must not be written to.
func (v *View) Bars(ctx context.Context) (*bundle.Bars, error) {
	if bars := v.pin.workspace.bars; bars != nil {
		if got := bars.find(&v.key); got != nil {
			return got, nil
		}
		return bars.Get(ctx, v.key, v.loadBars)
	}
	return v.loadBars(ctx, v.key)
}

// Load returns what a trial begins with: the assets of the version and the bars
// of the query. With caching off it opens the version once for both.
func (v *View) Load(ctx context.Context) (*bundle.AssetList, *bundle.Bars, error) {
	if v.pin.workspace.lists == nil {
		b, err := v.pin.workspace.open(v.pin.key)
		if err != nil {
			return nil, nil, err
		}
		defer b.Close()
		bars, err := b.Read(ctx, v.query)
		return b.List(), bars, err
	}
	assets, err := v.pin.Assets(ctx)
	if err != nil {
		return nil, nil, err
	}
	bars, err := v.Bars(ctx)
	return assets, bars, err
}
