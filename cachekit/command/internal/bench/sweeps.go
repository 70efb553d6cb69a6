package bench

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"os/exec"
	"runtime"
	"time"

	"github.com/bmadventure/optcache/cachekit/backtest"
	"github.com/bmadventure/optcache/cachekit/bundle"
	"github.com/bmadventure/optcache/cachekit/command/internal/console"
	"github.com/bmadventure/optcache/cachekit/command/internal/output"
	"github.com/bmadventure/optcache/cachekit/command/internal/proc"
	"github.com/bmadventure/optcache/cachekit/market"
	"github.com/bmadventure/optcache/cachekit/search"
)

// A once is a sweep that a process of its own runs once, so that its peak memory is
// that of the sweep.
type once struct {
	Bundle  string         `json:"bundle"`
	Version bundle.Version `json:"version"`
	Fast    [3]int         `json:"fast"` // least, greatest, step
	Slow    [3]int         `json:"slow"`
	Costs   int            `json:"costs"` // each crossover is tried with costs of 0, 1, ... basis points
	Trials  int            `json:"trials"`
	Workers int            `json:"workers"`
	Step    int            `json:"step"`   // every so many trials are in the digest
	Budget  int64          `json:"budget"` // bytes of all caches, the memo of results among them; 0: no memo, and as many as by default
}

// A onceResult is what that process prints.
type onceResult struct {
	Seconds float64 `json:"seconds"` // reading, verifying and all trials, from cold caches
	Peak    int64   `json:"peak_bytes"`
	Held    int64   `json:"held_bytes"`   // of the heap, the results among it, when the sweep is over
	Cached  int64   `json:"cached_bytes"` // of the budget that the caches had then
	Digest  string  `json:"digest"`
}

// workload returns the workload over a store.
func (o once) workload(store *bundle.Store) (*workload, error) {
	space, err := search.NewSpace(
		search.Int("fast", o.Fast[0], o.Fast[1], o.Fast[2], func(c *backtest.Crossover) *int { return &c.Fast }),
		search.Int("slow", o.Slow[0], o.Slow[1], o.Slow[2], func(c *backtest.Crossover) *int { return &c.Slow }),
		search.Float("cost", 0, float64(o.Costs-1), 1, func(c *backtest.Crossover) *float64 { return &c.CostBps }),
	)
	if err != nil {
		return nil, err
	}
	if o.Fast[1] >= o.Slow[0] { // a rule makes the grid count the cells that keep it
		space.Constrain("fast < slow", func(c backtest.Crossover) bool { return c.Fast < c.Slow })
	}
	grid, err := search.NewGrid(space, o.Trials)
	if err != nil {
		return nil, err
	}
	return &workload{store: store, bundle: o.Bundle, version: o.Version, fields: crossoverColumns, grid: grid, workers: o.Workers, memo: o.Budget > 0}, nil
}

// runOnce is what the process does.
func (c *Cmd) runOnce(e *console.Env) error {
	var o once
	if err := json.Unmarshal([]byte(c.Run1), &o); err != nil {
		return console.Usage(fmt.Errorf("--run-once: %w", err))
	}
	w, err := o.workload(e.Store)
	if err != nil {
		return console.Usage(err)
	}
	config := defaults
	if o.Budget > 0 {
		config.CacheSizeGB = float64(o.Budget) / (1 << 30)
	}
	start := time.Now()
	r, err := w.open(config)
	if err != nil {
		return err
	}
	out, err := w.sweep(e.Ctx, r)
	if err != nil {
		return errors.Join(err, r.close())
	}
	cached := r.workspace.Stats()[0].Used
	if err := r.close(); err != nil {
		return err
	}
	took := time.Since(start)
	peak := proc.PeakMemory() // before the digest, which is no part of the sweep
	runtime.GC()
	runtime.GC() // pools give their memory back at the second
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return output.WriteJSON(e.Stdout, "-", onceResult{took.Seconds(), peak, int64(m.HeapAlloc), cached, digest(out, o.Step)})
}

// once runs a sweep in a process of its own.
func (b *benchRun) once(o once) (r onceResult, err error) {
	program, err := os.Executable()
	if err != nil {
		return r, fmt.Errorf("run a sweep in a process of its own: %w", err)
	}
	text, err := json.Marshal(o)
	if err != nil {
		return r, err
	}
	cmd := exec.CommandContext(b.Ctx, program, "bench", "--quiet", "--store="+b.dir, "--run-once="+string(text))
	cmd.Stderr = b.Stderr
	out, err := cmd.Output()
	if b.Ctx.Err() != nil {
		return r, b.Ctx.Err()
	}
	if err != nil {
		return r, fmt.Errorf("run a sweep in a process of its own: %w", err)
	}
	if err := json.Unmarshal(out, &r); err != nil {
		return r, fmt.Errorf("a sweep in a process of its own printed %q: %w", out, err)
	}
	return r, nil
}

// digest returns a hash of the bits of the metrics of every trial whose number
// step divides.
func digest(out outcomes, step int) string {
	h := sha256.New()
	var bits [8]byte
	for i := 0; i < len(out); i += step {
		for _, v := range out[i].Result.All() {
			binary.LittleEndian.PutUint64(bits[:], math.Float64bits(v))
			h.Write(bits[:])
		}
	}
	return fmt.Sprintf("%x", h.Sum(nil))
}

// checked runs a sweep b.Runs times, and holds the results of some of its trials
// against runs of each alone without caches.
func (b *benchRun) checked(what string, all ...once) ([][]onceResult, error) {
	w, err := all[0].workload(b.data)
	if err != nil {
		return nil, err
	}
	want, err := runAlone(b.Ctx, w, all[0].Step)
	if err != nil {
		return nil, err
	}
	got := make([][]onceResult, len(all))
	for round := range b.Runs {
		for i := range all {
			side := (round + i) % len(all)
			r, err := b.once(all[side])
			if err != nil {
				return nil, err
			}
			if r.Digest != want {
				b.differ("%s: with %s, trials have other results than each alone without caches", what, output.Count(all[side].Workers, "worker"))
			}
			got[side] = append(got[side], r)
		}
	}
	return got, nil
}

// spread is between how many trials of a sweep one is compared.
func spread(trials int) int { return max(1, trials/20) }

// sizes are how much some benchmarks do.
type sizes struct {
	repeats    int // of what the original's workloads do
	long, wide benchData
	longTrials int
	wideTrials int
	memory     []int         // numbers of trials
	sampling   time.Duration // of the processor, for each side
}

// sizesOf returns the sizes that something is asked of, or smaller ones.
func sizesOf(quick bool) sizes {
	s := sizes{
		repeats: 100,
		long:    benchData{1, 200_000, market.Minute}, longTrials: 10_000,
		wide: benchData{500, 2520, market.Daily}, wideTrials: 1000,
		memory:   []int{1_000, 10_000, 100_000, 1_000_000},
		sampling: 3 * time.Second,
	}
	if quick {
		s.longTrials, s.wideTrials, s.memory, s.sampling = 1_000, 250, s.memory[:3], time.Second
	}
	return s
}

// longSweep measures many trials over one long history.
func (b *benchRun) longSweep() ([]*figure, error) {
	d := b.sizes.long
	o := once{Bundle: d.name(), Fast: [3]int{2, 142, 1}, Slow: [3]int{2, 142, 1}, Costs: 1, Trials: b.sizes.longTrials, Workers: runtime.GOMAXPROCS(0)}
	o.Step = spread(o.Trials)
	var err error
	if o.Version, err = b.bars(d); err != nil {
		return nil, err
	}
	took := &figure{
		What:       fmt.Sprintf("%s crossovers x %d asset x %s minute bars", output.Thousands(o.Trials), d.assets, output.Thousands(d.bars)),
		Conditions: fmt.Sprintf("all 9 metrics of each, %s, from cold caches in a process of its own", output.Count(o.Workers, "worker")),
		Unit:       unitSeconds,
		ValueIs:    "time",
		Published:  []string{"manifoldbt 0.32 (Rust): 4.4 s inside 344 MB, 10,000 sets x 200,000 bars, on 4 virtual CPUs of a GitHub runner"},
	}
	peak := &figure{What: took.What, Conditions: "the same", Unit: unitBytes, ValueIs: "peak memory"}
	if !b.Quick {
		took.Asked, peak.Asked = askedAtMost(4.4), askedAtMost(344<<20)
	}
	got, err := b.checked(took.What, o)
	if err != nil {
		return nil, err
	}
	var times, peaks []float64
	for _, r := range got[0] {
		times, peaks = append(times, r.Seconds), append(peaks, float64(r.Peak))
	}
	took.estimate(times)
	peak.estimate(peaks)
	if peak.Value.Median == 0 { // the system does not tell
		return []*figure{took}, nil
	}
	return []*figure{took, peak}, nil
}

// wideSweep measures many trials over many assets, with one worker and two.
func (b *benchRun) wideSweep() ([]*figure, error) {
	d := b.sizes.wide
	one := once{Bundle: d.name(), Fast: [3]int{5, 100, 5}, Slow: [3]int{110, 355, 5}, Costs: 1, Trials: b.sizes.wideTrials, Workers: 1}
	one.Step = spread(one.Trials)
	var err error
	if one.Version, err = b.bars(d); err != nil {
		return nil, err
	}
	two := one
	two.Workers = 2
	speed := &figure{
		What:       fmt.Sprintf("%s assets x %s daily bars x %s crossovers", output.Thousands(d.assets), output.Thousands(d.bars), output.Thousands(one.Trials)),
		Conditions: "bar evaluations a second and worker, all 9 metrics of the portfolios, from cold caches in a process of its own",
		Unit:       unitBars,
		BaselineIs: "one worker",
		ValueIs:    "two workers",
		Published:  []string{"vectorbt: 59 M/s, one thread (simulate_from_signals 10,000 x 100 in 16.90 ms, Rust); signals are given, not computed; hardware not stated"},
	}
	up := &figure{
		What:       "one worker over two: " + speed.What,
		Conditions: "whole sweeps, reading and verifying included",
		Unit:       unitSeconds,
		BaselineIs: "one worker",
		ValueIs:    "two workers",
		Published:  []string{"RustyBT: 1.9 x on 2 workers in a comment; its test asserts 1.0 x"},
	}
	if !b.Quick {
		speed.Asked = askedAtLeast(150e6)
	}
	up.Asked = askedAtLeast(1.8).ofRatio()
	if runtime.GOMAXPROCS(0) < 2 {
		b.Log.Warn("two workers are not measured: there is one processor")
		two = one
		speed.ValueIs, speed.BaselineIs = "one worker", "one worker"
	}
	got, err := b.checked(speed.What, one, two)
	if err != nil {
		return nil, err
	}
	evaluations := float64(d.assets) * float64(d.bars) * float64(one.Trials)
	var rates, times [2][]float64
	for side, o := range []once{one, two} {
		for _, r := range got[side] {
			rates[side] = append(rates[side], evaluations/r.Seconds/float64(o.Workers))
			times[side] = append(times[side], r.Seconds)
		}
	}
	speed.compare(rates[0], rates[1])
	speed.Ratio = nil // the other figure has it
	up.compare(times[0], times[1])
	if two.Workers < 2 {
		return []*figure{speed}, nil
	}
	return []*figure{speed, up}, nil
}

// memory measures how much more memory more trials take.
func (b *benchRun) memory() ([]*figure, error) {
	d := benchData{1, 252, market.Daily}
	o := once{Bundle: d.name(), Fast: [3]int{2, 41, 1}, Slow: [3]int{50, 99, 1}, Costs: 500, Step: 1}
	counts := b.sizes.memory
	var err error
	if o.Version, err = b.bars(d); err != nil {
		return nil, err
	}
	const budget = 1 << 20
	peaks, held := make([][]float64, len(counts)), make([][]float64, len(counts))
	memoPeaks, cached := make([][]float64, len(counts)), make([][]float64, len(counts))
	for range b.Runs {
		for i, n := range counts {
			o.Trials, o.Budget = n, 0
			r, err := b.once(o)
			if err != nil {
				return nil, err
			}
			peaks[i], held[i] = append(peaks[i], float64(r.Peak)), append(held[i], float64(r.Held))
			want := r.Digest
			o.Budget = budget
			if r, err = b.once(o); err != nil {
				return nil, err
			}
			if r.Digest != want {
				b.differ("a sweep of %s: with a memo, trials have other results than without", output.Count(n, "trial"))
			}
			memoPeaks[i], cached[i] = append(memoPeaks[i], float64(r.Peak)), append(cached[i], float64(r.Cached))
		}
	}
	if peaks[0][0] == 0 {
		b.Log.Warn("peak memory is not measured: the system does not tell it")
		return nil, nil
	}
	var figures []*figure
	for i, n := range counts {
		f := &figure{
			What:       fmt.Sprintf("peak memory of a sweep of %s trials", output.Thousands(n)),
			Conditions: "crossovers, 1 asset x 252 daily bars, in a process of its own; with the memo, all caches together may take 1 MB",
			Unit:       unitBytes,
			BaselineIs: "no memo",
			ValueIs:    "with a memo",
		}
		f.compare(peaks[i], memoPeaks[i])
		f.Ratio = nil // neither is to be the smaller
		figures = append(figures, f)
	}
	full := &figure{
		What:       fmt.Sprintf("memory of the caches at the end of %s trials", output.Thousands(counts[len(counts)-1])),
		Conditions: "crossovers, 1 asset x 252 daily bars; the memo of results and all other caches may take 1 MB",
		Unit:       unitBytes,
		ValueIs:    "measured",
		Asked:      askedAtMost(budget),
	}
	full.estimate(cached[len(counts)-1])
	last := len(counts) - 1
	slopes := func(bytes [][]float64) (s []float64) {
		for k := range bytes[0] {
			s = append(s, (bytes[last][k]-bytes[0][k])/float64(counts[last]-counts[0]))
		}
		return s
	}
	slope := &figure{
		What:       fmt.Sprintf("memory of one more trial without a memo, from %s to %s", output.Thousands(counts[0]), output.Thousands(counts[last])),
		Conditions: "difference of the peaks of whole processes, with the garbage that the collector leaves until the heap has doubled",
		Unit:       unitBytesPerTrial,
		ValueIs:    "measured",
		Asked:      askedAtMost(200),
		Published:  []string{"vectorbt issue 77: 224 bytes a log record"},
	}
	slope.estimate(slopes(peaks))
	kept := &figure{
		What:       fmt.Sprintf("memory that one more trial keeps, from %s to %s", output.Thousands(counts[0]), output.Thousands(counts[last])),
		Conditions: "difference of the heaps when the sweep is over, without garbage: parameters, metrics and error of the trial",
		Unit:       unitBytesPerTrial,
		ValueIs:    "measured",
		Asked:      askedAtMost(200),
	}
	kept.estimate(slopes(held))
	return append(figures, full, slope, kept), nil
}
