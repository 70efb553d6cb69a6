package ingest

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/bmadventure/optcache/cachekit/bundle"
	"github.com/bmadventure/optcache/cachekit/internal/bar"
	"github.com/bmadventure/optcache/cachekit/market"
)

func TestRefusedFolders(t *testing.T) {
	one := header1 + row1
	for name, c := range map[string]struct {
		files map[string]string
		want  string
	}{
		"empty":             {nil, "there are no bars here"},
		"other files":       {map[string]string{"README.md": "x", "A.json": "[]"}, "JSON"},
		"empty daily":       {map[string]string{"daily/README.md": "x"}, "there are no bars here"},
		"both":              {map[string]string{"daily/A.csv": one, "minute/A.csv": one}, "daily and minute bars, in folders of their own"},
		"csv and gzip":      {map[string]string{"A.csv": one, "A.csv.gz": zipped(one)}, "A.csv too: remove one of the files"},
		"csv in both cases": {map[string]string{"A.csv": one, "A.CSV": one}, "too: remove one of the files"},
		"no symbol":         {map[string]string{".csv": one}, "the name has nothing before its ending"},
		"control character": {map[string]string{"A\tB.csv": one}, "the symbol contains a control character"},
		"not UTF-8":         {map[string]string{"A\xff.csv": one}, "is not UTF-8"},
		"long symbol":       {map[string]string{strings.Repeat("A", 101) + ".csv": one}, "the symbol is longer than 100 bytes"},
	} {
		s := emptyStore(t)
		_, err := Dir(t.Context(), s, "b", folder(t, c.files), Options{})
		refused(t, name, s, err, c.want)
	}
	s := emptyStore(t)
	_, err := Dir(t.Context(), s, "b", filepath.Join(t.TempDir(), "none"), Options{})
	refused(t, "no folder", s, err, "none: there is no such file or folder")
	dir := t.TempDir()
	if err := os.Symlink("nowhere", filepath.Join(dir, "A.csv")); err != nil {
		t.Skip("no symbolic links:", err)
	}
	_, err = Dir(t.Context(), s, "b", dir, Options{})
	refused(t, "dangling link", s, err, "A.csv: the symbolic link leads nowhere")
}

func TestRefusedNames(t *testing.T) {
	dir := folder(t, map[string]string{"A.csv": header1 + row1})
	for _, name := range []string{
		"", ".", "..", ".a", "a/b", "../a", "/a", `a\b`, "a..b", "a\nb", "a\x00b", "a\x7f", "a\xff", " a", "a ", "a.", "c:", "a*", "a\u200e",
		strings.Repeat("a", 101),
	} {
		s := emptyStore(t)
		_, err := Dir(t.Context(), s, name, dir, Options{})
		refused(t, name, s, err, "the name of the bundle")
	}
	for _, name := range []string{"a", "us-equities", "2012", "Ünicode 株", "a.b", strings.Repeat("a", 100)} {
		if _, err := Dir(t.Context(), emptyStore(t), name, dir, Options{}); err != nil {
			t.Errorf("%q: %v", name, err)
		}
	}
}

func TestFoldersOfOneFrequency(t *testing.T) {
	minute := "time,open,high,low,close,volume\n2012-01-03 09:31:00,1,1,1,1,1\n"
	for name, c := range map[string]struct {
		files   map[string]string
		options Options
		want    market.Frequency
	}{
		"daily":         {map[string]string{"daily/A.csv": header1 + row1}, Options{}, market.Daily},
		"minute":        {map[string]string{"minute/A.csv": minute}, Options{}, market.Minute},
		"choose daily":  {map[string]string{"daily/A.csv": header1 + row1, "minute/A.csv": minute}, Options{Frequency: market.Daily}, market.Daily},
		"choose minute": {map[string]string{"daily/A.csv": header1 + row1, "minute/A.csv": minute}, Options{Frequency: market.Minute}, market.Minute},
		"a single file": {map[string]string{"A.csv": header1 + row1}, Options{}, market.Daily},
		"auto minute":   {map[string]string{"A.csv": minute}, Options{}, market.Minute},
	} {
		r, err := Dir(t.Context(), emptyStore(t), "b", folder(t, c.files), c.options)
		if err != nil || r.Frequency != c.want {
			t.Errorf("%s: %+v, %v", name, r, err)
		}
	}
}

func TestOptionalColumns(t *testing.T) {
	s := emptyStore(t)
	r, err := Dir(t.Context(), s, "b", folder(t, map[string]string{
		"A.csv": "date,open,high,low,close,volume,split\n2012-01-03,1,1,1,1,1,7\n2012-01-04,1,1,1,1,1,1\n",
		"B.csv": "date,open,high,low,close,volume,dividend\n2012-01-03,1,1,1,1,1,0.5\n",
		"C.csv": header1 + row1,
	}), Options{})
	if err != nil {
		t.Fatal(err)
	}
	bars, err := opened(t, s, r.Version).Read(t.Context(), bundle.Query{Fields: bundle.Dividend | bundle.Split})
	if err != nil {
		t.Fatal(err)
	}
	want := []bundle.Group{
		{Asset: asset("A"), Dividend: []float64{0, 0}, Split: []float64{7, 1}},
		{Asset: asset("B"), Dividend: []float64{0.5}, Split: []float64{1}},
		{Asset: asset("C"), Dividend: []float64{0}, Split: []float64{1}},
	}
	for i := range want {
		got := bars.Group(i)
		got.Times, got.Start, got.Slots = nil, 0, nil
		if d := cmp.Diff(want[i], got); d != "" {
			t.Error(d)
		}
	}
}

func TestAddingAnAssetRenumbersNone(t *testing.T) {
	s := emptyStore(t)
	dir := folder(t, map[string]string{"B.csv": header1 + row1, "D.csv": header1 + row1})
	first, err := Dir(t.Context(), s, "b", dir, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "A.csv"), []byte(header1+row2), 0o644); err != nil {
		t.Fatal(err)
	}
	second, err := Dir(t.Context(), s, "b", dir, Options{})
	if err != nil || second.Previous != first.Version || second.Version == first.Version {
		t.Fatalf("%+v, %v", second, err)
	}
	before, after := opened(t, s, first.Version).Assets(), opened(t, s, second.Version).Assets()
	if d := cmp.Diff(before, after[1:]); d != "" {
		t.Error(d)
	}
}

func TestProgressIsCalledForEachFile(t *testing.T) {
	var calls [][2]int
	_, err := Dir(t.Context(), emptyStore(t), "b", folder(t, map[string]string{
		"A.csv": header1 + row1, "B.csv": header1 + row1, "C.csv": header1 + row1,
	}), Options{Progress: func(done, files int) { calls = append(calls, [2]int{done, files}) }})
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([][2]int{{1, 3}, {2, 3}, {3, 3}}, calls); d != "" {
		t.Error(d)
	}
}

func TestCancelledIngestWritesNothing(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	s := emptyStore(t)
	dir := folder(t, map[string]string{"A.csv": header1 + row1, "B.csv": header1 + row1})
	_, err := Dir(ctx, s, "b", dir, Options{Progress: func(int, int) { cancel() }})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if _, err := os.Stat(s.Dir()); err == nil {
		t.Error("something was written")
	}
}

// TestMarketData reads the samples that the project was given.
func TestMarketData(t *testing.T) {
	dir := filepath.Join("..", "..", "..", "shared", "market", "daily")
	if _, err := os.Stat(dir); err != nil {
		t.Skip("the market data is not beside this repository:", err)
	}
	s := emptyStore(t)
	r, err := Dir(t.Context(), s, "b", dir, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if r.Assets != 4 || r.Bars != 4*754 || r.Longest != 754 || r.Fields != allFields || r.Frequency != market.Daily {
		t.Errorf("%+v", r)
	}
	bars, err := opened(t, s, r.Version).Read(t.Context(), bundle.Query{})
	if err != nil {
		t.Fatal(err)
	}
	apple, _ := bars.Lookup("AAPL")
	for i, split := range apple.Split {
		// Prices are as in the file: they do not jump by the split, which was applied there.
		if split == 7 && (bar.FormatTime(market.Daily, apple.Times[i]) != "2014-06-09" || apple.Close[i] < 90 || apple.Close[i-1] < 90) {
			t.Errorf("split at %s, close %g after %g", bar.FormatTime(market.Daily, apple.Times[i]), apple.Close[i], apple.Close[i-1])
		}
	}
	if bars.Sessions() != 754 {
		t.Errorf("%d sessions", bars.Sessions())
	}
}
