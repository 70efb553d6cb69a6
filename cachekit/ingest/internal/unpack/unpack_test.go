package unpack

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
	"github.com/ulikunitz/xz"
)

const bars = "date,open,high,low,close\n2024-05-06,1,2,0.5,1.5\n"

// inBzip2 is bars, since the library has no writer of bzip2.
const inBzip2 = "425a683931415926535992a0854d00000f59800010000777002ee5cc8020003141a3468320341aa6d4cd4c4da9887a7a8d49" +
	"d5287ecf4caaddd6c138b462c106252d12eeb874cc340830d8bb9229c2848495042a68"

func write(t testing.TB, name string, content []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, content, 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func packed(t testing.TB, open func(io.Writer) (io.WriteCloser, error), content []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := open(&b)
	if err == nil {
		_, err = w.Write(content)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func inGzip(t testing.TB, content []byte) []byte {
	return packed(t, func(w io.Writer) (io.WriteCloser, error) { return gzip.NewWriter(w), nil }, content)
}

func inXZ(t testing.TB, content []byte) []byte {
	return packed(t, func(w io.Writer) (io.WriteCloser, error) {
		return xz.WriterConfig{DictCap: 1 << 16, BlockSize: 1 << 12}.NewWriter(w)
	}, content)
}

func inZstd(t testing.TB, content []byte) []byte {
	return packed(t, func(w io.Writer) (io.WriteCloser, error) { return zstd.NewWriter(w) }, content)
}

// inZip packs names and contents in turns.
func inZip(t testing.TB, members ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for i := 0; i < len(members); i += 2 {
		w, err := z.Create(members[i])
		if err == nil {
			_, err = io.WriteString(w, members[i+1])
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// readAll reads all members of a file, by name.
func readAll(path string, limits Limits) (map[string]string, error) {
	members, err := Members(path, limits)
	if err != nil {
		return nil, err
	}
	all := map[string]string{}
	for _, m := range members {
		r, err := m.Open()
		if err != nil {
			return all, err
		}
		content, err := io.ReadAll(r)
		if err := errors.Join(err, r.Close()); err != nil {
			return all, err
		}
		all[m.Name] = string(content)
	}
	return all, nil
}

func isError(err error) bool {
	var e *Error
	return errors.As(err, &e)
}

func TestFilesAreOpenedAsWhatTheyAre(t *testing.T) {
	random := make([]byte, 30_000)
	for i := range random {
		random[i] = "0123456789,\n"[rand.IntN(12)]
	}
	for format, content := range map[string][]byte{
		"gzip": inGzip(t, random), "xz": inXZ(t, random), "zstd": inZstd(t, random), "plain": random,
		"twice": inGzip(t, inZstd(t, random)), "two gzips": append(inGzip(t, random[:99]), inGzip(t, random[99:])...),
		"two xz": append(inXZ(t, random[:99]), inXZ(t, random[99:])...),
		"zip":    inZip(t, "A.txt", string(random)), "in a zip": inZip(t, "A.txt", string(inXZ(t, random))),
	} {
		got, err := readAll(write(t, "A.txt", content), Limits{}) // the name says nothing of the format
		if err != nil || len(got) != 1 || got["A.txt"] != string(random) {
			t.Errorf("%s: %d bytes, %v", format, len(got["A.txt"]), err)
		}
	}
	got, err := readAll(write(t, "A.csv.bz2", unhex(t, inBzip2)), Limits{})
	if err != nil || got["A.csv"] != bars {
		t.Errorf("bzip2: %q, %v", got, err)
	}
}

func TestMembersOfAnArchive(t *testing.T) {
	path := write(t, "a.zip", inZip(t, "../../x.csv", "1", "/etc/y.csv", "2", `C:\d\z.csv`, "3", "dir/", "",
		"b\x07.csv", "4"))
	members, err := Members(path, Limits{})
	var names []string
	for _, m := range members {
		names = append(names, m.Name)
	}
	if want := []string{"x.csv", "etc/y.csv", "C:/d/z.csv", "b\ufffd.csv"}; err != nil || !slices.Equal(names, want) {
		t.Errorf("got %q, %v", names, err)
	}
	// Members are read at once, and again.
	first, err1 := members[0].Open()
	second, err2 := members[1].Open()
	if err := errors.Join(err1, err2); err != nil {
		t.Fatal(err)
	}
	a, _ := io.ReadAll(first)
	first.Close()
	b, err := io.ReadAll(second)
	second.Close()
	if string(a) != "1" || string(b) != "2" || err != nil {
		t.Errorf("got %q, %q, %v", a, b, err)
	}
	if err := os.WriteFile(path, inZip(t, "other.csv", "5"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := members[0].Open(); !isError(err) || !strings.Contains(err.Error(), "replaced") {
		t.Errorf("after a change: %v", err)
	}
}

func TestWhatIsRefused(t *testing.T) {
	encrypted := inZip(t, "A.csv", bars)
	encrypted[6] |= 1
	encrypted[bytes.LastIndex(encrypted, []byte("PK\x01\x02"))+8] |= 1
	method := inZip(t, "A.csv", bars)
	method[bytes.LastIndex(method, []byte("PK\x01\x02"))+10] = 9
	overlap := inZip(t, "A.csv", bars)
	overlap[bytes.LastIndex(overlap, []byte("PK\x01\x02"))+22] = 1 // 64 KiB more
	dictionary := inXZ(t, []byte(bars))
	header := dictionary[12 : 12+int(dictionary[12])*4+4]
	for i := range header {
		if header[i] == lzma2 && header[i+1] == 1 {
			header[i+2] = 31 // 192 MiB
		}
	}
	sum := crc32.ChecksumIEEE(header[:len(header)-4])
	copy(header[len(header)-4:], []byte{byte(sum), byte(sum >> 8), byte(sum >> 16), byte(sum >> 24)})
	second := append(inXZ(t, []byte(bars)), dictionary...)
	window := []byte("\x28\xb5\x2f\xfd\x00\x88\x09\x00\x00A") // 128 MiB
	for name, c := range map[string]struct {
		content []byte
		want    string
	}{
		"encrypted":        {encrypted, "encrypted"},
		"deflate64":        {method, "number 9"},
		"overlap":          {overlap, "overlap"},
		"dictionary":       {dictionary, "192 MiB"},
		"later dictionary": {second, "192 MiB"},
		"window":           {window, "--long"},
		"zip in zip":       {inZip(t, "b.zip", string(inZip(t, "A.csv", bars))), "archive in an archive"},
		"workbook":         {inZip(t, "a", "", "xl/workbook.xml", ""), "read_excel"},
		"7z":               {[]byte("7z\xbc\xaf\x27\x1c\x00\x04"), "7z x"},
		"tar in gzip":      {inGzip(t, append(make([]byte, 257), "ustar\x0000"...)), "tar -xf"},
		"onion":            {inGzip(t, inGzip(t, inGzip(t, inGzip(t, []byte(bars))))), "more than three times"},
	} {
		if _, err := readAll(write(t, "X.gz", c.content), Limits{}); !isError(err) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := Members(t.TempDir(), Limits{}); !isError(err) {
		t.Errorf("a folder: %v", err)
	}
	if _, err := Members(filepath.Join(t.TempDir(), "none"), Limits{}); err == nil || isError(err) {
		t.Errorf("no file: %v", err)
	}
}

// What becomes too large ends in an error that names the flag, and nothing beyond the limit is handed out.
func TestExpansionIsBounded(t *testing.T) {
	large := strings.Repeat("0", freeBytes+freeBytes/2)
	for format, content := range map[string][]byte{
		"gzip": inGzip(t, []byte(large)), "zstd": inZstd(t, []byte(large)), "zip": inZip(t, "A", large),
	} {
		path := write(t, "A", content)
		members, err := Members(path, Limits{MaxExpansion: 10})
		if err != nil {
			t.Fatal(err)
		}
		r, err := members[0].Open()
		if err != nil {
			t.Fatal(err)
		}
		n, err := io.Copy(io.Discard, r)
		most := freeBytes + 10*int64(len(content))
		if n > most || !isError(err) || !strings.Contains(err.Error(), "--max-expansion") {
			t.Errorf("%s: %d of %d bytes, %v", format, n, most, err)
		}
		r.Close()
		if got, err := readAll(path, Limits{MaxExpansion: 1 << 40}); err != nil || got["A"] != large {
			t.Errorf("%s without a limit: %v", format, err)
		}
	}
	if got, err := readAll(write(t, "A", inGzip(t, []byte(large[:freeBytes]))), Limits{MaxExpansion: 1}); err != nil ||
		len(got["A"]) != freeBytes {
		t.Errorf("what is free: %v", err)
	}
}

// What is free is free once for an archive, not for each of its members.
func TestMembersShareWhatIsFree(t *testing.T) {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	const members = 8
	for i := range members {
		w, err := z.Create(fmt.Sprint(i))
		if err != nil {
			t.Fatal(err)
		}
		io.WriteString(w, strings.Repeat("0", freeBytes/members*2))
	}
	z.Close()
	path := write(t, "a.zip", b.Bytes())
	all, err := Members(path, Limits{MaxExpansion: 1})
	if err != nil || len(all) != members {
		t.Fatal(len(all), err)
	}
	var sum int64
	for _, m := range all {
		r, err := m.Open()
		if err != nil {
			t.Fatal(err)
		}
		n, err := io.Copy(io.Discard, r)
		if sum += n; !isError(err) {
			t.Errorf("%s: %d bytes, %v", m.Name, n, err)
		}
		r.Close()
		if r.Close(); sum == 0 { // closing twice does no harm
			t.Error("nothing was read")
		}
	}
	if most := freeBytes + int64(b.Len()); sum > most {
		t.Errorf("%d bytes became %d, more than %d", b.Len(), sum, most)
	}
}

func TestTooManyMembers(t *testing.T) {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for i := range maxMembers + maxMembers/5 {
		if _, err := z.CreateHeader(&zip.FileHeader{Name: fmt.Sprint(i)}); err != nil {
			t.Fatal(err)
		}
	}
	z.Close()
	_, err := Members(write(t, "a.zip", b.Bytes()), Limits{})
	if !isError(err) || !strings.Contains(err.Error(), "100000") {
		t.Errorf("got %v", err)
	}
}

// Wherever a file is cut, it is refused as such, unless too little is left to say what it was.
func TestCutFilesAreRefused(t *testing.T) {
	for format, content := range map[string][]byte{
		"gzip": inGzip(t, []byte(bars)), "bzip2": unhex(t, inBzip2), "xz": inXZ(t, []byte(bars)),
		"zstd": inZstd(t, []byte(bars)), "zip": inZip(t, "A.csv", bars),
	} {
		for end := 10; end < len(content); end++ {
			_, err := readAll(write(t, "A.csv", content[:end]), Limits{})
			if !isError(err) || !strings.Contains(err.Error(), "copy or compress it again") {
				t.Errorf("%s cut at %d of %d: %v", format, end, len(content), err)
			}
		}
	}
}
