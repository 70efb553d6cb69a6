package bundle

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/bmadventure/optcache/cachekit/internal/bar"
	"github.com/bmadventure/optcache/cachekit/internal/testbed/random"
)

func TestWhatIsWrittenIsRead(t *testing.T) {
	properties(t, 60, func(s sample) string {
		store, v := written(t, s.Frequency, s.Series)
		b, err := store.Open("b", v)
		if err != nil {
			return err.Error()
		}
		defer b.Close()
		bars, err := b.Read(context.Background(), Query{})
		if err != nil {
			return err.Error()
		}
		fields := fieldsOf(s.Series)
		if b.Fields() != fields || bars.Fields() != fields || bars.Frequency() != s.Frequency {
			return fmt.Sprintf("fields %s, frequency %s", bars.Fields(), bars.Frequency())
		}
		for _, one := range s.Series {
			e, ok := b.Extent(one.Symbol)
			if !ok || e.Bars != len(one.Times) || e.First.UnixNano() != one.Times[0] || e.Last.UnixNano() != one.Times[len(one.Times)-1] {
				return fmt.Sprintf("extent of %q is %+v, %t", one.Symbol, e, ok)
			}
		}
		if err := store.Verify(context.Background(), "b", v); err != nil {
			return err.Error()
		}
		return compareBars(bars, random.Sorted(s.Series), fields, always)
	})
}

func TestReadingPartEqualsFilteringTheWhole(t *testing.T) {
	properties(t, 60, func(s sample) string {
		store, v := written(t, s.Frequency, s.Series)
		b, err := store.Open("b", v)
		if err != nil {
			return err.Error()
		}
		defer b.Close()
		r := rand.New(rand.NewPCG(s.Seed, 11))
		for range 20 {
			if wrong := readPart(b, s, r); wrong != "" {
				return wrong
			}
		}
		return ""
	})
}

// readPart reads some assets, fields and window, and compares.
func readPart(b *Bundle, s sample, r *rand.Rand) string {
	q := Query{Fields: Fields(r.IntN(1<<bar.NumFields)) & b.Fields()}
	fields := q.Fields
	if fields == 0 {
		fields = b.Fields()
	}
	series := random.Sorted(s.Series)
	if r.IntN(2) == 0 {
		q.Symbols = []string{}
		var chosen []Series
		for _, one := range series {
			if r.IntN(2) == 0 {
				chosen = append(chosen, one)
				q.Symbols = append(q.Symbols, one.Symbol, one.Symbol)
			}
		}
		r.Shuffle(len(q.Symbols), func(i, j int) { q.Symbols[i], q.Symbols[j] = q.Symbols[j], q.Symbols[i] })
		series = chosen
	}
	from, to := int64(math.MinInt64), int64(math.MaxInt64)
	bound := func() int64 {
		times := s.Series[r.IntN(len(s.Series))].Times
		return times[r.IntN(len(times))] + int64(r.IntN(3)) - 1
	}
	if r.IntN(4) > 0 {
		from = bound()
		q.Window.From = time.Unix(0, from).In(time.FixedZone("", 3600))
	}
	if r.IntN(4) > 0 {
		if to = bound(); to < from {
			to = from
		}
		q.Window.To = time.Unix(0, to)
	}
	bars, err := b.Read(context.Background(), q)
	if err != nil {
		return err.Error()
	}
	keep := func(t int64) bool { return t >= from && (q.Window.To.IsZero() || t < to) }
	if wrong := compareBars(bars, series, fields, keep); wrong != "" {
		return fmt.Sprintf("%+v: %s", q, wrong)
	}
	return ""
}

func TestVersionDependsOnValuesAlone(t *testing.T) {
	properties(t, 60, func(s sample) string {
		_, v := written(t, s.Frequency, s.Series)
		r := rand.New(rand.NewPCG(s.Seed, 13))
		shuffled := slices.Clone(s.Series)
		r.Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
		if _, other := written(t, s.Frequency, shuffled); other != v {
			return "the order of series changes the version"
		}
		return ""
	})
}

func TestOneChangedCellChangesItsLeafAlone(t *testing.T) {
	properties(t, 60, func(s sample) string {
		before, err := newDataset(context.Background(), s.Frequency, s.Series)
		if err != nil {
			return err.Error()
		}
		r := rand.New(rand.NewPCG(s.Seed, 17))
		series := random.Sorted(s.Series)
		asset := r.IntN(len(series))
		bar := r.IntN(len(series[asset].Times))
		// A high may become any value that is not lower.
		high := slices.Clone(series[asset].High)
		if high[bar] = math.Nextafter(high[bar], math.Inf(1)); math.IsInf(high[bar], 1) {
			return ""
		}
		series[asset].High = high
		after, err := newDataset(context.Background(), s.Frequency, series)
		if err != nil {
			return err.Error()
		}
		if versionOf(before.manifest.encode()) == versionOf(after.manifest.encode()) {
			return "the version is the same"
		}
		m := before.manifest
		at := m.starts[asset]
		for before.sources[at].hi <= bar {
			at++
		}
		want := at*m.columns() + m.columnOf(High)
		for i := range m.leaves {
			if changed := m.leaves[i] != after.manifest.leaves[i]; changed != (i == want) {
				return fmt.Sprintf("leaf %d changed: %t; it is leaf %d that should", i, changed, want)
			}
		}
		return ""
	})
}

func TestManifestIsReadBackAsWritten(t *testing.T) {
	properties(t, 60, func(s sample) string {
		d, err := newDataset(context.Background(), s.Frequency, s.Series)
		if err != nil {
			return err.Error()
		}
		text := d.manifest.encode()
		m, err := parseManifest(text)
		if err != nil {
			return err.Error()
		}
		if !bytes.Equal(m.encode(), text) || !slices.Equal(m.groups, d.manifest.groups) || !slices.Equal(m.parts, d.manifest.parts) {
			return "another manifest"
		}
		return ""
	})
}
