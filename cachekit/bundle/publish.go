package bundle

import (
	"bufio"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"

	"github.com/bmadventure/optcache/cachekit/market"
	"github.com/bmadventure/optcache/internal/flock"
	"github.com/bmadventure/optcache/internal/parallel"
)

// A Report says what was written.
type Report struct {
	Name      string
	Version   Version
	Previous  Version // the current version before; zero if the bundle is new
	New       bool    // whether the store did not have this version
	Repaired  bool    // whether the store had this version, but damaged
	Frequency market.Frequency
	Fields    Fields
	Assets    int
	Bars      int64 // of all assets
	Longest   int   // bars of the asset that has most

	// Shared is how many files are the same on disk as those of the version before, by hard link.
	Shared int
	// Lost is what the version before had and this one has not; [Store.Write] does not look for it.
	Lost *Losses
}

// WriteOptions say how [Store.WriteRows] writes. The zero value keeps what is there.
type WriteOptions struct {
	// Replace lets assets and bars of the current version go. Without it a write that would lose some is refused with
	// a [*LossError] before anything is written.
	Replace bool
}

// Write makes the series a version of a bundle, and the current one. Their order
// does not matter. Equal series give the version that is there already, and then
// nothing is written. Until the last step of a write everyone sees the bundle as
// it was before, also after a crash.
//
// Bad series are refused with an [*InputError] before anything is written.
func (s *Store) Write(ctx context.Context, name string, frequency market.Frequency, series []Series) (*Report, error) {
	if err := checkName(name); err != nil {
		return nil, err
	}
	d, err := newDataset(ctx, frequency, series)
	if err != nil {
		return nil, err
	}
	r, err := s.publish(ctx, name, d, nil)
	if err != nil {
		return nil, fmt.Errorf("write bundle %q: %w", name, err)
	}
	return r, nil
}

// WriteRows is [Store.Write] for bars that need not be in memory, with what is to be said of them. It holds the bars of
// one asset in one partition at a time, on each of GOMAXPROCS goroutines. Files that are the same as in the current
// version are hard links to those, where the file system has such.
func (s *Store) WriteRows(ctx context.Context, name string, facts Facts, rows []Rows, o WriteOptions) (*Report, error) {
	if err := checkName(name); err != nil {
		return nil, err
	}
	d, err := gather(ctx, facts, rows, nil, false)
	if err != nil {
		return nil, err
	}
	r, err := s.publish(ctx, name, d, &o)
	if err != nil {
		return nil, fmt.Errorf("write bundle %q: %w", name, err)
	}
	return r, nil
}

// publish makes d the current version. It looks for losses if there are options.
func (s *Store) publish(ctx context.Context, name string, d *dataset, o *WriteOptions) (*Report, error) {
	lock, err := s.lockBundle(ctx, name)
	if err != nil {
		return nil, err
	}
	if lock != nil {
		defer flock.Close(lock)
		defer s.removeEmpty(name)
	}
	base := d.base
	if base == nil {
		if base, err = s.currentContent(ctx, name); err != nil {
			return nil, err
		}
		if base != nil {
			defer base.release()
		}
	}
	var lost *Losses
	if o != nil && base != nil {
		if lost, err = d.losses(ctx, base); err != nil && !errors.Is(err, ErrCorrupt) {
			return nil, err // what a damaged version had is not known; to write it again mends it
		}
		if lost != nil && !o.Replace {
			return nil, &LossError{Losses: *lost}
		}
	}
	r, err := s.publishLocked(ctx, name, d, base)
	if r != nil {
		r.Lost = lost
	}
	return r, err
}

// currentContent opens the current version of a bundle; nil if there is none that can be opened.
func (s *Store) currentContent(ctx context.Context, name string) (*content, error) {
	v, err := s.Current(name)
	if err == nil {
		var c *content
		if c, err = s.openContent(ctx, name, v); err == nil {
			c.refs.Store(1)
			return c, nil
		}
	}
	if errors.Is(err, ErrCorrupt) || errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return nil, err
}

// publishLocked is publish for whoever has the lock of the bundle. base is the current version, or nil.
func (s *Store) publishLocked(ctx context.Context, name string, d *dataset, base *content) (*Report, error) {
	text := d.manifest.encode()
	r := d.report(name, versionOf(text))
	var err error
	_, damage := s.readHistory(name)
	if r.Previous, err = s.Current(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		damage = errors.Join(damage, err)
	}
	state, err := s.state(ctx, name, r.Version)
	if err != nil {
		return nil, err
	}
	if state != whole {
		if state == damaged {
			base = nil // its files may be those of this version
		}
		if r.Shared, err = s.writeVersion(ctx, name, r.Version, d, text, base); err != nil {
			return nil, err
		}
		r.New, r.Repaired = state == absent, state == damaged
	}
	if r.Previous == r.Version && damage == nil {
		return r, nil
	}
	return r, s.writeCurrent(name, r.Version)
}

func (d *dataset) report(name string, v Version) *Report {
	m := d.manifest
	r := &Report{Name: name, Version: v, Frequency: m.frequency, Fields: m.fields, Assets: len(m.assets)}
	for i := range m.assets {
		r.Bars += int64(m.rows(i))
		r.Longest = max(r.Longest, m.rows(i))
	}
	return r
}

// lockBundle creates the folders of a bundle if they are missing and takes the
// lock that writers, gc and rm of one bundle hold: whoever has it knows that
// every temporary file in the bundle is a leftover. Where there are no locks it
// returns nil: two writers have names of their own for all that they do not yet
// rename, and what they rename is whole.
func (s *Store) lockBundle(ctx context.Context, name string) (*os.File, error) {
	for {
		if err := s.step("create folders"); err != nil {
			return nil, err
		}
		if err := os.MkdirAll(s.path(name, versionsDir), 0o755); err != nil {
			return nil, fmt.Errorf("create the folder of the bundle: %w", err)
		}
		lock, err := s.lockFolder(ctx, s.path(name))
		switch {
		case errors.Is(err, fs.ErrNotExist):
			continue
		case errors.Is(err, errors.ErrUnsupported):
			return nil, errors.Join(syncFolder(s.dir), syncFolder(s.path(name)))
		case err != nil:
			return nil, err
		}
		// Remove may have come between the two.
		if err = os.MkdirAll(s.path(name, versionsDir), 0o755); err != nil {
			err = fmt.Errorf("create the folder of the bundle: %w", err)
		}
		if err = errors.Join(err, syncFolder(s.dir), syncFolder(s.path(name))); err != nil {
			flock.Close(lock)
			return nil, err
		}
		return lock, nil
	}
}

// removeEmpty removes the folders of a bundle that never had a version, or lost
// them with what says which is current.
func (s *Store) removeEmpty(name string) {
	if err := os.Remove(s.path(name, versionsDir)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return // it has something in it
	}
	if _, err := os.Lstat(s.path(name, currentFile)); errors.Is(err, fs.ErrNotExist) {
		os.RemoveAll(s.path(name, historyFile))
		os.Remove(s.path(name))
	}
}

// What a store has of a version.
const (
	absent = iota
	damaged
	whole
)

func (s *Store) state(ctx context.Context, name string, v Version) (int, error) {
	err := s.Verify(ctx, name, v)
	switch {
	case err == nil:
		return whole, nil
	case errors.Is(err, ErrCorrupt):
		return damaged, nil
	case errors.Is(err, fs.ErrNotExist):
		return absent, nil
	}
	return 0, err
}

// writeVersion writes the files of a version into a temporary folder, reads them
// back, and renames the folder to its place. It returns how many files are shared with base.
func (s *Store) writeVersion(ctx context.Context, name string, v Version, d *dataset, text []byte, base *content) (shared int, err error) {
	if err := s.step("create temporary folder"); err != nil {
		return 0, err
	}
	temp, err := s.tempFolder(name)
	if err != nil {
		return 0, err
	}
	defer func() {
		if err != nil {
			os.RemoveAll(temp)
		}
	}()
	links, err := s.writeFiles(ctx, temp, d, text, base)
	if err != nil {
		return 0, err
	}
	if err := s.step("read back"); err != nil {
		return 0, err
	}
	if err := verifyFolder(ctx, temp, v, links); err != nil {
		return 0, fmt.Errorf("read back what was written: %w", err)
	}
	for _, link := range links {
		if link {
			shared++
		}
	}
	return shared, s.moveIn(name, v, temp)
}

// tempFolder creates a folder in that of a bundle. Unlike os.MkdirTemp it lets the umask
// say who may read it, as it will be the folder of a version.
func (s *Store) tempFolder(name string) (string, error) {
	for {
		temp := s.path(name, tempPrefix+strconv.FormatUint(rand.Uint64(), 36))
		err := os.Mkdir(temp, 0o755)
		if err == nil {
			return temp, nil
		}
		if !errors.Is(err, fs.ErrExist) {
			return "", fmt.Errorf("create a temporary folder: %w", err)
		}
	}
}

// writeFiles fills the folder of a version. It returns which partitions it shares with base.
func (s *Store) writeFiles(ctx context.Context, dir string, d *dataset, text []byte, base *content) ([]bool, error) {
	m := d.manifest
	sums, links := make([]string, len(m.partitions)), make([]bool, len(m.partitions))
	share := s.newSharing(d, base)
	err := parallel.ForEach(ctx, len(sums), len(sums), func() func(int) error {
		return func(i int) (err error) {
			file := fileName(m.partitions[i])
			if sums[i], links[i], err = share.link(ctx, dir, i); err != nil || links[i] {
				return err
			}
			sums[i], err = s.writeFile(filepath.Join(dir, file), func(w io.Writer) error { return d.writeParquet(ctx, w, i) })
			return err
		}
	})
	if err != nil {
		return nil, err
	}
	sum, err := s.writeFile(filepath.Join(dir, manifestFile), func(w io.Writer) error {
		_, err := w.Write(text)
		return err
	})
	if err != nil {
		return nil, err
	}
	sums = append(sums, sum)
	slices.SortFunc(sums, func(a, b string) int { return strings.Compare(a[sumNameAt:], b[sumNameAt:]) })
	_, err = s.writeFile(filepath.Join(dir, sumsFile), func(w io.Writer) error {
		_, err := io.WriteString(w, strings.Join(sums, ""))
		return err
	})
	if err != nil {
		return nil, err
	}
	return links, s.syncFolder(dir)
}

// sumNameAt is where the file name begins in a line of SHA256SUMS.
const sumNameAt = 2*sha256.Size + 2

// writeFile creates a file, which afterwards is on the disk and read-only, and
// returns its line of SHA256SUMS.
func (s *Store) writeFile(path string, write func(io.Writer) error) (sum string, err error) {
	file := filepath.Base(path)
	if err := s.step("create " + file); err != nil {
		return "", err
	}
	// Whoever creates a file may write to it, whatever its mode is.
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o444)
	if err != nil {
		return "", err
	}
	defer func() {
		err = errors.Join(err, f.Close())
	}()
	h := sha256.New()
	buffer := bufio.NewWriterSize(io.MultiWriter(f, h), 1<<18)
	if err := write(buffer); err != nil {
		return "", fmt.Errorf("write %s: %w", path, err)
	}
	if err := s.step("write " + file); err != nil {
		return "", err
	}
	if err := buffer.Flush(); err != nil {
		return "", fmt.Errorf("write %s: %w", path, err)
	}
	if err := s.step("sync " + file); err != nil {
		return "", err
	}
	if err := f.Sync(); err != nil {
		return "", fmt.Errorf("write %s: %w", path, err)
	}
	return fmt.Sprintf("%x  %s\n", h.Sum(nil), file), nil
}

func (s *Store) syncFolder(dir string) error {
	if err := s.step("sync folder"); err != nil {
		return err
	}
	return syncFolder(dir)
}

// syncFolder makes sure that the names in a folder are on the disk.
func syncFolder(dir string) error {
	if runtime.GOOS == "windows" { // folders cannot be synced there, and need not be
		return nil
	}
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := f.Sync(); err != nil {
		return fmt.Errorf("sync folder %s: %w", dir, err)
	}
	return nil
}

// moveIn renames a finished folder to the place of its version. Damaged files
// that stand there are moved away first.
func (s *Store) moveIn(name string, v Version, temp string) error {
	target := s.versionPath(name, v)
	if _, err := os.Lstat(target); err == nil {
		if err := s.step("move damaged version away"); err != nil {
			return err
		}
		away := temp + "-damaged"
		if err := os.Rename(target, away); err != nil {
			return err
		}
		defer os.RemoveAll(away)
	}
	if err := s.step("move version in"); err != nil {
		return err
	}
	if err := os.Rename(temp, target); err != nil {
		return err
	}
	return s.syncFolder(s.path(name, versionsDir))
}

// writeCurrent makes v the current version. current is the truth, and is replaced
// first: if the history stays without the change, the next one adds it. Both are on
// the disk before, so that a full disk leaves both as they are.
func (s *Store) writeCurrent(name string, v Version) error {
	if err := s.step("create new current"); err != nil {
		return err
	}
	history, err := s.historyWith(name, v)
	if err != nil {
		return err
	}
	temp, err := s.tempFolder(name)
	if err != nil {
		return err
	}
	defer os.RemoveAll(temp)
	files := []string{currentFile, historyFile}
	for i, text := range []string{v.String() + "\n", history} {
		_, err := s.writeFile(filepath.Join(temp, files[i]), func(w io.Writer) error {
			_, err := io.WriteString(w, text)
			return err
		})
		if err != nil {
			return err
		}
	}
	for _, file := range files {
		if err := s.step("move " + file + " in"); err != nil {
			return err
		}
		if err := replace(filepath.Join(temp, file), s.path(name, file)); err != nil {
			return err
		}
		if err := s.syncFolder(s.path(name)); err != nil {
			return err
		}
	}
	return nil
}

// replace renames a file over another, or over a folder that should not be there.
func replace(from, to string) error {
	info, err := os.Lstat(to)
	switch {
	case err == nil && info.IsDir():
		if err := os.Rename(to, from+"-damaged"); err != nil {
			return err
		}
	case err == nil && runtime.GOOS == "windows": // it renames nothing over what is read-only
		if err := os.Chmod(to, 0o644); err != nil {
			return err
		}
	}
	return os.Rename(from, to)
}
