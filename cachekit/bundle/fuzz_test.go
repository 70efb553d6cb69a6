package bundle

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/bmadventure/optcache/cachekit/market"
)

// FuzzStore holds that whatever becomes of the bytes of a file of a version, a
// reader gets the bars that were written or is told that they are damaged.
func FuzzStore(f *testing.F) {
	f.Add(uint8(0), uint16(10), uint16(1), []byte("x"))
	f.Add(uint8(1), uint16(4), uint16(0), []byte("\x00\x00"))
	f.Add(uint8(2), uint16(0), uint16(9999), []byte(""))
	f.Add(uint8(0), uint16(0), uint16(1), []byte("{"))
	s, v := written(f, market.Daily, small())
	f.Fuzz(func(t *testing.T, file uint8, at, cut uint16, put []byte) {
		files := versionFiles(t, s, v)
		path := files[int(file)%len(files)]
		data := readFile(t, path)
		from := min(int(at), len(data))
		other := slices.Concat(data[:from], put, data[min(from+int(cut), len(data)):])
		if bytes.Equal(other, data) {
			return
		}
		alter(t, path, other)
		defer alter(t, path, data)
		tryDamaged(t, s, v, small(), fmt.Sprintf("%s, %d bytes at %d replaced by %q", filepath.Base(path), cut, from, put))
	})
}

func FuzzManifest(f *testing.F) {
	for seed := range uint64(6) {
		s := newSample(seed)
		d, err := newDataset(context.Background(), s.Frequency, s.Series)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(d.manifest.encode())
		d.manifest.timeZone, d.manifest.session = "America/Chicago", "17:00-16:00"
		d.manifest.notes = []Note{{"row skipped", "A", 3, `x"\`}, {"volume missing", "", 1, ""}}
		f.Add(d.manifest.encode())
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		m, err := parseManifest(text)
		if err != nil {
			return
		}
		if again := m.encode(); !bytes.Equal(again, text) {
			t.Errorf("%q is accepted, but written as %q", text, again)
		}
	})
}

func FuzzVersion(f *testing.F) {
	f.Add(Version{1, 2, 255}.String())
	f.Add("")
	f.Fuzz(func(t *testing.T, text string) {
		v, err := ParseVersion(text)
		if err == nil && v.String() != text {
			t.Errorf("%q is read as %s", text, v)
		}
		if err != nil && !v.IsZero() {
			t.Errorf("%q gives %s and an error", text, v)
		}
	})
}

// A manifest that lies about the rows, under its right hash, must not make a
// reader allocate for them, nor panic.
func TestManifestThatLiesAboutRows(t *testing.T) {
	s, v := written(t, market.Daily, small())
	text := string(readFile(t, s.versionPath("b", v, manifestFile)))
	for _, rows := range []string{"5", "60000000"} {
		lie := strings.Replace(text, `"rows":4,`, `"rows":`+rows+`,`, 1)
		if lie == text {
			t.Fatal("nothing was replaced in\n" + text)
		}
		version := versionOf([]byte(lie))
		if err := os.CopyFS(s.versionPath("b", version), os.DirFS(s.versionPath("b", v))); err != nil {
			t.Fatal(err)
		}
		alter(t, s.versionPath("b", version, manifestFile), []byte(lie))
		if _, err := opened(t, s, version).Read(t.Context(), Query{}); !errors.Is(err, ErrCorrupt) {
			t.Errorf("%s rows: %v", rows, err)
		}
		if err := s.Verify(t.Context(), "b", version); !errors.Is(err, ErrCorrupt) {
			t.Errorf("%s rows: %v", rows, err)
		}
	}
}
