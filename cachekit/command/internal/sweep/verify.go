package sweep

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"math"
	"unsafe"

	"github.com/bmadventure/optcache/cachekit/backtest"
	"github.com/bmadventure/optcache/cachekit/command/internal/console"
	"github.com/bmadventure/optcache/cachekit/command/internal/output"
	"github.com/bmadventure/optcache/cachekit/command/internal/trials"
	"github.com/bmadventure/optcache/cachekit/optimize"
	"github.com/bmadventure/optcache/cachekit/search"
)

// A detail is what is compared of one asset in one trial.
type detail struct {
	metrics backtest.Metrics
	curve   [sha256.Size]byte // of the equity at every bar
}

// batchBytes bounds the details that are held for one side at a time.
const batchBytes = 64 << 20

// A numbered is a trial that is run again.
type numbered[S trials.Tunable[S]] struct {
	at     int // place in its batch
	trial  int
	params S
}

// verifyTrials runs some trials once more on each side, keeps every metric and the
// hash of every equity curve, and compares both with each other and with a naive
// path that shares no reading and no grouping code. The portfolios must also be
// those of the timed run, whose trials ran in batches.
func (s *sweep[S]) verifyTrials(r *Report, timed trials.Outcomes[S], p *console.Progress) error {
	p.Start("verify")
	plain, err := s.Open(trials.Uncached)
	if err != nil {
		return err
	}
	defer plain.Close()
	naive, err := openNaive(s.Env, s.Source, plain.View.Query())
	if err != nil {
		return err
	}
	sides := []*trials.Side{plain}
	if !s.cmd.NoCache {
		cached, err := s.Open(s.Cached)
		if err != nil {
			return err
		}
		defer cached.Close()
		sides = append(sides, cached)
	}
	best := -1
	if top := search.Rank(s.Values(timed), s.Minimize, 1); len(top) > 0 {
		best = top[0]
	}
	picked := evenly(s.verify, len(timed), best)
	size := max(1, batchBytes/(len(naive.symbols)*int(unsafe.Sizeof(detail{}))))
	for lo := 0; lo < len(picked) && r.difference == ""; lo += size {
		var batch search.List[numbered[S]]
		for i, trial := range picked[lo:min(lo+size, len(picked))] {
			batch = append(batch, numbered[S]{i, trial, timed[trial].Params})
		}
		if r.difference, err = s.verifyBatch(batch, timed, naive, sides, p); err != nil {
			return err
		}
	}
	compared := 0
	for _, trial := range picked {
		if timed[trial].Err == nil {
			compared++
		}
	}
	r.Verified = compared
	if compared == 0 && r.difference == "" { // all of them failed, on every side
		return nil
	}
	identical := r.difference == ""
	r.Identical = &identical
	trials := output.Count(compared, "trial")
	if compared < len(timed) {
		trials = fmt.Sprintf("%d of %s", compared, output.Count(len(timed), "trial"))
	}
	paths := "without cache, with cache and on a naive path"
	if s.cmd.NoCache {
		paths = "without cache and on a naive path"
	}
	r.compared = fmt.Sprintf("%d metrics and the equity curve of %s in %s, %s", metricCount(), output.Count(len(naive.symbols), "asset"), trials, paths)
	return nil
}

// verifyBatch runs a batch on all sides and returns the first difference.
func (s *sweep[S]) verifyBatch(batch search.List[numbered[S]], timed trials.Outcomes[S], naive *naive, sides []*trials.Side, p *console.Progress) (difference string, err error) {
	same := func(d string) {
		if difference == "" {
			difference = d
		}
	}
	assets := naive.symbols
	names := []string{"without cache", "with cache"}
	var details [][]detail
	for _, d := range sides {
		p.Start("verify")
		out, got, err := s.detailed(d, batch, len(assets), p)
		if err != nil {
			return "", err
		}
		for i, o := range out {
			if err := samePortfolio(timed, batch[i].trial, o); err != nil {
				same(err.Error())
			}
		}
		details = append(details, got)
	}
	if len(details) == 2 {
		same(compareDetails(batch, assets, timed, names[0], details[0], names[1], details[1]))
	}
	strategy := s.Family.Strategy(s.CostBps)
	strategies := make([]backtest.Strategy, len(batch))
	for i, t := range batch {
		strategies[i] = strategy(t.params)
	}
	want, err := naive.run(s.Ctx, strategies)
	if err != nil {
		return "", err
	}
	same(compareDetails(batch, assets, timed, "naive", want, names[len(details)-1], details[len(details)-1]))
	return difference, nil
}

func metricCount() int {
	n := 0
	for range (backtest.Metrics{}).All() {
		n++
	}
	return n
}

// detailed runs a batch on one side, trial by trial, and returns the details of every
// asset in every trial. Those of failed trials are zero.
func (s *sweep[S]) detailed(d *trials.Side, batch search.List[numbered[S]], assets int, p *console.Progress) ([]optimize.Outcome[numbered[S], backtest.Metrics], []detail, error) {
	all := make([]detail, len(batch)*assets)
	strategy := s.Family.Strategy(s.CostBps)
	worker := func() optimize.Worker[numbered[S], backtest.Metrics] {
		runner := backtest.Runner{Series: d.View.Series()}
		return func(ctx context.Context, t numbered[S]) (backtest.Metrics, error) {
			listed, bars, err := d.View.Load(ctx)
			if err != nil {
				return backtest.Metrics{}, err
			}
			if listed.Len() != len(bars.Assets()) {
				return backtest.Metrics{}, fmt.Errorf("%d assets have bars, of %d that are listed", len(bars.Assets()), listed.Len())
			}
			mine := all[t.at*assets:][:assets] // no other trial writes here
			return runner.Run(ctx, bars, strategy(t.params), func(asset int, m backtest.Metrics, equity []float64) {
				mine[asset] = detail{m, curveHash(equity)}
			})
		}
	}
	out, err := optimize.Run(s.Ctx, batch, worker, optimize.Options{Workers: s.Workers, Progress: p.Step})
	return out, all, err
}

// curveHash returns the SHA-256 of the bits of an equity curve.
func curveHash(equity []float64) [sha256.Size]byte {
	return sha256.Sum256(unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(equity))), 8*len(equity)))
}

// samePortfolios returns an error that tells the first trial in which the
// outcomes of two runs differ.
func samePortfolios[S trials.Tunable[S]](a, b trials.Outcomes[S]) error {
	for i, o := range b {
		if a[i].Params != o.Params {
			return fmt.Errorf("trial %d: it is %v in one run and %v in another", i, a[i].Params, o.Params)
		}
		if err := samePortfolio(a, i, o); err != nil {
			return err
		}
	}
	return nil
}

// samePortfolio returns an error that tells how the outcome of a trial differs from
// another of the same trial.
func samePortfolio[S trials.Tunable[S], P any](a trials.Outcomes[S], i int, o optimize.Outcome[P, backtest.Metrics]) error {
	switch {
	case (a[i].Err == nil) != (o.Err == nil):
		return fmt.Errorf("trial %d %v failed in one run only: %w", i, a[i].Params, errors.Join(a[i].Err, o.Err))
	case o.Err != nil:
		return nil
	}
	if metric, x, y, ok := firstDifference(a[i].Result, o.Result); !ok {
		return fmt.Errorf("trial %d %v: %s of the portfolio is %v in one run and %v in another", i, a[i].Params, metric, x, y)
	}
	return nil
}

// firstDifference returns the first metric whose bits differ; ok if none does.
func firstDifference(a, b backtest.Metrics) (metric backtest.Metric, x, y float64, ok bool) {
	for m, v := range a.All() {
		if w := b.Value(m); math.Float64bits(v) != math.Float64bits(w) {
			return m, v, w, false
		}
	}
	return 0, 0, 0, true
}

// compareDetails returns the first difference between the details of two sides, ""
// if there is none.
func compareDetails[S trials.Tunable[S]](batch search.List[numbered[S]], assets []string, timed trials.Outcomes[S], nameA string, a []detail, nameB string, b []detail) string {
	for i := range a {
		trial, asset := batch[i/len(assets)].trial, assets[i%len(assets)]
		if timed[trial].Err != nil {
			continue
		}
		where := fmt.Sprintf("trial %d %v, asset %s", trial, timed[trial].Params, asset)
		if metric, x, y, ok := firstDifference(a[i].metrics, b[i].metrics); !ok {
			return fmt.Sprintf("%s: %s is %v %s and %v %s", where, metric, x, nameA, y, nameB)
		}
		if a[i].curve != b[i].curve {
			return fmt.Sprintf("%s: the SHA-256 of the equity curve is %.6x… %s and %.6x… %s", where, a[i].curve, nameA, b[i].curve, nameB)
		}
	}
	return ""
}
