package bench

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bmadventure/optcache/cachekit/backtest"
	"github.com/bmadventure/optcache/cachekit/bundle"
	"github.com/bmadventure/optcache/cachekit/command/internal/commandtest"
	"github.com/bmadventure/optcache/cachekit/command/internal/console"
	"github.com/bmadventure/optcache/cachekit/command/internal/proc"
	"github.com/bmadventure/optcache/cachekit/market"
	"github.com/bmadventure/optcache/internal/quantile"
)

// tinyBench measures sweeps of a few trials.
func tinyBench(t *testing.T, runs int) *benchRun {
	t.Helper()
	e := commandtest.Env(t)
	return &benchRun{
		Env: e,
		Cmd: &Cmd{Runs: runs},
		sizes: sizes{
			repeats: 3,
			long:    benchData{1, 300, market.Minute}, longTrials: 30,
			wide: benchData{3, 400, market.Daily}, wideTrials: 25,
			memory:   []int{10, 20},
			sampling: time.Millisecond,
		},
		dir:  e.StoreDir,
		data: e.Store,
		made: make(map[benchData]bundle.Version),
	}
}

// Every benchmark runs, measures what it says, and finds all results equal.
func TestBenchmarksMeasure(t *testing.T) {
	b := tinyBench(t, 2)
	want := map[string]int{ // figures
		"list": 1, "bars": 1, "workflow": 1, "look-up": 2, "grouping": 2, "size": 1, "version": 3, "backtest": 1,
		"sweep-25": 1, "sweep-100": 1, "sweep-long": 2, "sweep-wide": 2, "memory": 5,
	}
	for _, m := range benchmarks {
		t.Run(m.name, func(t *testing.T) {
			figures, err := m.measure(b)
			if err != nil {
				t.Fatal(err)
			}
			if len(figures) != want[m.name] && (m.name != "memory" || figures != nil) {
				t.Errorf("%d figures", len(figures))
			}
			for _, f := range figures {
				f.judge()
				if f.What == "" || f.Unit == "" || f.Value.Runs < 1 || f.Unit != unitBytesPerTrial && !(f.Value.Median > 0) || math.IsInf(f.Value.Median, 0) {
					t.Errorf("%+v", f)
				}
				if f.Asked != nil && f.Met == nil {
					t.Errorf("%s: not judged", f.What)
				}
				if f.Ratio != nil && (f.Baseline == nil || !(f.Ratio.Median > 0)) {
					t.Errorf("%s: ratio %+v", f.What, f.Ratio)
				}
				sum := 0.0
				for _, p := range f.Parts {
					sum += p.Baseline
				}
				if f.Parts != nil && sum != 0 && math.Abs(sum-1) > 1e-9 {
					t.Errorf("%s: the parts add up to %v", f.What, sum)
				}
			}
		})
	}
	if len(b.differences) > 0 {
		t.Error(b.differences)
	}
}

// Both sides run in turn, the first of a round alternating, once unmeasured.
func TestPairTakesTurns(t *testing.T) {
	b := tinyBench(t, 4)
	var order strings.Builder
	n := 0.0
	side := func(name string, factor float64) sample {
		return func(context.Context) (float64, error) {
			order.WriteString(name)
			n++
			return factor * n, nil
		}
	}
	f := &figure{Unit: unitSeconds}
	if err := b.pair(f, side("b", 10), side("v", 1)); err != nil {
		t.Fatal(err)
	}
	if got := order.String(); got != "bvvbbvvbbv" {
		t.Errorf("order %s", got)
	}
	// Values 3, 6, 7, 10 against 40, 50, 80, 90.
	if f.Value.Median != 6.5 || f.Baseline.Median != 65 || f.Value.Runs != 4 || f.BaselineIs != "without caches" {
		t.Errorf("%+v against %+v", f.Value, f.Baseline)
	}
	if want := quantile.Median([]float64{40. / 3, 50. / 6, 80. / 7, 90. / 10}, confidence); *f.Ratio != want {
		t.Errorf("ratio %+v, want %+v", f.Ratio, want)
	}
}

func TestPairAndSingleStop(t *testing.T) {
	b := tinyBench(t, 3)
	broken := errors.New("broken")
	calls := 0
	fails := func(context.Context) (float64, error) {
		calls++
		if calls == 3 {
			return 0, broken
		}
		return 1, nil
	}
	if err := b.single(new(figure), fails); !errors.Is(err, broken) || calls != 3 {
		t.Errorf("%v after %d calls", err, calls)
	}
	ctx, cancel := context.WithCancel(t.Context())
	b.Ctx = ctx
	err := b.pair(new(figure), func(context.Context) (float64, error) { cancel(); return 1, nil }, fails)
	if !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

func TestTimedCallRepeatsShortCalls(t *testing.T) {
	calls := 0
	s := timedCall(func(context.Context) error { calls++; return nil })
	if got, err := s(t.Context()); err != nil || !(got > 0) || got >= batchTime.Seconds() || calls < 2 {
		t.Errorf("%v, %v after %d calls", got, err, calls)
	}
}

func TestDigest(t *testing.T) {
	make := func() outcomes {
		out := outcomes{{}, {}, {}, {}, {}}
		for i := range out {
			out[i].Result = backtest.Metrics{TotalReturn: float64(i), Sharpe: math.NaN(), Trades: i}
		}
		return out
	}
	all, some := digest(make(), 1), digest(make(), 2)
	if all == some || len(all) != 64 || digest(make(), 1) != all {
		t.Errorf("%s and %s", all, some)
	}
	for i := range make() {
		changed := make()
		changed[i].Result.Sharpe = 1
		if digest(changed, 1) == all {
			t.Errorf("trial %d is not in the digest", i)
		}
		if same := digest(changed, 2) == some; same != (i%2 == 1) {
			t.Errorf("trial %d: same is %t for every second", i, same)
		}
	}
	negative := make()
	negative[0].Result.TotalReturn = math.Copysign(0, -1)
	if digest(negative, 1) == all {
		t.Error("-0 passes for 0")
	}
}

func TestJudge(t *testing.T) {
	judged := func(value, ratio float64, a *asked) *figure {
		return &figure{Value: quantile.Estimate{Median: value}, Ratio: &quantile.Estimate{Median: ratio}, Asked: a}
	}
	for name, c := range map[string]struct {
		f    *figure
		want bool
	}{
		"at most, below":    {judged(1, 9, askedAtMost(2)), true},
		"at most, equal":    {judged(2, 9, askedAtMost(2)), true},
		"at most, above":    {judged(3, 1, askedAtMost(2)), false},
		"at least, above":   {judged(3, 1, askedAtLeast(2)), true},
		"at least, below":   {judged(1, 9, askedAtLeast(2)), false},
		"ratio, at least":   {judged(1, 9, askedAtLeast(2).ofRatio()), true},
		"ratio, not enough": {judged(9, 1, askedAtLeast(2).ofRatio()), false},
	} {
		if c.f.judge(); c.f.Met == nil || *c.f.Met != c.want {
			t.Errorf("%s: %v", name, c.f.Met)
		}
	}
	f := new(figure)
	if f.judge(); f.Met != nil {
		t.Error("judged although nothing was asked")
	}
}

// goldenBench is a report with one figure of each kind.
func goldenBench() *Report {
	load := 0.25
	r := &Report{
		Machine: machine{
			Time: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), Version: "v1.0.0", Go: "go1.26", OS: "linux", Arch: "amd64",
			CPU: "A Processor @ 2.50GHz", CPUs: 2, GOMAXPROCS: 2, Memory: 8 << 30, Load: &load,
		},
		Runs:        10,
		Differences: []string{},
	}
	a := &figure{Name: "look-up", What: "grouped bars, a call", Conditions: "50 assets", Unit: unitSeconds, Asked: askedAtMost(18e-9),
		Published: []string{"X: 1.77 µs", "Y: 2 µs | 3 µs"}, Parts: []bpart{{"read", 0.6, 0.0004}, {"cache hits", 0, 0.95}, {"other", 0.0002, 0.0001}}}
	a.compare([]float64{3e-3, 4e-3, 5e-3, 3e-3, 4e-3, 5e-3, 3e-3, 4e-3, 5e-3, 4e-3}, []float64{17e-9, 16e-9, 15e-9, 17e-9, 16e-9, 15e-9, 17e-9, 16e-9, 15e-9, 16e-9})
	b := &figure{Name: "sweep-wide", What: "one worker over two", Unit: unitSeconds, BaselineIs: "one worker", ValueIs: "two workers", Asked: askedAtLeast(1.8).ofRatio()}
	b.compare([]float64{8, 8, 8}, []float64{5, 5, 5})
	c := &figure{Name: "memory", What: "memory of one more trial", Unit: unitBytesPerTrial}
	c.estimate([]float64{150, 160, 170})
	for _, f := range []*figure{a, b, c} {
		f.judge()
		r.Figures = append(r.Figures, f)
	}
	return r
}

func TestBenchReportForms(t *testing.T) {
	for format, file := range map[string]string{"text": "bench.txt", "markdown": "bench.md", "json": "bench.json"} {
		got, err := goldenBench().render(format)
		if err != nil {
			t.Fatal(err)
		}
		commandtest.Golden(t, file, string(got))
	}
	differing := goldenBench()
	differing.Differences = []string{"sweep-100: other results"}
	for _, format := range []string{"text", "markdown"} {
		got, err := differing.render(format)
		if err != nil || !strings.Contains(string(got), "sweep-100: other results") || strings.Contains(string(got), "equal bit for bit") {
			t.Errorf("%s: %v\n%s", format, err, got)
		}
	}
}

// What is written as JSON can be read again.
func TestBenchJSONIsComplete(t *testing.T) {
	want := goldenBench()
	text, err := want.render("json")
	if err != nil {
		t.Fatal(err)
	}
	var got Report
	if err := json.Unmarshal(text, &got); err != nil {
		t.Fatal(err)
	}
	got.Figures[0].Asked.Most = true // told by its text
	if d := cmp.Diff(want, &got); d != "" {
		t.Error(d)
	}
}

// A sweep that comes out otherwise than its trials alone is told.
func TestCheckedFindsDifferences(t *testing.T) {
	b := tinyBench(t, 1)
	d := b.sizes.long
	v, err := b.bars(d)
	if err != nil {
		t.Fatal(err)
	}
	o := once{Bundle: d.name(), Version: v, Fast: [3]int{2, 4, 1}, Slow: [3]int{6, 8, 1}, Costs: 1, Workers: 1, Step: 1}
	other := o
	other.Slow[1] = 7 // other trials
	if _, err := b.checked("sweep", o, other); err != nil {
		t.Fatal(err)
	}
	if len(b.differences) != 1 || !strings.Contains(b.differences[0], "sweep: with 1 worker, trials have other results") {
		t.Errorf("%q", b.differences)
	}
}

func TestMachine(t *testing.T) {
	file := filepath.Join(t.TempDir(), "facts")
	if err := os.WriteFile(file, []byte("0.50 0.1 0.2 1/99 5\nmodel name\t:  Some   CPU @ 2GHz\nMemTotal:  16384 kB\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if got := proc.ValueIn(file, "model name"); got != "Some CPU @ 2GHz" {
		t.Errorf("%q", got)
	}
	if got := proc.KilobytesIn(file, "MemTotal"); got != 16<<20 {
		t.Error(got)
	}
	if got := loadBefore(file); got == nil || *got != 0.5 {
		t.Error(got)
	}
	none := file + ".none"
	if proc.ValueIn(none, "x") != "" || proc.ValueIn(file, "x") != "" || proc.KilobytesIn(file, "model name") != 0 || loadBefore(none) != nil {
		t.Error("something was found where there is nothing")
	}
	m := thisMachine()
	if m.CPUs < 1 || !strings.HasPrefix(m.Go, "go") && !strings.HasPrefix(m.Go, "devel") || m.Version == "" {
		t.Errorf("%+v", m)
	}
}

// Every figure has a name of its own.
func TestFigureNames(t *testing.T) {
	seen := make(map[string]bool)
	for _, m := range benchmarks {
		if seen[m.name] || !regexp.MustCompile(`^[a-z0-9-]+$`).MatchString(m.name) {
			t.Errorf("name %q", m.name)
		}
		seen[m.name] = true
	}
}

// Results that differ end the command with 1, an interrupt leaves nothing behind.
func TestBenchEnds(t *testing.T) {
	all := benchmarks
	t.Cleanup(func() { benchmarks = all })
	tmp := t.TempDir()
	t.Setenv("TMPDIR", tmp)
	one := func(b *benchRun) ([]*figure, error) {
		return []*figure{{What: "one", Unit: unitSeconds, Value: quantile.Median([]float64{1}, confidence)}}, nil
	}
	benchmarks = []benchmark{{"differs", func(b *benchRun) ([]*figure, error) {
		b.differ("trial %d is wrong", 7)
		return one(b)
	}}}
	e := commandtest.Env(t)
	var stdout strings.Builder
	e.Stdout = &stdout
	if err := (&Cmd{Runs: 10, Format: "text"}).Run(e); !errors.Is(err, console.ErrFailed) || !strings.Contains(stdout.String(), "trial 7 is wrong") {
		t.Errorf("%v: %s", err, stdout.String())
	}
	ctx, cancel := context.WithCancel(t.Context())
	e.Ctx = ctx
	benchmarks = []benchmark{{"first", one}, {"second", func(b *benchRun) ([]*figure, error) {
		cancel()
		return nil, b.Ctx.Err()
	}}}
	err := (&Cmd{Runs: 10, Format: "text"}).Run(e)
	if !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), "1 of 2 figures were measured, nothing was written") {
		t.Error(err)
	}
	if left, err := os.ReadDir(tmp); err != nil || len(left) != 0 {
		t.Errorf("%v is left over, %v", left, err)
	}
}
