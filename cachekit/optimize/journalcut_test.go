package optimize_test

import (
	"context"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/bmadventure/optcache/cachekit/backtest"
	"github.com/bmadventure/optcache/cachekit/optimize"
	"github.com/bmadventure/optcache/internal/wal"
)

// A journalled is a workflow that keeps its results in a journal. It returns what it found and how many
// backtests it made.
type journalled func(t *testing.T, j *optimize.Journal, workers int) (found any, ran int)

// journalledSearch is a search by name of 9 trials.
func journalledSearch(v *optimize.View, name string) journalled {
	space := must(optimize.NewSpace(
		optimize.Int("short", 1, 5, 1, func(p *rule) *int { return &p.Short }),
		optimize.Int("long", 6, 9, 1, func(p *rule) *int { return &p.Long }),
	))
	return func(t *testing.T, j *optimize.Journal, workers int) (any, int) {
		var ran atomic.Int64
		o := optimize.Options{Workers: workers, Journal: j}
		out, err := optimize.RunSearch(t.Context(), must(searchesOf[name](space, 9, optimize.SearchOptions{Seed: 4, Batch: 3})), func() optimize.Worker[rule, backtest.Metrics] {
			trial := trialsOf(v)()
			return optimize.Recorded(v, rule.strategy, func(ctx context.Context, p rule) (backtest.Metrics, error) {
				ran.Add(1)
				return trial(ctx, p)
			}, o)
		}, func(m backtest.Metrics) float64 { return m.TotalReturn }, o)
		if err != nil {
			t.Fatal(err)
		}
		return out, int(ran.Load())
	}
}

// journalledSweep is the same search swept in batches.
func journalledSweep(v *optimize.View, name string) journalled {
	space := must(optimize.NewSpace(
		optimize.Int("fast", 1, 5, 1, func(p *crossing) *int { return &p.Fast }),
		optimize.Int("slow", 6, 9, 1, func(p *crossing) *int { return &p.Slow }),
	))
	return func(t *testing.T, j *optimize.Journal, workers int) (any, int) {
		o := optimize.SearchOptions{Seed: 4, Batch: 3}
		var s optimize.Search[crossing]
		switch name {
		case "grid":
			s = optimize.Enumerate(must(optimize.NewGrid(space, 9)))
		case "random":
			s = must(optimize.NewRandom(space, 9, o))
		case "bayesian":
			s = must(optimize.NewBayesian(space, 9, o))
		case "genetic":
			s = must(optimize.NewGenetic(space, 9, o))
		}
		ran()
		out, err := optimize.SweepSearch(t.Context(), v, s, func(c crossing) backtest.Strategy { return watched{backtest.Crossover{Fast: c.Fast, Slow: c.Slow}} },
			func(m backtest.Metrics) float64 { return m.TotalReturn }, optimize.Options{Workers: workers, Journal: j})
		if err != nil {
			t.Fatal(err)
		}
		return out, ran()
	}
}

type crossing struct{ Fast, Slow int }

// journalledWalk is a walk-forward by a search of that name.
func journalledWalk(name string) journalled {
	s := mustSegments(randomBars(3), 5)
	return func(t *testing.T, j *optimize.Journal, workers int) (any, int) {
		w := forward(3, s)
		w.Windows = optimize.Windows{Train: 8, Validation: 3, Test: 3, Step: 6}
		space := crossovers2()
		w.Search = func(f optimize.Fold) (optimize.Search[backtest.Crossover], error) {
			o := optimize.SearchOptions{Seed: uint64(f.Number), Batch: 2}
			switch name {
			case "random":
				return optimize.NewRandom(space, 4, o)
			case "bayesian":
				return optimize.NewBayesian(space, 4, o)
			}
			return optimize.NewGenetic(space, 4, o)
		}
		c := count(w, s)
		found, err := c.Run(t.Context(), optimize.Options{Workers: workers, Journal: j})
		if err != nil {
			t.Fatal(err)
		}
		ran, _ := c.runs()
		return found, ran
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

// TestCutAnywhereAndResumed: a journal cut off at any byte has every record that is whole, and the search or
// walk-forward that goes on with it ends with the same results, bit for bit, having run what is not recorded, and that
// alone; with all of it, it runs nothing.
func TestCutAnywhereAndResumed(t *testing.T) {
	v := journalView(t, 11)
	for name, run := range map[string]journalled{
		"grid search":            journalledSearch(v, "grid"),
		"random search":          journalledSearch(v, "random"),
		"bayesian search":        journalledSearch(v, "bayesian"),
		"genetic search":         journalledSearch(v, "genetic"),
		"grid, swept":            journalledSweep(v, "grid"),
		"random search, swept":   journalledSweep(v, "random"),
		"bayesian search, swept": journalledSweep(v, "bayesian"),
		"genetic search, swept":  journalledSweep(v, "genetic"),
		"random walk-forward":    journalledWalk("random"),
		"bayesian walk-forward":  journalledWalk("bayesian"),
		"genetic walk-forward":   journalledWalk("genetic"),
	} {
		t.Run(name, func(t *testing.T) {
			want, _ := run(t, nil, 1)
			dir := t.TempDir()
			path := filepath.Join(dir, "journal")
			j := openJournal(t, dir)
			run(t, j, 1)
			j.Close()
			journal := must(os.ReadFile(path))
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
				j := openJournal(t, dir)
				kept := j.Len()
				got, ran := run(t, j, 1)
				if kept != whole || ran != len(records)-whole || j.Len() != len(records) {
					t.Fatalf("cut at byte %d: %d records are whole, %d were kept and %d run of %d; %d are recorded then", n, whole, kept, ran, len(records), j.Len())
				}
				if d := cmp.Diff(want, got, sameBits); d != "" {
					t.Fatalf("cut at byte %d: %s", n, d)
				}
				j.Close()
				if n%50 == 0 { // one worker after another may run the same parameters before they are recorded
					if err := os.WriteFile(path, journal[:n], 0o644); err != nil {
						t.Fatal(err)
					}
					j := openJournal(t, dir)
					if got, ran := run(t, j, 8); ran < len(records)-whole || cmp.Diff(want, got, sameBits) != "" {
						t.Fatalf("cut at byte %d, 8 workers: %d run: %s", n, ran, cmp.Diff(want, got, sameBits))
					}
					j.Close()
				}
			}
		})
	}
}
