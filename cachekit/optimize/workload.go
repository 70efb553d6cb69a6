package optimize

import (
	"fmt"
	"time"

	"github.com/bmadventure/optcache/cachekit/backtest"
	"github.com/bmadventure/optcache/cachekit/bundle"
	"github.com/bmadventure/optcache/sizing"
)

// A Workload is what a [Sweep] asks the caches of its workspace for. It is known before
// the first trial runs, because a plan tells which series each of its trials reads, and
// so it is the same in every run of the same sweep. That of a [SweepSearch] is known as far
// as its trials are, and grows with them. With caching off it is all zero.
type Workload struct {
	Trials int // that run: those whose results are not kept
	Bars   CacheWorkload
	Series CacheWorkload
}

// A CacheWorkload is what a sweep asks one cache for. Saves and Costs are estimated from the
// numbers of requests, values and bars and from what these cost when they were measured; they
// are not timed in the run.
type CacheWorkload struct {
	Requests int64         // how often the cache is asked
	Distinct int64         // for how many values
	Bytes    int64         // that these take together
	Saves    time.Duration // processor time that hits save
	Costs    time.Duration // processor time that it takes to keep values and to look them up
	Bypassed bool          // the sweep does without the cache, because that costs more than it saves
	Planned  bool          // the policy is told what comes next, because not everything fits into the budget
}

// Bypassed says which caches the sweep does without, and why, in a line for people. It
// is empty if there are none.
func (d Workload) Bypassed() string {
	switch n := d.Series; {
	case d.Bars.Bypassed:
		return "the run is too small to gain from caches and does without: nothing is asked for twice"
	case n.Bypassed && n.Requests == n.Distinct:
		return fmt.Sprintf("derived series are not kept: none of the %d is asked for twice", n.Distinct)
	case n.Bypassed:
		return fmt.Sprintf("derived series are not kept: %d requests for %d of them would save some %s and cost %s",
			n.Requests, n.Distinct, n.Saves.Round(time.Microsecond), n.Costs.Round(time.Microsecond))
	}
	return ""
}

// A schedule is which series the batches of a sweep read, as [backtest.Runner.RunBatch]
// asks for them: for each asset all series of the batch, each once, in the order in which its
// trials name them.
type schedule struct {
	series []backtest.Series // that occur, each once
	asked  []int32           // which of them each batch reads, batch after batch
	starts []int             // of each batch in asked, and the end
}

// batch returns the numbers of the series of a batch.
func (f *schedule) batch(i int) []int32 { return f.asked[f.starts[i]:f.starts[i+1]] }

// requests returns how often the cache of series is asked.
func (f *schedule) requests(bars *bundle.Bars) int64 {
	return int64(len(f.asked)) * int64(len(bars.Assets()))
}

// A tally is how many batches read each series.
type tally struct {
	series []backtest.Series // in the order in which they first came
	counts []int64           // of each
	places map[backtest.Series]int
}

// add counts those of a schedule.
func (t *tally) add(f *schedule) {
	if t.places == nil {
		t.places = make(map[backtest.Series]int, len(f.series))
	}
	places := make([]int, len(f.series))
	for i, s := range f.series {
		at, ok := t.places[s]
		if !ok {
			at = len(t.series)
			t.places[s], t.series, t.counts = at, append(t.series, s), append(t.counts, 0)
		}
		places[i] = at
	}
	for _, n := range f.asked {
		t.counts[places[n]]++
	}
}

// requests returns how often batches read a series.
func (t *tally) requests() (n int64) {
	for _, count := range t.counts {
		n += count
	}
	return n
}

// scheduleOf returns the schedule of the batches, whose trials had those positions when they
// were asked what they read: nil says the same as now.
func (s *sweep[P]) scheduleOf(r *readings, positions []int) *schedule {
	f := &schedule{starts: make([]int, 1, s.Len()+1)}
	known := make([]struct {
		number int32 // 1 + that in the schedule
		last   int   // 1 + the batch that read it last
	}, len(r.series))
	for batch := range s.Len() {
		b := s.At(batch)
		for at := b.from; at < b.to; at++ {
			position := at
			if positions != nil {
				position = positions[at]
			}
			for _, n := range r.of(position) {
				x := &known[n]
				if r.series[n].Indicator == nil || x.last > batch {
					continue // without an indicator the trial will say so
				}
				if x.number == 0 {
					f.series = append(f.series, r.series[n])
					x.number = int32(len(f.series))
				}
				x.last = batch + 1
				f.asked = append(f.asked, x.number-1)
			}
		}
		f.starts = append(f.starts, len(f.asked))
	}
	return f
}

// seriesBytes returns what the cache holds of one series of every asset.
func seriesBytes(bars *bundle.Bars) (bytes int64) {
	for i := range bars.Assets() {
		bytes += seriesEntry + sizing.Alloc(8*int64(len(bars.Group(i).Times)))
	}
	return bytes
}

// seriesEntry is what an entry of a series takes beside the values: key, links and its part of
// the table.
const seriesEntry = 256
