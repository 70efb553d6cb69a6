package main

import (
	"fmt"
	"math/bits"
	"runtime"
	"slices"
	"sync"
	"time"

	"github.com/bmadventure/optcache/internal/simulate"
)

// percents are the sizes of caches, of the number of distinct keys or the sum of
// their last sizes.
var percents = []int{1, 5, 10, 20}

// A hitPlan says how hit ratios are measured.
type hitPlan struct {
	contenders []contender[uint64]
	weighted   []weightedContender
	runs       int       // of caches whose hits differ between runs; the median counts
	longRuns   int       // the same for traces of more than longTrace requests
	deadline   time.Time // unless zero: no second run begins after it
}

const longTrace = 200_000

func quickHitPlan(deadline time.Time) hitPlan {
	slow := func(name string) bool { return !quickHits[name] }
	return hitPlan{
		contenders: slices.DeleteFunc(hitContenders(), func(c contender[uint64]) bool { return slow(c.name) }),
		weighted:   slices.DeleteFunc(weightedContenders(), func(c weightedContender) bool { return slow(c.name) }),
		runs:       3,
		longRuns:   1,
		deadline:   deadline,
	}
}

func fullHitPlan() hitPlan {
	return hitPlan{contenders: hitContenders(), weighted: weightedContenders(), runs: 9, longRuns: 9}
}

func hitContenders() []contender[uint64] {
	return append(ours[uint64](hitPolicies), peers[uint64]()...)
}

// of returns how often a cache, random or not, runs a trace of so many requests.
func (p hitPlan) of(random bool, requests int) int {
	switch {
	case !random:
		return 1
	case requests > longTrace:
		return p.longRuns
	}
	return p.runs
}

// measure runs all traces that want wants, counting requests, and those with
// sizes counting bytes too, and hands each row to add.
func (p hitPlan) measure(traces []simulate.Workload, want func(work string) bool, add func(row) error) error {
	t := tasks{deadline: p.deadline}
	for _, trace := range traces {
		distinct, bytes := simulate.Keys(trace.Requests)
		for _, percent := range percents {
			entries := max(1, distinct*percent/100)
			if work := fmt.Sprintf("hit/%s/%d", trace.Name, entries); want(work) {
				p.requests(&t, work, trace.Requests, entries)
			}
			budget := bytes * int64(percent) / 100
			if work := fmt.Sprintf("bytehit/%s/%d", trace.Name, budget); bytes != int64(distinct) && want(work) {
				p.bytes(&t, work, trace.Requests, budget)
			}
		}
	}
	return t.run(add)
}

// requests adds the tasks that measure the hits of all caches with so many
// entries.
func (p hitPlan) requests(t *tasks, work string, requests []simulate.Request, entries int) {
	belady := t.once(func() (float64, string) {
		return simulate.Belady(even(requests), int64(entries)).Ratio(), ""
	})
	for _, c := range p.contenders {
		t.repeat(row{Work: work, Cache: c.name}, belady, p.of(c.random, len(requests)), func() (float64, string) {
			return replay(c.make(settings{entries: entries, eager: true}), requests, entries)
		})
	}
}

// even returns the requests with sizes of 1.
func even(requests []simulate.Request) []simulate.Request {
	all := make([]simulate.Request, len(requests))
	for i, q := range requests {
		all[i] = simulate.Request{Key: q.Key, Size: 1}
	}
	return all
}

// valueOf returns the value that goes with a key.
func valueOf(key uint64) uint64 { return bits.RotateLeft64(key, 17) ^ 0x9e3779b97f4a7c15 }

// replay asks c for each request and sets what is absent. It returns the hits per
// request and, if c holds more than it may, or not what it was given, a note that says so.
func replay(c cache[uint64], requests []simulate.Request, entries int) (ratio float64, note string) {
	const looks = 16 // at how much c holds
	defer c.Close()
	hits, most := 0, 0
	for i, q := range requests {
		value, ok := c.Get(q.Key)
		switch {
		case !ok:
			c.Set(q.Key, valueOf(q.Key))
			c.Flush()
		case value != valueOf(q.Key):
			return 0, fmt.Sprintf("request %d: the value of key %d is %d, want %d", i, q.Key, value, valueOf(q.Key))
		default:
			hits++
		}
		if i%(len(requests)/looks+1) == 0 || i == len(requests)-1 {
			most = max(most, c.Len())
		}
	}
	if most > entries {
		note = "held more than it was told, not compared"
	}
	return float64(hits) / float64(len(requests)), note
}

// tasks run on all cores and end in rows, in the order in which they were added.
type tasks struct {
	first, again []func() // what has to run, and what repeats it
	finish       []func() row
	deadline     time.Time
}

// A measured is the result of one task.
type measured struct {
	done  bool
	ratio float64
	note  string
}

func (m *measured) by(do func() (float64, string)) func() {
	return func() {
		m.ratio, m.note = do()
		m.done = true
	}
}

// once adds a task, and returns where its result will be.
func (t *tasks) once(do func() (float64, string)) *measured {
	m := new(measured)
	t.first = append(t.first, m.by(do))
	return m
}

// repeat adds a task that is run so many times, and the row r with the median of
// what it returned. A note stands in the row instead of the ratio.
func (t *tasks) repeat(r row, belady *measured, runs int, do func() (float64, string)) {
	results := []*measured{t.once(do)}
	for range runs - 1 {
		m := new(measured)
		t.again = append(t.again, m.by(do))
		results = append(results, m)
	}
	t.finish = append(t.finish, func() row {
		var ratios []float64
		for _, m := range results {
			if m.done {
				ratios = append(ratios, m.ratio)
				r.Note = max(r.Note, m.note)
			}
		}
		ratio := median(ratios)
		if r.Belady = &belady.ratio; r.Note == "" {
			r.HitRatio = &ratio
		}
		return r
	})
}

// run runs all tasks and hands their rows to add.
func (t *tasks) run(add func(row) error) error {
	t.inParallel(t.first, time.Time{})
	t.inParallel(t.again, t.deadline)
	for _, finish := range t.finish {
		if err := add(finish()); err != nil {
			return err
		}
	}
	return nil
}

func (t *tasks) inParallel(all []func(), deadline time.Time) {
	var (
		workers sync.WaitGroup
		free    = make(chan struct{}, runtime.GOMAXPROCS(0))
	)
	defer workers.Wait()
	for _, do := range all {
		free <- struct{}{}
		if !deadline.IsZero() && time.Now().After(deadline) {
			return
		}
		workers.Go(func() {
			do()
			<-free
		})
	}
}
