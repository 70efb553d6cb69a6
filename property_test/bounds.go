package propertytest

import "fmt"

// bounds checks the limits, which hold at any time.
func (m *model[K, V]) bounds(i int) {
	if m.len != nil && m.property.bounded {
		if n := m.len(); n > m.capacity && !m.byBytes() {
			m.fail(i, "", "Len is %d, the capacity %d", n, m.capacity)
		} else if n < 0 {
			m.fail(i, "", "Len is %d", n)
		}
	}
	if m.bytes != nil && m.property.bounded {
		n := m.bytes()
		if n < 0 {
			m.fail(i, "", "Bytes is %d", n)
		}
		if m.limit != nil && n > m.limit() {
			m.fail(i, "", "Bytes is %d, the limit %d", n, m.limit())
		}
	}
}

// byBytes reports whether the cache's capacity is one in bytes, so that more small
// values than that may fit.
func (m *model[K, V]) byBytes() bool { return m.bytes != nil && m.limit != nil }

// present are the keys that Peek shows, in properties that look at them.
func (m *model[K, V]) present() []bool {
	if m.peek == nil || !m.property.inspects {
		return nil
	}
	all := make([]bool, len(m.Keys))
	for k := range m.Keys {
		_, all[k] = m.peek(m.Keys[k])
	}
	return all
}

// inspect looks at all that the cache holds after a step, and holds its length, its
// bytes and its order to that.
func (m *model[K, V]) inspect(i int, s step, before []bool) {
	if before == nil || m.failed() {
		return
	}
	entries, bytes := 0, int64(0)
	var dropped []int
	touched := map[int]bool{}
	if s.op != opGet && s.op != opPeek && s.op != opMutate && s.op != opPin && s.op != opUnpin && s.op != opDrift && s.op != opResize && s.op != opBatch {
		for _, k := range m.touched(s) {
			touched[k] = true
		}
	}
	for k := range m.Keys {
		v, ok := m.peek(m.Keys[k])
		m.seen(i, k, v, ok)
		if m.failed() {
			return
		}
		if ok {
			entries++
			if m.Size != nil {
				bytes += m.Size(m.Keys[k], v)
			}
		} else if before[k] && !touched[k] {
			dropped = append(dropped, k)
			m.note(i, ", evicts k%d", k)
		}
	}
	m.dropped += int64(len(dropped))
	if len(dropped) > 0 && m.shapeOfStep(s) == large {
		m.fail(i, "", "a value that cannot fit drove out k%d", dropped[0])
	}
	if len(dropped) > 0 && (s.op == opGet || s.op == opSet) && !m.held[s.key].maybe {
		m.fail(i, "", "k%d was driven out for k%d, which did not come in", dropped[0], s.key)
	}
	if len(dropped) > 0 && s.op == opSet && before[s.key] && m.noLarger(s.key) && !m.pinned {
		m.fail(i, "", "k%d was driven out, though k%d was only given a value no larger than it had", dropped[0], s.key)
	}
	if m.property.ordered {
		m.inOrder(i, before, dropped)
	}
	if m.len != nil && m.len() != entries {
		m.fail(i, "", "Len is %d, but Peek shows %d entries", m.len(), entries)
	}
	if m.bytes == nil || m.Size == nil {
		return
	}
	// What was forgotten while pinned may count until its release.
	if got := m.bytes(); got < bytes || got > bytes+m.Overhead && !m.pinning() {
		sum := fmt.Sprint(bytes)
		if m.Overhead > 0 {
			sum = fmt.Sprintf("%d, and up to %d beside", bytes, m.Overhead)
		}
		m.fail(i, "", "Bytes is %d; what is held sums up to %s", got, sum)
	}
}

// shapeOfStep is the shape of the value that a step gave to the cache.
func (m *model[K, V]) shapeOfStep(s step) shape {
	if s.op == opGet || s.op == opSet {
		return m.shapeOf(s.key, m.version(s.key))
	}
	return whole
}

// inOrder checks that whoever left was used before all that stayed.
func (m *model[K, V]) inOrder(i int, before []bool, dropped []int) {
	for _, d := range dropped {
		for k := range m.Keys {
			if stayed := before[k] && m.held[k].maybe; stayed && m.held[k].turn < m.held[d].turn {
				m.fail(i, "", "k%d was driven out, last used in step %d; k%d stayed, last used in step %d",
					d, m.held[d].turn+1, k, m.held[k].turn+1)
				return
			}
		}
	}
}

// noLarger reports whether the newest value of key is no larger than the one before, as far as
// sizes matter to the cache.
func (m *model[K, V]) noLarger(key int) bool {
	if m.bytes == nil {
		return true
	}
	version := m.version(key)
	return m.Size != nil && m.Size(m.Keys[key], m.value(key, version)) <= m.Size(m.Keys[key], m.value(key, version-1))
}

// pinning reports whether anything is pinned.
func (m *model[K, V]) pinning() bool {
	for k := range m.held {
		if len(m.held[k].pinned) > 0 {
			return true
		}
	}
	return false
}

// add counts what one Get did.
func (c *Counts) add(loads []*load, told fault) {
	for range loads {
		c.Loads++
		if told != none {
			c.LoadErrors++
		}
	}
}

// tally holds the statistics against what happened.
func (m *model[K, V]) tally(i int) {
	if !m.property.tallies || m.failed() {
		return
	}
	got := m.statistics()
	want := m.counts
	want.Evictions = m.dropped
	if m.peek == nil {
		want.Evictions = got.Evictions
	}
	m.compareCounts(i, got, want)
}

func (m *run[K, V]) statistics() Counts { return m.abilities.counts() }

// compareCounts fails for the first count that is kept and wrong.
func (x *run[K, V]) compareCounts(i int, got, want Counts) {
	for _, c := range []struct {
		name      string
		got, want int64
	}{
		{"hits", got.Hits, want.Hits},
		{"misses", got.Misses, want.Misses},
		{"loads", got.Loads, want.Loads},
		{"load errors", got.LoadErrors, want.LoadErrors},
		{"evictions", got.Evictions, want.Evictions},
	} {
		if c.got >= 0 && c.got != c.want {
			x.fail(i, "", "the cache counts %d %s, there were %d", c.got, c.name, c.want)
			return
		}
	}
}
