package ingest

import (
	"context"
	"encoding/binary"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/bmadventure/optcache/cachekit/bundle"
	"github.com/bmadventure/optcache/cachekit/internal/bar"
)

// held is how many bars may wait in memory, 40 bytes each and more, before their values go into a temporary file.
const held = 1 << 19

// A spool keeps the values of bars in a temporary file until it is known what their times mean. Times stay in memory:
// all decisions are about them. It may be used concurrently.
type spool struct {
	dir  string       // where the file is made when it is needed first
	most int64        // bars that may wait in memory
	bars atomic.Int64 // whose values are in memory

	mu   sync.Mutex
	file *os.File // guarded by mu until it is made
	end  int64    // guarded by mu

	times map[timesKey][]int64 // of assets, of which many have the same; guarded by mu
}

// A timesKey is what times that are the same have in common.
type timesKey struct {
	bars        int
	first, last int64
}

// share returns times that are equal to these, without room to spare: those of another asset where there are such.
// Nobody may change them.
func (s *spool) share(times []int64) []int64 {
	if len(times) == 0 {
		return times
	}
	key := timesKey{len(times), times[0], times[len(times)-1]}
	s.mu.Lock()
	defer s.mu.Unlock()
	if known := s.times[key]; slices.Equal(known, times) {
		return known
	}
	if s.times == nil {
		s.times = make(map[timesKey][]int64)
	}
	if len(times) < cap(times) {
		times = slices.Clone(times)
	}
	s.times[key] = times
	return s.times[key]
}

// A piece is the values of some bars of one asset in the spool, column after column.
type piece struct {
	at   int64
	bars int
}

// take gives room in the file for n bytes.
func (s *spool) take(n int64) (at int64, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.file == nil {
		if err := os.MkdirAll(s.dir, 0o755); err != nil {
			return 0, fmt.Errorf("create the folder of the store: %w", err)
		}
		if s.file, err = os.CreateTemp(s.dir, ".tmp-ingest-*"); err != nil {
			return 0, fmt.Errorf("create a temporary file: %w", err)
		}
		os.Remove(s.file.Name()) // where the system lets an open file go, nothing is left of it after a crash
	}
	at, s.end = s.end, s.end+n
	return at, nil
}

// close gives the file back.
func (s *spool) close() {
	if s.file != nil {
		s.file.Close()
		os.Remove(s.file.Name())
		os.Remove(filepath.Dir(s.file.Name())) // if it was made for this, and nothing came of it
	}
}

// spill writes the values that a group has in memory to the spool.
func (s *spool) spill(g *rowGroup) error {
	n := 0
	var present []int
	for f, c := range g.columns {
		if c != nil {
			present = append(present, f)
			n = len(c)
		}
	}
	if n == 0 {
		return nil
	}
	b := make([]byte, 0, 8*n*len(present))
	for _, f := range present {
		for _, v := range g.columns[f] {
			b = binary.LittleEndian.AppendUint64(b, math.Float64bits(v))
		}
		g.columns[f] = g.columns[f][:0]
	}
	at, err := s.take(int64(len(b)))
	if err != nil {
		return err
	}
	if _, err := s.file.WriteAt(b, at); err != nil {
		return fmt.Errorf("write to a temporary file: %w", err)
	}
	g.spool, g.spilled = s, g.spilled+n
	g.pieces = append(g.pieces, piece{at, n})
	s.bars.Add(-int64(n))
	return nil
}

// appendColumn appends the bars lo to hi of the column of a field to dst.
func (g *rowGroup) appendColumn(dst []float64, field, lo, hi int) ([]float64, error) {
	index, present := 0, 0
	for f, c := range g.columns {
		if c != nil {
			present++
			if f < field {
				index++
			}
		}
	}
	dst = slices.Grow(dst, hi-lo)
	first := 0
	var b []byte
	for _, p := range g.pieces {
		from, to := max(lo, first)-first, min(hi, first+p.bars)-first
		first += p.bars
		if from >= to {
			continue
		}
		b = slices.Grow(b[:0], 8*(to-from))[:8*(to-from)]
		if _, err := g.spool.file.ReadAt(b, p.at+8*int64(index*p.bars+from)); err != nil {
			return nil, fmt.Errorf("read a temporary file: %w", err)
		}
		for i := 0; i < len(b); i += 8 {
			dst = append(dst, math.Float64frombits(binary.LittleEndian.Uint64(b[i:])))
		}
	}
	if hi > g.spilled {
		dst = append(dst, g.columns[field][max(lo, g.spilled)-g.spilled:hi-g.spilled]...)
	}
	return dst, nil
}

// load brings all values of a group back into memory, where rows can be moved.
func (g *rowGroup) load() error {
	if g.spilled == 0 {
		return nil
	}
	var columns [bar.NumFields][]float64
	for f, c := range g.columns {
		if c == nil {
			continue
		}
		all, err := g.appendColumn(make([]float64, 0, len(g.times)), f, 0, len(g.times))
		if err != nil {
			return err
		}
		columns[f] = all
	}
	g.columns, g.spilled, g.pieces = columns, 0, nil
	return nil
}

// assetRows is the bars of one asset as they go into a store: those of one group after the other, in the order of time.
type assetRows struct {
	symbol string
	fields bundle.Fields
	groups []*rowGroup
	bars   int
}

// newAssetRows joins groups of one asset.
func newAssetRows(groups []*rowGroup) *assetRows {
	r := &assetRows{symbol: groups[0].symbol, groups: groups}
	for _, g := range groups {
		r.bars += len(g.times)
		for f, c := range g.columns {
			if c != nil && (f != bar.Volume || g.hasVolume) {
				r.fields |= 1 << f
			}
		}
	}
	return r
}

// Describe returns what the asset has. See [bundle.Rows].
func (r *assetRows) Describe() (symbol string, fields bundle.Fields, bars int) {
	return r.symbol, r.fields, r.bars
}

// Read appends bars to a series. See [bundle.Rows].
func (r *assetRows) Read(ctx context.Context, lo, hi int, into *bundle.Series) error {
	columns := [bar.NumFields]*[]float64{&into.Open, &into.High, &into.Low, &into.Close, &into.Volume, &into.Dividend, &into.Split}
	first := 0
	for _, g := range r.groups {
		from, to := max(lo, first)-first, min(hi, first+len(g.times))-first
		first += len(g.times)
		if from >= to {
			continue
		}
		into.Times = append(into.Times, g.times[from:to]...)
		for f, c := range columns {
			var err error
			switch {
			case !r.fields.Has(1 << f):
				continue
			case g.columns[f] == nil:
				*c = bar.Pad(*c, len(*c)+to-from, f)
			default:
				*c, err = g.appendColumn(*c, f, from, to)
			}
			if err != nil {
				return err
			}
		}
		if err := ctx.Err(); err != nil {
			return err
		}
	}
	return nil
}
