package unpack

import (
	"io"
	"math/rand/v2"
	"testing"
)

// seeds are one small file of each format.
func seeds(t testing.TB) map[string][]byte {
	return map[string][]byte{
		"gzip": inGzip(t, []byte(bars)), "bzip2": unhex(t, inBzip2), "xz": inXZ(t, []byte(bars)),
		"zstd": inZstd(t, []byte(bars)), "zip": inZip(t, "A.csv", bars, "b/C.csv", bars),
		"xz in zip": inZip(t, "A.csv.xz", string(inXZ(t, []byte(bars)))),
	}
}

// check reads a file to its end: whatever it holds, it ends without a panic, within its limit, and says what is wrong
// with the data as an Error.
func check(t *testing.T, content []byte) {
	members, err := Members(write(t, "A", content), Limits{MaxExpansion: 1})
	if err != nil && !isError(err) {
		t.Fatalf("not an Error: %v", err)
	}
	for _, m := range members {
		r, err := m.Open()
		if err != nil {
			if !isError(err) {
				t.Fatalf("%s: not an Error: %v", m.Name, err)
			}
			continue
		}
		n, err := io.Copy(io.Discard, r)
		if err != nil && !isError(err) {
			t.Fatalf("%s: not an Error: %v", m.Name, err)
		}
		if n > freeBytes+int64(len(content)) {
			t.Fatalf("%s: %d bytes of %d", m.Name, n, len(content))
		}
		if isCompression(r.Kind) || isArchive(r.Kind) {
			t.Fatalf("%s: kind %d was handed out", m.Name, r.Kind)
		}
		r.Close()
	}
}

func TestDamagedFiles(t *testing.T) {
	for format, content := range seeds(t) {
		t.Run(format, func(t *testing.T) {
			r := rand.New(rand.NewPCG(1, uint64(len(content))))
			for range 200 {
				damaged := append([]byte(nil), content...)
				for range 1 + r.IntN(3) {
					damaged[r.IntN(len(damaged))] ^= 1 << r.IntN(8)
				}
				check(t, damaged)
			}
		})
	}
}

func fuzz(f *testing.F, format string) {
	f.Add(seeds(f)[format])
	f.Fuzz(check)
}

func FuzzGzip(f *testing.F)    { fuzz(f, "gzip") }
func FuzzBzip2(f *testing.F)   { fuzz(f, "bzip2") }
func FuzzXZ(f *testing.F)      { fuzz(f, "xz") }
func FuzzZstd(f *testing.F)    { fuzz(f, "zstd") }
func FuzzZip(f *testing.F)     { fuzz(f, "zip") }
func FuzzXZInZip(f *testing.F) { fuzz(f, "xz in zip") }
