package ingest

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/bmadventure/optcache/cachekit/bundle"
	"github.com/bmadventure/optcache/cachekit/internal/testbed/random"
	"github.com/bmadventure/optcache/cachekit/market"
)

// folder writes files and returns the folder they are in.
func folder(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func zipped(text string) string {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	w.Write([]byte(text))
	w.Close()
	return b.String()
}

const (
	header1 = "date,open,high,low,close,volume\n"
	row1    = "2012-01-03,1.5,3,1,2,100\n"
	row2    = "2012-01-04,2,3,1,2.5,200\n"
)

func emptyStore(t *testing.T) *bundle.Store {
	t.Helper()
	s, err := bundle.OpenStore(filepath.Join(t.TempDir(), "store"))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func opened(t *testing.T, s *bundle.Store, v bundle.Version) *bundle.Bundle {
	t.Helper()
	b, err := s.Open("b", v)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.Close() })
	return b
}

// refused asserts that err is a bundle.InputError that says want, and that
// nothing was written.
func refused(t *testing.T, name string, s *bundle.Store, err error, want string) {
	t.Helper()
	var input *bundle.InputError
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

// written returns a store that has series as the bundle "b", and its version.
func written(t *testing.T, frequency market.Frequency, series []bundle.Series) (*bundle.Store, bundle.Version) {
	t.Helper()
	s := emptyStore(t)
	r, err := s.Write(t.Context(), "b", frequency, series)
	if err != nil {
		t.Fatal(err)
	}
	return s, r.Version
}

// allFields are the columns of a bundle that has all that it may have.
const allFields = bundle.OHLCV | bundle.Dividend | bundle.Split

// asset returns the asset with that symbol: its ID depends on nothing else.
func asset(symbol string) market.Asset {
	sum := sha256.Sum256([]byte(symbol))
	return market.Asset{ID: binary.BigEndian.Uint64(sum[:8]) >> 12, Symbol: symbol}
}

// compareBars says where bars are not those of series, which are sorted; "" if they are equal bit for bit.
func compareBars(bars *bundle.Bars, series []bundle.Series, fields uint8) string {
	var got []bundle.Series
	for i := range bars.Assets() {
		g := bars.Group(i)
		if g.Asset != asset(g.Asset.Symbol) {
			return fmt.Sprintf("asset %q has the id %d", g.Asset.Symbol, g.Asset.ID)
		}
		got = append(got, bundle.Series{
			Symbol: g.Asset.Symbol, Times: g.Times, Open: g.Open, High: g.High, Low: g.Low, Close: g.Close,
			Volume: g.Volume, Dividend: g.Dividend, Split: g.Split,
		})
	}
	return random.Compare(got, series, fields, func(int64) bool { return true })
}

func readFile(t *testing.T, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}
