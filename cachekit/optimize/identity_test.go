package optimize_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bmadventure/optcache/cachekit"
	"github.com/bmadventure/optcache/cachekit/bundle"
	"github.com/bmadventure/optcache/cachekit/internal/testbed"
	"github.com/bmadventure/optcache/cachekit/optimize/record"
)

// identity makes one of names and values in turn.
func identity(words ...string) (id record.Identity) {
	for i := 0; i < len(words); i += 2 {
		id = append(id, record.IdentityLine{Name: words[i], Value: words[i+1]})
	}
	return id
}

// identityOf ingests bars and returns what identifies a query of them.
func identityOf(t *testing.T, store *bundle.Store, series []bundle.Series, q bundle.Query) record.Identity {
	t.Helper()
	testbed.Put(t, store, "b", series)
	p := testbed.Pin(t, testbed.Workspace(t, cachekit.Config{}, store), "b")
	defer p.Close()
	return testbed.Must(testbed.View(t, p, q).Identity())
}

// A run that is resumed on other bars is told which assets are new, gone and changed, and no others.
func TestResumeNamesTheAssetsThatDiffer(t *testing.T) {
	store, dir := testbed.OpenStore(t), t.TempDir()
	series := testbed.DenseSeries(40, 30)
	j := testbed.OpenJournal(t, dir)
	defer j.Close()
	if err := j.Begin(identityOf(t, store, series, bundle.Query{Fields: bundle.Close})); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		change func(s []bundle.Series) []bundle.Series
		query  bundle.Query
		want   string // empty: it goes on
	}{
		"nothing":             {func(s []bundle.Series) []bundle.Series { return s }, bundle.Query{}, ""},
		"columns alone":       {func(s []bundle.Series) []bundle.Series { return s }, bundle.Query{Fields: bundle.Volume}, ""},
		"a price":             {func(s []bundle.Series) []bundle.Series { s[3].Close[7] = s[3].Open[7]; return s }, bundle.Query{}, "; assets: 1 changed (S003), 39 the same"},
		"a bar":               {func(s []bundle.Series) []bundle.Series { s[5].Times[29] += int64(24 * time.Hour); return s }, bundle.Query{}, "; assets: 1 changed (S005), 39 the same"},
		"an asset more":       {func(s []bundle.Series) []bundle.Series { return append(s, renamed(s[0], "NEW")) }, bundle.Query{}, "; assets: 1 new (NEW), 40 the same"},
		"assets less":         {func(s []bundle.Series) []bundle.Series { return s[2:] }, bundle.Query{}, "; assets: 2 gone (S000, S001), 38 the same"},
		"all of it":           {func(s []bundle.Series) []bundle.Series { s[39].Volume[0]++; return append(s[1:], renamed(s[0], "T")) }, bundle.Query{}, "; assets: 1 new (T), 1 gone (S000), 1 changed (S039), 38 the same"},
		"many":                {func(s []bundle.Series) []bundle.Series { return touched(s) }, bundle.Query{}, "; assets: 40 changed (S000, S001, S002, S003, S004, S005, S006, S007, S008, S009 and 30 more), 0 the same"},
		"a window":            {func(s []bundle.Series) []bundle.Series { return s }, bundle.Query{Window: bundle.Window{To: time.Date(2010, 1, 9, 0, 0, 0, 0, time.UTC)}}, "window was not given, and is any time to 2010-01-09T00:00:00Z"},
		"some of the symbols": {func(s []bundle.Series) []bundle.Series { return s }, bundle.Query{Symbols: []string{"S002", "S001"}}, "assets was not given, and is S001,S002"},
	} {
		err := j.Resume(identityOf(t, store, c.change(copied(series)), c.query))
		switch {
		case c.want == "" && err != nil:
			t.Errorf("%s: %v", name, err)
		case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want+"\n")):
			t.Errorf("%s: %v, want %q", name, err, c.want)
		case err != nil && strings.Contains(err.Error(), "bundle was"):
			t.Errorf("%s: %v names what is equal", name, err)
		}
	}
}

// copied returns series that share nothing with others.
func copied(series []bundle.Series) []bundle.Series {
	var all []bundle.Series
	for _, s := range series {
		s.Times = append([]int64(nil), s.Times...)
		for _, c := range []*[]float64{&s.Open, &s.High, &s.Low, &s.Close, &s.Volume} {
			*c = append([]float64(nil), *c...)
		}
		all = append(all, s)
	}
	return all
}

func renamed(s bundle.Series, symbol string) bundle.Series {
	s.Symbol = symbol
	return s
}

func touched(series []bundle.Series) []bundle.Series {
	for _, s := range series {
		s.Volume[0]++
	}
	return series
}

// The same run begun again and again is noted once; another one in between is noted.
func TestBeginNotesARunOnce(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "journal")
	var sizes []int64
	for _, name := range []string{"a", "a", "b", "b", "a"} {
		j := testbed.OpenJournal(t, dir)
		if err := j.Begin(identity("run", name)); err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(identity("run", name), j.Last()); d != "" {
			t.Error(d)
		}
		j.Close()
		sizes = append(sizes, testbed.Must(os.Stat(path)).Size())
	}
	one := sizes[0] - 16 // without the name of the format
	if d := cmp.Diff([]int64{16 + one, 16 + one, 16 + 2*one, 16 + 2*one, 16 + 3*one}, sizes); d != "" {
		t.Error(d)
	}
}
