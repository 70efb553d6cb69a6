package bundle

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/bmadventure/optcache/cachekit/market"
	"github.com/bmadventure/optcache/internal/flock"
)

// ErrCorrupt is in the chain of every error that says that a file of a store is
// not as it was written. Ingesting the same data again mends the version.
var ErrCorrupt = errors.New("the file was altered or damaged: ingest the bundle again")

// Names of the files and folders of a bundle.
const (
	currentFile  = "current"
	versionsDir  = "versions"
	manifestFile = "manifest.json"
	sumsFile     = "SHA256SUMS"
	tempPrefix   = ".tmp-"
)

// A Store is a folder of bundles, each with all its versions that were not
// removed. Any number of processes may use one folder at the same time. All
// methods may be called concurrently.
type Store struct {
	dir string

	// step is called before each step of a write, so that tests can fail there.
	step func(step string) error

	// tryAlone is [flock.TryAlone], unless a test has none.
	tryAlone func(*os.File) (bool, error)

	// link is [os.Link], unless a test has none.
	link func(from, to string) error
}

// OpenStore returns the store in a folder. The folder need not exist: the first
// write creates it.
func OpenStore(dir string) (*Store, error) {
	if dir == "" {
		return nil, inputProblem(Problem{Message: "the folder of the store has no name: name one"})
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("open store: %w", err)
	}
	info, err := os.Stat(dir)
	if err == nil && !info.IsDir() {
		return nil, inputProblem(Problem{File: dir, Message: "it is a file, but a store is a folder: name another"})
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("open store: %w", err)
	}
	return &Store{dir: dir, step: func(string) error { return nil }, tryAlone: flock.TryAlone, link: os.Link}, nil
}

// Dir returns the absolute path of the folder.
func (s *Store) Dir() string { return s.dir }

func (s *Store) path(name string, more ...string) string {
	return filepath.Join(append([]string{s.dir, name}, more...)...)
}

func (s *Store) versionPath(name string, v Version, more ...string) string {
	return s.path(name, append([]string{versionsDir, v.String()}, more...)...)
}

// Current returns the version that was ingested last. It reads one file of 65
// bytes. Whoever runs many trials asks once, and opens that version for all of
// them. The error of an unknown bundle has [fs.ErrNotExist] in its chain.
func (s *Store) Current(name string) (Version, error) {
	if err := checkName(name); err != nil {
		return Version{}, err
	}
	path := s.path(name, currentFile)
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return Version{}, fmt.Errorf("bundle %q is not in the store %s: ingest it first: %w", name, s.dir, fs.ErrNotExist)
	}
	if err != nil {
		return Version{}, fmt.Errorf("current version of bundle %q: %w", name, err)
	}
	defer f.Close()
	var text [2*len(Version{}) + 2]byte // one byte more than there should be
	n, err := f.Read(text[:])
	if err != nil && n > 0 {
		return Version{}, fmt.Errorf("current version of bundle %q: %w", name, err)
	}
	var v Version
	if n != len(text)-1 || text[n-1] != '\n' || v.UnmarshalText(text[:n-1]) != nil {
		return Version{}, fmt.Errorf("current version of bundle %q: %s: %w", name, path, ErrCorrupt)
	}
	return v, nil
}

// VersionInfo is what can be told of a version without reading its bars.
type VersionInfo struct {
	Name    string
	Version Version
	Current bool      // whether it is the version that was ingested last
	Written time.Time // when its files were written

	// Err says why the version cannot be read; if it is not nil, what follows is zero.
	Err error

	Frequency   market.Frequency
	Fields      Fields
	Assets      int
	Bars        int64     // of all assets
	Longest     int       // bars of the asset that has most
	First, Last time.Time // of all bars, UTC
	Bytes       int64     // that the files take on disk
}

// List returns the current version of every bundle, by name.
func (s *Store) List() ([]VersionInfo, error) {
	names, err := s.names()
	if err != nil {
		return nil, err
	}
	var infos []VersionInfo
	for _, name := range names {
		v, err := s.Current(name)
		switch {
		case errors.Is(err, fs.ErrNotExist): // its first write has not come to an end
		case err != nil:
			infos = append(infos, VersionInfo{Name: name, Current: true, Err: err})
		default:
			infos = append(infos, s.info(name, v, v))
		}
	}
	return infos, nil
}

// names returns the folders of the store that have the name of a bundle.
func (s *Store) names() ([]string, error) {
	entries, err := os.ReadDir(s.dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("list store: %w", err)
	}
	var names []string
	for _, e := range entries {
		if e.IsDir() && checkName(e.Name()) == nil {
			names = append(names, e.Name())
		}
	}
	return names, nil
}

// Versions returns the versions of a bundle, the one that was current last first; see [Store.History].
func (s *Store) Versions(name string) ([]VersionInfo, error) {
	changes, _ := s.History(name) // what of it can be read
	current, err := s.Current(name)
	if err != nil && !errors.Is(err, ErrCorrupt) {
		return nil, err
	}
	versions, err := s.byAge(name, changes)
	if err != nil {
		return nil, err
	}
	infos := make([]VersionInfo, 0, len(versions))
	for _, v := range versions {
		infos = append(infos, s.info(name, v.v, current))
	}
	return infos, nil
}

// versions returns the versions whose folders exist, in the order of their names.
func (s *Store) versions(name string) ([]Version, error) {
	entries, err := os.ReadDir(s.path(name, versionsDir))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("list versions of bundle %q: %w", name, err)
	}
	var versions []Version
	for _, e := range entries {
		if v, err := ParseVersion(e.Name()); err == nil && e.IsDir() {
			versions = append(versions, v)
		}
	}
	return versions, nil
}

func (s *Store) info(name string, v, current Version) VersionInfo {
	info := VersionInfo{Name: name, Version: v, Current: v == current}
	if stat, err := os.Stat(s.versionPath(name, v, manifestFile)); err == nil {
		info.Written = stat.ModTime()
	}
	b, err := s.Open(name, v)
	if err != nil {
		info.Err = err
		return info
	}
	defer b.Close()
	m := b.manifest
	info.Frequency, info.Fields, info.Assets, info.Longest = m.frequency, m.fields, len(m.assets), b.Longest()
	first, last := m.parts[0].first, m.parts[0].last
	for _, p := range m.parts {
		info.Bars += int64(p.rows)
		first, last = min(first, p.first), max(last, p.last)
	}
	info.First, info.Last = time.Unix(0, first).UTC(), time.Unix(0, last).UTC()
	info.Bytes, info.Err = folderSize(s.versionPath(name, v))
	return info
}

func folderSize(dir string) (int64, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return 0, err
	}
	var bytes int64
	for _, e := range entries {
		info, err := e.Info()
		if err != nil {
			return 0, err
		}
		bytes += info.Size()
	}
	return bytes, nil
}

// isTemp reports whether a file or folder is the leftover of a write, unless
// the write is going on.
func isTemp(name string) bool { return strings.HasPrefix(name, tempPrefix) }
