package doctor

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/leanovate/gopter"
	"github.com/leanovate/gopter/gen"
	"github.com/leanovate/gopter/prop"

	"github.com/bmadventure/optcache/cachekit/backtest"
	"github.com/bmadventure/optcache/cachekit/bundle"
	"github.com/bmadventure/optcache/cachekit/command/internal/commandtest"
	"github.com/bmadventure/optcache/cachekit/command/internal/output"
	"github.com/bmadventure/optcache/cachekit/command/internal/rundir"
	"github.com/bmadventure/optcache/cachekit/command/internal/trials"
)

const machineMemory = 16 << 30

// crowd makes the derived series leave so often that none is ever found.
func crowd(r *rundir.Run, room uint64) {
	c := &r.Caches[2]
	c.Hits, c.Misses, c.Loads, c.Evictions.Capacity = 0, 12_000, 12_000, room
}

// specs makes pairs of a name and values.
func specs(pairs ...string) []trials.AxisSpec {
	var all []trials.AxisSpec
	for i := 0; i < len(pairs); i += 2 {
		all = append(all, trials.AxisSpec{Name: pairs[i], Spec: pairs[i+1]})
	}
	return all
}

// counters are those of two strategies.
func counters(t *testing.T) *trials.Named[Counter] {
	t.Helper()
	n := new(trials.Named[Counter])
	add(t, n, "crossover", &backtest.Crossover{})
	add(t, n, "momentum", &backtest.Momentum{})
	return n
}

func add[S trials.Tunable[S]](t *testing.T, n *trials.Named[Counter], name string, none *S) {
	t.Helper()
	f, err := trials.NewFamily[S](name, name)
	if err != nil {
		t.Fatal(err)
	}
	n.Add(name, (*none).Name(), With(f))
}

func TestDoctorHasNothingToSay(t *testing.T) {
	if d := diagnose("optcache", "runs/1", commandtest.SoundRun(), machineMemory, counters(t)); len(d.Advice) != 0 {
		t.Errorf("%+v", d.Advice)
	}
}

// Each ailment gets its advice: what is said, at which level, and what is to be set.
func TestDoctorAdvises(t *testing.T) {
	for name, c := range map[string]struct {
		ail   func(r *rundir.Run)
		level string
		what  string
		why   string
		set   string
	}{
		"killed": {func(r *rundir.Run) { r.State, r.Caches = "running", nil },
			levelProblem, "the run is not finished", "it was killed", "optcache sweep --bundle=b --out=runs/1 --resume"},
		"interrupted": {func(r *rundir.Run) { r.State = "interrupted" },
			levelProblem, "the run was interrupted", "is kept", "--resume"},
		"interrupted twice": {func(r *rundir.Run) { r.State, r.Args = "interrupted", []string{"sweep", "--out=d", "--resume"} },
			levelProblem, "the run was interrupted", "is kept", "optcache sweep --out=d --resume"},
		"interrupted elsewhere": {func(r *rundir.Run) {
			r.State, r.Command, r.Args = "interrupted", "walkforward", []string{"walkforward", "--data=my bars"}
		}, levelProblem, "the run was interrupted", "is kept", "optcache walkforward '--data=my bars'"},
		"failed": {func(r *rundir.Run) { r.State, r.Errors = "failed", []string{"disk full"} },
			levelProblem, "the run failed", "disk full", "--resume"},
		"no statistics": {func(r *rundir.Run) { r.State, r.Caches = "running", nil },
			LevelNote, "there are no statistics of the caches yet", "at the end", ""},
		"different": {func(r *rundir.Run) {
			r.Verified = &rundir.Verified{Trials: 25, Identical: false}
		}, levelProblem, "results with caches and without differ", "25 trials were compared", "export OPTCACHE_ENABLE_CACHING=false"},
		"trials": {func(r *rundir.Run) { r.Failed, r.Errors = 3, []string{"trial 7: no bars"} },
			levelProblem, "3 of 100 trials failed", "trial 7: no bars", ""},
		"folds": {func(r *rundir.Run) { r.Command, r.Failed, r.Errors = "walkforward", 1, []string{"fold 2: no bars"} },
			levelProblem, "1 fold failed", "the first: fold 2: no bars", ""},
		"nothing to run": {func(r *rundir.Run) {
			r.Ran, r.Recorded = 0, 100
			for i := range r.Caches {
				c := &r.Caches[i]
				c.Hits, c.Misses, c.Loads, c.Entries, c.Bytes, c.Used = 0, 0, 0, 0, 0, 0
			}
		}, LevelNote, "no backtest was made", "all 100 results were taken from the journal", ""},
		"bypassed": {func(r *rundir.Run) { r.Bypassed = "derived series are not kept: 9 requests" },
			LevelNote, "not all caches were used", "derived series are not kept: 9 requests", "--always-cache"},
		"read once": {func(r *rundir.Run) {
			r.Command = "walkforward"
			r.Caches[1].Hits, r.Caches[1].Misses = 0, 1
		}, LevelNote, "nothing of grouped bars was asked for twice", "no budget can save that", ""},
		"caches off": {func(r *rundir.Run) { r.Config.Caching, r.Caches = false, nil },
			levelAdvice, "turn the caches on", "every trial", "export OPTCACHE_ENABLE_CACHING=true"},
		"pool off": {func(r *rundir.Run) { r.Config.Pooling = false },
			levelAdvice, "turn the pool of bundles on", "manifest", "export OPTCACHE_ENABLE_BUNDLE_POOLING=true"},
		"few workers": {func(r *rundir.Run) { r.Workers, r.GOMAXPROCS = 1, 8 },
			levelAdvice, "use all processors", "1 worker ran where 8 workers could", "--workers 8"},
		"many workers": {func(r *rundir.Run) { r.Workers = 9 },
			LevelNote, "fewer workers would do", "9 workers shared 2 processors", "--workers 2"},
		"loads fail": {func(r *rundir.Run) { r.Caches[1].LoadErrors = 4 },
			levelProblem, "4 loads of grouped bars failed", "not kept", ""},
		"retired": {func(r *rundir.Run) { r.Caches[2].Evictions.Retired = 50 },
			LevelNote, "50 values of derived series left because their version was given up", "ingested anew", ""},
		// 24 lengths of 50 assets, with 1.4 MB each, are 1.64 GB, and 4.6 million bars with
		// three columns are 106 MB.
		"crowded": {func(r *rundir.Run) { crowd(r, 500) },
			levelAdvice, "enlarge the budget: it is too small", "derived series: 500 for room. All of it takes 1.64 GB", "export OPTCACHE_CACHE_SIZE_GB=2.6"},
		"crowded under lru": {func(r *rundir.Run) { crowd(r, 500); r.Config.Policy = "lru" },
			levelAdvice, "let another policy choose", "circle", "unset OPTCACHE_POLICY"},
		"crowded and well": {func(r *rundir.Run) { r.Caches[2].Evictions.Capacity = 500 },
			LevelNote, "a larger budget would save some loads", "500 for room", "export OPTCACHE_CACHE_SIZE_GB=2.6"},
		"crowded, random": {func(r *rundir.Run) { crowd(r, 1e6); r.Search.Kind = "random" },
			levelAdvice, "enlarge the budget", "derived series: 1000000 for room. All of it takes", "export OPTCACHE_CACHE_SIZE_GB="},
		"crowded, by results": {func(r *rundir.Run) { crowd(r, 1e6); r.Search.Kind = "bayes" },
			levelAdvice, "enlarge the budget", "at most, perhaps much less", "export OPTCACHE_CACHE_SIZE_GB=8.0"}, // four times
		"crowded walk": {func(r *rundir.Run) { crowd(r, 500); r.Command = "walkforward" },
			levelAdvice, "enlarge the budget", "takes 2.05 GB at most", "export OPTCACHE_CACHE_SIZE_GB=3.2"},
		"crowded, of another version": {func(r *rundir.Run) { crowd(r, 500); r.Strategy = "hull/3" },
			levelAdvice, "enlarge the budget", "takes 2.05 GB at most", "export OPTCACHE_CACHE_SIZE_GB=3.2"},
		"crowded on a small machine": {func(r *rundir.Run) {
			crowd(r, 500)
			r.Caches[2].Bytes *= 8
			for i := range r.Caches {
				r.Caches[i].Budget, r.Caches[i].Used = 8<<30, 8<<30
			}
		}, levelAdvice, "enlarge the budget", "three quarters of the 16.0 GB", "export OPTCACHE_CACHE_SIZE_GB=12"},
		"crowded on a full machine": {func(r *rundir.Run) {
			crowd(r, 500)
			for i := range r.Caches {
				r.Caches[i].Budget, r.Caches[i].Used = 12<<30, 12<<30
			}
		}, levelAdvice, "sweep fewer assets", "most of the 16.0 GB of this machine", ""},
		"too large": {func(r *rundir.Run) {
			r.Caches[1] = rundir.Cache{Name: "grouped bars", Misses: 100, Loads: 100, Uncached: 100}
			for i := range r.Caches {
				r.Caches[i].Budget, r.Caches[i].Used, r.Caches[i].Bytes = 1<<20, 1<<10, 1<<9
			}
		}, levelAdvice, "enlarge the budget", "grouped bars: 100 too large. All of it takes 105 MB", "export OPTCACHE_CACHE_SIZE_GB=0.16"},
		"many versions": {func(r *rundir.Run) {
			r.Config.LRUMaxSize = 1
			r.Caches[0].Evictions.Capacity = 7
		}, levelAdvice, "keep more asset lists", "at most 1 are kept", "export OPTCACHE_LRU_MAXSIZE=8"},
		"nothing repeats": {func(r *rundir.Run) {
			c := &r.Caches[2]
			c.Hits, c.Misses, c.Loads = 100, 1000, 1000
		}, LevelNote, "the hit rate of derived series is poor", "1.1 look-ups a value", ""},
		"few trials": {func(r *rundir.Run) { r.Trials, r.Caches[0].Hits = 1, 0 },
			LevelNote, "the hit rate of asset lists is poor", "more trials", ""},
		"new version": {func(r *rundir.Run) {
			r.Bundle.Previous = strings.Repeat("cd", 32)
			c := &r.Caches[2]
			c.Hits, c.Misses, c.Loads = 100, 1000, 1000
		}, levelAdvice, "the hit rate of derived series is poor", "another version than before (cdcdcdcdcdcd)", ""},
		"given up": {func(r *rundir.Run) {
			c := &r.Caches[2]
			c.Hits, c.Misses, c.Loads, c.Evictions.Retired = 100, 1000, 1000, 400
		}, levelAdvice, "the hit rate of derived series is poor", "400 values were given up before", ""},
		"under-used": {func(r *rundir.Run) {
			for i := range r.Caches {
				r.Caches[i].Used = 100 << 20
			}
		}, LevelNote, "the budget could be smaller", "4.9 % of it are in use", "export OPTCACHE_CACHE_SIZE_GB=0.16"},
		"near the limit": {func(r *rundir.Run) {
			for i := range r.Caches {
				r.Caches[i].Used = 1900 << 20
			}
		}, levelAdvice, "enlarge the budget before you add", "92.8 % of it", "export OPTCACHE_CACHE_SIZE_GB=2.9"},
	} {
		t.Run(name, func(t *testing.T) {
			r := commandtest.SoundRun()
			c.ail(r)
			d := diagnose("optcache", "runs/1", r, machineMemory, counters(t))
			if strings.Contains(fmt.Sprint(d.Advice), "--resume --resume") {
				t.Error(d.Advice)
			}
			if !slices.ContainsFunc(d.Advice, func(a Advice) bool {
				return a.Level == c.level && strings.Contains(a.What, c.what) && strings.Contains(a.Why, c.why) &&
					strings.Contains(a.Set, c.set) && (a.Set == "") == (c.set == "")
			}) {
				text, _ := json.MarshalIndent(d.Advice, "", "  ")
				t.Errorf("%s", text)
			}
			if !slices.IsSortedFunc(d.Advice, func(a, b Advice) int { return levelOf(a) - levelOf(b) }) {
				t.Errorf("not in order: %+v", d.Advice)
			}
		})
	}
}

// Whatever a run's numbers are, what is advised can be set, is larger where a budget
// was too small, and is written without an exponent.
func TestDoctorAdviceCanBeSet(t *testing.T) {
	counts := gen.UInt64Range(0, 1<<40)
	properties := gopter.NewProperties(nil)
	properties.Property("budgets", prop.ForAll(func(hits, misses, room, uncached, refused uint64, bytes, budget int64, entries int) bool {
		r := commandtest.SoundRun()
		c := &r.Caches[2]
		c.Hits, c.Misses, c.Loads, c.Evictions.Capacity, c.Uncached, c.Refused, c.Entries, c.Bytes = hits, misses, misses, room, uncached, refused, entries, bytes
		for i := range r.Caches {
			r.Caches[i].Budget, r.Caches[i].Used = budget, min(bytes, budget)
		}
		for _, a := range diagnose("optcache", "d", r, machineMemory, counters(t)).Advice {
			value, ok := strings.CutPrefix(a.Set, "export OPTCACHE_CACHE_SIZE_GB=")
			if !ok {
				continue
			}
			gb, err := strconv.ParseFloat(value, 64)
			if err != nil || !(gb > 0) || math.IsInf(gb, 0) || strings.ContainsAny(value, "eE") {
				t.Logf("%+v", a)
				return false
			}
			if strings.HasPrefix(a.What, "enlarge") && gb*(1<<30) <= float64(budget) {
				t.Logf("budget %d: %+v", budget, a)
				return false
			}
		}
		return true
	}, counts, counts, counts, counts, counts, gen.Int64Range(0, 1<<44), gen.Int64Range(1, 1<<44), gen.IntRange(0, 1<<30)))
	properties.Property("a budget is rounded up, by less than a tenth", prop.ForAll(func(bytes float64) bool {
		gb, err := strconv.ParseFloat(gigabytes(bytes), 64)
		return err == nil && gb*(1<<30) >= bytes*(1-1e-9) && gb*(1<<30) <= bytes*1.11
	}, gen.Float64Range(1, 1e15)))
	properties.TestingRun(t)
}

func TestGigabytes(t *testing.T) {
	for bytes, want := range map[float64]string{0: "0", 1 << 30: "1.0", 1.01 * (1 << 30): "1.1", 12 << 30: "12", 123 << 30: "130", 1 << 20: "0.00098"} {
		if got := gigabytes(bytes); got != want {
			t.Errorf("%v: %s, want %s", bytes, got, want)
		}
	}
}

func TestDoctorReportForms(t *testing.T) {
	r := commandtest.SoundRun()
	r.Bundle.Previous = strings.Repeat("cd", 32)
	r.Workers, r.GOMAXPROCS = 1, 2
	r.Bars = &output.Bundle{
		Name: r.Bundle.Name, Version: r.Bundle.Version, Assets: 3, Bars: 2520, Frequency: "minute", TimeZone: "America/New_York", Session: "18:00-17:00",
		Sessions: 10, PeriodsPerYear: 5796, Because: "252 sessions of 23 bars", Adjust: "splits", Adjusted: []string{}, Left: []string{},
	}
	c := &r.Caches[2]
	c.Hits, c.Misses, c.Loads, c.Evictions.Capacity, c.Evictions.Expired, c.Refused = 0, 12_000, 12_000, 500, 2, 1
	r.Caches[0] = rundir.Cache{Name: "asset lists", Budget: c.Budget, Used: c.Used}
	d := diagnose("optcache", "runs/1", r, machineMemory, counters(t))
	d.Changes = []versionDiff{
		{From: r.Bundle.Previous, To: r.Bundle.Version, Why: "it was new", Lines: []string{"assets changed: A"}, Detail: "optcache bundle diff b cd ab"},
		{From: r.Bundle.Version, To: strings.Repeat("ef", 32), Why: "the bundle was ingested anew since", Error: "cannot be told: gone"},
	}
	var b strings.Builder
	d.print(&b)
	commandtest.Golden(t, "doctor.txt", b.String())
	text, err := json.MarshalIndent(d, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	commandtest.Golden(t, "doctor.json", string(text)+"\n")
	b.Reset()
	diagnose("optcache", "runs/1", commandtest.SoundRun(), 0, counters(t)).print(&b)
	if !strings.Contains(b.String(), "nothing to change") {
		t.Error(b.String())
	}
}

// A run.json that is cut off or has a flipped byte anywhere is refused or read, and
// never a panic.
func TestDoctorReadsDamagedFiles(t *testing.T) {
	whole, err := json.Marshal(commandtest.SoundRun())
	if err != nil {
		t.Fatal(err)
	}
	refused := 0
	for i := range whole {
		for _, damaged := range [][]byte{whole[:i], append(slices.Clone(whole[:i]), append([]byte{whole[i] ^ 0x10}, whole[i+1:]...)...)} {
			f, err := rundir.ParseRunFile("run.json", damaged)
			if err != nil {
				refused++
				continue
			}
			diagnose("optcache", "runs/1", &rundir.Run{File: *f}, machineMemory, counters(t)).print(io.Discard)
		}
	}
	if refused < len(whole) {
		t.Errorf("%d of %d damaged files were refused", refused, 2*len(whole))
	}
}

func TestSummariseIsShort(t *testing.T) {
	d := &bundle.Diff{MoreCells: 5, FieldsAdded: bundle.Split}
	for i := range 25 {
		d.AssetsAdded = append(d.AssetsAdded, fmt.Sprintf("A%02d", i))
		d.Assets = append(d.Assets, bundle.AssetDiff{Symbol: fmt.Sprintf("B%02d", i), BarsAdded: 2, Cells: 3, Fields: bundle.Volume})
	}
	day := func(n int) time.Time { return time.Date(2024, 5, n, 0, 0, 0, 0, time.UTC) }
	d.Cells = []bundle.Cell{{Time: day(9)}, {Time: day(3)}}
	d.Bars = []bundle.BarDiff{{Time: day(20)}}
	want := []string{
		"assets added: A00, A01, A02, A03, A04, A05, A06, A07, A08, A09 and 15 more",
		"columns added: split",
		"assets changed: B00, B01, B02, B03, B04, B05, B06, B07, B08, B09 and 15 more",
		"columns changed: volume",
		"75 values changed, 50 bars added, 0 bars removed",
		"dates: 2024-05-03 to 2024-05-20, of the first 1,000",
	}
	if got := summarise(d); !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
	if got := summarise(new(bundle.Diff)); len(got) != 1 || got[0] != "the two versions are the same" {
		t.Errorf("%q", got)
	}
}

func TestShellWords(t *testing.T) {
	got := strings.Join(shellWords([]string{"sweep", "--fast=5:50:5", "--out=my runs", "it's", "", "$HOME"}), " ")
	if want := `sweep --fast=5:50:5 '--out=my runs' 'it'\''s' '' '$HOME'`; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

// What the trials of each strategy read is counted from the run alone.
func TestSeriesOfRun(t *testing.T) {
	for name, c := range map[string]struct {
		strategy       string
		params         []trials.AxisSpec
		search         rundir.Search
		series, fields int
		known          bool
	}{
		"grid":        {"crossover/1", specs("fast", "5:50:5", "slow", "20:120:5"), rundir.Search{Kind: "grid", Seed: 1, Trials: 1000}, 24, 2, true},
		"few trials":  {"crossover/1", specs("fast", "5:50:5", "slow", "20:120:5"), rundir.Search{Kind: "grid", Seed: 1, Trials: 2}, 4, 2, true},
		"random":      {"crossover/1", specs("fast", "5|8", "slow", "20"), rundir.Search{Kind: "random", Seed: 1, Trials: 50}, 3, 2, true},
		"momentum":    {"momentum/1", specs("window", "10:30:10", "threshold", "0:0.1:0.01"), rundir.Search{Kind: "grid", Seed: 1, Trials: 100}, 3, 2, true},
		"by results":  {"crossover/1", specs("fast", "5:50:5", "slow", "20:120:5"), rundir.Search{Kind: "bayes", Seed: 1, Trials: 100}, 0, 0, false},
		"unknown":     {"hull/1", nil, rundir.Search{Kind: "grid", Seed: 1, Trials: 100}, 0, 0, false},
		"no values":   {"crossover/1", nil, rundir.Search{Kind: "grid", Seed: 1, Trials: 100}, 0, 0, false},
		"bad values":  {"crossover/1", specs("fast", "x", "slow", "y"), rundir.Search{Kind: "grid", Seed: 1, Trials: 100}, 0, 0, false},
		"very many":   {"crossover/1", specs("fast", "5:50:5", "slow", "20:120:5"), rundir.Search{Kind: "grid", Seed: 1, Trials: 1e9}, 0, 0, false},
		"too few":     {"crossover/1", specs("fast", "9", "slow", "3"), rundir.Search{Kind: "random", Seed: 1, Trials: 100}, 0, 0, false},
		"every value": {"crossover/1", specs("fast", "any 1:2", "slow", "3"), rundir.Search{Kind: "grid", Seed: 1, Trials: 100}, 0, 0, false},
	} {
		r := &rundir.Run{File: rundir.File{Strategy: c.strategy}, Params: c.params, Search: c.search}
		series, fields, known := seriesOfRun(r, counters(t))
		if series != c.series || fields != c.fields || known != c.known {
			t.Errorf("%s: %d series of %d columns, %t", name, series, fields, known)
		}
	}
}
