package bundle

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/bmadventure/optcache/cachekit/market"
	"github.com/bmadventure/optcache/internal/flock"
)

// A Bundle is one open version. As long as it is open, no process removes its
// files. All methods may be called concurrently. Everything but [Bundle.Read]
// may be called after Close.
type Bundle struct {
	*content
	closed atomic.Bool
}

// content is what all handles of an open version share.
type content struct {
	store    *Store
	name     string
	version  Version
	manifest *manifest

	refs  atomic.Int64 // handles that are not closed, and reads that go on; at 0 lock is closed
	lock  *os.File     // the manifest, with a shared lock
	files []fileEnds   // one a partition

	keysMu sync.Mutex
	keys   map[keyQuery]BarsKey // guarded by keysMu
}

// A fileEnds is where the column chunks of a file end; ends is nil until a read
// needs it.
type fileEnds struct {
	mu   sync.Mutex
	ends []int64 // guarded by mu; never changed once set
}

// Open opens a version of a bundle. It reads and verifies the manifest, and no
// bars. The caller closes it. The error of an unknown version has
// [fs.ErrNotExist] in its chain, that of an altered one [ErrCorrupt].
func (s *Store) Open(name string, v Version) (*Bundle, error) {
	return s.open(context.Background(), name, v)
}

func (s *Store) open(ctx context.Context, name string, v Version) (*Bundle, error) {
	c, err := s.openContent(ctx, name, v)
	if err != nil {
		return nil, err
	}
	c.refs.Store(1)
	return &Bundle{content: c}, nil
}

func (s *Store) openContent(ctx context.Context, name string, v Version) (_ *content, err error) {
	if err := checkName(name); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = fmt.Errorf("open bundle %q version %s: %w", name, v, err)
		}
	}()
	path := s.versionPath(name, v, manifestFile)
	f, err := openLocked(ctx, path)
	if errors.Is(err, fs.ErrNotExist) {
		if _, err := os.Stat(s.versionPath(name, v)); err == nil {
			return nil, fmt.Errorf("%s is missing: %w", path, ErrCorrupt)
		}
		return nil, fmt.Errorf("it is not in the store %s, or was removed: %w", s.dir, fs.ErrNotExist)
	}
	if err != nil {
		return nil, err
	}
	m, err := readManifest(f, path, v)
	if err != nil {
		flock.Close(f)
		return nil, err
	}
	return &content{store: s, name: name, version: v, manifest: m, lock: f, files: make([]fileEnds, len(m.partitions))}, nil
}

func readManifest(f *os.File, path string, v Version) (*manifest, error) {
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	text := make([]byte, info.Size())
	if _, err := io.ReadFull(f, text); err != nil {
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	if versionOf(text) != v {
		return nil, fmt.Errorf("%s does not have the SHA-256 that is the name of its folder: %w", path, ErrCorrupt)
	}
	m, err := parseManifest(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w: %w", path, err, ErrCorrupt)
	}
	return m, nil
}

// acquire adds a reference; it fails if there is none left.
func (c *content) acquire() bool {
	for {
		n := c.refs.Load()
		if n == 0 {
			return false
		}
		if c.refs.CompareAndSwap(n, n+1) {
			return true
		}
	}
}

func (c *content) release() error {
	if c.refs.Add(-1) > 0 {
		return nil
	}
	return flock.Close(c.lock)
}

// Close gives the bundle up. Its file is closed, and its version may be removed
// by [Store.GC], as soon as every other handle that a [Pool] gave out is closed
// too and every Read has returned. Closing twice does nothing.
func (b *Bundle) Close() error {
	if b.closed.Swap(true) {
		return nil
	}
	return b.release()
}

// Name returns the name under which the bundle was opened.
func (b *Bundle) Name() string { return b.name }

// Version returns the version that was opened.
func (b *Bundle) Version() Version { return b.version }

// Frequency returns how much time each bar covers.
func (b *Bundle) Frequency() market.Frequency { return b.manifest.frequency }

// Fields returns the columns that the bundle has.
func (b *Bundle) Fields() Fields { return b.manifest.fields }

// Assets returns the assets, by symbol. It must not be written to.
func (b *Bundle) Assets() []market.Asset { return b.manifest.assets }

// An Extent is how many bars an asset has, and when.
type Extent struct {
	Bars        int
	First, Last time.Time // UTC
}

// Extent returns the extent of the asset with that symbol, and whether there is
// one. It reads no bars.
func (b *Bundle) Extent(symbol string) (Extent, bool) {
	i, ok := b.manifest.find(symbol)
	if !ok {
		return Extent{}, false
	}
	_, parts := b.manifest.partsOf(i)
	first, last := parts[0].first, parts[len(parts)-1].last
	return Extent{Bars: b.manifest.rows(i), First: time.Unix(0, first).UTC(), Last: time.Unix(0, last).UTC()}, true
}

// Longest returns the number of bars of the asset that has most.
func (b *Bundle) Longest() int {
	longest := 0
	for i := range b.manifest.assets {
		longest = max(longest, b.manifest.rows(i))
	}
	return longest
}
