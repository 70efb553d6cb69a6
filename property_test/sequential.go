package propertytest

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing/synctest"
	"time"
)

// A held value is what the model knows about what the cache has of a key.
type held struct {
	maybe    bool // the cache may have it
	sure     bool // the cache has it, if there is room for all
	version  int
	came     time.Duration // when
	used     time.Duration // last
	turn     int           // the step of the last use
	overwrit bool          // a reader has changed it
	detected bool          // and the cache has said so
	pinned   []func()      // releases
}

// A model is a cache as it should be, beside the run.
type model[K comparable, V any] struct {
	*run[K, V]
	held     []held // of each key that takes part
	capacity int
	ample    bool
	pinned   bool // something was, so that what is forgotten may count on
	counts   Counts
	dropped  int64 // entries that left without being told to, as far as Peek shows
}

// sequential plays the trace, one step after the other.
func (x *run[K, V]) sequential() {
	m := &model[K, V]{run: x, held: make([]held, len(x.source)), capacity: x.trace.capacity}
	m.ample = x.trace.capacity >= x.ample(x.property)
	for i, s := range x.trace.steps {
		x.mu.Lock()
		x.current = i
		x.mu.Unlock()
		before := m.present()
		m.step(i, s)
		if m.failed() {
			return
		}
		m.bounds(i)
		synctest.Wait() // what the cache does behind is done
		m.bounds(i)
		m.inspect(i, s, before)
		m.tally(i)
		if m.failed() {
			return
		}
	}
	for k := range m.held {
		for _, release := range m.held[k].pinned {
			release()
		}
	}
}

// note tells what happened at a step.
func (m *model[K, V]) note(i int, text string, args ...any) {
	if m.lines != nil {
		m.lines[i] += fmt.Sprintf(text, args...)
	}
}

func (m *model[K, V]) step(i int, s step) {
	switch s.op {
	case opGet, opMutate:
		m.get(i, s)
	case opBatch:
		m.batch(i, s)
	case opPeek:
		m.look(i, s.key)
	case opSet, opUpdate, opDrift, opInvalidate, opClear, opRetire:
		m.write(i, s)
	case opPin, opUnpin:
		m.pins(i, s)
	case opSleep:
		// The odd microsecond keeps what expires apart from what is asked for.
		time.Sleep(time.Duration(s.n)*m.life/8 + time.Microsecond)
	case opResize:
		m.capacity = s.n
		m.ample = false
		m.guard(i, func() { m.resize(s.n) })
	}
}

// guard calls a method of the cache that must not panic.
func (m *model[K, V]) guard(i int, f func()) {
	if a := call(false, func() error { f(); return nil }); a.bad() {
		m.fail(i, "", "%s: %v", opNames[m.trace.steps[i].op], a)
	}
}

// ask makes the step the one whose loads are told apart by key, and returns how many loads there were before.
func (m *model[K, V]) ask(i int, keys ...int) int {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, k := range keys {
		m.asked[k] = i
	}
	return len(m.loads)
}

func (m *model[K, V]) loadsSince(n int) []*load {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.loads[n:])
}

func (m *model[K, V]) get(i int, s step) {
	before := m.ask(i, s.key)
	var v V
	a := call(s.fault == exits, func() (err error) {
		v, err = m.cache.Get(context.Background(), m.key(s.key, i))
		return err
	})
	loads := m.loadsSince(before)
	m.counts.add(loads, s.fault)
	m.judge(i, s.key, v, a, loads)
	if s.op == opMutate && !a.bad() && !m.failed() {
		m.Mutate(v)
		m.held[s.key].overwrit = true
		m.note(i, ", then overwritten by its reader")
	}
}

// judge compares the answer to a Get of key, and the loads that it caused, with what
// the model knows.
func (m *model[K, V]) judge(i, key int, v V, a answer, loads []*load) {
	for _, l := range loads {
		if l.key != key {
			m.fail(i, "", "k%d was loaded, but k%d was asked for", l.key, key)
			return
		}
	}
	h := &m.held[key]
	switch len(loads) {
	case 0:
		m.note(i, "hit   -> %s", m.show(v, a))
		m.counts.Hits++
		if !m.mayServe(i, key, "answered without a load") {
			return
		}
		if a.bad() {
			m.fail(i, "", "no load was made, but the answer is %v", a)
			return
		}
		h.used, h.turn = m.now(), i
		m.compare(i, key, v)
	case 1:
		m.note(i, "load  -> %s", m.show(v, a))
		m.counts.Misses++
		m.loaded(i, loads[0], v, a)
	default:
		m.fail(i, "", "one Get loaded %d times", len(loads))
	}
}

// loaded judges an answer that comes from a load.
func (m *model[K, V]) loaded(i int, l *load, v V, a answer) {
	h := &m.held[l.key]
	if why := m.mustHave(l.key); why != "" {
		m.fail(i, "", "k%d was loaded again, though %s", l.key, why)
		return
	}
	if !acceptable(l, a) {
		m.fail(i, "", "the load ended in %s, the answer in %v", faultNames[l.fault], a)
		return
	}
	h.overwrit, h.detected, h.maybe, h.sure = false, false, false, false
	if l.fault != none {
		return
	}
	m.came(i, l.key, l.version)
	if want := m.value(l.key, l.version); !m.equal(want, v) {
		m.fail(i, m.diff(want, v), "the answer is not what was loaded")
	}
}

// came notes that the cache was given a version of key.
func (m *model[K, V]) came(i, key, version int) {
	h := &m.held[key]
	fits := m.shapeOf(key, version) != large
	h.maybe, h.sure = fits, fits
	h.version, h.turn, h.came, h.used = version, i, m.now(), m.now()
	h.overwrit, h.detected = false, false
}

func (m *model[K, V]) shapeOf(key, version int) shape {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.source[key].shape(version)
}

// mayServe reports whether the cache may have key, and fails if it may not.
func (m *model[K, V]) mayServe(i, key int, what string) bool {
	h := &m.held[key]
	switch age, idle := m.now()-h.came, m.now()-h.used; {
	case !h.maybe:
		m.fail(i, "", "k%d was %s, but %s", key, what, m.whyGone(i, key))
	case m.ExpireAfterWrite > 0 && age > m.ExpireAfterWrite+m.ExpireAfterWrite/50:
		m.fail(i, "", "k%d was %s %s after it came; its life is %s", key, what, age, m.ExpireAfterWrite)
	case m.ExpireAfterAccess > 0 && idle > m.ExpireAfterAccess+m.ExpireAfterAccess/50:
		m.fail(i, "", "k%d was %s %s after its last use; it should have expired after %s", key, what, idle, m.ExpireAfterAccess)
	default:
		return true
	}
	return false
}

// whyGone tells why the cache cannot have key.
func (m *model[K, V]) whyGone(before, key int) string {
	for i := before - 1; i >= 0; i-- {
		s := m.trace.steps[i]
		switch {
		case s.op == opClear:
			return fmt.Sprintf("step %d cleared the cache", i+1)
		case s.op == opRetire && m.Version(m.universe[s.key]) == m.Version(m.universe[key]):
			return fmt.Sprintf("step %d retired its version", i+1)
		case s.hasKey() && s.key != key, s.op == opBatch && !slices.Contains(s.keys, key), s.op == opSleep, s.op == opResize:
		case s.op == opUpdate, s.op == opInvalidate:
			return fmt.Sprintf("step %d invalidated it", i+1)
		case s.asks() && s.fault != none:
			return fmt.Sprintf("its load in step %d failed", i+1)
		case s.op == opSet, s.asks():
			return fmt.Sprintf("the value of step %d does not fit, or is gone since", i+1)
		}
	}
	return "it was never loaded"
}

// mustHave says why the cache must have key; "" if it need not.
func (m *model[K, V]) mustHave(key int) string {
	h := &m.held[key]
	if !h.maybe || !h.sure {
		return ""
	}
	if m.ExpireAfterWrite > 0 && m.now()-h.came >= m.ExpireAfterWrite-m.ExpireAfterWrite/50 ||
		m.ExpireAfterAccess > 0 && m.now()-h.used >= m.ExpireAfterAccess-m.ExpireAfterAccess/50 {
		return ""
	}
	switch {
	case len(h.pinned) > 0:
		return "it is pinned"
	case m.ample && m.life > 0:
		return fmt.Sprintf("it came only %s before and there is room for all", m.now()-h.came)
	case m.ample:
		return "it had come already and there is room for all"
	}
	return ""
}

// compare holds a value that the cache served against the one that it was given.
func (m *model[K, V]) compare(i, key int, v V) {
	h := &m.held[key]
	accused := m.accused(i, key)
	want := m.value(key, h.version)
	if m.equal(want, v) {
		h.overwrit = h.overwrit && h.detected
		return
	}
	switch {
	case h.overwrit && (accused || h.detected):
		h.detected = true
		m.note(i, ", overwritten, and named as such")
	case h.overwrit:
		m.fail(i, m.diff(want, v), "a reader changed the value of k%d, and the next one got it without a word", key)
	default:
		old := ""
		for version := range m.version(key) + 1 {
			if version != h.version && m.equal(m.value(key, version), v) {
				old = fmt.Sprintf(": it is that of version %d", version)
			}
		}
		for k := range m.held {
			if k != key && m.held[k].maybe && m.equal(m.value(k, m.held[k].version), v) {
				old = fmt.Sprintf(": it is that of k%d", k)
			}
		}
		m.fail(i, m.diff(want, v), "the answer is not the value of k%d at version %d%s", key, h.version, old)
	}
}

func (m *model[K, V]) version(key int) int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.source[key].version
}

// accused reports whether the cache has found that the value of key was changed by
// a reader, and fails if it accuses anybody wrongly.
func (m *model[K, V]) accused(i, key int) bool {
	if m.mutated == nil {
		return false
	}
	found := false
	for _, k := range m.mutated() {
		at := m.index[k]
		if at >= len(m.held) || !m.held[at].overwrit {
			m.fail(i, "", "the cache says that a reader changed the value of k%d, but none did", at)
			return false
		}
		m.held[at].detected = true
		found = found || at == key
	}
	return found
}

// batch plays a GetMany.
func (m *model[K, V]) batch(i int, s step) {
	before := m.ask(i, s.keys...)
	keys := make([]K, len(s.keys))
	for j, k := range s.keys {
		keys[j] = m.key(k, i+j)
	}
	var values []V
	a := call(s.fault == exits, func() (err error) {
		values, err = m.getMany(context.Background(), keys)
		return err
	})
	loads := m.loadsSince(before)
	m.note(i, "%d loads -> %d values, %v", len(loads), len(values), a)
	var failed *load
	last := map[int]*load{}
	for _, l := range loads {
		switch {
		case !slices.Contains(s.keys, l.key):
			m.fail(i, "", "k%d was loaded, but is not in the batch", l.key)
		case last[l.key] != nil && m.ample && l.fault == none:
			m.fail(i, "", "k%d was loaded twice in one batch", l.key)
		case m.mustHave(l.key) != "":
			m.fail(i, "", "k%d was loaded again, though %s", l.key, m.mustHave(l.key))
		}
		if last[l.key] = l; l.fault != none {
			failed = l
		}
	}
	for _, l := range last {
		if m.held[l.key].maybe, m.held[l.key].sure = false, false; l.fault == none {
			m.came(i, l.key, l.version)
			m.held[l.key].sure = failed == nil
		}
	}
	switch {
	case failed != nil && !acceptable(failed, a):
		m.fail(i, "", "a load of the batch ended in %s, the batch in %v", faultNames[failed.fault], a)
	case failed == nil && a.bad():
		m.fail(i, "", "no load failed, but the batch did: %v", a)
	case failed == nil && len(values) != len(keys):
		m.fail(i, "", "%d values for %d keys", len(values), len(keys))
	}
	if failed != nil || m.failed() {
		return
	}
	for j, k := range s.keys {
		if last[k] == nil && !m.mayServe(i, k, "answered without a load") {
			return
		}
		m.held[k].used = m.now()
		if want := m.value(k, m.held[k].version); !m.equal(want, values[j]) {
			m.fail(i, m.diff(want, values[j]), "value %d of the batch is not that of k%d", j, k)
			return
		}
	}
}

// look plays a Peek.
func (m *model[K, V]) look(i, key int) {
	before := m.ask(i)
	var v V
	var ok bool
	m.guard(i, func() { v, ok = m.peek(m.key(key, i)) })
	if m.failed() {
		return
	}
	if len(m.loadsSince(before)) > 0 {
		m.fail(i, "", "Peek loaded")
		return
	}
	m.seen(i, key, v, ok)
	if ok {
		m.note(i, "there -> %s", m.show(v, answer{}))
	} else {
		m.note(i, "not there")
	}
}

// seen judges what Peek showed of a key.
func (m *model[K, V]) seen(i, key int, v V, ok bool) {
	if !ok {
		if why := m.mustHave(key); why != "" {
			m.fail(i, "", "k%d is not there, though %s", key, why)
		}
		h := &m.held[key]
		h.maybe, h.sure = false, false
		return
	}
	if m.mayServe(i, key, "shown") {
		m.compare(i, key, v)
	}
}

// write plays the steps that change or forget values.
func (m *model[K, V]) write(i int, s step) {
	touched := m.touched(s)
	m.mu.Lock()
	for _, k := range touched {
		switch {
		case s.changes():
			m.change(k, s.shape)
		case s.op != opInvalidate:
			m.change(k, whole)
		}
		if s.op != opDrift {
			m.source[k].committed = m.source[k].version
		}
	}
	version := m.source[s.key].version
	m.mu.Unlock()
	if s.op == opDrift {
		m.note(i, "now version %d, and nobody tells", version)
		return
	}
	m.guard(i, func() { m.tell(i, s, m.value(s.key, version)) })
	for _, k := range touched {
		h := &m.held[k]
		h.maybe, h.sure, h.pinned = false, false, m.letGo(h.pinned)
	}
	if s.op == opSet {
		m.came(i, s.key, version)
	}
	if s.changes() {
		m.note(i, "now version %d", version)
	}
}

// letGo releases what was pinned of a value that is no more.
func (m *model[K, V]) letGo(releases []func()) []func() {
	for _, release := range releases {
		release()
	}
	return nil
}

// tell calls the method of the cache that the step is about.
func (x *run[K, V]) tell(i int, s step, value V) {
	switch s.op {
	case opSet:
		x.set(x.key(s.key, i), value)
	case opUpdate, opInvalidate:
		x.invalidate(x.key(s.key, i))
	case opClear:
		x.clear()
	case opRetire:
		x.retire(x.Version(x.universe[s.key]))
	}
}

// touched are the keys that a writing step is about.
func (x *run[K, V]) touched(s step) []int {
	switch s.op {
	case opClear, opRetire:
		var all []int
		for k, key := range x.universe[:len(x.source)] {
			if s.op == opClear || x.Version(key) == x.Version(x.universe[s.key]) {
				all = append(all, k)
			}
		}
		return all
	}
	return []int{s.key}
}

// pins plays pin and unpin.
func (m *model[K, V]) pins(i int, s step) {
	h := &m.held[s.key]
	if s.op == opUnpin {
		if n := len(h.pinned); n > 0 {
			m.guard(i, h.pinned[n-1])
			h.pinned = h.pinned[:n-1]
		}
		return
	}
	var release func()
	var ok bool
	m.pinned = true
	m.guard(i, func() { release, ok = m.pin(m.key(s.key, i)) })
	switch {
	case m.failed():
	case ok && m.mayServe(i, s.key, "pinned"):
		h.sure = true
		h.pinned = append(h.pinned, release)
		m.note(i, "pinned")
	case !ok && m.mustHave(s.key) != "":
		m.fail(i, "", "k%d cannot be pinned, though %s", s.key, m.mustHave(s.key))
	case !ok:
		h.maybe, h.sure = false, false
		m.note(i, "not there")
	}
}

// show writes an answer in a few words.
func (x *run[K, V]) show(v V, a answer) string {
	if x.lines == nil {
		return ""
	}
	if a.bad() {
		return a.String()
	}
	return brief(v)
}

func brief(v any) string {
	format := "%+v"
	if _, ok := v.(string); ok {
		format = "%q"
	}
	text := firstLine(fmt.Sprintf(format, v))
	if runes := []rune(text); len(runes) > 60 {
		text = string(runes[:57]) + "..."
	}
	return text
}

func firstLine(s string) string {
	line, _, more := strings.Cut(s, "\n")
	if more {
		line += " ..."
	}
	return line
}
