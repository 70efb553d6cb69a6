package command

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/parquet-go/parquet-go"

	"github.com/bmadventure/optcache/cachekit/command/internal/commandtest"
	"github.com/bmadventure/optcache/cachekit/command/internal/console"
	"github.com/bmadventure/optcache/cachekit/command/internal/output"
	"github.com/bmadventure/optcache/cachekit/command/internal/rundir"
	"github.com/bmadventure/optcache/cachekit/command/internal/trials"
)

// small are flags of a sweep that takes no time.
var small = []string{"--assets=4", "--bars=120", "--fast=2:6:2", "--slow=8:14:2"}

func TestSweepKeepsARun(t *testing.T) {
	store, dir := t.TempDir(), filepath.Join(t.TempDir(), "runs", "a")
	args := append([]string{"sweep", "--out=" + dir, "--cost-bps=2.5", "--objective=calmar"}, small...)
	out := succeed(t, store, args...)
	for _, want := range []string{"run once", "with caches", "trials a second", "identical: yes"} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is not in\n%s", want, out)
		}
	}
	var r rundir.Run
	if err := output.ReadJSON(filepath.Join(dir, rundir.RunName), &r); err != nil {
		t.Fatal(err)
	}
	if r.State != rundir.StateDone || r.Command != "sweep" || r.Trials != 12 || r.Ran != 12 || r.Bundle.Name != "synthetic-4x120-42" ||
		r.Bundle.AllBars != 480 || r.CostBps != 2.5 || r.Verified == nil || r.Verified.Trials != 12 || !r.Verified.Identical ||
		len(r.Caches) != 3 || r.TookNS <= 0 || r.Strategy != "crossover/1" || r.BestTrial < 0 {
		t.Errorf("%+v", r)
	}
	if d := cmp.Diff([]string{"results.csv", "results.json", "results.parquet"}, r.Results); d != "" {
		t.Error(d)
	}
	whole := sweepTo(t, store, append([]string{"--cost-bps=2.5", "--objective=calmar", "--top=100"}, small...)...)
	var rows []map[string]any
	if err := output.ReadJSON(filepath.Join(dir, "results.json"), &rows); err != nil || len(rows) != 12 {
		t.Fatal(rows, err)
	}
	for _, b := range whole.Best {
		row := rows[b.Trial]
		for name, v := range b.Metrics {
			if row[name] != v {
				t.Errorf("trial %d: %s is %v in the folder and %v in the report", b.Trial, name, row[name], v)
			}
		}
		if row["fast"] != float64(b.Params["fast"]) || row["slow"] != float64(b.Params["slow"]) {
			t.Errorf("%v, %+v", row, b)
		}
	}
	succeed(t, store, args...)         // the same run takes its place
	write(t, dir, rundir.RunName, "{") // damaged: it is written anew
	succeed(t, store, append(args, "--minimize")...)
	if err := output.ReadJSON(filepath.Join(dir, rundir.RunName), &r); err != nil || !r.Minimize {
		t.Errorf("%+v, %v", r, err)
	}
	other := command(t, store, append([]string{"montecarlo", "--out=" + dir}, small...)...)
	if other.status != console.ExitUsage || !strings.Contains(other.stderr, "a run of optcache sweep") {
		t.Error(other)
	}
}

func TestFormatsAreChosen(t *testing.T) {
	dir := t.TempDir()
	succeed(t, t.TempDir(), append([]string{"sweep", "--out=" + dir, "--format=csv"}, small...)...)
	if _, err := os.Stat(filepath.Join(dir, "results.csv")); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(filepath.Join(dir, "results.json")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("results.json: %v", err)
	}
}

// A run that fails says so in its folder.
func TestFailedRunIsKept(t *testing.T) {
	store, dir := t.TempDir(), t.TempDir()
	r := with(t, store, "sweep", "--strategy=broken", "--param=all=true", "--assets=2", "--bars=60", "--out="+dir)
	if r.status != console.ExitFailed {
		t.Error(r)
	}
	var kept rundir.Run
	if err := output.ReadJSON(filepath.Join(dir, rundir.RunName), &kept); err != nil || kept.Failed != 8 || len(kept.Errors) != 8 || kept.BestTrial != -1 {
		t.Errorf("%+v, %v", kept, err)
	}
	raw, err := os.ReadFile(filepath.Join(dir, "results.csv"))
	if err != nil || !strings.Contains(string(raw), "NaN") || !strings.Contains(string(raw), "the moon is full") {
		t.Errorf("%s, %v", raw, err)
	}
	if r := with(t, store, "montecarlo", "--run="+dir); r.status != console.ExitUsage || !strings.Contains(r.stderr, "all of 8 trials failed") {
		t.Error(r)
	}
}

func TestStatsEvery(t *testing.T) {
	r := command(t, t.TempDir(), append([]string{"sweep", "--stats-every=1h", "--rounds=1"}, small...)...)
	if r.status != console.ExitDone || !strings.Contains(r.stderr, `msg=cache name="grouped bars" hits=`) {
		t.Error(r)
	}
}

// Every strategy and every search gives the same trials and results with and
// without caches, with one worker and with eight.
func TestStrategiesAndSearches(t *testing.T) {
	store := t.TempDir()
	base := []string{"--assets=4", "--bars=200", "--trials=20", "--top=100", "--cost-bps=3"}
	run := func(more ...string) (out struct {
		Identical *bool
		Trials    int
		Best      []struct {
			Trial   int
			Params  map[string]float64
			Metrics map[string]any
		}
	}) {
		t.Helper()
		args := append([]string{"sweep", "--json=-", "--rounds=1"}, append(base, more...)...)
		if err := json.Unmarshal([]byte(succeed(t, store, args...)), &out); err != nil {
			t.Fatal(err)
		}
		return out
	}
	for _, strategy := range []string{"crossover", "momentum", "reversion", "breakout"} {
		for _, search := range trials.Searches {
			t.Run(strategy+" "+search, func(t *testing.T) {
				one := run("--strategy="+strategy, "--search="+search, "--workers=1", "--seed=7")
				many := run("--strategy="+strategy, "--search="+search, "--workers=8", "--seed=7", "--no-compare", "--verify=3")
				if !*one.Identical || !*many.Identical || one.Trials != 20 {
					t.Errorf("%+v", one)
				}
				if d := cmp.Diff(one.Best, many.Best); d != "" {
					t.Error(d)
				}
			})
		}
	}
}

// volatile is what differs from run to run in a report for people.
var volatile = regexp.MustCompile(`in [0-9.]+ (ns|µs|ms|s)\n`)

func TestWalkForwardReport(t *testing.T) {
	store, dir := t.TempDir(), t.TempDir()
	args := []string{"walkforward", "--assets=5", "--bars=200", "--train=80", "--validate=20", "--test=25", "--purge=1", "--fast=5:20:5", "--slow=20:40:10", "--workers=2"}
	commandtest.Golden(t, "walkforward.txt", volatile.ReplaceAllString(succeed(t, store, args...), "in TIME\n"))
	var one, many map[string]any
	for i, to := range []*map[string]any{&one, &many} {
		more := append(args, "--json=-", "--workers="+strconv.Itoa(1+7*i), "--out="+filepath.Join(dir, strconv.Itoa(i)))
		if err := json.Unmarshal([]byte(succeed(t, store, more...)), to); err != nil {
			t.Fatal(err)
		}
		delete(*to, "seconds")
		delete(*to, "workers")
	}
	if d := cmp.Diff(one, many); d != "" {
		t.Errorf("1 and 8 workers: %s", d)
	}
	text, err := json.MarshalIndent(one, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	commandtest.Golden(t, "walkforward.json", string(text)+"\n")
	points := one["equity"].([]any)
	rows, err := parquet.ReadFile[struct {
		Time   int64   `parquet:"time,timestamp(nanosecond)"`
		Equity float64 `parquet:"equity"`
	}](filepath.Join(dir, "0", "equity.parquet"))
	if err != nil || len(rows) != len(points) || len(rows) == 0 {
		t.Fatal(len(rows), len(points), err)
	}
	for i, p := range points {
		p := p.(map[string]any)
		if at := output.ShortTime(time.Unix(0, rows[i].Time).UTC()); p["time"] != at || p["equity"] != rows[i].Equity {
			t.Errorf("point %d: %v and %+v", i, p, rows[i])
		}
	}
	var folds []map[string]any
	if err := output.ReadJSON(filepath.Join(dir, "0", "folds.json"), &folds); err != nil || len(folds) != len(one["folds"].([]any)) {
		t.Fatal(folds, err)
	}
	first := one["folds"].([]any)[0].(map[string]any)
	if folds[0]["fast"] != first["params"].(map[string]any)["fast"] || folds[0]["test_sharpe"] != first["in_test"].(map[string]any)["sharpe"] {
		t.Errorf("%v, %v", folds[0], first)
	}
	if r, err := rundir.ReadRunFile(filepath.Join(dir, "0")); err != nil || r.State != rundir.StateDone || r.Command != "walkforward" || r.Ran == 0 {
		t.Errorf("%+v, %v", r, err)
	}
}

func TestMonteCarloReport(t *testing.T) {
	store, dir := t.TempDir(), t.TempDir()
	sweep := []string{"--assets=5", "--bars=200", "--fast=5:20:5", "--slow=20:40:5", "--cost-bps=1"}
	succeed(t, store, append([]string{"sweep", "--out=" + dir}, sweep...)...)
	flags := []string{"--samples=100", "--workers=2"}
	ofRun := succeed(t, store, append([]string{"montecarlo", "--run=" + dir}, flags...)...)
	commandtest.Golden(t, "montecarlo.txt", ofRun)
	if again := succeed(t, store, append([]string{"montecarlo", "--workers=8", "--samples=100"}, sweep...)...); again != ofRun {
		t.Errorf("of a run:\n%s\nof the same flags, 8 workers:\n%s", ofRun, again)
	}
	var r map[string]any
	if err := json.Unmarshal([]byte(succeed(t, store, append([]string{"montecarlo", "--json=-", "--run=" + dir, "--out=" + filepath.Join(dir, "mc")}, flags...)...)), &r); err != nil {
		t.Fatal(err)
	}
	delete(r, "seconds")
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	commandtest.Golden(t, "montecarlo.json", string(text)+"\n")
	if deflated := r["deflated_sharpe"].(map[string]any); deflated["trials"] != r["trials"] {
		t.Errorf("%v trials were fed of %v", deflated["trials"], r["trials"])
	}
	var kept map[string]any
	if err := output.ReadJSON(filepath.Join(dir, "mc", "montecarlo.json"), &kept); err != nil {
		t.Fatal(err)
	}
	delete(kept, "seconds")
	if d := cmp.Diff(r, kept); d != "" {
		t.Error(d)
	}
	given := succeed(t, store, append(append([]string{"montecarlo", "--set=fast=10", "--set=slow=30"}, sweep...), flags...)...)
	for _, want := range []string{"fast 10, slow 30: as given", "left out: deflated: it needs all trials", "left out: overfitting"} {
		if !strings.Contains(given, want) {
			t.Errorf("%q is not in\n%s", want, given)
		}
	}
}

// A sweep of which something was changed afterwards is not judged.
func TestMonteCarloOfAnAlteredRun(t *testing.T) {
	store, dir := t.TempDir(), t.TempDir()
	succeed(t, store, append([]string{"sweep", "--out=" + dir}, small...)...)
	raw, err := os.ReadFile(filepath.Join(dir, rundir.RunName))
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ from, to, want string }{
		"the best":  {`"best_value": "`, `"best_value": "1`, "one of the two is wrong"},
		"the state": {`"state": "done"`, `"state": "interrupted"`, "not finished"},
		"the rules": {`"crossover/1"`, `"crossover/0"`, "rules crossover/0"},
		"strategy":  {`"crossover/1"`, `"luck/1"`, `"luck"`},
		"version":   {`"version": "`, `"version": "xy`, "version"},
		"command":   {`"command": "sweep"`, `"command": "walkforward"`, "give that of a sweep"},
		"spec":      {`"spec": "2:6:2"`, `"spec": "a:6:2"`, "no whole number"},
	} {
		write(t, dir, rundir.RunName, strings.Replace(string(raw), c.from, c.to, 1))
		if r := command(t, store, "montecarlo", "--run="+dir, "--samples=10"); r.status != console.ExitUsage || !strings.Contains(r.stderr, c.want) || r.stdout != "" {
			t.Errorf("%s: want %q, got %v", name, c.want, r)
		}
	}
	write(t, dir, rundir.RunName, string(raw))
	if r := command(t, t.TempDir(), "montecarlo", "--run="+dir); r.status != console.ExitUsage || !strings.Contains(r.stderr, "--store") {
		t.Error(r)
	}
}

func TestUsageErrorsOfRuns(t *testing.T) {
	store := t.TempDir()
	for _, c := range []struct {
		args string
		want string
	}{
		{"sweep --strategy=luck", "crossover, momentum, reversion or breakout"},
		{"sweep --search=luck", "grid, random, bayes or genetic"},
		{"sweep --param=fast", "NAME=VALUES"},
		{"sweep --param=window=3", `no parameter "window": it has fast, slow`},
		{"sweep --param=fast=3 --fast=4", "given twice"},
		{"sweep --strategy=momentum --fast=4", `no parameter "fast"`},
		{"sweep --strategy=momentum --param=threshold=any|1", "no finite number"},
		{"sweep --strategy=momentum --param=threshold=any_0:1", "continuous"},
		{"sweep --verify=some", "all, none or a number"},
		{"sweep --verify=-1", "all, none or a number"},
		{"sweep --stats-every=-1s", "--stats-every"},
		{"sweep --stats-every=1s --quiet", "--quiet"},
		{"sweep --format=xls --out=x", "csv, json or parquet"},
		{"sweep --cost-bps=10000", "--cost-bps"},
		{"sweep --workers=-2", "--workers"},
		{"walkforward --train=0", "--train"},
		{"walkforward --validate=-1", "--validation"},
		{"walkforward --top=0", "--top"},
		{"walkforward --warmup=-1", "--warmup"},
		{"walkforward --objective=win_rate", "needs the trades"},
		{"walkforward --assets=2 --bars=50", "--train 120"},
		{"montecarlo --assets=2 --bars=60 --tests=permutation --permute=sharpe", "use the bootstrap"},
		{"montecarlo --permutation-metric=win_rate", "--permutation-metric win_rate"},
		{"montecarlo --metric=trades", "--metric trades"},
		{"montecarlo --metric=luck", "--metric"},
		{"montecarlo --tests=luck", "bootstrap, permutation"},
		{"montecarlo --samples=0", "--samples"},
		{"montecarlo --confidence=1", "--confidence"},
		{"montecarlo --confidence=NaN", "--confidence"},
		{"montecarlo --block=0.5", "--block"},
		{"montecarlo --noise-std=0.7", "--noise-std"},
		{"montecarlo --run=/no/such/run", "/no/such/run"},
		{"montecarlo --run=x --trials=5", "--run says"},
		{"montecarlo --assets=2 --bars=60 --set=fast=3", "a value for each of fast, slow"},
		{"montecarlo --assets=2 --bars=60 --set=fast=9 --set=slow=3", "--set"},
		{"montecarlo --assets=2 --bars=60 --set=fast=3 --set=slow=30 --tests=deflated", "needs all trials"},
		{"montecarlo --assets=2 --bars=60 --fast=2:4 --slow=5:7 --tests=overfitting --blocks=7", "overfitting"},
	} {
		args := strings.Fields(c.args)
		for i := range args {
			args[i] = strings.ReplaceAll(args[i], "any_", "any ")
		}
		r := command(t, store, args...)
		if r.status != console.ExitUsage || !strings.Contains(r.stderr, c.want) || r.stdout != "" {
			t.Errorf("%s: want status 2 and %q, got %v", c.args, c.want, r)
		}
	}
}
