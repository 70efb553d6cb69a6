package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"math"

	"path/filepath"
	"runtime"
	"slices"
	"time"

	"github.com/bmadventure/optcache/cachekit"
	"github.com/bmadventure/optcache/cachekit/backtest"
	"github.com/bmadventure/optcache/cachekit/bundle"
	"github.com/bmadventure/optcache/cachekit/market"
	"github.com/bmadventure/optcache/cachekit/optimize"
)

// sweepCmd is the flags of the command sweep.
type sweepCmd struct {
	Data   string `help:"Sweep the CSV or Parquet files of this directory, which is ingested first." placeholder:"DIR" type:"path" xor:"source" group:"Bars"`
	Bundle string `help:"Sweep an ingested bundle." placeholder:"NAME" xor:"source" group:"Bars"`
	At     string `help:"Sweep this version of the bundle instead of the current one." placeholder:"VERSION" group:"Bars"`
	Assets int    `help:"Assets of the synthetic bundle that is swept otherwise (50)." placeholder:"N" group:"Bars"`
	Bars   int    `help:"Daily bars of each synthetic asset (252)." placeholder:"N" group:"Bars"`
	Seed   uint64 `help:"Seed of the synthetic bars (${default})." placeholder:"N" default:"42" group:"Bars"`

	Trials    int      `help:"Number of trials, spread evenly over the grid; all of it if larger (${default})." default:"100" placeholder:"N" group:"Trials"`
	Fast      intRange `help:"Lengths of the fast average in bars (${default})." default:"5:50:5" placeholder:"LO:HI:STEP" group:"Trials"`
	Slow      intRange `help:"Lengths of the slow average, of which those above the fast one are tried (${default})." default:"20:120:5" placeholder:"LO:HI:STEP" group:"Trials"`
	CostBps   float64  `help:"Cost of a fill in basis points of its value (${default})." default:"0" placeholder:"BPS" group:"Trials"`
	Objective string   `help:"Metric that ranks the trials (${default}): ${metrics}." default:"sharpe" placeholder:"METRIC" group:"Trials"`
	Minimize  bool     `help:"Rank the smallest objective first." group:"Trials"`
	Workers   int      `help:"Trials that run at the same time (one for each processor)." placeholder:"N" group:"Trials"`
	NoCache   bool     `help:"Run without caches only." group:"Trials"`

	Verify bool   `help:"Compare all results bit for bit, with those of a naive path too." default:"true" negatable:"" group:"Report"`
	Rounds int    `help:"How often each side is timed; at least 7 for stable medians (${default})." default:"7" placeholder:"N" group:"Report"`
	Top    int    `help:"How many of the best parameter sets to show (${default})." default:"10" placeholder:"N" group:"Report"`
	JSON   string `name:"json" help:"Write the report as JSON to a file, or to the standard output alone if FILE is -." placeholder:"FILE|-" group:"Report"`

	Peak string `name:"measure-peak" hidden:"" enum:",cached,uncached" default:"" help:"Run the sweep once and print the peak memory in bytes."`
}

// params are the parameters of one trial.
type params struct{ Fast, Slow int }

// A sweep is a sweepCmd that was found to make sense.
type sweep struct {
	*env
	sweepCmd
	metric  backtest.Metric
	space   *optimize.Space[params]
	grid    *optimize.Grid[params]
	cached  cachekit.Config
	bundle  string
	version bundle.Version
}

// uncached is the configuration of the sides without caches: every trial opens
// the version, lists its assets, reads, verifies and groups its bars.
var uncached = cachekit.Config{DisableCaching: true, DisableBundlePooling: true}

// crossoverFields are the columns that the strategy reads.
const crossoverFields = bundle.Open | bundle.Close

// Help is shown below the flags.
func (sweepCmd) Help() string {
	return `Without flags it makes a bundle of 50 synthetic assets with 252 daily bars, once, and sweeps it.
The caches are configured by OPTCACHE_CACHE_SIZE_GB, OPTCACHE_ENABLE_CACHING, OPTCACHE_LRU_MAXSIZE,
OPTCACHE_ENABLE_BUNDLE_POOLING and OPTCACHE_MAX_BUNDLE_POOL_SIZE, or the same with the prefix RUSTYBT_.
Exit status: 0 done, 1 results differ or trials failed, 2 bad usage or input, 130 interrupted.`
}

// Run runs the command.
func (c *sweepCmd) Run(e *env) error {
	s, err := c.prepare(e)
	if err != nil {
		return err
	}
	if c.Peak != "" {
		return s.measurePeak()
	}
	r, err := s.measure()
	if err != nil {
		return err
	}
	if c.JSON != "-" {
		r.print(e.stdout)
	}
	if c.JSON != "" {
		if err := writeJSON(e.stdout, c.JSON, r); err != nil {
			return err
		}
	}
	if len(r.Errors) > 0 || r.Identical != nil && !*r.Identical {
		return errFailed
	}
	return nil
}

// prepare checks the flags and finds or makes the bundle.
func (c *sweepCmd) prepare(e *env) (*sweep, error) {
	s := &sweep{env: e, sweepCmd: *c}
	var err error
	if s.metric, err = backtest.ParseMetric(c.Objective); err != nil {
		return nil, usageError{fmt.Errorf("--objective: %w", err)}
	}
	if err := c.checkCounts(); err != nil {
		return nil, usageError{err}
	}
	if s.cached, err = cachekit.ConfigFromEnv(); err != nil {
		return nil, usageError{err}
	}
	if s.cached.DisableCaching {
		s.NoCache = true
	}
	s.space, err = optimize.NewSpace(
		optimize.Int("fast", c.Fast.Lo, c.Fast.Hi, c.Fast.Step, func(p *params) *int { return &p.Fast }),
		optimize.Int("slow", c.Slow.Lo, c.Slow.Hi, c.Slow.Step, func(p *params) *int { return &p.Slow }),
	)
	if err != nil {
		return nil, usageError{err}
	}
	s.space.Where("fast < slow", func(p params) bool { return p.Fast < p.Slow })
	if s.grid, err = optimize.NewGrid(s.space, c.Trials); err != nil {
		return nil, usageError{err}
	}
	if s.Workers == 0 {
		s.Workers = runtime.GOMAXPROCS(0)
	}
	return s, s.findBundle()
}

func (c *sweepCmd) checkCounts() error {
	for _, n := range []struct {
		flag      string
		value, lo int
	}{
		{"trials", c.Trials, 1}, {"rounds", c.Rounds, 1}, {"top", c.Top, 0}, {"workers", c.Workers, 0},
		{"assets", c.Assets, 0}, {"bars", c.Bars, 0},
	} {
		if n.value < n.lo {
			return fmt.Errorf("--%s %d: must be at least %d", n.flag, n.value, n.lo)
		}
	}
	if (c.Data != "" || c.Bundle != "") && (c.Assets != 0 || c.Bars != 0) {
		return errors.New("--assets and --bars make a synthetic bundle: leave them out with --data and --bundle")
	}
	if c.At != "" && c.Bundle == "" {
		return errors.New("--at VERSION needs --bundle NAME")
	}
	if x := (backtest.Crossover{Fast: 1, Slow: 2, CostBps: c.CostBps}); x.Validate() != nil {
		return fmt.Errorf("--cost-bps: %w", x.Validate())
	}
	return nil
}

// findBundle sets the name and the version of the bundle to sweep. It ingests
// or makes it where that is asked for.
func (s *sweep) findBundle() (err error) {
	switch {
	case s.Data != "":
		s.bundle, s.version, err = s.ingestData()
	case s.Bundle != "" && s.At != "":
		s.bundle = s.Bundle
		s.version, err = s.findVersion(s.Bundle, s.At)
	case s.Bundle != "":
		s.bundle = s.Bundle
		s.version, err = s.store.Current(s.Bundle)
	default:
		s.bundle, s.version, err = s.makeSynthetic()
	}
	return err
}

// ingestData ingests the directory, which costs a reading of its files and
// nothing more if they did not change. The bundle's name tells the directory
// and keeps apart two of the same last name.
func (s *sweep) ingestData() (string, bundle.Version, error) {
	dir, err := filepath.Abs(s.Data)
	if err != nil {
		return "", bundle.Version{}, fmt.Errorf("--data %s: %w", s.Data, err)
	}
	sum := sha256.Sum256([]byte(dir))
	name := fmt.Sprintf("%s-%x", plainName(filepath.Base(dir)), sum[:3])
	report, err := s.ingest(name, dir, bundle.IngestOptions{})
	if err != nil {
		return "", bundle.Version{}, err
	}
	return name, report.Version, nil
}

// plainName replaces what the name of a bundle may not have.
func plainName(s string) string {
	name := []rune(s)
	for i, r := range name {
		plain := r == '-' || r == '_' || '0' <= r && r <= '9' || 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z'
		if !plain {
			name[i] = '-'
		}
	}
	return "data-" + string(name[:min(len(name), 40)])
}

func (s *sweep) makeSynthetic() (string, bundle.Version, error) {
	assets, bars := s.Assets, s.Bars
	if assets == 0 {
		assets = 50
	}
	if bars == 0 {
		bars = 252
	}
	const most = 100_000_000
	if bars > most/assets {
		return "", bundle.Version{}, usageError{fmt.Errorf("--assets %d --bars %d: at most %d bars together can be made", assets, bars, most)}
	}
	name := syntheticName(assets, bars, s.Seed)
	if v, err := s.store.Current(name); err == nil {
		return name, v, nil
	}
	s.log.Info("making a synthetic bundle", "bundle", name)
	series, err := synthetic(s.ctx, assets, bars, s.Seed)
	if err != nil {
		return "", bundle.Version{}, err
	}
	report, err := s.store.Write(s.ctx, name, market.Daily, series)
	if err != nil {
		return "", bundle.Version{}, err
	}
	return name, report.Version, nil
}

// outcomes are the results of one run of the sweep.
type outcomes = []optimize.Outcome[params, backtest.Metrics]

// A side is a workspace with the version pinned in it: the caches at work, or none.
type side struct {
	workspace *optimize.Workspace
	pin       *optimize.Pin
	view      *optimize.View
}

func (s *sweep) open(config cachekit.Config) (*side, error) {
	w, err := optimize.NewWorkspace(config, s.store)
	if err != nil {
		return nil, usageError{err}
	}
	pin, err := w.PinVersion(s.bundle, s.version)
	if err != nil {
		return nil, errors.Join(err, w.Close())
	}
	d := &side{workspace: w, pin: pin}
	if d.view, err = pin.View(bundle.Query{Fields: crossoverFields}); err != nil {
		return nil, errors.Join(err, d.close())
	}
	return d, nil
}

func (d *side) close() error { return errors.Join(d.pin.Close(), d.workspace.Close()) }

// run runs all trials with cold caches and returns how long that took, opening
// and closing included.
func (s *sweep) run(config cachekit.Config, progress func(done, total int)) (out outcomes, caches []optimize.CacheStats, took time.Duration, err error) {
	runtime.GC() // not what the side before left
	start := time.Now()
	d, err := s.open(config)
	if err != nil {
		return nil, nil, 0, err
	}
	defer func() { err = errors.Join(err, d.close()) }()
	out, err = optimize.Run(s.ctx, s.grid, s.worker(d, nil), optimize.Options{Workers: s.Workers, Progress: progress})
	took = time.Since(start)
	return out, d.workspace.Stats(), took, err
}

// worker returns the maker of the workers that run trials on one side. visit, if
// not nil, makes the function that is shown every asset's result of a trial.
func (s *sweep) worker(d *side, visit func(p params) func(asset int, m backtest.Metrics, equity []float64)) func() optimize.Worker[params, backtest.Metrics] {
	return func() optimize.Worker[params, backtest.Metrics] {
		runner := backtest.Runner{Columns: d.view.Columns()}
		return func(ctx context.Context, p params) (backtest.Metrics, error) {
			assets, bars, err := d.view.Load(ctx)
			if err != nil {
				return backtest.Metrics{}, err
			}
			if assets.Len() != len(bars.Assets()) {
				return backtest.Metrics{}, fmt.Errorf("%d assets have bars, of %d that are listed", len(bars.Assets()), assets.Len())
			}
			var show func(asset int, m backtest.Metrics, equity []float64)
			if visit != nil {
				show = visit(p)
			}
			return runner.Run(ctx, bars, s.crossover(p), show)
		}
	}
}

func (s *sweep) crossover(p params) backtest.Crossover {
	return backtest.Crossover{Fast: p.Fast, Slow: p.Slow, CostBps: s.CostBps}
}

// fill puts the results of a run into the report: the best sets and the errors.
func (s *sweep) fill(r *report, out outcomes) {
	values := make([]float64, len(out))
	for i, o := range out {
		values[i] = o.Result.Value(s.metric)
		if o.Err != nil {
			values[i] = math.NaN()
			r.Errors = append(r.Errors, o.Err.Error())
		}
	}
	for _, i := range optimize.Rank(values, s.Minimize, s.Top) {
		r.Best = append(r.Best, bestReport{i, s.space.Params(out[i].Params), metricsMap(out[i].Result)})
	}
}

// median returns the middle one of several figures.
func median(x []float64) *float64 {
	if len(x) == 0 {
		return nil
	}
	x = slices.Sorted(slices.Values(x))
	m := (x[(len(x)-1)/2] + x[len(x)/2]) / 2
	return &m
}

// measurePeak runs the sweep once on one side and prints the peak memory.
func (s *sweep) measurePeak() error {
	config := uncached
	if s.Peak == "cached" {
		config = s.cached
	}
	if _, _, _, err := s.run(config, nil); err != nil {
		return err
	}
	_, err := fmt.Fprintln(s.stdout, peakMemory())
	return err
}
