package bench

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/bmadventure/optcache/cachekit"
	"github.com/bmadventure/optcache/cachekit/bundle"
	"github.com/bmadventure/optcache/cachekit/command/internal/console"
	"github.com/bmadventure/optcache/cachekit/command/internal/source"
	"github.com/bmadventure/optcache/cachekit/command/internal/trials"
	"github.com/bmadventure/optcache/cachekit/market"
	"github.com/bmadventure/optcache/internal/quantile"
)

// A benchmark measures one or more figures.
type benchmark struct {
	name    string
	measure func(b *benchRun) ([]*figure, error)
}

// A bench is one run of the command.
type benchRun struct {
	*console.Env
	*Cmd
	sizes       sizes
	dir         string
	data        *bundle.Store // in dir
	made        map[benchData]bundle.Version
	differences []string // between results that should be equal
}

// confidence is that of all intervals, where there are runs enough.
const confidence = 0.95

// A sample measures something once.
type sample func(ctx context.Context) (float64, error)

// pair measures two things in turn, the first of a round alternating, after each
// ran once unmeasured, and puts medians and the ratio of each round into f.
func (b *benchRun) pair(f *figure, baseline, value sample) error {
	both := [2]sample{baseline, value}
	var got [2][]float64
	for round := -1; round < b.Runs; round++ {
		for i := range both {
			side := (round + 1 + i) % 2
			x, err := both[side](b.Ctx)
			if err == nil {
				err = b.Ctx.Err()
			}
			if err != nil {
				return err
			}
			if round >= 0 {
				got[side] = append(got[side], x)
			}
		}
	}
	f.compare(got[0], got[1])
	return nil
}

// compare puts the values of both sides into f, which are of the same rounds.
func (f *figure) compare(baseline, value []float64) {
	var ratios []float64
	for i := range value {
		ratios = append(ratios, baseline[i]/value[i])
	}
	b, r := quantile.Median(baseline, confidence), quantile.Median(ratios, confidence)
	f.Baseline, f.BaselineRuns, f.Ratio = &b, baseline, &r
	f.estimate(value)
	if f.BaselineIs == "" {
		f.BaselineIs = "without caches"
	}
}

// single measures one thing, after it ran once unmeasured.
func (b *benchRun) single(f *figure, value sample) error {
	var got []float64
	for round := -1; round < b.Runs; round++ {
		x, err := value(b.Ctx)
		if err == nil {
			err = b.Ctx.Err()
		}
		if err != nil {
			return err
		}
		if round >= 0 {
			got = append(got, x)
		}
	}
	f.estimate(got)
	return nil
}

// estimate puts what was measured into f.
func (f *figure) estimate(values []float64) {
	f.Value, f.Runs = quantile.Median(values, confidence), values
}

// timed makes a sample of the seconds that a function takes.
func timed(work func(ctx context.Context) error) sample {
	return func(ctx context.Context) (float64, error) {
		start := time.Now()
		err := work(ctx)
		return time.Since(start).Seconds(), err
	}
}

// batchTime is how long calls that are too short for the clock are repeated.
const batchTime = 5 * time.Millisecond

// timedCall makes a sample of the seconds that one call takes: the mean of as many
// as take some milliseconds.
func timedCall(call func(ctx context.Context) error) sample {
	batch := 1
	return func(ctx context.Context) (float64, error) {
		for {
			start := time.Now()
			for range batch {
				if err := call(ctx); err != nil {
					return 0, err
				}
			}
			took := time.Since(start)
			if took >= batchTime || batch >= 1<<28 {
				return took.Seconds() / float64(batch), nil
			}
			batch *= 2
		}
	}
}

// benchData is what synthetic bars a bundle has.
type benchData struct {
	assets, bars int
	frequency    market.Frequency
}

// name returns the name of the bundle.
func (d benchData) name() string { return fmt.Sprintf("%s-%dx%d", d.frequency, d.assets, d.bars) }

// benchSeed makes the synthetic bars.
const benchSeed = 42

// bars returns the version of a bundle in the folder of this run, which is made when
// it is asked for first.
func (b *benchRun) bars(d benchData) (bundle.Version, error) {
	if v, ok := b.made[d]; ok {
		return v, nil
	}
	series, err := d.series(b.Ctx)
	if err != nil {
		return bundle.Version{}, err
	}
	r, err := b.data.Write(b.Ctx, d.name(), d.frequency, series)
	if err != nil {
		return bundle.Version{}, err
	}
	b.made[d] = r.Version
	return r.Version, nil
}

// series makes the bars: on weekdays, or in consecutive minutes.
func (d benchData) series(ctx context.Context) ([]bundle.Series, error) {
	if d.frequency == market.Daily {
		return source.Synthetic(ctx, d.assets, d.bars, benchSeed)
	}
	all := make([]bundle.Series, d.assets)
	for i := range all {
		all[i] = minutes(fmt.Sprintf("MIN%04d", i+1), d.bars, source.RandomWalk{Rand: rand.New(rand.NewPCG(benchSeed, uint64(i)))})
		if err := ctx.Err(); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// minutes makes the bars of one asset that moves by a tenth of a percent a minute.
func minutes(symbol string, bars int, w source.RandomWalk) bundle.Series {
	s := bundle.Series{Symbol: symbol}
	start := time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)
	price := 100.0
	for i := range bars {
		open := price * (1 + w.Step(0.0005))
		price = max(0.01, open*(1+w.Step(0.0015)))
		s.Times = append(s.Times, start.Add(time.Duration(i)*time.Minute).UnixNano())
		s.Open, s.Close = append(s.Open, open), append(s.Close, price)
		s.High, s.Low = append(s.High, max(open, price)), append(s.Low, min(open, price))
		s.Volume = append(s.Volume, 1000)
	}
	return s
}

// workload returns a workload over such a bundle.
func (b *benchRun) workload(d benchData, fields bundle.Fields) (*workload, error) {
	v, err := b.bars(d)
	if err != nil {
		return nil, err
	}
	return &workload{store: b.data, bundle: d.name(), version: v, fields: fields}, nil
}

// differ notes that results are not what they should be.
func (b *benchRun) differ(format string, args ...any) {
	b.differences = append(b.differences, fmt.Sprintf(format, args...))
}

// defaults is the configuration of the sides with caches: what users have who set
// nothing, so that reports of several machines can be compared.
var defaults cachekit.Config

// withReaders opens the workload without and with caches, and closes both.
func (b *benchRun) withReaders(w *workload, use func(uncached, cached *reader) error) (err error) {
	plain, err := w.open(trials.Uncached)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, plain.close()) }()
	cached, err := w.open(defaults)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, cached.close()) }()
	return use(plain, cached)
}
