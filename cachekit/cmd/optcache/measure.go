package main

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
	"github.com/bmadventure/optcache/cachekit/optimize"
	"github.com/bmadventure/optcache/cachekit/search"
)

// measure runs everything and makes the report; what is kept of it goes into the
// folder.
func (s *sweep[S]) measure(kept *folder) (*report, error) {
	b, err := s.store.Open(s.bundle, s.version)
	if err != nil {
		return nil, err
	}
	defer b.Close()
	r := &report{
		Bundle:   bundleReport{Name: s.bundle, Version: s.version.String(), Assets: len(b.Assets()), Bars: b.Longest()},
		Strategy: s.strategyName(), Params: s.specs, CostBps: s.costBps, Search: s.search, Seed: s.seed,
		Trials: s.count, Workers: s.workers, Rounds: s.cmd.Rounds, Compared: s.compare,
		Objective: s.metric.String(), Minimize: s.minimize,
		Errors: []string{}, Best: []bestReport{}, Caches: []cacheReport{},
		title: s.family.title, trials: s.describe(),
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
	p := s.newProgress(runs*r.Trials + sides*s.verify)
	defer p.finish()

	p.start("first reading")
	if err := s.readOnce(); err != nil {
		return nil, s.interrupted(err, p)
	}
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
		kept.verified(r.Verified, *r.Identical)
	}
	if s.compare {
		if err := s.timeCalls(r); err != nil {
			return nil, s.interrupted(err, p)
		}
		s.measurePeaks(r)
	}
	return r, s.ctx.Err()
}

// timed runs the sweep: in rounds on both sides, or once.
func (s *sweep[S]) timed(r *report, kept *folder, p *progress) (outcomes[S], error) {
	if s.compare {
		return s.timeRounds(r, kept, p)
	}
	config, seconds, peak := s.cached, &r.Seconds.Cached, &r.PeakBytes.Cached
	if s.cmd.NoCache {
		config, seconds, peak = uncached, &r.Seconds.Uncached, &r.PeakBytes.Uncached
	}
	p.start("sweep")
	out, stats, took, err := s.once(config, optimize.Options{Progress: p.step, Journal: s.journal})
	if s.journal != nil {
		r.Recorded = s.journal.Taken()
		kept.file.Recorded = r.Recorded
	}
	kept.caches(stats, finished(out)-r.Recorded)
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
	if n := peakMemory(); n > 0 {
		*peak = &n
		kept.file.PeakBytes = n
	}
	r.note(stats)
	s.noteDemand(r, kept)
	return out, nil
}

// finished counts the trials that an interrupt did not cut off.
func finished[S tunable[S]](out outcomes[S]) int {
	n := 0
	for _, o := range out {
		if !errors.Is(o.Err, context.Canceled) {
			n++
		}
	}
	return n
}

// noteDemand puts what the caches were asked for into the report.
func (s *sweep[S]) noteDemand(r *report, kept *folder) {
	if s.demand == nil || s.demand.Trials == 0 {
		return
	}
	r.Demand = &demandReport{
		needReport(s.demand.Bars), needReport(s.demand.Series), s.demand.Bypassed(),
	}
	kept.file.Bypassed = r.Demand.Bypassed
}

// keep fills the report and the folder with the results.
func (s *sweep[S]) keep(r *report, kept *folder, out outcomes[S]) error {
	s.fill(r, out)
	kept.fail(r.Errors)
	if top := search.Rank(s.values(out), s.minimize, 1); len(top) > 0 {
		kept.file.BestTrial, kept.file.BestValue = top[0], plainText(out[top[0]].Result.Value(s.metric))
	}
	return kept.keep("results", trialTable(s.job, out))
}

// readOnce reads what every trial will read, so that a damaged store is told
// once, not by every trial, and no side pays for the first reading from disk.
func (s *sweep[S]) readOnce() error {
	d, err := s.open(uncached)
	if err != nil {
		return err
	}
	_, _, err = d.view.Load(s.ctx)
	return errors.Join(err, d.close())
}

// interrupted adds to an error how far the sweep came.
func (s *sweep[S]) interrupted(err error, p *progress) error {
	if !errors.Is(err, context.Canceled) {
		return err
	}
	p.finish()
	if s.journal != nil { // whose results are told beside
		return fmt.Errorf("%s: %w", p.phase, err)
	}
	return fmt.Errorf("%s: %d of %d trials of all rounds were done: %w", p.phase, p.done, p.total, err)
}

// timeRounds runs both sides in turn, the first of a round alternating, and puts
// the medians into the report. It returns the results of the first cached run,
// or the first run where there are no caches, after it has compared the
// portfolios of all other runs with them.
func (s *sweep[S]) timeRounds(r *report, kept *folder, p *progress) (outcomes[S], error) {
	var (
		first         outcomes[S]
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
			config, times := uncached, &plain
			if useCache {
				config, times = s.cached, &cached
			}
			p.start(fmt.Sprintf("round %d of %d", round+1, s.cmd.Rounds))
			out, caches, took, err := s.once(config, optimize.Options{Progress: p.step})
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
	r.Seconds.Uncached, r.Seconds.Cached = median(plain), median(cached)
	if r.Seconds.Cached != nil && *r.Seconds.Cached > 0 {
		x := *r.Seconds.Uncached / *r.Seconds.Cached
		r.Speedup = &x
	}
	r.note(stats)
	s.noteDemand(r, kept)
	kept.caches(stats, len(first))
	return first, nil
}

// timeCalls measures what one call for the asset list, and one for the bars,
// costs without and with the caches.
func (s *sweep[S]) timeCalls(r *report) error {
	configs := []struct {
		config     cachekit.Config
		list, bars **float64
	}{
		{uncached, &r.AssetList.Uncached, &r.Grouping.Uncached},
		{s.cached, &r.AssetList.Cached, &r.Grouping.Cached},
	}
	if s.cmd.NoCache {
		configs = configs[:1]
	}
	for _, c := range configs {
		d, err := s.open(c.config)
		if err != nil {
			return err
		}
		if *c.list, err = s.timeCall(func() error { _, err := d.pin.Assets(s.ctx); return err }); err == nil {
			*c.bars, err = s.timeCall(func() error { _, err := d.view.Bars(s.ctx); return err })
		}
		if err := errors.Join(err, d.close()); err != nil {
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
			err = s.ctx.Err()
		}
		if err != nil {
			return nil, err
		}
		ns = append(ns, float64(took.Nanoseconds())/float64(batch))
	}
	return median(ns), nil
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
func (s *sweep[S]) measurePeaks(r *report) {
	r.PeakBytes.Uncached = s.childPeak("uncached")
	if !s.cmd.NoCache {
		r.PeakBytes.Cached = s.childPeak("cached")
	}
}

// childPeak returns nil where the peak cannot be measured, after it has said why.
func (s *sweep[S]) childPeak(side string) *int64 {
	program, err := os.Executable()
	if err != nil {
		s.log.Warn("peak memory is not measured", "reason", err)
		return nil
	}
	args := append([]string{"sweep", "--quiet", "--measure-peak=" + side, "--store=" + s.storeDir}, s.flags()...)
	if s.cmd.AlwaysCache {
		args = append(args, "--always-cache")
	}
	cmd := exec.CommandContext(s.ctx, program, args...)
	cmd.Stderr = s.stderr
	out, err := cmd.Output()
	if err != nil {
		s.log.Warn("peak memory is not measured", "side", side, "reason", err)
		return nil
	}
	peak, err := strconv.ParseInt(strings.TrimSpace(string(out)), 10, 64)
	if err != nil || peak == 0 {
		s.log.Warn("peak memory is not measured: the system does not tell it", "side", side)
		return nil
	}
	return &peak
}
