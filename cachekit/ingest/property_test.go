package ingest

import (
	"bytes"
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

	"github.com/bmadventure/optcache/cachekit/bundle"
	"github.com/bmadventure/optcache/cachekit/internal/bar"
	"github.com/bmadventure/optcache/cachekit/internal/testbed/random"
	"github.com/bmadventure/optcache/cachekit/market"
)

// A sample is data that a bundle takes: what properties are tried on.
type sample = random.Sample[bundle.Series]

// Files of any kind, with columns and rows in any order that may be, give the version of the values.
func TestVersionDependsOnValuesAlone(t *testing.T) {
	tried := make(map[string]int)
	defer func() {
		if tried["CSV"] == 0 || tried["Parquet"] == 0 {
			t.Errorf("files tried: %v", tried)
		}
	}()
	random.Properties(t, 60, func(s sample) string {
		price(s.Series)
		_, v := written(t, s.Frequency, s.Series)
		r := rand.New(rand.NewPCG(s.Seed, 13))
		for kind, write := range map[string]func(*testing.T, string, sample, *rand.Rand) bool{
			"CSV": writeCSVs, "Parquet": writeParquets,
		} {
			dir := t.TempDir()
			if !write(t, dir, s, r) {
				continue
			}
			tried[kind]++
			report, err := Dir(t.Context(), emptyStore(t), "b", dir, Options{Frequency: s.Frequency})
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
	for i := range s.Series {
		one := &s.Series[i]
		if filepath.Base(one.Symbol) != one.Symbol {
			return false
		}
		names := []string{[]string{"date", "Timestamp", " TIME "}[r.IntN(3)]}
		columns := random.Columns(*one)
		for f, c := range columns {
			if c != nil {
				names = append(names, bar.Names[f])
			}
		}
		order := r.Perm(len(names))
		records := [][]string{names}
		for j, at := range one.Times {
			text := time.Unix(0, at).UTC().Format(time.RFC3339Nano)
			if s.Frequency == market.Daily {
				text = time.Unix(0, at).UTC().Format(time.DateOnly)
			}
			record := []string{text}
			for _, c := range columns {
				if c != nil {
					record = append(record, strconv.FormatFloat(c[j], 'g', -1, 64))
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

// price makes prices, dividends and splits of any numbers: files have no others.
func price(series []bundle.Series) {
	positive := func(v float64) float64 { return max(math.Abs(v), math.SmallestNonzeroFloat64) }
	for i := range series {
		s := &series[i]
		for j := range s.Times {
			a, b, c, d := positive(s.Open[j]), positive(s.High[j]), positive(s.Low[j]), positive(s.Close[j])
			s.Open[j], s.High[j], s.Low[j], s.Close[j] = a, max(a, b, c, d), min(a, b, c, d), d
			if s.Split != nil {
				s.Split[j] = positive(s.Split[j])
			}
			if s.Dividend != nil {
				s.Dividend[j] = math.Abs(s.Dividend[j])
			}
		}
	}
}

// writeParquets writes all rows in any order into a few files. It reports false
// for data without the optional columns, which these files always have.
func writeParquets(t *testing.T, dir string, s sample, r *rand.Rand) bool {
	if bundle.Fields(random.Fields(s.Series)) != allFields {
		return false
	}
	var rows []parquetRow
	for i := range s.Series {
		one := &s.Series[i]
		dividend := bar.Pad(slices.Clone(one.Dividend), len(one.Times), bar.Dividend)
		split := bar.Pad(slices.Clone(one.Split), len(one.Times), bar.Split)
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
