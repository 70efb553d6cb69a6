package propertytest_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/bmadventure/optcache/cachekit/backtest"
	"github.com/bmadventure/optcache/cachekit/bundle"
	"github.com/bmadventure/optcache/cachekit/market"
	"github.com/bmadventure/optcache/cachekit/optimize"
	"github.com/bmadventure/optcache/cachekit/search"
	"github.com/bmadventure/optcache/property_test"
)

// seriesOf makes daily bars of a few assets, each with its own first day and gaps.
func seriesOf(r *rand.Rand, assets, bars int) []bundle.Series {
	var all []bundle.Series
	for a := range assets {
		s := bundle.Series{Symbol: fmt.Sprintf("S%02d", a)}
		price := 50 + float64(50*r.Float64())
		for d := range bars {
			price = max(1, price+r.Float64()-0.5)
			if len(s.Times) > 0 && r.IntN(8) == 0 {
				continue
			}
			open := price + r.Float64()
			s.Times = append(s.Times, time.Date(2021, 1, 1+a+d, 0, 0, 0, 0, time.UTC).UnixNano())
			s.Open, s.Close = append(s.Open, open), append(s.Close, price)
			s.High, s.Low = append(s.High, open+1), append(s.Low, price-1)
			s.Volume = append(s.Volume, 100)
		}
		all = append(all, s)
	}
	return all
}

// An outcome is that of a trial, with its error as text.
type outcome struct {
	Params  [2]int
	Metrics backtest.Metrics
	Err     string
}

type crossing struct{ Fast, Slow int }

// sweep runs a sweep of crossovers over the bundle in a store with the caches that c asks for.
func sweep(ctx context.Context, store *bundle.Store, c propertytest.Config) (all []outcome, err error) {
	space, err := search.NewSpace(
		search.Int("fast", 1, 9, 2, func(p *crossing) *int { return &p.Fast }),
		search.Int("slow", 2, 20, 6, func(p *crossing) *int { return &p.Slow }),
	)
	if err != nil {
		return nil, err
	}
	grid, err := search.NewGrid(space.Constrain("fast < slow", func(p crossing) bool { return p.Fast < p.Slow }), 0)
	if err != nil {
		return nil, err
	}
	w, err := optimize.NewWorkspace(c.Config, store)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, w.Close()) }()
	pin, err := w.Pin("b")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, pin.Close()) }()
	view, err := pin.View(bundle.Query{Fields: bundle.Open | bundle.Close})
	if err != nil {
		return nil, err
	}
	out, err := optimize.Sweep(ctx, view, grid, func(p crossing) backtest.Strategy {
		return &backtest.Crossover{Fast: p.Fast, Slow: p.Slow, CostBps: 10}
	}, optimize.Options{Workers: c.Workers, AlwaysCache: true})
	for _, o := range out {
		one := outcome{Params: [2]int{o.Params.Fast, o.Params.Slow}, Metrics: o.Result}
		if o.Err != nil {
			one.Err = o.Err.Error()
		}
		all = append(all, one)
	}
	return all, err
}

// stores makes the data of a flow: a bundle in a store of its own.
func stores(t *testing.T) func(r *rand.Rand, size int) (*bundle.Store, error) {
	return func(r *rand.Rand, size int) (*bundle.Store, error) {
		store, err := bundle.OpenStore(t.TempDir())
		if err != nil {
			return nil, err
		}
		_, err = store.Write(t.Context(), "b", market.Daily, seriesOf(r, 1+size/20, 2+size))
		return store, err
	}
}

func cases(n int) int {
	if testing.Short() || underRace {
		return n / 5
	}
	return n
}

func TestSweepWorkflow(t *testing.T) {
	propertytest.Workflow(t, propertytest.Flow[*bundle.Store, []outcome]{
		Bundle: stores(t), Run: sweep, Policies: policies(t), Cases: cases(100),
	})
}

// A toy is a computation like a sweep: trial i is the mean of a window of the data that
// ends at i, and the last result is the sum of all trials. It can be broken.
type toy struct {
	keyIgnoresWindow bool // H1: the cache is asked by the first row alone
	readersWrite     bool // H6: a trial changes the window that the cache holds
	sumsByWorker     bool // the sum adds up what each worker has added up
	losesInFlight    bool // what was under way when it was stopped is taken for done
	fewerWhenFull    bool // what does not fit is left out
}

func (y toy) run(_ context.Context, data []float64, c propertytest.Config) ([]float64, error) {
	held := map[[2]int][]float64{}
	window := func(from, to int) []float64 {
		key := [2]int{from, to}
		if y.keyIgnoresWindow {
			key[1] = 0
		}
		if w, ok := held[key]; ok && !c.DisableCaching {
			return w
		}
		w := append([]float64(nil), data[from:to]...)
		if y.fewerWhenFull && int64(8*len(w)) > c.CacheBytes()/8 && !c.DisableCaching {
			w = w[:len(w)/2]
		}
		held[key] = w
		return w
	}
	stops := append([]int(nil), c.Stops...)
	var results []float64
	for i := range data {
		mean := 0.0
		for _, length := range []int{2, 5} {
			w := window(max(0, i+1-length)/3, i+1)
			for j := range w {
				mean += w[j] / float64(len(w))
			}
			if y.readersWrite && len(w) > 0 {
				w[0]++
			}
		}
		if len(stops) > 0 {
			if stops[0]--; stops[0] == 0 {
				stops = stops[1:]
				if y.losesInFlight {
					mean = 0
				}
			}
		}
		results = append(results, mean)
	}
	parts := make([]float64, 1)
	if y.sumsByWorker {
		parts = make([]float64, c.Workers)
	}
	for i, r := range results {
		parts[i%len(parts)] += r
	}
	sum := 0.0
	for _, p := range parts {
		sum += p
	}
	return append(results, sum), nil
}

func TestWorkflowNotices(t *testing.T) {
	flow := func(y toy) propertytest.Flow[[]float64, []float64] {
		return propertytest.Flow[[]float64, []float64]{
			Bundle: func(r *rand.Rand, size int) ([]float64, error) {
				data := make([]float64, size)
				for i := range data {
					data[i] = r.Float64()
				}
				return data, nil
			},
			Run: y.run, Resumes: true, Cases: 200,
		}
	}
	propertytest.Workflow(t, flow(toy{}))
	for name, y := range map[string]toy{
		"the key ignores the window":     {keyIgnoresWindow: true},
		"readers write":                  {readersWrite: true},
		"sums depend on the workers":     {sumsByWorker: true},
		"a stop loses what is in flight": {losesInFlight: true},
		"a small budget loses rows":      {fewerWhenFull: true},
	} {
		t.Run(name, func(t *testing.T) {
			var f *propertytest.Failure
			if err := propertytest.CheckWorkflow(t, flow(y)); !errors.As(err, &f) {
				t.Fatalf("nothing is noticed: %v", err)
			}
			if again := f.Trace; again == "" || len(f.Error()) > 4000 {
				t.Errorf("a report that nobody reads:\n%v", f)
			}
			t.Log(f)
		})
	}
}
