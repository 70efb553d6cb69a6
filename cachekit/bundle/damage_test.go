package bundle

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/bmadventure/optcache/cachekit/internal/bar"
	"github.com/bmadventure/optcache/cachekit/market"
)

// alter replaces a file, which is read-only, by other bytes.
func alter(t *testing.T, path string, data []byte) {
	t.Helper()
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, data, 0o444); err != nil {
		t.Fatal(err)
	}
}

func readFile(t *testing.T, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// small returns data of two assets and two partitions, whose store is a few
// thousand bytes.
func small() []Series {
	series := walk(2, 5)
	for i := range series {
		series[i].Times[4] += 400 * bar.Day
	}
	return series
}

// tryDamaged asserts that Verify finds the damage, and that reading gives the
// data or says that it is damaged.
func tryDamaged(t *testing.T, s *Store, v Version, series []Series, what string) {
	t.Helper()
	if err := s.Verify(t.Context(), "b", v); !errors.Is(err, ErrCorrupt) {
		t.Errorf("%s: Verify says %v", what, err)
	}
	b, err := s.Open("b", v)
	if err == nil {
		defer b.Close()
		var bars *Bars
		if bars, err = b.Read(t.Context(), Query{}); err == nil {
			if wrong := compareBars(bars, series, OHLCV, always); wrong != "" {
				t.Errorf("%s: Read returns other data: %s", what, wrong)
			}
			return
		}
	}
	if !errors.Is(err, ErrCorrupt) {
		t.Errorf("%s: Read says %v", what, err)
	}
}

// TestAlteredBytesAreFound alters every third byte of every file in turn.
func TestAlteredBytesAreFound(t *testing.T) {
	series := small()
	s, v := written(t, market.Daily, series)
	r := rand.New(rand.NewPCG(1, 2))
	for _, path := range versionFiles(t, s, v) {
		data := readFile(t, path)
		for i := r.IntN(3); i < len(data); i += 3 {
			altered := slices.Clone(data)
			altered[i] ^= 1 << r.IntN(8)
			alter(t, path, altered)
			tryDamaged(t, s, v, series, filepath.Base(path))
		}
		alter(t, path, data)
	}
	if err := s.Verify(t.Context(), "b", v); err != nil {
		t.Errorf("after all is as before: %v", err)
	}
}

func TestTruncationIsFound(t *testing.T) {
	series := small()
	s, v := written(t, market.Daily, series)
	for _, path := range versionFiles(t, s, v) {
		data := readFile(t, path)
		for n := 0; n < len(data); n += 1 + len(data)/300 {
			alter(t, path, data[:n])
			tryDamaged(t, s, v, series, filepath.Base(path))
		}
		alter(t, path, append(slices.Clone(data), 'x'))
		tryDamaged(t, s, v, series, filepath.Base(path)+" with one byte more")
		alter(t, path, data)
	}
}

func versionFiles(t *testing.T, s *Store, v Version) []string {
	t.Helper()
	paths, err := filepath.Glob(s.versionPath("b", v, "*"))
	if err != nil || len(paths) != 4 {
		t.Fatalf("files of the version: %v, %v", paths, err)
	}
	return paths
}

func TestDamageIsNamed(t *testing.T) {
	series := small()
	s, v := written(t, market.Daily, series)
	path := s.versionPath("b", v, "bars-2011.parquet")
	data := readFile(t, path)
	// The close of the second asset in its second partition, as it is in the file.
	want := littleEndian(series[1].Close[4:], nil)
	at := bytes.LastIndex(data[:len(data)/2], want)
	if at < 0 {
		t.Fatal("the value is not in the file")
	}
	data[at] ^= 1
	alter(t, path, data)
	_, err := opened(t, s, v).Read(t.Context(), Query{})
	for _, part := range []string{path, `"A001"`, "close", "ingest"} {
		if err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("%v does not name %s", err, part)
		}
	}
	// What does not read the value does not mind.
	for _, q := range []Query{{Symbols: []string{"A000"}}, {Fields: Open}} {
		if _, err := opened(t, s, v).Read(t.Context(), q); err != nil {
			t.Errorf("%+v: %v", q, err)
		}
	}
}

func TestMissingAndExtraFilesAreFound(t *testing.T) {
	series := small()
	for _, file := range []string{"manifest.json", "SHA256SUMS", "bars-2010.parquet", "bars-2011.parquet"} {
		s, v := written(t, market.Daily, series)
		if err := os.Remove(s.versionPath("b", v, file)); err != nil {
			t.Fatal(err)
		}
		tryDamaged(t, s, v, series, "without "+file)
	}
	s, v := written(t, market.Daily, series)
	alter(t, s.versionPath("b", v, "bars-2012.parquet"), nil)
	tryDamaged(t, s, v, series, "with another file")
}

func TestIngestingAgainMendsDamage(t *testing.T) {
	series := small()
	s, v := written(t, market.Daily, series)
	for _, path := range versionFiles(t, s, v) {
		good := readFile(t, path)
		alter(t, path, good[:len(good)-1])
		r, err := s.Write(t.Context(), "b", market.Daily, series)
		if err != nil || !r.Repaired || r.New || r.Version != v {
			t.Errorf("%s: %+v, %v", path, r, err)
		}
		if err := s.Verify(t.Context(), "b", v); err != nil {
			t.Errorf("%s: %v", path, err)
		}
	}
	if r, err := s.GC(t.Context(), "b", 0); err != nil || r != (GCReport{}) {
		t.Errorf("something was left behind: %+v, %v", r, err)
	}
}

func TestDamagedCurrentIsRefusedAndMended(t *testing.T) {
	series := small()
	s, v := written(t, market.Daily, series)
	path := s.path("b", "current")
	good := readFile(t, path)
	for _, text := range []string{
		"", "\n", string(good[:64]), string(good) + "\n", string(good[:63]) + "\n", strings.ToUpper(string(good)),
		strings.Repeat("g", 64) + "\n", string(good[:64]) + "x", strings.Repeat("0", 1<<16),
	} {
		alter(t, path, []byte(text))
		if got, err := s.Current("b"); !errors.Is(err, ErrCorrupt) {
			t.Errorf("%.70q: got %s, %v", text, got, err)
		}
		infos, err := s.List()
		if err != nil || len(infos) != 1 || !errors.Is(infos[0].Err, ErrCorrupt) {
			t.Errorf("%.70q: List returns %+v, %v", text, infos, err)
		}
		if _, err := s.GC(context.Background(), "b", 0); !errors.Is(err, ErrCorrupt) {
			t.Errorf("%.70q: GC says %v", text, err)
		}
		if r, err := s.Write(t.Context(), "b", market.Daily, series); err != nil || r.New || r.Repaired {
			t.Errorf("%.70q: Write returns %+v, %v", text, r, err)
		}
		if got, err := s.Current("b"); err != nil || got != v {
			t.Errorf("%.70q: after Write: %s, %v", text, got, err)
		}
	}
}
