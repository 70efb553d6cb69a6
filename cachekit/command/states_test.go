package command

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/bmadventure/optcache/cachekit/backtest"
	"github.com/bmadventure/optcache/cachekit/command/internal/console"
	"github.com/bmadventure/optcache/cachekit/command/internal/rundir"
	"github.com/bmadventure/optcache/cachekit/command/internal/sweep"
)

// fickle decides by how often it was asked: it is no pure function, so no two runs of it are equal.
type fickle struct {
	Length  int `optcache:"1:4"`
	CostBps float64
}

var asked atomic.Int64

func (fickle) Name() string                                   { return "fickle/1" }
func (fickle) Validate() error                                { return nil }
func (f fickle) Cost() float64                                { return f.CostBps }
func (f fickle) WithCost(bps float64) fickle                  { f.CostBps = bps; return f }
func (fickle) Series(dst []backtest.Series) []backtest.Series { return dst }
func (f fickle) Decide(b *backtest.BarData, s *backtest.Signals) {
	turn := int(asked.Add(1)) % 7
	for i := b.From; i < b.To; i++ {
		if (i+turn)%3 == 0 {
			s.Enter(i)
		} else {
			s.Exit(i)
		}
	}
}

// broken fails for odd lengths, for one of two reasons, and never trades otherwise.
type broken struct {
	Length  int  `optcache:"1:8"`
	All     bool `optcache:"false|true"`
	CostBps float64
}

type brokenError string

func (e brokenError) Error() string { return string(e) }

func (broken) Name() string { return "broken/1" }
func (b broken) Validate() error {
	switch {
	case b.Length%4 == 1:
		return brokenError("the moon is full")
	case b.Length%2 == 1 || b.All:
		return brokenError("the sun is low")
	}
	return nil
}
func (b broken) Cost() float64                                { return b.CostBps }
func (b broken) WithCost(bps float64) broken                  { b.CostBps = bps; return b }
func (broken) Series(dst []backtest.Series) []backtest.Series { return dst }
func (broken) Decide(*backtest.BarData, *backtest.Signals)    {}

// with runs one command line with two strategies more.
func with(t *testing.T, store string, args ...string) result {
	t.Helper()
	var stdout, stderr bytes.Buffer
	status := run(t.Context(), append(args, "--store="+store), &stdout, &stderr, Strategy[fickle]("fickle", "coin"), Strategy[broken]("broken", "stone"))
	return result{status, stdout.String(), stderr.String()}
}

// A run that was proved different has a state of its own, which nobody takes for a finished one.
func TestDifferentRunsAreRefused(t *testing.T) {
	store, dir := t.TempDir(), t.TempDir()
	r := with(t, store, "sweep", "--strategy=fickle", "--assets=2", "--bars=60", "--out="+dir)
	if r.status != console.ExitFailed || !strings.Contains(r.stdout, "identical: no: ") {
		t.Fatal(r)
	}
	if run, err := rundir.ReadRunFile(dir); err != nil || run.State != rundir.StateDifferent {
		t.Errorf("%+v, %v", run, err)
	}
	if r := with(t, store, "montecarlo", "--run="+dir); r.status != console.ExitUsage || !strings.Contains(r.stderr, "was proved wrong") {
		t.Errorf("montecarlo: %v", r)
	}
	if r := with(t, store, "doctor", dir); r.status != console.ExitDone || !strings.Contains(r.stdout, "do not use them") || strings.Contains(r.stdout, "the run was") {
		t.Errorf("doctor: %v", r)
	}
}

// A sweep of which all trials failed does not say that anything was equal; it says why, how often, and the first case.
func TestAllTrialsFailed(t *testing.T) {
	for _, more := range [][]string{nil, {"--out=" + t.TempDir()}} {
		store, file := t.TempDir(), filepath.Join(t.TempDir(), "r.json")
		r := with(t, store, append([]string{"sweep", "--strategy=broken", "--param=all=true", "--assets=2", "--bars=60", "--rounds=1", "--json=" + file}, more...)...)
		if r.status != console.ExitFailed || strings.Contains(r.stdout, "identical: yes") {
			t.Errorf("%v", r)
		}
		for _, want := range []string{
			"identical: nothing to compare, all of 8 trials failed", "no ranking: all of 8 trials failed", "8 of 8 trials failed",
			"failed: trial 0 ", "the moon is full", "and 1 trial more for the same reason", "failed: trial 1 ", "the sun is low", "and 5 trials more",
		} {
			if !strings.Contains(r.stdout, want) {
				t.Errorf("%q is missing in %s", want, r.stdout)
			}
		}
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var got sweep.Report
		if err := json.Unmarshal(raw, &got); err != nil || got.Identical != nil || got.Verified != 0 || len(got.Errors) != 8 || got.Unranked == "" {
			t.Errorf("%s: %v", raw, err)
		}
	}
}

// Some failed trials are told with their reasons, and what is compared are the others.
func TestSomeTrialsFailed(t *testing.T) {
	r := with(t, t.TempDir(), "sweep", "--strategy=broken", "--param=all=false", "--assets=2", "--bars=60", "--rounds=1")
	if r.status != console.ExitFailed || !strings.Contains(r.stdout, "in 4 of 8 trials, without cache") || !strings.Contains(r.stdout, "4 of 8 trials failed") {
		t.Error(r)
	}
}

// A sweep in which no trial has a value of the objective ranks none, says why, and has not gone well.
func TestNoTrialHasAValue(t *testing.T) {
	r := with(t, t.TempDir(), "sweep", "--strategy=broken", "--param=length=2|4|6", "--param=all=false", "--objective=win_rate", "--assets=2", "--bars=60", "--rounds=1")
	if r.status != console.ExitFailed || !strings.Contains(r.stdout, "no ranking: win_rate is not a number in any of 3 trials: none of them ever traded; the first is trial 0") {
		t.Error(r)
	}
	if !strings.Contains(r.stdout, "identical: yes") || strings.Contains(r.stdout, "best parameter sets") {
		t.Error(r)
	}
}

// What a walk-forward writes does not depend on how the run came about: all that does is in run.json.
func TestWalkForwardReportAfterAResume(t *testing.T) {
	store, whole, cut := t.TempDir(), t.TempDir(), t.TempDir()
	args := []string{"walkforward", "--assets=3", "--bars=160", "--trials=8", "--train=60", "--validation=20", "--test=20", "--format=csv", "--workers=2"}
	succeed(t, store, append(args, "--out="+whole)...)
	journal := read(t, whole, "journal")
	write(t, cut, "journal", string(journal[:len(journal)*2/3]))
	succeed(t, store, append(args, "--out="+cut, "--resume")...)
	a, b := read(t, whole, "walkforward.json"), read(t, cut, "walkforward.json")
	if !bytes.Equal(a, b) {
		t.Errorf("undisturbed\n%s\nresumed\n%s", a, b)
	}
	run, err := rundir.Read(cut)
	if err != nil || run.Ran == 0 || run.Recorded == 0 || run.Windows == 0 || run.WindowsRan == 0 || run.TookNS == 0 {
		t.Errorf("run.json: %+v, %v", run, err)
	}
	var members map[string]any
	if err := json.Unmarshal(a, &members); err != nil {
		t.Fatal(err)
	}
	for _, gone := range []string{"seconds", "ran", "recorded", "windows_ran"} {
		if _, ok := members[gone]; ok {
			t.Errorf("walkforward.json has %s", gone)
		}
	}
}

// A value that begins with a minus sign is a value.
func TestNegativeValues(t *testing.T) {
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"sweep", "--slow", "-5"}, "fast"},
		{[]string{"sweep", "--trials", "-5"}, "--trials -5: must be at least 1"},
		{[]string{"sweep", "--cost-bps", "-1.5"}, "--cost-bps -1.5: must be at least 0 and below 10000"},
		{[]string{"walkforward", "--purge", "-1"}, "--purge -1: must be at least 0"},
		{[]string{"montecarlo", "--block-size", "-.5"}, "--block-size -0.5: must be at least 1 bar"},
	} {
		r := command(t, t.TempDir(), c.args...)
		if r.status != console.ExitUsage || !strings.Contains(r.stderr, c.want) || strings.Contains(r.stderr, "short flag") {
			t.Errorf("%v: %v", c.args, r)
		}
	}
	if r := command(t, t.TempDir(), "sweep", "--strategy=reversion", "--param", "entry=-2", "--param=exit=-1:1:1", "--assets=2", "--bars=60", "--rounds=1"); r.status != console.ExitDone {
		t.Error(r)
	}
}

// A name with an escape or a line break in it reaches the terminal quoted.
func TestNamesThatATerminalWouldObey(t *testing.T) {
	data := filepath.Join(t.TempDir(), "a\x1b[31mred\nb")
	if err := os.MkdirAll(data, 0o755); err != nil {
		t.Skipf("the file system refuses such names: %v", err)
	}
	write(t, data, "A\x1b]0;x\a.csv", "date,open\n2020-01-02,1\n")
	for _, args := range [][]string{
		{"bundle", "ingest", "b", data}, {"sweep", "--data=" + data}, {"sweep", "--data=" + data + "\x1b[2J"}, {"doctor", data}, {"montecarlo", "--run=" + data},
	} {
		r := command(t, t.TempDir(), args...)
		if r.status != console.ExitUsage || strings.ContainsAny(r.stderr+r.stdout, "\x1b\a") {
			t.Errorf("%q: %q", args, r.stderr)
		}
	}
}
