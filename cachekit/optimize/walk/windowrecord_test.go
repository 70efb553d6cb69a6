package walk_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/bmadventure/optcache/cachekit"
	"github.com/bmadventure/optcache/cachekit/backtest"
	"github.com/bmadventure/optcache/cachekit/bundle"
	"github.com/bmadventure/optcache/cachekit/internal/testbed"
	"github.com/bmadventure/optcache/cachekit/optimize"
	"github.com/bmadventure/optcache/cachekit/optimize/record"
	"github.com/bmadventure/optcache/cachekit/optimize/walk"
	"github.com/bmadventure/optcache/cachekit/search"
)

// A counted walk-forward keeps its results and counts what it runs.
type counted struct {
	*walk.Forward[backtest.Crossover]
	spans *sync.Map // optimize.Span to *atomic.Int64
	after func()    // each run
}

func count(w *walk.Forward[backtest.Crossover], s *optimize.Segments) *counted {
	c := &counted{w, new(sync.Map), func() {}}
	w.Key = func(p backtest.Crossover, span optimize.Span) ([32]byte, error) { return s.Key(p, span) }
	w.Backtester = func() optimize.Backtester[backtest.Crossover] {
		tester := s.Backtester()
		return func(ctx context.Context, p backtest.Crossover, span optimize.Span) (backtest.EquityCurve, error) {
			n, _ := c.spans.LoadOrStore(span, new(atomic.Int64))
			n.(*atomic.Int64).Add(1)
			defer c.after()
			return tester(ctx, p, span)
		}
	}
	return c
}

// runs returns how often each span was run since the last call.
func (c *counted) runs() (all int, spans map[optimize.Span]int) {
	spans = make(map[optimize.Span]int)
	for span, n := range c.spans.Range {
		spans[span.(optimize.Span)] = int(n.(*atomic.Int64).Load())
		all += spans[span.(optimize.Span)]
	}
	c.spans.Clear()
	return all, spans
}

// walkRecorded runs a walk-forward with the journal of a folder.
func walkRecorded(c *counted, dir string, o optimize.Options) (*walk.Result[backtest.Crossover], error) {
	j, err := record.Open(dir)
	if err != nil {
		return nil, err
	}
	o.Journal = j
	r, err := c.Run(context.Background(), o)
	if e := j.Close(); err == nil {
		err = e
	}
	return r, err
}

// A walk-forward whose journal was cut off at any place ends as one without a journal, for
// random bars, searches and windows; with the whole journal it runs nothing.
func TestWalkForwardGoesOn(t *testing.T) {
	testbed.Property(t, 40, func(seed uint64) string {
		s := testbed.Segments(testbed.RandomBars(seed), int(seed%30))
		want, err := forward(seed, s).Run(context.Background(), optimize.Options{Workers: 1})
		if err != nil {
			return "" // the windows do not fit
		}
		dir := t.TempDir()
		path := filepath.Join(dir, "journal")
		c := count(forward(seed, s), s)
		for i := range 4 {
			got, err := walkRecorded(c, dir, optimize.Options{Workers: 1 + i*2})
			if err != nil {
				return err.Error()
			}
			if d := cmp.Diff(want, got, testbed.SameBits); d != "" {
				return fmt.Sprintf("round %d: %s", i, d)
			}
			n, _ := c.runs()
			if i == 1 && n != 0 {
				return fmt.Sprintf("a finished walk-forward ran %d trials again", n)
			}
			if i == 0 {
				continue
			}
			if err := os.Truncate(path, int64(seed>>8)%(testbed.Size(path)+1)); err != nil {
				return err.Error()
			}
		}
		return ""
	})
}

// A walk-forward that is stopped goes on where it was: it ends as an undisturbed one and
// repeats no trial that was recorded.
func TestWalkForwardStopped(t *testing.T) {
	s := testbed.Segments(testbed.RandomBars(3), 5)
	fresh := func() *walk.Forward[backtest.Crossover] {
		w := forward(3, s)
		w.Windows = walk.Windows{Train: 8, Validation: 3, Test: 3}
		w.Search = func(f walk.Fold) (search.Search[backtest.Crossover], error) {
			return search.NewGenetic(testbed.Crossovers(), 24, search.Options{Seed: uint64(f.Number), Batch: 6})
		}
		return w
	}
	whole := count(fresh(), s)
	want, err := whole.Run(t.Context(), optimize.Options{})
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	j := testbed.OpenJournal(t, dir)
	ctx, stop := context.WithCancel(t.Context())
	c := count(fresh(), s)
	var n atomic.Int64
	c.after = func() {
		if n.Add(1) == 40 {
			stop()
		}
	}
	if _, err := c.Run(ctx, optimize.Options{Workers: 3, Journal: j}); err == nil {
		t.Fatal("it was not stopped")
	}
	j.Close()
	j = testbed.OpenJournal(t, dir)
	defer j.Close()
	kept := j.Len()
	c = count(fresh(), s)
	got, err := c.Run(t.Context(), optimize.Options{Workers: 3, Journal: j})
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want, got, testbed.SameBits); d != "" {
		t.Error(d)
	}
	// One worker after another may run the same parameters before they are recorded.
	if again, _ := c.runs(); kept < 30 || again < j.Len()-kept || again > j.Len()-kept+3*len(got.Folds) {
		t.Errorf("%d were recorded, %d were run, %d are recorded then", kept, again, j.Len())
	}
}

// New bars at the end run the windows that they touch, and no others; a corrected price runs those
// that read it, for the warm-up too; another cost runs all.
func TestNewBarsRunTheirWindows(t *testing.T) {
	const days = 60
	series := testbed.DenseSeries(2, days) // a bar of each asset in every session
	head := func(n int) []bundle.Series {
		cut := make([]bundle.Series, len(series))
		for i, s := range series {
			s.Times, s.Open, s.High, s.Low, s.Close, s.Volume = s.Times[:n], s.Open[:n], s.High[:n], s.Low[:n], s.Close[:n], s.Volume[:n]
			cut[i] = s
		}
		return cut
	}
	store, dir := testbed.OpenStore(t), t.TempDir()
	const warmup = 4
	run := func(cost float64, s []bundle.Series) (spans map[optimize.Span]int, all int, same string) {
		t.Helper()
		testbed.Put(t, store, "b", s)
		p := testbed.Pin(t, testbed.Workspace(t, cachekit.Config{}, store), "b")
		defer p.Close()
		segments := testbed.Segments(testbed.Must(testbed.View(t, p, bundle.Query{Fields: bundle.OHLCV}).Bars(t.Context())), warmup)
		fresh := func() *walk.Forward[backtest.Crossover] {
			w := forward(0, segments)
			w.Windows = walk.Windows{Train: 10, Validation: 5, Test: 5}
			w.Search = func(walk.Fold) (search.Search[backtest.Crossover], error) {
				space := testbed.Must(search.NewSpace(
					search.Int("fast", 1, 4, 1, func(c *backtest.Crossover) *int { return &c.Fast }),
					search.Int("slow", 5, 8, 1, func(c *backtest.Crossover) *int { return &c.Slow }),
					search.Choice("cost", func(c *backtest.Crossover) *float64 { return &c.CostBps }, cost),
				))
				return search.Enumerate(testbed.Must(search.NewGrid(space, 0))), nil
			}
			return w
		}
		c := count(fresh(), segments)
		got, err := walkRecorded(c, dir, optimize.Options{Workers: 1})
		if err != nil {
			t.Fatal(err)
		}
		want, err := fresh().Run(t.Context(), optimize.Options{})
		if err != nil {
			t.Fatal(err)
		}
		all, spans = c.runs()
		return spans, all, cmp.Diff(want, got, testbed.SameBits)
	}
	reads := func(span optimize.Span, day int) bool { return day >= span.From-warmup && day < span.To }

	_, first, d := run(0, head(50))
	if d != "" || first == 0 {
		t.Fatalf("%d trials, %s", first, d)
	}
	if _, n, d := run(0, head(50)); n != 0 || d != "" {
		t.Errorf("the same: %d trials were run, %s", n, d)
	}
	spans, n, d := run(0, series)
	folds := testbed.Must(walk.Windows{Train: 10, Validation: 5, Test: 5}.Folds(days))
	fresh := make(map[optimize.Span]bool) // windows of the folds that were not there before
	for _, f := range folds[len(testbed.Must(walk.Windows{Train: 10, Validation: 5, Test: 5}.Folds(50))):] {
		fresh[f.Train], fresh[f.Validation], fresh[f.Test] = true, true, true
	}
	for span := range spans {
		if !fresh[span] {
			t.Errorf("new bars: %+v was run again", span)
		}
	}
	if n == 0 || d != "" {
		t.Errorf("new bars: %d trials, %s", n, d)
	}
	const day = 30
	series[0].Close = append([]float64(nil), series[0].Close...)
	series[0].Close[day] = (series[0].High[day] + 3*series[0].Close[day]) / 4
	if series[0].Close[day] == series[0].High[day] {
		t.Fatal("the price is what it was")
	}
	spans, n, d = run(0, series)
	for span := range spans {
		if !reads(span, day) {
			// The choice in validation may be another one, whose test is new.
			if span.Len() != 5 {
				t.Errorf("a corrected price: %+v was run again", span)
			}
		}
	}
	if n == 0 || d != "" {
		t.Errorf("a corrected price: %d trials, %s", n, d)
	}
	if _, n, d := run(2, series); n < first || d != "" {
		t.Errorf("another cost: %d trials, %s", n, d)
	}
}

// A new value of a parameter runs its own sets over every train window, and beyond these only what
// the choice, which may be another one, asks for; a value less runs nothing but that.
func TestNewValueRunsItsSets(t *testing.T) {
	s, dir := testbed.Segments(testbed.RandomBars(3), 5), t.TempDir()
	windows := walk.Windows{Train: 8, Validation: 3, Test: 3}
	folds := testbed.Must(windows.Folds(s.Sessions()))
	run := func(slow int) (of map[optimize.Span]int) {
		t.Helper()
		fresh := func() *walk.Forward[backtest.Crossover] {
			w := forward(3, s)
			w.Windows, w.TopK = windows, 2
			w.Search = func(walk.Fold) (search.Search[backtest.Crossover], error) {
				return search.Enumerate(testbed.Must(search.NewGrid(testbed.Must(search.NewSpace(
					search.Int("fast", 1, 3, 1, func(c *backtest.Crossover) *int { return &c.Fast }),
					search.Int("slow", 5, slow, 1, func(c *backtest.Crossover) *int { return &c.Slow }),
				)), 0))), nil
			}
			return w
		}
		c := count(fresh(), s)
		got := testbed.Must(walkRecorded(c, dir, optimize.Options{Workers: 1}))
		if d := cmp.Diff(testbed.Must(fresh().Run(t.Context(), optimize.Options{})), got, testbed.SameBits); d != "" {
			t.Errorf("slow up to %d: %s", slow, d)
		}
		_, of = c.runs()
		return of
	}
	for _, step := range []struct{ slow, fresh int }{{7, 3 * 3}, {8, 3}, {10, 2 * 3}, {6, 0}, {10, 0}} {
		of := run(step.slow)
		for _, f := range folds {
			if of[f.Train] != step.fresh {
				t.Errorf("slow up to %d: %d sets were run over %+v, want %d", step.slow, of[f.Train], f.Train, step.fresh)
			}
			delete(of, f.Train)
		}
		for span, n := range of { // of validation, the best two, and of a test before or after it
			if n > 2+1 {
				t.Errorf("slow up to %d: %d sets were run over %+v", step.slow, n, span)
			}
		}
	}
}

// How many bars make a year is part of what a performance follows from.
func TestWalkForwardOfAnotherYear(t *testing.T) {
	s, dir := testbed.Segments(testbed.RandomBars(3), 5), t.TempDir()
	for _, year := range []float64{252, 365} {
		w := forward(3, s)
		w.Windows, w.PeriodsPerYear = walk.Windows{Train: 8, Validation: 3, Test: 3}, year
		want := testbed.Must(w.Run(t.Context(), optimize.Options{}))
		if d := cmp.Diff(want, testbed.Must(walkRecorded(count(w, s), dir, optimize.Options{})), testbed.SameBits); d != "" {
			t.Errorf("%v bars a year: %s", year, d)
		}
	}
}

// A walk-forward whose journal cannot be written to stops, and says why once.
func TestWalkForwardWithoutRoom(t *testing.T) {
	s := testbed.Segments(testbed.RandomBars(3), 5)
	w := forward(3, s)
	w.Windows = walk.Windows{Train: 8, Validation: 3, Test: 3}
	want := testbed.Must(w.Run(t.Context(), optimize.Options{}))
	j := testbed.OpenJournal(t, t.TempDir())
	j.Close() // no write succeeds any more
	got, err := count(w, s).Run(t.Context(), optimize.Options{Journal: j, Workers: 1})
	if err == nil || strings.Count(err.Error(), "write the journal") != 1 || !strings.HasPrefix(err.Error(), fmt.Sprintf("stopped after 0 of %d folds: ", len(want.Folds))) {
		t.Errorf("nothing was told: %v", err)
	}
	for i, f := range got.Folds {
		if f.Err == nil || !strings.Contains(f.Err.Error(), "not finished") || f.Fold != want.Folds[i].Fold {
			t.Errorf("fold %d: %+v, %v", i, f.Fold, f.Err)
		}
	}
}

// A walk-forward with a memo runs nothing a second time, in the budget, and what a caller does
// to the equity curves that it got changes nothing of what is kept.
func TestWalkForwardMemo(t *testing.T) {
	s := testbed.Segments(testbed.RandomBars(3), 5)
	w := forward(3, s)
	w.Windows = walk.Windows{Train: 8, Validation: 3, Test: 3}
	want := testbed.Must(w.Run(t.Context(), optimize.Options{}))
	for _, gb := range []float64{1, 4.0 / (1 << 20), 1.0 / (1 << 30)} {
		w.Workspace = testbed.Workspace(t, cachekit.Config{CacheSizeGB: gb}, testbed.OpenStore(t))
		c := count(w, s)
		for round := range 3 {
			got := testbed.Must(c.Run(t.Context(), optimize.Options{Memo: true, Workers: 1 + 3*round}))
			if d := cmp.Diff(want, got, testbed.SameBits); d != "" {
				t.Errorf("%v GB, round %d: %s", gb, round, d)
			}
			if n, _ := c.runs(); gb == 1 && (n > 0) != (round == 0) {
				t.Errorf("round %d: %d trials were run", round, n)
			}
			for _, f := range got.Folds {
				clear(f.EquityCurve.Equity)
			}
			for _, s := range w.Workspace.Stats() {
				if s.Used > s.Budget {
					t.Errorf("%s: %d of %d bytes", s.Name, s.Used, s.Budget)
				}
			}
		}
	}
}
