package command

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bmadventure/optcache/cachekit/backtest"
	"github.com/bmadventure/optcache/cachekit/command/internal/console"
	"github.com/bmadventure/optcache/cachekit/command/internal/output"
	"github.com/bmadventure/optcache/cachekit/command/internal/sweep"
	"github.com/bmadventure/optcache/internal/shared"
)

// The command measures peak memory in a process of its own: its own program,
// which is the test's here.
func TestMain(m *testing.M) {
	program = "optcache"
	if len(os.Args) > 1 && slices.Contains([]string{"sweep", "walkforward", "montecarlo", "bundle", "bench", "profile"}, os.Args[1]) {
		Main()
	}
	os.Exit(m.Run())
}

// A result is what a command line did.
type result struct {
	status         int
	stdout, stderr string
}

func (r result) String() string {
	return fmt.Sprintf("exit status %d\n--- stdout\n%s--- stderr\n%s", r.status, r.stdout, r.stderr)
}

// command runs one command line over a store.
func command(t *testing.T, store string, args ...string) result {
	t.Helper()
	var stdout, stderr bytes.Buffer
	status := run(t.Context(), append(args, "--store="+store), &stdout, &stderr)
	return result{status, stdout.String(), stderr.String()}
}

// succeed runs a command that must end well and returns its output.
func succeed(t *testing.T, store string, args ...string) string {
	t.Helper()
	r := command(t, store, args...)
	if r.status != console.ExitDone {
		t.Fatalf("optcache %s: %v", strings.Join(args, " "), r)
	}
	return r.stdout
}

// The shape of the JSON that programs rely on.
type sweepJSON struct {
	Bundle struct {
		Name, Version string
		Assets, Bars  int
	}
	Trials, Workers int
	Identical       *bool
	Seconds         struct{ Cached, Uncached *float64 }
	Speedup         *float64
	AssetList       callJSON `json:"asset_list"`
	Grouping        callJSON
	Workload        *sweep.WorkloadReport `json:"demand"`
	Caches          []struct {
		Name           string
		Hits, Misses   int
		HitRate        float64 `json:"hit_rate"`
		Entries, Bytes int
		Budget         int64
		Advice         string
	}
	Best   []bestJSON
	Errors []string
}

type callJSON struct {
	UncachedNS *float64 `json:"uncached_ns"`
	CachedNS   *float64 `json:"cached_ns"`
}

type bestJSON struct {
	Trial   int
	Params  map[string]int
	Metrics map[string]any
}

func sweepTo(t *testing.T, store string, args ...string) sweepJSON {
	t.Helper()
	out := succeed(t, store, append([]string{"sweep", "--json=-", "--rounds=1"}, args...)...)
	d := json.NewDecoder(strings.NewReader(out))
	var s sweepJSON
	if err := d.Decode(&s); err != nil {
		t.Fatalf("%v in %s", err, out)
	}
	if d.More() {
		t.Fatalf("more than one JSON value: %s", out)
	}
	return s
}

func TestSweepPrintsTheTable(t *testing.T) {
	out := succeed(t, t.TempDir(), "sweep", "--assets=5", "--bars=150", "--trials=20")
	for _, want := range []string{
		"5 assets, 150 bars", "20 trials", "without cache", "with cache", "ratio",
		"asset list, a call", "load and grouping, a call", "the whole sweep", "peak memory",
		"identical: yes", "best parameter sets", "sharpe", "profit factor", "asset lists", "grouped bars", "hit rate",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is not in\n%s", want, out)
		}
	}
	if rows := regexp.MustCompile(`(?m)^ +peak memory +[\d.]+ MB +[\d.]+ MB +[\d.]+ x`); !rows.MatchString(out) {
		t.Errorf("peak memory was not measured:\n%s", out)
	}
}

func TestSweepJSON(t *testing.T) {
	store := t.TempDir()
	s := sweepTo(t, store, "--assets=6", "--bars=100", "--trials=30", "--workers=3", "--top=4")
	if s.Bundle.Name != "synthetic-6x100-42" || len(s.Bundle.Version) != 64 || s.Bundle.Assets != 6 || s.Bundle.Bars != 100 {
		t.Errorf("bundle %+v", s.Bundle)
	}
	if s.Trials != 30 || s.Workers != 3 || s.Identical == nil || !*s.Identical || len(s.Best) != 4 || s.Errors == nil || len(s.Errors) != 0 {
		t.Errorf("%+v", s)
	}
	for name, v := range map[string]*float64{
		"seconds.cached": s.Seconds.Cached, "seconds.uncached": s.Seconds.Uncached, "speedup": s.Speedup,
		"asset_list.cached_ns": s.AssetList.CachedNS, "asset_list.uncached_ns": s.AssetList.UncachedNS,
		"grouping.cached_ns": s.Grouping.CachedNS, "grouping.uncached_ns": s.Grouping.UncachedNS,
	} {
		if v == nil || *v <= 0 {
			t.Errorf("%s is %v", name, v)
		}
	}
	if len(s.Caches) != 3 {
		t.Fatalf("%d caches", len(s.Caches))
	}
	if c := s.Caches[2]; c.Hits+c.Misses != 0 || s.Workload == nil || !s.Workload.Series.Bypassed || s.Workload.Series.Requests == 0 || s.Workload.Bypassed == "" {
		t.Errorf("the cache of series was left out: %+v, %+v", c, s.Workload)
	}
	kept := sweepTo(t, store, "--assets=6", "--bars=100", "--trials=30", "--workers=3", "--top=4", "--always-cache")
	if c := kept.Caches[2]; c.Hits == 0 || c.Entries == 0 || c.Bytes <= 0 || kept.Workload.Series.Bypassed || kept.Workload.Bypassed != "" ||
		int64(c.Hits+c.Misses) != kept.Workload.Series.Requests || int64(c.Entries) != kept.Workload.Series.Distinct {
		t.Errorf("with --always-cache: %+v, %+v", c, kept.Workload)
	}
	if d := cmp.Diff(s.Best, kept.Best); d != "" {
		t.Errorf("--always-cache changes the results: %s", d)
	}
	for _, c := range s.Caches[:2] { // asked for by each batch of trials
		if c.Misses < 1 || c.Misses > 3 || c.Hits < 5 || c.Hits > 30 || c.Entries != 1 || c.Bytes <= 0 || c.Budget != 2<<30 || c.HitRate < 0.5 || c.HitRate > 1 || c.Advice == "" {
			t.Errorf("cache %+v", c)
		}
	}
	last := math.Inf(1)
	for _, b := range s.Best {
		if b.Params["fast"] >= b.Params["slow"] || len(b.Metrics) != 9 {
			t.Errorf("%+v", b)
		}
		sharpe, ok := b.Metrics["sharpe"].(float64)
		if !ok || sharpe > last {
			t.Errorf("sharpe %v after %v", b.Metrics["sharpe"], last)
		}
		last = sharpe
	}
}

// The synthetic bundle must not change from version to version of the command,
// nor from machine to machine: its version is the hash of all its bars.
func TestSyntheticBundleIsTheSameEverywhere(t *testing.T) {
	s := sweepTo(t, t.TempDir(), "--assets=3", "--bars=60", "--trials=3", "--fast=2:4:1", "--slow=5:9:1")
	const want = "66786a0141e83623d1dcf40aae75d987d5f786bf2c753011a35d5a73046cd439"
	if s.Bundle.Version != want {
		t.Errorf("version %s, want %s", s.Bundle.Version, want)
	}
}

func TestSweepIsTheSameForAnyWorkersAndFlags(t *testing.T) {
	store := t.TempDir()
	base := []string{"--assets=8", "--bars=200", "--trials=60", "--cost-bps=5"}
	want := sweepTo(t, store, append(base, "--workers=1")...).Best
	for _, more := range [][]string{{"--workers=8"}, {"--no-cache"}, {"--workers=3", "--verify=none"}, {"--verify=7", "--no-cache"}, {"--no-compare"}} {
		if d := cmp.Diff(want, sweepTo(t, store, append(base, more...)...).Best); d != "" {
			t.Errorf("%v: %s", more, d)
		}
	}
}

func TestSweepWithoutCache(t *testing.T) {
	for name, args := range map[string][]string{"flag": {"--no-cache"}, "variable": nil} {
		t.Run(name, func(t *testing.T) {
			if args == nil {
				t.Setenv("OPTCACHE_ENABLE_CACHING", "false")
			}
			s := sweepTo(t, t.TempDir(), append(args, "--assets=3", "--bars=80", "--trials=5", "--slow=20:40:10")...)
			if s.Seconds.Cached != nil || s.Seconds.Uncached == nil || s.Speedup != nil || len(s.Caches) != 0 || s.Identical == nil || !*s.Identical {
				t.Errorf("%+v", s)
			}
		})
	}
}

func TestSweepVerifyOff(t *testing.T) {
	if s := sweepTo(t, t.TempDir(), "--assets=2", "--bars=50", "--trials=5", "--verify=none"); s.Identical != nil {
		t.Errorf("identical is %v although nothing was compared", *s.Identical)
	}
}

// Trials are spread evenly over the grid points with fast < slow, in grid order.
func TestSweepTakesTrialsEvenly(t *testing.T) {
	store := t.TempDir()
	args := []string{"--assets=2", "--bars=50", "--fast=2:6:2", "--slow=4:8:2", "--top=100", "--objective=trades"}
	all := sweepTo(t, store, append(args, "--trials=1000")...)
	if all.Trials != 6 {
		t.Errorf("%d trials of a grid of 6", all.Trials)
	}
	s := sweepTo(t, store, append(args, "--trials=3")...)
	got := make(map[int]string)
	for _, b := range s.Best {
		got[b.Trial] = fmt.Sprint(b.Params["fast"], "/", b.Params["slow"])
	}
	if d := cmp.Diff(map[int]string{0: "2/4", 1: "2/8", 2: "6/8"}, got); d != "" {
		t.Error(d)
	}
}

func TestSweepMinimize(t *testing.T) {
	s := sweepTo(t, t.TempDir(), "--assets=4", "--bars=150", "--trials=20", "--objective=max_drawdown", "--minimize", "--top=20")
	last := math.Inf(-1)
	for _, b := range s.Best {
		v := b.Metrics["max_drawdown"].(float64)
		if v < last {
			t.Errorf("%v after %v", v, last)
		}
		last = v
	}
}

func TestSweepWritesNonFiniteMetricsAsText(t *testing.T) {
	dir := t.TempDir()
	rows := "date,open,high,low,close,volume\n"
	for day := range 20 {
		rows += fmt.Sprintf("2020-01-%02d,10,10,10,10,100\n", day+1)
	}
	write(t, dir, "FLAT.csv", rows)
	s := sweepTo(t, t.TempDir(), "--data="+dir, "--fast=2:3:1", "--slow=4:5:1", "--objective=total_return")
	if len(s.Best) != 4 {
		t.Fatalf("%+v", s)
	}
	for _, b := range s.Best {
		if b.Metrics["sharpe"] != "NaN" || b.Metrics["total_return"] != 0.0 || b.Metrics["trades"] != 0.0 {
			t.Errorf("%+v", b.Metrics)
		}
	}
	raw, err := json.Marshal(output.Metrics(backtest.Metrics{Sharpe: math.Inf(1), Sortino: math.Inf(-1), Calmar: math.NaN()}))
	if err != nil || !strings.Contains(string(raw), `"sharpe":"+Inf","sortino":"-Inf","calmar":"NaN"`) {
		t.Errorf("%s, %v", raw, err)
	}
}

func write(t *testing.T, dir, name, content string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestSweepJSONFileIsWholeOrAbsent(t *testing.T) {
	store, dir := t.TempDir(), t.TempDir()
	file := filepath.Join(dir, "out.json")
	out := succeed(t, store, "sweep", "--assets=2", "--bars=40", "--trials=3", "--rounds=1", "--json="+file)
	if !strings.Contains(out, "identical: yes") {
		t.Errorf("no table beside the file: %s", out)
	}
	raw, err := os.ReadFile(file)
	if err != nil || !json.Valid(raw) {
		t.Errorf("%s, %v", raw, err)
	}
	r := command(t, store, "sweep", "--assets=2", "--bars=40", "--trials=3", "--rounds=1", "--json="+filepath.Join(dir, "no", "such", "dir.json"))
	if r.status != console.ExitUsage || !strings.Contains(r.stderr, "dir.json") {
		t.Error(r)
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 1 {
		t.Errorf("left behind: %v, %v", entries, err)
	}
}

// A price that changes makes another version, a diff that names the cell, and
// another result.
func TestOneChangedPrice(t *testing.T) {
	store, dir := t.TempDir(), t.TempDir()
	csv := func(close string) {
		rows := "date,open,high,low,close,volume\n"
		for i := range 60 {
			last := strconv.Itoa(100 + (i*7)%13)
			if i == 30 {
				last = close
			}
			rows += fmt.Sprintf("%s,%d,200,50,%s,1000\n", time.Date(2020, 1, 1+i, 0, 0, 0, 0, time.UTC).Format(time.DateOnly), 100+(i*5)%11, last)
		}
		write(t, dir, "ABC.csv", rows)
	}
	args := []string{"--bundle=b", "--fast=2:5:1", "--slow=6:12:1", "--objective=sharpe", "--top=1000"}
	csv("105")
	first := succeed(t, store, "bundle", "ingest", "b", dir)
	before := sweepTo(t, store, args...)
	if again := succeed(t, store, "bundle", "ingest", "b", dir); !strings.Contains(again, "already there") || !strings.Contains(first, "new") {
		t.Errorf("the same files gave %q, then %q", first, again)
	}
	csv("180.5")
	succeed(t, store, "bundle", "ingest", "b", dir)
	after := sweepTo(t, store, args...)
	if before.Bundle.Version == after.Bundle.Version {
		t.Error("the version did not change")
	}
	if cmp.Equal(before.Best, after.Best) {
		t.Error("the result did not change")
	}
	diff := succeed(t, store, "bundle", "diff", "b", before.Bundle.Version[:12], after.Bundle.Version[:12])
	for _, want := range []string{"ABC", "close", "2020-01-31", "105", "180.5"} {
		if !strings.Contains(diff, want) {
			t.Errorf("%q is not in the diff:\n%s", want, diff)
		}
	}
	old := sweepTo(t, store, append(args, "--at="+before.Bundle.Version[:10])...)
	if d := cmp.Diff(before.Best, old.Best); d != "" {
		t.Errorf("the old version gives another result now: %s", d)
	}
}

func TestBrokenInputIsExplained(t *testing.T) {
	const header = "date,open,high,low,close,volume\n"
	for _, c := range []struct {
		name, file, content string
		want                []string
	}{
		{"text for a number", "X.csv", header + "2020-01-02,1,2,1,abc,5\n", []string{"X.csv:2", "close", `"abc"`}},
		{"high below low", "X.csv", header + "2020-01-02,1,1,2,1,5\n", []string{"X.csv:2", "high", "low"}},
		{"two rows of a date", "X.csv", header + "2020-01-02,1,1,1,1,5\n2020-01-02,1,1,1,1,6\n", []string{"X.csv:3", "2020-01-02"}},
		{"no rows", "X.csv", header, []string{"X.csv"}},
		{"no bars at all", "notes.md", "nothing", []string{"no bars"}},
		{"no table", "notes.txt", "nothing", []string{"this is text and no table"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			store, dir := filepath.Join(t.TempDir(), "store"), t.TempDir()
			write(t, dir, c.file, c.content)
			for _, args := range [][]string{{"sweep", "--data=" + dir}, {"bundle", "ingest", "b", dir}} {
				r := command(t, store, args...)
				if r.status != console.ExitUsage || r.stdout != "" {
					t.Errorf("%v: %v", args, r)
				}
				for _, want := range c.want {
					if !strings.Contains(r.stderr, want) {
						t.Errorf("%v: %q is not in %s", args, want, r.stderr)
					}
				}
			}
			if _, err := os.Stat(store); !errors.Is(err, fs.ErrNotExist) {
				entries, _ := os.ReadDir(store)
				if len(entries) > 0 {
					t.Errorf("something was written: %v", entries)
				}
			}
		})
	}
}

func TestUsageErrors(t *testing.T) {
	t.Setenv("OPTCACHE_LRU_MAXSIZE", "")
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{}, "expected one of"},
		{[]string{"swep"}, "swep"},
		{[]string{"sweep", "--no-such-flag"}, "no-such-flag"},
		{[]string{"sweep", "--fast=9:3"}, "9:3"},
		{[]string{"sweep", "--fast=a:b:c"}, "LO:HI:STEP"},
		{[]string{"sweep", "--fast=1:2:3:4"}, "LO:HI:STEP"},
		{[]string{"sweep", "--slow=1:3:0"}, "STEP"},
		{[]string{"sweep", "--fast=50:60:1", "--slow=2:9:1"}, "fast < slow"},
		{[]string{"sweep", "--trials=0"}, "--trials"},
		{[]string{"sweep", "--trials=-4"}, "--trials"},
		{[]string{"sweep", "--workers=-1"}, "--workers"},
		{[]string{"sweep", "--objective=luck"}, "sharpe"},
		{[]string{"sweep", "--cost-bps=-1"}, "--cost-bps"},
		{[]string{"sweep", "--cost-bps=NaN"}, "--cost-bps"},
		{[]string{"sweep", "--data=x", "--bundle=y"}, "--bundle"},
		{[]string{"sweep", "--data=x", "--assets=3"}, "--assets"},
		{[]string{"sweep", "--at=abc"}, "--bundle"},
		{[]string{"sweep", "--bundle=nothing"}, "ingest it first"},
		{[]string{"sweep", "--data=/no/such/directory"}, "/no/such/directory"},
		{[]string{"sweep", "--assets=1000000", "--bars=1000000"}, "at most"},
		{[]string{"bundle", "show", "nothing"}, "nothing"},
		{[]string{"bundle", "verify", "../x"}, ".."},
		{[]string{"bundle", "ingest", "a/b", "."}, "/"},
		{[]string{"bundle", "ingest", "", "."}, "empty"},
		{[]string{"bundle", "rm", "nothing"}, "nothing"},
		{[]string{"bundle", "diff", "nothing", "a", "b"}, "nothing"},
	} {
		r := command(t, t.TempDir(), c.args...)
		if r.status != console.ExitUsage || !strings.Contains(r.stderr, c.want) {
			t.Errorf("%v: want status 2 and %q, got %v", c.args, c.want, r)
		}
	}
	t.Setenv("OPTCACHE_LRU_MAXSIZE", "-5")
	if r := command(t, t.TempDir(), "sweep"); r.status != console.ExitUsage || !strings.Contains(r.stderr, `OPTCACHE_LRU_MAXSIZE is "-5"`) {
		t.Error(r)
	}
}

func TestHelp(t *testing.T) {
	for _, args := range [][]string{{"--help"}, {"sweep", "--help"}, {"bundle", "--help"}, {"bundle", "ingest", "-h"}} {
		r := command(t, t.TempDir(), args...)
		if r.status != console.ExitDone || !strings.Contains(r.stdout, "Usage: optcache") {
			t.Errorf("%v: %v", args, r)
		}
	}
}

func TestInterrupt(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var stdout, stderr bytes.Buffer
	status := run(ctx, []string{"sweep", "--store=" + t.TempDir()}, &stdout, &stderr)
	if status != console.ExitInterrupted || !strings.Contains(stderr.String(), "interrupted") || stdout.Len() > 0 {
		t.Errorf("%d, %q, %q", status, stdout.String(), stderr.String())
	}
}

// The whole program, stopped by the signal of Ctrl-C in the middle of a sweep
// that would take hours.
func TestInterruptSignal(t *testing.T) {
	store := t.TempDir()
	succeed(t, store, "sweep", "--assets=20", "--bars=2000", "--trials=2", "--rounds=1", "--verify=none")
	cmd := exec.Command(os.Args[0], "sweep", "--store="+store, "--assets=20", "--bars=2000", "--trials=100000", "--rounds=1000", "--fast=1:500:1", "--slow=2:1000:1")
	stderr := new(bytes.Buffer)
	stdout := new(bytes.Buffer)
	cmd.Stdout, cmd.Stderr = stdout, stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	// The sweep has begun when it has used more processor time than starting takes.
	for busy(t, cmd.Process.Pid) < 300*time.Millisecond {
	}
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	err := cmd.Wait()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != console.ExitInterrupted {
		t.Fatalf("%v: %s", err, stderr)
	}
	if !regexp.MustCompile(`interrupted: .*: \d+ of \d+ trials`).MatchString(stderr.String()) || stdout.Len() > 0 {
		t.Errorf("it does not say how far it came: %s", stderr)
	}
}

// busy returns the processor time that a process has used.
func busy(t *testing.T, pid int) time.Duration {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		t.Skipf("the system does not tell the processor time of a process: %v", err)
	}
	fields := strings.Fields(string(raw[bytes.LastIndexByte(raw, ')')+1:]))
	user, err := strconv.Atoi(fields[11])
	if err != nil {
		t.Fatal(err)
	}
	return time.Duration(user) * 10 * time.Millisecond
}

func TestRealBars(t *testing.T) {
	daily := shared.Path(t, "market", "daily")
	store := t.TempDir()
	one := sweepTo(t, store, "--data="+daily, "--workers=1")
	many := sweepTo(t, store, "--data="+daily, "--workers=8", "--no-cache")
	if one.Bundle.Assets != 4 || one.Bundle.Bars != 754 || len(one.Best) != 10 || !*one.Identical || !*many.Identical {
		t.Errorf("%+v", one)
	}
	if d := cmp.Diff(one.Best, many.Best); d != "" {
		t.Errorf("1 worker with caches and 8 without differ: %s", d)
	}
}

// A price at which nothing can be bought fails every trial, on all sides alike:
// the errors name the bar, and the exit status says that trials failed.
// Prices that no return can be computed from are refused before any trial, or their asset is left out.
func TestPricesThatAreNone(t *testing.T) {
	store, dir := t.TempDir(), t.TempDir()
	rows := "date,open,high,low,close,volume\n"
	for day := range 25 {
		low := 10
		if day == 20 {
			low = 0
		}
		rows += fmt.Sprintf("2020-01-%02d,10,10,%d,%d,100\n", day+1, low, low)
	}
	write(t, dir, "ZERO.csv", rows)
	sound := "date,open,high,low,close,volume\n"
	for day := range 25 {
		sound += fmt.Sprintf("2020-01-%02d,10,30,5,%d,100\n", day+1, 10+day*7%11)
	}
	write(t, dir, "SOUND.csv", sound)
	args := []string{"sweep", "--data=" + dir, "--fast=2:3:1", "--slow=4:5:1", "--rounds=1"}
	r := command(t, store, args...)
	if r.status != console.ExitUsage || r.stdout != "" || !strings.Contains(r.stderr, "ZERO.csv:22") || !strings.Contains(r.stderr, "--skip-assets") {
		t.Error(r)
	}
	r = command(t, store, append(args, "--skip-assets")...)
	if r.status != console.ExitDone || !strings.Contains(r.stderr, "ZERO") || !strings.Contains(r.stdout, "1 asset, 25 bars") {
		t.Error(r)
	}
}

func TestDamagedStoreIsTold(t *testing.T) {
	store := t.TempDir()
	args := []string{"sweep", "--assets=3", "--bars=60", "--trials=3", "--fast=2:4:1", "--slow=5:9:1", "--rounds=1"}
	succeed(t, store, args...)
	files, err := filepath.Glob(filepath.Join(store, "*", "versions", "*", "*.parquet"))
	if err != nil || len(files) != 1 {
		t.Fatal(files, err)
	}
	raw, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	for name, damage := range map[string][]byte{
		"truncated": raw[:len(raw)/2],
		"altered":   append(append(bytes.Clone(raw[:1200]), raw[1200]^1), raw[1201:]...),
	} {
		if err := os.Remove(files[0]); err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Dir(files[0]), filepath.Base(files[0]), string(damage))
		r := command(t, store, args...)
		if r.status != console.ExitUsage || r.stdout != "" || !strings.Contains(r.stderr, files[0]) || strings.Count(r.stderr, "\n") > 3 {
			t.Errorf("%s: %v", name, r)
		}
		if r := command(t, store, "bundle", "verify", "synthetic-3x60-42"); r.status != console.ExitUsage || !strings.Contains(r.stderr, filepath.Base(files[0])) {
			t.Errorf("%s: %v", name, r)
		}
	}
}

// With a budget that holds nothing every trial loads for itself, and the results
// are the same.
func TestSweepWithinATinyBudget(t *testing.T) {
	store := t.TempDir()
	args := []string{"--assets=4", "--bars=120", "--trials=10", "--slow=20:40:5"}
	want := sweepTo(t, store, args...)
	t.Setenv("OPTCACHE_CACHE_SIZE_GB", "0.000001")
	got := sweepTo(t, store, args...)
	if d := cmp.Diff(want.Best, got.Best); d != "" || !*got.Identical {
		t.Error(d)
	}
	if bars := got.Caches[1]; bars.Hits != 0 || bars.Entries != 0 || bars.Bytes > 1073 || bars.Budget != 1073 {
		t.Errorf("%+v", bars)
	}
}
