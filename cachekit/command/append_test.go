package command

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/bmadventure/optcache/cachekit/command/internal/bundles"
	"github.com/bmadventure/optcache/cachekit/command/internal/console"
)

// A folder with the new day alone does not replace what was there, unless it is asked to.
func TestNewBarsJoinOrReplace(t *testing.T) {
	store, data := t.TempDir(), t.TempDir()
	const header = "date,open,high,low,close,volume\n"
	bars := func(rows string) {
		t.Helper()
		for _, symbol := range []string{"A", "B"} {
			write(t, data, symbol+".csv", header+rows)
		}
	}
	report := func(args ...string) (r bundles.IngestReport) {
		t.Helper()
		out := succeed(t, store, append([]string{"bundle", "ingest", "b", data, "--json"}, args...)...)
		if err := json.Unmarshal([]byte(out), &r); err != nil {
			t.Fatal(err)
		}
		return r
	}
	bars("2019-12-30,1,2,1,2,5\n2020-01-02,1,2,1,2,5\n")
	report()
	bars("2020-01-02,1,2,1,2,5\n2020-01-03,2,3,2,3,6\n")
	if err := os.Remove(filepath.Join(data, "B.csv")); err != nil {
		t.Fatal(err)
	}
	r := command(t, store, "bundle", "ingest", "b", data)
	for _, want := range []string{"1 asset (B)", "A 1 bar, 2019-12-30", "--append", "--replace"} {
		if r.status == console.ExitDone || !strings.Contains(r.stderr, want) {
			t.Errorf("%q is missing: %v", want, r)
		}
	}
	if r := report("--append"); r.Bars != 5 || r.Assets != 2 || r.Shared != 1 {
		t.Errorf("%+v", r)
	}
	bars("2020-01-03,2,3,2,2.5,6\n")
	r = command(t, store, "bundle", "ingest", "b", data, "--append")
	for _, want := range []string{"A", "2020-01-03", "close", "2.5"} {
		if r.status != console.ExitUsage || !strings.Contains(r.stderr, want) {
			t.Errorf("%q is missing: %v", want, r)
		}
	}
	report("--append", "--replace")
	if r := report("--replace"); r.Bars != 2 || !strings.Contains(r.Lost, "bars of 2 assets") {
		t.Errorf("%+v", r)
	}
}

// A dry run says how files are understood and writes nothing.
func TestDryRun(t *testing.T) {
	store, data := filepath.Join(t.TempDir(), "store"), t.TempDir()
	write(t, data, "A.csv", "Date,Open,High,Low,Close,Adj Close,Volume\n2020-01-06 09:30:00-05:00,1,2,1,2,2,5\n2020-01-06 09:35:00-05:00,1,2,1,2,2,5\n")
	out := succeed(t, store, "bundle", "ingest", "b", data, "--dry-run")
	for _, want := range []string{"-05:00", "Adj Close", "2 5min bars", "nothing was", "2020-01-06T14:30:00Z"} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is missing in %s", want, out)
		}
	}
	if _, err := os.Stat(filepath.Join(store, "b")); err == nil {
		t.Error("something was written")
	}
}

// What the bars were taken to mean stands at the head of every report.
func TestHeadOfReports(t *testing.T) {
	store, data := t.TempDir(), t.TempDir()
	rows := "date,open,high,low,close,volume,split\n"
	price := 700.0
	for day := range 60 {
		split := "1"
		if day == 40 {
			price, split = price/7, "7"
		}
		at := price * (1 + float64(day%5)/100)
		rows += fmt.Sprintf("%s,%v,%v,%v,%v,10,%s\n", time.Date(2020, 1, 1+day, 0, 0, 0, 0, time.UTC).Format(time.DateOnly), at, at, at, at, split)
	}
	write(t, data, "A.csv", rows)
	r := command(t, store, "sweep", "--data="+data, "--fast=2", "--slow=4", "--rounds=1")
	if !strings.Contains(r.stderr, "as its split of 7 says") || !strings.Contains(r.stdout, "daily, 60 sessions (UTC), 365 bars a year (sessions on seven weekdays)") {
		t.Error(r)
	}
	for _, args := range [][]string{
		{"sweep", "--rounds=1"}, {"walkforward", "--train=20", "--test=10"}, {"montecarlo", "--samples=50"},
	} {
		args = append(args, "--data="+data, "--fast=2", "--slow=4", "--adjust=splits", "--periods-per-year=250")
		out := succeed(t, store, args...)
		for _, want := range []string{"250 bars a year (as asked for)", "adjusted for splits (raw prices: A)"} {
			if !strings.Contains(out, want) {
				t.Errorf("%v: %q is missing in %s", args, want, out)
			}
		}
	}
}
