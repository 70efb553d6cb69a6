package bundle

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/bmadventure/optcache/internal/flock"
	"github.com/bmadventure/optcache/internal/parallel"
)

// Verify reads every file of a version and holds it against the manifest: all
// leaves, the symbols, the SHA-256 of whole files, and that no file is missing
// or too many. The error names the file, the asset and the column, and has
// [ErrCorrupt] in its chain; that of an unknown version has [fs.ErrNotExist].
func (s *Store) Verify(ctx context.Context, name string, v Version) error {
	if err := checkName(name); err != nil {
		return err
	}
	dir := s.versionPath(name, v)
	if info, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("verify bundle %q version %s: it is not in the store %s: %w", name, v, s.dir, fs.ErrNotExist)
	} else if err == nil && !info.IsDir() {
		return fmt.Errorf("verify bundle %q: %s is no folder: %w", name, dir, ErrCorrupt)
	}
	if err := verifyFolder(ctx, dir, v, nil); err != nil {
		return fmt.Errorf("verify bundle %q version %s: %w", name, v, err)
	}
	return nil
}

// verifyFolder is Verify for the files of a version in any folder, without the partitions that are known to be right.
func verifyFolder(ctx context.Context, dir string, v Version, known []bool) error {
	path := filepath.Join(dir, manifestFile)
	f, err := openLocked(ctx, path)
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s is missing: %w", path, ErrCorrupt)
	}
	if err != nil {
		return err
	}
	defer flock.Close(f)
	m, err := readManifest(f, path, v)
	if err != nil {
		return err
	}
	sums, err := readSums(dir, m)
	if err != nil {
		return err
	}
	if sums[manifestFile] != [sha256.Size]byte(v) {
		return fmt.Errorf("%s: it has another sum of %s: %w", filepath.Join(dir, sumsFile), manifestFile, ErrCorrupt)
	}
	if err := verifyNames(dir, sums); err != nil {
		return err
	}
	return parallel.ForEach(ctx, len(m.partitions), runtime.GOMAXPROCS(0), func() func(int) error {
		h := newLeafHasher()
		return func(i int) error {
			if known != nil && known[i] {
				return nil
			}
			return verifyFile(ctx, dir, m, i, sums[fileName(m.partitions[i])], h)
		}
	})
}

// readSums reads SHA256SUMS, which must name the files that the manifest asks
// for, in the order of their names, as sha256sum prints them.
func readSums(dir string, m *manifest) (map[string][sha256.Size]byte, error) {
	path := filepath.Join(dir, sumsFile)
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s is missing: %w", path, ErrCorrupt)
	}
	if err != nil {
		return nil, err
	}
	names := []string{manifestFile}
	for _, p := range m.partitions {
		names = append(names, fileName(p))
	}
	slices.Sort(names)
	sums := make(map[string][sha256.Size]byte, len(names))
	rest := string(text)
	for _, name := range names {
		line, after, ok := strings.Cut(rest, "\n")
		var sum [sha256.Size]byte
		if !ok || len(line) < sumNameAt || line[sumNameAt-2:] != "  "+name || !decodeHex(sum[:], []byte(line[:sumNameAt-2])) {
			return nil, fmt.Errorf("%s: expected the sum of %s: %w", path, name, ErrCorrupt)
		}
		sums[name], rest = sum, after
	}
	if rest != "" {
		return nil, fmt.Errorf("%s: there are more sums than files: %w", path, ErrCorrupt)
	}
	return sums, nil
}

// verifyNames checks that there are no other files than those with a sum.
func verifyNames(dir string, sums map[string][sha256.Size]byte) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if _, ok := sums[e.Name()]; !ok && e.Name() != sumsFile {
			return fmt.Errorf("%s does not belong there: remove it: %w", filepath.Join(dir, e.Name()), ErrCorrupt)
		}
	}
	return nil
}

func verifyFile(ctx context.Context, dir string, m *manifest, partition int, sum [sha256.Size]byte, h *leafHasher) error {
	path := filepath.Join(dir, fileName(m.partitions[partition]))
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s is missing: %w", path, ErrCorrupt)
	}
	if err != nil {
		return err
	}
	defer f.Close()
	ends, err := readChunkEnds(f, m, partition)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	for i := range m.parts {
		if m.parts[i].partition != partition {
			continue
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		if column, err := verifyPart(f, m, i, ends, h); err != nil {
			return fmt.Errorf("%s: asset %q, column %s: %w", path, m.assets[m.owner(i)].Symbol, column, err)
		}
	}
	whole := sha256.New()
	if _, err := io.Copy(whole, io.NewSectionReader(f, 0, 1<<62)); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	if [sha256.Size]byte(whole.Sum(nil)) != sum {
		return fmt.Errorf("%s: the SHA-256 of the file is not that of %s: %w", path, sumsFile, ErrCorrupt)
	}
	return nil
}

// verifyPart checks all columns of a part; it returns the name of the one that
// is wrong.
func verifyPart(f *os.File, m *manifest, at int, ends []int64, h *leafHasher) (column string, err error) {
	part := m.parts[at]
	symbol := m.assets[m.owner(at)].Symbol
	ends = ends[part.group*(1+m.columns()):]
	if err := verifySymbols(f, ends[0], symbol, part.rows); err != nil {
		return "symbol", err
	}
	name, dtype, width := timeColumn(m.frequency)
	for c, column := range m.columnNames() {
		if c > 0 {
			name, dtype, width = column, floatType, 8
		}
		values, err := readEnd(f, ends[1+c], part.rows*width)
		if err != nil {
			return column, err
		}
		if h.leaf(symbol, name, dtype, m.partitions[part.partition], part.rows, values) != *m.leaf(at, c) {
			return column, fmt.Errorf("the values are not those of the manifest: %w", ErrCorrupt)
		}
	}
	return "", nil
}

// verifySymbols checks the column of symbols, which has no leaf because every
// value of it is known: its length in 4 bytes and the symbol, once a row.
func verifySymbols(f *os.File, end int64, symbol string, rows int) error {
	want := append(binary.LittleEndian.AppendUint32(nil, uint32(len(symbol))), symbol...)
	got, err := readEnd(f, end, rows*len(want))
	if err != nil {
		return err
	}
	for row := range slices.Chunk(got, len(want)) {
		if !bytes.Equal(row, want) {
			return fmt.Errorf("it holds another symbol: %w", ErrCorrupt)
		}
	}
	return nil
}

// readEnd reads the n bytes before end.
func readEnd(f *os.File, end int64, n int) ([]byte, error) {
	if end < int64(n) {
		return nil, ErrCorrupt
	}
	b := make([]byte, n)
	_, err := f.ReadAt(b, end-int64(n))
	if errors.Is(err, io.EOF) {
		err = ErrCorrupt
	}
	return b, err
}
