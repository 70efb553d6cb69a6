package bundle

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"slices"
	"sort"
	"time"

	"github.com/bmadventure/optcache/cachekit/internal/bar"
	"github.com/bmadventure/optcache/cachekit/internal/footer"
	"github.com/bmadventure/optcache/cachekit/market"
	"github.com/bmadventure/optcache/generated/bars"
	"github.com/bmadventure/optcache/internal/parallel"
)

// A Query says which bars to read. The zero Query is all of them.
type Query struct {
	Symbols []string // nil for all assets; order and repetition do not matter
	Fields  Fields   // 0 for all that the bundle has
	Window  Window

	// PeriodsPerYear is how many bars make a year. 0 means that the data say, see [Bars.Calendar].
	PeriodsPerYear float64

	// TimeZone is the zone whose dates are the sessions of bars within the day: a name of the IANA
	// database such as America/New_York. Empty means UTC. Bars of a day and longer have dates.
	TimeZone string

	// Session is when sessions of bars within the day open and close, in the time zone, such as 18:00-17:00.
	// One that crosses midnight has the date on which it closes. Empty means by date.
	Session string

	// Adjust says for which corporate actions earlier bars are adjusted, from the last bar that the asset
	// has, whatever the window. A bundle without splits and dividends has none.
	Adjust Adjust

	// Prices says whether Adjust finds out for each asset if its splits are in its prices already.
	Prices Prices
}

// reader checks what q decides beside which bars it reads.
func (b *content) reader(q *Query) (r reader, err error) {
	if !(q.PeriodsPerYear >= 0) || math.IsInf(q.PeriodsPerYear, 1) {
		return r, fmt.Errorf("%g bars a year: must be above 0, or 0 to go by the data", q.PeriodsPerYear)
	}
	if q.Adjust > AdjustAll || q.Prices > SplitAdjustedPrices {
		return r, fmt.Errorf("%s with %s prices: there is no such adjustment", q.Adjust, q.Prices)
	}
	r.periods = q.PeriodsPerYear
	if r.sessions, err = newSessionRule(q.TimeZone, q.Session); err != nil || b.manifest.frequency.Intraday() {
		return r, err
	}
	r.sessions = sessionRule{} // dates are dates, wherever
	return r, nil
}

// A plan is a query held against a manifest.
type plan struct {
	fields      Fields
	first, last int64 // the window, both ends included
	parts       []planPart
	assets      []int // the assets that have parts
	starts      []int // assets[i] has the parts starts[i] to starts[i+1]
}

// A planPart is a part of the manifest that may have bars in the window.
type planPart struct {
	asset  int
	part   int // index into manifest.parts
	cut    bool
	at     int // position of its first bar among the times read
	lo, hi int // its bars that are in the window
}

// addAssets adds to p the parts of the assets with these symbols.
func (b *content) addAssets(p *plan, symbols []string) error {
	assets, err := b.choose(symbols)
	if err != nil {
		return err
	}
	for _, a := range assets {
		p.add(b.manifest, a)
	}
	p.starts = append(p.starts, len(p.parts))
	return nil
}

// window returns a plan that has the fields and the window of q, and no assets.
func (b *content) window(q Query) (plan, error) {
	p := plan{fields: q.Fields, first: math.MinInt64, last: math.MaxInt64}
	m := b.manifest
	if q.Fields == 0 {
		p.fields = m.fields
	}
	if unknown := p.fields &^ allFields; unknown != 0 {
		return plan{}, fmt.Errorf("there are no fields %#x: combine those of %s", uint8(unknown), m.fields)
	}
	if !m.fields.Has(p.fields) {
		return plan{}, fmt.Errorf("there is no column %s: the bundle has %s", p.fields&^m.fields, m.fields)
	}
	w := q.Window
	if !w.From.IsZero() && !w.To.IsZero() && w.To.Before(w.From) {
		return plan{}, fmt.Errorf("the window ends at %s, before it begins at %s: swap them",
			w.To.Format(time.RFC3339), w.From.Format(time.RFC3339))
	}
	if _, err := b.reader(&q); err != nil {
		return plan{}, err
	}
	if !w.From.IsZero() {
		p.first = clampNano(w.From)
	}
	if !w.To.IsZero() {
		p.last = clampNano(w.To)
		if p.last <= p.first {
			p.first, p.last = math.MaxInt64, math.MinInt64 // nothing
		} else {
			p.last--
		}
	}
	return p, nil
}

// clampNano returns t in Unix nanoseconds, or the nearest that int64 holds.
func clampNano(t time.Time) int64 {
	switch s := t.Unix(); {
	case s < bar.MinSecond:
		return math.MinInt64
	case s > bar.MaxSecond:
		return math.MaxInt64
	}
	return t.UnixNano()
}

// choose returns the positions of the assets with these symbols, ascending.
func (b *content) choose(symbols []string) ([]int, error) {
	m := b.manifest
	if symbols == nil {
		all := make([]int, len(m.assets))
		for i := range all {
			all[i] = i
		}
		return all, nil
	}
	chosen := make([]int, 0, len(symbols))
	for _, symbol := range symbols {
		i, ok := m.find(symbol)
		if !ok {
			return nil, fmt.Errorf("asset %q is not in bundle %q version %s: ask Assets for the %d that are", bar.Clip(symbol), b.name, b.version, len(m.assets))
		}
		chosen = append(chosen, i)
	}
	slices.Sort(chosen)
	return slices.Compact(chosen), nil
}

// add adds the parts of an asset that overlap the window.
func (p *plan) add(m *manifest, asset int) {
	start, parts := m.partsOf(asset)
	begun := false
	for i, part := range parts {
		if part.last < p.first || part.first > p.last {
			continue
		}
		if !begun {
			p.assets, p.starts, begun = append(p.assets, asset), append(p.starts, len(p.parts)), true
		}
		cut := part.first < p.first || part.last > p.last
		p.parts = append(p.parts, planPart{asset: asset, part: start + i, cut: cut, hi: part.rows})
	}
}

// Read returns the bars of a query, grouped by asset. Assets that have no bars
// in the window are not among them. Every value was held against the manifest
// after it was decoded, so what is returned is what was ingested, or an error
// with [ErrCorrupt] in its chain that names the file, the asset and the column.
// An unknown symbol or field is an error.
func (b *Bundle) Read(ctx context.Context, q Query) (*Bars, error) {
	if b.closed.Load() || !b.acquire() {
		return nil, fmt.Errorf("read bundle %q: it was closed before: %w", b.name, fs.ErrClosed)
	}
	defer b.release()
	bars, err := b.read(ctx, q)
	if err != nil {
		return nil, fmt.Errorf("read bundle %q: %w", b.name, err)
	}
	return bars, nil
}

func (b *content) read(ctx context.Context, q Query) (*Bars, error) {
	asked, err := b.window(q)
	if err != nil {
		return nil, err
	}
	rule, err := b.reader(&q)
	if err != nil {
		return nil, err
	}
	p := b.toRead(asked, q.Adjust)
	if err := b.addAssets(&p, q.Symbols); err != nil {
		return nil, err
	}
	r := reading{content: b, plan: &p}
	defer r.close()
	if err := r.openFiles(ctx); err != nil {
		return nil, err
	}
	times, err := r.readTimes(ctx)
	if err != nil {
		return nil, err
	}
	columns, err := r.readColumns(ctx, len(times))
	if err != nil {
		return nil, err
	}
	if q.Adjust == AdjustNone {
		return r.bars(times, columns, rule)
	}
	return r.adjusted(times, columns, &q, asked, rule)
}

// toRead returns what must be read for what was asked for, given no assets yet: to adjust bars takes all of an
// asset, and the columns by which it is decided.
func (b *content) toRead(asked plan, how Adjust) plan {
	if how == AdjustNone || asked.first > asked.last {
		return asked
	}
	asked.first, asked.last = math.MinInt64, math.MaxInt64
	asked.fields |= b.manifest.fields & (Open | Close | Dividend | Split)
	return asked
}

// adjusted makes the result of bars that are adjusted first and then cut to what was asked for.
func (r *reading) adjusted(
	times []int64, columns [bar.NumFields][]float64, q *Query, asked plan, rule reader,
) (*Bars, error) {
	made := make(map[string]Adjustment, len(r.plan.assets))
	kept := 0
	for i, a := range r.plan.assets {
		parts := r.plan.parts[r.plan.starts[i]:r.plan.starts[i+1]]
		from, to := parts[0].at, parts[len(parts)-1].at+parts[len(parts)-1].hi-parts[len(parts)-1].lo
		g := groupOf(r.manifest.assets[a], times, &columns, from, to)
		adjustment, err := g.adjust(q.Adjust, q.Prices)
		if err != nil {
			return nil, err
		}
		made[g.Asset.Symbol] = adjustment
		lo := sort.Search(len(g.Times), func(i int) bool { return g.Times[i] >= asked.first })
		hi := sort.Search(len(g.Times), func(i int) bool { return g.Times[i] > asked.last })
		copy(times[kept:], g.Times[lo:hi])
		for _, c := range columns {
			if c != nil {
				copy(c[kept:], c[from+lo:from+hi])
			}
		}
		kept += hi - lo
		for j := range parts {
			parts[j].lo, parts[j].hi = 0, 0
		}
		parts[0].hi = hi - lo // all that is left of the asset, for bars to count
	}
	for f := range columns {
		columns[f] = cutTo(columns[f], kept, asked.fields.Has(1<<f))
	}
	bars, err := r.bars(cutTo(times, kept, true), columns, rule)
	if err != nil {
		return nil, err
	}
	bars.adjusted = make([]Adjustment, len(bars.assets))
	for i, a := range bars.assets {
		bars.adjusted[i] = made[a.Symbol]
		bars.adjusted[i].Symbol = a.Symbol
	}
	return bars, nil
}

// groupOf returns the bars from to to of the columns, which are those of an asset.
func groupOf(asset market.Asset, times []int64, columns *[bar.NumFields][]float64, from, to int) Group {
	var own [bar.NumFields][]float64
	for f, c := range columns {
		if c != nil {
			own[f] = c[from:to]
		}
	}
	return Group{Asset: asset, Times: times[from:to], Open: own[bar.Open], High: own[bar.High], Low: own[bar.Low],
		Close: own[bar.Close], Volume: own[bar.Volume], Dividend: own[bar.Dividend], Split: own[bar.Split]}
}

// cutTo returns the first n of a column without room to spare, nil if it is not wanted.
func cutTo[E any](column []E, n int, wanted bool) []E {
	switch {
	case column == nil || !wanted:
		return nil
	case n == len(column):
		return column
	}
	return slices.Clone(column[:n])
}

// A reading is the work of one call of Read.
type reading struct {
	*content
	plan  *plan
	files []*os.File // nil where a partition is not needed
	ends  [][]int64
}

func (r *reading) close() {
	for _, f := range r.files {
		if f != nil {
			f.Close()
		}
	}
}

func (r *reading) openFiles(ctx context.Context) error {
	m := r.manifest
	r.files, r.ends = make([]*os.File, len(m.partitions)), make([][]int64, len(m.partitions))
	needed := make([]bool, len(m.partitions))
	for _, p := range r.plan.parts {
		needed[m.parts[p.part].partition] = true
	}
	return parallel.ForEach(ctx, len(needed), len(needed), func() func(int) error {
		return func(i int) (err error) {
			if needed[i] {
				r.files[i], r.ends[i], err = r.openFile(i)
			}
			return err
		}
	})
}

// openFile opens the file of a partition and returns where its chunks end.
func (b *content) openFile(partition int) (*os.File, []int64, error) {
	path := b.filePath(partition)
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil, fmt.Errorf("%s is missing: %w", path, ErrCorrupt)
	}
	if err != nil {
		return nil, nil, err
	}
	ends, err := b.chunkEnds(partition, f)
	if err != nil {
		f.Close()
		return nil, nil, fmt.Errorf("%s: %w", path, err)
	}
	return f, ends, nil
}

func (b *content) filePath(partition int) string {
	return b.store.versionPath(b.name, b.version, fileName(b.manifest.partitions[partition]))
}

func (b *content) chunkEnds(partition int, f *os.File) ([]int64, error) {
	at := &b.files[partition]
	at.mu.Lock()
	defer at.mu.Unlock()
	if at.ends != nil {
		return at.ends, nil
	}
	ends, err := readChunkEnds(f, b.manifest, partition)
	at.ends = ends
	return ends, err
}

func readChunkEnds(f *os.File, m *manifest, partition int) ([]int64, error) {
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	ends, err := footer.Ends(f, info.Size(), append([]string{"symbol"}, m.columnNames()...), m.groups[partition])
	if err != nil {
		return nil, fmt.Errorf("%w: %w", err, ErrCorrupt)
	}
	return ends, nil
}

// chunkEnd returns where a column of a part ends in its file, and an error if
// so many bytes before it are not in the file at all.
func (r *reading) chunkEnd(at, column, bytes int) (int64, error) {
	p := r.manifest.parts[at]
	end := r.ends[p.partition][p.group*(1+r.manifest.columns())+1+column]
	if end < int64(bytes) {
		return 0, r.damaged(at, column)
	}
	return end, nil
}

func (r *reading) damaged(at, column int) error {
	m := r.manifest
	return fmt.Errorf("%s: asset %q, column %s: the values are not those of the manifest: %w",
		r.filePath(m.parts[at].partition), m.assets[m.owner(at)].Symbol, m.columnNames()[column], ErrCorrupt)
}

// A partReader reads and verifies columns; each goroutine has its own.
type partReader struct {
	*reading
	hasher *leafHasher
	names  []string
	types  []string
	bytes  []byte
	values []float64
}

func (r *reading) newPartReader() *partReader {
	_, dtype, _ := timeColumn(r.manifest.frequency)
	types := []string{dtype}
	for range r.manifest.columns() - 1 {
		types = append(types, floatType)
	}
	return &partReader{reading: r, hasher: newLeafHasher(), names: r.manifest.columnNames(), types: types}
}

// read fills b with a column of a part, as it is in the file, and verifies it.
func (r *partReader) read(p planPart, column int, b []byte) error {
	m := r.manifest
	part := m.parts[p.part]
	end, err := r.chunkEnd(p.part, column, len(b))
	if err != nil {
		return err
	}
	if _, err := r.files[part.partition].ReadAt(b, end-int64(len(b))); errors.Is(err, io.EOF) {
		return r.damaged(p.part, column)
	} else if err != nil {
		return err
	}
	sum := r.hasher.leaf(m.assets[p.asset].Symbol, r.names[column], r.types[column], m.partitions[part.partition], part.rows, b)
	if sum != *m.leaf(p.part, column) {
		return r.damaged(p.part, column)
	}
	return nil
}

// grow returns s with n elements, whatever they are.
func grow[E any](s []E, n int) []E { return slices.Grow(s[:0], n)[:n] }

// readTimes reads the times of all parts, finds the bars in the window and
// returns their times, without room to spare.
func (r *reading) readTimes(ctx context.Context) ([]int64, error) {
	total, kept := 0, 0
	for i := range r.plan.parts {
		p := &r.plan.parts[i]
		if err := r.fits(p.part); err != nil {
			return nil, err
		}
		p.at = total
		total += p.hi
	}
	times := make([]int64, total)
	err := r.forParts(ctx, total, func(w *partReader, p *planPart) error {
		return w.readTimes(p, times[p.at:p.at+p.hi])
	})
	if err != nil {
		return nil, err
	}
	for i := range r.plan.parts {
		p := &r.plan.parts[i]
		copy(times[kept:], times[p.at+p.lo:p.at+p.hi])
		p.at = kept
		kept += p.hi - p.lo
	}
	if kept < total {
		times = slices.Clone(times[:kept])
	}
	return times, nil
}

// fits fails if a part cannot have as many bars as the manifest says, because
// its file is too short: so a wrong manifest cannot make anyone allocate.
func (r *reading) fits(at int) error {
	_, _, width := timeColumn(r.manifest.frequency)
	_, err := r.chunkEnd(at, 0, r.manifest.parts[at].rows*width)
	return err
}

// readTimes fills times with all times of a part, and finds those in the window.
func (r *partReader) readTimes(p *planPart, times []int64) error {
	_, _, width := timeColumn(r.manifest.frequency)
	r.bytes = grow(r.bytes, len(times)*width)
	if err := r.read(*p, 0, r.bytes); err != nil {
		return err
	}
	part := r.manifest.parts[p.part]
	if !decodeTimes(times, r.manifest.frequency, r.bytes) || times[0] != part.first || times[len(times)-1] != part.last {
		return r.damaged(p.part, 0)
	}
	if p.cut {
		p.lo = sort.Search(len(times), func(i int) bool { return times[i] >= r.plan.first })
		p.hi = sort.Search(len(times), func(i int) bool { return times[i] > r.plan.last })
		p.hi = max(p.lo, p.hi)
	}
	return nil
}

// readColumns reads the fields of the plan; n is the number of bars.
func (r *reading) readColumns(ctx context.Context, n int) (columns [bar.NumFields][]float64, err error) {
	type column struct{ index, field int }
	var wanted []column
	for f := range bar.NumFields {
		if r.plan.fields.Has(1 << f) {
			columns[f] = make([]float64, n)
			wanted = append(wanted, column{r.manifest.columnOf(1 << f), f})
		}
	}
	err = r.forParts(ctx, n*len(wanted), func(w *partReader, p *planPart) error {
		for _, c := range wanted {
			if p.lo == p.hi {
				break
			}
			if err := w.readValues(p, c.index, columns[c.field][p.at:p.at+p.hi-p.lo]); err != nil {
				return err
			}
		}
		return nil
	})
	return columns, err
}

// readValues fills dst with the values of the bars in the window. Those outside
// are read too, because the leaf covers them.
func (r *partReader) readValues(p *planPart, column int, dst []float64) error {
	values := dst
	if p.cut {
		r.values = grow(r.values, r.manifest.parts[p.part].rows)
		values = r.values
	}
	if err := r.read(*p, column, bytesOf(values)); err != nil {
		return err
	}
	fromLittleEndian(values)
	if p.cut {
		copy(dst, values[p.lo:p.hi])
	}
	return nil
}

// forParts calls work for every part of the plan, on several goroutines if there
// are many values.
func (r *reading) forParts(ctx context.Context, values int, work func(*partReader, *planPart) error) error {
	const worthwhile = 1 << 14 // values, some 70 microseconds, for which another goroutine pays
	return parallel.ForEach(ctx, len(r.plan.parts), values/worthwhile, func() func(int) error {
		w := r.newPartReader()
		return func(i int) error { return work(w, &r.plan.parts[i]) }
	})
}

// bars makes the result, without the assets that turned out to have no bars in
// the window.
func (r *reading) bars(times []int64, columns [bar.NumFields][]float64, rule reader) (*Bars, error) {
	assets, symbols := make([]market.Asset, 0, len(r.plan.assets)), make([]string, 0, len(r.plan.assets))
	offsets := make([]int, 1, len(r.plan.assets)+1)
	n := 0
	for i, a := range r.plan.assets {
		for _, p := range r.plan.parts[r.plan.starts[i]:r.plan.starts[i+1]] {
			n += p.hi - p.lo
		}
		if n > offsets[len(offsets)-1] {
			assets, offsets = append(assets, r.manifest.assets[a]), append(offsets, n)
			symbols = append(symbols, r.manifest.assets[a].Symbol)
		}
	}
	rows, err := bars.NewBars(symbols, offsets, bars.BarColumns{
		Time: times, Open: columns[bar.Open], High: columns[bar.High], Low: columns[bar.Low],
		Close: columns[bar.Close], Volume: columns[bar.Volume],
	})
	if err != nil {
		return nil, err
	}
	return newBars(r.manifest.frequency, assets, rows, columns[bar.Dividend], columns[bar.Split], rule), nil
}
