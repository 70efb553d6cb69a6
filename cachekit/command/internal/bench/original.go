package bench

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"runtime/pprof"
	"slices"
	"time"
	"unsafe"

	"github.com/bmadventure/optcache/cachekit"
	"github.com/bmadventure/optcache/cachekit/backtest"
	"github.com/bmadventure/optcache/cachekit/bundle"
	"github.com/bmadventure/optcache/cachekit/command/internal/output"
	"github.com/bmadventure/optcache/cachekit/command/internal/phases"
	"github.com/bmadventure/optcache/cachekit/command/internal/trials"
	"github.com/bmadventure/optcache/cachekit/market"
	"github.com/bmadventure/optcache/cachekit/optimize"
	"github.com/bmadventure/optcache/generated/bars"
	decode "github.com/bmadventure/optcache/internal/pprof"
)

// originalData is the universe of the original's report: 12,600 rows.
var originalData = benchData{50, 252, market.Daily}

const originalConditions = "50 assets x 252 daily bars"

// benchmarks are all there are, in the order of the report.
var benchmarks = []benchmark{
	{"list", (*benchRun).originalList},
	{"bars", (*benchRun).originalBars},
	{"workflow", (*benchRun).originalWorkflow},
	{"look-up", (*benchRun).lookups},
	{"grouping", (*benchRun).grouping},
	{"size", (*benchRun).size},
	{"version", (*benchRun).versions},
	{"backtest", (*benchRun).oneBacktest},
	{"sweep-25", (*benchRun).smallSweep},
	{"sweep-100", (*benchRun).hundredTrials},
	{"sweep-long", (*benchRun).longSweep},
	{"sweep-wide", (*benchRun).wideSweep},
	{"memory", (*benchRun).memory},
}

// original measures one of the original's workloads: many times the list of the assets,
// the bars of all of them, and a look at every bar, as far as it does these. The
// caches begin cold every time.
func (b *benchRun) original(f *figure, list, bars, look bool) ([]*figure, error) {
	w, err := b.workload(originalData, bundle.OHLCV)
	if err != nil {
		return nil, err
	}
	var seen []float64 // by the looks
	once := func(config cachekit.Config) func(ctx context.Context) error {
		return func(ctx context.Context) (err error) {
			r, err := w.open(config)
			if err != nil {
				return err
			}
			defer func() { err = errors.Join(err, r.close()) }()
			seen = seen[:min(1, len(seen))]
			for range b.sizes.repeats {
				if list {
					if _, err := r.pin.Assets(ctx); err != nil {
						return err
					}
				}
				if !bars {
					continue
				}
				got, err := r.view.Bars(ctx)
				if err != nil {
					return err
				}
				if look {
					seen = append(seen, lookAt(got))
				}
			}
			if look && slices.ContainsFunc(seen, func(x float64) bool { return x != seen[0] }) {
				b.differ("%s: the bars of some look are not those of the first", f.What)
			}
			return nil
		}
	}
	f.Unit = unitSeconds
	f.Conditions = fmt.Sprintf("%s, open to volume and times; %d times, from cold caches", originalConditions, b.sizes.repeats)
	if err := b.pair(f, timed(once(trials.Uncached)), timed(once(defaults))); err != nil {
		return nil, err
	}
	if look {
		err = b.parts(f, once(trials.Uncached), once(defaults))
	}
	return []*figure{f}, err
}

func (b *benchRun) originalList() ([]*figure, error) {
	return b.original(&figure{
		What: "the original's first workload: the list of the assets",
		Published: []string{
			"RustyBT X4.4 report: 2.07 ms without, 0.00 ms with, \"14.85 ms to 0.15 ms a call\"; without is a copy of a list and a sleep of 14.8 µs, with does not call the cache",
		},
	}, true, false, false)
}

func (b *benchRun) originalBars() ([]*figure, error) {
	return b.original(&figure{
		What: "the original's second workload: the bars of all assets, read, verified and grouped",
		Published: []string{
			"RustyBT X4.4 report: 129.94 ms without, 0.05 ms with (2,598 x); 5 of the 50 assets, from a frame in memory; the grouping of some 10 ms is outside the timer",
		},
	}, false, true, false)
}

func (b *benchRun) originalWorkflow() ([]*figure, error) {
	return b.original(&figure{
		What: "the original's third workload: list, bars, and a look at every value of every bar",
		Published: []string{
			"RustyBT X4.4 report: 127.80 ms without, 21.24 ms with (6.02 x); without converts 5 of the 50 assets",
		},
	}, true, true, true)
}

// lookAt reads every value of every bar, its time included, and returns the sum of
// all.
func lookAt(bars *bundle.Bars) (sum float64) {
	for i := range bars.Assets() {
		g := bars.Group(i)
		for k, t := range g.Times {
			sum += float64(t) + g.Open[k] + g.High[k] + g.Low[k] + g.Close[k] + g.Volume[k]
		}
	}
	return sum
}

// parts samples the processor while each side runs, and puts the shares of the kinds
// of work into f.
func (b *benchRun) parts(f *figure, baseline, value func(ctx context.Context) error) error {
	var shares [2][phases.Count]float64
	for i, work := range []func(context.Context) error{baseline, value} {
		got, err := b.sampleWork(work)
		if err != nil {
			return err
		}
		shares[i] = got
	}
	for p := range phases.Count {
		f.Parts = append(f.Parts, bpart{p.String(), shares[0][p], shares[1][p]})
	}
	return nil
}

// sampleWork repeats some work for a while and returns how the processor's time
// was shared.
func (b *benchRun) sampleWork(work func(ctx context.Context) error) (shares [phases.Count]float64, err error) {
	var data bytes.Buffer
	if err := pprof.StartCPUProfile(&data); err != nil {
		return shares, fmt.Errorf("sample the processor: %w", err)
	}
	for start := time.Now(); err == nil && time.Since(start) < b.sizes.sampling; {
		err = work(b.Ctx)
	}
	pprof.StopCPUProfile()
	if err != nil {
		return shares, err
	}
	p, err := decode.Parse(&data)
	if err != nil {
		return shares, err
	}
	value, ok := p.Index("cpu")
	if !ok {
		return shares, errors.New("the profile has no CPU time")
	}
	for i, v := range phases.Sum(p, value) {
		shares[i] = output.Share(float64(v), float64(p.Total(value)))
	}
	return shares, nil
}

// lookups measures single calls.
func (b *benchRun) lookups() ([]*figure, error) {
	w, err := b.workload(originalData, bundle.OHLCV)
	if err != nil {
		return nil, err
	}
	list := &figure{
		What:       "asset list, a call",
		Conditions: originalConditions,
		Unit:       unitSeconds,
		Published:  []string{"RustyBT: 3,165,597 calls a second (316 ns); what is timed is a copy of a list of 100 texts, not the cache"},
	}
	bars := &figure{
		What:       "grouped bars, a call: the look-up of what is cached",
		Conditions: originalConditions + ", open to volume and times",
		Unit:       unitSeconds,
		Asked:      askedAtMost(18e-9),
		Published:  []string{"RustyBT: 1.77 µs (566,156 a second); includes making the key from a random number"},
	}
	err = b.withReaders(w, func(uncached, cached *reader) error {
		asset := func(r *reader) sample {
			return timedCall(func(ctx context.Context) error { _, err := r.pin.Assets(ctx); return err })
		}
		load := func(r *reader) sample {
			return timedCall(func(ctx context.Context) error { _, err := r.view.Bars(ctx); return err })
		}
		return errors.Join(b.pair(list, asset(uncached), asset(cached)), b.pair(bars, load(uncached), load(cached)))
	})
	return []*figure{list, bars}, err
}

// grouping measures the grouping of rows in memory.
func (b *benchRun) grouping() ([]*figure, error) {
	rows, err := b.rows()
	if err != nil {
		return nil, err
	}
	const conditions = "50 x 252 rows in memory, sorted by asset and time; all columns and the times"
	checked := &figure{
		What:       "grouping of rows by asset",
		Conditions: conditions + "; order of the times checked, timeline of all assets made",
		Unit:       unitSeconds,
		Asked:      askedAtMost(210e-6),
		Published:  []string{"RustyBT: 10.5 ms (95 a second), of a data frame; times are not kept"},
	}
	err = b.single(checked, timedCall(func(context.Context) error {
		_, err := bundle.GroupRows(market.Daily, rows)
		return err
	}))
	if err != nil {
		return nil, err
	}
	grouped, err := bars.GroupBars(rows)
	if err != nil {
		return nil, err
	}
	again := &figure{
		What:       "grouping of rows by asset, into the memory of the last",
		Conditions: conditions,
		Unit:       unitSeconds,
		Asked:      askedAtMost(210e-6),
	}
	err = b.single(again, timedCall(func(context.Context) error { return grouped.Regroup(rows) }))
	return []*figure{checked, again}, err
}

// rows returns the rows of the original's universe.
func (b *benchRun) rows() ([]market.Bar, error) {
	v, err := b.bars(originalData)
	if err != nil {
		return nil, err
	}
	opened, err := b.data.Open(originalData.name(), v)
	if err != nil {
		return nil, err
	}
	defer opened.Close()
	bars, err := opened.Read(b.Ctx, bundle.Query{})
	if err != nil {
		return nil, err
	}
	return bars.Rows(), nil
}

// size compares the memory of grouped bars with that of the rows.
func (b *benchRun) size() ([]*figure, error) {
	rows, err := b.rows()
	if err != nil {
		return nil, err
	}
	bars, err := bundle.GroupRows(market.Daily, rows)
	if err != nil {
		return nil, err
	}
	f := &figure{
		What:       "memory of grouped bars, of that of the rows",
		Conditions: originalConditions + ", times kept; counted, not measured",
		Unit:       unitBytes,
		BaselineIs: "rows",
		ValueIs:    "grouped",
		Asked:      askedAtLeast(1 / 0.8).ofRatio(),
		Published:  []string{"RustyBT: 0.60 MB and 0.48 MB (0.80 of it, 1.25 x); the grouped bars have no times"},
	}
	f.compare([]float64{float64(len(rows)) * float64(unsafe.Sizeof(market.Bar{}))}, []float64{float64(bars.SizeBytes())})
	return []*figure{f}, nil
}

// versions measures what it costs to be sure of the version.
func (b *benchRun) versions() ([]*figure, error) {
	w, err := b.workload(originalData, bundle.OHLCV)
	if err != nil {
		return nil, err
	}
	current := &figure{
		What:       "which version is current, a call",
		Conditions: "reads a file of 65 bytes; a sweep asks once",
		Unit:       unitSeconds,
	}
	err = b.single(current, timedCall(func(context.Context) error {
		_, err := b.data.Current(w.bundle)
		return err
	}))
	if err != nil {
		return nil, err
	}
	key := &figure{
		What:       "key of a query, a call",
		Conditions: "50 assets, all columns: SHA-256 of the hashes of all that is read; a view asks once",
		Unit:       unitSeconds,
		BaselineIs: "hashed",
		ValueIs:    "remembered",
		Published:  []string{"RustyBT: 25.7 µs (38,986 a second), of 100 symbols; its hash does not see prices, volumes or dates within the range"},
	}
	open := &figure{
		What:       "opening of a version, a call",
		Conditions: originalConditions + "; manifest read and verified",
		Unit:       unitSeconds,
		BaselineIs: "without the pool",
		ValueIs:    "with the pool",
		Published:  []string{"RustyBT pool guide: 313 ms without, below 50 ms with; computed, not measured"},
	}
	pool := bundle.NewPool(b.data, 1)
	opened, err := pool.Open(w.bundle, w.version)
	if err != nil {
		return nil, err
	}
	var symbols []string
	for _, a := range opened.Assets() {
		symbols = append(symbols, a.Symbol)
	}
	ask := func(q bundle.Query) sample {
		return timedCall(func(context.Context) error { _, err := opened.Key(q); return err })
	}
	// The key of a list of symbols is not remembered.
	err = b.pair(key, ask(bundle.Query{Symbols: symbols, Fields: bundle.OHLCV}), ask(bundle.Query{Fields: bundle.OHLCV}))
	if err == nil {
		err = b.pair(open, timedCall(func(context.Context) error {
			v, err := b.data.Open(w.bundle, w.version)
			if err != nil {
				return err
			}
			return v.Close()
		}), timedCall(func(context.Context) error {
			v, err := pool.Open(w.bundle, w.version)
			if err != nil {
				return err
			}
			return v.Close()
		}))
	}
	return []*figure{current, key, open}, errors.Join(err, opened.Close(), pool.Close())
}

// oneBacktest measures what a single run costs, from the files.
func (b *benchRun) oneBacktest() ([]*figure, error) {
	w, err := b.workload(benchData{10, 252, market.Daily}, crossoverColumns)
	if err != nil {
		return nil, err
	}
	if w.grid, err = crossovers(intRange{20, 20, 1}, intRange{50, 50, 1}, 0); err != nil {
		return nil, err
	}
	w.workers = 1
	f := &figure{
		What:       "one backtest, without caches",
		Conditions: "moving-average crossover, 10 assets x 252 daily bars: opened, read, verified, grouped and run; 9 metrics",
		Unit:       unitSeconds,
		ValueIs:    "measured",
		Published:  []string{"RustyBT: 1.084 s ± 0.154 (3 runs, macOS), event by event, 10 symbols x 252 days"},
	}
	err = b.single(f, timed(func(ctx context.Context) error {
		_, _, err := w.run(ctx, trials.Uncached)
		return err
	}))
	return []*figure{f}, err
}

// smallSweep measures a sweep that is hardly worth a cache.
func (b *benchRun) smallSweep() ([]*figure, error) {
	w, err := b.workload(benchData{8, 252, market.Daily}, crossoverColumns)
	if err != nil {
		return nil, err
	}
	if w.grid, err = crossovers(intRange{5, 50, 5}, intRange{20, 120, 5}, 25); err != nil {
		return nil, err
	}
	w.workers = 1
	f := &figure{
		What:       "25 trials, one after the other: what caches cost a run that is too small for them",
		Conditions: "moving-average crossover, 8 assets x 252 daily bars, one worker, from cold caches",
		Unit:       unitSeconds,
		Asked:      askedAtLeast(1 / 1.02).ofRatio(),
		Published:  []string{"RustyBT, its own audit: 142.17 ms without, 145.33 ms with (0.98 x); 8 symbols, one year"},
	}
	return []*figure{f}, b.sweeps(f, w)
}

// hundredTrials measures the sweep of the README's first command.
func (b *benchRun) hundredTrials() ([]*figure, error) {
	w, err := b.workload(originalData, crossoverColumns)
	if err != nil {
		return nil, err
	}
	if w.grid, err = crossovers(intRange{5, 50, 5}, intRange{20, 120, 5}, 100); err != nil {
		return nil, err
	}
	f := &figure{
		What:       "100 trials",
		Conditions: "moving-average crossover, " + originalConditions + ", a worker for each processor, from cold caches",
		Unit:       unitSeconds,
		Published:  []string{"RustyBT features guide: 279.48 s without, 69.97 s with (3.99 x, parallel workers included); grid of 200 to 400 trials, 8 symbols x 25 years, hardware not stated"},
	}
	if err := b.sweeps(f, w); err != nil {
		return nil, err
	}
	once := func(config cachekit.Config) func(context.Context) error {
		return func(ctx context.Context) error { _, _, err := w.run(ctx, config); return err }
	}
	return []*figure{f}, b.parts(f, once(trials.Uncached), once(defaults))
}

// sweeps measures a sweep without caches and with them, and holds all results
// against the first.
func (b *benchRun) sweeps(f *figure, w *workload) error {
	var first string
	side := func(name string, config cachekit.Config) sample {
		return func(ctx context.Context) (float64, error) {
			out, took, err := w.run(ctx, config)
			if err != nil {
				return 0, err
			}
			got := digest(out, 1)
			if first == "" {
				first = got
			}
			if got != first {
				b.differ("%s: a run %s has other results than the first", f.What, name)
			}
			return took.Seconds(), nil
		}
	}
	return b.pair(f, side("without caches", trials.Uncached), side("with caches", defaults))
}

// runAlone runs every step-th trial by itself, without caches, and returns the digest
// that a sweep must have.
func runAlone(ctx context.Context, w *workload, step int) (string, error) {
	r, err := w.open(trials.Uncached)
	if err != nil {
		return "", err
	}
	bars, err := r.view.Bars(ctx)
	if err != nil {
		return "", errors.Join(err, r.close())
	}
	out := make(outcomes, w.grid.Len())
	var runner backtest.Runner
	for i := 0; i < len(out) && err == nil; i += step {
		c := w.grid.At(i)
		var m backtest.Metrics
		m, err = runner.Run(ctx, bars, c, nil)
		out[i] = optimize.Outcome[backtest.Crossover, backtest.Metrics]{Params: c, Result: m}
	}
	return digest(out, step), errors.Join(err, r.close())
}
