package propertytest

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"runtime"
	"sync"
	"time"

	"github.com/google/go-cmp/cmp"
)

// A run is one trace played on one cache: the source that the cache is in front of, the
// cache, and what happened.
type run[K comparable, V any] struct {
	*prepared[K, V]
	abilities[K, V]
	property *property
	trace    trace
	cache    Cache[K, V]
	start    time.Time

	mu      sync.Mutex // guards all below
	source  []source   // of each key that takes part
	asked   []int      // of each key, the step that asked for it last; -1 if none did
	loads   []*load    // in the order in which they began
	current int        // the step that runs, of a trace that is not concurrent
	fault   *violation // the first
	lines   []string   // what is told of each step; nil if nobody will read it
}

// A source is what the loader reads of one key.
type source struct {
	version   int
	shapes    []shape // of each version but the first, which is whole
	committed int     // the oldest version that a Get which begins now may return
}

func (s *source) shape(version int) shape {
	if version == 0 {
		return whole
	}
	return s.shapes[version-1]
}

// A load is one call of the loader.
type load struct {
	key, step, version int
	fault              fault
	err                error // that it returns
	began, ended       time.Duration
	over               bool
	cancelled          bool // its context was done before it ended
}

// A violation is a way in which the cache broke its promises.
type violation struct {
	step int    // of the trace, from 0; -1 if it is none in particular
	what string // happened, in a sentence
	diff string // of what was wanted and what came
}

// newRun makes a run, within the bubble in which it is played.
func (p *prepared[K, V]) newRun(prop *property, tr trace, told bool) *run[K, V] {
	x := &run[K, V]{prepared: p, property: prop, trace: tr}
	n := len(p.Keys)
	if prop.relatives {
		n = len(p.universe)
	}
	for _, k := range tr.keys() {
		n = max(n, k+1)
	}
	x.source = make([]source, n)
	x.asked = make([]int, n)
	for k := range x.source {
		x.asked[k] = -1
	}
	if told {
		x.lines = make([]string, len(tr.steps))
	}
	x.start = time.Now()
	return x
}

// play makes the cache and plays the trace on it.
func (x *run[K, V]) play() {
	if a := call(true, func() error { x.cache = x.New(x.trace.capacity, x.load); return nil }); a.bad() {
		x.fail(-1, "", "New: %v", a)
		return
	}
	x.abilities = abilitiesOf(x.cache)
	if x.property.concurrent {
		x.concurrent()
	} else {
		x.sequential()
	}
	x.end()
}

func (x *run[K, V]) now() time.Duration { return time.Since(x.start) }

// fail keeps the first violation. x.mu must not be held.
func (x *run[K, V]) fail(step int, diff, what string, args ...any) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.fault == nil {
		x.fault = &violation{step: step, diff: diff, what: fmt.Sprintf(what, args...)}
	}
}

func (x *run[K, V]) failed() bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.fault != nil
}

// change begins a new version of a key. x.mu must be held.
func (x *run[K, V]) change(key int, s shape) {
	src := &x.source[key]
	src.version++
	src.shapes = append(src.shapes, s)
}

// value is the value of a key at a version.
func (x *run[K, V]) value(key, version int) V {
	x.mu.Lock()
	s := x.source[key].shape(version)
	x.mu.Unlock()
	switch s {
	case zero:
		var v V
		return v
	case empty:
		return emptyOf[V]()
	case large:
		return x.Big(x.trace.capacity, x.universe[key], version)
	}
	return x.Value(x.universe[key], version)
}

// key is one of the equal forms of a key.
func (x *run[K, V]) key(k, step int) K { return x.twins[k][step%len(x.twins[k])] }

// diff compares what was wanted with what came.
func (x *run[K, V]) diff(want, got V) string { return cmp.Diff(want, got, x.options...) }

// A told panic is what the loader panics with. If the cache lets it end the
// process, its text is the report.
type toldPanic struct{ trace string }

func (p toldPanic) Error() string {
	return fmt.Sprintf("propertytest: the loader panicked, as it was told to: a cache must not let that end the process.\n"+
		"\tto run it again: %s='%s' go test", traceVariable, p.trace)
}

var (
	errStray = errors.New("propertytest: the loader was asked for a key that nobody had asked for")
	errTold  = errors.New("propertytest: the loader fails, as it was told to")
)

// load is the loader that the cache is over.
func (x *run[K, V]) load(ctx context.Context, key K) (V, error) {
	var nothing V
	k, known := x.index[key]
	if !known || k >= len(x.source) {
		x.fail(x.running(), "", "the loader was asked for a key that nobody asked for: %#v", key)
		return nothing, errStray
	}
	l, duration := x.begin(k)
	cancelled := false
	if duration > 0 {
		timer := time.NewTimer(duration)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-ctx.Done():
			cancelled = true
		}
	}
	x.mu.Lock()
	l.ended, l.over, l.cancelled = x.now(), true, cancelled
	x.mu.Unlock()
	switch {
	case cancelled:
		return nothing, ctx.Err()
	case l.fault == panics:
		panic(toldPanic{x.trace.text()})
	case l.fault == exits:
		runtime.Goexit()
	case l.err != nil:
		return nothing, l.err
	}
	return x.value(k, l.version), nil
}

func (x *run[K, V]) running() int {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.current
}

// begin notes a load, which reads its source now, and says how long it takes.
func (x *run[K, V]) begin(key int) (*load, time.Duration) {
	x.mu.Lock()
	defer x.mu.Unlock()
	l := &load{key: key, step: x.asked[key], version: x.source[key].version, began: x.now()}
	var duration time.Duration
	if l.step >= 0 {
		s := x.trace.steps[l.step]
		if s.op != opBatch || s.keys[0] == key {
			l.fault = s.fault
		}
		if duration = time.Duration(s.load) * tick; duration > 0 {
			duration += loadOffset
		}
	}
	switch l.fault {
	case fails:
		l.err = fmt.Errorf("%w (load %d)", errTold, len(x.loads)+1)
	case missing:
		l.err = fmt.Errorf("%w (load %d): %w", errTold, len(x.loads)+1, fs.ErrNotExist)
	}
	x.loads = append(x.loads, l)
	return l, duration
}

// An answer is what came of one call.
type answer struct {
	err      error
	panicked any
	exited   bool // the goroutine that called ended
}

func (a answer) bad() bool { return a.err != nil || a.panicked != nil || a.exited }

func (a answer) String() string {
	switch {
	case a.panicked != nil:
		return fmt.Sprintf("panic: %v", firstLine(fmt.Sprint(a.panicked)))
	case a.exited:
		return "Goexit"
	case a.err != nil:
		return "error: " + firstLine(a.err.Error())
	}
	return "ok"
}

// call runs f and tells how it ended. If f may end its goroutine, it gets one.
func call(mayExit bool, f func() error) (a answer) {
	guarded := func() {
		returned := false
		defer func() {
			if !returned {
				a.panicked = recover()
				a.exited = a.panicked == nil
			}
		}()
		a.err = f()
		returned = true
	}
	if !mayExit {
		guarded()
		return a
	}
	var w sync.WaitGroup
	w.Go(guarded)
	w.Wait()
	return a
}

// acceptable reports whether a caller may get this answer of a load that ended with a
// fault: the error itself, and for a panic or Goexit any failure.
func acceptable(l *load, a answer) bool {
	switch l.fault {
	case none:
		return !a.bad()
	case fails, missing:
		return a.err != nil && errors.Is(a.err, l.err)
	case exits:
		return a.err != nil || a.exited
	default:
		return a.err != nil || a.panicked != nil
	}
}
