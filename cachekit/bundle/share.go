package bundle

import (
	"context"
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// A sharing says which files of a new version are those of another: the leaves of two files prove them equal, so one
// more bar costs the file it is in and not the whole bundle once more. Files of a version never change, and each
// version has names of its own for them, so that one can be removed and leaves the other whole.
type sharing struct {
	store *Store
	data  *dataset
	base  *content // nil if nothing is shared
	dir   string   // of base
	sums  map[string][sha256.Size]byte

	ours, theirs [][]int // the parts in each partition
}

func (s *Store) newSharing(d *dataset, base *content) *sharing {
	h := &sharing{store: s, data: d}
	if base == nil || base.manifest.frequency != d.manifest.frequency || base.manifest.fields != d.manifest.fields {
		return h
	}
	dir := s.versionPath(base.name, base.version)
	sums, err := readSums(dir, base.manifest)
	if err != nil {
		return h // what is damaged is not shared
	}
	h.base, h.dir, h.sums = base, dir, sums
	h.ours, h.theirs = d.manifest.byPartition(), base.manifest.byPartition()
	return h
}

// byPartition returns the parts in each partition, by asset.
func (m *manifest) byPartition() [][]int {
	all := make([][]int, len(m.partitions))
	for i, p := range m.parts {
		all[p.partition] = append(all[p.partition], i)
	}
	return all
}

// link makes the file of a partition a link to that of the base, if they are equal, and returns its line of
// SHA256SUMS. Where a file system has no links, or none here, the file is to be written.
func (h *sharing) link(ctx context.Context, dir string, partition int) (sum string, linked bool, err error) {
	if h.base == nil {
		return "", false, nil
	}
	name := h.data.manifest.partitions[partition]
	at, ok := slices.BinarySearch(h.base.manifest.partitions, name)
	if !ok || !h.equal(partition, at) || !h.whole(ctx, partition, at) {
		return "", false, ctx.Err()
	}
	file := fileName(name)
	if err := h.store.step("link " + file); err != nil {
		return "", false, err
	}
	if h.store.link(filepath.Join(h.dir, file), filepath.Join(dir, file)) != nil {
		return "", false, nil
	}
	return fmt.Sprintf("%x  %s\n", h.sums[file], file), true, nil
}

// equal reports whether a partition of both versions has the same bars of the same assets.
func (h *sharing) equal(ours, theirs int) bool {
	m, base := h.data.manifest, h.base.manifest
	return slices.EqualFunc(h.ours[ours], h.theirs[theirs], func(i, j int) bool {
		if strings.Compare(m.assets[m.owner(i)].Symbol, base.assets[base.owner(j)].Symbol) != 0 {
			return false
		}
		n := m.columns()
		return m.parts[i].rows == base.parts[j].rows && slices.Equal(m.leaves[i*n:(i+1)*n], base.leaves[j*n:(j+1)*n])
	})
}

// whole reports whether the file of the base is what it should be. If all of it was read to make the new version, it
// is read once more; if nothing of it was read it is not: time goes with what is new, and readers find what is wrong.
func (h *sharing) whole(ctx context.Context, ours, theirs int) bool {
	read := slices.ContainsFunc(h.ours[ours], func(at int) bool { return h.data.sources[at].rows != nil })
	if read {
		file := fileName(h.base.manifest.partitions[theirs])
		return verifyFile(ctx, h.dir, h.base.manifest, theirs, h.sums[file], newLeafHasher()) == nil
	}
	f, err := os.Open(h.base.filePath(theirs))
	if err != nil {
		return false
	}
	defer f.Close()
	_, err = readChunkEnds(f, h.base.manifest, theirs)
	return err == nil
}
