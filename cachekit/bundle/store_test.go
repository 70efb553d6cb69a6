package bundle

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/bmadventure/optcache/cachekit/internal/testbed/random"
	"github.com/bmadventure/optcache/cachekit/market"
)

func emptyStore(t *testing.T) *Store {
	t.Helper()
	s, err := OpenStore(filepath.Join(t.TempDir(), "store"))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// refused asserts that err is an InputError that says want, and that nothing was
// written.
func refused(t *testing.T, name string, s *Store, err error, want string) {
	t.Helper()
	var input *InputError
	if !errors.As(err, &input) || len(input.Problems) == 0 {
		t.Errorf("%s: %v is no InputError", name, err)
		return
	}
	if !strings.Contains(err.Error(), want) {
		t.Errorf("%s: got\n%v\nwant\n%s", name, err, want)
	}
	if _, err := os.Stat(s.Dir()); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%s: something was written: %v", name, err)
	}
}

func TestOpenStore(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	var input *InputError
	for _, dir := range []string{"", file} {
		if _, err := OpenStore(dir); !errors.As(err, &input) {
			t.Errorf("%q: %v", dir, err)
		}
	}
	s, err := OpenStore(filepath.Join(dir, "not", "yet"))
	if err != nil {
		t.Fatal(err)
	}
	if infos, err := s.List(); err != nil || len(infos) != 0 {
		t.Errorf("%v, %v", infos, err)
	}
	if _, err := os.Stat(filepath.Join(dir, "not")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("reading created a folder: %v", err)
	}
}

func TestWhatIsNotThereIsNotExist(t *testing.T) {
	s, v := written(t, market.Daily, small())
	other := v
	other[0]++
	_, current := s.Current("other")
	_, open := s.Open("other", v)
	_, version := s.Open("b", other)
	_, versions := s.Versions("other")
	_, remove := s.Remove(t.Context(), "other")
	_, diff := s.Diff(t.Context(), "b", v, other)
	for what, err := range map[string]error{
		"current": current, "open": open, "version": version, "versions": versions, "remove": remove, "diff": diff,
		"verify": s.Verify(t.Context(), "b", other),
	} {
		if !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), s.Dir()) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

func TestList(t *testing.T) {
	s := emptyStore(t)
	series := walk(3, 300)
	series[1] = random.Filtered(series[1], func(t int64) bool { return t > series[0].Times[9] })
	for _, name := range []string{"z", "a"} {
		if _, err := s.Write(t.Context(), name, market.Daily, series); err != nil {
			t.Fatal(err)
		}
	}
	infos, err := s.List()
	if err != nil || len(infos) != 2 || infos[0].Name != "a" || infos[1].Name != "z" {
		t.Fatalf("%+v, %v", infos, err)
	}
	got := infos[0]
	if got.Bytes < 890*8*6 || got.Bytes > 890*8*12 || got.Written.Before(time.Now().Add(-time.Hour)) {
		t.Errorf("%d bytes, written %s", got.Bytes, got.Written)
	}
	got.Bytes, got.Written = 0, time.Time{}
	v, err := s.Current("a")
	want := VersionInfo{
		Name: "a", Version: v, Current: true, Frequency: market.Daily, Fields: OHLCV, Assets: 3, Bars: 890, Longest: 300,
		First: time.Unix(0, series[0].Times[0]).UTC(), Last: time.Unix(0, series[0].Times[299]).UTC(),
	}
	if err != nil || got != want {
		t.Errorf("got %+v, %v\nwant %+v", got, err, want)
	}
}

func TestQueriesThatAreRefused(t *testing.T) {
	s, v := written(t, market.Daily, small())
	b := opened(t, s, v)
	for want, q := range map[string]Query{
		`"NONE"`:           {Symbols: []string{"A000", "NONE"}},
		"split":            {Fields: Close | Split},
		"before it begins": {Window: Window{From: on(2012, 1, 2), To: on(2012, 1, 1)}},
		"0x80":             {Fields: 1 << 7},
	} {
		if _, err := b.Read(t.Context(), q); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v", q, err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := b.Read(ctx, Query{}); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

// TestEmptyReads lists queries that are right and have no bars.
func TestEmptyReads(t *testing.T) {
	s, v := written(t, market.Daily, small())
	b := opened(t, s, v)
	for _, q := range []Query{
		{Symbols: []string{}},
		{Window: Window{From: on(2050, 1, 1)}},
		{Window: Window{To: on(1950, 1, 1)}},
		{Window: Window{From: on(2010, 1, 5), To: on(2010, 1, 5)}},
		{Window: Window{From: on(2010, 1, 2), To: on(2010, 1, 3)}}, // a weekend within the data
		{Window: Window{From: on(9000, 1, 1)}},
		{Window: Window{To: on(1000, 1, 1)}},
	} {
		bars, err := b.Read(t.Context(), q)
		if err != nil || bars.Len() != 0 || len(bars.Assets()) != 0 {
			t.Errorf("%+v: %v", q, err)
		}
	}
}

// TestReadHasNoRoomToSpare holds the size of bars against their number, also
// where the window cuts a partition.
func TestReadHasNoRoomToSpare(t *testing.T) {
	s, v := written(t, market.Daily, walk(5, 500))
	bars, err := opened(t, s, v).Read(t.Context(), Query{Fields: Close, Window: Window{From: on(2010, 3, 1), To: on(2011, 3, 1)}})
	if err != nil {
		t.Fatal(err)
	}
	c := bars.rows.Columns()
	if n := bars.Len(); n == 0 || cap(c.Time) > n+n/4 || cap(c.Close) != n || bars.Group(0).Open != nil {
		t.Errorf("%d bars: times have room for %d, closes for %d", n, cap(c.Time), cap(c.Close))
	}
}

func TestStoreIsReadWhereItIsMovedTo(t *testing.T) {
	s, v := written(t, market.Daily, small())
	dir := filepath.Join(t.TempDir(), "moved")
	if err := os.Rename(s.Dir(), dir); err != nil {
		t.Fatal(err)
	}
	moved, err := OpenStore(dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := moved.Verify(t.Context(), "b", v); err != nil {
		t.Error(err)
	}
}
