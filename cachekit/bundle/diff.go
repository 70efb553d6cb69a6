package bundle

import (
	"context"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/bmadventure/optcache/cachekit/internal/bar"
)

// maxCells is how many changed cells, and how many added or removed bars, a Diff
// holds.
const maxCells = 1000

// A Diff is what changed from one version of a bundle to another.
type Diff struct {
	A, B Version

	AssetsAdded, AssetsRemoved []string // symbols, sorted
	FieldsAdded, FieldsRemoved Fields

	// Assets are those of both versions whose bars differ, by symbol.
	Assets []AssetDiff

	// Cells are the changed values by symbol, time and field: the first 1,000.
	// Bars are the bars that only one version has: the first 1,000. MoreCells
	// and MoreBars are how many there are beyond these.
	Cells               []Cell
	Bars                []BarDiff
	MoreCells, MoreBars int
}

// An AssetDiff counts what changed in one asset.
type AssetDiff struct {
	Symbol                 string
	BarsAdded, BarsRemoved int
	Cells                  int    // changed values in bars of both versions
	Fields                 Fields // the fields of those
}

// A Cell is one value that changed.
type Cell struct {
	Symbol   string
	Time     time.Time // UTC
	Field    Fields    // one of them
	Old, New float64
}

// A BarDiff is a bar that only one version has.
type BarDiff struct {
	Symbol string
	Time   time.Time // UTC
	Added  bool      // whether it is the later version that has it
}

// Empty reports whether nothing changed.
func (d *Diff) Empty() bool {
	return len(d.AssetsAdded)+len(d.AssetsRemoved)+len(d.Assets) == 0 && d.FieldsAdded|d.FieldsRemoved == 0
}

// Diff compares two versions of a bundle. It reads only the columns whose leaves
// differ.
func (s *Store) Diff(ctx context.Context, name string, a, b Version) (*Diff, error) {
	older, err := s.open(ctx, name, a)
	if err != nil {
		return nil, err
	}
	defer older.Close()
	newer, err := s.open(ctx, name, b)
	if err != nil {
		return nil, err
	}
	defer newer.Close()
	c := comparison{old: older, new: newer, diff: &Diff{A: a, B: b}}
	if err := c.run(ctx); err != nil {
		return nil, fmt.Errorf("diff of bundle %q: %w", name, err)
	}
	return c.diff, nil
}

// A comparison is the work of one call of Diff.
type comparison struct {
	old, new *Bundle
	diff     *Diff
}

func (c *comparison) run(ctx context.Context) error {
	old, new := c.old.manifest, c.new.manifest
	if old.frequency != new.frequency {
		return fmt.Errorf("one version has %s bars, the other %s bars: they have nothing in common", old.frequency, new.frequency)
	}
	c.diff.FieldsAdded, c.diff.FieldsRemoved = new.fields&^old.fields, old.fields&^new.fields
	for i, asset := range old.assets {
		j, ok := new.find(asset.Symbol)
		if !ok {
			c.diff.AssetsRemoved = append(c.diff.AssetsRemoved, asset.Symbol)
			continue
		}
		if err := c.asset(ctx, i, j); err != nil {
			return err
		}
	}
	for _, asset := range new.assets {
		if _, ok := old.find(asset.Symbol); !ok {
			c.diff.AssetsAdded = append(c.diff.AssetsAdded, asset.Symbol)
		}
	}
	return nil
}

// asset compares an asset of both versions, partition by partition.
func (c *comparison) asset(ctx context.Context, i, j int) error {
	old, new := c.old.manifest, c.new.manifest
	d := AssetDiff{Symbol: old.assets[i].Symbol}
	for _, pair := range pairParts(old, i, new, j) {
		fields := c.changed(pair)
		if fields == 0 && pair.same {
			continue
		}
		if err := c.partition(ctx, &d, pair, fields); err != nil {
			return err
		}
	}
	if d.BarsAdded+d.BarsRemoved+d.Cells > 0 {
		c.diff.Assets = append(c.diff.Assets, d)
	}
	return nil
}

// A partPair is the bars of one asset in one partition of both versions; -1
// where a version has none.
type partPair struct {
	old, new int
	same     bool // whether the times are
}

func pairParts(old *manifest, i int, new *manifest, j int) []partPair {
	oldAt, oldParts := old.partsOf(i)
	newAt, newParts := new.partsOf(j)
	var pairs []partPair
	for len(oldParts)+len(newParts) > 0 {
		order := 0
		switch {
		case len(oldParts) == 0:
			order = 1
		case len(newParts) == 0:
			order = -1
		default:
			order = strings.Compare(old.partitions[oldParts[0].partition], new.partitions[newParts[0].partition])
		}
		pair := partPair{old: -1, new: -1}
		if order <= 0 {
			pair.old, oldAt, oldParts = oldAt, oldAt+1, oldParts[1:]
		}
		if order >= 0 {
			pair.new, newAt, newParts = newAt, newAt+1, newParts[1:]
		}
		pair.same = order == 0 && *old.leaf(pair.old, 0) == *new.leaf(pair.new, 0)
		pairs = append(pairs, pair)
	}
	return pairs
}

// changed returns the fields of both versions whose leaves differ.
func (c *comparison) changed(pair partPair) Fields {
	if pair.old < 0 || pair.new < 0 {
		return 0
	}
	old, new := c.old.manifest, c.new.manifest
	var fields Fields
	for f := range bar.NumFields {
		field := Fields(1) << f
		if (old.fields & new.fields).Has(field) && *old.leaf(pair.old, old.columnOf(field)) != *new.leaf(pair.new, new.columnOf(field)) {
			fields |= field
		}
	}
	return fields
}

func (c *comparison) partition(ctx context.Context, d *AssetDiff, pair partPair, fields Fields) error {
	before, err := c.old.readPart(ctx, pair.old, fields)
	if err != nil {
		return err
	}
	after, err := c.new.readPart(ctx, pair.new, fields)
	if err != nil {
		return err
	}
	for i, j := 0, 0; i < len(before.times) || j < len(after.times); {
		switch {
		case j == len(after.times) || i < len(before.times) && before.times[i] < after.times[j]:
			c.bar(d, before.times[i], false)
			i++
		case i == len(before.times) || after.times[j] < before.times[i]:
			c.bar(d, after.times[j], true)
			j++
		default:
			c.cells(d, before, i, after, j)
			i, j = i+1, j+1
		}
	}
	return nil
}

func (c *comparison) bar(d *AssetDiff, t int64, added bool) {
	if added {
		d.BarsAdded++
	} else {
		d.BarsRemoved++
	}
	if len(c.diff.Bars) == maxCells {
		c.diff.MoreBars++
		return
	}
	c.diff.Bars = append(c.diff.Bars, BarDiff{Symbol: d.Symbol, Time: time.Unix(0, t).UTC(), Added: added})
}

// cells compares one bar of both versions.
func (c *comparison) cells(d *AssetDiff, before partColumns, i int, after partColumns, j int) {
	for f := range bar.NumFields {
		if before.columns[f] == nil {
			continue
		}
		old, new := before.columns[f][i], after.columns[f][j]
		if math.Float64bits(old) == math.Float64bits(new) {
			continue
		}
		d.Cells++
		d.Fields |= 1 << f
		if len(c.diff.Cells) == maxCells {
			c.diff.MoreCells++
			continue
		}
		c.diff.Cells = append(c.diff.Cells, Cell{
			Symbol: d.Symbol, Time: time.Unix(0, before.times[i]).UTC(), Field: 1 << f, Old: old, New: new,
		})
	}
}

// partColumns is the bars of one part.
type partColumns struct {
	times   []int64
	columns [bar.NumFields][]float64
}

// readPart reads some fields of a part; part -1 has no bars.
func (b *Bundle) readPart(ctx context.Context, at int, fields Fields) (partColumns, error) {
	if at < 0 {
		return partColumns{}, nil
	}
	m := b.manifest
	asset := m.owner(at)
	r := reading{content: b.content, plan: &plan{
		fields: fields, first: math.MinInt64, last: math.MaxInt64,
		parts:  []planPart{{asset: asset, part: at, hi: m.parts[at].rows}},
		assets: []int{asset}, starts: []int{0, 1},
	}}
	defer r.close()
	if err := r.openFiles(ctx); err != nil {
		return partColumns{}, err
	}
	times, err := r.readTimes(ctx)
	if err != nil {
		return partColumns{}, err
	}
	columns, err := r.readColumns(ctx, len(times))
	return partColumns{times, columns}, err
}
