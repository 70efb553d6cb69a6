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
)

// measure runs everything and makes the report.
func (s *sweep) measure() (*report, error) {
	b, err := s.store.Open(s.bundle, s.version)
	if err != nil {
		return nil, err
	}
	defer b.Close()
	r := &report{
		Bundle:    bundleReport{s.bundle, s.version.String(), len(b.Assets()), b.Longest()},
		Trials:    s.grid.Len(),
		Workers:   s.Workers,
		Rounds:    s.Rounds,
		Objective: s.metric.String(),
		Minimize:  s.Minimize,
		Errors:    []string{},
		Best:      []bestReport{},
		Caches:    []cacheReport{},
	}
	sides := 2
	if s.NoCache {
		sides = 1
	}
	runs := sides * s.Rounds
	if s.Verify {
		runs += sides
	}
	p := s.newProgress(runs * r.Trials)
	defer p.finish()

	p.start("first reading")
	if err := s.readOnce(); err != nil {
		return nil, s.interrupted(err, p)
	}
	results, err := s.timeRounds(r, p)
	if err != nil {
		return nil, s.interrupted(err, p)
	}
	if s.Verify {
		if err := s.verify(r, results, p); err != nil {
			return nil, s.interrupted(err, p)
		}
	}
	if err := s.timeCalls(r); err != nil {
		return nil, s.interrupted(err, p)
	}
	s.measurePeaks(r)
	s.fill(r, results)
	return r, s.ctx.Err()
}

// readOnce reads what every trial will read, so that a damaged store is told
// once, not by every trial, and no side pays for the first reading from disk.
func (s *sweep) readOnce() error {
	d, err := s.open(uncached)
	if err != nil {
		return err
	}
	_, _, err = d.view.Load(s.ctx)
	return errors.Join(err, d.close())
}

// interrupted adds to an error how far the sweep came.
func (s *sweep) interrupted(err error, p *progress) error {
	if !errors.Is(err, context.Canceled) {
		return err
	}
	p.finish()
	return fmt.Errorf("%s: %d of %d trials of all rounds were done, nothing was written: %w", p.phase, p.done, p.total, err)
}

// timeRounds runs both sides in turn, the first of a round alternating, and puts
// the medians into the report. It returns the results of the first cached run,
// or the first run where there are no caches, after it has compared the
// portfolios of all other runs with them.
func (s *sweep) timeRounds(r *report, p *progress) (outcomes, error) {
	var (
		first         outcomes
		plain, cached []float64
		stats         []optimize.CacheStats
		order         = []bool{false, true} // cached?
		differ        = func(out outcomes) error { return s.samePortfolios(first, out) }
	)
	if s.NoCache {
		order = []bool{false}
	}
	for round := range s.Rounds {
		for i := range order {
			useCache := order[(round+i)%len(order)]
			config, times := uncached, &plain
			if useCache {
				config, times = s.cached, &cached
			}
			p.start(fmt.Sprintf("round %d of %d", round+1, s.Rounds))
			out, caches, took, err := s.run(config, p.step)
			if err != nil {
				return nil, err
			}
			*times = append(*times, took.Seconds())
			if useCache {
				stats = caches
			}
			if first == nil {
				first = out
			} else if err := differ(out); err != nil && r.difference == "" {
				r.difference = fmt.Sprintf("round %d: %v", round+1, err)
			}
		}
	}
	r.Seconds.Uncached, r.Seconds.Cached = median(plain), median(cached)
	if r.Seconds.Cached != nil && *r.Seconds.Cached > 0 {
		x := *r.Seconds.Uncached / *r.Seconds.Cached
		r.Speedup = &x
	}
	for _, c := range stats {
		r.Caches = append(r.Caches, cacheReport{c.Name, c.Hits, c.Misses, c.HitRate(), c.Entries, c.Bytes, c.Budget, c.Advice(c.Bands)})
	}
	return first, nil
}

// timeCalls measures what one call for the asset list, and one for the bars,
// costs without and with the caches.
func (s *sweep) timeCalls(r *report) error {
	configs := []struct {
		config     cachekit.Config
		list, bars **float64
	}{
		{uncached, &r.AssetList.Uncached, &r.Grouping.Uncached},
		{s.cached, &r.AssetList.Cached, &r.Grouping.Cached},
	}
	if s.NoCache {
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
func (s *sweep) timeCall(call func() error) (*float64, error) {
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
func (s *sweep) measurePeaks(r *report) {
	r.PeakBytes.Uncached = s.childPeak("uncached")
	if !s.NoCache {
		r.PeakBytes.Cached = s.childPeak("cached")
	}
}

// childPeak returns nil where the peak cannot be measured, after it has said why.
func (s *sweep) childPeak(side string) *int64 {
	program, err := os.Executable()
	if err != nil {
		s.log.Warn("peak memory is not measured", "reason", err)
		return nil
	}
	cmd := exec.CommandContext(s.ctx, program, "sweep", "--quiet", "--measure-peak="+side,
		"--store="+s.storeDir, "--bundle="+s.bundle, "--at="+s.version.String(),
		"--trials="+strconv.Itoa(s.Trials), "--fast="+s.Fast.String(), "--slow="+s.Slow.String(),
		"--workers="+strconv.Itoa(s.Workers), "--cost-bps="+strconv.FormatFloat(s.CostBps, 'g', -1, 64))
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
