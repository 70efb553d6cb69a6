package bundle

import (
	"errors"
	"os"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/bmadventure/optcache/cachekit/market"
	"github.com/bmadventure/optcache/internal/flock"
)

// Holes of caches for market data that are known from the field, as far as they
// are a bundle's: a test each, which fails if the hole is opened. Their numbers
// are those of the list that the tests of optimize and cachekit share.

// Hole 3: a version that depends on symbols and dates alone is the same for
// corrected prices, and everything derived from it stays as it was.
func TestH3EveryValueIsInTheVersion(t *testing.T) {
	series := func() []Series {
		s := walk(3, 400)
		for i := range s {
			s[i].Dividend, s[i].Split = make([]float64, 400), slices.Repeat([]float64{1}, 400)
		}
		return s
	}
	_, original := written(t, market.Daily, series())
	base, _ := written(t, market.Daily, series())
	whole := key(t, opened(t, base, original), Query{Fields: OHLCV | Dividend | Split})
	seen := map[Version]string{original: "the original"}
	keys := map[BarsKey]string{whole: "the original"}
	for name, change := range map[string]func(s []Series) []Series{
		"a corrected close": func(s []Series) []Series { s[1].Close[200] = (s[1].Low[200] + s[1].High[200]) / 2; return s },
		"another volume":    func(s []Series) []Series { s[2].Volume[399]++; return s },
		"a new split":       func(s []Series) []Series { s[0].Split[7] = 2; return s },
		"a new dividend":    func(s []Series) []Series { s[0].Dividend[7] = 2; return s },
		"a bar less": func(s []Series) []Series {
			for _, c := range s[1].columns() {
				*c = slices.Delete(*c, 100, 101)
			}
			s[1].Times = slices.Delete(s[1].Times, 100, 101)
			return s
		},
		"two assets that changed names": func(s []Series) []Series {
			s[0].Symbol, s[1].Symbol = s[1].Symbol, s[0].Symbol
			return s
		},
		"an asset less": func(s []Series) []Series { return s[:2] },
	} {
		changed := change(series())
		store, v := written(t, market.Daily, changed)
		if other, ok := seen[v]; ok {
			t.Errorf("%s: the version is that of %s", name, other)
		}
		k := key(t, opened(t, store, v), Query{Fields: OHLCV | Dividend | Split})
		if other, ok := keys[k]; ok {
			t.Errorf("%s: the key is that of %s", name, other)
		}
		seen[v], keys[k] = name, name
	}
	store, v := written(t, market.Minute, series())
	if other, ok := seen[v]; ok {
		t.Errorf("minute bars at midnight: the version is that of %s", other)
	}
	if other, ok := keys[key(t, opened(t, store, v), Query{Fields: OHLCV | Dividend | Split})]; ok {
		t.Errorf("minute bars at midnight: the key is that of %s", other)
	}
}

// Hole 4: texts that are joined with a separator before they are hashed collide
// as soon as one of them contains it; and equal data written in another way gets
// another version.
func TestH4TextsAreHashedWithTheirLengths(t *testing.T) {
	seen := map[Version][]string{}
	for _, symbols := range [][]string{
		{"A,B"}, {"A", "B"}, {"A|B"}, {"A", "B,C"}, {"A,B", "C"}, {"A,B,C"}, {"AB", "C"}, {"A", "BC"}, {"ABC"}, {"A", "B", "C"},
		{`A","B`}, {`A"`, `,"B`}, {"A B"}, {"B"},
	} {
		bars := walk(1, 5)[0]
		var series []Series
		for _, symbol := range symbols {
			bars.Symbol = symbol
			series = append(series, bars)
		}
		store, v := written(t, market.Daily, series)
		if other, ok := seen[v]; ok {
			t.Errorf("%q has the version of %q", symbols, other)
		}
		seen[v] = symbols
		slices.Reverse(series)
		if _, again := written(t, market.Daily, series); again != v {
			t.Errorf("%q in another order: another version", symbols)
		}
		if n := opened(t, store, v).List().Len(); n != len(symbols) {
			t.Errorf("%q: %d assets", symbols, n)
		}
	}
	// What is hashed one after the other cannot be parted in another way.
	hashed := map[string][]string{}
	for _, texts := range [][]string{{"A,B"}, {"A", "B"}, {"A|B"}, {"AB"}, {"A", "", "B"}, {"A,", "B"}, {"A", ",B"}, {"", "A,B"}, {"A,B", ""}} {
		var b []byte
		for _, text := range texts {
			b = appendText(b, text)
		}
		if other, ok := hashed[string(b)]; ok {
			t.Errorf("%q is hashed as %q", texts, other)
		}
		hashed[string(b)] = texts
	}
	// Two bundles of equal data are two: what is listed under one name is not
	// served to the other.
	s, v := written(t, market.Daily, walk(1, 5))
	if r, err := s.Write(t.Context(), "c", market.Daily, walk(1, 5)); err != nil || r.Version != v {
		t.Fatal(r, err)
	}
	other, err := s.Open("c", v)
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	if other.ListKey() == opened(t, s, v).ListKey() {
		t.Error("the name is not in the key of the list")
	}
}

// Hole 12: a pool that holds its lock while it opens a version makes everyone wait
// for the slowest disk. Here somebody has the manifest of one version locked, as
// whoever deletes it has: who opens it waits, and the others must not.
func TestH12ASlowBundleHindersNobody(t *testing.T) {
	s, fast := written(t, market.Daily, small())
	r, err := s.Write(t.Context(), "slow", market.Daily, walk(1, 5))
	if err != nil {
		t.Fatal(err)
	}
	manifest, err := os.Open(s.versionPath("slow", r.Version, manifestFile))
	if err != nil {
		t.Fatal(err)
	}
	defer manifest.Close()
	second, err := os.Open(manifest.Name())
	if err != nil {
		t.Fatal(err)
	}
	defer second.Close()
	if _, err := flock.TryAlone(manifest); err != nil {
		t.Skip("no locks here:", err)
	}
	if alone, _ := flock.TryAlone(second); alone {
		t.Skip("locks hold nobody here")
	}
	p := NewPool(s, 4)
	defer p.Close()
	slow := make(chan error)
	go func() {
		b, err := p.Open("slow", r.Version)
		if err == nil {
			err = b.Close()
		}
		slow <- err
	}()
	done := make(chan error)
	go func() {
		var wrong error
		for p.Stats().Misses == 0 { // nobody began to open the slow one
			runtime.Gosched()
		}
		for range 500 { // it is open by now, or waits
			b, err := p.Open("b", fast)
			if err == nil {
				err = b.Close()
			}
			wrong = errors.Join(wrong, err)
			p.Clear()
		}
		done <- wrong
	}()
	select {
	case err := <-done:
		if err != nil {
			t.Error(err)
		}
	case err := <-slow:
		t.Fatalf("a version that somebody has locked is open: %v", err)
	case <-time.After(20 * time.Second):
		t.Error("nobody gets a bundle while another one is opened")
	}
	manifest.Close()
	if err := <-slow; err != nil {
		t.Errorf("the slow one, when it is free: %v", err)
	}
}

// Hole 12, second half: an error that passes drops what was good. A version that
// cannot be opened leaves the others in the pool, and opens once it can.
func TestH12AFailureDropsNothing(t *testing.T) {
	s, v := written(t, market.Daily, small())
	p := NewPool(s, 4)
	defer p.Close()
	good, err := p.Open("b", v)
	if err != nil {
		t.Fatal(err)
	}
	defer good.Close()
	if _, err := p.Open("b", Version{1}); err == nil {
		t.Fatal("a version that is not there opens")
	}
	again, err := p.Open("b", v)
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	if stats := p.Stats(); stats.Hits != 1 || stats.Failures != 1 || stats.Open != 1 {
		t.Errorf("after a failure: %+v, want the good version to be held and hit", stats)
	}
}
