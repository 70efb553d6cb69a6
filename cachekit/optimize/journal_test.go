package optimize_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bmadventure/optcache/cachekit"
	"github.com/bmadventure/optcache/cachekit/backtest"
	"github.com/bmadventure/optcache/cachekit/bundle"
	"github.com/bmadventure/optcache/cachekit/internal/testbed"
	"github.com/bmadventure/optcache/cachekit/optimize"
	"github.com/bmadventure/optcache/cachekit/optimize/record"
	"github.com/bmadventure/optcache/cachekit/search"
)

// seen counts the trials that were really run, by strategy.
var seen struct {
	sync.Mutex
	trials map[string]bool
}

// ran returns how many trials were run since the last call.
func ran() int {
	seen.Lock()
	defer seen.Unlock()
	n := len(seen.trials)
	seen.trials = nil
	return n
}

// A watched strategy tells when it is run.
type watched struct{ backtest.Crossover }

func (w watched) Decide(b *backtest.BarData, signals *backtest.Signals) {
	seen.Lock()
	if seen.trials == nil {
		seen.trials = make(map[string]bool)
	}
	seen.trials[w.String()] = true
	seen.Unlock()
	w.Crossover.Decide(b, signals)
}

// crossings is the plan of the watched crossovers of some lengths.
func crossings(fast, slow []int, cost float64) (plan strategies) {
	for _, f := range fast {
		for _, s := range slow {
			plan = append(plan, watched{backtest.Crossover{Fast: f, Slow: s, CostBps: cost}})
		}
	}
	return plan
}

// recorded sweeps with the journal of a folder, and returns how many trials were run.
func recorded(t testing.TB, v *optimize.View, plan strategies, dir string) (out []optimize.Outcome[backtest.Strategy, backtest.Metrics], run int) {
	t.Helper()
	j := testbed.OpenJournal(t, dir)
	defer j.Close()
	ran()
	out, err := optimize.Sweep(context.Background(), v, plan, itself, optimize.Options{Workers: 2, Journal: j})
	if err != nil {
		t.Fatal(err)
	}
	run = ran()
	if j.Taken()+run != len(plan) || j.Len() < len(plan) {
		t.Errorf("%d trials: %d were run and %d taken, %d are recorded", len(plan), run, j.Taken(), j.Len())
	}
	return out, run
}

func journalView(t testing.TB, seed uint64) *optimize.View {
	t.Helper()
	store := testbed.OpenStore(t)
	testbed.Put(t, store, "b", randomSeries(seed, 2, 40))
	p := testbed.Pin(t, testbed.Workspace(t, cachekit.Config{}, store), "b")
	t.Cleanup(func() { p.Close() })
	return testbed.View(t, p, bundle.Query{Fields: bundle.OHLCV})
}

// TestJournalCutAnywhere: with a journal that was cut off at any byte, the sweep runs the trials that are not
// recorded in it, those alone, and ends with the same results.
func TestJournalCutAnywhere(t *testing.T) {
	v := journalView(t, 1)
	plan := crossings([]int{2, 3, 4}, []int{7, 9}, 1)
	dir := t.TempDir()
	want, run := recorded(t, v, plan, dir)
	if run != len(plan) {
		t.Fatalf("the first sweep ran %d of %d trials", run, len(plan))
	}
	whole, err := os.ReadFile(filepath.Join(dir, "journal"))
	if err != nil {
		t.Fatal(err)
	}
	step := 1
	if testing.Short() {
		step = 7
	}
	runs := make(map[int]int)
	for n := len(whole); n >= 0; n -= step {
		cut := t.TempDir()
		if err := os.WriteFile(filepath.Join(cut, "journal"), whole[:n], 0o644); err != nil {
			t.Fatal(err)
		}
		got, run := recorded(t, v, plan, cut)
		if d := sameOutcomes(want, got); d != "" {
			t.Fatalf("cut at byte %d: %s", n, d)
		}
		runs[run]++
	}
	if len(runs) != len(plan)+1 {
		t.Errorf("trials run by how many cuts: %v", runs)
	}
}

// TestJournalDamagedAnywhere: a journal with any byte changed is an error, or changes no result.
func TestJournalDamagedAnywhere(t *testing.T) {
	v := journalView(t, 2)
	plan := crossings([]int{2, 3}, []int{7, 9}, 0)
	dir := t.TempDir()
	want, _ := recorded(t, v, plan, dir)
	whole, err := os.ReadFile(filepath.Join(dir, "journal"))
	if err != nil {
		t.Fatal(err)
	}
	step, refused := 1, 0
	if testing.Short() {
		step = 5
	}
	for at := 0; at < len(whole); at += step {
		damaged := append([]byte(nil), whole...)
		damaged[at] ^= 0x41
		other := t.TempDir()
		if err := os.WriteFile(filepath.Join(other, "journal"), damaged, 0o644); err != nil {
			t.Fatal(err)
		}
		j, err := record.Open(other)
		if err != nil {
			refused++
			continue
		}
		got, err := optimize.Sweep(context.Background(), v, plan, itself, optimize.Options{Journal: j})
		if err != nil {
			t.Fatal(err)
		}
		if d := sameOutcomes(want, got); d != "" {
			t.Fatalf("byte %d: %s", at, d)
		}
		j.Close()
	}
	if refused == 0 {
		t.Error("no damage was an error")
	}
}

// TestNothingIsRunTwice: what is equal in all that a result follows from is taken, in
// other sweeps too; what differs in one thing is run.
func TestNothingIsRunTwice(t *testing.T) {
	series := randomSeries(3, 2, 40)
	store := testbed.OpenStore(t)
	testbed.Put(t, store, "b", series)
	w := testbed.Workspace(t, cachekit.Config{}, store)
	p := testbed.Pin(t, w, "b")
	defer p.Close()
	v := testbed.View(t, p, bundle.Query{Fields: bundle.OHLCV})
	dir := t.TempDir()
	for _, step := range []struct {
		name string
		view *optimize.View
		plan strategies
		runs int
	}{
		{"first", v, crossings([]int{2, 3}, []int{7, 9}, 0), 4},
		{"the same", v, crossings([]int{2, 3}, []int{7, 9}, 0), 0},
		{"a new value", v, crossings([]int{2, 3}, []int{7, 8, 9}, 0), 2},
		{"another cost", v, crossings([]int{2, 3}, []int{7, 9}, 1), 4},
		{"another window", testbed.View(t, p, bundle.Query{Fields: bundle.OHLCV, Window: bundle.Window{From: time.Date(2020, 1, 5, 0, 0, 0, 0, time.UTC)}}), crossings([]int{2}, []int{7}, 0), 1},
		{"fewer assets", testbed.View(t, p, bundle.Query{Fields: bundle.OHLCV, Symbols: []string{"S01"}}), crossings([]int{2}, []int{7}, 0), 1},
	} {
		if _, run := recorded(t, step.view, step.plan, dir); run != step.runs {
			t.Errorf("%s: %d trials were run, want %d", step.name, run, step.runs)
		}
	}
	plain := strategies{backtest.Crossover{Fast: 2, Slow: 7}}
	j := testbed.OpenJournal(t, dir)
	if _, err := optimize.Sweep(t.Context(), v, plain, itself, optimize.Options{Journal: j}); err != nil || j.Taken() != 0 {
		t.Errorf("a strategy of another type took %d results, %v", j.Taken(), err)
	}
	j.Close()

	// A new price in the middle of a sweep: the sweep has its version; the next one sees it.
	series[0].Close[5]++
	testbed.Put(t, store, "b", series)
	if _, run := recorded(t, v, crossings([]int{2, 3}, []int{7, 9}, 0), dir); run != 0 {
		t.Errorf("the pinned version: %d trials were run", run)
	}
	q := testbed.Pin(t, w, "b")
	defer q.Close()
	if _, run := recorded(t, testbed.View(t, q, bundle.Query{Fields: bundle.OHLCV}), crossings([]int{2, 3}, []int{7, 9}, 0), dir); run != 4 {
		t.Errorf("a corrected price: %d trials were run, want 4", run)
	}
	// What does not read the asset that changed is still known.
	if _, run := recorded(t, testbed.View(t, q, bundle.Query{Fields: bundle.OHLCV, Symbols: []string{"S01"}}), crossings([]int{2}, []int{7}, 0), dir); run != 0 {
		t.Errorf("another asset's price: %d trials were run", run)
	}
}

func TestResumeSaysWhatDiffers(t *testing.T) {
	dir := t.TempDir()
	j := testbed.OpenJournal(t, dir)
	was := identity("bundle", "b 1234", "space", "fast 2:5", "objective", "sharpe")
	if err := j.Resume(was); err == nil || !strings.Contains(err.Error(), "has none") {
		t.Errorf("nothing to resume: %v", err)
	}
	if err := j.Begin(was); err != nil {
		t.Fatal(err)
	}
	j.Close()
	j = testbed.OpenJournal(t, dir)
	defer j.Close()
	if err := j.Resume(was); err != nil {
		t.Errorf("the same run: %v", err)
	}
	err := j.Resume(identity("bundle", "b 5678", "space", "fast 2:5", "search", "grid"))
	for _, line := range []string{"bundle was b 1234, and is b 5678", "objective was sharpe, and is not given", "search was not given, and is grid"} {
		if err == nil || !strings.Contains(err.Error(), line) {
			t.Errorf("%q is not in %v", line, err)
		}
	}
	if err != nil && strings.Contains(err.Error(), "space") {
		t.Errorf("%v names what is equal", err)
	}
	if _, err := record.Open(dir); err == nil || !strings.Contains(err.Error(), fmt.Sprintf("process %d", os.Getpid())) {
		t.Errorf("a second writer: %v", err)
	}
}

// TestSearchesGoOn stops searches that learn in the middle: gone on with, they end as if
// nothing had happened, and repeat no recorded trial.
func TestSearchesGoOn(t *testing.T) {
	v := journalView(t, 4)
	space := testbed.Must(search.NewSpace(
		search.Int("fast", 1, 10, 1, func(c *backtest.Crossover) *int { return &c.Fast }),
		search.Int("slow", 11, 30, 1, func(c *backtest.Crossover) *int { return &c.Slow }),
	))
	strategy := func(c backtest.Crossover) backtest.Strategy { return watched{c} }
	const trials = 40
	for name, begin := range map[string]func() (search.Search[backtest.Crossover], error){
		"bayesian": func() (search.Search[backtest.Crossover], error) {
			return search.NewBayesian(space, trials, search.Options{Seed: 5})
		},
		"genetic": func() (search.Search[backtest.Crossover], error) {
			return search.NewGenetic(space, trials, search.Options{Seed: 5})
		},
		"random": func() (search.Search[backtest.Crossover], error) {
			return search.NewRandom(space, trials, search.Options{Seed: 5})
		},
	} {
		t.Run(name, func(t *testing.T) {
			search := func(ctx context.Context, j *record.Journal, after func()) []optimize.Outcome[backtest.Crossover, backtest.Metrics] {
				o := optimize.Options{Workers: 3, Journal: j}
				out, err := optimize.RunSearch(ctx, testbed.Must(begin()), func() optimize.Worker[backtest.Crossover, backtest.Metrics] {
					var runner backtest.Runner
					return optimize.Recorded(v, strategy, func(ctx context.Context, c backtest.Crossover) (backtest.Metrics, error) {
						defer after()
						_, bars, err := v.Load(ctx)
						if err != nil {
							return backtest.Metrics{}, err
						}
						return runner.Run(ctx, bars, strategy(c), nil)
					}, o)
				}, func(m backtest.Metrics) float64 { return m.TotalReturn }, o)
				if err != nil && !errors.Is(err, context.Canceled) {
					t.Fatal(err)
				}
				return out
			}
			want := search(t.Context(), nil, func() {})
			dir := t.TempDir()
			j := testbed.OpenJournal(t, dir)
			ctx, stop := context.WithCancel(t.Context())
			var mu sync.Mutex
			n := 0
			search(ctx, j, func() {
				mu.Lock()
				defer mu.Unlock()
				if n++; n == 17 {
					stop()
				}
			})
			j.Close()
			j = testbed.OpenJournal(t, dir)
			defer j.Close()
			kept := j.Len()
			ran()
			got := search(t.Context(), j, func() {})
			if d := sameOutcomes(want, got); d != "" {
				t.Error(d)
			}
			if again := ran(); kept < 10 || kept+again != j.Len() {
				t.Errorf("%d were recorded, %d were run, %d are recorded then", kept, again, j.Len())
			}
		})
	}
}

// TestKilled kills sweeps at instants that nobody chooses: gone on with, they end as if nothing had happened.
func TestKilled(t *testing.T) {
	if dir := os.Getenv("OPTCACHE_TEST_JOURNAL"); dir != "" {
		recorded(t, journalView(t, 5), killed(), dir)
		return
	}
	if testing.Short() {
		t.Skip("starts processes")
	}
	dir := t.TempDir()
	for round := range 4 {
		child := exec.Command(os.Args[0], "-test.run=^TestKilled$")
		child.Env = append(os.Environ(), "OPTCACHE_TEST_JOURNAL="+dir, "TMPDIR="+t.TempDir())
		if err := child.Start(); err != nil {
			t.Fatal(err)
		}
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			child.Wait()
		}()
		path := filepath.Join(dir, "journal")
		for more := testbed.Size(path) + 500 + int64(round)*300; testbed.Size(path) < more; { // some trials later
			select {
			case <-ended:
				more = 0
			default:
			}
		}
		child.Process.Kill()
		<-ended
	}
	kept := testbed.OpenJournal(t, dir)
	before := kept.Len()
	kept.Close()
	v := journalView(t, 5)
	got, run := recorded(t, v, killed(), dir)
	if before == 0 || before+run != len(got) {
		t.Errorf("%d were recorded and %d run, of %d", before, run, len(got))
	}
	want, err := optimize.Sweep(t.Context(), v, killed(), itself, optimize.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if d := sameOutcomes(want, got); d != "" {
		t.Error(d)
	}
}

func killed() strategies {
	var fast, slow []int
	for i := range 30 {
		fast, slow = append(fast, 2+i), append(slow, 40+i)
	}
	return crossings(fast, slow, 0)
}

// TestCompact: what no run needs any more goes, the rest stays.
func TestCompact(t *testing.T) {
	v := journalView(t, 6)
	dir := t.TempDir()
	recorded(t, v, crossings([]int{2, 3, 4, 5, 6}, []int{7, 8, 9, 10}, 0), dir)
	few := crossings([]int{2, 3}, []int{9, 10}, 0)
	j := testbed.OpenJournal(t, dir)
	if err := j.Begin(identity("run", "2")); err != nil {
		t.Fatal(err)
	}
	if _, err := optimize.Sweep(t.Context(), v, few, itself, optimize.Options{Journal: j}); err != nil {
		t.Fatal(err)
	}
	before := testbed.Size(filepath.Join(dir, "journal"))
	if err := j.Compact(); err != nil || j.Len() != len(few) {
		t.Fatalf("%d results are left, %v", j.Len(), err)
	}
	j.Close()
	if after := testbed.Size(filepath.Join(dir, "journal")); after > before/2 {
		t.Errorf("%d bytes of %d are left", after, before)
	}
	if _, run := recorded(t, v, few, dir); run != 0 {
		t.Errorf("%d trials were run again", run)
	}
	j = testbed.OpenJournal(t, dir)
	defer j.Close()
	if err := j.Resume(identity("run", "2")); err != nil {
		t.Error(err)
	}
}

// TestMemo keeps results in the workspace: a second sweep runs nothing, and a small budget holds.
func TestMemo(t *testing.T) {
	store := testbed.OpenStore(t)
	testbed.Put(t, store, "b", randomSeries(7, 2, 40))
	plan := crossings([]int{2, 3, 4, 5}, []int{7, 8, 9, 10}, 0)
	for _, gb := range []float64{1, 24.0 / (1 << 20)} {
		w := testbed.Workspace(t, cachekit.Config{CacheSizeGB: gb}, store)
		p := testbed.Pin(t, w, "b")
		defer p.Close()
		v := testbed.View(t, p, bundle.Query{Fields: bundle.OHLCV})
		var want []optimize.Outcome[backtest.Strategy, backtest.Metrics]
		for round := range 3 {
			ran()
			out, err := optimize.Sweep(t.Context(), v, plan, itself, optimize.Options{Memo: true, Workers: 2})
			if err != nil {
				t.Fatal(err)
			}
			if run := ran(); gb == 1 && (run > 0) != (round == 0) {
				t.Errorf("round %d: %d trials were run", round, run)
			}
			if round == 0 {
				want = out
			}
			if d := sameOutcomes(want, out); d != "" {
				t.Error(d)
			}
			for _, s := range w.Stats() {
				if s.Used > s.Budget {
					t.Errorf("%s: %d of %d bytes", s.Name, s.Used, s.Budget)
				}
			}
		}
	}
}

type closure struct {
	backtest.Crossover
	f func()
}

// TestStrategiesThatCannotBeKept are told of, not kept under a wrong key.
func TestStrategiesThatCannotBeKept(t *testing.T) {
	v := journalView(t, 8)
	plan := strategies{closure{backtest.Crossover{Fast: 1, Slow: 2}, func() {}}}
	_, err := optimize.Sweep(t.Context(), v, plan, itself, optimize.Options{Memo: true})
	if err == nil || !strings.Contains(err.Error(), "field f") {
		t.Errorf("a strategy with a function: %v", err)
	}
}

// BenchmarkKept times what a memo costs a trial: sweeps of 10,000 trials that keep nothing, that keep
// results in the workspace or in a journal, and that take them from there. us/trial is
// the time of a whole sweep divided by its trials.
func BenchmarkKept(b *testing.B) {
	const trials = 10_000
	store := testbed.OpenStore(b)
	testbed.Put(b, store, "b", testbed.DenseSeries(1, 252))
	grid := crossoverGrid(b, trials)
	sweep := func(b *testing.B, w *optimize.Workspace, o optimize.Options) {
		p := testbed.Pin(b, w, "b")
		defer p.Close()
		v := testbed.View(b, p, bundle.Query{Fields: bundle.Open | bundle.Close})
		if _, err := optimize.Sweep(b.Context(), v, grid, asStrategy, o); err != nil {
			b.Fatal(err)
		}
	}
	for _, kept := range []string{"nothing", "memo", "journal", "taken-from-memo", "taken-from-journal"} {
		b.Run(kept, func(b *testing.B) {
			b.ReportAllocs()
			w, dir := testbed.Workspace(b, cachekit.Config{}, store), b.TempDir()
			again := strings.HasPrefix(kept, "taken")
			for n := 0; b.Loop(); n++ {
				o := optimize.Options{Workers: 1, Memo: strings.HasSuffix(kept, "memo")}
				if o.Memo && !again {
					b.StopTimer()
					w.Clear()
					b.StartTimer()
				}
				if strings.HasSuffix(kept, "journal") {
					folder := dir
					if !again {
						folder = filepath.Join(dir, fmt.Sprint(n))
					}
					o.Journal = testbed.OpenJournal(b, folder)
				}
				sweep(b, w, o)
				if o.Journal != nil {
					o.Journal.Close()
				}
			}
			b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/trials, "us/trial")
		})
	}
}

// A journal that says it is alone keeps everybody else out, and only that one.
func TestJournalAlone(t *testing.T) {
	dir := t.TempDir()
	j, err := record.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer j.Close()
	second, err := record.Open(dir)
	if err == nil {
		defer second.Close()
	}
	if alone := j.Alone(); alone != (err != nil) {
		t.Errorf("alone: %t; another who opens it: %v", alone, err)
	}
}
