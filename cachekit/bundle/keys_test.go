package bundle

import (
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/bmadventure/optcache/cachekit/internal/bar"
	"github.com/bmadventure/optcache/cachekit/internal/testbed/random"
	"github.com/bmadventure/optcache/cachekit/market"
)

func key(t *testing.T, b *Bundle, q Query) BarsKey {
	t.Helper()
	k, err := b.Key(q)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func on(year, month, date int) time.Time {
	return time.Date(year, time.Month(month), date, 0, 0, 0, 0, time.UTC)
}

// TestKeysOfDifferentSlicesDiffer asks for every pair of slices that must never
// share an entry of a cache.
func TestKeysOfDifferentSlicesDiffer(t *testing.T) {
	series := walk(4, 600)
	series[3] = series[2]
	series[3].Symbol = "A2" // equal bars under another name
	s, v := written(t, market.Daily, series)
	b := opened(t, s, v)
	minutes, mv := written(t, market.Minute, series)
	queries := map[string]Query{
		"all":          {},
		"close":        {Fields: Close},
		"open":         {Fields: Open},
		"open, close":  {Fields: Open | Close},
		"train":        {Window: Window{To: on(2011, 1, 1)}},
		"validation":   {Window: Window{From: on(2011, 1, 1), To: on(2011, 7, 1)}},
		"test":         {Window: Window{From: on(2011, 7, 1)}},
		"intraday":     {Window: Window{From: on(2011, 7, 1).Add(time.Hour)}},
		"one":          {Symbols: []string{"A000"}},
		"another":      {Symbols: []string{"A001"}},
		"same bars":    {Symbols: []string{"A002"}},
		"renamed bars": {Symbols: []string{"A2"}},
		"two":          {Symbols: []string{"A000", "A001"}},
		"none":         {Symbols: []string{}},
	}
	seen := make(map[BarsKey]string)
	for name, q := range queries {
		for kind, of := range map[string]*Bundle{"daily": b, "minute": opened(t, minutes, mv)} {
			k := key(t, of, q)
			if other, ok := seen[k]; ok {
				t.Errorf("%s %s has the key of %s", kind, name, other)
			}
			seen[k] = kind + " " + name
			if k != key(t, of, q) {
				t.Errorf("%s: asked twice, it has two keys", name)
			}
		}
	}
	if key(t, b, Query{}) != key(t, b, Query{Symbols: []string{"A2", "A001", "A000", "A002", "A000"}, Fields: OHLCV}) {
		t.Error("all assets and fields by name have another key than all")
	}
	if _, err := b.Key(Query{Symbols: []string{"none"}}); err == nil {
		t.Error("an unknown symbol has a key")
	}
	if _, err := b.Key(Query{Fields: Split}); err == nil {
		t.Error("an unknown field has a key")
	}
}

func TestKeysSurviveVersionsThatDoNotTouchThem(t *testing.T) {
	series := walk(3, 600)
	s, v := written(t, market.Daily, series)
	before := opened(t, s, v)
	series[1].Volume[599]++
	r, err := s.Write(t.Context(), "b", market.Daily, series)
	if err != nil {
		t.Fatal(err)
	}
	after := opened(t, s, r.Version)
	for name, c := range map[string]struct {
		q    Query
		same bool
	}{
		"another asset":  {Query{Symbols: []string{"A000", "A002"}}, true},
		"another field":  {Query{Fields: Open | Close}, true},
		"another year":   {Query{Window: Window{To: on(2012, 1, 1)}}, true},
		"the value":      {Query{}, false},
		"the value only": {Query{Symbols: []string{"A001"}, Fields: Volume, Window: Window{From: on(2012, 1, 1)}}, false},
	} {
		if same := key(t, before, c.q) == key(t, after, c.q); same != c.same {
			t.Errorf("%s: the key is the same: %t", name, same)
		}
	}
	if before.ListKey() == after.ListKey() || before.ListKey() != (ListKey{Bundle: "b", Version: v}) {
		t.Error("list keys of two versions")
	}
}

// TestEqualKeysMeanEqualBars tries queries on two bundles that differ a little.
func TestEqualKeysMeanEqualBars(t *testing.T) {
	properties(t, 30, func(s sample) string {
		store, v := written(t, s.Frequency, s.Series)
		other := random.Sorted(s.Series)
		other[0].Volume = bar.Pad(slices.Clone(other[0].Volume), len(other[0].Times), bar.Volume)
		other[0].Volume[0] = 7
		r, err := store.Write(t.Context(), "b", s.Frequency, other)
		if err != nil {
			return err.Error()
		}
		a, b := opened(t, store, v), opened(t, store, r.Version)
		for f := range Fields(1 << bar.NumFields) {
			q := Query{Fields: f & a.Fields()}
			if key(t, a, q) != key(t, b, q) {
				continue
			}
			bars, err := b.Read(t.Context(), q)
			if err != nil {
				return err.Error()
			}
			if wrong := compareBars(bars, random.Sorted(s.Series), bars.Fields(), always); wrong != "" {
				return wrong
			}
		}
		return ""
	})
}

func TestKeyOfAllAssetsIsRemembered(t *testing.T) {
	s, v := written(t, market.Daily, walk(3, 600))
	b := opened(t, s, v)
	q := Query{Fields: Close}
	key(t, b, q)
	if n := testing.AllocsPerRun(100, func() { b.Key(q) }); n != 0 {
		t.Errorf("%g allocations", n)
	}
	for i := range maxKeys + 10 {
		key(t, b, Query{Window: Window{From: on(2010, 1, 1+i)}})
	}
	if len(b.keys) > maxKeys {
		t.Errorf("%d keys are remembered", len(b.keys))
	}
}

func TestAssetList(t *testing.T) {
	s, v := written(t, market.Daily, walk(50, 2))
	b := opened(t, s, v)
	l := b.List()
	i := 0
	for a := range l.All() {
		if a != b.Assets()[i] || a != l.At(i) || !l.Contains(a.Symbol) {
			t.Errorf("asset %d is %v", i, a)
		}
		i++
	}
	if i != 50 || l.Len() != 50 || l.Contains("") || l.Contains("A050") {
		t.Errorf("%d assets", i)
	}
}

// The list must be all that is kept: no bundle, no manifest.
func TestAssetListKeepsNoBundle(t *testing.T) {
	s, v := written(t, market.Daily, walk(50, 2))
	b := opened(t, s, v)
	const lists = 2000
	all := make([]*AssetList, lists)
	var before, after runtime.MemStats
	runtime.GC()
	runtime.GC() // pools give up what they hold in the second
	runtime.ReadMemStats(&before)
	for i := range all {
		all[i] = b.List()
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	grown := float64(after.HeapAlloc-before.HeapAlloc) / lists
	if d := float64(all[0].SizeBytes())/grown - 1; d < -0.01 || d > 0.01 {
		t.Errorf("SizeBytes %d, the heap grew by %.0f a list", all[0].SizeBytes(), grown)
	}
	runtime.KeepAlive(all)
}
