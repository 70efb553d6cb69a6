package propertytest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"
)

// Virtual times are such that no two things happen at the same instant, so that a
// trace always plays the same way: steps begin at their tick and a few microseconds that
// are their own, loads end half a microsecond off, callers leave a third.
const (
	tick        = time.Millisecond
	stepOffset  = 10 * time.Microsecond
	loadOffset  = 500 * time.Nanosecond
	leaveOffset = 300 * time.Nanosecond
	slack       = 5 * time.Microsecond // within which an answer is prompt
	horizon     = time.Minute          // when all must be over
)

// A doing is what became of one step of a concurrent trace.
type doing struct {
	began, ended time.Duration
	over         bool
	answer       answer
	parts        []part // one for each key that it asked for
	lookedUp     bool   // a Peek that found nothing has no parts
}

// A part is one value of an answer, with the versions that it may have.
type part struct {
	key, low, high int
	matches        bool
	old            bool   // it is one from before low
	diff           string // from the newest, if it is none of them
	shows          string
}

// concurrent plays the trace, each step on a goroutine of its own at its time, and judges all
// that happened afterwards.
func (x *run[K, V]) concurrent() {
	doings := make([]doing, len(x.trace.steps))
	for i, s := range x.trace.steps {
		go func() {
			time.Sleep(time.Duration(s.at)*tick + time.Duration(i+1)*stepOffset)
			x.do(i, s, &doings[i])
		}()
	}
	time.Sleep(horizon)
	x.mu.Lock()
	done := slices.Clone(doings)
	loads := slices.Clone(x.loads)
	x.mu.Unlock()
	for i := range x.lines {
		x.tellDoing(i, &done[i], loads)
	}
	for _, rule := range []func(*history){x.allReturn, x.answersAreCurrent, x.errorsAreTheirOwn, x.loadsAreShared, x.nobodyWaitsForOthers, x.countsAddUp} {
		if rule(&history{done, loads}); x.failed() {
			return
		}
	}
}

// A history is what happened in a concurrent trace.
type history struct {
	doings []doing
	loads  []*load
}

// do plays one step.
func (x *run[K, V]) do(i int, s step, d *doing) {
	var keys []int
	switch s.op {
	case opGet, opPeek:
		keys = []int{s.key}
	case opBatch:
		keys = s.keys
	}
	x.mu.Lock()
	began := x.now()
	d.began = began
	var parts []part
	for _, k := range keys {
		if s.asks() {
			x.asked[k] = i
		}
		parts = append(parts, part{key: k, low: x.source[k].committed})
	}
	d.parts = slices.Clone(parts)
	x.mu.Unlock()
	var values []V
	exits := slices.ContainsFunc(x.trace.steps, func(s step) bool { return s.fault == exits })
	a := call(exits, func() (err error) {
		values, err = x.perform(i, s)
		return err
	})
	x.mu.Lock()
	done := doing{began: began, ended: x.now(), over: true, answer: a}
	for j := range parts {
		parts[j].high = x.source[parts[j].key].version
	}
	x.mu.Unlock()
	switch {
	case a.bad():
	case s.op == opPeek && len(values) == 0:
		done.lookedUp, parts = true, nil
	case len(values) != len(parts):
		x.fail(i, "", "%d values for %d keys", len(values), len(parts))
	default:
		for j := range parts {
			x.match(&parts[j], values[j])
		}
	}
	done.parts = parts
	x.mu.Lock()
	*d = done
	x.mu.Unlock()
}

// perform calls the cache for a step, and returns the values that came.
func (x *run[K, V]) perform(i int, s step) ([]V, error) {
	ctx := context.Background()
	if s.leave > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, time.Duration(s.leave)*tick+leaveOffset)
		defer cancel()
	}
	switch s.op {
	case opGet:
		v, err := x.cache.Get(ctx, x.key(s.key, i))
		return []V{v}, err
	case opPeek:
		if v, ok := x.peek(x.key(s.key, i)); ok {
			return []V{v}, nil
		}
		return nil, nil
	case opBatch:
		keys := make([]K, len(s.keys))
		for j, k := range s.keys {
			keys[j] = x.key(k, i+j)
		}
		return x.getMany(ctx, keys)
	}
	touched := x.touched(s)
	newest := make([]int, len(touched))
	x.mu.Lock()
	for j, k := range touched {
		if s.op != opInvalidate {
			x.change(k, whole)
		}
		newest[j] = x.source[k].version
	}
	version := x.source[s.key].version
	x.mu.Unlock()
	x.tell(i, s, x.value(s.key, version))
	x.mu.Lock()
	for j, k := range touched {
		x.source[k].committed = max(x.source[k].committed, newest[j])
	}
	x.mu.Unlock()
	return nil, nil
}

// match finds out whether v is a version that it may be.
func (x *run[K, V]) match(p *part, v V) {
	if x.lines != nil {
		p.shows = brief(v)
	}
	for version := p.high; version >= 0; version-- {
		if x.equal(x.value(p.key, version), v) {
			p.matches, p.old = version >= p.low, version < p.low
			if x.lines != nil {
				p.shows = fmt.Sprintf("version %d: %s", version, p.shows)
			}
			break
		}
	}
	if !p.matches {
		p.diff = x.diff(x.value(p.key, p.high), v)
	}
}

// tellDoing writes the line of a step.
func (x *run[K, V]) tellDoing(i int, d *doing, loads []*load) {
	var b strings.Builder
	if !d.over {
		fmt.Fprintf(&b, "from %s on, and does not return", short(d.began))
	} else {
		fmt.Fprintf(&b, "%s to %s", short(d.began), short(d.ended))
		switch {
		case d.answer.bad():
			fmt.Fprintf(&b, " -> %v", d.answer)
		case d.lookedUp:
			b.WriteString(" -> nothing")
		default:
			for _, p := range d.parts {
				fmt.Fprintf(&b, " -> %s", p.shows)
			}
		}
	}
	for n, l := range loads {
		if l.step == i {
			fmt.Fprintf(&b, "; load %d of k%d reads version %d at %s", n+1, l.key, l.version, short(l.began))
			if l.cancelled {
				fmt.Fprintf(&b, ", cancelled at %s", short(l.ended))
			} else if l.over {
				fmt.Fprintf(&b, ", ends at %s", short(l.ended))
			}
		}
	}
	x.lines[i] = b.String()
}

func short(d time.Duration) string { return fmt.Sprintf("%.2fms", d.Seconds()*1000) }

func (x *run[K, V]) allReturn(h *history) {
	for i, d := range h.doings {
		if !d.over {
			x.fail(i, "", "the step never returns, though all loads have ended")
			return
		}
	}
}

// answersAreCurrent: what is returned is a value of the key. That it was current at some time between
// begin and return, and so not what was invalidated before, is one property's affair.
func (x *run[K, V]) answersAreCurrent(h *history) {
	for i, d := range h.doings {
		for _, p := range d.parts {
			if !d.answer.bad() && !p.matches && (x.property.fresh || !p.old) {
				x.fail(i, p.diff, "the answer of k%d is none of the versions %d to %d that were current between its begin and its end",
					p.key, p.low, p.high)
				return
			}
		}
	}
}

// errorsAreTheirOwn: a caller gets its own context's error, or that of a load that
// ended while it waited.
func (x *run[K, V]) errorsAreTheirOwn(h *history) {
	for i, d := range h.doings {
		s := x.trace.steps[i]
		if !d.answer.bad() {
			continue
		}
		err := d.answer.err
		if s.leave > 0 && d.ended >= d.began+time.Duration(s.leave)*tick &&
			(errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled)) {
			continue
		}
		excused := slices.ContainsFunc(h.loads, func(l *load) bool {
			return l.fault != none && slices.ContainsFunc(d.parts, func(p part) bool { return p.key == l.key }) &&
				l.over && l.ended >= d.began && l.ended <= d.ended && acceptable(l, d.answer)
		})
		if !excused {
			x.fail(i, "", "no load that it waited for failed and its own context was not done, but the answer is %v", d.answer)
			return
		}
	}
}

// loadsAreShared: while a load of a key is under way no other begins, and with room for all none
// begins after it either, unless the key was invalidated or nobody waited for it.
func (x *run[K, V]) loadsAreShared(h *history) {
	if !x.property.shares {
		return
	}
	for n, second := range h.loads {
		for m, first := range h.loads[:n] {
			if first.key != second.key || first.fault != none || x.invalidated(h, first, second) || !x.awaited(h, first, second.began) {
				continue
			}
			if first.ended > second.began {
				x.fail(second.step, "", "load %d of k%d begins while load %d is under way, which it could have shared", n+1, second.key, m+1)
				return
			}
			if x.trace.capacity >= x.ample(x.property) && !first.cancelled {
				x.fail(second.step, "", "load %d of k%d begins though load %d has ended well and there is room for all", n+1, second.key, m+1)
				return
			}
		}
	}
}

// invalidated reports whether a step between the begins of two loads of a key touched it.
func (x *run[K, V]) invalidated(h *history, first, second *load) bool {
	for i, s := range x.trace.steps {
		d := h.doings[i]
		if s.asks() || s.op == opPeek || d.began > second.began || d.over && d.ended < first.began {
			continue
		}
		if slices.Contains(x.touched(s), first.key) {
			return true
		}
	}
	return false
}

// awaited reports whether somebody waited for the load as long as it went on, or until the other load began.
func (x *run[K, V]) awaited(h *history, l *load, until time.Duration) bool {
	until = min(until, l.ended)
	for i, d := range h.doings {
		s := x.trace.steps[i]
		if !s.asks() || !slices.ContainsFunc(d.parts, func(p part) bool { return p.key == l.key }) {
			continue
		}
		if d.began <= l.began && (!d.over || d.ended >= until) && !l.cancelled {
			return true
		}
	}
	return false
}

// nobodyWaitsForOthers: a caller returns when a load of its own key ends, when its
// context is done, or at once. The context of a load is done only when nobody waits.
func (x *run[K, V]) nobodyWaitsForOthers(h *history) {
	if !x.property.prompt {
		return
	}
	for i, d := range h.doings {
		s := x.trace.steps[i]
		if d.ended <= d.began+slack || s.op == opClear || s.op == opRetire {
			continue
		}
		deadline := d.began + time.Duration(s.leave)*tick
		if s.leave > 0 && d.ended > deadline+slack {
			x.fail(i, "", "its context was done at %s, it returns at %s", short(deadline), short(d.ended))
			return
		}
		if s.leave > 0 && d.ended >= deadline {
			continue
		}
		keys := append(s.mentions(), s.keys...)
		ends := slices.ContainsFunc(h.loads, func(l *load) bool {
			return slices.Contains(keys, l.key) && d.ended >= l.ended && d.ended <= l.ended+slack
		})
		if !ends {
			x.fail(i, "", "it returns at %s, when no load of its key ends: it waited for something else", short(d.ended))
			return
		}
	}
	for n, l := range h.loads {
		if !l.cancelled {
			continue
		}
		for i, s := range x.trace.steps {
			if s.op == opGet && s.key == l.key && s.leave == 0 && l.step == i {
				x.fail(i, "", "the context of load %d was done at %s, but it still waited", n+1, short(l.ended))
				return
			}
		}
	}
}

// countsAddUp: every get is a hit or a miss, every load is counted.
func (x *run[K, V]) countsAddUp(h *history) {
	if !x.property.tallies || x.abilities.counts == nil {
		return
	}
	gets, batches := int64(0), false
	for _, s := range x.trace.steps {
		batches = batches || s.op == opBatch // how those count is the cache's affair
		if s.op == opGet {
			gets++
		}
	}
	want := Counts{Loads: int64(len(h.loads))}
	for _, l := range h.loads {
		if l.fault != none || l.cancelled {
			want.LoadErrors++
		}
	}
	got := x.abilities.counts()
	if !batches && got.Hits >= 0 && got.Misses >= 0 && got.Hits+got.Misses != gets {
		x.fail(-1, "", "the cache counts %d hits and %d misses, there were %d gets", got.Hits, got.Misses, gets)
	}
	want.Hits, want.Misses, want.Evictions = got.Hits, got.Misses, got.Evictions
	x.compareCounts(-1, got, want)
}

// end closes the cache; whether all its goroutines end the bubble tells.
func (x *run[K, V]) end() {
	if x.abilities.close == nil {
		return
	}
	var closed sync.WaitGroup
	closed.Go(func() {
		if a := call(false, x.abilities.close); a.bad() && x.property.closes {
			x.fail(-1, "", "Close: %v", a)
		}
	})
	closed.Wait()
}
