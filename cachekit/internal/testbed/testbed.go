// Package testbed has the bars, stores, properties and comparisons that the tests of several packages share.
// Tests alone import it.
package testbed

import (
	"compress/gzip"
	"context"
	"encoding/csv"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/leanovate/gopter"
	"github.com/leanovate/gopter/gen"
	"github.com/leanovate/gopter/prop"

	"github.com/bmadventure/optcache/cachekit"
	"github.com/bmadventure/optcache/cachekit/backtest"
	"github.com/bmadventure/optcache/cachekit/bundle"
	"github.com/bmadventure/optcache/cachekit/market"
	"github.com/bmadventure/optcache/cachekit/optimize"
	"github.com/bmadventure/optcache/cachekit/optimize/record"
	"github.com/bmadventure/optcache/cachekit/search"
	"github.com/bmadventure/optcache/internal/shared"
	"github.com/bmadventure/optcache/internal/wal"
)

// Unix returns a time in UTC.
func Unix(ns int64) time.Time { return time.Unix(0, ns).UTC() }

// Group groups the rows of daily bars.
func Group(t testing.TB, rows []market.Bar) *bundle.Bars {
	t.Helper()
	bars, err := bundle.GroupRows(market.Daily, rows)
	if err != nil {
		t.Fatal(err)
	}
	return bars
}

// Rows reads a file of date,open,high,low,close,volume,...
func Rows(t testing.TB, path, symbol string) []market.Bar {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	records, err := csv.NewReader(z).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var rows []market.Bar
	for _, r := range records[1:] {
		at, err := time.Parse(time.DateOnly, r[0])
		if err != nil {
			t.Fatal(err)
		}
		var v [5]float64
		for i := range v {
			if v[i], err = strconv.ParseFloat(r[i+1], 64); err != nil {
				t.Fatal(err)
			}
		}
		rows = append(rows, market.Bar{Symbol: symbol, Time: at, Open: v[0], High: v[1], Low: v[2], Close: v[3], Volume: v[4]})
	}
	return rows
}

// Wander makes daily bars of two assets whose prices have long trends.
func Wander(t testing.TB, bars int) *bundle.Bars {
	var rows []market.Bar
	for _, s := range DenseSeries(2, bars) {
		for i, at := range s.Times {
			trend := math.Exp(0.3 * math.Sin(float64(i)/47))
			rows = append(rows, market.Bar{Symbol: s.Symbol, Time: Unix(at), Open: s.Open[i] * trend, High: s.High[i] * trend, Low: s.Low[i] * trend, Close: s.Close[i] * trend, Volume: s.Volume[i]})
		}
	}
	return Group(t, rows)
}

// RealBars reads the bars of assets from the shared market data.
func RealBars(t testing.TB, symbols ...string) *bundle.Bars {
	var rows []market.Bar
	for _, symbol := range symbols {
		rows = append(rows, Rows(t, shared.Path(t, "market", "daily", symbol+".csv.gz"), symbol)...)
	}
	return Group(t, rows)
}

// OpenJournal opens the journal of a folder.
func OpenJournal(t testing.TB, dir string) *record.Journal {
	t.Helper()
	j, err := record.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	return j
}

// Size returns the bytes of a file, 0 if there is none.
func Size(path string) int64 {
	info, err := os.Stat(path)
	if err != nil {
		return 0
	}
	return info.Size()
}

// Property checks that something holds for many seeds: check returns what is wrong, or "".
func Property(t *testing.T, runs int, check func(seed uint64) string) {
	t.Helper()
	params := gopter.DefaultTestParametersWithSeed(1)
	params.MinSuccessfulTests = runs
	properties := gopter.NewProperties(params)
	properties.Property(t.Name(), prop.ForAll(check, gen.UInt64()))
	properties.TestingRun(t)
}

// Knobs are parameters of all kinds.
type Knobs struct {
	A, B    int
	F, G, H float64
	Kind    string
	Decay   float64
	Deep    bool
}

// RandomBars makes bars of a few assets with gaps, unequal lengths, prices that
// never change, and assets of one bar.
func RandomBars(seed uint64) *bundle.Bars {
	r := rand.New(rand.NewPCG(seed, 17))
	unit, frequency := 24*time.Hour, market.Daily
	if r.IntN(3) == 0 {
		unit, frequency = 5*time.Hour, market.Minute // several bars a session
	}
	var rows []market.Bar
	days := 40 + r.IntN(120)
	for a := range 1 + r.IntN(4) {
		price, still := 100.0, r.IntN(5) == 0
		from, to := r.IntN(days/3), days-r.IntN(days/3)
		if r.IntN(6) == 0 {
			to = from + 1
		}
		for d := from; d < to; d++ {
			if r.IntN(8) == 0 && d > from {
				continue
			}
			open := price
			if !still {
				open *= 0.98 + 0.04*r.Float64()
				price = open * (0.97 + 0.061*r.Float64())
			}
			rows = append(rows, market.Bar{
				Symbol: fmt.Sprintf("S%d", a), Time: time.Date(1969, 11, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(d) * unit),
				Open: open, High: max(open, price), Low: min(open, price), Close: price, Volume: 100,
			})
		}
	}
	bars, err := bundle.GroupRows(frequency, rows)
	if err != nil {
		panic(err)
	}
	return bars
}

// Segments divides bars into sessions.
func Segments(bars *bundle.Bars, warmup int) *optimize.Segments {
	s, err := optimize.NewSegments(bars, warmup)
	if err != nil {
		panic(err)
	}
	return s
}

// Near reports whether two numbers differ by rounding alone.
func Near(a, b float64) bool {
	return a == b || math.IsNaN(a) && math.IsNaN(b) || math.Abs(a-b) <= 1e-9*(1+math.Abs(a))
}

// SameBits compares results to the last bit.
var SameBits = cmp.Options{
	cmp.Comparer(func(a, b float64) bool { return math.Float64bits(a) == math.Float64bits(b) }),
	cmp.Comparer(func(a, b error) bool { return fmt.Sprint(a) == fmt.Sprint(b) }),
}

// Must returns v, and panics for an error.
func Must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// Crossovers is a small space of crossovers.
func Crossovers() *search.Space[backtest.Crossover] {
	s, err := search.NewSpace(
		search.Int("fast", 1, 8, 1, func(p *backtest.Crossover) *int { return &p.Fast }),
		search.Int("slow", 2, 20, 1, func(p *backtest.Crossover) *int { return &p.Slow }),
	)
	if err != nil {
		panic(err)
	}
	return s.Constrain("fast < slow", func(p backtest.Crossover) bool { return p.Fast < p.Slow })
}

// OpenStore opens a store in a new folder.
func OpenStore(t testing.TB) *bundle.Store {
	t.Helper()
	s, err := bundle.OpenStore(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// Put makes series of daily bars the current version of a bundle.
func Put(t testing.TB, s *bundle.Store, name string, series []bundle.Series) bundle.Version {
	t.Helper()
	r, err := s.Write(context.Background(), name, market.Daily, series)
	if err != nil {
		t.Fatal(err)
	}
	return r.Version
}

// Workspace opens a workspace that ends with the test.
func Workspace(t testing.TB, c cachekit.Config, s *bundle.Store) *optimize.Workspace {
	t.Helper()
	w, err := optimize.NewWorkspace(c, s)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	})
	return w
}

// Pin pins the current version of a bundle.
func Pin(t testing.TB, w *optimize.Workspace, name string) *optimize.Pin {
	t.Helper()
	p, err := w.Pin(name)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// View returns a view of a pinned version.
func View(t testing.TB, p *optimize.Pin, q bundle.Query) *optimize.View {
	t.Helper()
	v, err := p.View(q)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

var Off = cachekit.Config{DisableCaching: true, DisableBundlePooling: true}

// DenseSeries makes assets that all trade on the same dates.
func DenseSeries(assets, bars int) []bundle.Series {
	rng := rand.New(rand.NewPCG(1, 1))
	all := make([]bundle.Series, assets)
	for a := range all {
		s := bundle.Series{Symbol: fmt.Sprintf("S%03d", a)}
		price := 100.0
		for d := range bars {
			open := price * (0.99 + float64(0.02*rng.Float64()))
			price = max(1, open*(0.985+float64(0.0302*rng.Float64())))
			s.Times = append(s.Times, time.Date(2010, 1, 1+d, 0, 0, 0, 0, time.UTC).UnixNano())
			s.Open, s.Close = append(s.Open, open), append(s.Close, price)
			s.High, s.Low = append(s.High, max(open, price)), append(s.Low, min(open, price))
			s.Volume = append(s.Volume, 1000)
		}
		all[a] = s
	}
	return all
}

// A Journalled is a workflow that keeps its results in a journal. It returns what it found and how many
// backtests it made.
type Journalled func(t *testing.T, j *record.Journal, workers int) (found any, ran int)

// CutAnywhere requires that a journal cut off at any byte has every record that is whole, and that the
// workflow that goes on with it ends with the same results, bit for bit, having run what is not recorded, and
// that alone; with all of it, it runs nothing.
func CutAnywhere(t *testing.T, run Journalled) {
	want, _ := run(t, nil, 1)
	dir := t.TempDir()
	path := filepath.Join(dir, "journal")
	j := OpenJournal(t, dir)
	run(t, j, 1)
	j.Close()
	journal := Must(os.ReadFile(path))
	records := ends(t, journal)
	step := 1
	if testing.Short() {
		step = 13
	}
	whole := len(records)
	if whole < 9 {
		t.Fatalf("only %d results are recorded", whole)
	}
	for n := len(journal); n >= 0; n -= step {
		for whole > 0 && records[whole-1] > n {
			whole--
		}
		if err := os.WriteFile(path, journal[:n], 0o644); err != nil {
			t.Fatal(err)
		}
		j := OpenJournal(t, dir)
		kept := j.Len()
		got, ran := run(t, j, 1)
		if kept != whole || ran != len(records)-whole || j.Len() != len(records) {
			t.Fatalf("cut at byte %d: %d records are whole, %d were kept and %d run of %d; %d are recorded then", n, whole, kept, ran, len(records), j.Len())
		}
		if d := cmp.Diff(want, got, SameBits); d != "" {
			t.Fatalf("cut at byte %d: %s", n, d)
		}
		j.Close()
		if n%50 == 0 { // one worker after another may run the same parameters before they are recorded
			if err := os.WriteFile(path, journal[:n], 0o644); err != nil {
				t.Fatal(err)
			}
			j := OpenJournal(t, dir)
			if got, ran := run(t, j, 8); ran < len(records)-whole || cmp.Diff(want, got, SameBits) != "" {
				t.Fatalf("cut at byte %d, 8 workers: %d run: %s", n, ran, cmp.Diff(want, got, SameBits))
			}
			j.Close()
		}
	}
}

// ends returns where the records of results in a journal end.
func ends(t *testing.T, journal []byte) (all []int) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "copy")
	if err := os.WriteFile(path, journal, 0o644); err != nil {
		t.Fatal(err)
	}
	log, err := wal.Open(path, string(journal[:16]), func(at int64, _ byte, payload []byte) error {
		all = append(all, int(at+wal.Length(len(payload))))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	log.Close()
	return all
}

// Rising makes bars whose prices rise by 1 % from open to open and at once.
func Rising(n int) []market.Bar {
	var rows []market.Bar
	price := 100.0
	for d := range n {
		rows = append(rows, market.Bar{Symbol: "A", Time: Unix(int64(d) * 24 * int64(time.Hour)), Open: price, High: price, Low: price, Close: price, Volume: 1})
		price *= 1.01
	}
	return rows
}
