package optimize

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"runtime"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"github.com/bmadventure/optcache/cachekit/optimize/record"
	"github.com/bmadventure/optcache/cachekit/search"
)

// A Worker runs the trials of one goroutine, one after the other. It must be a
// pure function of the parameters, so that the outcome does not depend on which
// worker ran a trial, and should return soon after ctx is done.
type Worker[P, R any] func(ctx context.Context, p P) (R, error)

// An Outcome is what became of one trial.
type Outcome[P, R any] struct {
	Params P
	Result R     // the zero value if Err is not nil
	Err    error // nil, the worker's error, a [PanicError], or the context's error
}

// ErrNaN is why a trial whose objective is not a number counts as failed.
var ErrNaN = errors.New("the objective is not a number")

// FirstError returns why the first trial failed; [ErrNaN] if none has an error.
func FirstError[P, R any](outcomes []Outcome[P, R]) error {
	for _, o := range outcomes {
		if o.Err != nil {
			return o.Err
		}
	}
	return ErrNaN
}

// Options are how [Run] runs the trials. The zero value is a good choice.
type Options struct {
	// Workers is the number of goroutines. 0 means one for each processor.
	Workers int

	// TrialTimeout is how long one trial may take, 0 for ever. It is enforced: a
	// trial that does not return in time fails with context.DeadlineExceeded and
	// another worker takes the place of the one that still runs it.
	TrialTimeout time.Duration

	// Journal, if not nil, keeps the results of the trials: [Sweep], [Recorded] and
	// a [walk.Forward] with a Key take from it what is recorded, and record the rest. If
	// it cannot be read or written the run stops soon, with an error that says so. The
	// trials that it could not record count as not finished, not as failed.
	Journal *record.Journal

	// Memo keeps the results in caches of the workspace, within its budget, as
	// Journal does in a folder: for those who run many sweeps or walk-forwards in one
	// process. It does nothing with caching off.
	Memo bool

	// AlwaysCache has a [Sweep] or a [SweepSearch] use all caches of its workspace. By default it does without
	// those that cost more time than they save. Results are the same.
	AlwaysCache bool

	// Workload, if not nil, is told by a [Sweep], once, before the first trial runs, what it
	// will ask the caches for and which of them it does without. A [SweepSearch] tells it
	// before each batch of trials that the search proposes, for all trials until then.
	Workload func(Workload)

	// Progress, if not nil, is told about ten times a second how many trials
	// are done, and once at the end. It is never called concurrently.
	Progress func(done, total int)

	// Unit is what errors call a trial, such as fold; empty means trial.
	Unit string
}

// A PanicError is the error of a trial that panicked.
type PanicError struct {
	Value any    // what panic was called with
	Stack []byte // of the goroutine that panicked
}

func (e *PanicError) Error() string { return fmt.Sprintf("panic: %v\n\n%s", e.Value, e.Stack) }

// grace is how long trials that run when the context ends may take to return
// before they are given up.
const grace = 500 * time.Millisecond

// Run runs every trial of the plan and returns the outcomes in the order of the
// trials, whatever the number of workers. newWorker is called once for each
// goroutine, so that a worker may own scratch memory.
//
// The error of a trial is in its outcome, with its number and parameters, and
// does not stop the others. When ctx ends, Run returns within about half a
// second; the outcomes of the trials that did not finish have the context's
// error, and so has Run.
func Run[P, R any](ctx context.Context, plan search.Plan[P], newWorker func() Worker[P, R], o Options) ([]Outcome[P, R], error) {
	n := plan.Len()
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	r := &run[P, R]{
		ctx: ctx, stop: stop, plan: plan, newWorker: newWorker, deadline: o.TrialTimeout, unit: cmp.Or(o.Unit, "trial"),
		outcomes: make([]Outcome[P, R], n), settled: make([]bool, n),
	}
	workers := o.Workers
	if workers <= 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	for range min(workers, n) {
		r.seated.Add(1)
		r.seat()
	}
	r.wait(o.Progress)
	return r.outcomes, r.unfinished()
}

// A run is one call of [Run]. Each of its workers has a seat; one that holds up
// the run loses its seat to another.
type run[P, R any] struct {
	ctx       context.Context
	stop      context.CancelCauseFunc // ends ctx
	plan      search.Plan[P]
	newWorker func() Worker[P, R]
	deadline  time.Duration
	unit      string

	next     atomic.Int64    // the trial that is taken next
	done     atomic.Int64    // trials that are settled
	outcomes []Outcome[P, R] // element i is guarded by the seat that has trial i
	settled  []bool          // likewise
	seated   sync.WaitGroup

	mu     sync.Mutex
	closed bool          // nobody may sit down any more; guarded by mu
	seats  []*seat[P, R] // guarded by mu
}

// A seat is the right to take trials and to settle them.
type seat[P, R any] struct {
	run *run[P, R]

	mu    sync.Mutex
	lost  bool // guarded by mu
	trial int  // that runs now, -1 if none; guarded by mu
}

// seat starts a worker. The caller has counted it in run.seated.
func (r *run[P, R]) seat() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		r.seated.Done()
		return
	}
	s := &seat[P, R]{run: r, trial: -1}
	r.seats = append(r.seats, s)
	go s.work()
}

// wait returns when every worker has left its seat, which it makes them do soon
// after the context has ended.
func (r *run[P, R]) wait(progress func(done, total int)) {
	finished := make(chan struct{})
	go func() {
		r.seated.Wait()
		close(finished)
	}()
	var tick <-chan time.Time
	if progress != nil {
		ticker := time.NewTicker(100 * time.Millisecond)
		defer ticker.Stop()
		tick = ticker.C
		defer func() { progress(int(r.done.Load()), len(r.outcomes)) }()
	}
	ended := r.ctx.Done()
	var patience <-chan time.Time
	for {
		select {
		case <-finished:
			return
		case <-tick:
			progress(int(r.done.Load()), len(r.outcomes))
		case <-ended:
			ended, patience = nil, time.After(grace)
		case <-patience:
			r.close()
		}
	}
}

// close takes their seats from all workers.
func (r *run[P, R]) close() {
	r.mu.Lock()
	r.closed = true
	seats := r.seats
	r.mu.Unlock()
	for _, s := range seats {
		if s.lose() {
			r.seated.Done()
		}
	}
}

// unfinished gives the trials that were not settled their parameters and the
// context's error, and returns it; nil if there are none.
func (r *run[P, R]) unfinished() error {
	done, total := int(r.done.Load()), len(r.outcomes)
	if done == total {
		return nil
	}
	cause := context.Cause(r.ctx)
	for i := range r.outcomes {
		if !r.settled[i] {
			r.outcomes[i] = Outcome[P, R]{Params: r.plan.At(i), Err: fmt.Errorf("%s %d: not finished: %w", r.unit, i, cause)}
		}
	}
	return fmt.Errorf("stopped after %d of %d %ss: %w", done, total, r.unit, cause)
}

// work takes trials until there are none left, the context ends or the seat is
// lost.
func (s *seat[P, R]) work() {
	exited := true // by runtime.Goexit in a trial, unless work returns
	defer func() {
		switch {
		case exited:
			if s.lose() {
				s.run.seat()
			}
		case s.lose():
			s.run.seated.Done()
		}
	}()
	worker := s.run.newWorker()
	for s.run.ctx.Err() == nil {
		trial := int(s.run.next.Add(1) - 1)
		if trial >= len(s.run.outcomes) || !s.try(worker, trial) {
			break
		}
	}
	exited = false
}

// try runs one trial. It reports false if the seat was lost.
func (s *seat[P, R]) try(worker Worker[P, R], trial int) (held bool) {
	out := Outcome[P, R]{Params: s.run.plan.At(trial), Err: errGoexit}
	ctx := s.run.ctx
	if s.run.deadline > 0 {
		late, cancel := context.WithTimeout(ctx, s.run.deadline)
		defer cancel()
		defer time.AfterFunc(s.run.deadline, func() { s.overdue(trial, out.Params) }).Stop()
		ctx = late
	}
	s.begin(trial)
	defer func() { // runs after a panic and runtime.Goexit too
		if v := recover(); v != nil {
			out.Err = &PanicError{v, debug.Stack()}
		}
		held = s.settle(trial, out)
	}()
	out.Result, out.Err = worker(ctx, out.Params)
	return
}

var errGoexit = errors.New("the trial called runtime.Goexit")

func (s *seat[P, R]) begin(trial int) {
	s.mu.Lock()
	s.trial = trial
	s.mu.Unlock()
}

// settle keeps the outcome of the trial that ran. It reports false if the seat
// was lost, and then does nothing.
func (s *seat[P, R]) settle(trial int, out Outcome[P, R]) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.lost {
		return false
	}
	s.keep(trial, out)
	return true
}

// overdue settles the trial as failed if it still runs, and gives the seat of
// its worker to another.
func (s *seat[P, R]) overdue(trial int, params P) {
	s.mu.Lock()
	late := !s.lost && s.trial == trial
	if late {
		s.keep(trial, Outcome[P, R]{Params: params, Err: fmt.Errorf("took longer than %s: %w", s.run.deadline, context.DeadlineExceeded)})
		s.lost = true
	}
	s.mu.Unlock()
	if late {
		s.run.seat()
	}
}

// keep stores the outcome of a trial, unless the trial returned because the
// run's context ended, or ends the run because its result cannot be kept: then
// it stays unsettled. The caller holds s.mu.
func (s *seat[P, R]) keep(trial int, out Outcome[P, R]) {
	s.trial = -1
	if out.Err != nil {
		if why := (record.KeepError{}); errors.As(out.Err, &why) {
			s.run.stop(why)
			return
		}
		if ended := s.run.ctx.Err(); ended != nil && errors.Is(out.Err, ended) {
			return
		}
		out = Outcome[P, R]{Params: out.Params, Err: fmt.Errorf("trial %d %+v: %w", trial, out.Params, out.Err)}
	}
	s.run.outcomes[trial], s.run.settled[trial] = out, true
	s.run.done.Add(1)
}

// lose takes the seat from its worker. It reports false if somebody did before.
func (s *seat[P, R]) lose() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.lost {
		return false
	}
	s.lost = true
	return true
}
