package command

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bmadventure/optcache/cachekit/command/internal/console"
	"github.com/bmadventure/optcache/cachekit/command/internal/rundir"
	"github.com/bmadventure/optcache/cachekit/command/internal/trials"
)

// writeBars writes a file of daily bars for each symbol, the same for the same seed and symbol, and puts a wrong price
// into those that are named.
func writeBars(t *testing.T, dir string, symbols []string, days int, wrong ...string) {
	t.Helper()
	for _, symbol := range symbols {
		r := rand.New(rand.NewPCG(7, uint64(len(symbol))<<8+uint64(symbol[len(symbol)-1])))
		var b strings.Builder
		b.WriteString("date,open,high,low,close,volume\n")
		price := 50 + float64(50*r.Float64())
		for d := range days {
			open := price * (0.98 + float64(0.04*r.Float64()))
			price = open * (0.97 + float64(0.061*r.Float64()))
			last := price
			if d == days/2 && slices.Contains(wrong, symbol) {
				last = open
			}
			fmt.Fprintf(&b, "%s,%v,%v,%v,%v,10\n", time.Date(2019, 12, 1+d, 0, 0, 0, 0, time.UTC).Format(time.DateOnly), open, max(open, price), min(open, price), last)
		}
		write(t, dir, symbol+".csv", b.String())
	}
}

// A run that would go on with other bars says which assets are new, gone or changed, and what to do: that works.
func TestResumeOnOtherBars(t *testing.T) {
	for name, args := range map[string][]string{
		"sweep":       {"sweep", "--verify=none", "--trials=9"},
		"walkforward": {"walkforward", "--trials=5", "--train=40", "--validate=10", "--test=15"},
	} {
		t.Run(name, func(t *testing.T) {
			store, data, dir := t.TempDir(), t.TempDir(), t.TempDir()
			symbols := strings.Fields("A B C D E F G H I J K L M N")
			writeBars(t, data, symbols, 100)
			args := append(args, "--out="+dir, "--fast=2:4", "--slow=5:8", "--format=csv")
			succeed(t, store, append(args, "--data="+data)...)
			want, before := results(t, dir), read(t, dir, rundir.RunName)

			if err := os.Remove(filepath.Join(data, "B.csv")); err != nil {
				t.Fatal(err)
			}
			writeBars(t, data, append(symbols[2:], "NEW"), 100, symbols[2:]...)
			r := command(t, store, append(args, "--data="+data, "--resume")...)
			const says = "; assets: 1 new (NEW), 1 gone (B), 12 changed (C, D, E, F, G, H, I, J, K, L and 2 more), 1 the same\n"
			if r.status != console.ExitUsage || !strings.Contains(r.stderr, says) || !bytes.Equal(before, read(t, dir, rundir.RunName)) {
				t.Fatalf("other bars: %v", r)
			}
			_, way, ok := strings.Cut(r.stderr, "to go on with the bars as they were: ")
			way, _, cut := strings.Cut(way, ", in place of what names the bars; ")
			if !ok || !cut {
				t.Fatalf("no way back: %v", r)
			}
			succeed(t, store, append(args, strings.Fields(way)...)...)
			if run, err := rundir.ReadRunFile(dir); err != nil || run.Ran != 0 || run.Recorded == 0 {
				t.Errorf("the way back ran %+v, %v", run, err)
			}
			if d := cmp.Diff(want, results(t, dir)); d != "" {
				t.Errorf("the way back has other results: %s", d)
			}

			name := strings.Fields(way)[2]
			succeed(t, store, "bundle", "gc", name)
			r = command(t, store, append(args, "--data="+data, "--resume")...)
			if r.status != console.ExitUsage || !strings.Contains(r.stderr, says) || !strings.Contains(r.stderr, "any more: leave out --resume to run on the bars of now\n") {
				t.Errorf("the version is gone: %v", r)
			}
			succeed(t, store, append(args, "--data="+data)...)
			if run, err := rundir.ReadRunFile(dir); err != nil || run.Ran == 0 {
				t.Errorf("on the bars of now: %+v, %v", run, err)
			}
			succeed(t, store, append(args, "--data="+data, "--resume")...)
		})
	}
}

// Walk-forward says what else differs too.
func TestWalkForwardRefusesToResume(t *testing.T) {
	store, dir := t.TempDir(), t.TempDir()
	args := []string{"walkforward", "--out=" + dir, "--assets=2", "--bars=100", "--train=40", "--validate=10", "--test=15", "--trials=4"}
	if r := command(t, store, append(args, "--resume")...); r.status != console.ExitUsage || !strings.Contains(r.stderr, "the folder has none") {
		t.Error(r)
	}
	if r := command(t, store, "walkforward", "--resume"); r.status != console.ExitUsage || !strings.Contains(r.stderr, "--resume needs --out") {
		t.Error(r)
	}
	succeed(t, store, args...)
	for flag, want := range map[string]string{
		"--train=41":       "train was 40, and is 41",
		"--validate=0":     "validate was 10, and is 0",
		"--test=16":        "test was 15, and is 16",
		"--step=9":         "step was 15, and is 9",
		"--purge=1":        "purge was 0, and is 1",
		"--embargo=2":      "embargo was 0, and is 2",
		"--anchored":       "windows was rolling, and is anchored",
		"--warmup=3":       "warmup was 121, and is 3",
		"--top=2":          "top was 5, and is 2",
		"--fast=2:9":       "parameter fast was 5:50:5, and is 2:9",
		"--objective=cagr": "objective was largest sharpe, and is largest cagr",
	} {
		if r := command(t, store, append(args, "--resume", flag)...); r.status != console.ExitUsage || !strings.Contains(r.stderr, want+"\n") || strings.Count(r.stderr, " was ") > 2 {
			t.Errorf("%s: want %q, got %v", flag, want, r)
		}
	}
	for _, flag := range []string{"--workers=1", "--step=15", "--format=csv"} { // which make no other run
		succeed(t, store, append(args, "--resume", flag)...)
	}
	if run, err := rundir.ReadRunFile(dir); err != nil || run.Ran != 0 {
		t.Errorf("%+v, %v", run, err)
	}
}

// cuts are bytes at which a journal is cut off, the last one of all among them.
func cuts(journal []byte, every int) (at []int) {
	for i := (len(journal) - 1) % every; i < len(journal); i += every {
		at = append(at, i)
	}
	return at
}

// A journal that was cut off at any byte, and resumed, gives the files of an undisturbed run, byte for byte, and
// runs no trial whose record was whole.
func TestResumeFromAJournalCutAnywhere(t *testing.T) {
	for name, args := range map[string][]string{
		"sweep":               {"sweep", "--verify=none", "--trials=10"},
		"sweep at random":     {"sweep", "--verify=none", "--trials=10", "--search=random"},
		"sweep bayes":         {"sweep", "--verify=none", "--trials=10", "--search=bayes"},
		"sweep genetic":       {"sweep", "--verify=none", "--trials=10", "--search=genetic"},
		"walkforward":         {"walkforward", "--trials=4", "--train=30", "--validate=10", "--test=10", "--warmup=5"},
		"walkforward genetic": {"walkforward", "--trials=4", "--train=30", "--validate=10", "--test=10", "--search=genetic"},
	} {
		t.Run(name, func(t *testing.T) {
			every := 43
			if testing.Short() {
				every = 211
			}
			store, whole := t.TempDir(), t.TempDir()
			args := append(args, "--assets=2", "--bars=60", "--fast=2:5", "--slow=6:9", "--format=csv", "--quiet", "--workers=1")
			succeed(t, store, append(args, "--out="+whole)...)
			want, journal := results(t, whole), read(t, whole, "journal")
			first, err := rundir.ReadRunFile(whole)
			if err != nil {
				t.Fatal(err)
			}
			dir, most := t.TempDir(), 0
			for _, at := range cuts(journal, every) {
				if err := os.WriteFile(filepath.Join(dir, "journal"), journal[:at], 0o644); err != nil {
					t.Fatal(err)
				}
				more := append(args, "--out="+dir, "--resume")
				r := command(t, store, more...)
				if r.status == console.ExitUsage && strings.Contains(r.stderr, "the folder has none") {
					r = command(t, store, more[:len(more)-1]...) // not even what the run is was written whole
				}
				if r.status != console.ExitDone {
					t.Fatalf("cut at byte %d: %v", at, r)
				}
				if d := cmp.Diff(want, results(t, dir)); d != "" {
					t.Fatalf("cut at byte %d: %s", at, d)
				}
				if again := read(t, dir, "journal"); len(again) != len(journal) { // batches may come in another order
					t.Errorf("cut at byte %d: the journal has %d bytes then, undisturbed %d", at, len(again), len(journal))
				}
				run, err := rundir.ReadRunFile(dir)
				if err != nil || run.Ran+run.Recorded != first.Ran+first.Recorded || run.Recorded < most {
					t.Errorf("cut at byte %d: %d run and %d taken of %d, before %d taken: %v", at, run.Ran, run.Recorded, first.Ran+first.Recorded, most, err)
				}
				most = max(most, run.Recorded)
			}
			if most != first.Ran+first.Recorded-1 {
				t.Errorf("cut in the last record: %d of %d were taken", most, first.Ran+first.Recorded)
			}
		})
	}
}

// A second run of a finished search makes no backtest, whatever the search, and has the same results.
func TestFinishedRunsMakeNoBacktest(t *testing.T) {
	for _, search := range trials.Searches {
		for _, args := range [][]string{{"sweep", "--verify=none"}, {"walkforward", "--train=30", "--validate=10", "--test=10"}} {
			t.Run(args[0]+" "+search, func(t *testing.T) {
				store, dir := t.TempDir(), t.TempDir()
				args := append(args, "--search="+search, "--trials=25", "--assets=2", "--bars=80", "--fast=2:9", "--slow=10:19", "--format=csv", "--out="+dir)
				succeed(t, store, args...)
				want := results(t, dir)
				first, err := rundir.ReadRunFile(dir)
				if err != nil || first.Ran == 0 {
					t.Fatalf("%+v, %v", first, err)
				}
				for _, more := range []string{"--resume", "--workers=5"} {
					succeed(t, store, append(args, more)...)
					again, err := rundir.ReadRunFile(dir)
					if err != nil || again.Ran != 0 || again.Recorded != first.Ran+first.Recorded {
						t.Errorf("%s: %d were run and %d taken of %d: %v", more, again.Ran, again.Recorded, first.Ran+first.Recorded, err)
					}
					if d := cmp.Diff(want, results(t, dir)); d != "" {
						t.Errorf("%s: %s", more, d)
					}
				}
			})
		}
	}
}

// In a walk-forward a new value of a parameter runs its own sets in training alone, and new bars at the end of a
// bundle run the windows that they touch, and no others.
func TestWalkForwardRunsOnlyWhatIsNew(t *testing.T) {
	store, data, dir := t.TempDir(), t.TempDir(), t.TempDir()
	const train, validate, test = 30, 10, 10
	run := func(days int, slow string) *rundir.Run {
		t.Helper()
		writeBars(t, data, []string{"A", "B"}, days)
		args := []string{
			"walkforward", "--data=" + data, fmt.Sprint("--train=", train), fmt.Sprint("--validate=", validate), fmt.Sprint("--test=", test),
			"--fast=2:4", "--slow=" + slow, "--warmup=9", "--format=csv", "--workers=1",
		}
		succeed(t, store, append(args, "--out="+dir)...)
		r, err := rundir.Read(dir)
		if err != nil {
			t.Fatal(err)
		}
		alone := t.TempDir()
		succeed(t, store, append(args, "--out="+alone)...)
		if d := cmp.Diff(results(t, alone), results(t, dir)); d != "" {
			t.Errorf("%d days, slow %s: other results than without a journal: %s", days, slow, d)
		}
		return r
	}
	// Of the 7 folds of 110 days those after the first begin where the one before was tested.
	const folds, windows = 7, 7 + 7 + 1 // trained on; validated on or tested on
	first := run(110, "6:9")
	if first.Ran+first.Recorded != folds*(3*4+5+1) || first.Windows != windows || first.WindowsRan != windows {
		t.Fatalf("%+v", first)
	}
	more := run(110, "6:10")
	// In training 3 sets are new; all else depends on the choice, which may be a new one.
	if more.Ran < folds*3 || more.Ran > folds*(3+5+1) || more.Ran+more.Recorded != folds*(3*5+5+1) {
		t.Errorf("a new value: %d were run and %d taken", more.Ran, more.Recorded)
	}
	if again := run(110, "6:10"); again.Ran != 0 || again.WindowsRan != 0 {
		t.Errorf("the same once more: %d were run over %d windows", again.Ran, again.WindowsRan)
	}
	// Ten days more: one fold more, with a window to train on and one to test on that were not there.
	added := run(120, "6:10")
	if added.Windows != windows+2 || added.WindowsRan < 2 || added.WindowsRan > 3 {
		t.Errorf("new bars: %d of %d windows were run", added.WindowsRan, added.Windows)
	}
	if added.Ran < 3*5+1 || added.Ran > 3*5+5+1 {
		t.Errorf("new bars: %d were run", added.Ran)
	}
	// Bars that no window reads run nothing.
	if idle := run(125, "6:10"); idle.Ran != 0 {
		t.Errorf("bars beyond the last fold: %d were run", idle.Ran)
	}
}
