package bundle

import (
	"bytes"
	"context"
	"encoding/csv"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/parquet-go/parquet-go"

	"github.com/bmadventure/optcache/cachekit/internal/bar"
	"github.com/bmadventure/optcache/cachekit/market"
)

func TestWhatIsWrittenIsRead(t *testing.T) {
	properties(t, 60, func(s sample) string {
		store, v := written(t, s.frequency, s.series)
		b, err := store.Open("b", v)
		if err != nil {
			return err.Error()
		}
		defer b.Close()
		bars, err := b.Read(context.Background(), Query{})
		if err != nil {
			return err.Error()
		}
		fields := fieldsOf(s.series)
		if b.Fields() != fields || bars.Fields() != fields || bars.Frequency() != s.frequency {
			return fmt.Sprintf("fields %s, frequency %s", bars.Fields(), bars.Frequency())
		}
		for _, one := range s.series {
			e, ok := b.Extent(one.Symbol)
			if !ok || e.Bars != len(one.Times) || e.First.UnixNano() != one.Times[0] || e.Last.UnixNano() != one.Times[len(one.Times)-1] {
				return fmt.Sprintf("extent of %q is %+v, %t", one.Symbol, e, ok)
			}
		}
		if err := store.Verify(context.Background(), "b", v); err != nil {
			return err.Error()
		}
		return compareBars(bars, s.sorted(), fields, always)
	})
}

func TestReadingPartEqualsFilteringTheWhole(t *testing.T) {
	properties(t, 60, func(s sample) string {
		store, v := written(t, s.frequency, s.series)
		b, err := store.Open("b", v)
		if err != nil {
			return err.Error()
		}
		defer b.Close()
		r := rand.New(rand.NewPCG(s.seed, 11))
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
	series := s.sorted()
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
		times := s.series[r.IntN(len(s.series))].Times
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
	tried := make(map[string]int)
	defer func() {
		if tried["CSV"] == 0 || tried["Parquet"] == 0 {
			t.Errorf("files tried: %v", tried)
		}
	}()
	properties(t, 60, func(s sample) string {
		_, v := written(t, s.frequency, s.series)
		r := rand.New(rand.NewPCG(s.seed, 13))
		shuffled := slices.Clone(s.series)
		r.Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
		if _, other := written(t, s.frequency, shuffled); other != v {
			return "the order of series changes the version"
		}
		for kind, write := range map[string]func(*testing.T, string, sample, *rand.Rand) bool{
			"CSV": writeCSVs, "Parquet": writeParquets,
		} {
			dir := t.TempDir()
			if !write(t, dir, s, r) {
				continue
			}
			tried[kind]++
			store, err := OpenStore(t.TempDir())
			if err != nil {
				return err.Error()
			}
			report, err := store.IngestDir(context.Background(), "b", dir, IngestOptions{Frequency: s.frequency})
			if err != nil {
				return kind + ": " + err.Error()
			}
			if report.Version != v {
				return "ingested from " + kind + " it is another version"
			}
		}
		return ""
	})
}

// writeCSVs writes a file for each asset. It reports false for symbols that
// cannot be the name of a file.
func writeCSVs(t *testing.T, dir string, s sample, r *rand.Rand) bool {
	for i := range s.series {
		one := &s.series[i]
		if filepath.Base(one.Symbol) != one.Symbol {
			return false
		}
		names := []string{[]string{"date", "Timestamp", " TIME "}[r.IntN(3)]}
		for f, c := range one.columns() {
			if *c != nil {
				names = append(names, bar.Names[f])
			}
		}
		order := r.Perm(len(names))
		records := [][]string{names}
		for j, at := range one.Times {
			text := time.Unix(0, at).UTC().Format(time.RFC3339Nano)
			if s.frequency == market.Daily {
				text = time.Unix(0, at).UTC().Format(time.DateOnly)
			}
			record := []string{text}
			for _, c := range one.columns() {
				if *c != nil {
					record = append(record, strconv.FormatFloat((*c)[j], 'g', -1, 64))
				}
			}
			records = append(records, record)
		}
		var b bytes.Buffer
		w := csv.NewWriter(&b)
		for _, record := range records {
			shuffled := make([]string, len(order))
			for to, from := range order {
				shuffled[to] = record[from]
			}
			if err := w.Write(shuffled); err != nil {
				t.Fatal(err)
			}
		}
		w.Flush()
		if err := os.WriteFile(filepath.Join(dir, one.Symbol+".csv"), b.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return true
}

// A parquetRow is a row with both kinds of time, of which a file has one.
type parquetRow struct {
	Low       float64   `parquet:"LOW,dict"`
	Timestamp time.Time `parquet:"timestamp,timestamp(nanosecond)"`
	Symbol    string    `parquet:"symbol,dict,snappy"`
	Close     float64   `parquet:"close"`
	Open      float64   `parquet:"open,zstd"`
	Volume    float64   `parquet:"volume"`
	High      float64   `parquet:"high"`
	Dividend  float64   `parquet:"dividend"`
	Split     float64   `parquet:"split"`
}

// writeParquets writes all rows in any order into a few files. It reports false
// for data without the optional columns, which these files always have.
func writeParquets(t *testing.T, dir string, s sample, r *rand.Rand) bool {
	if fieldsOf(s.series) != allFields {
		return false
	}
	var rows []parquetRow
	for i := range s.series {
		one := &s.series[i]
		dividend, split := bar.Pad(slices.Clone(one.Dividend), len(one.Times), bar.Dividend), bar.Pad(slices.Clone(one.Split), len(one.Times), bar.Split)
		for j, at := range one.Times {
			rows = append(rows, parquetRow{
				Timestamp: time.Unix(0, at).UTC(), Symbol: one.Symbol, Open: one.Open[j], High: one.High[j], Low: one.Low[j],
				Close: one.Close[j], Volume: one.Volume[j], Dividend: dividend[j], Split: split[j],
			})
		}
	}
	r.Shuffle(len(rows), func(i, j int) { rows[i], rows[j] = rows[j], rows[i] })
	for n := 0; len(rows) > 0; n++ {
		some := rows[:1+r.IntN(len(rows))]
		rows = rows[len(some):]
		path := filepath.Join(dir, fmt.Sprintf("part-%d.parquet", n))
		if err := parquet.WriteFile(path, some, parquet.MaxRowsPerRowGroup(int64(1+r.IntN(50)))); err != nil {
			t.Fatal(err)
		}
	}
	return true
}

func TestOneChangedCellChangesItsLeafAlone(t *testing.T) {
	properties(t, 60, func(s sample) string {
		before, err := newDataset(context.Background(), s.frequency, s.series)
		if err != nil {
			return err.Error()
		}
		r := rand.New(rand.NewPCG(s.seed, 17))
		series := s.sorted()
		asset := r.IntN(len(series))
		bar := r.IntN(len(series[asset].Times))
		// Volume may become any value that is not negative.
		volume := slices.Clone(series[asset].Volume)
		volume[bar] = math.Nextafter(volume[bar], math.MaxFloat64/2)
		series[asset].Volume = volume
		after, err := newDataset(context.Background(), s.frequency, series)
		if err != nil {
			return err.Error()
		}
		if versionOf(before.manifest.encode()) == versionOf(after.manifest.encode()) {
			return "the version is the same"
		}
		m := before.manifest
		at := m.starts[asset]
		for before.spans[at].hi <= bar {
			at++
		}
		want := at*m.columns() + m.columnOf(Volume)
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
		d, err := newDataset(context.Background(), s.frequency, s.series)
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
