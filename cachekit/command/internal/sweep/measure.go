package sweep

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"github.com/bmadventure/optcache/cachekit"
	"github.com/bmadventure/optcache/cachekit/command/internal/console"
	"github.com/bmadventure/optcache/cachekit/command/internal/output"
	"github.com/bmadventure/optcache/cachekit/command/internal/proc"
	"github.com/bmadventure/optcache/cachekit/command/internal/rundir"
	"github.com/bmadventure/optcache/cachekit/command/internal/trials"
	"github.com/bmadventure/optcache/cachekit/optimize"
	"github.com/bmadventure/optcache/cachekit/search"
)

// measure runs everything and makes the report; what is kept of it goes into the
// folder.
func (s *sweep[S]) measure(kept *rundir.Folder) (*Report, error) {
	b, err := s.Store.Open(s.Bundle, s.Version)
	if err != nil {
		return nil, err
	}
	defer b.Close()
	r := &Report{
		Strategy: s.StrategyName(), Params: s.Specs, CostBps: s.CostBps, Search: s.Search, Seed: s.Seed,
		Trials: s.Count, Workers: s.Workers, Rounds: s.cmd.Rounds, Compared: s.compare,
		Objective: s.Metric.String(), Minimize: s.Minimize,
		Errors: []string{}, Best: []bestReport{}, Caches: []cacheReport{},
		title: s.Family.Title, trials: s.Describe(), verify: s.verify,
	}
	if !s.compare {
		r.Rounds = 1
	}
	sides := 2
	if s.cmd.NoCache {
		sides = 1
	}
	runs := r.Rounds
	if s.compare {
		runs *= sides
	}
	p := s.NewProgress(runs*r.Trials + sides*s.verify)
	defer p.Finish()

	p.Start("first reading")
	if err := s.readOnce(r); err != nil {
		return nil, s.interrupted(err, p)
	}
	kept.File.Bars = &r.Bundle
	results, err := s.timed(r, kept, p)
	if err != nil {
		return nil, s.interrupted(err, p)
	}
	if err := s.keep(r, kept, results); err != nil {
		return nil, err
	}
	if s.verify > 0 {
		if err := s.verifyTrials(r, results, p); err != nil {
			return nil, s.interrupted(err, p)
		}
		if r.Identical != nil {
			kept.Verified(r.Verified, *r.Identical)
		}
	}
	if s.compare {
		if err := s.timeCalls(r); err != nil {
			return nil, s.interrupted(err, p)
		}
		s.measurePeaks(r)
	}
	return r, s.Ctx.Err()
}

// timed runs the sweep: in rounds on both sides, or once.
func (s *sweep[S]) timed(r *Report, kept *rundir.Folder, p *console.Progress) (trials.Outcomes[S], error) {
	if s.compare {
		return s.timeRounds(r, kept, p)
	}
	config, seconds, peak := s.Cached, &r.Seconds.Cached, &r.PeakBytes.Cached
	if s.cmd.NoCache {
		config, seconds, peak = trials.Uncached, &r.Seconds.Uncached, &r.PeakBytes.Uncached
	}
	p.Start("sweep")
	out, stats, took, err := s.once(config, optimize.Options{Progress: p.Step, Journal: s.journal})
	if s.journal != nil {
		r.Recorded = s.journal.Taken()
		kept.File.Recorded = r.Recorded
	}
	kept.Caches(stats, finished(out)-r.Recorded)
	if err != nil {
		return nil, err
	}
	if s.journal != nil {
		if err := s.journal.Compact(); err != nil {
			return nil, err
		}
	}
	x := took.Seconds()
	*seconds = &x
	if n := proc.PeakMemory(); n > 0 {
		*peak = &n
		kept.File.PeakBytes = n
	}
	r.note(stats)
	s.noteWorkload(r, kept)
	return out, nil
}

// finished counts the trials that an interrupt did not cut off.
func finished[S trials.Tunable[S]](out trials.Outcomes[S]) int {
	n := 0
	for _, o := range out {
		if !errors.Is(o.Err, context.Canceled) {
			n++
		}
	}
	return n
}

// noteWorkload puts what the caches were asked for into the report.
func (s *sweep[S]) noteWorkload(r *Report, kept *rundir.Folder) {
	if s.workload == nil || s.workload.Trials == 0 {
		return
	}
	r.Workload = &WorkloadReport{
		cacheWorkloadReport(s.workload.Bars), cacheWorkloadReport(s.workload.Series), s.workload.Bypassed(),
	}
	kept.File.Bypassed = r.Workload.Bypassed
}

// keep fills the report and the folder with the results.
func (s *sweep[S]) keep(r *Report, kept *rundir.Folder, out trials.Outcomes[S]) error {
	s.fill(r, out)
	kept.Fail(r.Errors)
	if top := search.Rank(s.Values(out), s.Minimize, 1); len(top) > 0 {
		kept.File.BestTrial, kept.File.BestValue = top[0], output.Plain(out[top[0]].Result.Value(s.Metric))
	}
	return kept.Keep("results", trialTable(s.Job, out))
}

// readOnce reads what every trial will read, so that a damaged store is told
// once, not by every trial, and no side pays for the first reading from disk.
// It puts what the bars were taken to mean into the report.
func (s *sweep[S]) readOnce(r *Report) error {
	d, err := s.Open(trials.Uncached)
	if err != nil {
		return err
	}
	bars, err := s.Bars(d)
	if err == nil {
		r.Bundle = d.Describe(bars, bars.Longest())
	}
	return errors.Join(err, d.Close())
}

// interrupted adds to an error how far the sweep came.
func (s *sweep[S]) interrupted(err error, p *console.Progress) error {
	if !errors.Is(err, context.Canceled) {
		return err
	}
	p.Finish()
	if s.journal != nil { // whose results are told beside
		return fmt.Errorf("%s: %w", p.Phase, err)
	}
	return fmt.Errorf("%s: %d of %d trials of all rounds were done: %w", p.Phase, p.Done, p.Total, err)
}

// timeRounds runs both sides in turn, the first of a round alternating, and puts
// the medians into the report. It returns the results of the first cached run,
// or the first run where there are no caches, after it has compared the
// portfolios of all other runs with them.
func (s *sweep[S]) timeRounds(r *Report, kept *rundir.Folder, p *console.Progress) (trials.Outcomes[S], error) {
	var (
		first         trials.Outcomes[S]
		plain, cached []float64
		stats         []optimize.CacheStats
		order         = []bool{false, true} // cached?
	)
	if s.cmd.NoCache {
		order = []bool{false}
	}
	for round := range s.cmd.Rounds {
		for i := range order {
			useCache := order[(round+i)%len(order)]
			config, times := trials.Uncached, &plain
			if useCache {
				config, times = s.Cached, &cached
			}
			p.Start(fmt.Sprintf("round %d of %d", round+1, s.cmd.Rounds))
			out, caches, took, err := s.once(config, optimize.Options{Progress: p.Step})
			if err != nil {
				return nil, err
			}
			*times = append(*times, took.Seconds())
			if useCache {
				stats = caches
			}
			if first == nil {
				first = out
			} else if err := samePortfolios(first, out); err != nil && r.difference == "" {
				r.difference = fmt.Sprintf("round %d: %v", round+1, err)
			}
		}
	}
	r.Seconds.Uncached, r.Seconds.Cached = trials.Median(plain), trials.Median(cached)
	if r.Seconds.Cached != nil && *r.Seconds.Cached > 0 {
		x := *r.Seconds.Uncached / *r.Seconds.Cached
		r.Speedup = &x
	}
	r.note(stats)
	s.noteWorkload(r, kept)
	kept.Caches(stats, len(first))
	return first, nil
}

// timeCalls measures what one call for the asset list, and one for the bars,
// costs without and with the caches.
func (s *sweep[S]) timeCalls(r *Report) error {
	configs := []struct {
		config     cachekit.Config
		list, bars **float64
	}{
		{trials.Uncached, &r.AssetList.Uncached, &r.Grouping.Uncached},
		{s.Cached, &r.AssetList.Cached, &r.Grouping.Cached},
	}
	if s.cmd.NoCache {
		configs = configs[:1]
	}
	for _, c := range configs {
		d, err := s.Open(c.config)
		if err != nil {
			return err
		}
		if *c.list, err = s.timeCall(func() error { _, err := d.Pin.Assets(s.Ctx); return err }); err == nil {
			*c.bars, err = s.timeCall(func() error { _, err := d.View.Bars(s.Ctx); return err })
		}
		if err := errors.Join(err, d.Close()); err != nil {
			return err
		}
	}
	return nil
}

// timeCall returns the median time of a call in nanoseconds. A call too short
// for the clock is timed in batches of a millisecond or so; the first call,
// which fills the caches, is not timed.
func (s *sweep[S]) timeCall(call func() error) (*float64, error) {
	const samples, batchTime = 15, time.Millisecond
	if err := call(); err != nil {
		return nil, err
	}
	batch := 1
	for {
		took, err := timeBatch(call, batch)
		if err != nil {
			return nil, err
		}
		if took >= batchTime || batch >= 1<<24 {
			break
		}
		batch *= 2
	}
	var ns []float64
	for range samples {
		took, err := timeBatch(call, batch)
		if err == nil {
			err = s.Ctx.Err()
		}
		if err != nil {
			return nil, err
		}
		ns = append(ns, float64(took.Nanoseconds())/float64(batch))
	}
	return trials.Median(ns), nil
}

func timeBatch(call func() error, n int) (time.Duration, error) {
	start := time.Now()
	for range n {
		if err := call(); err != nil {
			return 0, err
		}
	}
	return time.Since(start), nil
}

// measurePeaks runs each side once in a process of its own, whose peak memory is
// that side's alone.
func (s *sweep[S]) measurePeaks(r *Report) {
	r.PeakBytes.Uncached = s.childPeak("uncached")
	if !s.cmd.NoCache {
		r.PeakBytes.Cached = s.childPeak("cached")
	}
}

// childPeak returns nil where the peak cannot be measured, after it has said why.
func (s *sweep[S]) childPeak(side string) *int64 {
	program, err := os.Executable()
	if err != nil {
		s.Log.Warn("peak memory is not measured", "reason", err)
		return nil
	}
	args := append([]string{"sweep", "--quiet", "--measure-peak=" + side, "--store=" + s.StoreDir}, s.Flags()...)
	if s.cmd.AlwaysCache {
		args = append(args, "--always-cache")
	}
	cmd := exec.CommandContext(s.Ctx, program, args...)
	cmd.Stderr = s.Stderr
	out, err := cmd.Output()
	if err != nil {
		s.Log.Warn("peak memory is not measured", "side", side, "reason", err)
		return nil
	}
	peak, err := strconv.ParseInt(strings.TrimSpace(string(out)), 10, 64)
	if err != nil || peak == 0 {
		s.Log.Warn("peak memory is not measured: the system does not tell it", "side", side)
		return nil
	}
	return &peak
}
