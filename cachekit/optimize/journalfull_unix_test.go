//go:build unix

package optimize_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/bmadventure/optcache/cachekit/backtest"
	"github.com/bmadventure/optcache/cachekit/internal/testbed"
	"github.com/bmadventure/optcache/cachekit/optimize"
	"github.com/bmadventure/optcache/cachekit/optimize/record"
	"github.com/bmadventure/optcache/cachekit/search"
)

// setEither is for the fields of a Rlimit, which are signed on some systems.
func setEither[T int64 | uint64](to *T, n int64) { *to = T(n) }

// limited runs something while no file can grow beyond that many bytes, as on a disk that is full.
func limited(t *testing.T, bytes int64, do func()) {
	t.Helper()
	var was syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &was); err != nil {
		t.Fatal(err)
	}
	now := was
	setEither(&now.Cur, bytes)
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &now); err != nil {
		t.Fatal(err)
	}
	defer syscall.Setrlimit(syscall.RLIMIT_FSIZE, &was)
	do()
}

// A run whose journal has no room left, at any byte, stops and says so once; what is recorded is whole,
// no trial counts as failed, and gone on with it ends as if nothing had happened.
func TestJournalWithoutRoom(t *testing.T) {
	v := journalView(t, 9)
	plan := crossings([]int{2, 3, 4}, []int{7, 9}, 1)
	sweep := func(j *record.Journal) ([]optimize.Outcome[backtest.Strategy, backtest.Metrics], error) {
		return optimize.Sweep(t.Context(), v, plan, itself, optimize.Options{Workers: 2, Journal: j})
	}
	study := func(j *record.Journal) ([]optimize.Outcome[backtest.Strategy, backtest.Metrics], error) {
		o := optimize.Options{Workers: 2, Journal: j}
		return optimize.RunSearch(t.Context(), search.Enumerate[backtest.Strategy](plan), func() optimize.Worker[backtest.Strategy, backtest.Metrics] {
			var r backtest.Runner
			return optimize.Recorded(v, itself, func(ctx context.Context, s backtest.Strategy) (backtest.Metrics, error) {
				_, bars, err := v.Load(ctx)
				if err != nil {
					return backtest.Metrics{}, err
				}
				return r.Run(ctx, bars, s, nil)
			}, o)
		}, func(m backtest.Metrics) float64 { return m.TotalReturn }, o)
	}
	swept := func(j *record.Journal) ([]optimize.Outcome[backtest.Strategy, backtest.Metrics], error) {
		return optimize.SweepSearch(t.Context(), v, search.Enumerate[backtest.Strategy](plan), itself,
			func(m backtest.Metrics) float64 { return m.TotalReturn }, optimize.Options{Workers: 2, Journal: j})
	}
	for name, run := range map[string]func(*record.Journal) ([]optimize.Outcome[backtest.Strategy, backtest.Metrics], error){
		"sweep": sweep, "search": study, "search, swept": swept,
	} {
		whole := t.TempDir()
		j := testbed.OpenJournal(t, whole)
		want := testbed.Must(run(j))
		j.Close()
		step := int64(7)
		if testing.Short() {
			step = 61
		}
		for room := int64(16); room < testbed.Size(filepath.Join(whole, "journal")); room += step {
			dir := t.TempDir()
			path := filepath.Join(dir, "journal")
			j := testbed.OpenJournal(t, dir)
			var got []optimize.Outcome[backtest.Strategy, backtest.Metrics]
			var err error
			limited(t, room, func() { got, err = run(j) })
			if err == nil || strings.Count(err.Error(), path) != 1 || !strings.Contains(err.Error(), "freeing space") {
				t.Fatalf("%s, room for %d bytes: %v", name, room, err)
			}
			kept, done := j.Len(), 0
			for i, o := range got {
				if o.Err == nil {
					done++
				} else if !strings.Contains(o.Err.Error(), "not finished") {
					t.Errorf("%s, room for %d bytes: trial %d: %v", name, room, i, o.Err)
				}
			}
			j.Close()
			j = testbed.OpenJournal(t, dir)
			if j.Torn() != 0 || j.Len() != kept || done > kept {
				t.Errorf("%s, room for %d bytes: %d bytes torn, %d were recorded, %d are, %d were done", name, room, j.Torn(), kept, j.Len(), done)
			}
			again, err := run(j)
			if err != nil || j.Taken() != kept {
				t.Errorf("%s, room for %d bytes: %d of %d were taken, %v", name, room, j.Taken(), kept, err)
			}
			if d := sameOutcomes(want, again); d != "" {
				t.Error(d)
			}
			j.Close()
			os.RemoveAll(dir)
		}
	}
}
