package optimize

import (
	"github.com/bmadventure/optcache/cachekit"
	"github.com/bmadventure/optcache/cachekit/bundle"
	"github.com/bmadventure/optcache/cachekit/rt"
	"github.com/bmadventure/optcache/sizing"
)

// A barsCache keeps grouped bars by what they were made from. It looks them up as a
// generated cache does, but its loader is the view that asks.
type barsCache struct {
	*cachekit.Cache[bundle.BarsKey, *bundle.Bars]
	reader rt.Reader
}

func newBarsCache(config cachekit.Config, budget *sizing.Budget) (c *barsCache, err error) {
	c = new(barsCache)
	c.Cache, err = newCache(config, cachekit.Options[bundle.BarsKey, *bundle.Bars]{
		Name:    "grouped bars",
		Budget:  budget,
		Size:    func(_ bundle.BarsKey, b *bundle.Bars) int64 { return b.SizeBytes() },
		Version: func(k bundle.BarsKey) [32]byte { return k.Digest },
		Hooks: rt.Hooks[bundle.BarsKey]{
			Hash:   func(k *bundle.BarsKey, seed uint64) uint64 { return hashDigest(&k.Digest, seed) },
			Reader: &c.reader,
		},
	})
	return c, err
}

// find returns the bars of key if they are at hand; nil says nothing.
func (c *barsCache) find(key *bundle.BarsKey) *bundle.Bars {
	h := hashDigest(&key.Digest, c.reader.Seed)
	watch := c.reader.Watch()
	e := rt.At[bundle.BarsKey, bundle.Bars](c.reader.Home(h), h)
	if e == nil || !sameDigest(&e.Key.Digest, &key.Digest) || watch.Has(h) && !c.reader.Serves(&e.Entry) {
		return nil
	}
	e.Hit()
	c.reader.Count()
	return e.Load()
}
