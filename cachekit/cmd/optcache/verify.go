package main

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"math"
	"unsafe"

	"github.com/bmadventure/optcache/cachekit/backtest"
	"github.com/bmadventure/optcache/cachekit/optimize"
)

// A detail is what is compared of one asset in one trial.
type detail struct {
	metrics backtest.Metrics
	curve   [sha256.Size]byte // of the equity at every bar
}

// batchBytes bounds the details that are held for one side at a time.
const batchBytes = 64 << 20

// verify runs the sweep once more on each side, keeps every metric and the hash
// of every equity curve, and compares both with each other and with a naive path
// that shares no grouping code. The portfolios must also be those of the timed
// runs.
func (s *sweep) verify(r *report, timed outcomes, p *progress) error {
	same := func(difference string) {
		if r.difference == "" {
			r.difference = difference
		}
	}
	p.start("verify")
	naive, err := s.openNaive()
	if err != nil {
		return err
	}
	plain, err := s.open(uncached)
	if err != nil {
		return err
	}
	defer plain.close()
	sides := []*side{plain}
	if !s.NoCache {
		cached, err := s.open(s.cached)
		if err != nil {
			return err
		}
		defer cached.close()
		sides = append(sides, cached)
	}
	assets := naive.symbols
	size := max(1, batchBytes/(len(assets)*int(unsafe.Sizeof(detail{}))))
	for lo := 0; lo < len(timed) && r.difference == ""; lo += size {
		batch := slice[params]{s.grid, lo, min(lo+size, len(timed))}
		var details [][]detail
		for _, d := range sides {
			p.start("verify")
			out, got, err := s.detailed(d, batch, len(assets), p)
			if err != nil {
				return err
			}
			if err := s.samePortfolios(timed[batch.lo:batch.hi], out); err != nil {
				same(err.Error())
			}
			details = append(details, got)
		}
		names := []string{"without cache", "with cache"}
		if len(details) == 2 {
			same(s.compare(batch, assets, timed, names[0], details[0], names[1], details[1]))
		}
		want, err := naive.run(s, batch)
		if err != nil {
			return err
		}
		same(s.compare(batch, assets, timed, "naive", want, names[len(details)-1], details[len(details)-1]))
	}
	identical := r.difference == ""
	r.Identical = &identical
	r.compared = fmt.Sprintf("%d metrics and the equity curve of %d assets in %d trials, without cache, with cache and on a naive path",
		metricCount(), len(assets), len(timed))
	if s.NoCache {
		r.compared = fmt.Sprintf("%d metrics and the equity curve of %d assets in %d trials, without cache and on a naive path",
			metricCount(), len(assets), len(timed))
	}
	return nil
}

func metricCount() int {
	n := 0
	for range (backtest.Metrics{}).All() {
		n++
	}
	return n
}

// A slice is some consecutive trials of a plan.
type slice[P any] struct {
	plan   optimize.Plan[P]
	lo, hi int
}

func (s slice[P]) Len() int       { return s.hi - s.lo }
func (s slice[P]) At(trial int) P { return s.plan.At(s.lo + trial) }

// detailed runs a batch on one side and returns the details of every asset in
// every trial, trial by trial. Those of failed trials are zero.
func (s *sweep) detailed(d *side, batch slice[params], assets int, p *progress) (outcomes, []detail, error) {
	all := make([]detail, batch.Len()*assets)
	index := make(map[params]int, batch.Len())
	for i := range batch.Len() {
		index[batch.At(i)] = i
	}
	visit := func(p params) func(int, backtest.Metrics, []float64) {
		mine := all[index[p]*assets:][:assets] // no other trial writes here
		return func(asset int, m backtest.Metrics, equity []float64) {
			mine[asset] = detail{m, curveHash(equity)}
		}
	}
	out, err := optimize.Run(s.ctx, batch, s.worker(d, visit), optimize.Options{Workers: s.Workers, Progress: p.step})
	return out, all, err
}

// curveHash returns the SHA-256 of the bits of an equity curve.
func curveHash(equity []float64) [sha256.Size]byte {
	return sha256.Sum256(unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(equity))), 8*len(equity)))
}

// samePortfolios returns an error that tells the first trial in which the
// outcomes of two runs differ.
func (s *sweep) samePortfolios(a, b outcomes) error {
	for i := range a {
		switch {
		case (a[i].Err == nil) != (b[i].Err == nil):
			return fmt.Errorf("trial %d %+v failed in one run only: %w", i, a[i].Params, errors.Join(a[i].Err, b[i].Err))
		case a[i].Err != nil:
			continue
		}
		if metric, x, y, ok := firstDifference(a[i].Result, b[i].Result); !ok {
			return fmt.Errorf("trial %d %+v: %s of the portfolio is %v in one run and %v in another", i, a[i].Params, metric, x, y)
		}
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

// compare returns the first difference between the details of two sides, "" if
// there is none.
func (s *sweep) compare(batch slice[params], assets []string, timed outcomes, nameA string, a []detail, nameB string, b []detail) string {
	for i := range a {
		trial, asset := batch.lo+i/len(assets), assets[i%len(assets)]
		if timed[trial].Err != nil {
			continue
		}
		where := fmt.Sprintf("trial %d %+v, asset %s", trial, timed[trial].Params, asset)
		if metric, x, y, ok := firstDifference(a[i].metrics, b[i].metrics); !ok {
			return fmt.Sprintf("%s: %s is %v %s and %v %s", where, metric, x, nameA, y, nameB)
		}
		if a[i].curve != b[i].curve {
			return fmt.Sprintf("%s: the SHA-256 of the equity curve is %.6x… %s and %.6x… %s", where, a[i].curve, nameA, b[i].curve, nameB)
		}
	}
	return ""
}
